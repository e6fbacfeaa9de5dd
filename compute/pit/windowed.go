// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// inOrder is the fast path: every window of every row is a run of the entity's sorted events. caps is as in visibility.
func (e *evaluator) inOrder(x *subject, caps []int32) {
	e.span.fill(e, x, caps, true)
	for _, s := range e.sel.groups {
		g := &e.groups[s.group]
		g.load(x, s.end(x))
		for _, in := range s.windows {
			before := e.out[in.cells[0]].Len()
			if e.spec.windows[in.window].Window().Request && x.own != nil {
				e.runsWithRequest(g, &in, x)
			} else {
				e.runs(g, &in, x)
			}
			e.refuseLengths(&in, x, before)
		}
	}
	if e.detail {
		e.traceRuns(x)
	}
}

// runs evaluates the cells of one window over runs of events.
func (e *evaluator) runs(g *groupState, in *windowCells, x *subject) {
	e.cells = e.cells[:0]
	for _, cell := range in.cells {
		e.cells = append(e.cells, e.out[cell])
	}
	lo, hi, k := e.span.lo[in.window], e.span.hi[in.window], 0
	for _, b := range e.span.breaks[in.window] {
		g.run(in.members, x.at[k:b], lo[k:b], hi[k:b], e.cells)
		k = b
	}
	g.run(in.members, x.at[k:], lo[k:], hi[k:], e.cells)
}

// run evaluates members over runs of events whose bounds never decrease.
func (g *groupState) run(members []int, at []int64, lo, hi []int32, out []*column.Column) {
	before := out[0].Len()
	if j, ok := g.kernel.(aggregate.Joint); ok && len(members) > 1 {
		j.RangesOf(members, at, lo, hi, out)
	} else {
		for i, m := range members {
			g.kernel.Ranges(m, at, lo, hi, out[i])
		}
	}
	if !g.errs.any {
		return
	}
	for k := range lo {
		if s := g.errs.within(lo[k], hi[k]); s != selfsame.Present {
			for _, c := range out {
				c.SetStatus(before+k, s)
			}
		}
	}
}

// traceRuns writes the newest used event of every trace and row.
func (e *evaluator) traceRuns(x *subject) {
	for _, t := range e.sel.traces {
		tr := e.spec.traces[t]
		g := &e.groups[tr.group]
		lo, hi := e.span.lo[tr.window], e.span.hi[tr.window]
		if len(lo) == 0 {
			continue
		}
		at := x.first
		newest, alike := e.newest[t][at:at+len(lo)], e.arrival == nil || &e.arrival[t][at] == &e.newest[t][at]
		for k := range lo {
			place := int32(-1)
			if hi[k] > lo[k] {
				if place = g.lastUsed(hi[k] - 1); place < lo[k] {
					place = -1
				}
			}
			if !alike {
				e.trace(t, at+k, int(place))
			} else if newest[k] = selfsame.MinTime; place >= 0 {
				newest[k] = e.ev.tau[place]
			}
		}
	}
}

// trace writes the event at a place, -1 for none, as the newest of a trace for a row.
func (e *evaluator) trace(t, row, place int) {
	tau, alpha := selfsame.MinTime, selfsame.MinTime
	if place >= 0 {
		tau, alpha = e.ev.tau[place], e.ev.alpha(place)
	}
	e.newest[t][row] = tau
	if e.arrival != nil {
		e.arrival[t][row] = alpha
	}
}
