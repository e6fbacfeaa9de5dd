// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"math"
	"math/bits"
)

// NaN returns the one NaN that is stored, under the policy `nan: keep`.
func NaN() float64 { return math.NaN() }

// split returns x = ±m * 2^e with m < 2^53, without trimming zeros of m. finite is false for NaN and the infinities.
func split(x float64) (m uint64, e int, neg, finite bool) {
	b := math.Float64bits(x)
	biased := int(b >> 52 & 0x7ff)
	m = b & (1<<52 - 1)
	if biased == 0 {
		biased = 1
	} else {
		m |= 1 << 52
	}
	return m, biased - 1075, b>>63 != 0, biased != 0x7ff
}

// shiftLeft returns m << s as 128 bits, s < 128.
func shiftLeft(m uint64, s uint) (hi, lo uint64) {
	return m>>(64-s) | m<<(s-64), m << s
}

// pack returns the float64 nearest to ±(m + δ) * 2^exp, ties to even, where the top bit of m is set and 0 <= δ < 1 is above zero iff
// sticky. It and roundNormal are the only places where the package rounds to float64. Zero is +0.
func pack(neg bool, m uint64, sticky bool, exp int) float64 {
	e := exp + 63 // the value is in [2^e, 2^(e+1))
	if e > 1023 {
		return math.Inf(sign(neg))
	}
	drop, biased := uint(11), uint64(0)
	if e >= -1022 {
		biased = uint64(e + 1022)
	} else if drop += uint(-1022 - e); drop > 64 {
		return 0
	}
	kept := m >> drop
	half := uint64(1) << (drop - 1)
	rem := m & (half<<1 - 1)
	if rem > half || (rem == half && (sticky || kept&1 != 0)) {
		kept++
	}
	// kept holds the implicit bit, which adds the one that biased lacks; a carry moves to the next binade and at last to Inf.
	b := biased<<52 + kept
	if neg && b != 0 {
		b |= 1 << 63
	}
	return math.Float64frombits(b)
}

func sign(neg bool) int {
	if neg {
		return -1
	}
	return 1
}

// roundRatio returns the float64 nearest to ±num * 2^exp / den, ties to even. num is least significant word first; den > 0.
func roundRatio(neg bool, num []uint64, den uint64, exp int) float64 {
	k := len(num) - 1
	for k > 1 && num[k] == 0 {
		k--
	}
	if k < 2 {
		return roundPair(neg, num[1], num[0], den, exp)
	}
	s := uint(bits.LeadingZeros64(num[k]))
	rest := num[k-2] << s
	hi, lo := num[k]<<s|num[k-1]>>(64-s), num[k-1]<<s|num[k-2]>>(64-s)
	for _, w := range num[:k-2] {
		rest |= w
	}
	return divideNormal(neg, hi, lo, rest != 0, den, exp+64*(k-1)-int(s))
}

// roundPair is roundRatio of the numerator hi:lo.
func roundPair(neg bool, hi, lo, den uint64, exp int) float64 {
	if hi == 0 {
		if lo == 0 {
			return 0
		}
		hi, lo = lo, 0
		exp -= 64
	}
	s := uint(bits.LeadingZeros64(hi))
	return divideNormal(neg, hi<<s|lo>>(64-s), lo<<s, false, den, exp-int(s))
}

// divideNormal rounds ±(hi:lo + δ) * 2^exp / den, where the top bit of hi is set and sticky tells whether δ > 0.
func divideNormal(neg bool, hi, lo uint64, sticky bool, den uint64, exp int) float64 {
	more := uint64(0)
	if sticky {
		more = 1
	}
	if den == 1 {
		return roundNormal(neg, hi, lo|more, exp+64)
	}
	s := uint(bits.LeadingZeros64(den))
	// Half of the numerator is below den << s, so that the quotient fits; it has 63 or 64 bits.
	q, r := bits.Div64(hi>>1, lo>>1|hi<<63, den<<s)
	return roundNormal(neg, q, r|lo&1|more, exp+int(s)+1)
}

// roundNormal returns the float64 nearest to ±(q + δ) * 2^exp, ties to even, where q is at least 2^62 and 0 <= δ < 1 is above zero iff rest is
// not 0. The machine rounds, which takes no branch that depends on the value; pack has what is not a normal number.
func roundNormal(neg bool, q, rest uint64, exp int) float64 {
	// Of 62 or 63 bits and one that says whether there is more, 53 stay.
	q = q>>1 | q&1 | (rest|-rest)>>63
	if exp < -1083 || exp > 960 {
		s := uint(bits.LeadingZeros64(q))
		return pack(neg, q<<s, false, exp+1-int(s))
	}
	b := math.Float64bits(float64(int64(q))) + uint64(exp+1)<<52
	if neg {
		b |= 1 << 63
	}
	return math.Float64frombits(b)
}
