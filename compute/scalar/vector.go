// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"bytes"
	"math"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// vectorFunctions are part of the section list of the reference: lists to numbers.
var vectorFunctions = []Function{
	{Name: "list_position", Group: "list", Params: "l, x", Summary: "The place, from 1, of the first element equal to x; 0 where there is none.",
		Example: "list_position(split('a,b,c', ','), 'c')", Result: "3", Bind: bindListPosition},
	extremeOfList("list_min", "The least element, without nulls; null where there is none.", "list_min(list_of(3, 1, 2))", "1", -1),
	extremeOfList("list_max", "The greatest element, without nulls; null where there is none.", "list_max(list_of(3, 1, 2))", "3", 1),
	{Name: "list_sum", Group: "list", Params: "l", Summary: "The exact sum of the elements, without nulls, float64 rounded once, int64 and decimal with the error overflow; null where there is none.",
		Example: "list_sum(list_of(0.1, 0.2, 0.3))", Result: "0.6", Bind: bindListTotal("list_sum", false)},
	{Name: "list_avg", Group: "list", Params: "l", Summary: "The float64 nearest to the exact mean of the elements, without nulls; null where there is none.",
		Example: "list_avg(list_of(1, 2))", Result: "1.5", Bind: bindListTotal("list_avg", true)},
	pairFunction("jaccard", "How alike two lists of one type are as sets: common elements by all elements, without nulls; null for two empty ones.",
		"jaccard(split('a,b,c', ','), split('b,c,d', ','))", "0.5", floatType, func(common, left, right int) (float64, bool) {
			all := left + right - common
			return float64(common) / float64(max(all, 1)), all > 0
		}),
	pairFunction("list_has_any", "Whether two lists of one type have an element in common; nulls are no elements.",
		"list_has_any(list_of(1, 2), list_of(2, 3))", "true", boolType, func(common, _, _ int) (float64, bool) { return float64(min(common, 1)), true }),
	pairFunction("list_has_all", "Whether every element of m is one of l, lists of one type; nulls are no elements.",
		"list_has_all(list_of(1, 2), list_of(2, 3))", "false", boolType, func(common, _, right int) (float64, bool) {
			if common < right {
				return 0, true
			}
			return 1, true
		}),
	vectorFunction("list_dot", "The sum of the products of elements at the same places, from the first on; null for lists of different length or with nulls.",
		"list_dot(list_of(1, 2), list_of(3, 4))", "11.0", func(xy, _, _, _ float64) (float64, bool) { return xy, true }),
	vectorFunction("list_distance", "The Euclidean distance of two lists; null for lists of different length or with nulls.",
		"list_distance(list_of(1, 1), list_of(4, 5))", "5.0", func(_, _, _, squares float64) (float64, bool) { return math.Sqrt(squares), true }),
	vectorFunction("list_cosine", "The cosine of the angle between two lists; null for lists of different length, with nulls or of length 0.",
		"list_cosine(list_of(3, 4), list_of(4, 3))", "0.96", func(xy, xx, yy, _ float64) (float64, bool) {
			norm := float64(math.Sqrt(xx) * math.Sqrt(yy))
			return min(max(xy/norm, -1), 1), norm != 0
		}),
}

func bindListPosition(args []Arg) (*Bound, error) {
	contains, err := bindListContains(args)
	if err != nil {
		if len(args) == 2 && args[0].Type.Kind == selfsame.List {
			return nil, badArgument("list_position", "a %s has no elements of type %s", args[0].Type, args[1].Type)
		}
		return nil, listArgument("list_position", "l, x", args, 2, false)
	}
	return &Bound{Result: intType, Args: contains.Args, NewEval: func() Eval {
		var key, scratch []byte
		return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
			out.Resize(rows)
			for i := range rows {
				out.Ints[i] = 0
				if skipped(skip, i) || args[0].Type.Kind != selfsame.List {
					continue
				}
				key = canonical(key[:0], args[1], i)
				lo, hi := int(args[0].Offsets[i]), int(args[0].Offsets[i+1])
				for j := lo; j < hi && out.Ints[i] == 0; j++ {
					if args[0].Elems.StatusAt(j) == selfsame.Present {
						if scratch = canonical(scratch[:0], args[0].Elems, j); bytes.Equal(key, scratch) {
							out.Ints[i] = int64(j - lo + 1)
						}
					}
				}
			}
		}
	}}, nil
}

