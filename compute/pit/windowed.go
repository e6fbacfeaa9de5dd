// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"selfsame"
	"selfsame/column"
)

// inOrder is the fast path: every window of every row is a run of the entity's sorted events.
func (e *evaluator) inOrder(x *subject) {
	e.span.fill(e, x, e.visible.caps, true)
	for _, s := range e.sel.groups {
		g := &e.groups[s.group]
		g.load(x)
		for _, in := range s.windows {
			for _, cell := range in.cells {
				e.runs(g, e.spec.cells[cell].member, in.window, x, e.out[cell])
			}
		}
	}
	if e.detail {
		e.traceRuns(x)
	}
}

// runs evaluates one cell over runs of events.
func (e *evaluator) runs(g *groupState, member, window int, x *subject, out *column.Column) {
	lo, hi, k := e.span.lo[window], e.span.hi[window], 0
	for _, b := range e.span.breaks[window] {
		g.run(member, x.at[k:b], lo[k:b], hi[k:b], out)
		k = b
	}
	g.run(member, x.at[k:], lo[k:], hi[k:], out)
}

// run evaluates one cell over runs of events whose bounds never decrease.
func (g *groupState) run(member int, at []int64, lo, hi []int32, out *column.Column) {
	before := out.Len()
	g.kernel.Ranges(member, at, lo, hi, out)
	if !g.errs.any {
		return
	}
	for k := range lo {
		if s := g.errs.within(lo[k], hi[k]); s != selfsame.Present {
			out.SetStatus(before+k, s)
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
		at := x.base + x.first
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

// trace writes the event at a place, -1 for none, as the newest of a trace at a sweep position.
func (e *evaluator) trace(t, position, place int) {
	tau, alpha := selfsame.MinTime, selfsame.MinTime
	if place >= 0 {
		tau, alpha = e.ev.tau[place], e.ev.alpha(place)
	}
	e.newest[t][position] = tau
	if e.arrival != nil {
		e.arrival[t][position] = alpha
	}
}
