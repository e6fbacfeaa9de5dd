// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// member is a member of the family that n, Σx and Σx² serve.
type member uint8

const (
	countOf member = iota
	sumOf
	meanOf
	varianceOf
	variancePopOf
	stddevOf
	stddevPopOf
)

var momentsByName = map[string]member{
	"count": countOf, "sum": sumOf, "avg": meanOf, "variance": varianceOf, "variance_pop": variancePopOf,
	"stddev": stddevOf, "stddev_pop": stddevPopOf,
}

func (o member) needsSum() bool     { return o != countOf }
func (o member) needsSquares() bool { return o >= varianceOf }
func (o member) isSample() bool     { return o == varianceOf || o == stddevOf }

// bindNumber binds a call of one number.
func bindNumber(name string, o member) func(spec CallSpec) (*Call, error) {
	return func(spec CallSpec) (*Call, error) {
		if len(spec.Args) != 1 || len(spec.Consts) != 0 {
			return nil, wrongCall(name+" takes one argument that varies by event", "write "+name+"(x), x of type int64, float64 or decimal")
		}
		switch spec.Args[0].Kind {
		case selfsame.Int64, selfsame.Float64, selfsame.Decimal:
			return bindMoment(o, spec), nil
		case selfsame.Bool:
			return nil, wrongCall(name+" takes a number, not a bool", "count with count(*) filter (where x), or write "+name+"(cast(x as int64))")
		}
		return nil, wrongCall(name+" takes a number, not a "+spec.Args[0].String(), "its argument is of type int64, float64 or decimal")
	}
}

// bindMoment makes the call of a member whose argument fits it.
func bindMoment(o member, spec CallSpec) *Call {
	f := family{keepNaN: spec.KeepNaN}
	name := "moments/*"
	if len(spec.Args) == 1 {
		f.arg = spec.Args[0]
		name = "moments/" + f.arg.String()
	}
	return &Call{
		Spec:      spec,
		Result:    f.result(o),
		Family:    name,
		NewState:  func() State { return newMomentState(f, o) },
		NewKernel: func(members []*Call) Kernel { return newMomentKernel(f, members) },
	}
}

// family is what its members have in common: the type of x (unknown for count(*)) and the NaN policy.
type family struct {
	arg     selfsame.Type
	keepNaN bool
}

func (f family) result(o member) selfsame.Type {
	switch {
	case o == countOf:
		return selfsame.Scalar(selfsame.Int64)
	case o != sumOf || f.arg.Kind == selfsame.Float64:
		return selfsame.Scalar(selfsame.Float64)
	case f.arg.Kind == selfsame.Int64:
		return f.arg
	}
	return selfsame.DecimalOf(exact.MaxDigits, f.arg.Scale)
}

// answer is a finished value of any of the result types: int64 in i, float64 in f, decimal in d.
type answer struct {
	status selfsame.Status
	i      int64
	f      float64
	d      selfsame.Int128
}

func (a answer) appendTo(out *column.Column) {
	if a.status != selfsame.Present {
		out.AppendStatus(a.status)
		return
	}
	n := out.Len()
	extend(out, 1)
	a.put(out, n)
}

// put writes the answer to slot j of out, zero where there is none.
func (a answer) put(out *column.Column, j int) {
	switch out.Type.Kind {
	case selfsame.Float64:
		out.Floats[j] = a.f
	case selfsame.Int64:
		out.Ints[j] = a.i
	default:
		out.Decimals[j] = a.d
	}
	if a.status != selfsame.Present {
		out.SetStatus(j, a.status)
	}
}

// extend appends n present slots of any content to a column of a number type.
func extend(out *column.Column, n int) {
	switch out.Type.Kind {
	case selfsame.Float64:
		out.Floats = lengthen(out.Floats, n)
	case selfsame.Int64:
		out.Ints = lengthen(out.Ints, n)
	default:
		out.Decimals = lengthen(out.Decimals, n)
	}
	if out.Status != nil {
		out.Status = append(out.Status, make([]selfsame.Status, n)...) // Present
	}
}

func lengthen[T any](s []T, n int) []T {
	if len(s)+n <= cap(s) {
		return s[:len(s)+n]
	}
	return append(s, make([]T, n)...)
}

// isNull reports whether o is null over n values.
func (o member) isNull(n int64) bool { return n < 1 && o != countOf || o.isSample() && n < 2 }

// ofFloat is the answer f under the NaN policy.
func (f family) ofFloat(x float64) answer {
	if x != x && !f.keepNaN {
		return answer{status: selfsame.Null}
	}
	return answer{f: x}
}

// ofSum is the sum v of int64 or decimal values; ok is false where it does not even fit 128 bits.
func (f family) ofSum(v selfsame.Int128, ok bool) answer {
	if f.arg.Kind == selfsame.Int64 {
		i, fits := exact.ToInt64(v)
		if !fits || !ok {
			return answer{status: selfsame.ErrorOverflow}
		}
		return answer{i: i}
	}
	if !ok || !exact.Fits(v, exact.MaxDigits) {
		return answer{status: selfsame.ErrorOverflow}
	}
	return answer{d: v}
}

// finish finishes member o over the sums m.
func (f family) finish(o member, m *exact.Moments) answer {
	switch {
	case o == countOf:
		return answer{i: int64(m.N)}
	case o.isNull(int64(m.N)):
		return answer{status: selfsame.Null}
	case o == sumOf && f.arg.Kind == selfsame.Float64:
		return answer{f: m.Total()}
	case o == sumOf:
		return f.ofSum(m.S, true)
	case o == meanOf:
		return answer{f: m.Mean()}
	}
	return answer{f: o.deviation(m.Variance(o.isSample()))}
}

// deviation is the variance v, or its root where o is a standard deviation.
func (o member) deviation(v float64) float64 {
	if o >= stddevOf {
		return math.Sqrt(v)
	}
	return v
}
