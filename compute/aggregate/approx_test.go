// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"selfsame"
	"selfsame/column"
)

func bound(t *testing.T, f *Func, spec CallSpec) *Call {
	t.Helper()
	spec.MaxValues = 100000
	c, err := Bind(f, spec)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestApproxCountDistinct holds the estimate to its error at many sizes, and the state and the kernel, in and out of the registers, to each other.
func TestApproxCountDistinct(t *testing.T) {
	c := bound(t, approxCountDistinctFunc, CallSpec{Args: []selfsame.Type{selfsame.Scalar(selfsame.Int64)}})
	r := rand.New(rand.NewPCG(7, 7))
	for _, n := range []int{0, 1, 384, 385, 500, 1000, 3000, 10000, 30000, 100000} {
		square := 0.0
		const sets = 20
		for range sets {
			s, half := c.NewState(), c.NewState()
			for i := range n {
				e := &Event{Args: []selfsame.Value{{Type: selfsame.Scalar(selfsame.Int64), Int: r.Int64()}}}
				if s.Add(e); i%2 == 0 {
					half.Add(e)
				}
			}
			want := s.AppendTo(nil)
			half.Merge(s)
			if !bytes.Equal(half.AppendTo(nil), want) {
				t.Fatalf("%d values: merged with half of themselves they are another state", n)
			}
			got := s.Finish(0).Int
			if n <= mostHashes && got != int64(n) {
				t.Fatalf("%d values count as %d", n, got)
			}
			deviation := float64(got)/math.Max(float64(n), 1) - math.Min(float64(n), 1)
			if math.Abs(deviation) > 0.08 {
				t.Errorf("%d values count as %d", n, got)
			}
			square += deviation * deviation
		}
		if rms := math.Sqrt(square / sets); rms > 0.026 {
			t.Errorf("%d values: the root of the mean squared error is %.4f, of 0.0163 and the chance of %d draws", n, rms, sets)
		}
	}
}

// TestRegistersGoBack slides windows over an entity with many values, which the laws have not.
func TestRegistersGoBack(t *testing.T) {
	typ := selfsame.Scalar(selfsame.Int64)
	c := bound(t, approxCountDistinctFunc, CallSpec{Args: []selfsame.Type{typ}})
	r := rand.New(rand.NewPCG(3, 3))
	ev := &Events{Hi: 4000, Args: []*column.Column{column.New(typ, 0)}}
	for range ev.Hi {
		ev.Tau = append(ev.Tau, 0)
		ev.Args[0].Ints = append(ev.Args[0].Ints, r.Int64N(3000))
	}
	lo, hi, at := make([]int32, 60), make([]int32, 60), make([]int64, 60)
	for i := range lo {
		lo[i], hi[i] = r.Int32N(4000), r.Int32N(4001)
	}
	slices.Sort(lo)
	slices.Sort(hi)
	for i := range lo {
		hi[i] = max(lo[i], hi[i])
	}
	out := column.New(c.Result, 0)
	k := c.NewKernel([]*Call{c})
	k.Load(ev)
	k.Ranges(0, at, lo, hi, out)
	dense := 0
	for i := range lo {
		s := c.NewState()
		for row := lo[i]; row < hi[i]; row++ {
			s.Add(&Event{Args: []selfsame.Value{ev.Args[0].Value(int(row))}})
		}
		if want := s.Finish(0).Int; out.Ints[i] != want {
			t.Errorf("rows %d to %d: %d by the kernel, %d by the state", lo[i], hi[i], out.Ints[i], want)
		} else if want > mostHashes {
			dense++
		}
	}
	if dense < 10 {
		t.Errorf("only %d windows use registers", dense)
	}
}

// TestRegistersFollow lets the values of an entity come in until they are too many to be counted one by one, and go again.
func TestRegistersFollow(t *testing.T) {
	typ := selfsame.Scalar(selfsame.Int64)
	c := bound(t, approxCountDistinctFunc, CallSpec{Args: []selfsame.Type{typ}})
	r := rand.New(rand.NewPCG(4, 4))
	all := column.New(typ, 0)
	for range 1500 {
		all.Ints = append(all.Ints, r.Int64N(1000))
	}
	k, n, dense := c.NewKernel([]*Call{c}), 0, 0
	for _, next := range []int{300, 340, 600, 601, 900, 1500, 700, 705, 380, 390, 1400} {
		ev := &Events{Hi: next, Tau: make([]int64, next), Args: []*column.Column{column.New(typ, 0)}}
		ev.Args[0].AppendRange(all, 0, next)
		if n == 0 {
			k.Load(ev)
		} else {
			k.(Resumer).Resume(ev, min(n, next))
		}
		n = next
		for _, from := range []int32{0, 0, 5, int32(next / 2)} {
			out, s := column.New(c.Result, 0), c.NewState()
			k.Ranges(0, []int64{0}, []int32{from}, []int32{int32(next)}, out)
			for row := int(from); row < next; row++ {
				s.Add(&Event{Args: []selfsame.Value{all.Value(row)}})
			}
			if got, want := out.Ints[0], s.Finish(0).Int; got != want {
				t.Errorf("rows %d to %d: %d by the kernel, %d by the state", from, next, got, want)
			} else if want > mostHashes {
				dense++
			}
		}
	}
	if dense < 8 {
		t.Errorf("only %d windows use registers", dense)
	}
}

// TestApproxPercentile holds the answer within 2^-8 of percentile_disc.
func TestApproxPercentile(t *testing.T) {
	typ := selfsame.Scalar(selfsame.Float64)
	r := rand.New(rand.NewPCG(5, 5))
	for _, q := range []float64{0, 0.01, 0.5, 0.95, 1} {
		spec := CallSpec{Args: []selfsame.Type{typ}, Consts: []selfsame.Value{{Type: typ, Float: q}}}
		near, exactly := bound(t, approxPercentileFunc, spec).NewState(), bound(t, percentileDiscFunc, spec).NewState()
		for range 5000 {
			e := &Event{Args: []selfsame.Value{{Type: typ, Float: math.Ldexp(r.NormFloat64(), r.IntN(2000)-1000)}}}
			near.Add(e)
			exactly.Add(e)
		}
		got, want := near.Finish(0).Float, exactly.Finish(0).Float
		if math.Abs(got-want) > math.Abs(want)/256 {
			t.Errorf("q = %v: %v, exactly %v", q, got, want)
		}
	}
}
