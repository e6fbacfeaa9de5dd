// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"selfsame"
)

// naively evaluates a call over events in their order, the way its words say and with nothing shared with the package; ok is
// false for the functions whose own tests do so.
func naively(c *Call, events []*Event, at int64) (v selfsame.Value, ok bool) {
	var x []selfsame.Value // first arguments of the events that count
	var y []selfsame.Value
	var tau []int64
	for _, e := range events {
		if c.Spec.RespectNulls {
			e = naivelyNull(e, c.Spec.KeepNaN)
		} else if naivelySkipped(e, c.Spec.KeepNaN) {
			continue
		}
		if e == nil {
			continue
		}
		tau = append(tau, e.Tau)
		if len(e.Args) > 0 {
			x, y = append(x, naivelyCanonical(e.Args[0])), append(y, naivelyCanonical(e.Args[len(e.Args)-1]))
		}
	}
	null := selfsame.Value{Type: c.Result, Status: selfsame.Null}
	if v, ok := naiveSequence(c, x, tau); ok {
		return v, true
	}
	if c.Spec.Step > 0 {
		return naiveDecayed(c, x, tau, at), true
	}
	switch c.Func.Name {
	case "count(distinct)":
		return naiveDistinct(c, x), true
	case "approx_count_distinct": // of as many values as are counted exactly: TestApproxCountDistinct has more
		different, _ := naiveTally(x)
		return selfsame.Value{Type: c.Result, Int: int64(len(different))}, len(different) <= mostHashes
	case "count_distinct_upto":
		different, _ := naiveTally(x)
		return selfsame.Value{Type: c.Result, Int: min(int64(len(different)), c.Spec.Consts[0].Int)}, true
	case "count", "sum", "avg", "variance", "variance_pop", "stddev", "stddev_pop", // moments_test.go
		"skewness", "skewness_pop", "kurtosis", "kurtosis_pop", "covar_samp", "covar_pop", "corr", "regr_slope", "regr_intercept", "geometric_mean": // numeric_test.go
		return null, false
	}
	if len(tau) == 0 {
		return null, true
	}
	switch c.Func.Name {
	case "min", "bool_and":
		return slices.MinFunc(x, naiveCompare), true
	case "max", "bool_or":
		return slices.MaxFunc(x, naiveCompare), true
	case "arg_min", "arg_max":
		best := 0
		for i := range y {
			if o := naiveCompare(y[i], y[best]); (o < 0 && c.Func.Name == "arg_min") || (o > 0 && c.Func.Name == "arg_max") {
				best = i
			}
		}
		return x[best], true
	case "first", "last", "nth_last":
		return naiveOrdered(c, x, null), true
	case "bit_and", "bit_or", "bit_xor":
		v := x[0]
		for _, w := range x[1:] {
			v.Int = map[string]int64{"bit_and": v.Int & w.Int, "bit_or": v.Int | w.Int, "bit_xor": v.Int ^ w.Int}[c.Func.Name]
		}
		return v, true
	case "vector_sum", "vector_avg", "vector_min", "vector_max":
		return naiveVector(c, x), true
	case "time_since_first":
		return naiveElapsed(at, slices.Min(tau)), true
	case "time_since_last":
		return naiveElapsed(at, slices.Max(tau)), true
	case "mode":
		counts := map[string]int{}
		text := func(v selfsame.Value) string { return fmt.Sprint(v.Int, v.Float, v.Dec, v.Str) }
		for _, v := range x {
			counts[text(v)]++
		}
		if int64(len(counts)) > c.Spec.MaxValues {
			return selfsame.Value{Type: c.Result, Status: selfsame.ErrorMaxValues}, true
		}
		return slices.MinFunc(x, func(a, b selfsame.Value) int {
			return cmp.Or(cmp.Compare(counts[text(b)], counts[text(a)]), naiveCompare(a, b))
		}), true
	case "percentile_cont", "percentile_disc", "median":
		return naiveQuantile(c, x), true
	case "sample":
		return naiveSample(c, x, tau), true
	}
	if v, ok := naiveByCounts(c, x, y); ok {
		return v, true
	}
	panic("naively: " + c.Func.Name + " has no naive evaluation: write one here")
}

