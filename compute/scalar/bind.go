// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"fmt"
	"strings"

	"selfsame"
	"selfsame/column"
)

// overload is one way to call a function: the types of its arguments, the last optional of which may be left out.
type overload struct {
	args     []selfsame.Type
	optional int
	result   selfsame.Type
	bind     func(args []Arg) (func() Eval, error) // nil: kernel is the same for every call
	kernel   Eval
}

var (
	boolType      = selfsame.Scalar(selfsame.Bool)
	intType       = selfsame.Scalar(selfsame.Int64)
	floatType     = selfsame.Scalar(selfsame.Float64)
	stringType    = selfsame.Scalar(selfsame.String)
	timestampType = selfsame.Scalar(selfsame.Timestamp)
	dateType      = selfsame.Scalar(selfsame.Date)
)

// takes lists the arguments of an overload.
func takes(args ...selfsame.Type) []selfsame.Type { return args }

// choose returns a Bind that takes the first overload whose arguments are the call's as they are, else the first that they
// can be widened to.
func choose(name, params string, overloads ...overload) func([]Arg) (*Bound, error) {
	return func(args []Arg) (*Bound, error) {
		for _, fits := range []func(from, to selfsame.Type) bool{sameType, widens} {
			for i := range overloads {
				if o := &overloads[i]; o.accepts(args, fits) {
					return o.bound(args)
				}
			}
		}
		return nil, misfit(name, params, args, overloads)
	}
}

func (o *overload) accepts(args []Arg, fits func(from, to selfsame.Type) bool) bool {
	if len(args) > len(o.args) || len(args) < len(o.args)-o.optional {
		return false
	}
	for i, a := range args {
		if !fits(a.Type, o.args[i]) {
			return false
		}
	}
	return true
}

func (o *overload) bound(args []Arg) (*Bound, error) {
	b := &Bound{Result: o.result, Args: o.args[:len(args)]}
	if o.bind == nil {
		kernel := o.kernel
		b.NewEval = func() Eval { return kernel }
		return b, nil
	}
	newEval, err := o.bind(args)
	if err != nil {
		return nil, err
	}
	b.NewEval = newEval
	return b, nil
}

// sameType accepts a type for itself, and an untyped NULL for every type.
func sameType(from, to selfsame.Type) bool {
	return from.Kind == selfsame.Unknown || from.Equal(to)
}

// widens accepts int64 and decimal for float64, too.
func widens(from, to selfsame.Type) bool {
	return sameType(from, to) ||
		to.Kind == selfsame.Float64 && (from.Kind == selfsame.Int64 || from.Kind == selfsame.Decimal)
}

// misfit is the error of a call that no overload accepts.
func misfit(name, params string, args []Arg, overloads []overload) error {
	given := make([]string, len(args))
	for i, a := range args {
		given[i] = a.Type.String()
	}
	ways := make([]string, len(overloads))
	for i := range overloads {
		o := &overloads[i]
		var b strings.Builder
		for j, t := range o.args {
			if j >= len(o.args)-o.optional {
				b.WriteByte('[')
			}
			if j > 0 {
				b.WriteString(", ")
			}
			b.WriteString(t.String())
		}
		b.WriteString(strings.Repeat("]", o.optional))
		ways[i] = name + "(" + b.String() + ")"
	}
	return &selfsame.Error{
		Class:   selfsame.ClassDefinition,
		Message: fmt.Sprintf("%s(%s) does not take (%s)", name, params, strings.Join(given, ", ")),
		Hint:    "it takes " + strings.Join(ways, " or "),
	}
}

// badArgument is the error of an argument that has the right type and a wrong value.
func badArgument(name, format string, rest ...any) error {
	return &selfsame.Error{Class: selfsame.ClassDefinition, Message: name + ": " + fmt.Sprintf(format, rest...)}
}

// skipped reports whether the engine has decided the status of row i.
func skipped(skip []bool, i int) bool { return skip != nil && skip[i] }

// setNull makes row i null, unless the engine has decided its status.
func setNull(out *column.Column, skip []bool, i int) { setStatus(out, skip, i, selfsame.Null) }

func setOverflow(out *column.Column, skip []bool, i int) {
	setStatus(out, skip, i, selfsame.ErrorOverflow)
}

func setStatus(out *column.Column, skip []bool, i int, s selfsame.Status) {
	if !skipped(skip, i) {
		out.SetStatus(i, s)
	}
}

// eachInt makes a kernel of a function from integers (int64, timestamp or date) to integers.
func eachInt(f func(int64) int64) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, _ []bool) {
		out.Resize(rows)
		for i, x := range args[0].Ints[:rows] {
			out.Ints[i] = f(x)
		}
	}
}

// eachIntChecked is eachInt for functions that can overflow.
func eachIntChecked(f func(int64) (int64, bool)) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		for i, x := range args[0].Ints[:rows] {
			y, ok := f(x)
			out.Ints[i] = y
			if !ok {
				setOverflow(out, skip, i)
			}
		}
	}
}

// eachFloat makes a kernel of a function from float64 to float64. A NaN that does not come from a NaN is a domain error: null.
func eachFloat(f func(float64) float64) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		for i, x := range args[0].Floats[:rows] {
			y := f(x)
			out.Floats[i] = y
			if y != y && x == x {
				setNull(out, skip, i)
			}
		}
	}
}

// eachFloat2 is eachFloat for two arguments.
func eachFloat2(f func(x, y float64) float64) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		ys := args[1].Floats[:rows]
		for i, x := range args[0].Floats[:rows] {
			z := f(x, ys[i])
			out.Floats[i] = z
			if z != z && x == x && ys[i] == ys[i] {
				setNull(out, skip, i)
			}
		}
	}
}
