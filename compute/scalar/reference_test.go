// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar_test

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"selfsame"
	"selfsame/compute/expr"
)

// TestAgainstOtherImplementations evaluates the expressions that testdata/functions.py wrote with their values.
func TestAgainstOtherImplementations(t *testing.T) {
	file, err := os.ReadFile("testdata/functions.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(file)) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		v := evalText(t, parts[0], 0)
		lines++
		if got := expr.ValueText(v); got != parts[1] && !(len(parts) > 2 && nearby(t, v, parts[1], parts[2])) {
			t.Errorf("%s = %s, others give %s", parts[0], got, parts[1])
		}
	}
	if lines < 2000 {
		t.Errorf("%d expressions", lines)
	}
}

// nearby allows the error of the other implementation, relative to the value.
func nearby(t *testing.T, v selfsame.Value, value, allowed string) bool {
	t.Helper()
	bound, err := strconv.ParseFloat(allowed, 64)
	if err != nil {
		t.Fatal(err)
	}
	want, err := strconv.ParseFloat(value, 64)
	return err == nil && v.Status == selfsame.Present && v.Type.Kind == selfsame.Float64 && math.Abs(v.Float-want) <= bound*math.Abs(want)
}
