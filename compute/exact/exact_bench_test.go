// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"testing"
)

var sink float64

// money is a run of 100 amounts in cents, as one entity has them.
func money(b *testing.B) []float64 {
	r, x := random(b), make([]float64, 100)
	for i := range x {
		x[i] = shapes[0].draw(r)
	}
	return x
}

func BenchmarkPrefixLoadFloats(b *testing.B) {
	x := money(b)
	for _, squares := range []bool{false, true} {
		b.Run(map[bool]string{false: "sums", true: "squares"}[squares], func(b *testing.B) {
			var p Prefix
			for b.Loop() {
				p.LoadFloats(x, nil, squares)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(x)), "ns/event")
		})
	}
}

func BenchmarkPrefixFinish(b *testing.B) {
	var p Prefix
	p.LoadFloats(money(b), nil, true)
	for name, finish := range map[string]func(lo, hi int) float64{
		"sum":      func(lo, hi int) float64 { return p.Total(lo, hi) },
		"avg":      func(lo, hi int) float64 { return p.Mean(lo, hi, uint64(hi-lo)) },
		"variance": func(lo, hi int) float64 { return p.Variance(lo, hi, uint64(hi-lo), true) },
	} {
		b.Run(name, func(b *testing.B) {
			i := 0
			for b.Loop() {
				sink += finish(i&31, 50+i&31)
				i++
			}
		})
	}
}

func BenchmarkFloatSum(b *testing.B) {
	x := money(b)
	s, q := NewFloatSum(), NewSquareSum()
	b.Run("add", func(b *testing.B) {
		i := 0
		for b.Loop() {
			s.Add(x[i%100])
			i++
		}
	})
	b.Run("add square", func(b *testing.B) {
		i := 0
		for b.Loop() {
			q.Add(x[i%100])
			i++
		}
	})
	s.Reset()
	q.Reset()
	for _, f := range x {
		s.Add(f)
		q.Add(f)
	}
	b.Run("round", func(b *testing.B) {
		for b.Loop() {
			s.Add(1)
			sink += s.Round()
			s.Sub(1)
		}
	})
	b.Run("variance", func(b *testing.B) {
		for b.Loop() {
			sink += FloatVariance(100, s, q, true)
		}
	})
	buf := make([]byte, 0, 64)
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			buf = s.AppendTo(buf[:0])
		}
	})
}
