// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"sort"

	"selfsame"
)

// general is the memory of the general path.
type general struct {
	enter, leave []int32 // event of the run -> the row at which it comes in, goes out
	in, out      buckets
	set          moving
	starts       [][]int32 // window -> what AppendSessions gave
}

// moving is the set of events of a rows or session window: the run [lo, hi) and single ones behind it.
type moving struct {
	lo, hi int32
	single []int32
	next   []int32
}

// outOfOrder evaluates an entity some of whose rows know a set of events that is no run: late events, retractions.
//
// Over rows whose (T, κ) form a chain both bounds of a timed window and the cut only move forward, so that an event enters the set
// once, at row max(first with upper > τ, first with κ >= From), and leaves it once, at row min(first with lower > τ, first with
// κ >= Until). Rows are cut into such chains; a row that fits into none is a chain of its own. Evaluating every row from scratch
// instead would be quadratic for a hot key.
func (w *worker) outOfOrder(x *subject) {
	w.span.fill(w.s.spec, &w.ev, x, nil, false)
	w.prepareWalks(x)
	for i := range w.groups {
		g := &w.groups[i]
		g.events.Lo, g.events.Hi = x.lo, x.hi
		g.kernel.Load(&g.events)
		for _, in := range g.windows {
			if !w.s.spec.windows[in.window].Timed() {
				w.walks(g, &in, x)
				continue
			}
			for a := 0; a < len(x.at); {
				b := a + 1
				for b < len(x.at) && x.known[b] >= x.known[b-1] {
					b++
				}
				w.chain(g, &in, x, a, b)
				a = b
			}
		}
	}
	if w.s.spec.Detail {
		for t := range w.s.spec.traces {
			for k := range x.at {
				w.trace(t, x.base+x.first+k, w.newest(t, x, k))
			}
		}
	}
}

// chain evaluates the cells of one window for rows [a, b), whose cuts never decrease.
func (w *worker) chain(g *groupState, in *windowCells, x *subject, a, b int) {
	m := &w.general
	lo, hi := w.span.lo[in.window][a:b], w.span.hi[in.window][a:b]
	first := lo[0]
	m.schedule(&w.ev, lo, hi, x.known[a:b])
	g.kernel.Reset()
	g.errs.held = [errorKinds]int32{}
	for k := range lo {
		for _, i := range m.out.of(k) {
			g.change(first+i, -1)
		}
		for _, i := range m.in.of(k) {
			g.change(first+i, 1)
		}
		w.values(g, in, x.at[a+k])
	}
}

// schedule works out at which row each event enters and leaves.
func (m *general) schedule(ev *events, lo, hi []int32, known []int64) {
	first, rows := int(lo[0]), len(lo)
	n := max(int(hi[rows-1])-first, 0)
	m.enter, m.leave = resize(m.enter, n), resize(m.leave, n)
	reached, passed := 0, 0 // first row with hi > i; first row with lo > i
	for i := range n {
		place := first + i
		for reached < rows && int(hi[reached]) <= place {
			reached++
		}
		for passed < rows && int(lo[passed]) <= place {
			passed++
		}
		from := ev.tau[place]
		if ev.from != nil {
			from = ev.from[place]
		}
		enter, leave := max(reached, firstKnown(known, from)), passed
		if ev.until != nil && ev.until[place] != selfsame.MaxTime {
			leave = min(leave, firstKnown(known, ev.until[place]))
		}
		if enter >= leave {
			enter, leave = rows, rows
		}
		m.enter[i], m.leave[i] = int32(enter), int32(leave)
	}
	m.in.fill(m.enter, rows)
	m.out.fill(m.leave, rows)
}

// firstKnown returns the first row whose cut has reached v.
func firstKnown(known []int64, v int64) int {
	return sort.Search(len(known), func(k int) bool { return known[k] >= v })
}

// buckets are events by row.
type buckets struct {
	starts []int32
	events []int32
}

// fill sorts events by their row; those whose row is `rows` are in no bucket.
func (b *buckets) fill(row []int32, rows int) {
	b.starts = resize(b.starts, rows+2)
	clear(b.starts)
	for _, r := range row {
		b.starts[r+1]++
	}
	for r := range rows + 1 {
		b.starts[r+1] += b.starts[r]
	}
	b.events = resize(b.events, len(row))
	for i, r := range row {
		b.events[b.starts[r]] = int32(i)
		b.starts[r]++
	}
}

// of returns the events of a row. fill left in starts[r] the end of row r.
func (b *buckets) of(row int) []int32 {
	lo := int32(0)
	if row > 0 {
		lo = b.starts[row-1]
	}
	return b.events[lo:b.starts[row]]
}

