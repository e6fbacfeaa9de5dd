// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math/rand/v2"
	"testing"

	"selfsame/column"
)

// TestSetsOfSequences moves the set of the general path as a window of an entity with late events and retractions moves, in strides and by single events, and holds the
// values that follow from the sequence against the fold of states and a naive evaluation (P2).
func TestSetsOfSequences(t *testing.T) {
	tried := map[string]bool{}
	for _, keepNaN := range []bool{false, true} {
		for _, maxValues := range []int64{120, 1000} {
			for i, c := range everyCall(t, maxValues, keepNaN) {
				kernel, ok := c.call.NewKernel([]*Call{c.call}).(*scanKernel)
				if !ok || kernel.set == nil {
					continue
				}
				tried[c.call.Func.Name] = true
				r := rand.New(rand.NewPCG(uint64(i), 51))
				for _, n := range []int{400, 30, 900} {
					moveSet(t, r, c, kernel, newLawEntity(r, c.call.Spec.Args, n))
				}
			}
		}
	}
	if len(tried) < 5 {
		t.Errorf("only %v", tried)
	}
}

func moveSet(t *testing.T, r *rand.Rand, c lawCall, kernel Kernel, e *lawEntity) {
	t.Helper()
	kernel.Load(&e.events)
	in := make([]bool, len(e.list))
	put := func(i int, is bool) {
		if in[i] == is {
			return
		}
		if in[i] = is; is {
			kernel.Add(int32(e.events.Lo + i))
		} else {
			kernel.Remove(int32(e.events.Lo + i))
		}
	}
	for step := range 25 {
		switch r.IntN(6) {
		case 0:
			kernel.Reset()
			clear(in)
		case 1, 2, 3:
			from := r.IntN(len(in))
			is := r.IntN(3) > 0
			for i := from; i < min(len(in), from+r.IntN(300)); i++ {
				put(i, is)
			}
		default:
			for range 1 + r.IntN(5) {
				put(r.IntN(len(in)), r.IntN(2) == 0)
			}
		}
		if step%2 == 0 {
			continue // some changes are joined together
		}
		var events []*Event
		for i, is := range in {
			if is {
				events = append(events, e.in(int32(e.events.Lo+i), int32(e.events.Lo+i+1))...)
			}
		}
		out := column.New(c.call.Result, 1)
		kernel.Value(0, lawTime, out)
		checkValue(t, c, "a set that moves", out.Value(0), events, lawTime)
	}
}