// extremeOfList is the least (sign -1) or greatest (1) element.
func extremeOfList(name, summary, example, result string, sign int) Function {
	kernel := func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		l := args[0]
		for i := range rows {
			best := -1
			for j := int(l.Offsets[i]); j < int(l.Offsets[i+1]) && !skipped(skip, i); j++ {
				if l.Elems.StatusAt(j) == selfsame.Present && (best < 0 || column.Compare(l.Elems, j, l.Elems, best) == sign) {
					best = j
				}
			}
			if best < 0 {
				out.AppendStatus(selfsame.Null)
			} else {
				out.AppendFrom(l.Elems, best)
			}
		}
	}
	bind := func(args []Arg) (*Bound, error) {
		if err := listArgument(name, "l", args, 1, false); err != nil {
			return nil, err
		}
		l := listTypeOf(args[0])
		return &Bound{Result: *l.Elem, Args: takes(l), NewEval: func() Eval { return kernel }}, nil
	}
	return Function{Name: name, Group: "list", Params: "l", Summary: summary, Example: example, Result: result, Bind: bind}
}

// bindListTotal binds the sum or the mean of a list of numbers.
func bindListTotal(name string, mean bool) func([]Arg) (*Bound, error) {
	return func(args []Arg) (*Bound, error) {
		if err := listArgument(name, "l", args, 1, false); err != nil {
			return nil, err
		}
		l := listTypeOf(args[0])
		if !l.Elem.IsNumber() {
			return nil, badArgument(name, "the elements of a %s are no numbers", l)
		}
		result := *l.Elem
		switch {
		case mean:
			result = floatType
		case result.Kind == selfsame.Decimal:
			result = selfsame.DecimalOf(exact.MaxDigits, result.Scale)
		}
		newEval := func() Eval { return totalOfWholes(l.Elem.Scale, mean) }
		if l.Elem.Kind == selfsame.Float64 {
			newEval = func() Eval { return totalOfFloats(mean) }
		}
		return &Bound{Result: result, Args: takes(l), NewEval: newEval}, nil
	}
}

func totalOfFloats(mean bool) Eval {
	sum := exact.NewFloatSum()
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		l := args[0]
		for i := range rows {
			sum.Reset()
			n, special := uint64(0), 0.0
			for j := int(l.Offsets[i]); j < int(l.Offsets[i+1]) && !skipped(skip, i); j++ {
				if l.Elems.StatusAt(j) != selfsame.Present {
					continue
				}
				n++
				if x := l.Elems.Floats[j]; math.Abs(x) <= math.MaxFloat64 {
					sum.Add(x)
				} else {
					special += x // NaN and the infinities decide alone
				}
			}
			switch {
			case n == 0:
				out.Floats[i] = 0
				setNull(out, skip, i)
			case special != 0:
				out.Floats[i] = special
			case mean:
				out.Floats[i] = sum.Mean(n)
			default:
				out.Floats[i] = sum.Round()
			}
		}
	}
}

// totalOfWholes adds int64 or unscaled decimals.
func totalOfWholes(scale uint8, mean bool) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		l := args[0]
		for i := range rows {
			var sum exact.Wide
			n := uint64(0)
			for j := int(l.Offsets[i]); j < int(l.Offsets[i+1]) && !skipped(skip, i); j++ {
				if l.Elems.StatusAt(j) != selfsame.Present {
					continue
				}
				n++
				if l.Elems.Type.Kind == selfsame.Decimal {
					sum.Add(l.Elems.Decimals[j])
				} else {
					sum.Add(exact.FromInt64(l.Elems.Ints[j]))
				}
			}
			switch {
			case n == 0:
				setNull(out, skip, i)
			case mean:
				out.Floats[i] = exact.WideMean(n, &sum, scale)
			case !putWhole(out, i, &sum):
				setOverflow(out, skip, i)
			}
		}
	}
}