// change takes an event into the set (by = 1) or out of it (by = -1).
func (g *groupState) change(place, by int32) {
	g.errs.change(place, by)
	switch {
	case g.events.Pass != nil && !g.events.Pass[place]:
	case by > 0:
		g.kernel.Add(place)
	default:
		g.kernel.Remove(place)
	}
}

// values appends the value of every cell of a window over the set.
func (w *worker) values(g *groupState, in *windowCells, at int64) {
	s := g.errs.ofSet()
	for _, cell := range in.cells {
		out := &w.out[cell]
		g.kernel.Value(w.s.spec.cells[cell].member, at, out)
		if s != selfsame.Present {
			out.SetStatus(out.Len()-1, s)
		}
	}
}

// prepareWalks works out what the rows and session windows of an entity share.
func (w *worker) prepareWalks(x *subject) {
	m := &w.general
	m.starts = resize(m.starts, len(w.s.spec.windows))
	filled := false
	for i, b := range w.s.spec.windows {
		if b.Timed() {
			continue
		}
		if !filled {
			w.visible.whole(&w.ev, x)
			filled = true
		}
		if b.Window().Kind == selfsame.Session {
			m.starts[i] = b.AppendSessions(m.starts[i][:0], w.ev.tau[x.lo:x.hi])
		}
	}
}

// walks evaluates the cells of a rows or session window, row by row. Up to some event a row knows everything, so that the walk back
// need only look at the events behind it one by one; the rest is a run, and what the next row changes of it is little. A long session
// of a hot key would be walked again for every row otherwise. Behind a retraction that is so.
func (w *worker) walks(g *groupState, in *windowCells, x *subject) {
	m := &w.general.set
	m.lo, m.hi, m.single = 0, 0, m.single[:0]
	g.kernel.Reset()
	g.errs.held = [errorKinds]int32{}
	for k, at := range x.at {
		lo, hi := w.span.lo[in.window][k], w.span.hi[in.window][k]
		run := min(hi, int32(x.lo+w.visible.shown(x.known[k])))
		run = max(run, lo)
		walk := w.s.spec.windows[in.window].Walk(at)
		m.next = m.next[:0]
		first, open := run, true
		for i := hi - 1; i >= run && open; i-- {
			if w.ev.visible(int(i), x.known[k]) {
				if open = walk.Take(w.ev.tau[i]); open {
					m.next = append(m.next, i)
				}
			}
		}
		if open {
			tau := w.ev.tau[x.lo:x.hi]
			first = int32(x.lo + walk.Rest(tau, w.general.starts[in.window], int(lo)-x.lo, int(run)-x.lo))
		}
		m.move(g, first, run)
		w.values(g, in, at)
	}
}

// move makes the set the run [lo, hi) and the events of next.
func (m *moving) move(g *groupState, lo, hi int32) {
	if lo >= m.hi || hi <= m.lo {
		g.kernel.Reset()
		g.errs.held = [errorKinds]int32{}
		m.single = m.single[:0]
		m.lo, m.hi = lo, lo
	}
	for _, i := range m.single {
		g.change(i, -1)
	}
	for ; m.lo < lo; m.lo++ {
		g.change(m.lo, -1)
	}
	for m.lo > lo {
		m.lo--
		g.change(m.lo, 1)
	}
	for m.hi > hi {
		m.hi--
		g.change(m.hi, -1)
	}
	for ; m.hi < hi; m.hi++ {
		g.change(m.hi, 1)
	}
	for _, i := range m.next {
		g.change(i, 1)
	}
	m.single, m.next = m.next, m.single
}

// walk calls do for the events of a window of row k, the newest first, until it returns false.
func (w *worker) walk(window int, x *subject, k int, do func(place int32) bool) {
	walk := w.s.spec.windows[window].Walk(x.at[k])
	for i := w.span.hi[window][k] - 1; i >= w.span.lo[window][k]; i-- {
		if !w.ev.visible(int(i), x.known[k]) {
			continue
		}
		if !walk.Take(w.ev.tau[i]) || !do(i) {
			return
		}
	}
}

// newest returns the place of the newest used event of row k, -1 for none.
func (w *worker) newest(t int, x *subject, k int) int {
	tr := w.s.spec.traces[t]
	used, found := w.groups[tr.group].used, -1
	w.walk(tr.window, x, k, func(place int32) bool {
		if used[place] == place {
			found = int(place)
		}
		return found < 0
	})
	return found
}
