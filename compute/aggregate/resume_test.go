// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"selfsame"
	"selfsame/column"
)

// growing is an entity whose events come in, in order or late, and go.
type growing struct {
	args []selfsame.Type
	all  []*Event // every event that may come, sorted
	in   []bool   // of all: it is there
	pass bool     // a filter drops some
	lead int
}

func newGrowing(r *rand.Rand, args []selfsame.Type, n int) *growing {
	e := newLawEntity(r, args, n)
	return &growing{args: args, all: e.list, in: make([]bool, n), pass: r.IntN(2) == 0, lead: r.IntN(3)}
}

// change lets events come and go from place `first` of all on, and returns how many were there before it.
func (g *growing) change(r *rand.Rand, first int) (before int) {
	likely := 1 + r.IntN(6)
	for i := range g.in {
		if i >= first {
			g.in[i] = r.IntN(likely) == 0
		} else if g.in[i] {
			before++
		}
	}
	return before
}

// entity is what is there now, in memory of its own.
func (g *growing) entity() *lawEntity {
	e := &lawEntity{}
	for range g.lead {
		e.events.Tau = append(e.events.Tau, 0)
	}
	e.events.Lo = g.lead
	for i, there := range g.in {
		if there {
			e.list = append(e.list, g.all[i])
			e.events.Tau = append(e.events.Tau, g.all[i].Tau)
		}
	}
	e.events.Hi = g.lead + len(e.list)
	for k, a := range g.args {
		c := column.New(a, 0)
		for range g.lead {
			c.AppendStatus(selfsame.Null)
		}
		for _, event := range e.list {
			c.Append(event.Args[k])
		}
		if g.lead == 0 && !slices.ContainsFunc(c.Status, func(s selfsame.Status) bool { return s != selfsame.Present }) {
			c.Status = nil
		}
		e.events.Args = append(e.events.Args, c)
	}
	if g.pass {
		for range g.lead {
			e.events.Pass = append(e.events.Pass, false)
		}
		for _, event := range e.list {
			e.events.Pass = append(e.events.Pass, event.Hash%5 > 0)
		}
	}
	return e
}

// TestResumeIsLoad lets the events of an entity come and go, resumes the kernel of every family, and holds its values against the fold of
// states and a naive evaluation (P2).
func TestResumeIsLoad(t *testing.T) {
	for _, keepNaN := range []bool{false, true} {
		families := map[string][]lawCall{}
		var order []string
		for _, c := range everyCall(t, 1000, keepNaN) {
			key := c.call.Family + fmt.Sprint(c.call.Spec.Args)
			if families[key] == nil {
				order = append(order, key)
			}
			families[key] = append(families[key], c)
		}
		resumed := 0
		for _, key := range order {
			members := make([]*Call, len(families[key]))
			for i, c := range families[key] {
				members[i] = c.call
			}
			if kernel, ok := members[0].NewKernel(members).(Resumer); ok {
				resumed++
				checkResumed(t, families[key], kernel.(Kernel))
			}
		}
		if resumed < 20 {
			t.Errorf("only %d kernels of %d can be resumed", resumed, len(order))
		}
	}
}

func checkResumed(t *testing.T, family []lawCall, kernel Kernel) {
	t.Helper()
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 3))
		n := 1 + r.IntN(40)
		if seed > 8 {
			n = 300
		}
		g := newGrowing(r, family[0].call.Spec.Args, n)
		g.change(r, r.IntN(n))
		e := g.entity()
		kernel.Load(&e.events)
		for range 6 {
			before := g.change(r, r.IntN(n+1))
			if e = g.entity(); before > 0 {
				kernel.(Resumer).Resume(&e.events, e.events.Lo+before)
			} else {
				kernel.Load(&e.events)
			}
			for m, c := range family {
				if r.IntN(3) > 0 {
					checkRanges(t, r, c, kernel, m, e)
				}
			}
			if r.IntN(4) == 0 && len(e.list) < 100 {
				checkGeneral(t, r, family, kernel, e)
			}
		}
	}
}

// TestMomentsResume does so for the sums, over values that fit the words of a prefix and values that do not.
func TestMomentsResume(t *testing.T) {
	for _, shape := range momentShapes {
		for _, keepNaN := range []bool{false, true} {
			r := rand.New(rand.NewPCG(17, uint64(len(shape.name))))
			calls := momentCalls(t, momentFuncs, CallSpec{Args: []selfsame.Type{shape.arg}, KeepNaN: keepNaN})
			kernel := calls[0].NewKernel(calls)
			for range 40 {
				ev := momentRun(r, shape)
				checkMomentKernel(t, r, shape.name, calls, kernel, ev)
				for range 4 {
					from := ev.Hi - r.IntN(min(3, ev.Hi-ev.Lo+1))
					if from <= ev.Lo {
						break
					}
					ev = longer(r, shape, ev, from)
					kernel.(Resumer).Resume(ev, from)
					checkLoadedMoments(t, r, shape.name, calls, kernel, ev)
				}
			}
		}
	}
}

