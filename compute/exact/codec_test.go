// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

func TestAppendIntegerIsTrimmed(t *testing.T) {
	for _, c := range []struct {
		twos []byte
		pos  int
		want []byte
	}{
		{nil, 5, []byte{0}}, {[]byte{0, 0}, 0, []byte{0}}, {[]byte{1, 0, 0}, 3, []byte{1, 3, 1}}, {[]byte{0, 0, 7, 0}, 1, []byte{1, 3, 7}},
		{[]byte{0xff, 0xff}, 0, []byte{1, 0, 0xff}}, {[]byte{0x80, 0}, 0, []byte{2, 0, 0x80, 0}}, {[]byte{0x80, 0xff}, 0, []byte{1, 0, 0x80}},
		{[]byte{3}, 0, []byte{1, 0, 3}}, {[]byte{0, 0, 0xff, 0xff}, 0, []byte{1, 2, 0xff}},
		{[]byte{0, 0xff}, 200, []byte{1, 0xc9, 1, 0xff}},
	} {
		if got := AppendInteger(nil, c.twos, c.pos); !bytes.Equal(got, c.want) {
			t.Errorf("AppendInteger(%x, %d) = %x, want %x", c.twos, c.pos, got, c.want)
		}
	}
}

func TestDecoderNamesTheFirstWrongByte(t *testing.T) {
	integer := func(d *Decoder) { d.Integer(8) }
	uvarint := func(d *Decoder) { d.Uvarint() }
	for _, c := range []struct {
		what   string
		b      []byte
		read   func(d *Decoder)
		offset int
	}{
		{"no bytes", nil, uvarint, 0},
		{"cut uvarint", []byte{0x80}, uvarint, 1},
		{"long uvarint", []byte{0x80, 0}, uvarint, 0},
		{"wide uvarint", []byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 2}, uvarint, 0},
		{"left over", []byte{1, 9}, uvarint, 1},
		{"cut integer", []byte{2, 0, 1}, integer, 3},
		{"no position", []byte{2}, integer, 1},
		{"low zero", []byte{2, 0, 0, 1}, integer, 2},
		{"sign twice", []byte{2, 0, 1, 0}, integer, 3},
		{"minus twice", []byte{2, 0, 0x80, 0xff}, integer, 3},
		{"too long", []byte{9, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1}, integer, 0},
		{"too far", []byte{1, 8, 1}, integer, 0},
		{"far too far", []byte{1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 1}, integer, 0},
		{"short word", []byte{1, 2, 3}, func(d *Decoder) { d.Uint64() }, 3},
		{"short byte", []byte{1}, func(d *Decoder) { d.Byte(); d.Byte() }, 1},
	} {
		d := NewDecoder(c.b)
		c.read(d)
		var corrupt *CorruptError
		if err := d.End(); !errors.As(err, &corrupt) || !errors.Is(err, ErrEncoding) || corrupt.Offset != c.offset {
			t.Errorf("%s, %x: %v, want an error at byte %d", c.what, c.b, err, c.offset)
		}
	}
}

func TestDecoderReads(t *testing.T) {
	b := AppendVarint(AppendUvarint(nil, math.MaxUint64), math.MinInt64)
	b = append(b, 1, 2, 3, 4, 5, 6, 7, 8, 42)
	d := NewDecoder(b)
	u, v, w := d.Uvarint(), d.Varint(), d.Uint64()
	if u != math.MaxUint64 || v != math.MinInt64 || w != 0x0102030405060708 || d.Len() != 1 || d.Byte() != 42 || d.End() != nil {
		t.Errorf("got %d, %d, %x, offset %d, %v", u, v, w, d.Offset(), d.Err())
	}
	for _, v := range []int64{0, -1, 1, -2, 2, math.MaxInt64, math.MinInt64} {
		if got := Unzigzag(Zigzag(v)); got != v {
			t.Errorf("zigzag of %d comes back as %d", v, got)
		}
	}
}

// FuzzDecode: whatever the bytes, decoding gives either an error or sums whose encoding is those bytes.
func FuzzDecode(f *testing.F) {
	s, q := NewFloatSum(), NewSquareSum()
	for _, x := range []float64{1.5, -math.MaxFloat64, 5e-324, 0.1} {
		s.Add(x)
		q.Add(x)
		f.Add(q.AppendTo(s.AppendTo(nil)))
	}
	f.Add([]byte{0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, q := NewFloatSum(), NewSquareSum()
		d := NewDecoder(b)
		s.Decode(d)
		q.Decode(d)
		if d.End() == nil {
			if got := q.AppendTo(s.AppendTo(nil)); !bytes.Equal(got, b) {
				t.Fatalf("%x decodes to what encodes as %x", b, got)
			}
		}
		s.Merge(s)
		s.Round()
		FloatVariance(3, s, q, true)
		var w, v Wide
		d = NewDecoder(b)
		w.Decode(d)
		v.Decode(d)
		if d.End() == nil {
			if got := v.AppendTo(w.AppendTo(nil)); !bytes.Equal(got, b) {
				t.Fatalf("%x decodes to integers that encode as %x", b, got)
			}
		}
		WideVariance(3, &w, &v, 2, true)
		WideMean(3, &w, 2)
	})
}
