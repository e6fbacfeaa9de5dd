// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package lineage

import (
	"cmp"
	"slices"
	"testing"
)

// TestOrderOfNames holds names to their order, each before all that follow.
func TestOrderOfNames(t *testing.T) {
	names := []string{"a", "a@1", "a@1.0", "a@1.0.0", "a@1.0.2", "a@1.0.10", "a@1.2.0", "a@2", "a@10.0.0", "a@beta", "a@beta.2", "a_b", "b@1"}
	for i, a := range names {
		for k, b := range names {
			if got, want := compareNames(a, b), cmp.Compare(i, k); got != want {
				t.Errorf("%s, %s: got %d, want %d", a, b, got, want)
			}
		}
	}
	if !slices.IsSortedFunc(names, compareNames) {
		t.Error("the names are not in order")
	}
}
