// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"encoding/binary"
	"math/big"
	"math/bits"

	"selfsame"
)

// Wide is a signed 320-bit integer, two's complement, least significant word first. It holds Σx and Σx² of up to 2^61 Int128
// values, and of fewer wherever they are; it never overflows in that range. The zero value is 0.
type Wide [5]uint64

// WideOf returns v as a Wide.
func WideOf(v selfsame.Int128) Wide {
	s := uint64(v.Hi >> 63)
	return Wide{v.Lo, uint64(v.Hi), s, s, s}
}

// Add adds v.
func (w *Wide) Add(v selfsame.Int128) {
	u := WideOf(v)
	w.Merge(&u)
}

// Sub subtracts v.
func (w *Wide) Sub(v selfsame.Int128) {
	u := WideOf(v)
	w.Unmerge(&u)
}

// AddSquare adds v * v.
func (w *Wide) AddSquare(v selfsame.Int128) {
	q := square(v)
	w.Merge(&Wide{q[0], q[1], q[2], q[3]})
}

// SubSquare subtracts v * v.
func (w *Wide) SubSquare(v selfsame.Int128) {
	q := square(v)
	w.Unmerge(&Wide{q[0], q[1], q[2], q[3]})
}

// Merge adds u.
func (w *Wide) Merge(u *Wide) {
	var c uint64
	for i := range w {
		w[i], c = bits.Add64(w[i], u[i], c)
	}
}

// Unmerge subtracts u.
func (w *Wide) Unmerge(u *Wide) {
	var c uint64
	for i := range w {
		w[i], c = bits.Sub64(w[i], u[i], c)
	}
}

// IsNeg reports whether w < 0.
func (w *Wide) IsNeg() bool { return w[4]>>63 != 0 }

// Int128 returns w as an Int128; ok is false where it does not fit.
func (w *Wide) Int128() (v selfsame.Int128, ok bool) {
	s := uint64(int64(w[1]) >> 63)
	return selfsame.Int128{Hi: int64(w[1]), Lo: w[0]}, w[2] == s && w[3] == s && w[4] == s
}

// AppendTo appends the canonical encoding of w, as AppendInteger does.
func (w *Wide) AppendTo(b []byte) []byte {
	var twos [40]byte
	for i, x := range w {
		binary.LittleEndian.PutUint64(twos[8*i:], x)
	}
	return AppendInteger(b, twos[:], 0)
}

// Decode replaces w by what AppendTo wrote.
func (w *Wide) Decode(d *Decoder) {
	*w = Wide{}
	pos, b := d.Integer(40)
	if len(b) == 0 {
		return
	}
	var twos [40]byte
	copy(twos[pos:], b)
	if b[len(b)-1] >= 0x80 {
		for i := pos + len(b); i < len(twos); i++ {
			twos[i] = 0xff
		}
	}
	for i := range w {
		w[i] = binary.LittleEndian.Uint64(twos[8*i:])
	}
}

func (w *Wide) toBig() *big.Int {
	if !w.IsNeg() {
		return wordsToBig(w[:])
	}
	var neg Wide
	neg.Unmerge(w)
	z := wordsToBig(neg[:])
	return z.Neg(z)
}

// square returns v * v, which fits 255 bits.
func square(v selfsame.Int128) [4]uint64 {
	_, hi, lo := magnitude(v)
	return squareOf(hi, lo)
}

// squareOf returns (hi:lo)² for hi < 2^63 or hi:lo = 2^127.
func squareOf(hi, lo uint64) [4]uint64 {
	w1, w0 := bits.Mul64(lo, lo)
	x1, x0 := bits.Mul64(hi, lo)
	w3, w2 := bits.Mul64(hi, hi)
	var c uint64
	w1, c = bits.Add64(w1, x0<<1, 0)
	w2, c = bits.Add64(w2, x1<<1|x0>>63, c)
	w3 += x1>>63 + c
	return [4]uint64{w0, w1, w2, w3}
}
