// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"math"

	"selfsame/column"
	"selfsame/compute/transcend"
)

// mathFunctions is the section math of the reference.
var mathFunctions = []Function{
	{Name: "abs", Group: "math", Params: "x", Summary: "The absolute value; that of the least int64 is an overflow error.",
		Example: "abs(-3)", Result: "3", Bind: choose("abs", "x",
			overload{args: takes(intType), result: intType, kernel: eachIntChecked(absInt)},
			overload{args: takes(floatType), result: floatType, kernel: eachFloat(math.Abs)})},
	{Name: "sign", Group: "math", Params: "x", Summary: "-1, 0 or 1, of the type of x.",
		Example: "sign(-2.5)", Result: "-1.0", Bind: choose("sign", "x",
			overload{args: takes(intType), result: intType, kernel: eachInt(signInt)},
			overload{args: takes(floatType), result: floatType, kernel: eachFloat(signFloat)})},
	{Name: "round", Group: "math", Params: "x, digits", Summary: "x rounded half away from zero to digits after the point (default 0; -22 to 22, else null); the exact value of x decides.",
		Example: "round(2.5)", Result: "3.0", Bind: choose("round", "x, digits",
			overload{args: takes(intType, intType), optional: 1, result: intType, kernel: roundInts},
			overload{args: takes(floatType, intType), optional: 1, result: floatType, kernel: roundFloats})},
	wholeFunction("floor", "The greatest whole number that is not above x.", "floor(-2.5)", "-3.0", math.Floor),
	wholeFunction("ceil", "The least whole number that is not below x.", "ceil(2.1)", "3.0", math.Ceil),
	wholeFunction("trunc", "x without its digits after the point.", "trunc(-2.7)", "-2.0", math.Trunc),
	{Name: "clip", Group: "math", Params: "x, lo, hi", Summary: "x where it is in [lo, hi], else the nearer bound; null where lo > hi.",
		Example: "clip(5, -3, 3)", Result: "3", Bind: choose("clip", "x, lo, hi",
			overload{args: takes(intType, intType, intType), result: intType, kernel: clipInts},
			overload{args: takes(floatType, floatType, floatType), result: floatType, kernel: clipFloats})},
	floatFunction("sqrt", "The square root, correctly rounded; null below 0.", "sqrt(2.25)", "1.5", math.Sqrt),
	floatFunction("exp", "e to the power of x.", "exp(0.0)", "1.0", transcend.Exp),
	floatFunction("exp2", "2 to the power of x.", "exp2(10.0)", "1024.0", transcend.Exp2),
	floatFunction("ln", "The natural logarithm; null for x <= 0.", "ln(1.0)", "0.0", positive(transcend.Log)),
	floatFunction("log2", "The logarithm to base 2; null for x <= 0.", "log2(8.0)", "3.0", positive(transcend.Log2)),
	floatFunction("log10", "The logarithm to base 10; null for x <= 0.", "log10(1000.0)", "3.0", positive(transcend.Log10)),
	{Name: "pow", Group: "math", Params: "x, y", Summary: "x to the power of y, as float64; null for 0 to a negative power and for a negative x to a power that is not whole.",
		Example: "pow(2.0, 10.0)", Result: "1024.0", Bind: choose("pow", "x, y",
			overload{args: takes(floatType, floatType), result: floatType, kernel: eachFloat2(power)})},
	floatFunction("sin", "The sine of x radians; null for an infinite x.", "sin(0.0)", "0.0", transcend.Sin),
	floatFunction("cos", "The cosine of x radians; null for an infinite x.", "cos(0.0)", "1.0", transcend.Cos),
	floatFunction("tan", "The tangent of x radians; null for an infinite x.", "tan(0.0)", "0.0", transcend.Tan),
	floatFunction("asin", "The arc sine in radians; null outside [-1, 1].", "asin(0.0)", "0.0", transcend.Asin),
	floatFunction("acos", "The arc cosine in radians; null outside [-1, 1].", "acos(1.0)", "0.0", transcend.Acos),
	floatFunction("atan", "The arc tangent in radians.", "atan(0.0)", "0.0", transcend.Atan),
	{Name: "atan2", Group: "math", Params: "y, x", Summary: "The angle in radians, from -pi to pi, of the point (x, y); 0 for the origin.",
		Example: "atan2(0.0, 1.0)", Result: "0.0", Bind: choose("atan2", "y, x",
			overload{args: takes(floatType, floatType), result: floatType, kernel: eachFloat2(transcend.Atan2)})},
	floatFunction("radians", "x degrees in radians.", "radians(0.0)", "0.0", func(x float64) float64 { return float64(x * (math.Pi / 180)) }),
	floatFunction("degrees", "x radians in degrees.", "degrees(0.0)", "0.0", func(x float64) float64 { return float64(x * (180 / math.Pi)) }),
	{Name: "pi", Group: "math", Params: "", Summary: "The float64 nearest to the ratio of a circle's circumference to its diameter.",
		Example: "pi()", Result: "3.141592653589793", Bind: choose("pi", "", overload{result: floatType, kernel: evalPi})},
	{Name: "is_nan", Group: "math", Params: "x", Summary: "Whether x is NaN; only sources with nan: keep have any.",
		Example: "is_nan(1.0)", Result: "false", Bind: choose("is_nan", "x",
			overload{args: takes(floatType), result: boolType, kernel: evalIsNaN})},
	{Name: "width_bucket", Group: "math", Params: "x, lo, hi, n", Summary: "The number, from 1, of the one of n equal parts of [lo, hi) that x is in; 0 below, n+1 from hi on; lo > hi counts downwards. Null for n < 1 and lo = hi.",
		Example: "width_bucket(5.0, 0.0, 10.0, 4)", Result: "3", Bind: choose("width_bucket", "x, lo, hi, n",
			overload{args: takes(floatType, floatType, floatType, intType), result: intType, kernel: widthBuckets})},
}

