// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"strings"
	"testing"

	"selfsame"
)

// TestNumbersWithoutAFormInJSON: a column may hold numbers beside the names of those that are not finite, in any order; other texts stay texts.
func TestNumbersWithoutAFormInJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"x": [2.5, "Infinity", null, -3, "NaN"]}`: "float64 2.5 +Inf null -3 NaN",
		`{"x": [null, "-Infinity", 7]}`:             "float64 null -Inf 7",
		`{"x": [9007199254740993, "NaN"]}`:          "float64 9.007199254740992e+15 NaN",
		`{"x": ["NaN", "NaN"]}`:                     "string NaN NaN",
		`{"x": ["NaN", "nan", "Infinity"]}`:         "string NaN nan Infinity",
		`{"x": ["nan", 1]}`:                         "columns.x[1]: is an int64, the values before are string",
		`{"x": [1, "inf"]}`:                         "columns.x[1]: is a string, the values before are int64",
		`{"x": [true, "NaN"]}`:                      "columns.x[1]: is a string, the values before are bool",
	} {
		g := &given{}
		g.reset(10)
		got := ""
		if err := g.columns(&scanner{b: []byte(text)}); err != nil {
			got = err.Error()
		} else {
			c := g.finish().Columns[0]
			got = c.Type.String()
			for i := range c.Len() {
				switch {
				case c.StatusAt(i) != selfsame.Present:
					got += " null"
				case c.Type.Kind == selfsame.Float64:
					got += fmt.Sprint(" ", c.Floats[i])
				default:
					got += " " + string(c.Str(i))
				}
			}
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
