// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"encoding/binary"
	"math/big"
	"math/bits"

	"selfsame"
)

// toBig returns v as a big integer.
func toBig(v selfsame.Int128) *big.Int {
	z := new(big.Int).Lsh(big.NewInt(v.Hi), 64)
	return z.Add(z, new(big.Int).SetUint64(v.Lo))
}

// wordsToBig returns the unsigned integer of words, least significant first.
func wordsToBig(w []uint64) *big.Int {
	b := make([]byte, 8*len(w))
	for i, x := range w {
		binary.BigEndian.PutUint64(b[8*(len(w)-1-i):], x)
	}
	return new(big.Int).SetBytes(b)
}

// bigRatio returns the float64 nearest to num * 2^exp / den, ties to even; den > 0. It is the slow path of every finisher.
func bigRatio(num, den *big.Int, exp int) float64 {
	if num.Sign() == 0 {
		return 0
	}
	// Scale so that the quotient has at least 64 bits; the remainder is only ever asked whether it is zero.
	shift := max(0, 65+den.BitLen()-num.BitLen())
	a := new(big.Int).Abs(num)
	a.Lsh(a, uint(shift))
	q, r := new(big.Int).QuoRem(a, den, new(big.Int))
	sticky := r.Sign() != 0
	return packBig(num.Sign() < 0, q, sticky, exp-shift)
}

// packBig returns the float64 nearest to ±(q + δ) * 2^exp, ties to even, where q > 0 has at least 64 bits or sticky is false, and 0 <= δ < 1 is above
// zero iff sticky. It may change q.
func packBig(neg bool, q *big.Int, sticky bool, exp int) float64 {
	over := q.BitLen() - 64
	if over > 0 {
		sticky = sticky || q.TrailingZeroBits() < uint(over)
		q.Rsh(q, uint(over))
	}
	m := q.Uint64()
	s := bits.LeadingZeros64(m)
	return pack(neg, m<<s, sticky, exp+max(over, 0)-s)
}