// floatFunction is a function from float64 to float64.
func floatFunction(name, summary, example, result string, f func(float64) float64) Function {
	return Function{Name: name, Group: "math", Params: "x", Summary: summary, Example: example, Result: result,
		Bind: choose(name, "x", overload{args: takes(floatType), result: floatType, kernel: eachFloat(f)})}
}

// wholeFunction is a floatFunction that leaves int64 as it is.
func wholeFunction(name, summary, example, result string, f func(float64) float64) Function {
	return Function{Name: name, Group: "math", Params: "x", Summary: summary, Example: example, Result: result,
		Bind: choose(name, "x",
			overload{args: takes(intType), result: intType, kernel: eachInt(func(x int64) int64 { return x })},
			overload{args: takes(floatType), result: floatType, kernel: eachFloat(f)})}
}

// positive narrows the domain of a logarithm to x > 0.
func positive(log func(float64) float64) func(float64) float64 {
	return func(x float64) float64 {
		if x <= 0 {
			return math.NaN()
		}
		return log(x)
	}
}

func power(x, y float64) float64 {
	if x == 0 && y < 0 {
		return math.NaN() // a division by zero
	}
	return transcend.Pow(x, y)
}

func absInt(x int64) (int64, bool) {
	if x < 0 {
		return -x, x != math.MinInt64
	}
	return x, true
}

func signInt(x int64) int64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

func signFloat(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}

func clipInts(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
	out.Resize(rows)
	lo, hi := args[1].Ints[:rows], args[2].Ints[:rows]
	for i, x := range args[0].Ints[:rows] {
		out.Ints[i] = min(max(x, lo[i]), hi[i])
		if lo[i] > hi[i] {
			setNull(out, skip, i)
		}
	}
}

func clipFloats(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
	out.Resize(rows)
	lo, hi := args[1].Floats[:rows], args[2].Floats[:rows]
	for i, x := range args[0].Floats[:rows] {
		out.Floats[i] = min(max(x, lo[i]), hi[i])
		if lo[i] > hi[i] {
			setNull(out, skip, i)
		}
	}
}

func evalPi(out *column.Column, _ []*column.Column, rows int, _ []int64, _ []bool) {
	out.Resize(rows)
	for i := range out.Floats {
		out.Floats[i] = math.Pi
	}
}

func evalIsNaN(out *column.Column, args []*column.Column, rows int, _ []int64, _ []bool) {
	out.Resize(rows)
	for i, x := range args[0].Floats[:rows] {
		out.Bools[i] = x != x
	}
}

func widthBuckets(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
	out.Resize(rows)
	lo, hi, n := args[1].Floats[:rows], args[2].Floats[:rows], args[3].Ints[:rows]
	for i, x := range args[0].Floats[:rows] {
		b, ok := widthBucket(x, lo[i], hi[i], n[i])
		out.Ints[i] = b
		if !ok {
			setNull(out, skip, i)
		}
	}
}

// widthBucket is ok where n is in [1, 2^53], the bounds are finite and different, and x is a number.
func widthBucket(x, lo, hi float64, n int64) (bucket int64, ok bool) {
	if n < 1 || n > 1<<53 || x != x || !(math.Abs(lo) <= math.MaxFloat64) || !(math.Abs(hi) <= math.MaxFloat64) || lo == hi {
		return 0, false
	}
	if lo > hi {
		x, lo, hi = -x, -lo, -hi
	}
	switch {
	case x < lo:
		return 0, true
	case x >= hi:
		return n + 1, true
	}
	return min(int64(portion(x, lo, hi)*float64(n)), n-1) + 1, true
}
