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
	starts       [][]int32  // window -> what AppendSessions gave
	taken        [][]extent // rows and session windows -> row -> between which places its events are
	known        known
	from         []int32 // memory of sweepWalks
	list         []int32
}

// moving is the set of events of a rows or session window: the run [lo, hi) and single ones behind it.
type moving struct {
	lo, hi int32
	single []int32
	next   []int32
}

// extent is from the first event of a row's window to behind the last: what the row knows of them is in, whatever the filter of a cell.
type extent struct{ lo, hi int32 }

// outOfOrder evaluates an entity some of whose rows know a set of events that is no run: late events, retractions.
//
// Over rows whose (T, κ) form a chain both bounds of a timed window and the cut only move forward, so that an event enters the set
// once, at row max(first with upper > τ, first with κ >= From), and leaves it once, at row min(first with lower > τ, first with
// κ >= Until). Rows are cut into such chains; a row that fits into none is a chain of its own. Evaluating every row from scratch
// instead would be quadratic for a hot key.
func (e *evaluator) outOfOrder(x *subject) {
	e.span.fill(e, x, nil, false)
	e.prepareWalks(x)
	for _, s := range e.sel.groups {
		g := &e.groups[s.group]
		g.load(x, s.end(x))
		for _, in := range s.windows {
			before := e.out[in.cells[0]].Len()
			if b := e.spec.windows[in.window]; !b.Timed() || b.Window().Request {
				e.walks(g, &in, x)
				e.refuseLengths(&in, x, before)
				continue
			}
			lo := e.span.lo[in.window]
			for a := 0; a < len(x.at); {
				b := a + 1
				for b < len(x.at) && x.known[b] >= x.known[b-1] && lo[b] >= lo[b-1] {
					b++
				}
				e.chain(g, &in, x, a, b)
				a = b
			}
			e.refuseLengths(&in, x, before)
		}
	}
	if e.detail {
		for _, t := range e.sel.traces {
			for k := range x.at {
				e.trace(t, x.first+k, e.newestOf(t, x, k))
			}
		}
	}
}

// chain evaluates the cells of one window for rows [a, b), whose cuts never decrease.
func (e *evaluator) chain(g *groupState, in *windowCells, x *subject, a, b int) {
	m := &e.general
	lo, hi := e.span.lo[in.window][a:b], e.span.hi[in.window][a:b]
	first := lo[0]
	m.schedule(e.ev, lo, hi, x.known[a:b])
	g.kernel.Reset()
	g.errs.held = [errorKinds]int32{}
	for k := range lo {
		for _, i := range m.out.of(k) {
			g.change(first+i, -1)
		}
		for _, i := range m.in.of(k) {
			g.change(first+i, 1)
		}
		e.values(g, in, x.at[a+k])
	}
}

