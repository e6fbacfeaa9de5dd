// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package selfsame_test

import (
	"strings"
	"testing"

	"selfsame"
)

func TestNearest(t *testing.T) {
	known := []string{"amount", "user_id", "merchant_id", "at", "AMOUNTS"}
	for name, want := range map[string]string{
		"amuont":    "amount",  // two neighbours swapped count once
		"AMOUNT":    "amount",  // case does not count; the first of equals
		"amounts":   "AMOUNTS", // exact beats near
		"userid":    "user_id",
		"merchant":  "", // three letters are more than a third of eight
		"merchan_i": "merchant_id",
		"a":         "at", // one letter may always change
		"at":        "at",
		"x":         "",
		"":          "",
		"latitude":  "",
	} {
		if got := selfsame.Nearest(name, known); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := selfsame.Nearest("ab", []string{"abc", "abd"}); got != "abc" {
		t.Errorf("of two equally near names got %q, want the first", got)
	}
	if got := selfsame.Nearest("amount", nil); got != "" {
		t.Errorf("of no names got %q", got)
	}
}

func TestNearestOfLongNames(t *testing.T) {
	long := strings.Repeat("a", 300)
	if got := selfsame.Nearest(long, []string{long + "b"}); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}
