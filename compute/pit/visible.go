// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"slices"
	"sort"

	"selfsame"
	"selfsame/compute/window"
)

// visibility finds out whether what each row of an entity may know is a prefix of the entity's sorted events, as far as a window can
// reach. It is, for all events that came in time and for any fixed delay; then windows are runs of events and the fast path serves
// them.
type visibility struct {
	caps []int32 // row -> the first place that it does not know; empty: every row knows all that a window reaches
	most []int64 // event -> the greatest From up to it
	ends []int64 // event -> the least Until up to it; empty: for ever
}

// patience is how many events behind the last known prefix are looked at for one row before the general path is taken.
const patience = 64

// prefix fills caps and reports whether the fast path is right for x.
func (v *visibility) prefix(ev *events, x *subject) bool {
	v.caps = v.caps[:0]
	if x.known == nil || x.lo == x.hi {
		return true
	}
	if ev.until != nil {
		latest := slices.Max(x.known)
		for _, u := range ev.until[x.lo:x.hi] {
			if u <= latest && u != selfsame.MaxTime {
				return false
			}
		}
	}
	tau := ev.tau[x.lo:x.hi]
	from, sorted, early := tau, true, true
	if ev.from != nil {
		from = ev.from[x.lo:x.hi]
		sorted = slices.IsSorted(from)
		for i, f := range from {
			if f > tau[i] {
				early = false
				break
			}
		}
	}
	if early && !lagging(x) {
		return true // From <= τ <= T <= κ: no window reaches beyond T
	}
	if !sorted {
		v.most = running(v.most, from, func(a, b int64) int64 { return max(a, b) })
		return v.gaps(x, tau, from)
	}
	for _, k := range x.known {
		v.caps = append(v.caps, int32(x.lo+after(from, k)))
	}
	return true
}

// lagging reports whether some row knows less than what happened up to its T.
func lagging(x *subject) bool {
	for i, k := range x.known {
		if k < x.at[i] {
			return true
		}
	}
	return false
}

// gaps fills caps where From does not follow τ: behind the longest known prefix no event up to T may be known.
func (v *visibility) gaps(x *subject, tau, from []int64) bool {
	h := 0
	for i, k := range x.known {
		c := after(v.most, k)
		h = max(h, c)
		for h < len(tau) && tau[h] <= x.at[i] {
			h++
		}
		if h-c > patience {
			return false
		}
		for _, f := range from[c:max(h, c)] {
			if f <= k {
				return false
			}
		}
		v.caps = append(v.caps, int32(x.lo+c))
	}
	return true
}

// running makes dst the folds of every prefix of s.
func running(dst, s []int64, fold func(a, b int64) int64) []int64 {
	dst = append(dst[:0], s...)
	for i := 1; i < len(dst); i++ {
		dst[i] = fold(dst[i-1], dst[i])
	}
	return dst
}

// whole prepares shown.
func (v *visibility) whole(ev *events, x *subject) {
	from := ev.tau
	if ev.from != nil {
		from = ev.from
	}
	v.most = running(v.most, from[x.lo:x.hi], func(a, b int64) int64 { return max(a, b) })
	v.ends = v.ends[:0]
	if ev.until != nil {
		v.ends = running(v.ends, ev.until[x.lo:x.hi], func(a, b int64) int64 { return min(a, b) })
	}
}

// shown returns how many of the entity's first events the cut κ shows without a gap.
func (v *visibility) shown(known int64) int {
	n := after(v.most, known)
	if len(v.ends) == 0 || known == selfsame.MaxTime {
		return n
	}
	return min(n, sort.Search(len(v.ends), func(i int) bool { return v.ends[i] <= known }))
}

// after returns the first place of a sorted slice whose value is greater than v.
func after(s []int64, v int64) int {
	return sort.Search(len(s), func(i int) bool { return s[i] > v })
}

// visible reports whether event i is in the cut κ.
func (ev *events) visible(i int, known int64) bool {
	from := ev.tau[i]
	if ev.from != nil {
		from = ev.from[i]
	}
	return from <= known && (ev.until == nil || ev.until[i] == selfsame.MaxTime || known < ev.until[i])
}

