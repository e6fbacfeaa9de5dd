// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"maps"
	"slices"

	"selfsame"
	"selfsame/compute/expr"
	"selfsame/plan"
)

// canonicalKey is what fills a key field, in normal form.
func canonicalKey(text string) string {
	if !plan.IsKeyExpression(text) {
		return text
	}
	n, err := expr.Parse(selfsame.Expr{Text: text})
	if err != nil {
		return text
	}
	return expr.Print(n)
}

// keyColumns are the columns that fill a key field.
func keyColumns(text string) []string {
	if !plan.IsKeyExpression(text) {
		return []string{text}
	}
	n, err := expr.Parse(selfsame.Expr{Text: text})
	if err != nil {
		return nil
	}
	used := names{}
	used.add(n)
	return slices.Sorted(maps.Keys(used))
}
