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
	codes  []selfsame.Status   // of each event, Present for none
	counts [errorKinds][]int32 // per error status: events before each place that have it
	n      int
	held   [errorKinds]int32 // the general path: of the set
}

// errorKinds is the number of error statuses.
const errorKinds = int(selfsame.ErrorMaxValues-selfsame.ErrorOverflow) + 1

// find looks for error events of a group, of which it has seen those before from.
func (e *errorCounts) find(g *groupState, cols []*column.Column, from int) {
	e.any, e.n = e.any && from > 0, len(g.events.Tau)
	if e.any {
		e.codes = append(e.codes[:from], make([]selfsame.Status, e.n-from)...)
	}
	seen := from
	consider := func(c *column.Column, filter bool) {
		if c.Status == nil {
			return
		}
		for i := from; i < e.n; i++ {
			s := c.Status[i]
			if !s.IsError() || (!filter && g.events.Pass != nil && !g.events.Pass[i]) {
				continue
			}
			if !e.any {
				e.any, seen = true, 0
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
		e.count(seen)
	}
}

// count counts the codes from a place on.
func (e *errorCounts) count(from int) {
	for k := range e.counts {
		run := append(e.counts[k][:min(from, len(e.counts[k]))], 0)
		if from > 0 {
			run[from] = run[from-1]
			if e.codes[from-1] == selfsame.ErrorOverflow+selfsame.Status(k) {
				run[from]++
			}
		}
		for i := from; i < e.n; i++ {
			n := run[i]
			if e.codes[i] == selfsame.ErrorOverflow+selfsame.Status(k) {
				n++
			}
			run = append(run, n)
		}
		e.counts[k] = run
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
	for k, run := range e.counts {
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
