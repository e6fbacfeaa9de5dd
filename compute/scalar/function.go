// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"selfsame"
	"selfsame/column"
)

// Function is one scalar function of the language. The table of functions is closed: see Functions.
type Function struct {
	Name    string
	Group   string // section of the reference: math, string, pattern, time, geo, list, hash, conditional
	Params  string // as the reference prints them, e.g. "x, digits"
	Summary string // one sentence; units named
	Example string // an expression over literals, e.g. "round(2.5)"
	Result  string // what Example gives, printed as text, e.g. "3.0"; a test evaluates it
	// Bind types a call. Its error says which arguments the function takes.
	Bind func(args []Arg) (*Bound, error)
}

// Arg is an argument of a call as the engine knows it.
type Arg struct {
	Type  selfsame.Type
	Const *selfsame.Value // not nil where the argument is a constant
}

// Bound is a typed call.
type Bound struct {
	Result selfsame.Type
	// Args are the types that the arguments are converted to before Eval (int64 to float64 and so on); nil: as they are.
	Args []selfsame.Type
	// Lenient functions are called with null and error arguments and set every status themselves (coalesce). Of every other function
	// the engine computes the status first: a null argument makes a null, an error argument that error.
	Lenient bool
	// NewEval returns the kernel. One kernel is used by one goroutine; it may keep scratch memory between calls.
	NewEval func() Eval
}

// Eval computes rows values. out is empty at entry, of type Bound.Result; the kernel leaves exactly rows values in it (by Resize
// and indexing for fixed-width kinds, by appending for the others). skip[i], where skip is not nil, marks the rows whose
// status the engine has already decided: the kernel leaves any value there (appending kinds: an empty slot). A domain error
// is set as out.SetStatus(i, selfsame.Null), an int64 overflow as selfsame.ErrorOverflow. at[i] is T of the row.
type Eval func(out *column.Column, args []*column.Column, rows int, at []int64, skip []bool)
