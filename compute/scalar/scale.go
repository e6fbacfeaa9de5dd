// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"math"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/transcend"
)

// scaleFunctions are part of the section math of the reference: what models want numbers to be, and the hyperbolic functions.
var scaleFunctions = []Function{
	floatFunction("cbrt", "The cube root, of the sign of x.", "cbrt(-27.0)", "-3.0", transcend.Cbrt),
	floatFunction("log1p", "ln(1 + x), exact near 0 as well; null for x <= -1.", "log1p(0.0)", "0.0", func(x float64) float64 {
		if x <= -1 {
			return math.NaN()
		}
		return transcend.Log1p(x)
	}),
	floatFunction("expm1", "exp(x) - 1, exact near 0 as well.", "expm1(0.0)", "0.0", transcend.Expm1),
	floatFunction("sinh", "The hyperbolic sine.", "sinh(0.0)", "0.0", transcend.Sinh),
	floatFunction("cosh", "The hyperbolic cosine.", "cosh(0.0)", "1.0", transcend.Cosh),
	floatFunction("tanh", "The hyperbolic tangent.", "tanh(0.0)", "0.0", transcend.Tanh),
	floatFunction("sigmoid", "1 / (1 + exp(-x)), the logistic function.", "sigmoid(0.0)", "0.5", sigmoid),
	{Name: "min_max_scale", Group: "math", Params: "x, lo, hi", Summary: "(x - lo) / (hi - lo): 0 at lo and 1 at hi; values outside are not cut, see clip. Null where lo = hi.",
		Example: "min_max_scale(15, 10, 30)", Result: "0.25", Bind: choose("min_max_scale", "x, lo, hi",
			overload{args: takes(floatType, floatType, floatType), result: floatType, kernel: eachFloat3(func(x, lo, hi float64) float64 {
				if lo == hi {
					return math.NaN()
				}
				return portion(x, lo, hi)
			})})},
	{Name: "bin_index", Group: "math", Params: "x, edge, …", Summary: "How many of the edges are not above x: 0 below all of them, their number from the greatest on. x and the edges have one type that compares; null for NaN.",
		Example: "bin_index(42, 0, 18, 30, 65)", Result: "3", Bind: bindBinIndex},
	{Name: "standard_scale", Group: "math", Params: "x, mean, deviation", Summary: "(x - mean) / deviation; null where the deviation is not above 0.",
		Example: "standard_scale(130, 100, 15)", Result: "2.0", Bind: choose("standard_scale", "x, mean, deviation",
			overload{args: takes(floatType, floatType, floatType), result: floatType, kernel: eachFloat3(func(x, mean, deviation float64) float64 {
				if deviation <= 0 {
					return math.NaN()
				}
				return (x - mean) / deviation
			})})},
}

// portion is (x - lo) / (hi - lo), also where a difference is beyond float64.
func portion(x, lo, hi float64) float64 {
	if math.IsInf(x-lo, 0) || math.IsInf(hi-lo, 0) {
		return (x/2 - lo/2) / (hi/2 - lo/2)
	}
	return (x - lo) / (hi - lo)
}

func bindBinIndex(args []Arg) (*Bound, error) {
	t, ok := oneType(args)
	if !ok || len(args) < 2 {
		return nil, mixed("bin_index", "x, edge, …", args)
	}
	kernel := func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		for i := range rows {
			out.Ints[i] = 0
			if skipped(skip, i) {
				continue
			}
			if t.Kind == selfsame.Float64 && args[0].Floats[i] != args[0].Floats[i] {
				setNull(out, skip, i)
				continue
			}
			for _, edge := range args[1:] {
				if column.Compare(edge, i, args[0], i) <= 0 {
					out.Ints[i]++
				}
			}
		}
	}
	return &Bound{Result: intType, Args: slices.Repeat(takes(t), len(args)), NewEval: func() Eval { return kernel }}, nil
}

// sigmoid takes the exponential of negative numbers only, so that nothing overflows.
func sigmoid(x float64) float64 {
	e := transcend.Exp(-math.Abs(x))
	if x < 0 {
		return e / (1 + e)
	}
	return 1 / (1 + e)
}

// eachFloat3 is eachFloat for three arguments.
func eachFloat3(f func(x, y, z float64) float64) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		ys, zs := args[1].Floats[:rows], args[2].Floats[:rows]
		for i, x := range args[0].Floats[:rows] {
			v := f(x, ys[i], zs[i])
			out.Floats[i] = v
			if v != v && x == x && ys[i] == ys[i] && zs[i] == zs[i] {
				setNull(out, skip, i)
			}
		}
	}
}
