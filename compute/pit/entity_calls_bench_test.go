// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// warmCalls are aggregates whose kernels keep something of an entity from one question to the next, and the column that each takes.
var warmCalls = []struct {
	name   string
	column int
	consts []selfsame.Value
	decays bool
}{
	{name: "percentile_cont", consts: []selfsame.Value{{Type: selfsame.DecimalOf(2, 2), Dec: selfsame.Int128{Lo: 95}}}},
	{name: "median"},
	{name: "percentile_disc", column: 1, consts: []selfsame.Value{{Type: selfsame.DecimalOf(2, 2), Dec: selfsame.Int128{Lo: 5}}}},
	{name: "approx_percentile", consts: []selfsame.Value{{Type: selfsame.DecimalOf(2, 2), Dec: selfsame.Int128{Lo: 95}}}},
	{name: "approx_count_distinct", column: 2},
	{name: "mode", column: 2},
	{name: "entropy", column: 2},
	{name: "top_k", column: 2, consts: []selfsame.Value{{Type: selfsame.Scalar(selfsame.Int64), Int: 5}}},
	{name: "geometric_mean"},
	{name: "skewness"},
	{name: "bit_or", column: 1},
	{name: "decayed_sum", decays: true},
	{name: "max_gap"},
	{name: "longest_streak", column: 3},
	{name: "streak", column: 3},
	{name: "drawdown"},
}

// warmColumns are the types of the events: an amount, a number, a merchant, a truth.
var warmColumns = []selfsame.Type{selfsame.Scalar(selfsame.Float64), selfsame.Scalar(selfsame.Int64), selfsame.Scalar(selfsame.String), selfsame.Scalar(selfsame.Bool)}

func warmEvents(r *rand.Rand, n, first int, step int64) *EntityEvents {
	ev := &EntityEvents{}
	for _, t := range warmColumns {
		ev.Columns = append(ev.Columns, column.New(t, n))
	}
	for i := range n {
		at := int64(first + i)
		ev.Tau, ev.Seq, ev.Alpha = append(ev.Tau, at*step), append(ev.Seq, at), append(ev.Alpha, at*step+1000)
		ev.Columns[0].Append(selfsame.Value{Type: warmColumns[0], Float: float64(1+r.IntN(100000)) / 100})
		ev.Columns[1].Append(selfsame.Value{Type: warmColumns[1], Int: int64(r.IntN(500))})
		ev.Columns[2].Append(selfsame.Value{Type: warmColumns[2], Str: fmt.Sprint("merchant-", r.IntN(300))})
		ev.Columns[3].Append(selfsame.Value{Type: warmColumns[3], Int: int64(r.IntN(3) & 1)})
	}
	return ev
}

// BenchmarkWarmCall is an event that comes in and a question over windows of 1, 7 and 30 days, of an entity with so many events in 30 days.
func BenchmarkWarmCall(b *testing.B) {
	for _, call := range warmCalls {
		for _, n := range []int{100, 10_000} {
			b.Run(fmt.Sprint(call.name, "/", n), func(b *testing.B) {
				c := aggregate.CallSpec{Args: []selfsame.Type{warmColumns[call.column]}, Consts: call.consts, MaxValues: 100_000}
				if call.decays {
					c.HalfLife, c.Step = selfsame.DayLength, selfsame.Hour
				}
				bound, err := aggregate.Bind(aggregate.Lookup(call.name), c)
				if err != nil {
					b.Fatal(err)
				}
				spec := Spec{Name: "v", Columns: warmColumns, NeedOrder: bound.NeedOrder}
				for _, days := range []int64{1, 7, 30} {
					w := selfsame.Window{Kind: selfsame.Sliding, Length: days * selfsame.DayLength}
					spec.Cells = append(spec.Cells, Cell{Call: bound, Args: []int{call.column}, Filter: -1, Window: w})
				}
				e, err := NewEntity(spec)
				if err != nil {
					b.Fatal(err)
				}
				var out []*column.Column
				for range spec.Cells {
					out = append(out, column.New(bound.Result, 1))
				}
				r := rand.New(rand.NewPCG(7, 7))
				step := 30 * selfsame.DayLength / int64(n)
				e.Load(warmEvents(r, n, 0, step))
				more := warmEvents(r, 1000, 0, step)
				ask := Ask{At: []int64{0}, Known: []int64{0}}
				for i := n; b.Loop(); i++ {
					k := i % 1000
					one := more.row(k)
					one.Tau[0], one.Seq[0], one.Alpha[0] = int64(i)*step, int64(i), int64(i)*step+1000
					e.Append(one)
					for _, c := range out {
						c.Reset()
					}
					ask.At[0], ask.Known[0] = int64(i)*step+1, int64(i)
					if err := e.Eval(&ask, out, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// row is a copy of one event.
func (r *EntityEvents) row(i int) *EntityEvents {
	one := &EntityEvents{Tau: []int64{0}, Seq: []int64{0}, Alpha: []int64{0}}
	for _, c := range r.Columns {
		x := column.New(c.Type, 1)
		x.AppendRange(c, i, i+1)
		one.Columns = append(one.Columns, x)
	}
	return one
}
