// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"selfsame"
	"selfsame/compute/transcend"
)

// naiveByCounts evaluates the aggregations that divide the events by key or count their values.
func naiveByCounts(c *Call, x, y []selfsame.Value) (v selfsame.Value, ok bool) {
	switch c.Func.Name {
	case "count_by", "sum_by", "avg_by", "min_by", "max_by":
		return naiveBy(c, x, y), true
	case "mode_count", "top_ratio", "entropy", "top_k", "top_k_counts", "collect_distinct":
		return naiveFrequency(c, x), true
	case "approx_top_k":
		return naiveNamed(c, x), true
	}
	v.Type = c.Result
	switch c.Func.Name {
	case "collect", "string_agg":
		if int64(len(x)) > c.Spec.MaxValues {
			v.Status = selfsame.ErrorMaxValues
			return v, true
		}
		v.Elems = x
		if c.Func.Name == "string_agg" {
			var texts []string
			for _, a := range x {
				texts = append(texts, a.Str)
			}
			v.Elems, v.Str = nil, strings.Join(texts, c.Spec.Consts[0].Str)
		}
		return v, true
	case "approx_percentile":
		return naiveBucket(c, x), true
	case "last_distinct":
		for i := len(x) - 1; i >= 0; i-- {
			if !slices.ContainsFunc(v.Elems, func(d selfsame.Value) bool { return naiveCompare(d, x[i]) == 0 }) && len(v.Elems) < int(c.Spec.Consts[0].Int) {
				v.Elems = append(v.Elems, x[i])
			}
		}
		return v, true
	}
	return v, false
}

// naiveBy evaluates f_by(x, key) as f(x) over the events of each key.
func naiveBy(c *Call, x, y []selfsame.Value) selfsame.Value {
	var names []string
	groups := map[string][]selfsame.Value{}
	for i := range y {
		if groups[y[i].Str] == nil {
			names = append(names, y[i].Str)
		}
		groups[y[i].Str] = append(groups[y[i].Str], x[i])
	}
	slices.Sort(names)
	v := selfsame.Value{Type: c.Result}
	if int64(len(names)) > c.Spec.MaxValues {
		v.Status = selfsame.ErrorMaxValues
		return v
	}
	for _, name := range names {
		of, _ := strings.CutSuffix(c.Func.Name, "_by")
		e := naiveOf(of, *c.Result.Elem, groups[name], c.Spec.KeepNaN)
		if e.Status.IsError() {
			return selfsame.Value{Type: c.Result, Status: e.Status}
		}
		if e.Status == selfsame.Present {
			v.Keys, v.Elems = append(v.Keys, name), append(v.Elems, e)
		}
	}
	if len(v.Keys) == 0 {
		v.Status = selfsame.Null
	}
	return v
}

// naiveOf is one aggregation of the values of one key.
func naiveOf(name string, result selfsame.Type, x []selfsame.Value, keepNaN bool) selfsame.Value {
	v := selfsame.Value{Type: result}
	switch name {
	case "count":
		v.Int = int64(len(x))
		return v
	case "min":
		return slices.MinFunc(x, naiveCompare)
	case "max":
		return slices.MaxFunc(x, naiveCompare)
	}
	sum, special, infinite := new(big.Rat), 0.0, false
	for _, a := range x {
		if math.IsInf(a.Float, 0) || math.IsNaN(a.Float) {
			special, infinite = special+a.Float, true
		} else {
			sum.Add(sum, naiveRat(a))
		}
	}
	switch {
	case infinite:
		v.Float = special
		if v = naivelyCanonical(v); math.IsNaN(v.Float) && !keepNaN {
			v.Status = selfsame.Null
		}
	case name == "avg":
		v.Float, _ = sum.Quo(sum, big.NewRat(int64(len(x)), 1)).Float64()
		v = naivelyCanonical(v)
	case result.Kind == selfsame.Float64:
		v.Float, _ = sum.Float64()
		v = naivelyCanonical(v)
	case result.Kind == selfsame.Int64:
		if !sum.Num().IsInt64() {
			v.Status = selfsame.ErrorOverflow
		} else {
			v.Int = sum.Num().Int64()
		}
	default:
		unscaled := new(big.Rat).Mul(sum, naiveRat(selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: pow10(result.Scale)})).Num()
		if len(new(big.Int).Abs(unscaled).String()) > 38 {
			v.Status = selfsame.ErrorOverflow
			return v
		}
		low := new(big.Int).And(unscaled, new(big.Int).SetUint64(math.MaxUint64))
		v.Dec = selfsame.Int128{Hi: new(big.Int).Rsh(unscaled, 64).Int64(), Lo: low.Uint64()}
	}
	return v
}

