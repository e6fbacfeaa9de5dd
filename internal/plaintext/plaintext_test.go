// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plaintext

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAnyString(t *testing.T) {
	for _, s := range []string{"", "plain", "größe <&>", "a\x00b", "\xff", `\q`, `\q"`, `\q"x"`, "\n\"\\", "\u2028"} {
		text := Write(s)
		if got, err := Read(text); err != nil || got != s || !utf8.ValidString(text) || strings.Contains(text, "\x00") {
			t.Errorf("%q is written as %q and read as %q, %v", s, text, got, err)
		}
		if plain := utf8.ValidString(s) && !strings.Contains(s, "\x00") && !strings.HasPrefix(s, `\q"`); plain != (text == s) {
			t.Errorf("%q is written as %q", s, text)
		}
	}
	if got, err := Read(`\q"no`); err == nil {
		t.Errorf("a quote without its end is read as %q", got)
	}
}
