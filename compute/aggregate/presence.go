// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"slices"

	"selfsame"
	"selfsame/column"
)

// presence says which events of an entity contribute: those that the filter lets through and whose arguments are all present.
// It numbers them 0 … n-1 in the order of events. A run of events is then a run of numbers, [before(lo), before(hi)).
type presence struct {
	lo   int32
	n    int     // events that contribute
	all  bool    // every event does, and the arrays are not in use
	rows []int32 // row of number k
	keep []bool  // of row lo+i: it contributes
	prev []int32 // prev[i-lo]: how many contribute before row i; one entry more than the entity has events
}

// load takes the events of the next entity. Every argument counts.
func (p *presence) load(ev *Events, keepNaN bool) {
	p.lo = int32(ev.Lo)
	p.all = ev.Pass == nil || !slices.Contains(ev.Pass[ev.Lo:ev.Hi], false)
	for _, c := range ev.Args {
		p.all = p.all && isDense(c, ev.Lo, ev.Hi, keepNaN)
	}
	if p.all {
		p.n = ev.Hi - ev.Lo
		return
	}
	size := ev.Hi - ev.Lo
	p.mark(ev, keepNaN)
	p.prev, p.rows = room(p.prev, size+1), room(p.rows, size)
	n := int32(0)
	for i, keep := range p.keep {
		p.prev[i] = n
		p.rows[n] = p.lo + int32(i)
		if keep {
			n++
		}
	}
	p.prev[size] = n
	p.n = int(n)
}

// mark fills keep, a column at a time.
func (p *presence) mark(ev *Events, keepNaN bool) {
	p.keep = room(p.keep, ev.Hi-ev.Lo)
	if ev.Pass != nil {
		copy(p.keep, ev.Pass[ev.Lo:ev.Hi])
	} else {
		for i := range p.keep {
			p.keep[i] = true
		}
	}
	for _, c := range ev.Args {
		if c.Status != nil {
			for i, s := range c.Status[ev.Lo:ev.Hi] {
				p.keep[i] = p.keep[i] && s == selfsame.Present
			}
		}
		if c.Type.Kind == selfsame.Float64 && !keepNaN {
			for i, f := range c.Floats[ev.Lo:ev.Hi] {
				p.keep[i] = p.keep[i] && f == f
			}
		}
	}
}

// isDense reports whether every value of rows [lo, hi) contributes.
func isDense(c *column.Column, lo, hi int, keepNaN bool) bool {
	if c.Status != nil {
		for _, s := range c.Status[lo:hi] {
			if s != selfsame.Present {
				return false
			}
		}
	}
	if c.Type.Kind == selfsame.Float64 && !keepNaN {
		for _, f := range c.Floats[lo:hi] {
			if f != f {
				return false
			}
		}
	}
	return true
}

// before returns how many events contribute that stand before row i.
func (p *presence) before(i int32) int32 {
	if p.all {
		return i - p.lo
	}
	return p.prev[i-p.lo]
}

// row returns the row of number k.
func (p *presence) row(k int32) int32 {
	if p.all {
		return p.lo + k
	}
	return p.rows[k]
}

// number returns the number of row i; ok is false where it does not contribute.
func (p *presence) number(i int32) (k int32, ok bool) {
	if p.all {
		return i - p.lo, true
	}
	k = p.prev[i-p.lo]
	return k, p.prev[i-p.lo+1] > k
}
