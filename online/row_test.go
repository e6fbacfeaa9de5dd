// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package online

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
)

// layouts cover every type, rows without anything, and more slots than one byte of the bitmap holds.
func layouts() []*Layout {
	scalar := selfsame.Scalar
	str, ints := scalar(selfsame.String), scalar(selfsame.Int64)
	many := make([]selfsame.Type, 17)
	for i := range many {
		many[i] = scalar(selfsame.Bool)
	}
	return []*Layout{
		{},
		{Hash: true, Columns: []selfsame.Type{scalar(selfsame.Float64), ints}},
		{Order: str, Columns: []selfsame.Type{scalar(selfsame.Timestamp), scalar(selfsame.Date), scalar(selfsame.Bool), str, scalar(selfsame.Bytes)}},
		{Hash: true, Order: ints, Columns: []selfsame.Type{selfsame.DecimalOf(38, 4), selfsame.ListOf(str), selfsame.MapOf(selfsame.ListOf(scalar(selfsame.Timestamp)))}},
		{Order: scalar(selfsame.Timestamp), Columns: many},
	}
}

// drawn is a random value of a type; one in eight is missing.
func drawn(rng *rand.Rand, t selfsame.Type) selfsame.Value {
	v := selfsame.Value{Type: t}
	if rng.IntN(8) == 0 {
		v.Status = selfsame.Status(1 + rng.IntN(int(selfsame.ErrorMaxValues)))
		return v
	}
	switch t.Kind {
	case selfsame.Bool:
		v.Int = int64(rng.IntN(2))
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		v.Int = drawnInt(rng)
	case selfsame.Float64:
		v.Float = []float64{0, 1.5, math.Inf(1), -1e300, rng.NormFloat64()}[rng.IntN(5)]
	case selfsame.Decimal:
		v.Dec.Lo = uint64(drawnInt(rng))
		if v.Dec.Hi = int64(v.Dec.Lo) >> 63; rng.IntN(2) == 0 {
			v.Dec.Hi = drawnInt(rng)
		}
	case selfsame.String, selfsame.Bytes:
		v.Str = strings.Repeat("é\x00", rng.IntN(100)*rng.IntN(2))
	case selfsame.List, selfsame.Map:
		for k := range rng.IntN(4) {
			if t.Kind == selfsame.Map {
				v.Keys = append(v.Keys, fmt.Sprint("k", k))
			}
			v.Elems = append(v.Elems, drawn(rng, *t.Elem))
		}
	}
	return v
}

func drawnInt(rng *rand.Rand) int64 {
	return []int64{0, 1, -1, math.MaxInt64, math.MinInt64, rng.Int64() >> rng.IntN(64), -(rng.Int64() >> rng.IntN(64))}[rng.IntN(7)]
}

// heap is rows as a test draws them.
type heap struct {
	heads []Head
	order *column.Column
	cols  []*column.Column
}

func drawnRows(rng *rand.Rand, l *Layout, n int) *heap {
	h := &heap{}
	if l.ordered() {
		h.order = column.New(l.Order, n)
	}
	for _, t := range l.Columns {
		h.cols = append(h.cols, column.New(t, n))
	}
	for range n {
		d := Head{Seq: drawnInt(rng), Tau: drawnInt(rng), Place: uint8(max(0, rng.IntN(4)-2)), Delete: rng.IntN(9) == 0}
		d.Alpha = []int64{d.Tau, selfsame.MaxTime, drawnInt(rng), selfsame.MinTime}[rng.IntN(4)]
		if l.Hash {
			d.Hash = rng.Uint64()
		}
		h.heads = append(h.heads, d)
		if h.order != nil {
			h.order.Append(drawn(rng, l.Order))
		}
		for _, c := range h.cols {
			c.Append(drawn(rng, c.Type))
		}
	}
	return h
}

func (h *heap) encode(l *Layout) []byte {
	var b []byte
	for i, d := range h.heads {
		b = l.AppendRow(b, d, h.order, h.cols, i)
	}
	return b
}