// alpha returns the arrival of event i.
func (ev *events) alpha(i int) int64 {
	switch {
	case ev.arr != nil:
		return ev.arr[i]
	case ev.from != nil:
		return ev.from[i]
	}
	return ev.tau[i]
}

// ranges are, for each window and row of one entity, the places [lo, hi) between its bounds. Windows with one upper bound share hi.
type ranges struct {
	lo, hi [][]int32
	breaks [][]int // rows at which lo or hi decrease: there a new call of Ranges begins
	bounds []int64
	starts []int32 // of sessions
}

func (r *ranges) init(c *compiled) {
	r.lo, r.hi = make([][]int32, len(c.windows)), make([][]int32, len(c.windows))
	r.breaks = make([][]int, len(c.windows))
}

// fill computes the places of every window. caps, where it is not empty, cuts off what a row does not know; narrow lets rows and
// session windows choose among what is left.
func (r *ranges) fill(c *compiled, ev *events, x *subject, caps []int32, narrow bool) {
	tau := ev.tau[x.lo:x.hi]
	for i, b := range c.windows {
		if u := c.uppers[i]; u != i {
			r.hi[i] = r.hi[u]
			continue
		}
		r.bounds = b.AppendUpper(r.bounds[:0], x.at)
		r.hi[i] = cursor(r.hi[i][:0], tau, r.bounds, x.lo)
		for k, n := range caps {
			r.hi[i][k] = min(r.hi[i][k], n)
		}
	}
	for i, b := range c.windows {
		if b.Window().Kind == selfsame.Lifetime {
			r.lo[i] = resize(r.lo[i], len(x.at))
			for k := range r.lo[i] {
				r.lo[i][k] = int32(x.lo)
			}
		} else {
			r.bounds = b.AppendLower(r.bounds[:0], x.at)
			r.lo[i] = cursor(r.lo[i][:0], tau, r.bounds, x.lo)
		}
		for k, h := range r.hi[i] {
			r.lo[i][k] = min(r.lo[i][k], h)
		}
		if narrow && !b.Timed() {
			r.narrow(i, b, tau, x)
		}
		r.breaks[i] = r.breaks[i][:0]
		if len(caps) > 0 || !b.Timed() {
			r.findBreaks(i)
		}
	}
}

func (r *ranges) narrow(i int, b *window.Bounds, tau []int64, x *subject) {
	if b.Window().Kind == selfsame.Session {
		r.starts = b.AppendSessions(r.starts[:0], tau)
	}
	for k, at := range x.at {
		lo, hi := int(r.lo[i][k])-x.lo, int(r.hi[i][k])-x.lo
		r.lo[i][k] = int32(b.Narrow(at, tau, r.starts, lo, hi) + x.lo)
	}
}

// findBreaks finds where cuts that are no chain, or a session that opens again, make a bound go back.
func (r *ranges) findBreaks(i int) {
	lo, hi := r.lo[i], r.hi[i]
	for k := 1; k < len(lo); k++ {
		if lo[k] < lo[k-1] || hi[k] < hi[k-1] {
			r.breaks[i] = append(r.breaks[i], k)
		}
	}
}

// cursor appends, for each of the sorted bounds, the first place whose τ is not below it, counted from base.
func cursor(out []int32, tau, bounds []int64, base int) []int32 {
	i := 0
	for _, b := range bounds {
		i = advance(tau, i, b)
		out = append(out, int32(base+i))
	}
	return out
}

// advance returns the first place from i on whose τ is not below b: a few steps, then strides that double, then a search between the
// last two.
func advance(tau []int64, i int, b int64) int {
	for stop := min(i+8, len(tau)); i < stop; i++ {
		if tau[i] >= b {
			return i
		}
	}
	step := 8
	for i+step < len(tau) && tau[i+step] < b {
		i += step
		step *= 2
	}
	end := min(i+step, len(tau))
	return i + sort.Search(end-i, func(k int) bool { return tau[i+k] >= b })
}
