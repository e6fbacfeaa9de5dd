// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"fmt"
	"slices"

	"selfsame"
	"selfsame/column"
)

// collectionFunctions are part of the section list of the reference: lists to lists, and the sides of maps.
var collectionFunctions = []Function{
	{Name: "list_of", Group: "list", Params: "x, …", Summary: "The list of its arguments, of one type, in their order; numbers are widened.",
		Example: "list_of(1, 2.5)", Result: "[1.0, 2.5]", Bind: bindListOf},
	{Name: "one_hot", Group: "list", Params: "x, v, …", Summary: "A list of int64, as long as there are values v: 1 at those equal to x, else 0.",
		Example: "one_hot('b', 'a', 'b', 'c')", Result: "[0, 1, 0]", Bind: bindOneHot},
	listFunction("list_slice", "l, from, to", "The elements from one place to another, both included; places count from 1, from -1 backwards, and those outside hold nothing.",
		"list_slice(split('a,b,c,d', ','), 2, -2)", "[b, c]", func() appendElements { return appendSlice }, intType, intType),
	listFunction("list_reverse", "l", "The elements from the last to the first.", "list_reverse(split('a,b', ','))", "[b, a]", func() appendElements { return appendReversed }),
	listFunction("list_sort", "l", "The elements in ascending order, strings by their bytes, nulls last.", "list_sort(list_of(3, null, 1))", "[1, 3, null]", newSorted),
	listFunction("list_distinct", "l", "Each element once, at its first place; no nulls.", "list_distinct(split('b,a,b', ','))", "[b, a]", newDistinct),
	{Name: "list_concat", Group: "list", Params: "l, …", Summary: "The elements of its lists, two or more of one type, one after the other.",
		Example: "list_concat(list_of(1), list_of(2, 3))", Result: "[1, 2, 3]", Bind: bindListConcat},
	{Name: "list_join", Group: "list", Params: "l, separator", Summary: "The strings of l with the separator between them, without nulls. Null beyond 16 MiB.",
		Example: "list_join(split('a,b', ','), ' + ')", Result: "a + b", Bind: choose("list_join", "l, separator",
			overload{args: takes(selfsame.ListOf(stringType), stringType), result: stringType, kernel: evalJoin})},
	{Name: "map_keys", Group: "list", Params: "m", Summary: "The keys of a map in the order of their bytes.",
		Example: "map_keys(map_of('b', 1, 'a', 2))", Result: "[a, b]", Bind: bindMapSide("map_keys", true)},
	{Name: "map_values", Group: "list", Params: "m", Summary: "The values of a map in the order of its keys.",
		Example: "map_values(map_of('b', 1, 'a', 2))", Result: "[2, 1]", Bind: bindMapSide("map_values", false)},
	{Name: "map_of", Group: "list", Params: "key, x, …", Summary: "The map of keys, which are constant strings, to values of one type; numbers are widened.",
		Example: "map_of('clicks', 3, 'rate', 0.5)", Result: "{clicks: 3.0, rate: 0.5}", Bind: bindMapOf},
}

// appendElements appends to elems what a function makes of elements [lo, hi) of l; it appends nothing else. It may keep memory from row to row.
type appendElements func(elems, l *column.Column, lo, hi int, args []*column.Column, row int)

// listFunction is a function from a list, and scalars of the given types, to a list of its type.
func listFunction(name, params, summary, example, result string, newAppend func() appendElements, rest ...selfsame.Type) Function {
	bind := func(args []Arg) (*Bound, error) {
		if err := listArgument(name, params, args, 1+len(rest), false); err != nil {
			return nil, err
		}
		for i, t := range rest {
			if !sameType(args[1+i].Type, t) {
				return nil, badArgument(name, "(%s): argument %d is %s, not %s", params, i+2, t, args[1+i].Type)
			}
		}
		l := listTypeOf(args[0])
		return &Bound{Result: l, Args: append(takes(l), rest...), NewEval: func() Eval {
			f := newAppend()
			return eachList(func(out *column.Column, args []*column.Column, i int) {
				f(out.Elems, args[0].Elems, int(args[0].Offsets[i]), int(args[0].Offsets[i+1]), args, i)
			})
		}}, nil
	}
	return Function{Name: name, Group: "list", Params: params, Summary: summary, Example: example, Result: result, Bind: bind}
}

// listTypeOf is the type of a list argument; an untyped NULL is a list of int64.
func listTypeOf(a Arg) selfsame.Type {
	if a.Type.Kind == selfsame.Unknown {
		return selfsame.ListOf(intType)
	}
	return a.Type
}

// eachList makes a kernel to lists: f appends the elements of row i to out.Elems.
func eachList(f func(out *column.Column, args []*column.Column, i int)) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		for i := range rows {
			if skipped(skip, i) {
				out.AppendStatus(selfsame.Present)
				continue
			}
			f(out, args, i)
			out.Offsets = append(out.Offsets, uint32(out.Elems.Len()))
		}
	}
}

