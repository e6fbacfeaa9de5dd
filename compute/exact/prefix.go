// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"math"
	"math/bits"

	"selfsame"
)

// Prefix holds prefix sums of one run of values, as integers at one exponent: Σx in 128 bits and Σx² in 192 or 256 bits, so that the
// sums of any range of the run are two differences. A float64 run is scaled to the exponent of its smallest value; a run whose
// values lie too far apart for 128 bits, or that holds an infinity or a NaN, does not fit and is left to FloatSum.
//
// Running sums would need one pass a window and could not be shared by windows; a prefix array is one pass for all. The zero value
// is an empty run; Load… reuse its memory.
type Prefix struct {
	exp     int
	scale   uint8
	size    int               // bits of the widest value
	sums    []selfsame.Int128 // sums[i] is Σ of the first i values
	squares [][3]uint64       // the low words of Σx², where they were asked for
	tops    []uint64          // the fourth words, where the run needs them
	wide    bool              // tops are in use
	most    int               // values of a run to come
}

// Expect says that runs of up to n values are to come, so that memory is taken once and not again for each run that is the longest so far.
func (p *Prefix) Expect(n int) { p.most = n }

// headroom is the greatest number of bits of a sum: with it nΣx² and (Σx)² stay below 2^255 for every range of the run.
const headroom = 126

// reserve makes room for n values of at most size bits each; false: their sum may not fit.
func (p *Prefix) reserve(n, size int, squares bool) bool {
	total := size + bits.Len(uint(n))
	if total > headroom {
		return false
	}
	p.size, p.wide = size, squares && 2*total > 192
	p.sums = room(p.sums, n+1, p.most+1)
	p.squares = p.squares[:0]
	if squares {
		p.squares = room(p.squares, n+1, p.most+1)
		p.squares[0] = [3]uint64{}
	}
	if p.wide {
		p.tops = room(p.tops, n+1, p.most+1)
		p.tops[0] = 0
	}
	p.sums[0] = selfsame.Int128{}
	return true
}

func room[T any](s []T, n, most int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return make([]T, n, max(n+n/8, most))
}

// LoadFloats takes the run x, and Σx² too where squares is set. A value whose keep is false counts as 0; keep nil keeps all. It
// reports whether the run fits; where it does not, nothing may be asked of p until the next load.
func (p *Prefix) LoadFloats(x []float64, keep []bool, squares bool) bool {
	low, high := exponents(x, keep)
	if high == 0x7ff {
		return false
	}
	p.scale = 0
	if !p.reserve(len(x), 53+high-low, squares) {
		return p.loadTrimmed(x, keep, squares, high)
	}
	p.exp = low - 1075
	switch {
	case !squares:
		p.sumFloats(x, keep, uint(low))
	case p.wide:
		p.squareFloatsWide(x, keep, uint(low))
	default:
		p.squareFloats(x, keep, uint(low))
	}
	return true
}

// loadTrimmed scales to the lowest bit that is set in any value rather than to the last bit of the smallest: differences that
// nearly cancelled, such as 2^-54 beside amounts, have few bits. high is the greatest biased exponent.
func (p *Prefix) loadTrimmed(x []float64, keep []bool, squares bool, high int) bool {
	low := high
	for i, f := range x {
		if m, e, _, _ := split(f); m != 0 && (keep == nil || keep[i]) {
			low = min(low, e+bits.TrailingZeros64(m))
		}
	}
	if !p.reserve(len(x), high-1075+53-low, squares) {
		return false
	}
	p.exp = low
	for i, f := range x {
		v := selfsame.Int128{}
		if m, e, neg, _ := split(f); m != 0 && (keep == nil || keep[i]) {
			s := uint(max(0, e-low))
			hi, lo := shiftLeft(m>>uint(max(0, low-e)), s)
			v, _ = signed(neg, hi, lo)
		}
		p.push(i, v)
	}
	return true
}

// exponents returns the least and the greatest biased exponent of the values that are not zero, 1 and 1 where there is none.
func exponents(x []float64, keep []bool) (low, high int) {
	low, high = 0x7ff, 1
	for i, f := range x {
		b := math.Float64bits(f) << 1
		if b == 0 || (keep != nil && !keep[i]) {
			continue
		}
		e := max(1, int(b>>53))
		low, high = min(low, e), max(high, e)
	}
	return min(low, high), high
}

