// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// momentKernel serves count, sum, avg and the variances of one argument and filter.
//
// Load makes prefix arrays of what the members need, so that every window of every member is a difference and one rounding,
// and an event of the general path is a difference of neighbours. Values that do not fit (infinities, NaN, exponents too far
// apart) go through a tally: windows slide over it, since lo and hi never decrease.
type momentKernel struct {
	family
	members       []member
	sums, squares bool // what the members need

	x    *column.Column // the argument; nil for count(*)
	base int            // row of the entity's first event
	rows int
	// keep and counts tell which rows contribute, and how many before each; they are used where dense is false.
	dense  bool
	keep   []bool
	counts []int32

	fits   bool
	prefix exact.Prefix

	set   exact.Moments // general path, where the values fit
	tally *tally        // general path, where they do not; nil until needed
	slide *tally        // ranges, where they do not; nil until needed
}

func newMomentKernel(f family, members []*Call) *momentKernel {
	k := &momentKernel{family: f}
	for _, c := range members {
		o := momentsByName[c.Func.Name]
		k.members = append(k.members, o)
		k.sums = k.sums || o.needsSum()
		k.squares = k.squares || o.needsSquares()
	}
	return k
}

// Load implements Kernel.
func (k *momentKernel) Load(ev *Events) {
	k.base, k.rows, k.x = ev.Lo, ev.Hi-ev.Lo, nil
	if len(ev.Args) > 0 {
		k.x = ev.Args[0]
	}
	k.dense = ev.Pass == nil && (k.x == nil || k.x.Status == nil)
	nans := k.arg.Kind == selfsame.Float64 && !k.keepNaN
	if !k.dense || nans && !k.sums && k.holdsNaN() {
		k.mark(ev.Pass, nans, 0)
	}
	k.fits = true
	if k.sums {
		k.prefix.Expect(len(ev.Tau))
		k.fits = k.loadPrefix()
	}
	if !k.fits && k.dense && nans && k.holdsNaN() {
		k.mark(nil, true, 0)
		k.fits = k.loadPrefix()
	}
	k.Reset()
}

// Resume implements Resumer.
func (k *momentKernel) Resume(ev *Events, from int) {
	x := (*column.Column)(nil)
	if len(ev.Args) > 0 {
		x = ev.Args[0]
	}
	nans := k.arg.Kind == selfsame.Float64 && !k.keepNaN
	dense := ev.Pass == nil && (x == nil || x.Status == nil) && !(nans && holdsNaN(x.Floats[from:ev.Hi]))
	if k.dense && !dense {
		k.Load(ev)
		return
	}
	k.x, k.rows = x, ev.Hi-ev.Lo
	first := from - k.base
	if !k.dense {
		k.mark(ev.Pass, nans, first)
	}
	if k.sums && k.fits && !k.resumePrefix(first) {
		k.fits = k.loadPrefix()
	}
	k.Reset()
}

func (k *momentKernel) resumePrefix(from int) bool {
	lo, hi, keep := k.base, k.base+k.rows, k.keep
	if k.dense {
		keep = nil
	}
	switch k.arg.Kind {
	case selfsame.Float64:
		return k.prefix.ResumeFloats(k.x.Floats[lo:hi], keep, from)
	case selfsame.Decimal:
		return k.prefix.ResumeDecimals(k.x.Decimals[lo:hi], keep, from)
	}
	return k.prefix.ResumeInts(k.x.Ints[lo:hi], keep, from)
}

func (k *momentKernel) holdsNaN() bool { return holdsNaN(k.x.Floats[k.base : k.base+k.rows]) }

func holdsNaN(floats []float64) bool {
	for _, f := range floats {
		if f != f {
			return true
		}
	}
	return false
}

// mark fills keep and counts from the entity's row `from` on. A NaN is a null where nans is set.
func (k *momentKernel) mark(pass []bool, nans bool, from int) {
	k.dense = false
	k.keep, k.counts = regrow(k.keep, k.rows, from), regrow(k.counts, k.rows+1, from+1)
	if from == 0 {
		k.counts[0] = 0
	}
	n := k.counts[from]
	for i := from; i < k.rows; i++ {
		row := k.base + i
		keep := pass == nil || pass[row]
		if keep && k.x != nil {
			keep = k.x.StatusAt(row) == selfsame.Present && !(nans && k.x.Floats[row] != k.x.Floats[row])
		}
		k.keep[i] = keep
		k.counts[i] = n
		if keep {
			n++
		}
	}
	k.counts[k.rows] = n
}

func (k *momentKernel) loadPrefix() bool {
	lo, hi, keep := k.base, k.base+k.rows, k.keep
	if k.dense {
		keep = nil
	}
	switch k.arg.Kind {
	case selfsame.Float64:
		return k.prefix.LoadFloats(k.x.Floats[lo:hi], keep, k.squares)
	case selfsame.Decimal:
		return k.prefix.LoadDecimals(k.x.Decimals[lo:hi], k.arg.Scale, keep, k.squares)
	}
	k.prefix.LoadInts(k.x.Ints[lo:hi], keep, k.squares)
	return true
}

// count is the number of rows [lo, hi) of the entity that contribute.
func (k *momentKernel) count(lo, hi int) int {
	if k.dense {
		return hi - lo
	}
	return int(k.counts[hi] - k.counts[lo])
}

