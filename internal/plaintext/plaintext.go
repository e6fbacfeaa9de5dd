// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package plaintext writes any string as text for what keeps nothing else: UTF-8 without NUL. Stores and files of the registry call it.
package plaintext

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// escaped begins a text that Write could not leave as it is.
const escaped = `\q"`

// Write writes a string: as it is, or quoted in ASCII behind `\q`. Read reads it.
func Write(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 && !strings.HasPrefix(s, escaped) {
		return s
	}
	return `\q` + strconv.QuoteToASCII(s)
}

// Read reads what Write wrote.
func Read(s string) (string, error) {
	if !strings.HasPrefix(s, escaped) {
		return s, nil
	}
	return strconv.Unquote(s[len(`\q`):])
}