func (r *Rows) head(i int) Head {
	h := Head{Seq: r.Seq[i], Tau: r.Tau[i], Alpha: r.Alpha[i], Place: r.Place[i]}
	if r.Delete != nil {
		h.Delete = r.Delete[i]
	}
	if len(r.Hash) > 0 {
		h.Hash = r.Hash[i]
	}
	return h
}

func sameColumn(a, b *column.Column) error {
	if a.Len() != b.Len() || a.Status != nil && len(a.Status) != a.Len() {
		return fmt.Errorf("%d values, %d statuses, want %d values", a.Len(), len(a.Status), b.Len())
	}
	for i := range a.Len() {
		if a.StatusAt(i) != b.StatusAt(i) || column.Compare(a, i, b, i) != 0 {
			return fmt.Errorf("value %d is %v, want %v", i, a.Value(i), b.Value(i))
		}
	}
	return nil
}

func TestRowsComeBack(t *testing.T) {
	for k, l := range layouts() {
		rng := rand.New(rand.NewPCG(1, uint64(k)))
		var r Rows
		for round := range 20 {
			r.Reset()
			want := drawnRows(rng, l, rng.IntN(40))
			b := want.encode(l)
			cut := 0
			if len(want.heads) > 0 { // two runs that follow each other
				cut = len((&heap{want.heads[:len(want.heads)/2], want.order, want.cols}).encode(l))
			}
			for _, part := range [][]byte{b[:cut], b[cut:]} {
				if err := l.Decode(&r, part); err != nil {
					t.Fatalf("layout %d, round %d: %v", k, round, err)
				}
			}
			if r.Len() != len(want.heads) {
				t.Fatalf("layout %d: %d rows, want %d", k, r.Len(), len(want.heads))
			}
			for i, h := range want.heads {
				if got := r.head(i); got != h {
					t.Fatalf("layout %d, row %d: %+v, want %+v", k, i, got, h)
				}
			}
			if want.order != nil {
				if err := sameColumn(r.Order, want.order); err != nil {
					t.Fatalf("layout %d, order: %v", k, err)
				}
			}
			for c := range want.cols {
				if err := sameColumn(r.Columns[c], want.cols[c]); err != nil {
					t.Fatalf("layout %d, column %d: %v", k, c, err)
				}
			}
		}
	}
}

func TestRowsMayBeReadByAnotherLayoutAfterReset(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	var r Rows
	for range 3 {
		for k, l := range layouts() {
			r.Reset()
			want := drawnRows(rng, l, 5)
			if err := l.Decode(&r, want.encode(l)); err != nil {
				t.Fatalf("layout %d: %v", k, err)
			}
			if len(r.Columns) != len(l.Columns) || (r.Order != nil) != l.ordered() || r.Len() != 5 || (len(r.Hash) == 5) != l.Hash {
				t.Fatalf("layout %d: rows %+v", k, r)
			}
		}
	}
}

