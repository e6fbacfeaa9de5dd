// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"cmp"
	"slices"
	"strings"

	"selfsame"
)

// Errors are all mistakes of a project, sorted by file, line and column. It is never empty where it is returned as an error.
type Errors []*selfsame.Error

// Error prints every mistake, each as selfsame.Error prints it, one after the other.
func (e Errors) Error() string {
	var b strings.Builder
	for i, err := range e {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(err.Error())
	}
	return b.String()
}

// Unwrap returns the mistakes, for errors.Is and errors.As.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, err := range e {
		out[i] = err
	}
	return out
}

// sorted returns the mistakes in the order of their places, each once.
func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b *selfsame.Error) int {
		return cmp.Or(strings.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column), strings.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(e, func(a, b *selfsame.Error) bool { return a.Pos == b.Pos && a.Message == b.Message })
}
