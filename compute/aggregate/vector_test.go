// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math/rand/v2"
	"testing"

	"selfsame"
	"selfsame/column"
)

// TestLongVectorWindows puts windows of thousands of lists, which the laws have not, together from blocks, while lists come in and go.
func TestLongVectorWindows(t *testing.T) {
	typ := selfsame.ListOf(selfsame.Scalar(selfsame.Int64))
	r := rand.New(rand.NewPCG(6, 6))
	all, pass := column.New(typ, 0), []bool{}
	for range 11000 {
		v := selfsame.Value{Type: typ}
		for range 3 {
			v.Elems = append(v.Elems, selfsame.Value{Type: *typ.Elem, Int: r.Int64N(1_000_000_000)})
		}
		if r.IntN(3) == 0 {
			v.Elems[1] = selfsame.Value{Type: *typ.Elem, Status: selfsame.Null}
		}
		all.Append(v)
		pass = append(pass, r.IntN(50) > 0)
	}
	calls := []*Call{bound(t, vectorMinFunc, CallSpec{Args: []selfsame.Type{typ}}), bound(t, vectorMaxFunc, CallSpec{Args: []selfsame.Type{typ}})}
	for _, filtered := range []bool{false, true} {
		from := 9500 // from here on the last step has other lists
		kernel, before := calls[0].NewKernel(calls), 0
		for _, n := range []int{9000, 9001, 11000, 8500, 10000, 10000} {
			ev := &Events{Hi: n, Tau: make([]int64, n), Args: []*column.Column{column.New(typ, 0)}}
			ev.Args[0].AppendRange(all, 0, n)
			if filtered {
				ev.Pass = pass[:n]
			}
			if before == n {
				for i := 3 * from; i < 3*n; i++ {
					ev.Args[0].Elems.Ints[i] = -ev.Args[0].Elems.Ints[i]
				}
				before = from
			}
			if before == 0 {
				kernel.Load(ev)
			} else {
				kernel.(Resumer).Resume(ev, min(n, before))
			}
			before = n
			for m, c := range calls {
				lo := int32(r.IntN(3000))
				out, s := column.New(c.Result, 0), c.NewState()
				kernel.Ranges(m, []int64{0}, []int32{lo}, []int32{int32(n)}, out)
				for row := int(lo); row < n; row++ {
					if !filtered || pass[row] {
						s.Add(&Event{Args: []selfsame.Value{ev.Args[0].Value(row)}})
					}
				}
				if got, want := out.Value(0), s.Finish(0); !sameBits(got, want) {
					t.Fatalf("%s of rows %d to %d: %+v, want %+v", c.Func.Name, lo, n, got, want)
				}
			}
		}
	}
}

// TestStreakKeepsTheNewest: of a run beyond max_values the newest events stay, among which a late false falls.
func TestStreakKeepsTheNewest(t *testing.T) {
	typ := selfsame.Scalar(selfsame.Bool)
	c, err := Bind(streakFunc, CallSpec{Args: []selfsame.Type{typ}, MaxValues: 4})
	if err != nil {
		t.Fatal(err)
	}
	s := c.NewState()
	for tau := range int64(20) {
		s.Add(&Event{Tau: 10 * tau, Args: []selfsame.Value{{Type: typ, Int: 1}}})
	}
	if v := s.Finish(0); v.Status != selfsame.ErrorMaxValues {
		t.Errorf("a run of 20 is %+v", v)
	}
	s.Add(&Event{Tau: 165, Args: []selfsame.Value{{Type: typ}}})
	if v := s.Finish(0); v.Status != selfsame.Present || v.Int != 3 {
		t.Errorf("after a false before the newest three it is %+v", v)
	}
}
