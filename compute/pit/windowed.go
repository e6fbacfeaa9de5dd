// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"selfsame"
	"selfsame/column"
)

// inOrder is the fast path: every window of every row is a run of the entity's sorted events.
func (w *worker) inOrder(x *subject) {
	w.span.fill(w.s.spec, &w.ev, x, w.visible.caps, true)
	for i := range w.groups {
		g := &w.groups[i]
		g.events.Lo, g.events.Hi = x.lo, x.hi
		g.kernel.Load(&g.events)
		for _, in := range g.windows {
			for _, cell := range in.cells {
				w.runs(g, w.s.spec.cells[cell].member, in.window, x, &w.out[cell])
			}
		}
	}
	if w.s.spec.Detail {
		w.traceRuns(x)
	}
}

// runs evaluates one cell over runs of events.
func (w *worker) runs(g *groupState, member, window int, x *subject, out *column.Column) {
	lo, hi, k := w.span.lo[window], w.span.hi[window], 0
	for _, b := range w.span.breaks[window] {
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
func (w *worker) traceRuns(x *subject) {
	for t, tr := range w.s.spec.traces {
		used := w.groups[tr.group].used
		lo, hi := w.span.lo[tr.window], w.span.hi[tr.window]
		for k := range lo {
			place := int32(-1)
			if hi[k] > lo[k] {
				if place = used[hi[k]-1]; place < lo[k] {
					place = -1
				}
			}
			w.trace(t, x.base+x.first+k, int(place))
		}
	}
}

// trace writes the event at a place, -1 for none, as the newest of a trace at a sweep position.
func (w *worker) trace(t, position, place int) {
	tau, alpha := selfsame.MinTime, selfsame.MinTime
	if place >= 0 {
		tau, alpha = w.ev.tau[place], w.ev.alpha(place)
	}
	w.o.newest[t][position], w.o.arrival[t][position] = tau, alpha
}
