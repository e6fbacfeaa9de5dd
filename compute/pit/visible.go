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

// survey is what prefix asks of an entity's events.
type survey struct {
	end    int64   // the least Until that is not MaxTime; MaxTime: none is
	top    int64   // no From is greater
	sorted bool    // From never decreases
	early  bool    // no From is greater than its τ
	most   []int64 // the greatest From up to each event; nil: not found yet
}

// survey looks over a subject's events.
func (v *visibility) survey(ev *timeline, x *subject) survey {
	s := survey{end: selfsame.MaxTime, top: selfsame.MaxTime, sorted: true, early: true}
	if x.known == nil {
		return s
	}
	if ev.until != nil {
		for _, u := range ev.until[x.lo:x.hi] {
			s.end = min(s.end, u)
		}
	}
	if ev.from != nil {
		from := ev.from[x.lo:x.hi]
		s.sorted = slices.IsSorted(from)
		for i, f := range from {
			if f > ev.tau[x.lo+i] {
				s.early = false
				break
			}
		}
	}
	return s
}

// prefix fills caps and reports whether the fast path is right for x.
func (v *visibility) prefix(ev *timeline, x *subject, s *survey) bool {
	v.caps = v.caps[:0]
	if x.known == nil || x.lo == x.hi {
		return true
	}
	if s.end != selfsame.MaxTime && s.end <= slices.Max(x.known) {
		return false
	}
	if s.early && !lagging(x) {
		return true // From <= τ <= T <= κ: no window reaches beyond T
	}
	if s.top != selfsame.MaxTime && s.top <= slices.Min(x.known) {
		return true
	}
	tau := ev.tau[x.lo:x.hi]
	from := tau
	if ev.from != nil {
		from = ev.from[x.lo:x.hi]
	}
	if !s.sorted {
		most := s.most
		if most == nil {
			v.most = running(v.most, from, func(a, b int64) int64 { return max(a, b) })
			most = v.most
		}
		return v.gaps(x, tau, from, most)
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
func (v *visibility) gaps(x *subject, tau, from, most []int64) bool {
	h := 0
	for i, k := range x.known {
		c := after(most, k)
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
func (v *visibility) whole(ev *timeline, x *subject) {
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
func (ev *timeline) visible(i int, known int64) bool {
	from := ev.tau[i]
	if ev.from != nil {
		from = ev.from[i]
	}
	return from <= known && (ev.until == nil || ev.until[i] == selfsame.MaxTime || known < ev.until[i])
}

// alpha returns the arrival of event i.
func (ev *timeline) alpha(i int) int64 {
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
	lo, hi   [][]int32
	breaks   [][]int // rows at which lo or hi decrease: there a new call of Ranges begins
	bounds   []int64
	sessions [][]int32 // window -> where the session of each of the subject's first events starts
}

func (r *ranges) init(c *compiled) {
	n := len(c.windows)
	r.lo, r.hi, r.breaks, r.sessions = make([][]int32, n), make([][]int32, n), make([][]int, n), make([][]int32, n)
}

// fill computes the places of every selected window. caps, where it is not empty, cuts off what a row does not know; narrow lets rows and
// session windows choose among what is left.
func (r *ranges) fill(e *evaluator, x *subject, caps []int32, narrow bool) {
	tau := e.ev.tau[x.lo:x.hi]
	for n, i := range e.sel.windows {
		if u := e.sel.uppers[n]; u != i {
			r.hi[i] = r.hi[u]
			continue
		}
		r.bounds = e.spec.windows[i].AppendUpper(r.bounds[:0], x.at)
		r.hi[i] = cursor(r.hi[i][:0], tau, r.bounds, x.lo)
		for k, n := range caps {
			r.hi[i][k] = min(r.hi[i][k], n)
		}
	}
	for _, i := range e.sel.windows {
		b := e.spec.windows[i]
		if b.Window().Kind == selfsame.Lifetime {
			r.lo[i] = resize(r.lo[i], len(x.at))
			for k := range r.lo[i] {
				r.lo[i][k] = int32(x.lo)
			}
		} else if field := e.spec.chosenBy[i]; field >= 0 {
			r.lo[i] = r.lo[i][:0]
			for k, at := range x.at {
				lo := x.hi // of a length that is refused no event
				if l := x.lengthOf(field, k, b.Window().Length); l > 0 {
					lo = x.lo + before(tau, b.LowerOf(at, l))
				}
				r.lo[i] = append(r.lo[i], int32(lo))
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
		if len(caps) > 0 || !b.Timed() || e.spec.chosenBy[i] >= 0 {
			r.findBreaks(i)
		}
	}
}

func (r *ranges) narrow(i int, b *window.Bounds, tau []int64, x *subject) {
	if b.Window().Kind == selfsame.Session {
		r.sessions[i] = b.AppendSessions(r.sessions[i], tau)
	}
	for k, at := range x.at {
		lo, hi := int(r.lo[i][k])-x.lo, int(r.hi[i][k])-x.lo
		walk := b.Walk(at)
		if b.Window().Request && x.ownOf(k) >= 0 {
			walk.Take(at)
		}
		first, end := walk.Rest(tau, r.sessions[i], lo, hi)
		r.lo[i][k], r.hi[i][k] = int32(x.lo+first), int32(x.lo+end)
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
	if len(bounds) == 1 {
		return append(out, int32(base+before(tau, bounds[0])))
	}
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

// before is advance from the start, for a bound that is likely near the end.
func before(tau []int64, b int64) int {
	hi, step := len(tau), 1
	for hi > 0 && tau[hi-1] >= b {
		hi -= min(step, hi)
		step *= 2
	}
	// tau[hi-1] < b, and the first place that is not lies in [hi, lo].
	lo := min(hi+step/2, len(tau))
	for hi < lo {
		m := int(uint(hi+lo) >> 1)
		if tau[m] < b {
			hi = m + 1
		} else {
			lo = m
		}
	}
	return hi
}
