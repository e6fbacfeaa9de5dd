// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"slices"

	"selfsame"
)

// The live events of an Entity stand at the cut of the last question: what it may not know waits. Readers pin a cut a moment before they
// read, writers append meanwhile, and events come a little out of order. Were all that is there evaluated with what is not known yet
// masked, windows would be no runs at just the keys that are written most, and each such question would look at every event. Cuts move on,
// mostly, and back by little.

// waiting is what is not in the live events yet.
type waiting struct {
	rows  EntityEvents // without ends
	ends  []ending
	least int64 // no row or end is known at a lesser position
}

// ending is a retraction: the event of that Seq ends.
type ending struct{ seq, untilSeq, untilAlpha int64 }

// mostBack is how many rows and ends are taken back for a question at an earlier cut. Beyond, they are masked.
const mostBack = 64

// wait adds complete rows to what waits.
func (e *Entity) wait(rows *EntityEvents) {
	e.note(rows)
	w := &e.waiting
	plain := *rows
	plain.UntilSeq, plain.UntilAlpha = nil, nil
	w.rows.take(&plain, 0, plain.len())
	for i, s := range rows.Seq {
		w.least = min(w.least, s)
		if rows.ends(i) {
			w.end(ending{s, rows.until(bySeq, i), rows.until(byAlpha, i)})
		}
	}
}

func (w *waiting) end(end ending) {
	w.ends = append(w.ends, end)
	w.least = min(w.least, end.untilSeq)
}

// cut is the greatest position that a question knows.
func (a *Ask) cut() int64 {
	switch {
	case len(a.Known) == 0:
		return selfsame.MaxTime
	case a.ByAlpha:
		return a.MaxSeq
	}
	return slices.Max(a.Known)
}

// stand brings the live events to the cut of a question.
func (e *Entity) stand(a *Ask) {
	cut := a.cut()
	if e.waiting.least <= cut {
		e.advance(cut)
	}
	axis := &e.live.axes[bySeq]
	if axis.top > cut && (a.ByAlpha || !axis.sorted && !e.prepared.spec.AsOf) || e.ends[bySeq] > cut && e.ends[bySeq] != selfsame.MaxTime {
		e.goBack(cut)
	}
}

// advance takes in what is known at a cut: first rows, then the ends of rows that are there.
func (e *Entity) advance(cut int64) {
	w := &e.waiting
	n := e.live.rows.len()
	w.least = selfsame.MaxTime
	var left []uint32
	for i, s := range w.rows.Seq {
		if s <= cut {
			e.live.rows.take(&w.rows, i, i+1)
			continue
		}
		left = append(left, uint32(i))
		w.least = min(w.least, s)
	}
	if len(left) == 0 {
		w.rows.reset()
	} else if len(left) < w.rows.len() {
		w.rows.arrange(0, left)
	}
	e.settle(n)
	ends := w.ends
	w.ends = w.ends[:0]
	for _, end := range ends {
		switch {
		case end.untilSeq > cut:
			w.end(end)
		case !e.finish(end):
			w.ends = append(w.ends, end) // its row waits
		}
	}
}

// settle puts the live rows from n on, which are new, into their places.
func (e *Entity) settle(n int) {
	if e.live.rows.len() == n {
		return
	}
	e.refold(n)
	e.whole = nil
	e.live.sync(e.live.rows.sort(e.prepared.spec, n))
}

// finish moves the event that ends to the ended ones. It reports whether the event is there.
func (e *Entity) finish(end ending) bool {
	place := e.live.find(end.seq)
	if place < 0 {
		return e.shorten(end)
	}
	e.whole = nil
	e.unfold(place)
	e.ended.take(&e.live.rows, place, place+1)
	e.ended.fillEnds()
	last := e.ended.len() - 1
	e.ended.UntilSeq[last], e.ended.UntilAlpha[last] = end.untilSeq, end.untilAlpha
	e.noteEnd(end.untilSeq, end.untilAlpha)
	e.live.rows.remove(place)
	e.live.sync(place)
	return true
}

// shorten gives an ended event another end; of two the earlier counts.
func (e *Entity) shorten(end ending) bool {
	i := slices.Index(e.ended.Seq, end.seq)
	if i < 0 {
		return false
	}
	e.ended.UntilSeq[i], e.ended.UntilAlpha[i] = min(e.ended.UntilSeq[i], end.untilSeq), min(e.ended.UntilAlpha[i], end.untilAlpha)
	e.whole = nil
	return true
}

// goBack makes what is known behind a cut wait again, unless it is much.
func (e *Entity) goBack(cut int64) {
	rows, ok := beyond(e.live.rows.Seq, cut, nil)
	if !ok {
		return
	}
	ends, ok := beyond(e.ended.UntilSeq, cut, rows)
	if !ok {
		return
	}
	ends = ends[len(rows):]
	if len(rows) > 0 {
		e.sendBack(rows)
	}
	e.live.axes[bySeq].top = min(e.live.axes[bySeq].top, cut)
	if len(ends) > 0 {
		e.revive(ends)
	}
	if e.ends[bySeq] != selfsame.MaxTime {
		e.ends[bySeq] = min(e.ends[bySeq], cut)
	}
}

// beyond appends the places of values behind a cut, those without end apart; false: there are too many.
func beyond(values []int64, cut int64, places []uint32) ([]uint32, bool) {
	for i, v := range values {
		if v > cut && v != selfsame.MaxTime {
			if len(places) == mostBack {
				return places, false
			}
			places = append(places, uint32(i))
		}
	}
	return places, true
}

// sendBack makes the live rows at some places, ascending, wait.
func (e *Entity) sendBack(places []uint32) {
	w, live := &e.waiting, &e.live.rows
	from := int(places[0])
	kept := make([]uint32, 0, live.len()-from)
	for i := len(places) - 1; i >= 0; i-- { // what stands behind is unfolded first, so that places hold
		e.unfold(int(places[i]))
	}
	next := 0
	for i := from; i < live.len(); i++ {
		if next < len(places) && int(places[next]) == i {
			w.rows.take(live, i, i+1)
			w.least = min(w.least, live.Seq[i])
			next++
			continue
		}
		kept = append(kept, uint32(i))
	}
	live.arrange(from, kept)
	e.whole = nil
	e.live.sync(from)
}

// revive makes the ended rows at some places, ascending, live again; their ends wait.
func (e *Entity) revive(places []uint32) {
	n := e.live.rows.len()
	kept := make([]uint32, 0, e.ended.len())
	plain := e.ended
	plain.UntilSeq, plain.UntilAlpha = nil, nil
	next := 0
	for i := range e.ended.len() {
		if next < len(places) && int(places[next]) == i {
			e.waiting.end(ending{e.ended.Seq[i], e.ended.UntilSeq[i], e.ended.UntilAlpha[i]})
			e.live.rows.take(&plain, i, i+1)
			next++
			continue
		}
		kept = append(kept, uint32(i))
	}
	e.ended.arrange(0, kept)
	if len(kept) == 0 {
		e.ends = [2]int64{selfsame.MinTime, selfsame.MinTime}
	}
	e.settle(n)
}
