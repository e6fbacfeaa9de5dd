// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"bytes"
	"fmt"

	"selfsame"
	"selfsame/column"
)

// listFunctions is the section list of the reference.
var listFunctions = []Function{
	{Name: "list_length", Group: "list", Params: "l", Summary: "The number of elements of a list, of entries of a map; nulls count.",
		Example: "list_length(NULL)", Result: "null", Bind: bindListLength},
	{Name: "list_get", Group: "list", Params: "l, i", Summary: "Element i, from 1, of a list; null beyond its ends.",
		Example: "list_get(NULL, 1)", Result: "null", Bind: bindListGet},
	{Name: "list_contains", Group: "list", Params: "l, x", Summary: "Whether x is an element of a list; nulls in the list are no elements.",
		Example: "list_contains(NULL, 1)", Result: "null", Bind: bindListContains},
}

// listArgument checks that argument 0 is a list (or, where maps is set, a map) and that there are n arguments.
func listArgument(name, params string, args []Arg, n int, maps bool) error {
	if len(args) == n {
		switch k := args[0].Type.Kind; {
		case k == selfsame.List, k == selfsame.Unknown, k == selfsame.Map && maps:
			return nil
		}
	}
	given := make([]string, len(args))
	for i, a := range args {
		given[i] = a.Type.String()
	}
	return &selfsame.Error{Class: selfsame.ClassDefinition, Message: fmt.Sprintf("%s(%s) does not take (%s)", name, params, joinTypes(given)),
		Hint: "its first argument is a list, such as last(x, 5)"}
}

func joinTypes(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return joinWords(words)
}

func bindListLength(args []Arg) (*Bound, error) {
	if err := listArgument("list_length", "l", args, 1, true); err != nil {
		return nil, err
	}
	kernel := func(out *column.Column, args []*column.Column, rows int, _ []int64, _ []bool) {
		out.Resize(rows)
		if args[0].Type.Kind == selfsame.Unknown {
			return // an untyped NULL: every row is skipped
		}
		for i := range rows {
			out.Ints[i] = int64(args[0].Offsets[i+1] - args[0].Offsets[i])
		}
	}
	return &Bound{Result: intType, NewEval: func() Eval { return kernel }}, nil
}

func bindListGet(args []Arg) (*Bound, error) {
	if err := listArgument("list_get", "l, i", args, 2, false); err != nil {
		return nil, err
	}
	if !sameType(args[1].Type, intType) {
		return nil, badArgument("list_get", "its place i is an int64, not %s", args[1].Type)
	}
	b := &Bound{Result: args[0].Type, Args: takes(args[0].Type, intType), NewEval: func() Eval { return evalListGet }}
	if args[0].Type.Elem != nil {
		b.Result = *args[0].Type.Elem
	}
	return b, nil
}

func evalListGet(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
	l := args[0]
	for i := range rows {
		if skipped(skip, i) || l.Type.Kind != selfsame.List {
			out.AppendStatus(selfsame.Null)
			continue
		}
		lo, hi := int64(l.Offsets[i]), int64(l.Offsets[i+1])
		if at := args[1].Ints[i]; at >= 1 && at <= hi-lo {
			out.AppendFrom(l.Elems, int(lo+at-1))
		} else {
			out.AppendStatus(selfsame.Null)
		}
	}
}

func bindListContains(args []Arg) (*Bound, error) {
	if err := listArgument("list_contains", "l, x", args, 2, false); err != nil {
		return nil, err
	}
	elem := args[1].Type
	if e := args[0].Type.Elem; e != nil {
		elem = *e
		if !widens(args[1].Type, elem) {
			return nil, badArgument("list_contains", "a %s has no elements of type %s", args[0].Type, args[1].Type)
		}
	}
	return &Bound{Result: boolType, Args: takes(args[0].Type, elem), NewEval: func() Eval {
		var key, scratch []byte
		return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
			out.Resize(rows)
			for i := range rows {
				if skipped(skip, i) || args[0].Type.Kind != selfsame.List {
					continue
				}
				key = canonical(key[:0], args[1], i)
				out.Bools[i] = false
				for j := int(args[0].Offsets[i]); j < int(args[0].Offsets[i+1]); j++ {
					if args[0].Elems.StatusAt(j) != selfsame.Present {
						continue
					}
					scratch = canonical(scratch[:0], args[0].Elems, j)
					if bytes.Equal(key, scratch) {
						out.Bools[i] = true
						break
					}
				}
			}
		}
	}}, nil
}