// Ranges implements Kernel.
func (k *momentKernel) Ranges(m int, _ []int64, lo, hi []int32, out *column.Column) {
	o, first := k.members[m], out.Len()
	switch {
	case o == countOf:
		extend(out, len(lo))
		counts := out.Ints[first:]
		for i := range counts {
			counts[i] = int64(k.count(int(lo[i])-k.base, int(hi[i])-k.base))
		}
	case !k.fits:
		extend(out, len(lo))
		k.slideRanges(o, lo, hi, out, first)
	case out.Type.Kind == selfsame.Float64:
		var f figures
		f.take(o, out, len(lo))
		k.figures(&f, lo, hi)
	default:
		extend(out, len(lo))
		for i := range lo {
			l, h := int(lo[i])-k.base, int(hi[i])-k.base
			if k.count(l, h) == 0 {
				answer{status: selfsame.Null}.put(out, first+i)
				continue
			}
			k.ofSum(k.prefix.Sum(l, h), true).put(out, first+i)
		}
	}
}

// RangesOf implements Joint.
func (k *momentKernel) RangesOf(members []int, at []int64, lo, hi []int32, out []*column.Column) {
	var f figures
	for i, m := range members {
		if !k.fits || out[i].Type.Kind != selfsame.Float64 || !f.take(k.members[m], out[i], len(lo)) {
			k.Ranges(m, at, lo, hi, out[i])
		}
	}
	if f.some {
		k.figures(&f, lo, hi)
	}
}

// figures is where the floats of one sum go: each to at most one column.
type figures struct {
	total, mean, spread slots
	deviation           member // which spread
	some                bool
}

// slots are the values of a column that are new, the first of them number `first`.
type slots struct {
	column *column.Column // nil: nobody asks
	first  int
	values []float64
}

// take makes n slots of out for a member. It reports false where those of another column have its place.
func (f *figures) take(o member, out *column.Column, n int) bool {
	s := &f.spread
	switch o {
	case sumOf:
		s = &f.total
	case meanOf:
		s = &f.mean
	}
	if s.column != nil {
		return false
	}
	if f.some = true; s == &f.spread {
		f.deviation = o
	}
	s.column, s.first = out, out.Len()
	extend(out, n)
	s.values = out.Floats[s.first:]
	return true
}

// null says that value i is not there.
func (s *slots) null(i int) {
	if s.column != nil {
		s.values[i] = 0
		s.column.SetStatus(s.first+i, selfsame.Null)
	}
}

// figures is the loop that matters: a difference and, for each figure, a rounding for each window.
func (k *momentKernel) figures(f *figures, lo, hi []int32) {
	least, sample := 1, f.deviation.isSample()
	if sample {
		least = 2
	}
	total, mean, spread := f.total.values, f.mean.values, f.spread.values
	hi = hi[:len(lo)]
	for i := range lo {
		l, h := int(lo[i])-k.base, int(hi[i])-k.base
		n := k.count(l, h)
		if n < 1 {
			f.total.null(i)
			f.mean.null(i)
			f.spread.null(i)
			continue
		}
		s := k.prefix.Sum(l, h)
		if total != nil {
			total[i] = k.prefix.MeanOf(s, 1)
		}
		if mean != nil {
			mean[i] = k.prefix.MeanOf(s, uint64(n))
		}
		switch {
		case spread == nil:
		case n < least:
			f.spread.null(i)
		default:
			spread[i] = f.deviation.deviation(k.prefix.VarianceOf(s, l, h, uint64(n), sample))
		}
	}
}

// slideRanges moves one running set over the windows.
func (k *momentKernel) slideRanges(o member, lo, hi []int32, out *column.Column, first int) {
	if k.slide == nil {
		k.slide = newTally(k.family, k.sums, k.squares)
	}
	k.slide.reset()
	k.slide.squares = o.needsSquares()
	l, h := k.base, k.base // the set holds rows [l, h)
	for i := range lo {
		a, b := int(lo[i]), int(hi[i])
		if a >= h { // nothing is shared with the window before
			k.slide.reset()
			l, h = a, a
		}
		for ; h < b; h++ {
			k.apply(k.slide, h, 1)
		}
		for ; l < a; l++ {
			k.apply(k.slide, l, -1)
		}
		k.slide.finish(o).put(out, first+i)
	}
}

func (k *momentKernel) apply(t *tally, row int, by int64) {
	if k.dense || k.keep[row-k.base] {
		t.addFrom(k.x, row, by)
	}
}

// Reset implements Kernel.
func (k *momentKernel) Reset() {
	k.set = exact.Moments{}
	if !k.fits {
		if k.tally == nil {
			k.tally = newTally(k.family, k.sums, k.squares)
		}
		k.tally.reset()
		return
	}
	if k.sums {
		k.set = k.prefix.Moments(0, 0, 0)
	}
}

// Add implements Kernel.
func (k *momentKernel) Add(i int32) {
	if m, ok := k.event(int(i), 1); ok {
		k.set.Add(&m)
	}
}

// Remove implements Kernel.
func (k *momentKernel) Remove(i int32) {
	if m, ok := k.event(int(i), -1); ok {
		k.set.Sub(&m)
	}
}

// event gives the sums of one row; ok is false where the row does not contribute, or did so to the tally.
func (k *momentKernel) event(row int, by int64) (m exact.Moments, ok bool) {
	switch j := row - k.base; {
	case !k.fits:
		k.apply(k.tally, row, by)
	case !k.dense && !k.keep[j]:
	case k.sums:
		return k.prefix.Moments(j, j+1, 1), true
	default:
		return exact.Moments{N: 1}, true
	}
	return m, false
}

// Value implements Kernel.
func (k *momentKernel) Value(m int, _ int64, out *column.Column) {
	if k.fits {
		k.finish(k.members[m], &k.set).appendTo(out)
		return
	}
	k.tally.finish(k.members[m]).appendTo(out)
}
