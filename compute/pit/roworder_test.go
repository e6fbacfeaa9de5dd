// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"math/rand/v2"
	"testing"

	"selfsame"
	"selfsame/column"
)

// TestBringInOrder compares columns of every kind, more than a line holds, with values taken one by one.
func TestBringInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	kinds := []selfsame.Type{selfsame.Scalar(selfsame.Float64), selfsame.Scalar(selfsame.Int64), selfsame.Scalar(selfsame.Bool), selfsame.DecimalOf(30, 2),
		selfsame.Scalar(selfsame.String), selfsame.Scalar(selfsame.Timestamp), selfsame.Scalar(selfsame.Date), selfsame.ListOf(selfsame.Scalar(selfsame.Int64))}
	for _, rows := range []int{0, 1, moveRows - 1, moveRows + 1, 5 * moveRows} {
		var place []uint32
		for _, p := range rng.Perm(rows) {
			place = append(place, uint32(p))
		}
		r := &Result{Place: place}
		var want []*column.Column
		for i := range 3 * len(kinds) {
			c := column.New(kinds[i%len(kinds)], 0)
			for n := range rows {
				v := selfsame.Value{Type: c.Type, Int: int64(n * i), Float: float64(n) / float64(i+1), Dec: selfsame.Int128{Lo: uint64(n)}, Str: string(rune('a' + n%26))}
				if c.Type.Kind == selfsame.Bool {
					v.Int = int64(n & 1)
				}
				if c.Type.Kind == selfsame.List {
					v.Elems = make([]selfsame.Value, n%3)
					for e := range v.Elems {
						v.Elems[e] = selfsame.Value{Type: *c.Type.Elem, Int: int64(n)}
					}
				}
				if c.Append(v); i%2 == 1 && n%5 == 0 {
					c.SetStatus(n, selfsame.Null)
				}
			}
			gathered := column.New(c.Type, rows)
			gathered.AppendGather(c, place)
			r.Columns, want = append(r.Columns, c), append(want, gathered)
		}
		o := &output{s: &Sweep{opt: Options{Threads: 3}}, place: place}
		o.newest, o.arrival = [][]int64{make([]int64, rows)}, [][]int64{make([]int64, rows)}
		for i := range rows {
			o.newest[0][i], o.arrival[0][i] = int64(i), int64(-i)
		}
		before := append([]uint32(nil), place...)
		o.bringInOrder(r)
		for i, c := range r.Columns {
			for n := range rows {
				if c.StatusAt(n) != want[i].StatusAt(n) || column.Compare(c, n, want[i], n) != 0 {
					t.Fatalf("%d rows, column %d (%s), row %d: got %v, want %v", rows, i, c.Type, n, c.Value(n), want[i].Value(n))
				}
			}
		}
		for n, p := range before {
			if o.newest[0][n] != int64(p) || o.arrival[0][n] != -int64(p) || r.Place[n] != uint32(n) {
				t.Fatalf("row %d of %d: τ %d, α %d, place %d, want those of %d", n, rows, o.newest[0][n], o.arrival[0][n], r.Place[n], p)
			}
		}
		if !r.InOrder {
			t.Error("the result does not say that it is in order")
		}
	}
}
