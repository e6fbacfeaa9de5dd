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
		kernel, before := calls[0].NewKernel(calls), 0
		for _, n := range []int{9000, 9001, 11000, 8500, 10000} {
			ev := &Events{Hi: n, Tau: make([]int64, n), Args: []*column.Column{column.New(typ, 0)}}
			ev.Args[0].AppendRange(all, 0, n)
			if filtered {
				ev.Pass = pass[:n]
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
						s.Add(&Event{Args: []selfsame.Value{all.Value(row)}})
					}
				}
				if got, want := out.Value(0), s.Finish(0); !sameBits(got, want) {
					t.Fatalf("%s of rows %d to %d: %+v, want %+v", c.Func.Name, lo, n, got, want)
				}
			}
		}
	}
}
