// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// tableWorld is a result of columns of every kind, more than a word has room for statuses of, and what it was made of.
type tableWorld struct {
	result *Result
	cols   []*column.Column // in sweep order
	newest [][]int64
}

func newTableWorld(t *testing.T, rng *rand.Rand, rows int, arrivals bool) *tableWorld {
	kinds := []selfsame.Type{selfsame.Scalar(selfsame.Float64), selfsame.Scalar(selfsame.Int64), selfsame.Scalar(selfsame.Bool), selfsame.DecimalOf(30, 2),
		selfsame.Scalar(selfsame.String), selfsame.Scalar(selfsame.Timestamp), selfsame.Scalar(selfsame.Date), selfsame.ListOf(selfsame.Scalar(selfsame.String))}
	w := &tableWorld{result: &Result{Rows: int64(rows)}}
	r := w.result
	for _, p := range rng.Perm(rows) {
		r.place = append(r.place, uint32(p))
	}
	for i := range 3 * len(kinds) {
		c := column.New(kinds[i%len(kinds)], 0)
		for n := range rows {
			if c.Append(sample(c.Type, n+i)); i%2 == 1 && n%5 == 0 {
				c.SetStatus(n, selfsame.Expired)
			}
		}
		r.types, w.cols = append(r.types, c.Type), append(w.cols, c)
		r.trace = append(r.trace, i%2)
	}
	r.table, r.apart = layout(r.types, 2, arrivals), make([]*column.Column, len(r.types))
	for i, c := range w.cols {
		if !fixed(c.Type.Kind) {
			r.apart[i] = c
		}
	}
	for k := range 4 {
		s := make([]int64, rows)
		for n := range s {
			s[n] = int64(k*1000 - n)
		}
		w.newest = append(w.newest, s)
	}
	if !arrivals {
		copy(w.newest[2:], w.newest[:2])
	}
	if r.table.extend(rows); rows > 0 { // memory that others have left
		for i := range r.table.segments[0] {
			r.table.segments[0][i] = rng.Uint64()
		}
	}
	for lo := 0; lo < rows; {
		hi := min(rows, lo+1+rng.IntN(2*blockRows))
		var some []*column.Column
		for _, c := range w.cols {
			o := column.New(c.Type, 0)
			o.AppendRange(c, lo, hi)
			some = append(some, o)
		}
		cut := func(s [][]int64) [][]int64 { return [][]int64{s[0][lo:hi], s[1][lo:hi]} }
		if err := r.table.put(lo, hi-lo, some, cut(w.newest[:2]), cut(w.newest[2:])); err != nil {
			t.Fatal(err)
		}
		lo = hi
	}
	return w
}

func (w *tableWorld) check(t *testing.T, r *Result, row func(n int) int) {
	t.Helper()
	v := r.NewValues()
	for lo := 0; lo < len(w.result.place); lo += 100 {
		hi := min(lo+100, len(w.result.place))
		r.Read(v, lo, hi)
		for n := lo; n < hi; n++ {
			p := int(w.result.place[row(n)])
			for i, c := range v.Columns {
				if got, want := c.Value(n-lo), w.cols[i].Value(p); !reflect.DeepEqual(got, want) {
					t.Fatalf("row %d of column %d, a %s: %+v, want %+v", n, i, c.Type, got, want)
				}
				if tau, alpha := v.Newest[i][n-lo], v.Arrival[i][n-lo]; tau != w.newest[i%2][p] || alpha != w.newest[2+i%2][p] {
					t.Fatalf("row %d of column %d: τ %d, α %d, want %d, %d", n, i, tau, alpha, w.newest[i%2][p], w.newest[2+i%2][p])
				}
			}
		}
	}
}

// TestTable puts columns of every kind into a table and reads them in the order of the rows, before and after a join.
func TestTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, rows := range []int{0, 1, blockRows - 1, blockRows + 1, 5 * blockRows, segmentRows + 3} {
		for _, arrivals := range []bool{false, true} {
			w := newTableWorld(t, rng, rows, arrivals)
			w.check(t, w.result, func(n int) int { return n })
			joined, back := NewResult(rows), make([]uint32, rows)
			for i, n := range rng.Perm(rows) {
				back[i] = uint32(n)
			}
			if err := joined.Join(w.result, back); err != nil {
				t.Fatal(err)
			}
			w.check(t, joined, func(n int) int { return slices.Index(back, uint32(n)) })
		}
	}
}

// TestTableRefusesColumnsOfUnequalLength holds that a kernel that gives too few values is found out.
func TestTableRefusesColumnsOfUnequalLength(t *testing.T) {
	c := column.New(selfsame.Scalar(selfsame.Int64), 0)
	c.Ints = append(c.Ints, 1)
	table := layout([]selfsame.Type{c.Type}, 0, false)
	table.extend(2)
	if err := table.put(0, 2, []*column.Column{c}, nil, nil); selfsame.ClassOf(err) != selfsame.ClassInternal {
		t.Errorf("one value for two rows gives %v", err)
	}
}

// TestTracesThatAreTheSame holds that traces of one window share their series where every event counts, and only there.
func TestTracesThatAreTheSame(t *testing.T) {
	number := selfsame.Scalar(selfsame.Int64)
	spec := Spec{Name: "v", Columns: []selfsame.Type{number}, Detail: true}
	window := selfsame.Window{Kind: selfsame.Sliding, Length: 10}
	for _, args := range [][]int{nil, {0}} {
		call, err := aggregate.Bind(aggregate.Lookup("count"), aggregate.CallSpec{Args: spec.Columns[:len(args)], Star: args == nil})
		if err != nil {
			t.Fatal(err)
		}
		spec.Cells = append(spec.Cells, Cell{Call: call, Args: args, Filter: -1, Window: window})
	}
	for _, null := range []bool{false, true} {
		c := column.New(number, 0)
		c.Ints = append(c.Ints, 1, 2)
		if null {
			c.SetStatus(1, selfsame.Null)
		}
		w := &world{spec: spec, rows: Rows{Entity: []uint32{0}, At: []int64{5}, Entities: 1},
			blocks: []*Block{{Entity: []uint32{0, 0}, Tau: []int64{1, 2}, Columns: []*column.Column{c}}}}
		v := everything(w.run(t, Options{Threads: 1}))
		if shared := &v.Newest[0][0] == &v.Newest[1][0]; shared == null {
			t.Errorf("a null among the arguments: %v, one series: %v", null, shared)
		}
		want := []int64{2, 2}
		if null {
			want[1] = 1
		}
		if got := []int64{v.Newest[0][0], v.Newest[1][0]}; !slices.Equal(got, want) {
			t.Errorf("newest %v, want %v", got, want)
		}
	}
}