func naivelySkipped(e *Event, keepNaN bool) bool {
	for _, a := range e.Args {
		if a.Status != selfsame.Present || (!keepNaN && math.IsNaN(a.Float)) {
			return true
		}
	}
	return false
}

// naivelyNull is an event of a call that respects nulls: what is skipped elsewhere is a null, and one with an error is none.
func naivelyNull(e *Event, keepNaN bool) *Event {
	switch v := e.Args[0]; {
	case v.Status.IsError():
		return nil
	case naivelySkipped(e, keepNaN):
		return &Event{Tau: e.Tau, Args: []selfsame.Value{{Type: v.Type, Status: selfsame.Null}}}
	}
	return e
}

func naivelyCanonical(v selfsame.Value) selfsame.Value {
	if math.IsNaN(v.Float) {
		v.Float = math.NaN()
	} else if v.Float == 0 {
		v.Float = 0
	}
	return v
}

func naiveCompare(a, b selfsame.Value) int {
	switch a.Type.Kind {
	case selfsame.Float64:
		if math.IsNaN(a.Float) || math.IsNaN(b.Float) {
			return map[bool]int{true: 1}[math.IsNaN(a.Float)] - map[bool]int{true: 1}[math.IsNaN(b.Float)]
		}
		return cmp.Compare(a.Float, b.Float)
	case selfsame.Decimal:
		return naiveRat(a).Cmp(naiveRat(b))
	case selfsame.String, selfsame.Bytes:
		return strings.Compare(a.Str, b.Str)
	}
	return cmp.Compare(a.Int, b.Int)
}

func naiveRat(v selfsame.Value) *big.Rat {
	switch v.Type.Kind {
	case selfsame.Float64:
		return new(big.Rat).SetFloat64(v.Float)
	case selfsame.Decimal:
		n := new(big.Int).Lsh(big.NewInt(v.Dec.Hi), 64)
		n.Add(n, new(big.Int).SetUint64(v.Dec.Lo))
		return new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Type.Scale)), nil))
	}
	return new(big.Rat).SetInt64(v.Int)
}

func naiveOrdered(c *Call, x []selfsame.Value, null selfsame.Value) selfsame.Value {
	newest := slices.Clone(x)
	slices.Reverse(newest)
	n := 0
	if len(c.Spec.Consts) > 0 {
		n = int(c.Spec.Consts[0].Int)
	}
	switch {
	case c.Func.Name == "nth_last" && n > len(x):
		return null
	case c.Func.Name == "nth_last":
		return newest[n-1]
	case c.Func.Name == "first" && n == 0:
		return x[0]
	case n == 0:
		return newest[0]
	case c.Func.Name == "first":
		return selfsame.Value{Type: c.Result, Elems: x[:min(n, len(x))]}
	}
	return selfsame.Value{Type: c.Result, Elems: newest[:min(n, len(x))]}
}

func naiveElapsed(at, tau int64) selfsame.Value {
	d := new(big.Int).Sub(big.NewInt(at), big.NewInt(tau))
	if !d.IsInt64() {
		return selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Status: selfsame.ErrorOverflow}
	}
	return selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: d.Int64()}
}

func naiveDistinct(c *Call, x []selfsame.Value) selfsame.Value {
	var different []selfsame.Value
	for _, v := range x {
		if !slices.ContainsFunc(different, func(d selfsame.Value) bool { return naiveCompare(d, v) == 0 }) {
			different = append(different, v)
		}
	}
	v := selfsame.Value{Type: c.Result, Int: int64(len(different))}
	if v.Int > c.Spec.MaxValues {
		v.Status = selfsame.ErrorMaxValues
	}
	return v
}

