// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package syntax

import (
	"strings"
	"testing"
)

// FuzzLocate: every byte of a scalar has a place in the source, in order.
func FuzzLocate(f *testing.F) {
	for _, s := range []string{"a b", "'it''s'", `"x\n\u00e9 y"`, "|\n a\n  b\n", ">-\n a\n b\n\n c\n", "a\n  b\n\n  c", "'a\n\n  b'", "\"a\\\n  b\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		file, errs := Read("x", []byte("k: "+strings.ReplaceAll(s, "\r", "")))
		root := file.Root
		if len(errs) > 0 || root == nil || root.Entry("k") == nil || root.Entry("k").Form != Scalar {
			return
		}
		n := root.Entry("k")
		places, _ := locate(n)
		if places == nil {
			return // the start of the scalar is the place then
		}
		if len(places) != len(n.Text)+1 {
			t.Fatalf("%q: got %d places for %d bytes", s, len(places), len(n.Text))
		}
		for i := 1; i < len(places); i++ {
			if later(places[i-1], places[i]) != places[i] && places[i-1] != places[i] {
				t.Errorf("%q: place %d is before the one before it", s, i)
			}
		}
	})
}
