// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"testing"

	"selfsame"
	"selfsame/column"
)

// TestDecayedStepGoesOn: a step whose sum is kept takes in the events that come later.
func TestDecayedStepGoesOn(t *testing.T) {
	typ := selfsame.Scalar(selfsame.Float64)
	c := bound(t, decayedSumFunc, CallSpec{Args: []selfsame.Type{typ}, HalfLife: 2000, Step: 1000})
	k, s := c.NewKernel([]*Call{c}), c.NewState()
	ev := &Events{Args: []*column.Column{column.New(typ, 0)}}
	for _, n := range []int{40, 70, 71, 150} {
		from := ev.Hi
		for i := from; i < n; i++ {
			ev.Tau = append(ev.Tau, int64(950+i))
			ev.Args[0].Floats = append(ev.Args[0].Floats, float64(i)+0.5)
			s.Add(&Event{Tau: int64(950 + i), Args: []selfsame.Value{{Type: typ, Float: float64(i) + 0.5}}})
		}
		if ev.Hi = n; from == 0 {
			k.Load(ev)
		} else {
			k.(Resumer).Resume(ev, from)
		}
		out := column.New(c.Result, 0)
		k.Ranges(0, []int64{3000}, []int32{0}, []int32{int32(n)}, out)
		if got, want := out.Floats[0], s.Finish(3000).Float; got != want {
			t.Errorf("%d events: %v by the kernel, %v by the state", n, got, want)
		}
	}
}
