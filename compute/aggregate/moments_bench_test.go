// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"
	"math/rand/v2"
	"testing"

	"selfsame"
	"selfsame/column"
)

// BenchmarkMoments is one entity of 100 events of money and 10 rows, four windows of count, sum, avg and stddev: a hundred
// thousand of them are 10 M events × 1 M rows × 16 cells.
func BenchmarkMoments(b *testing.B) {
	const entities, events, rows = 64, 100, 10
	r := rand.New(rand.NewPCG(1, 2))
	floats, ints := column.New(selfsame.Scalar(selfsame.Float64), entities*events), column.New(selfsame.Scalar(selfsame.Int64), entities*events)
	wild := column.New(selfsame.Scalar(selfsame.Float64), entities*events)
	for range entities * events {
		cents := math.Round(100 * math.Exp(3+1.5*r.NormFloat64()))
		floats.Floats = append(floats.Floats, cents/100)
		ints.Ints = append(ints.Ints, int64(cents))
		wild.Floats = append(wild.Floats, math.Ldexp(r.Float64(), r.IntN(400)-200))
	}
	at := make([]int64, rows)
	for _, c := range []struct {
		name string
		x    *column.Column
	}{{"float64", floats}, {"int64", ints}, {"float64 far apart", wild}} {
		b.Run(c.name, func(b *testing.B) {
			calls := momentCalls(b, []*Func{countFunc, sumFunc, avgFunc, stddevFunc}, CallSpec{Args: []selfsame.Type{c.x.Type}})
			k := calls[0].NewKernel(calls)
			outs, members := make([]*column.Column, 16), []int{0, 1, 2, 3}
			for i := range outs {
				outs[i] = column.New(calls[i%4].Result, rows)
			}
			lo, hi := make([]int32, rows), make([]int32, rows)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				base := i % entities * events
				k.Load(&Events{Lo: base, Hi: base + events, Args: []*column.Column{c.x}})
				for w := range 4 {
					for j := range rows {
						hi[j] = int32(base + 10*j + 10)
						lo[j] = max(int32(base), hi[j]-int32(3<<(2*w)))
					}
					for m := range calls {
						outs[4*w+m].Reset()
					}
					k.(Joint).RangesOf(members, at, lo, hi, outs[4*w:4*w+4])
				}
				i++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)*1e5/1e9, "s/100K-entities")
		})
	}
}

// BenchmarkMomentsGeneralPath is one event in, one out and one stddev, as late events make them.
func BenchmarkMomentsGeneralPath(b *testing.B) {
	x := column.New(selfsame.Scalar(selfsame.Float64), 100)
	for i := range 100 {
		x.Floats = append(x.Floats, float64(i*i)/100)
	}
	calls := momentCalls(b, []*Func{stddevFunc}, CallSpec{Args: []selfsame.Type{x.Type}})
	k, out := calls[0].NewKernel(calls), column.New(calls[0].Result, 1)
	k.Load(&Events{Hi: 100, Args: []*column.Column{x}})
	b.ReportAllocs()
	i := int32(0)
	for b.Loop() {
		k.Add(i % 100)
		if i >= 50 {
			k.Remove((i - 50) % 100)
		}
		out.Reset()
		k.Value(0, 0, out)
		i++
	}
}

// BenchmarkMomentState is a fold of 100 events into a state and its bytes.
func BenchmarkMomentState(b *testing.B) {
	call := momentCalls(b, []*Func{stddevFunc}, CallSpec{Args: []selfsame.Type{selfsame.Scalar(selfsame.Float64)}})[0]
	e := &Event{Args: []selfsame.Value{{Type: call.Spec.Args[0]}}}
	var bytes []byte
	b.ReportAllocs()
	for b.Loop() {
		s := call.NewState()
		for i := range 100 {
			e.Args[0].Float = float64(i*i) / 100
			s.Add(e)
		}
		bytes = s.AppendTo(bytes[:0])
		s.Finish(0)
	}
}
