// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"strings"
	"testing"

	"selfsame"
)

// TestDecayIsReadAndPrinted: the half-life and the step stand after the argument, in any order, and only there.
func TestDecayIsReadAndPrinted(t *testing.T) {
	const want = "decayed_sum(x, half_life 1d, step 1h) over 30d"
	for _, text := range []string{want, "DECAYED_SUM(x, Step 60m, half_life 24h) over 30d"} {
		n, err := Parse(selfsame.Expr{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		if got := Print(n); got != want {
			t.Errorf("%s is printed as %s", text, got)
		}
		if a := n.(*Aggregate); a.HalfLife != selfsame.DayLength || a.Step != selfsame.Hour || len(a.Args) != 1 {
			t.Errorf("%s is read as %+v", text, a)
		}
	}
	for text, word := range map[string]string{
		"decayed_sum(x, half_life 1d, half_life 2d)": "twice",
		"decayed_sum(x, half_life 0s)":               "0",
		"decayed_sum(x, half_life 24)":               "duration",
		"sum(x, half_life 1d)":                       "expected",
	} {
		if _, err := Parse(selfsame.Expr{Text: text}); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v; it does not say %q", text, err, word)
		}
	}
}
