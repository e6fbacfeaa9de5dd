// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"strings"
	"testing"

	"selfsame"
)

// TestRespectNullsIsReadAndPrinted: it stands between the arguments and the filter, and makes a call an aggregate.
func TestRespectNullsIsReadAndPrinted(t *testing.T) {
	for text, want := range map[string]string{
		"last(x, 2) RESPECT nulls over 1d":                     "last(x, 2) respect nulls over 1d",
		"last(x) respect nulls filter (where x > 0) over 24h":  "last(x) respect nulls filter (where x > 0) over 24h",
		"(first(x, 3) respect nulls)[1]":                       "(first(x, 3) respect nulls)[1]",
		"upper(x) respect nulls":                               "upper(x) respect nulls",
		"last(x) respect nulls + nth_last(y, 2) respect nulls": "last(x) respect nulls + nth_last(y, 2) respect nulls",
	} {
		n, err := Parse(selfsame.Expr{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		if got := Print(n); got != want {
			t.Errorf("%s is printed as %s", text, got)
		}
		for _, a := range Aggregates(n) {
			if !a.RespectNulls {
				t.Errorf("%s: %s does not respect nulls", text, a.Func)
			}
		}
		if len(Aggregates(n)) == 0 {
			t.Errorf("%s has no aggregate", text)
		}
	}
	for text, word := range map[string]string{
		"last(x) respect null":                         "NULLS",
		"last(x) ignore nulls":                         "skip nulls",
		"last(x) filter (where x > 0) respect nulls":   "respect",
		"last(x) respect nulls respect nulls over 24h": "respect",
		"sum(x + upper(y) respect nulls)":              "inside another",
	} {
		if _, err := Parse(selfsame.Expr{Text: text}); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v; it does not say %q", text, err, word)
		}
	}
}
