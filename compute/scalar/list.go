// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"bytes"
	"fmt"

	"selfsame"
	"selfsame/column"
)

// listFunctions is the section list of the reference. Elements are read by l[i], which is part of the grammar.
var listFunctions = []Function{
	{Name: "split", Group: "list", Params: "s, separator", Summary: "The parts of s between separators, a list of strings; one part, s, where the separator is empty.",
		Example: "split('a,b,c', ',')", Result: "[a, b, c]", Bind: choose("split", "s, separator",
			overload{args: takes(stringType, stringType), result: selfsame.ListOf(stringType), kernel: evalSplit})},
	{Name: "list_length", Group: "list", Params: "l", Summary: "The number of elements of a list, of entries of a map; nulls count.",
		Example: "list_length(split('a,b,c', ','))", Result: "3", Bind: bindListLength},
	{Name: "list_contains", Group: "list", Params: "l, x", Summary: "Whether x is an element of a list; nulls in the list are no elements.",
		Example: "list_contains(split('a,b,c', ','), 'b')", Result: "true", Bind: bindListContains},
}

func evalSplit(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
	for i := range rows {
		if skipped(skip, i) {
			out.AppendStatus(selfsame.Present)
			continue
		}
		s, separator := args[0].Str(i), args[1].Str(i)
		for len(separator) > 0 {
			at := bytes.Index(s, separator)
			if at < 0 {
				break
			}
			out.Elems.AppendBytes(s[:at])
			s = s[at+len(separator):]
		}
		out.Elems.AppendBytes(s)
		out.Offsets = append(out.Offsets, uint32(out.Elems.Len()))
	}
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