func pow10(n uint8) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// naiveText tells values of one type apart.
func naiveText(v selfsame.Value) string { return fmt.Sprint(v.Int, v.Float, v.Dec, v.Str) }

// naiveTally returns the different values, ascending, and how often each occurs.
func naiveTally(x []selfsame.Value) (different []selfsame.Value, counts map[string]int64) {
	counts = map[string]int64{}
	for _, v := range x {
		if counts[naiveText(v)]++; counts[naiveText(v)] == 1 {
			different = append(different, v)
		}
	}
	slices.SortFunc(different, naiveCompare)
	return different, counts
}

func naiveFrequency(c *Call, x []selfsame.Value) selfsame.Value {
	v := selfsame.Value{Type: c.Result}
	different, counts := naiveTally(x)
	if int64(len(different)) > c.Spec.MaxValues {
		v.Status = selfsame.ErrorMaxValues
		return v
	}
	if c.Func.Name == "collect_distinct" {
		v.Elems = different
		return v
	}
	slices.SortStableFunc(different, func(a, b selfsame.Value) int { return int(counts[naiveText(b)] - counts[naiveText(a)]) })
	most := counts[naiveText(different[0])]
	switch c.Func.Name {
	case "mode_count":
		v.Int = most
	case "top_ratio":
		v.Float, _ = big.NewRat(most, int64(len(x))).Float64()
	case "entropy":
		sum := new(big.Rat)
		for _, d := range different {
			p := float64(counts[naiveText(d)]) / float64(len(x))
			sum.Sub(sum, new(big.Rat).SetFloat64(p*transcend.Log(p)))
		}
		v.Float, _ = sum.Float64()
	default:
		for _, d := range different[:min(len(different), int(c.Spec.Consts[0].Int))] {
			if c.Func.Name == "top_k_counts" {
				d = selfsame.Value{Type: *c.Result.Elem, Int: counts[naiveText(d)]}
			}
			v.Elems = append(v.Elems, d)
		}
	}
	return v
}

// naiveNamed is the most frequent of the values that the call names.
func naiveNamed(c *Call, x []selfsame.Value) selfsame.Value {
	v := selfsame.Value{Type: c.Result, Status: selfsame.Null}
	named := slices.DeleteFunc(slices.Clone(x), func(a selfsame.Value) bool {
		return !slices.ContainsFunc(c.Spec.Consts[1:], func(b selfsame.Value) bool { return naiveCompare(a, b) == 0 })
	})
	different, counts := naiveTally(named)
	slices.SortStableFunc(different, func(a, b selfsame.Value) int { return int(counts[naiveText(b)] - counts[naiveText(a)]) })
	if len(different) > 0 {
		v.Status, v.Elems = selfsame.Present, different[:min(len(different), int(c.Spec.Consts[0].Int))]
	}
	return v
}

// naiveBucket is the middle of the 128th of a power of two that the value of the nearest rank is in.
func naiveBucket(c *Call, x []selfsame.Value) selfsame.Value {
	var floats []float64
	for _, v := range x {
		f := v.Float
		if v.Type.Kind != selfsame.Float64 {
			f, _ = naiveRat(v).Float64()
		}
		floats = append(floats, f)
	}
	slices.SortFunc(floats, func(a, b float64) int {
		kind := selfsame.Scalar(selfsame.Float64)
		return naiveCompare(selfsame.Value{Type: kind, Float: a}, selfsame.Value{Type: kind, Float: b})
	})
	rank := new(big.Rat).Mul(naiveRat(c.Spec.Consts[0]), big.NewRat(int64(len(x)), 1))
	i := 0
	for big.NewRat(int64(i+1), 1).Cmp(rank) < 0 {
		i++
	}
	f := floats[i]
	switch {
	case math.Abs(f) < 0x1p-1022:
		f = 0
	case !math.IsInf(f, 0) && !math.IsNaN(f):
		mantissa, exponent := math.Frexp(f)
		f = math.Ldexp((math.Trunc(mantissa*256)+math.Copysign(0.5, f))/256, exponent)
	}
	return naivelyCanonical(selfsame.Value{Type: c.Result, Float: f})
}
