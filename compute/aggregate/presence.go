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
	nulls bool // an event whose arguments are null contributes too, one with an error does not
	lo    int32
	n     int     // events that contribute
	all   bool    // every event does, and the arrays are not in use
	rows  []int32 // row of number k
	keep  []bool  // of row lo+i: it contributes
	prev  []int32 // prev[i-lo]: how many contribute before row i; one entry more than the entity has events
}

// load takes the events of the next entity. Every argument counts.
func (p *presence) load(ev *Events, keepNaN bool) {
	p.lo = int32(ev.Lo)
	p.all = ev.Pass == nil || !slices.Contains(ev.Pass[ev.Lo:ev.Hi], false)
	for _, c := range ev.Args {
		p.all = p.all && p.takes(c, ev.Lo, ev.Hi, keepNaN)
	}
	if p.all {
		p.n = ev.Hi - ev.Lo
		return
	}
	p.mark(ev, keepNaN, ev.Lo)
}

// resume is load where the events before row from are those of the last. It reports whether they keep their numbers; where it does not, the
// entity is loaded anew.
func (p *presence) resume(ev *Events, keepNaN bool, from int) bool {
	all := ev.Pass == nil || !slices.Contains(ev.Pass[from:ev.Hi], false)
	for _, c := range ev.Args {
		all = all && p.takes(c, from, ev.Hi, keepNaN)
	}
	switch {
	case p.all && all:
		p.n = ev.Hi - ev.Lo
		return true
	case p.all:
		p.load(ev, keepNaN)
		return false
	}
	p.mark(ev, keepNaN, from)
	return true
}

// mark fills the arrays from row `from` on, keep a column at a time.
func (p *presence) mark(ev *Events, keepNaN bool, from int) {
	size, first := ev.Hi-ev.Lo, from-ev.Lo
	p.keep = regrow(p.keep, size, first)
	p.keepOf(ev, keepNaN, from)
	n := int32(0)
	if first > 0 {
		n = p.prev[first]
	}
	p.prev, p.rows = regrow(p.prev, size+1, first+1), regrow(p.rows, size, int(n))
	for i := first; i < size; i++ {
		p.prev[i] = n
		p.rows[n] = p.lo + int32(i)
		if p.keep[i] {
			n++
		}
	}
	p.prev[size] = n
	p.n = int(n)
}

// keepOf fills keep from row `from` on.
func (p *presence) keepOf(ev *Events, keepNaN bool, from int) {
	keep := p.keep[from-ev.Lo:]
	if ev.Pass != nil {
		copy(keep, ev.Pass[from:ev.Hi])
	} else {
		for i := range keep {
			keep[i] = true
		}
	}
	for _, c := range ev.Args {
		if p.nulls {
			for i := range keep {
				keep[i] = keep[i] && !c.StatusAt(from+i).IsError()
			}
			continue
		}
		if c.Status != nil {
			for i, s := range c.Status[from:ev.Hi] {
				keep[i] = keep[i] && s == selfsame.Present
			}
		}
		if c.Type.Kind == selfsame.Float64 && !keepNaN {
			for i, f := range c.Floats[from:ev.Hi] {
				keep[i] = keep[i] && f == f
			}
		}
	}
}

// takes reports whether every value of rows [lo, hi) contributes.
func (p *presence) takes(c *column.Column, lo, hi int, keepNaN bool) bool {
	if p.nulls {
		return c.Status == nil || !slices.ContainsFunc(c.Status[lo:hi], selfsame.Status.IsError)
	}
	return isDense(c, lo, hi, keepNaN)
}

// isDense reports whether every value of rows [lo, hi) is there.
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