func appendSlice(elems, l *column.Column, lo, hi int, args []*column.Column, row int) {
	n := int64(hi - lo)
	place := func(p int64) int64 {
		if p < 0 {
			return max(p, -n-1) + n + 1
		}
		return min(p, n+1)
	}
	from, to := place(args[1].Ints[row]), place(args[2].Ints[row])
	if from, to = max(from, 1), min(to, n); from <= to {
		elems.AppendRange(l, lo+int(from)-1, lo+int(to))
	}
}

func appendReversed(elems, l *column.Column, lo, hi int, _ []*column.Column, _ int) {
	for j := hi - 1; j >= lo; j-- {
		elems.AppendFrom(l, j)
	}
}

func newSorted() appendElements {
	var order []uint32
	return func(elems, l *column.Column, lo, hi int, _ []*column.Column, _ int) {
		order = order[:0]
		for j := lo; j < hi; j++ {
			if l.StatusAt(j) == selfsame.Present {
				order = append(order, uint32(j))
			}
		}
		slices.SortStableFunc(order, func(a, b uint32) int { return column.Compare(l, int(a), l, int(b)) })
		for j := lo; j < hi; j++ {
			if l.StatusAt(j) != selfsame.Present {
				order = append(order, uint32(j))
			}
		}
		elems.AppendGather(l, order)
	}
}

func newDistinct() appendElements {
	var seen elementSet
	return func(elems, l *column.Column, lo, hi int, _ []*column.Column, _ int) {
		clear(seen.members)
		for j := lo; j < hi; j++ {
			if l.StatusAt(j) == selfsame.Present && seen.add(l, j) {
				elems.AppendFrom(l, j)
			}
		}
	}
}

// elementSet is a set of elements, by their canonical bytes. The zero value is empty.
type elementSet struct {
	members map[string]struct{}
	scratch []byte
}

// add reports whether present element j of l was not in the set.
func (s *elementSet) add(l *column.Column, j int) bool {
	if s.has(l, j) {
		return false
	}
	if s.members == nil {
		s.members = map[string]struct{}{}
	}
	s.members[string(s.scratch)] = struct{}{}
	return true
}

func (s *elementSet) has(l *column.Column, j int) bool {
	s.scratch = canonical(s.scratch[:0], l, j)
	_, ok := s.members[string(s.scratch)]
	return ok
}

// fill makes s the set of the elements of row i of a column of lists; nulls are no elements.
func (s *elementSet) fill(lists *column.Column, i int) {
	clear(s.members)
	for j := int(lists.Offsets[i]); j < int(lists.Offsets[i+1]); j++ {
		if lists.Elems.StatusAt(j) == selfsame.Present {
			s.add(lists.Elems, j)
		}
	}
}

// oneType is the type that the arguments are converted to to stand in one list; ok is false where there is none.
func oneType(args []Arg) (t selfsame.Type, ok bool) {
	for _, a := range args {
		switch {
		case a.Type.Kind == selfsame.Unknown || t.Kind != selfsame.Unknown && widens(a.Type, t):
		case t.Kind == selfsame.Unknown || widens(t, a.Type):
			t = a.Type
		default:
			return t, false
		}
	}
	if t.Kind == selfsame.Unknown {
		t = intType
	}
	return t, t.Kind != selfsame.List && t.Kind != selfsame.Map
}

// mixed is the error of arguments without a common type.
func mixed(name, params string, args []Arg) error {
	given := make([]string, len(args))
	for i, a := range args {
		given[i] = a.Type.String()
	}
	return &selfsame.Error{Class: selfsame.ClassDefinition, Message: fmt.Sprintf("%s(%s) does not take (%s)", name, params, joinTypes(given)),
		Hint: "its arguments are scalars of one type; CAST those that are not"}
}

func bindListOf(args []Arg) (*Bound, error) {
	t, ok := oneType(args)
	if !ok || len(args) == 0 {
		return nil, mixed("list_of", "x, …", args)
	}
	kernel := func(out *column.Column, args []*column.Column, rows int, _ []int64, _ []bool) {
		for i := range rows {
			for _, a := range args {
				if st := a.StatusAt(i); st != selfsame.Present {
					out.Elems.AppendStatus(selfsame.Null)
				} else {
					out.Elems.AppendFrom(a, i)
				}
			}
			out.Offsets = append(out.Offsets, uint32(out.Elems.Len()))
		}
		errorsOfElements(out, args, rows)
	}
	return &Bound{Result: selfsame.ListOf(t), Args: slices.Repeat(takes(t), len(args)), Lenient: true, NewEval: func() Eval { return kernel }}, nil
}

func bindOneHot(args []Arg) (*Bound, error) {
	t, ok := oneType(args)
	if !ok || len(args) < 2 {
		return nil, mixed("one_hot", "x, v, …", args)
	}
	return &Bound{Result: selfsame.ListOf(intType), Args: slices.Repeat(takes(t), len(args)), NewEval: func() Eval {
		var x, v []byte
		return eachList(func(out *column.Column, args []*column.Column, i int) {
			x = canonical(x[:0], args[0], i)
			for _, a := range args[1:] {
				v = canonical(v[:0], a, i)
				out.Elems.Ints = append(out.Elems.Ints, 0)
				if string(v) == string(x) {
					out.Elems.Ints[len(out.Elems.Ints)-1] = 1
				}
			}
		})
	}}, nil
}

