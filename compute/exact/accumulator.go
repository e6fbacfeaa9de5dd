// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"math/bits"
)

// accumulator is an exact sum of integers times powers of two, spread over the exponents of float64: chunk i counts multiples of
// 2^(32*i - bias). A chunk is an int64, so that 2^29 additions of 32 bits each need no carry.
//
//	chunks   … | int64 | int64 | int64 | …      only [lo, hi) may differ from 0
//	weight       2^64    2^32    2^0            times 2^(32*lo - bias)
//
// After normalize the chunks below the top are in [0, 2^32) and the top one, which has the sign, is in [-2^31, 2^32); the first
// and the last are not zero. That form is unique.
type accumulator struct {
	chunks []int64
	lo, hi int
	adds   int // since normalize
}

// The two accumulators. The headroom above the largest double (or its square) is 61 bits, and two chunks.
const (
	sumChunks    = 70
	sumBias      = 1088
	squareChunks = 136
	squareBias   = 2 * sumBias
	maxAdds      = 1 << 29
)

// add adds ±(hi:lo) * 2^(pos-bias).
func (a *accumulator) add(neg bool, hi, lo uint64, pos uint) {
	i, s := int(pos>>5), pos&31
	w0, w1, w2 := lo<<s, hi<<s|lo>>(64-s), hi>>(64-s)
	mask := int64(0)
	if neg {
		mask = -1
	}
	c := a.chunks[i : i+5 : i+5]
	c[0] += int64(w0&0xffffffff) ^ mask - mask
	c[1] += int64(w0>>32) ^ mask - mask
	c[2] += int64(w1&0xffffffff) ^ mask - mask
	c[3] += int64(w1>>32) ^ mask - mask
	c[4] += int64(w2) ^ mask - mask
	a.touch(i, i+5)
}

// touch extends [lo, hi) and keeps chunks from overflowing.
func (a *accumulator) touch(lo, hi int) {
	if a.lo == a.hi {
		a.lo, a.hi = lo, hi
	}
	a.lo, a.hi = min(a.lo, lo), max(a.hi, hi)
	if a.adds++; a.adds >= maxAdds {
		a.normalize()
	}
}

// merge adds by * b, by = 1 or -1. b is normalized, which changes its form and not its value.
func (a *accumulator) merge(b *accumulator, by int64) {
	b.normalize()
	if b.lo == b.hi {
		return
	}
	for i := b.lo; i < b.hi; i++ {
		a.chunks[i] += by * b.chunks[i]
	}
	a.touch(b.lo, b.hi)
}

func (a *accumulator) reset() {
	clear(a.chunks[a.lo:a.hi])
	a.lo, a.hi, a.adds = 0, 0, 0
}

// normalize carries, so that the form is the unique one.
func (a *accumulator) normalize() {
	if a.adds == 0 {
		return
	}
	a.adds = 0
	carry := int64(0)
	for i := a.lo; i < a.hi; i++ {
		v := a.chunks[i] + carry
		a.chunks[i] = v & 0xffffffff
		carry = v >> 32
	}
	if carry != 0 && a.hi < len(a.chunks) {
		a.chunks[a.hi] = carry
		a.hi++
	}
	a.trim()
}

func (a *accumulator) trim() {
	c := a.chunks
	for a.lo < a.hi && c[a.hi-1] == 0 {
		a.hi--
	}
	for a.lo < a.hi && c[a.lo] == 0 {
		a.lo++
	}
	for a.hi-a.lo > 1 && c[a.hi-1] == -1 && c[a.hi-2] >= 1<<31 {
		c[a.hi-1] = 0
		a.hi--
		c[a.hi-1] -= 1 << 32
	}
	if a.lo == a.hi {
		a.lo, a.hi = 0, 0
	}
}

// isNeg reports whether the normalized sum is below zero.
func (a *accumulator) isNeg() bool { return a.hi > a.lo && a.chunks[a.hi-1] < 0 }

// appendTo appends the canonical encoding: an integer at position 0 = 2^-bias.
func (a *accumulator) appendTo(b []byte) []byte {
	a.normalize()
	var buf [4*squareChunks + 1]byte
	twos := buf[:0]
	for _, c := range a.chunks[a.lo:a.hi] {
		twos = append(twos, byte(c), byte(c>>8), byte(c>>16), byte(c>>24))
	}
	top := byte(0)
	if a.isNeg() {
		top = 0xff
	}
	return AppendInteger(b, append(twos, top), 4*a.lo)
}

// decode replaces the sum by what appendTo wrote.
func (a *accumulator) decode(d *Decoder) {
	a.reset()
	pos, b := d.Integer(4 * (len(a.chunks) - 2))
	if len(b) == 0 {
		return
	}
	for i, x := range b {
		a.chunks[(pos+i)/4] |= int64(x) << (8 * ((pos + i) % 4))
	}
	end := pos + len(b)
	a.lo, a.hi = pos/4, (end+3)/4
	if b[len(b)-1] >= 0x80 {
		a.chunks[a.hi-1] |= -1 << (8 * ((end-1)%4 + 1))
	}
	a.adds = 1 // the top chunk may be one that normalize would join with the one below
	a.normalize()
}

// words writes the sum as two's complement with chunk base at bit 0, base <= lo, into words that are least significant first.
// ok is false where it does not fit.
func (a *accumulator) words(base int, w []uint64) (ok bool) {
	n := a.hi - base
	if n > 2*len(w) || (n == 2*len(w) && a.chunks[a.hi-1] >= 1<<31) {
		return false
	}
	clear(w)
	for i := a.lo; i < a.hi; i++ {
		k := i - base
		w[k/2] |= uint64(a.chunks[i]&0xffffffff) << (32 * (k % 2))
	}
	if a.isNeg() {
		if n%2 == 1 {
			w[n/2] |= 0xffffffff << 32
		}
		for i := (n + 1) / 2; i < len(w); i++ {
			w[i] = ^uint64(0)
		}
	}
	return true
}

// abs writes the magnitude of the normalized sum into w, which is long enough, with chunk lo at bit 0.
func (a *accumulator) abs(w []uint64) (neg bool, mag []uint64) {
	w = w[:max(2, (a.hi-a.lo)/2+1)]
	a.words(a.lo, w)
	if neg = a.isNeg(); neg {
		c := uint64(1)
		for i, x := range w {
			w[i], c = bits.Add64(^x, 0, c)
		}
	}
	return neg, w
}
