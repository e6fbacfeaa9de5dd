// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// escaped begins a text that PlainText could not leave as it is.
const escaped = `\q"`

// PlainText writes any string as UTF-8 without NUL, for stores and files that keep nothing else: as it is, or quoted in ASCII behind `\q`.
// ParsePlainText reads it.
func PlainText(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 && !strings.HasPrefix(s, escaped) {
		return s
	}
	return `\q` + strconv.QuoteToASCII(s)
}

// ParsePlainText reads what PlainText wrote.
func ParsePlainText(s string) (string, error) {
	if !strings.HasPrefix(s, escaped) {
		return s, nil
	}
	return strconv.Unquote(s[len(`\q`):])
}