// longer is a run that agrees with ev before row from and goes on with others.
func longer(r *rand.Rand, shape momentRows, ev *Events, from int) *Events {
	c := column.New(shape.arg, 0)
	c.AppendRange(ev.Args[0], 0, from)
	for range r.IntN(30) {
		if c.Status != nil && r.IntN(6) == 0 {
			c.AppendStatus(selfsame.Null)
			continue
		}
		c.Append(shape.draw(r))
	}
	out := &Events{Args: []*column.Column{c}, Tau: make([]int64, c.Len()), Lo: ev.Lo, Hi: c.Len()}
	if ev.Pass != nil {
		out.Pass = slices.Clone(ev.Pass[:from])
		for len(out.Pass) < c.Len() {
			out.Pass = append(out.Pass, r.IntN(3) > 0)
		}
	}
	return out
}

// TestDistinctWindowsMove asks about windows of one row that move little while events come and go.
func TestDistinctWindowsMove(t *testing.T) {
	for _, kind := range []selfsame.Kind{selfsame.Int64, selfsame.String} {
		spec := CallSpec{Args: []selfsame.Type{selfsame.Scalar(kind)}, Distinct: true, MaxValues: 1000}
		call := momentCalls(t, []*Func{countFunc}, spec)[0]
		kernel := call.NewKernel([]*Call{call})
		for seed := range uint64(2) {
			r := rand.New(rand.NewPCG(seed, 5))
			g := newGrowing(r, spec.Args, 2000)
			for _, e := range g.all { // mostly new values, so that numbers come and go
				if r.IntN(3) > 0 && e.Args[0].Status == selfsame.Present {
					e.Args[0].Int, e.Args[0].Str = r.Int64N(5000), fmt.Sprint(r.IntN(5000))
				}
			}
			first := 0
			var e *lawEntity
			for step := range 30 {
				before := g.change(r, first)
				if e = g.entity(); before == 0 || step == 0 {
					kernel.Load(&e.events)
				} else {
					kernel.(Resumer).Resume(&e.events, e.events.Lo+before)
				}
				first = max(0, 1900-r.IntN(300))
				if r.IntN(8) == 0 {
					first = r.IntN(2000)
				}
				for w := range 12 { // more windows than are kept
					lo := int32(min(e.events.Hi, e.events.Lo+w*40+r.IntN(9)))
					hi := max(lo, int32(e.events.Hi-r.IntN(9)))
					out := column.New(call.Result, 1)
					kernel.Ranges(0, []int64{0}, []int32{lo}, []int32{hi}, out)
					if got, want := out.Value(0), stateOf(call, e.in(lo, hi)...).Finish(0); !sameBits(got, want) {
						t.Fatalf("%s, seed %d, step %d, [%d, %d): %+v, want %+v", kind, seed, step, lo, hi, got, want)
					}
				}
			}
		}
	}
}

// TestWindowsMove asks every kernel that can be resumed about windows of one row that move little while events come and go, more of them than sets are kept.
func TestWindowsMove(t *testing.T) {
	moved := map[string]bool{}
	for _, c := range everyCall(t, 1000, false) {
		kernel := c.call.NewKernel([]*Call{c.call})
		if _, ok := kernel.(Resumer); !ok || moved[c.name] {
			continue
		}
		moved[c.name] = true
		r := rand.New(rand.NewPCG(uint64(len(moved)), 6))
		g := newGrowing(r, c.call.Spec.Args, 300)
		first := 0
		var e *lawEntity
		for step := range 8 {
			before := g.change(r, first)
			if step > 0 {
				spoil(&e.events, e.events.Lo+before)
			}
			e = g.entity()
			if before == 0 || step == 0 {
				kernel.Load(&e.events)
			} else {
				kernel.(Resumer).Resume(&e.events, e.events.Lo+before)
			}
			first = max(0, 280-r.IntN(60))
			for w := range mostSpans + 2 {
				lo := int32(min(e.events.Hi, e.events.Lo+w*9+r.IntN(5)))
				hi := max(lo, int32(e.events.Hi-r.IntN(5)))
				out := column.New(c.call.Result, 1)
				kernel.Ranges(0, []int64{lawTime}, []int32{lo}, []int32{hi}, out)
				checkValue(t, c, "a window that moves", out.Value(0), e.in(lo, hi), lawTime)
			}
			if r.IntN(3) == 0 && step < 4 {
				checkGeneral(t, r, []lawCall{c}, kernel, e)
			}
		}
	}
	if len(moved) < 20 {
		t.Errorf("only %d kernels", len(moved))
	}
}

// spoil makes numbers and truths from a row on others: what was there is gone, and its memory another's.
func spoil(ev *Events, from int) {
	for _, c := range ev.Args {
		for i := from; i < ev.Hi; i++ {
			switch c.Type.Kind {
			case selfsame.Bool:
				c.Bools[i] = !c.Bools[i]
			case selfsame.Float64:
				c.Floats[i] = 12345
			case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
				c.Ints[i] = 12345
			case selfsame.Decimal:
				c.Decimals[i] = selfsame.Int128{Lo: 12345}
			}
		}
	}
}