// TestBytesOfARow pins docs/format/online.md.
func TestBytesOfARow(t *testing.T) {
	l := &Layout{Hash: true, Order: selfsame.Scalar(selfsame.Int64), Columns: []selfsame.Type{
		selfsame.Scalar(selfsame.Float64), selfsame.Scalar(selfsame.String), selfsame.Scalar(selfsame.Timestamp), selfsame.DecimalOf(9, 2)}}
	order, cols := column.New(l.Order, 1), make([]*column.Column, 4)
	order.Append(selfsame.Value{Type: l.Order, Int: 3})
	for i, v := range []selfsame.Value{{Float: 1.5}, {Str: "ab"}, {Int: 1000}, {Dec: selfsame.Int128{Hi: -1, Lo: 1<<64 - 200}}} {
		v.Type = l.Columns[i]
		cols[i] = column.New(v.Type, 1)
		cols[i].Append(v)
	}
	full := l.AppendRow(nil, Head{Seq: 5, Tau: 999, Alpha: 1001, Place: 2, Hash: 0x0102030405060708}, order, cols, 0)
	cols[1].SetStatus(0, selfsame.Null)
	sparse := l.AppendRow(nil, Head{Seq: -2, Tau: 999, Alpha: selfsame.MaxTime, Delete: true}, order, cols, 0)
	for _, c := range []struct {
		name, want string
		got        []byte
	}{
		{"a row", "24 04 02 0a e703000000000000 04 0807060504030201 06 000000000000f83f 02 6162 02 02 38ff", full},
		{"a row without one value", "21 1a 03 e703000000000000 0000000000000000 04 06 000000000000f83f 01 02 02 38ff", sparse},
		{"a retraction", "0b 01 0a 0c e903000000000000", AppendRetraction(nil, 5, 6, 1001)},
		{"a retraction that no time knows", "03 09 01 0c", AppendRetraction(nil, -1, 6, selfsame.MaxTime)},
	} {
		if got := hex.EncodeToString(c.got); got != strings.ReplaceAll(c.want, " ", "") {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestDamagedBytesAreErrors cuts and changes every byte: a cut is always found, and no change is a panic.
func TestDamagedBytesAreErrors(t *testing.T) {
	for k, l := range layouts() {
		rng := rand.New(rand.NewPCG(2, uint64(k)))
		one := drawnRows(rng, l, 1).encode(l)
		b := append(AppendRetraction(slices.Clone(one), 7, 8, 9), drawnRows(rng, l, 3).encode(l)...)
		var r Rows
		for n := 1; n < len(one); n++ {
			r.Reset()
			if err := l.Decode(&r, one[:n]); err == nil || selfsame.ClassOf(err) != selfsame.ClassInternal {
				t.Fatalf("layout %d: %d of %d bytes give %v", k, n, len(one), err)
			}
		}
		for i := range b {
			for range 8 {
				c := slices.Clone(b)
				c[i] = byte(rng.Uint32())
				r.Reset()
				_ = l.Decode(&r, c) // must return
				r.Settle()
			}
		}
	}
	var r Rows
	if err := layouts()[0].Decode(&r, []byte{2, 0x20, 0}); err == nil || !strings.Contains(err.Error(), "unknown form") {
		t.Errorf("unknown flags give %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	all := layouts()
	for k, l := range all {
		rng := rand.New(rand.NewPCG(3, uint64(k)))
		f.Add(uint8(k), AppendRetraction(drawnRows(rng, l, 4).encode(l), 1, 2, 3))
	}
	f.Fuzz(func(t *testing.T, k uint8, b []byte) {
		l := all[int(k)%len(all)]
		var r Rows
		if l.Decode(&r, b) != nil {
			return
		}
		var again []byte
		for i := range r.Len() {
			again = l.AppendRow(again, r.head(i), r.Order, r.Columns, i)
		}
		var s Rows
		if err := l.Decode(&s, again); err != nil || s.Len() != r.Len() {
			t.Fatalf("rows that were read are written as %x, which gives %d rows, %v", again, s.Len(), err)
		}
		r.Settle()
		for i, c := range r.Columns {
			if c.Len() != r.Len() {
				t.Fatalf("column %d has %d values of %d rows", i, c.Len(), r.Len())
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	l := &Layout{Columns: []selfsame.Type{selfsame.Scalar(selfsame.Float64), selfsame.Scalar(selfsame.Int64)}}
	cols := []*column.Column{column.New(l.Columns[0], 1), column.New(l.Columns[1], 1)}
	cols[0].Append(selfsame.Value{Type: l.Columns[0], Float: 12.34})
	cols[1].Append(selfsame.Value{Type: l.Columns[1], Int: 4711})
	const rows = 100
	var enc []byte
	for i := range int64(rows) {
		enc = l.AppendRow(enc, Head{Seq: 1e9 + i*1000, Tau: 1.7e15 + i*1e6, Alpha: 1.7e15 + i*1e6 + 250_000}, nil, cols, 0)
	}
	b.ReportMetric(float64(len(enc))/rows, "B/row")
	var r Rows
	b.ReportAllocs()
	for b.Loop() {
		r.Reset()
		if err := l.Decode(&r, enc); err != nil {
			b.Fatal(err)
		}
		r.Settle()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
	b.ReportMetric(float64(len(enc))/rows, "B/row")
}
