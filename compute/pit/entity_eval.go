// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"slices"

	"selfsame"
	"selfsame/column"
)

// Ask is rows that ask about an entity.
type Ask struct {
	At []int64 // T of each row
	// Known is κ of each row: on the axis of positions a log offset >= -1, an event is there where Seq <= κ < UntilSeq. nil: every event
	// that does not end is there.
	Known   []int64
	ByAlpha bool  // κ is on the axis of α: an event is there where Alpha <= κ < UntilAlpha
	MaxSeq  int64 // with ByAlpha: events with a greater Seq, and ends at a greater one, are not there
	// Cells are those asked for, distinct; as-of: event columns. nil: all.
	Cells []int
	// Request is what windows take from the rows: row i of the question is row First+i of it. nil: nothing.
	Request *RequestRows
	First   int
}

// question is an Ask at work, and the memory of Eval.
type question struct {
	*Ask
	sel     *selection
	out     []*column.Column
	newest  [][]int64
	subject subject
	known   []int64
	survey  survey
}

// Eval appends len(a.At) values to out[i] for each i-th of the cells asked for; the columns are of the cells' types. newest, where it is not
// nil, has an entry for each cell too, to which the τ of the newest event used in each row is appended, MinTime where none was. An error
// is of class internal.
func (e *Entity) Eval(a *Ask, out []*column.Column, newest [][]int64) error {
	sel, err := e.prepared.selection(a.Cells)
	switch {
	case e.fault != nil:
		return e.fault
	case err != nil:
		return err
	case !a.Request.fits(e.prepared.spec, a.First+len(a.At)), len(out) != len(sel.cells) || (newest != nil && len(newest) != len(sel.cells)) || (a.Known != nil && len(a.Known) != len(a.At)):
		return fault(e.prepared.spec.Name, "a question about an entity whose parts have unequal lengths")
	}
	q := &e.question
	q.Ask, q.sel, q.out, q.newest = a, sel, out, newest
	e.stand(a)
	if a.sorted() {
		e.rows(0, len(a.At))
	} else {
		for i := range a.At { // each on its own: a row costs little
			e.rows(i, i+1)
		}
	}
	q.Ask, q.out, q.newest, q.subject = nil, nil, nil, subject{}
	return nil
}

// sorted reports whether the rows are in the order of (T, κ).
func (a *Ask) sorted() bool {
	for i := 1; i < len(a.At); i++ {
		if a.At[i] < a.At[i-1] || (a.Known != nil && a.At[i] == a.At[i-1] && a.Known[i] < a.Known[i-1]) {
			return false
		}
	}
	return true
}

// rows evaluates rows [lo, hi) of the question, which are sorted.
func (e *Entity) rows(lo, hi int) {
	if lo == hi {
		return
	}
	q := &e.question
	q.subject = subject{at: q.At[lo:hi]}
	if q.Known != nil {
		q.subject.known = q.Known[lo:hi]
	}
	b := e.bookFor(q)
	q.subject.hi, q.subject.end = b.line.n, b.line.n
	b.know(q)
	b.detail = q.newest != nil
	if e.prepared.spec.AsOf {
		b.latest(q)
		return
	}
	q.subject.lengths = q.Request.chosenBetween(e.prepared.spec, q.First+lo, q.First+hi)
	if q.Request != nil && q.Request.Counts != nil && e.prepared.spec.request {
		b.host(q, lo, hi)
	}
	b.windowed(e.kernels(q.sel), q)
	e.finishFolds(b, q)
	for i, c := range q.sel.cells {
		if b.detail {
			q.newest[i] = append(q.newest[i], b.newest[e.prepared.spec.cells[c].trace]...)
		}
	}
	b.dismiss(&q.subject)
}

