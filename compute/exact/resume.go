// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"math/bits"
	"slices"

	"selfsame"
)

// This file makes a prefix of a longer run out of that of its start. A run goes on where its new values are integers at the exponent of
// the old ones and the sums stay within the words that they have; elsewhere the caller loads it anew.

// extend makes room for n values of which the first `from` stay; false: values of that size do not fit what is there.
func (p *Prefix) extend(n, from, size int) bool {
	size = max(size, p.size)
	total := size + bits.Len(uint(n))
	squares := len(p.squares) > 0
	if total > headroom || p.wide != (squares && 2*total > 192) {
		return false
	}
	p.size = size
	p.sums = regrow(p.sums, n+1, from+1)
	if squares {
		p.squares = regrow(p.squares, n+1, from+1)
	}
	if p.wide {
		p.tops = regrow(p.tops, n+1, from+1)
	}
	return true
}

// regrow returns s with n elements, of which the first `kept` are as they were.
func regrow[T any](s []T, n, kept int) []T {
	if cap(s) < n {
		kept = min(kept, len(s))
		s = slices.Grow(s[:kept], n-kept)
	}
	return s[:n]
}

// ResumeFloats is LoadFloats of a run whose first `from` values were loaded, with the same squares. Where it returns false, the run must be
// loaded.
func (p *Prefix) ResumeFloats(x []float64, keep []bool, from int) bool {
	size := 0
	for i := from; i < len(x); i++ {
		m, e, _, finite := split(x[i])
		switch {
		case keep != nil && !keep[i] || m == 0 && finite:
			continue
		case !finite || e+bits.TrailingZeros64(m) < p.exp:
			return false
		}
		size = max(size, e+bits.Len64(m)-p.exp)
	}
	if !p.extend(len(x), from, size) {
		return false
	}
	for i := from; i < len(x); i++ {
		v := selfsame.Int128{}
		if m, e, neg, _ := split(x[i]); m != 0 && (keep == nil || keep[i]) {
			hi, lo := shiftLeft(m>>uint(max(0, p.exp-e)), uint(max(0, e-p.exp)))
			v, _ = signed(neg, hi, lo)
		}
		p.push(i, v)
	}
	return true
}

// ResumeInts is LoadInts of a run whose first `from` values were loaded, with the same squares.
func (p *Prefix) ResumeInts(x []int64, keep []bool, from int) bool {
	if !p.extend(len(x), from, 64) {
		return false
	}
	for i := from; i < len(x); i++ {
		v := selfsame.Int128{}
		if keep == nil || keep[i] {
			v = FromInt64(x[i])
		}
		p.push(i, v)
	}
	return true
}

// ResumeDecimals is LoadDecimals of a run whose first `from` values were loaded, with the same squares and scale.
func (p *Prefix) ResumeDecimals(x []selfsame.Int128, keep []bool, from int) bool {
	size := 0
	for i := from; i < len(x); i++ {
		if keep == nil || keep[i] {
			_, hi, lo := magnitude(x[i])
			n := bits.Len64(lo)
			if hi != 0 {
				n = 64 + bits.Len64(hi)
			}
			size = max(size, n)
		}
	}
	if !p.extend(len(x), from, size) {
		return false
	}
	for i := from; i < len(x); i++ {
		v := x[i]
		if keep != nil && !keep[i] {
			v = selfsame.Int128{}
		}
		p.push(i, v)
	}
	return true
}