func bindListConcat(args []Arg) (*Bound, error) {
	t := selfsame.Type{}
	for _, a := range args {
		if err := listArgument("list_concat", "l, …", []Arg{a}, 1, false); err != nil {
			return nil, err
		}
		if t.Kind == selfsame.Unknown {
			t = a.Type
		}
		if !sameType(a.Type, t) {
			return nil, badArgument("list_concat", "lists of type %s and %s stand together", t, a.Type)
		}
	}
	if len(args) < 2 {
		return nil, listArgument("list_concat", "l, …", args, 2, false)
	}
	t = listTypeOf(Arg{Type: t})
	kernel := eachList(func(out *column.Column, args []*column.Column, i int) {
		for _, a := range args {
			out.Elems.AppendRange(a.Elems, int(a.Offsets[i]), int(a.Offsets[i+1]))
		}
	})
	return &Bound{Result: t, Args: slices.Repeat(takes(t), len(args)), NewEval: func() Eval { return kernel }}, nil
}

func evalJoin(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
	l := args[0]
	for i := range rows {
		if skipped(skip, i) {
			out.AppendStatus(selfsame.Present)
			continue
		}
		if joined, ok := appendJoined(out.Bytes, l, i, args[1].Str(i)); ok {
			out.Bytes = joined
			out.AppendBytes(nil)
		} else {
			out.AppendStatus(selfsame.Null)
		}
	}
}

// bindMapSide binds the keys or the values of a map.
func bindMapSide(name string, keys bool) func([]Arg) (*Bound, error) {
	return func(args []Arg) (*Bound, error) {
		if len(args) != 1 || args[0].Type.Kind != selfsame.Map && args[0].Type.Kind != selfsame.Unknown {
			return nil, &selfsame.Error{Class: selfsame.ClassDefinition, Message: name + "(m) takes one map", Hint: "such as a column of type map<string,int64>"}
		}
		m := args[0].Type
		if m.Kind == selfsame.Unknown {
			m = selfsame.MapOf(intType)
		}
		elem := *m.Elem
		if keys {
			elem = stringType
		}
		kernel := eachList(func(out *column.Column, args []*column.Column, i int) {
			side := args[0].Elems
			if keys {
				side = args[0].Keys
			}
			out.Elems.AppendRange(side, int(args[0].Offsets[i]), int(args[0].Offsets[i+1]))
		})
		return &Bound{Result: selfsame.ListOf(elem), Args: takes(m), NewEval: func() Eval { return kernel }}, nil
	}
}

func bindMapOf(args []Arg) (*Bound, error) {
	if len(args) == 0 || len(args)%2 != 0 {
		return nil, badArgument("map_of", "it takes keys and values in turn, not %d arguments", len(args))
	}
	var keys []string
	var values []Arg
	place := map[string]int{} // of a key's value among the arguments
	for i := 0; i < len(args); i += 2 {
		key, err := constantText("map_of", "key", args, i)
		if err != nil {
			return nil, err
		}
		if _, twice := place[key]; twice {
			return nil, badArgument("map_of", "the key %q stands twice", key)
		}
		place[key] = i + 1
		keys, values = append(keys, key), append(values, args[i+1])
	}
	t, ok := oneType(values)
	if !ok {
		return nil, mixed("map_of", "key, x, …", values)
	}
	slices.Sort(keys)
	kernel := func(out *column.Column, args []*column.Column, rows int, _ []int64, _ []bool) {
		for i := range rows {
			for _, key := range keys {
				out.Keys.AppendBytes([]byte(key))
				if v := args[place[key]]; v.StatusAt(i) == selfsame.Present {
					out.Elems.AppendFrom(v, i)
				} else {
					out.Elems.AppendStatus(selfsame.Null)
				}
			}
			out.Offsets = append(out.Offsets, uint32(out.Elems.Len()))
		}
		errorsOfElements(out, args, rows)
	}
	return &Bound{Result: selfsame.MapOf(t), Args: slices.Repeat(takes(stringType, t), len(keys)), Lenient: true, NewEval: func() Eval { return kernel }}, nil
}

// errorsOfElements makes the error of an argument that of the list or map that it is in.
func errorsOfElements(out *column.Column, args []*column.Column, rows int) {
	for _, a := range args {
		for i := range rows {
			if st := a.StatusAt(i); st.IsError() && out.StatusAt(i) == selfsame.Present {
				out.SetStatus(i, st)
			}
		}
	}
}

// appendJoined appends the strings of list i; false beyond maxJoined.
func appendJoined(dst []byte, l *column.Column, i int, separator []byte) ([]byte, bool) {
	start, first := len(dst), true
	for j := int(l.Offsets[i]); j < int(l.Offsets[i+1]); j++ {
		if l.Elems.StatusAt(j) != selfsame.Present {
			continue
		}
		if !first {
			dst = append(dst, separator...)
		}
		if dst, first = append(dst, l.Elems.Str(j)...), false; len(dst)-start > maxJoined {
			return nil, false
		}
	}
	return dst, true
}
