// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
)

// rangesCase is one entity with four windows of different widths over its rows.
type rangesCase struct {
	events Events
	at     []int64
	lo, hi [4][]int32
}

func newRangesCase(args []selfsame.Type, events, rows int) *rangesCase {
	r := rand.New(rand.NewPCG(1, 4))
	c := &rangesCase{events: Events{Hi: events}}
	for i := range events {
		c.events.Tau = append(c.events.Tau, int64(i)*1000)
	}
	for _, a := range args {
		x := column.New(a, events)
		for range events {
			cents := r.Int64N(10000)
			x.Append(selfsame.Value{Type: a, Int: cents % 5000, Float: float64(cents) / 100, Str: "merchant-" + strconv.FormatInt(cents, 10)})
		}
		c.events.Args = append(c.events.Args, x)
	}
	for i := range rows {
		hi := int32((i + 1) * events / rows)
		c.at = append(c.at, int64(hi)*1000)
		for w := range c.lo {
			c.lo[w] = append(c.lo[w], max(0, hi-int32(max(1, events>>(2*w+1)))))
			c.hi[w] = append(c.hi[w], hi)
		}
	}
	return c
}

// rangesCalls are the calls of the benchmarks and of the allocation test.
func rangesCalls(t testing.TB) []lawCall {
	t.Helper()
	f64, text, boolean := selfsame.Scalar(selfsame.Float64), selfsame.Scalar(selfsame.String), selfsame.Scalar(selfsame.Bool)
	five := []selfsame.Value{{Type: selfsame.Scalar(selfsame.Int64), Int: 5}}
	q := []selfsame.Value{{Type: selfsame.DecimalOf(2, 2), Dec: selfsame.Int128{Lo: 95}}}
	var calls []lawCall
	for _, b := range []struct {
		name string
		spec CallSpec
	}{
		{"min", CallSpec{Args: []selfsame.Type{f64}}},
		{"max", CallSpec{Args: []selfsame.Type{selfsame.Scalar(selfsame.Int64)}}},
		{"min/string", CallSpec{Args: []selfsame.Type{text}}},
		{"bool_or", CallSpec{Args: []selfsame.Type{boolean}}},
		{"first", CallSpec{Args: []selfsame.Type{f64}}},
		{"last", CallSpec{Args: []selfsame.Type{f64}}},
		{"last/5", CallSpec{Args: []selfsame.Type{f64}, Consts: five}},
		{"nth_last", CallSpec{Args: []selfsame.Type{f64}, Consts: []selfsame.Value{{Type: selfsame.Scalar(selfsame.Int64), Int: 2}}}},
		{"arg_max", CallSpec{Args: []selfsame.Type{text, f64}}},
		{"time_since_last", CallSpec{}},
		{"count/distinct", CallSpec{Args: []selfsame.Type{f64}, Distinct: true}},
		{"count/distinct_string", CallSpec{Args: []selfsame.Type{text}, Distinct: true}},
		{"percentile_cont", CallSpec{Args: []selfsame.Type{f64}, Consts: q}},
		{"percentile_disc", CallSpec{Args: []selfsame.Type{f64}, Consts: q}},
	} {
		b.spec.MaxValues = 1 << 40
		name, _, _ := strings.Cut(b.name, "/")
		c, err := Bind(Lookup(name), b.spec)
		if err != nil {
			t.Fatal(err)
		}
		calls = append(calls, lawCall{b.name, c})
	}
	return calls
}

func (c *rangesCase) run(k Kernel, out *column.Column) {
	out.Reset()
	k.Load(&c.events)
	for w := range c.lo {
		k.Ranges(0, c.at, c.lo[w], c.hi[w], out)
	}
}

// BenchmarkRanges: four windows for each row; ns/event counts the work for all of them.
func BenchmarkRanges(b *testing.B) {
	for _, size := range []struct {
		name         string
		events, rows int
	}{{"entity", 100, 10}, {"hot", 1_000_000, 100_000}} {
		for _, c := range rangesCalls(b) {
			b.Run(size.name+"/"+c.name, func(b *testing.B) {
				w := newRangesCase(c.call.Spec.Args, size.events, size.rows)
				k, out := c.call.NewKernel([]*Call{c.call}), column.New(c.call.Result, 4*size.rows)
				b.ReportAllocs()
				for b.Loop() {
					w.run(k, out)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size.events), "ns/event")
			})
		}
	}
}

// TestRangesDoNotAllocate: a kernel recycles its memory from entity to entity.
func TestRangesDoNotAllocate(t *testing.T) {
	for _, c := range rangesCalls(t) {
		w := newRangesCase(c.call.Spec.Args, 300, 20)
		k, out := c.call.NewKernel([]*Call{c.call}), column.New(c.call.Result, 0)
		w.run(k, out)
		if n := testing.AllocsPerRun(5, func() { w.run(k, out) }); n > 0 {
			t.Errorf("%s allocates %v times an entity", c.name, n)
		}
	}
}