// bookFor chooses the events to answer from.
func (e *Entity) bookFor(q *question) *book {
	x := &q.subject
	axis := bySeq
	if q.ByAlpha {
		axis = byAlpha
		if slices.Contains(x.known, selfsame.MaxTime) { // an event that is never known has that α
			q.known = append(q.known[:0], x.known...)
			for i, k := range q.known {
				q.known[i] = min(k, selfsame.MaxTime-1)
			}
			x.known = q.known
		}
	}
	if e.ended.len() == 0 {
		return &e.live
	}
	end := e.ends[axis]
	switch {
	case end == selfsame.MaxTime, q.ByAlpha && e.ends[bySeq] > q.MaxSeq:
	case x.known == nil, end <= slices.Min(x.known):
		return &e.live
	}
	if x.known == nil {
		q.known = append(q.known[:0], filled(len(x.at), selfsame.MaxTime)...)
		x.known = q.known
	}
	if e.whole == nil {
		e.whole = &book{}
		e.whole.init(e.prepared.spec)
		e.whole.rows.take(&e.live.rows, 0, e.live.rows.len())
		e.whole.rows.take(&e.ended, 0, e.ended.len())
		e.whole.rows.sort(e.prepared.spec, 0)
		e.whole.sync(0)
	}
	return e.whole
}

// know points the timeline at the knowledge of a question.
func (b *book) know(q *question) {
	axis, values, until := bySeq, b.rows.Seq, b.rows.UntilSeq
	if q.ByAlpha {
		axis, values, until = byAlpha, b.rows.Alpha, b.rows.UntilAlpha
	}
	if q.ByAlpha && q.subject.known != nil && b.reaches(q.MaxSeq, slices.Max(q.subject.known)) {
		b.mask(q.MaxSeq)
		q.survey = b.visible.survey(&b.line, &q.subject)
		b.tree, b.asof.tree.ready = -1, false
		return
	}
	b.line.from, b.line.until = values, until
	k := &b.axes[axis]
	if !k.sorted && q.subject.known != nil && k.top > slices.Min(q.subject.known) {
		k.upTo(values)
	}
	q.survey = k.survey
	if b.tree != axis {
		b.tree, b.asof.tree.ready = axis, false
	}
}

// reaches reports whether a position beyond maxSeq has a part in what is known at κ. Mostly none has: what is later has a later α.
func (b *book) reaches(maxSeq, known int64) bool {
	if b.axes[bySeq].top > maxSeq {
		for i, s := range b.rows.Seq {
			if s > maxSeq && b.rows.Alpha[i] <= known {
				return true
			}
		}
	}
	for i, u := range b.rows.UntilSeq {
		if u > maxSeq && b.rows.UntilAlpha[i] <= known {
			return true
		}
	}
	return false
}

// mask makes the timeline's knowledge that of α without what lies beyond maxSeq.
func (b *book) mask(maxSeq int64) {
	b.from = append(b.from[:0], b.rows.Alpha...)
	for i, s := range b.rows.Seq {
		if s > maxSeq {
			b.from[i] = selfsame.MaxTime
		}
	}
	b.line.from, b.line.until = b.from, nil
	if b.rows.UntilSeq == nil {
		return
	}
	b.until = append(b.until[:0], b.rows.UntilAlpha...)
	for i, u := range b.rows.UntilSeq {
		if u > maxSeq {
			b.until[i] = selfsame.MaxTime
		}
	}
	b.line.until = b.until
}

// latest answers from an as-of view.
func (b *book) latest(q *question) {
	rows := len(q.subject.at)
	b.asof.reset(rows)
	b.room(0, rows)
	b.latestOf(&q.subject)
	for i, c := range q.sel.cells {
		b.gatherCell(q.out[i], c)
	}
	if b.detail {
		for i := range q.sel.cells {
			q.newest[i] = append(q.newest[i], b.newest[0]...)
		}
	}
}

// room makes memory for the newest events of a trace.
func (b *book) room(trace, rows int) {
	if b.detail {
		b.newestMemory[trace] = resize(b.newestMemory[trace], rows)
		b.newest = b.newestMemory
	}
}

// windowed answers from a windowed view: the cells of q that sel has kernels for.
func (b *book) windowed(sel *selection, q *question) {
	b.sel = sel
	for i, c := range sel.cells {
		b.out[c] = q.out[i]
	}
	for _, t := range sel.traces {
		b.room(t, len(q.subject.at))
	}
	b.prepare()
	if b.detail {
		for _, t := range sel.traces {
			b.prepareGroup(&b.groups[b.spec.traces[t].group])
		}
	}
	b.evaluate(&q.subject, &q.survey)
}
