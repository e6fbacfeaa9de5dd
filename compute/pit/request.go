// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/window"
)

// A window with request counts the row that asks as its newest event. The row is an event of its own question and of no other, so it stands
// behind the entity's events, in none of the runs that windows are: kernels are loaded with it, and the set of the general path takes it in and
// out. Where nothing of the entity stands at or behind T, the run and the row are one run, which is what a live question mostly finds.
//
// A window whose length the row chooses is a run like others; only its lower bound may go back from row to row.

// fits reports whether r has the shape of the view and n rows, or more.
func (r *RequestRows) fits(c *compiled, n int) bool {
	if r == nil {
		return true
	}
	ok := r.Counts == nil || len(r.Counts) >= n && len(r.Columns) == len(c.Columns)
	for i, col := range r.Columns {
		ok = ok && (col == nil || col.Len() >= n && col.Type.Equal(c.Columns[i]))
	}
	for _, l := range r.Lengths {
		ok = ok && len(l) >= n
	}
	return ok
}

// lengthOf returns the length of up to `most` that row k chose, 0 where it chose none that may be.
func (x *subject) lengthOf(field, k int, most int64) int64 {
	if x.lengths == nil || x.lengths[field] == nil {
		return 0
	}
	if l := x.lengths[field][k]; l > 0 && l <= most {
		return l
	}
	return 0
}

// refuseLengths makes the values of a window from number `before` on, one a row, errors where the row chose no length that the window may have.
func (e *evaluator) refuseLengths(in *windowCells, x *subject, before int) {
	field := e.spec.chosenBy[in.window]
	if field < 0 {
		return
	}
	for k := range x.at {
		if x.lengthOf(field, k, e.spec.windows[in.window].Window().Length) > 0 {
			continue
		}
		for _, cell := range in.cells {
			e.out[cell].SetStatus(before+k, selfsame.ErrorLength)
		}
	}
}

// chosenBetween returns what rows [lo, hi) chose, by compiled.chosen, nil where nothing is.
func (r *RequestRows) chosenBetween(c *compiled, lo, hi int) [][]int64 {
	if r == nil || len(c.chosen) == 0 {
		return nil
	}
	out := make([][]int64, len(c.chosen))
	for i, field := range c.chosen {
		if l := r.Lengths[field]; l != nil {
			out[i] = l[lo:hi]
		}
	}
	return out
}

// end is up to which place the kernel of the group is loaded.
func (s *chosen) end(x *subject) int {
	if s.request && x.own != nil {
		return x.end
	}
	return x.hi
}

// takeOwn appends to places where row k stands as an event, if it is one and the window counts it, which the walk takes.
func (e *evaluator) takeOwn(places []int32, in int, x *subject, k int, walk *window.Walk) []int32 {
	own := x.ownOf(k)
	if own < 0 || !e.spec.windows[in].Window().Request {
		return places
	}
	walk.Take(x.at[k])
	return append(places, own)
}

// runsWithRequest evaluates the cells of one window whose rows are events, over runs of others.
func (e *evaluator) runsWithRequest(g *groupState, in *windowCells, x *subject) {
	lo, hi := e.span.lo[in.window], e.span.hi[in.window]
	if own := x.own[0]; len(x.own) == 1 && (own < 0 || own == hi[0]) {
		e.cells = e.cells[:0]
		for _, cell := range in.cells {
			e.cells = append(e.cells, e.out[cell])
		}
		e.ownEnd[0] = max(hi[0], own+1)
		g.run(in.members, x.at, lo, e.ownEnd[:], e.cells)
		return
	}
	m := &e.general.set
	m.restart(g)
	for k, at := range x.at {
		m.next = m.next[:0]
		if own := x.own[k]; own >= 0 {
			m.next = append(m.next, own)
		}
		m.move(g, lo[k], hi[k])
		e.values(g, in, at)
	}
}

// ownOf returns the places of rows [a, b) of the partition as events, nil where no window counts them.
func (w *worker) ownOf(a, b int) []int32 {
	if len(w.events.own) == 0 {
		return nil
	}
	own := w.events.own[a:b]
	for k := range own {
		if !w.s.rows.Request.Counts[w.ask.row[a+k]] {
			own[k] = -1
		}
	}
	return own
}

// takeLengths takes what the rows of the partition chose.
func (q *asking) takeLengths(c *compiled, request *RequestRows) {
	q.chosen = request.chosenBetween(c, 0, 0)
	for i, field := range c.chosen {
		if q.chosen == nil || request.Lengths[field] == nil {
			continue
		}
		q.chosen[i] = make([]int64, len(q.row))
		for k, r := range q.row {
			q.chosen[i][k] = request.Lengths[field][r]
		}
	}
}

// between returns entries [lo, hi) of each slice.
func between(slices [][]int64, lo, hi int) [][]int64 {
	if slices == nil {
		return nil
	}
	out := make([][]int64, len(slices))
	for i, s := range slices {
		if s != nil {
			out[i] = s[lo:hi]
		}
	}
	return out
}

// moveOwn moves the values of the rows that ask, whose numbers row holds, to their places.
func (ev *events) moveOwn(dst, src *column.Column, row []uint32) {
	switch dst.Type.Kind {
	case selfsame.Bool:
		move(dst.Bools, src.Bools, ev.own, row)
	case selfsame.Float64:
		move(dst.Floats, src.Floats, ev.own, row)
	case selfsame.Decimal:
		move(dst.Decimals, src.Decimals, ev.own, row)
	default:
		move(dst.Ints, src.Ints, ev.own, row)
	}
	for k, place := range ev.own {
		if s := src.StatusAt(int(row[k])); s != selfsame.Present || dst.Status != nil {
			dst.SetStatus(int(place), s)
		}
	}
}

// move puts src[row[k]] to dst[place[k]].
func move[T any](dst, src []T, place []int32, row []uint32) {
	for k, p := range place {
		dst[p] = src[row[k]]
	}
}

// host puts rows [lo, hi) of a question behind the events of the book, until dismiss.
func (b *book) host(q *question, lo, hi int) {
	n := b.line.n
	b.own = b.own[:0]
	for k := lo; k < hi; k++ {
		place := int32(-1)
		if q.Request.counts(q.First + k) {
			place = int32(b.line.n)
			b.line.n++
			b.line.tau = append(b.line.tau, q.At[k])
			for c, col := range b.line.cols {
				appendOwn(col, q.Request.Columns[c], q.First+k)
			}
		}
		b.own = append(b.own, place)
	}
	q.subject.hi, q.subject.end, q.subject.own = n, b.line.n, b.own
}

// appendOwn appends value i of a column; where there is none, one that nobody reads.
func appendOwn(dst, src *column.Column, i int) {
	switch {
	case src != nil:
		dst.AppendFrom(src, i)
	case dst.Len() > 0:
		dst.AppendFrom(dst, 0)
	default:
		dst.AppendStatus(selfsame.Null)
	}
}

// dismiss takes what host put there away.
func (b *book) dismiss(x *subject) {
	if x.end == x.hi {
		return
	}
	for _, col := range b.line.cols {
		truncate(col, x.hi)
	}
	b.rows.Tau = b.line.tau[:x.hi]
	b.line.tau, b.line.n = b.rows.Tau, x.hi
	b.changed(x.hi)
}