// scaled returns f as ±(hi:lo) * 2^(low-1075); mask is all ones where f is negative. f is finite, and 0 or not below that exponent.
func scaled(f float64, low uint) (mask, hi, lo uint64) {
	b := math.Float64bits(f)
	e := uint(b>>52) & 0x7ff
	m := b & (1<<52 - 1)
	if e == 0 {
		e = low // a subnormal: low is 1. Zero: any shift will do
	} else {
		m |= 1 << 52
	}
	s := e - low
	return uint64(int64(b) >> 63), m>>(64-s) | m<<(s-64), m << s
}

func (p *Prefix) sumFloats(x []float64, keep []bool, low uint) {
	var sl, sh uint64
	sums := p.sums[1 : len(x)+1]
	for i, f := range x {
		if keep == nil || keep[i] {
			mask, hi, lo := scaled(f, low)
			var c uint64
			sl, c = bits.Add64(sl, lo^mask, mask&1)
			sh, _ = bits.Add64(sh, hi^mask, c)
		}
		sums[i] = selfsame.Int128{Hi: int64(sh), Lo: sl}
	}
}

func (p *Prefix) squareFloats(x []float64, keep []bool, low uint) {
	var sl, sh, q0, q1, q2 uint64
	sums, squares := p.sums[1:len(x)+1], p.squares[1:len(x)+1]
	for i, f := range x {
		if keep == nil || keep[i] {
			mask, hi, lo := scaled(f, low)
			var c uint64
			sl, c = bits.Add64(sl, lo^mask, mask&1)
			sh, _ = bits.Add64(sh, hi^mask, c)
			w1, w0 := bits.Mul64(lo, lo)
			x1, x0 := bits.Mul64(hi, lo)
			w1, c = bits.Add64(w1, x0<<1, 0)
			w2 := hi*hi + (x1<<1 | x0>>63) + c
			q0, c = bits.Add64(q0, w0, 0)
			q1, c = bits.Add64(q1, w1, c)
			q2 += w2 + c
		}
		sums[i] = selfsame.Int128{Hi: int64(sh), Lo: sl}
		squares[i] = [3]uint64{q0, q1, q2}
	}
}

func (p *Prefix) squareFloatsWide(x []float64, keep []bool, low uint) {
	for i, f := range x {
		v := selfsame.Int128{}
		if keep == nil || keep[i] {
			mask, hi, lo := scaled(f, low)
			v, _ = signed(mask != 0, hi, lo)
		}
		p.push(i, v)
	}
}

// push records value i of the run.
func (p *Prefix) push(i int, v selfsame.Int128) {
	p.sums[i+1], _ = Add(p.sums[i], v)
	if len(p.squares) == 0 {
		return
	}
	w, q := square(v), &p.squares[i]
	q0, c := bits.Add64(q[0], w[0], 0)
	q1, c := bits.Add64(q[1], w[1], c)
	q2, c := bits.Add64(q[2], w[2], c)
	p.squares[i+1] = [3]uint64{q0, q1, q2}
	if p.wide {
		p.tops[i+1] = p.tops[i] + w[3] + c
	}
}

// LoadInts is LoadFloats for int64 values; a run of up to 2^32 of them always fits.
func (p *Prefix) LoadInts(x []int64, keep []bool, squares bool) {
	p.reserve(len(x), 64, squares)
	p.exp, p.scale = 0, 0
	if squares {
		p.squareInts(x, keep)
		return
	}
	var sl, sh uint64
	for i, v := range x {
		if keep == nil || keep[i] {
			var c uint64
			sl, c = bits.Add64(sl, uint64(v), 0)
			sh += uint64(v>>63) + c
		}
		p.sums[i+1] = selfsame.Int128{Hi: int64(sh), Lo: sl}
	}
}

// squareInts is the loop of LoadInts with squares: at most 96 bits of Σx, 160 of Σx².
func (p *Prefix) squareInts(x []int64, keep []bool) {
	var sl, sh, q0, q1, q2 uint64
	sums, squares := p.sums[1:len(x)+1], p.squares[1:len(x)+1]
	for i, v := range x {
		if keep == nil || keep[i] {
			var c uint64
			sl, c = bits.Add64(sl, uint64(v), 0)
			sh += uint64(v>>63) + c
			m := uint64(v^v>>63) - uint64(v>>63)
			h, l := bits.Mul64(m, m)
			q0, c = bits.Add64(q0, l, 0)
			q1, c = bits.Add64(q1, h, c)
			q2 += c
		}
		sums[i] = selfsame.Int128{Hi: int64(sh), Lo: sl}
		squares[i] = [3]uint64{q0, q1, q2}
	}
}