// putWhole sets value i of an int64 or decimal column; it reports false beyond its range.
func putWhole(out *column.Column, i int, sum *exact.Wide) bool {
	v, ok := sum.Int128()
	if out.Type.Kind == selfsame.Decimal {
		out.Decimals[i] = v
		return ok && exact.Fits(v, exact.MaxDigits)
	}
	whole, fits := exact.ToInt64(v)
	out.Ints[i] = whole
	return ok && fits
}

// pairFunction compares two lists as sets: f gets how many different elements are common, in the first and in the second.
func pairFunction(name, summary, example, result string, t selfsame.Type, f func(common, left, right int) (float64, bool)) Function {
	newEval := func() Eval {
		var left, right elementSet
		return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
			out.Resize(rows)
			for i := range rows {
				if skipped(skip, i) {
					continue
				}
				left.fill(args[0], i)
				right.fill(args[1], i)
				common := 0
				for member := range right.members {
					if _, ok := left.members[member]; ok {
						common++
					}
				}
				v, ok := f(common, len(left.members), len(right.members))
				if t.Kind == selfsame.Bool {
					out.Bools[i] = v != 0
				} else {
					out.Floats[i] = v
				}
				if !ok {
					setNull(out, skip, i)
				}
			}
		}
	}
	bind := func(args []Arg) (*Bound, error) {
		if err := listArgument(name, "l, m", args, 2, false); err != nil {
			return nil, err
		}
		l := args[0].Type
		if l.Kind == selfsame.Unknown {
			l = args[1].Type
		}
		if !sameType(args[1].Type, l) || l.Kind != selfsame.List && l.Kind != selfsame.Unknown {
			return nil, badArgument(name, "it takes two lists of one type, not %s and %s", args[0].Type, args[1].Type)
		}
		l = listTypeOf(Arg{Type: l})
		return &Bound{Result: t, Args: takes(l, l), NewEval: newEval}, nil
	}
	return Function{Name: name, Group: "list", Params: "l, m", Summary: summary, Example: example, Result: result, Bind: bind}
}

// vectorFunction is a function of two lists of numbers: f gets Σxy, Σx², Σy² and Σ(x-y)², added from the first place on.
func vectorFunction(name, summary, example, result string, f func(xy, xx, yy, squares float64) (float64, bool)) Function {
	kernel := func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		for i := range rows {
			out.Floats[i] = 0
			if skipped(skip, i) {
				continue
			}
			var xy, xx, yy, squares float64
			a, b := int(args[0].Offsets[i]), int(args[1].Offsets[i])
			n := int(args[0].Offsets[i+1]) - a
			ok := n == int(args[1].Offsets[i+1])-b
			for j := 0; ok && j < n; j++ {
				x, there := number(args[0].Elems, a+j)
				y, also := number(args[1].Elems, b+j)
				ok = there && also
				xy += float64(x * y)
				xx += float64(x * x)
				yy += float64(y * y)
				squares += float64((x - y) * (x - y))
			}
			v, defined := f(xy, xx, yy, squares)
			if ok && defined {
				out.Floats[i] = v
			} else {
				setNull(out, skip, i)
			}
		}
	}
	bind := func(args []Arg) (*Bound, error) {
		if err := listArgument(name, "l, m", args, 2, false); err != nil {
			return nil, err
		}
		types := takes(listTypeOf(args[0]), listTypeOf(args[1]))
		for _, t := range types {
			if t.Kind != selfsame.List || !t.Elem.IsNumber() {
				return nil, badArgument(name, "it takes two lists of numbers, not %s and %s", args[0].Type, args[1].Type)
			}
		}
		return &Bound{Result: floatType, Args: types, NewEval: func() Eval { return kernel }}, nil
	}
	return Function{Name: name, Group: "list", Params: "l, m", Summary: summary, Example: example, Result: result, Bind: bind}
}

// number is element j of a list of numbers as float64; false where it is null.
func number(elems *column.Column, j int) (float64, bool) {
	switch {
	case elems.StatusAt(j) != selfsame.Present:
		return 0, false
	case elems.Type.Kind == selfsame.Float64:
		return elems.Floats[j], true
	case elems.Type.Kind == selfsame.Decimal:
		return exact.DecimalToFloat(elems.Decimals[j], elems.Type.Scale), true
	}
	return float64(elems.Ints[j]), true
}
