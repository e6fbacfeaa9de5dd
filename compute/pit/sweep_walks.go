// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"selfsame"
	"selfsame/compute/window"
)

// walkPatience is how many times the events of an entity may be looked at for the rows of one chain before the rest of them is swept.
const walkPatience = 4

// known is the events that a row knows, up to its upper bound, while the rows of a chain go by (sweepWalks). Places count from the first event that the chain can reach.
type known struct {
	tau    []int64
	gap    int64 // of a session window; MaxTime: it is none
	in     placeSet
	starts placeSet // of a session window: those that are the first of theirs
}

func (v *known) reset(tau []int64, gap int64) {
	v.tau, v.gap = tau, gap
	v.in.reset(len(tau))
	if gap != selfsame.MaxTime {
		v.starts.reset(len(tau))
	}
}

// put lets an event be known, or no more. It and the one after it may then begin a session, or no more.
func (v *known) put(i int, is bool) {
	v.in.put(i, is)
	if v.gap == selfsame.MaxTime {
		return
	}
	rank := v.in.before(i)
	prev := -1
	if rank > 0 {
		prev = v.in.at(rank - 1)
	}
	v.starts.put(i, is && v.begins(prev, i))
	if is {
		prev, rank = i, rank+1
	}
	if rank < v.in.size {
		next := v.in.at(rank)
		v.starts.put(next, v.begins(prev, next))
	}
}

// begins reports whether event i begins a session behind prev, -1 for none.
func (v *known) begins(prev, i int) bool {
	return prev < 0 || window.SatSub(v.tau[i], v.tau[prev]) > v.gap
}

// sweepWalks evaluates the cells of a rows or session window, or of one with request, for rows [a, b), a chain: known events enter and leave once, as in chain, and where
// the window of a row begins and ends among them is counted. What the window of the next row changes is little, unless sessions are joined and parted again and
// again. Walking back from each row instead is quadratic where a hot key has retractions: behind the first of them nothing is a run.
func (e *evaluator) sweepWalks(g *groupState, in *windowCells, x *subject, a, b int) {
	m := &e.general
	lo, hi := e.span.lo[in.window][a:b], e.span.hi[in.window][a:b]
	bounds := e.spec.windows[in.window]
	first := int(lo[0])
	m.from = resize(m.from, b-a)
	for k := range m.from {
		m.from[k] = lo[0]
	}
	m.schedule(e.ev, m.from, hi, x.known[a:b])
	gap := selfsame.MaxTime
	if bounds.Window().Kind == selfsame.Session {
		gap = bounds.Window().Gap
	}
	m.known.reset(e.ev.tau[first:max(int(hi[b-a-1]), first)], gap)
	set := &m.set
	set.restart(g)
	for k := range lo {
		for _, i := range m.out.of(k) {
			m.learn(g, first, i, false)
		}
		for _, i := range m.in.of(k) {
			m.learn(g, first, i, true)
		}
		walk := bounds.Walk(x.at[a+k])
		set.next = e.takeOwn(set.next[:0], in.window, x, a+k, &walk)
		begin, end, session := walk.Counted(m.known.in.before(int(lo[k])-first), m.known.in.size)
		if session {
			newest := m.known.in.at(end - 1)
			if !walk.Reaches(m.known.tau[newest]) {
				begin = end
			} else {
				start := m.known.starts.at(m.known.starts.before(newest+1) - 1)
				begin = max(begin, m.known.in.before(start))
			}
		}
		m.shift(g, first, begin, end)
		m.take(e, in.window, a+k, extent{set.lo, set.hi})
		for _, own := range set.next {
			g.change(own, 1)
		}
		e.values(g, in, x.at[a+k])
		for _, own := range set.next {
			g.change(own, -1)
		}
	}
	set.single, set.next = set.single[:0], set.next[:0]
}

// learn lets the event at first+i be known, or no more.
func (m *general) learn(g *groupState, first int, i int32, is bool) {
	m.known.put(int(i), is)
	if place := int32(first) + i; m.set.lo <= place && place < m.set.hi {
		if is {
			g.change(place, 1)
		} else {
			g.change(place, -1)
		}
	}
}

// shift makes the set the known events begin … end-1, counted among them: those in places [set.lo, set.hi).
func (m *general) shift(g *groupState, first, begin, end int) {
	set := &m.set
	lo, hi := set.hi, set.hi
	if begin < end {
		lo, hi = int32(first+m.known.in.at(begin)), int32(first+m.known.in.at(end-1)+1)
	}
	if lo >= set.hi || hi <= set.lo {
		if held := set.hi - set.lo; held > int32(len(m.known.tau)>>6) { // less than a removal each
			set.restart(g)
		} else {
			m.changeAll(g, first, set.lo, set.hi, -1)
		}
		set.lo, set.hi = lo, lo
	}
	m.changeAll(g, first, set.lo, lo, -1)
	m.changeAll(g, first, lo, set.lo, 1)
	m.changeAll(g, first, set.hi, hi, 1)
	m.changeAll(g, first, hi, set.hi, -1)
	set.lo, set.hi = lo, hi
}

// changeAll takes the known events in places [lo, hi), if there are any, into the set or out of it.
func (m *general) changeAll(g *groupState, first int, lo, hi, by int32) {
	if lo >= hi {
		return
	}
	m.list = m.known.in.appendTo(m.list[:0], int(lo)-first, int(hi)-first)
	for _, i := range m.list {
		g.change(int32(first)+i, by)
	}
}
