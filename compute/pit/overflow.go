// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"selfsame"
	"selfsame/column"
)

// errorCounts are the events of a partition that make every window that holds them an error: one whose filter is an error, or
// one that passes it and has an argument that is. Kernels skip them like nulls.
type errorCounts struct {
	any    bool
	codes  []selfsame.Status // of each event, Present for none
	counts []int32           // per error status: events before each place that have it; errorKinds runs of n+1
	n      int
	held   [errorKinds]int32 // the general path: of the set
}

// errorKinds is the number of error statuses.
const errorKinds = int(selfsame.ErrorMaxValues-selfsame.ErrorOverflow) + 1

// find looks for error events of a group.
func (e *errorCounts) find(g *groupState, cols []*column.Column) {
	e.any, e.n = false, len(g.events.Tau)
	consider := func(c *column.Column, filter bool) {
		for i, s := range c.Status {
			if !s.IsError() || (!filter && g.events.Pass != nil && !g.events.Pass[i]) {
				continue
			}
			if !e.any {
				e.any = true
				e.codes = resize(e.codes, e.n)
				clear(e.codes)
			}
			if e.codes[i] == selfsame.Present || s < e.codes[i] {
				e.codes[i] = s
			}
		}
	}
	if g.filter >= 0 {
		consider(cols[g.filter], true)
	}
	for _, c := range g.events.Args {
		consider(c, false)
	}
	if e.any {
		e.count()
	}
}

func (e *errorCounts) count() {
	e.counts = resize(e.counts, errorKinds*(e.n+1))
	for k := range errorKinds {
		run := e.counts[k*(e.n+1) : (k+1)*(e.n+1)]
		run[0] = 0
		for i, c := range e.codes {
			run[i+1] = run[i]
			if c == selfsame.ErrorOverflow+selfsame.Status(k) {
				run[i+1]++
			}
		}
	}
}

// code returns the error of an event, Present for none.
func (e *errorCounts) code(i int) selfsame.Status {
	if !e.any {
		return selfsame.Present
	}
	return e.codes[i]
}

// within returns the least error among events [lo, hi), Present for none.
func (e *errorCounts) within(lo, hi int32) selfsame.Status {
	for k := range errorKinds {
		run := e.counts[k*(e.n+1):]
		if run[hi] > run[lo] {
			return selfsame.ErrorOverflow + selfsame.Status(k)
		}
	}
	return selfsame.Present
}

// change counts an event that enters (+1) or leaves (-1) the set of the general path.
func (e *errorCounts) change(i int32, by int32) {
	if e.any && e.codes[i] != selfsame.Present {
		e.held[e.codes[i]-selfsame.ErrorOverflow] += by
	}
}

// ofSet returns the least error in the set of the general path, Present for none.
func (e *errorCounts) ofSet() selfsame.Status {
	for k, n := range e.held {
		if n > 0 {
			return selfsame.ErrorOverflow + selfsame.Status(k)
		}
	}
	return selfsame.Present
}