// LoadDecimals is LoadFloats for decimals of that scale.
func (p *Prefix) LoadDecimals(x []selfsame.Int128, scale uint8, keep []bool, squares bool) bool {
	var hi, lo uint64
	for i, v := range x {
		if keep == nil || keep[i] {
			_, h, l := magnitude(v)
			hi, lo = hi|h, lo|l
		}
	}
	size := bits.Len64(lo)
	if hi != 0 {
		size = 64 + bits.Len64(hi)
	}
	if !p.reserve(len(x), size, squares) {
		return false
	}
	p.exp, p.scale = 0, scale
	for i, v := range x {
		if keep != nil && !keep[i] {
			v = selfsame.Int128{}
		}
		p.push(i, v)
	}
	return true
}

// Sum returns Σx over values [lo, hi) of the run as an integer: times 2^exponent for floats, unscaled for decimals.
func (p *Prefix) Sum(lo, hi int) selfsame.Int128 {
	a, b := &p.sums[lo], &p.sums[hi]
	l, c := bits.Sub64(b.Lo, a.Lo, 0)
	return selfsame.Int128{Hi: b.Hi - a.Hi - int64(c), Lo: l}
}

// Moments returns n and the sums over values [lo, hi), Σx² among them where it was loaded.
func (p *Prefix) Moments(lo, hi int, n uint64) Moments {
	m := Moments{N: n, S: p.Sum(lo, hi), Exp: p.exp, Scale: p.scale}
	if len(p.squares) == 0 {
		return m
	}
	a, b := &p.squares[lo], &p.squares[hi]
	var c uint64
	m.Q[0], c = bits.Sub64(b[0], a[0], 0)
	m.Q[1], c = bits.Sub64(b[1], a[1], c)
	m.Q[2], c = bits.Sub64(b[2], a[2], c)
	if p.wide {
		m.Q[3] = p.tops[hi] - p.tops[lo] - c
	}
	return m
}

// Total returns the float64 nearest to Σx over values [lo, hi).
func (p *Prefix) Total(lo, hi int) float64 { return p.MeanOf(p.Sum(lo, hi), 1) }

// Mean returns the float64 nearest to Σx / n over values [lo, hi), of which n > 0 are kept.
func (p *Prefix) Mean(lo, hi int, n uint64) float64 { return p.MeanOf(p.Sum(lo, hi), n) }

// MeanOf is Mean of values whose Sum is s.
func (p *Prefix) MeanOf(s selfsame.Int128, n uint64) float64 {
	if p.scale != 0 {
		m := Moments{S: s, Scale: p.scale}
		return m.ratio(n)
	}
	neg, h, l := magnitude(s)
	return roundPair(neg, h, l, n, p.exp)
}

// Variance is Moments.Variance over values [lo, hi), of which n are kept. The run was loaded with squares.
func (p *Prefix) Variance(lo, hi int, n uint64, sample bool) float64 {
	return p.VarianceOf(p.Sum(lo, hi), lo, hi, n, sample)
}

// VarianceOf is Variance of values whose Sum is s.
func (p *Prefix) VarianceOf(s selfsame.Int128, lo, hi int, n uint64, sample bool) float64 {
	if p.wide || p.scale != 0 || n>>32 != 0 {
		m := p.Moments(lo, hi, n)
		return m.Variance(sample)
	}
	// Where the run needs no fourth word, n * max(x)² is below 2^192 / n, which is what variance192 asks for.
	a, b := &p.squares[lo], &p.squares[hi]
	q0, c := bits.Sub64(b[0], a[0], 0)
	q1, c := bits.Sub64(b[1], a[1], c)
	q2, _ := bits.Sub64(b[2], a[2], c)
	d := n
	if sample {
		d--
	}
	_, sh, sl := magnitude(s)
	return variance192(n, n*d, sh, sl, q0, q1, q2, 2*p.exp)
}