func naiveQuantile(c *Call, x []selfsame.Value) selfsame.Value {
	v := selfsame.Value{Type: c.Result}
	if int64(len(x)) > c.Spec.MaxValues {
		v.Status = selfsame.ErrorMaxValues
		return v
	}
	sorted := slices.Clone(x)
	slices.SortStableFunc(sorted, naiveCompare)
	q := big.NewRat(1, 2)
	if len(c.Spec.Consts) > 0 {
		q = naiveRat(c.Spec.Consts[0])
	}
	if c.Func.Name == "percentile_disc" {
		for i := range sorted { // the least rank that is not below qn
			if rank := big.NewRat(int64(i+1), 1); rank.Cmp(new(big.Rat).Mul(q, big.NewRat(int64(len(x)), 1))) >= 0 {
				return sorted[i]
			}
		}
	}
	at := new(big.Rat).Mul(q, big.NewRat(int64(len(x)-1), 1))
	i := int(new(big.Int).Div(at.Num(), at.Denom()).Int64())
	f := new(big.Rat).Sub(at, big.NewRat(int64(i), 1))
	lo, hi := sorted[i], sorted[min(i+1, len(x)-1)]
	if f.Sign() == 0 {
		hi = lo
	}
	if math.IsInf(lo.Float, 0) || math.IsInf(hi.Float, 0) || math.IsNaN(lo.Float) || math.IsNaN(hi.Float) {
		v.Float = lo.Float
		if naiveCompare(lo, hi) != 0 {
			v.Float = lo.Float + hi.Float
		}
		if v.Float = naivelyCanonical(v).Float; math.IsNaN(v.Float) && !c.Spec.KeepNaN {
			v.Status = selfsame.Null
		}
		return v
	}
	z := new(big.Rat).Sub(naiveRat(hi), naiveRat(lo))
	v.Float, _ = z.Add(z.Mul(z, f), naiveRat(lo)).Float64()
	return naivelyCanonical(v)
}

// naiveSample draws the n values with the least hashes of time and value.
func naiveSample(c *Call, x []selfsame.Value, tau []int64) selfsame.Value {
	type ticket struct {
		hash uint64
		v    selfsame.Value
	}
	var tickets []ticket
	for i := range x {
		tickets = append(tickets, ticket{xxh3.Hash(appendItem(binary.BigEndian.AppendUint64(nil, uint64(tau[i])), x[i].Type, itemOf(x[i]))), x[i]})
	}
	slices.SortFunc(tickets, func(a, b ticket) int { return cmp.Or(cmp.Compare(a.hash, b.hash), naiveCompare(a.v, b.v)) })
	v := selfsame.Value{Type: c.Result}
	for _, t := range tickets[:min(len(tickets), int(c.Spec.Consts[0].Int))] {
		v.Elems = append(v.Elems, t.v)
	}
	return v
}

// naiveVector folds each position by the aggregation of scalars of the same name, over the elements that are there.
func naiveVector(c *Call, x []selfsame.Value) selfsame.Value {
	out := selfsame.Value{Type: c.Result}
	for _, v := range x {
		if len(v.Elems) != len(x[0].Elems) {
			return selfsame.Value{Type: c.Result, Status: selfsame.ErrorOverflow}
		}
	}
	scalar, err := Bind(Lookup(strings.TrimPrefix(c.Func.Name, "vector_")), CallSpec{Args: []selfsame.Type{*c.Spec.Args[0].Elem}, KeepNaN: c.Spec.KeepNaN, MaxValues: 1})
	if err != nil {
		panic(err)
	}
	for i := range x[0].Elems {
		s := scalar.NewState()
		for _, v := range x {
			s.Add(&Event{Args: []selfsame.Value{v.Elems[i]}})
		}
		e := s.Finish(0)
		if e.Status.IsError() {
			return selfsame.Value{Type: c.Result, Status: e.Status}
		}
		out.Elems = append(out.Elems, e)
	}
	return out
}