// schedule works out at which row each event enters and leaves.
func (m *general) schedule(ev *timeline, lo, hi []int32, known []int64) {
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
func (e *evaluator) values(g *groupState, in *windowCells, at int64) {
	s := g.errs.ofSet()
	for _, cell := range in.cells {
		out := e.out[cell]
		g.kernel.Value(e.spec.cells[cell].member, at, out)
		if s != selfsame.Present {
			out.SetStatus(out.Len()-1, s)
		}
	}
}

// prepareWalks works out what the rows and session windows of an entity, and those with request, share.
func (e *evaluator) prepareWalks(x *subject) {
	m := &e.general
	m.starts, m.taken = resize(m.starts, len(e.spec.windows)), resize(m.taken, len(e.spec.windows))
	filled := false
	for _, i := range e.sel.windows {
		b := e.spec.windows[i]
		if b.Timed() && !b.Window().Request {
			continue
		}
		if !filled {
			e.visible.whole(e.ev, x)
			filled = true
		}
		if !b.Timed() {
			m.taken[i] = resize(m.taken[i], len(x.at))
		}
		if b.Window().Kind == selfsame.Session {
			m.starts[i] = b.AppendSessions(m.starts[i][:0], e.ev.tau[x.lo:x.hi])
		}
	}
}

// walks evaluates the cells of a rows or session window, or of one with request, chain by chain. Of a chain whose walks turn out to be long the rest is swept.
func (e *evaluator) walks(g *groupState, in *windowCells, x *subject) {
	lo := e.span.lo[in.window]
	e.general.set.restart(g)
	for a := 0; a < len(x.at); {
		b := a + 1
		for b < len(x.at) && x.known[b] >= x.known[b-1] && lo[b] >= lo[b-1] {
			b++
		}
		if k := e.walkChain(g, in, x, a, b); k < b {
			e.sweepWalks(g, in, x, k, b)
			e.general.set.restart(g)
		}
		a = b
	}
}

// walkChain evaluates rows [a, b) row by row, and returns the row at which it gave up. Up to some event a row knows everything, so that the walk back
// need only look at the events behind it one by one; the rest is a run, and what the next row changes of it is little. A long session
// of a hot key would be walked again for every row otherwise. Behind a retraction that is so.
func (e *evaluator) walkChain(g *groupState, in *windowCells, x *subject, a, b int) int {
	looked, patience := 0, walkPatience*(x.hi-x.lo)
	for k := a; k < b; k++ {
		if looked > patience && (b-k)*(looked/(k-a)) > patience {
			return k
		}
		looked += e.walkRow(g, in, x, k)
		e.values(g, in, x.at[k])
	}
	return b
}

// walkRow makes the set that of row k, and returns how many events it looked at one by one.
func (e *evaluator) walkRow(g *groupState, in *windowCells, x *subject, k int) int {
	m := &e.general.set
	lo, hi := e.span.lo[in.window][k], e.span.hi[in.window][k]
	run := min(hi, int32(x.lo+e.visible.shown(x.known[k])))
	run = max(run, lo)
	walk := e.spec.windows[in.window].Walk(x.at[k])
	m.next = e.takeOwn(m.next[:0], in.window, x, k, &walk)
	first, end, open, took := run, run, true, extent{}
	i := hi - 1
	for ; i >= run && open; i-- {
		if e.ev.visible(int(i), x.known[k]) && !walk.Skip() {
			if open = walk.Take(e.ev.tau[i]); open {
				m.next = append(m.next, i)
				took.lo, took.hi = i, max(took.hi, i+1)
			}
		}
	}
	if open {
		tau := e.ev.tau[x.lo:x.hi]
		lo, hi := walk.Rest(tau, e.general.starts[in.window], int(lo)-x.lo, int(run)-x.lo)
		first, end = int32(x.lo+lo), int32(x.lo+hi)
	}
	if first < end {
		took.lo, took.hi = first, max(took.hi, end)
	}
	e.general.take(e, in.window, k, took)
	m.move(g, first, end)
	return int(hi-1-i) + 2*len(m.single)
}

// take notes what the window of a row has taken.
func (m *general) take(e *evaluator, window, row int, t extent) {
	if !e.spec.windows[window].Timed() {
		m.taken[window][row] = t
	}
}

// restart empties the set.
func (m *moving) restart(g *groupState) {
	g.kernel.Reset()
	g.errs.held = [errorKinds]int32{}
	m.lo, m.hi, m.single = 0, 0, m.single[:0]
}

// move makes the set the run [lo, hi) and the events of next.
func (m *moving) move(g *groupState, lo, hi int32) {
	if lo >= m.hi || hi <= m.lo {
		m.restart(g)
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

// newestOf returns the place of the newest used event of row k, -1 for none. From one that the row does not know it goes on to the used one before.
func (e *evaluator) newestOf(t int, x *subject, k int) int {
	tr := e.spec.traces[t]
	g := &e.groups[tr.group]
	lo, hi := e.span.lo[tr.window][k], e.span.hi[tr.window][k]
	if !e.spec.windows[tr.window].Timed() {
		taken := e.general.taken[tr.window][k]
		lo, hi = taken.lo, taken.hi
	}
	for place := hi - 1; place >= lo; place-- {
		if place = g.lastUsed(place); place >= lo && e.ev.visible(int(place), x.known[k]) {
			return int(place)
		}
	}
	return -1
}
