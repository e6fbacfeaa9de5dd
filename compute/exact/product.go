// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"math/big"
	"math/bits"

	"selfsame"
)

// ProductSum is the exact Σ of products of up to four finite values: Σx³, Σxy and the like, in any order, with any retractions: a group element of
// up to 2^61 products. Make it with NewProductSum.
type ProductSum struct {
	acc  accumulator
	bias int
}

// Factor is a factor of a product: ±(hi:lo) * 2^exp.
type Factor struct {
	hi, lo uint64
	exp    int
	neg    bool
}

// FloatFactor returns x as a factor; x is finite.
func FloatFactor(x float64) Factor {
	m, e, neg, _ := split(x)
	return Factor{lo: m, exp: e, neg: neg}
}

// IntegerFactor returns v as a factor.
func IntegerFactor(v selfsame.Int128) Factor {
	neg, hi, lo := magnitude(v)
	return Factor{hi: hi, lo: lo, neg: neg}
}

// NewProductSum returns an empty sum of products of at most so many factors made of floats and of integers, four together.
func NewProductSum(floats, integers int) *ProductSum {
	const floatBits, integerBits, room = sumBias + 1024, 128, 6 // room: the headroom of 61 bits, and what add writes above the top
	chunks := (floatBits*floats+integerBits*integers)/32 + room
	return &ProductSum{acc: accumulator{chunks: make([]int64, chunks)}, bias: sumBias * floats}
}

// Add adds by times the product of the factors, by = 1 or -1.
func (p *ProductSum) Add(by int64, factors ...Factor) {
	var words [10]uint64 // a product has at most eight, and the ones above are read
	words[0] = 1
	n, exp, neg := 1, p.bias, by < 0
	for i := range factors {
		f := &factors[i]
		n = multiply(&words, n, f)
		exp += f.exp
		neg = neg != f.neg
	}
	for i := 0; i < n; i += 3 { // three words are two pieces of 96 bits
		p.piece(neg, words[i], words[i+1]&0xffffffff, exp+64*i)
		p.piece(neg, words[i+1]>>32|words[i+2]<<32, words[i+2]>>32, exp+64*i+96)
	}
}

func (p *ProductSum) piece(neg bool, lo, hi uint64, pos int) {
	if hi|lo != 0 {
		p.acc.add(neg, hi, lo, uint(pos))
	}
}

// multiply multiplies the n words by f and returns how many words the product has.
func multiply(words *[10]uint64, n int, f *Factor) int {
	var out [10]uint64
	for j, y := range [2]uint64{f.lo, f.hi} {
		if y == 0 {
			continue
		}
		carry := uint64(0)
		for i := range n {
			h, l := bits.Mul64(words[i], y)
			var c uint64
			l, c = bits.Add64(l, carry, 0)
			h += c
			out[i+j], c = bits.Add64(out[i+j], l, 0)
			carry = h + c
		}
		out[n+j] = carry
	}
	*words = out
	for n += 2; n > 1 && out[n-1] == 0; n-- {
	}
	return n
}

// Merge adds the sum t of the same kind.
func (p *ProductSum) Merge(t *ProductSum) { p.acc.merge(&t.acc, 1) }

// Reset makes the sum empty.
func (p *ProductSum) Reset() { p.acc.reset() }

// AppendTo appends the canonical encoding of docs/format/exact.md: an integer whose bit 0 is 2^-(1088 · floats).
func (p *ProductSum) AppendTo(b []byte) []byte { return p.acc.appendTo(b) }

// Decode replaces the sum by what AppendTo wrote.
func (p *ProductSum) Decode(d *Decoder) { p.acc.decode(d) }

// exponent returns the power of two of the sum's lowest chunk; ok is false where the sum is 0.
func (p *ProductSum) exponent() (exp int, ok bool) {
	p.acc.normalize()
	return 32*p.acc.lo - p.bias, p.acc.lo < p.acc.hi
}

// at returns the sum as a multiple of 2^exp, exp <= exponent.
func (p *ProductSum) at(exp int) *big.Int {
	low, ok := p.exponent()
	if !ok {
		return new(big.Int)
	}
	z := p.acc.toBig(p.acc.lo)
	return z.Lsh(z, uint(low-exp))
}

// common returns the greatest e of which the i-th sum is a multiple of 2^(e * degrees[i]), sums of 0 aside: the exponent of the values.
func common(degrees []int, sums ...*ProductSum) int {
	e, any := 0, false
	for i, s := range sums {
		low, ok := s.exponent()
		if !ok {
			continue
		}
		if low = floorDiv(low, degrees[i]); !any || low < e {
			e, any = low, true
		}
	}
	return e
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
