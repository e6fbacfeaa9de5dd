// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package textual

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// step goes from a JSON value to one inside it: to a member where name is set, else to an element, counted from 0.
type step struct {
	name  []byte
	index int
}

// Path leads to a value inside a JSON document.
type Path struct{ steps []step }

var errPath = errors.New("a path is written $.name, $.name[0] or $['any name']")

// ParsePath reads a path: an optional $, then .name, [n] and ['name'] in any number. There are no wildcards and no filters.
func ParsePath(s string) (Path, error) {
	var p Path
	rest, rooted := strings.CutPrefix(s, "$")
	if !rooted && rest != "" && rest[0] != '.' && rest[0] != '[' {
		rest = "." + rest
	}
	for rest != "" {
		next, remaining, ok := readStep(rest)
		if !ok {
			return Path{}, errPath
		}
		p.steps, rest = append(p.steps, next), remaining
	}
	return p, nil
}

func readStep(s string) (next step, rest string, ok bool) {
	if name, ok := strings.CutPrefix(s, "."); ok {
		end := strings.IndexAny(name, ".[]'\"*@? ")
		if end < 0 {
			end = len(name)
		}
		if end < len(name) && name[end] != '.' && name[end] != '[' {
			return step{}, "", false
		}
		return step{name: []byte(name[:end])}, name[end:], end > 0
	}
	if s, ok = strings.CutPrefix(s, "["); !ok || s == "" {
		return step{}, "", false
	}
	if quote := s[:1]; quote == "'" || quote == "\"" {
		name, rest, ok := strings.Cut(s[1:], quote+"]")
		return step{name: append([]byte{}, name...)}, rest, ok
	}
	digits, rest, ok := strings.Cut(s, "]")
	n, err := strconv.ParseUint(digits, 10, 31)
	return step{index: int(n)}, rest, ok && err == nil
}

// Find returns the text of the value that the path leads to, a part of doc; false where there is none or doc is not JSON. Of
// several members of one name the last counts.
func (p Path) Find(doc []byte) (value []byte, ok bool) {
	if !json.Valid(doc) {
		return nil, false
	}
	value = bytes.TrimSpace(doc)
	for _, s := range p.steps {
		if value, ok = s.from(value); !ok {
			return nil, false
		}
	}
	return value, true
}

// from finds the value that s leads to inside a valid one.
func (s step) from(value []byte) (found []byte, ok bool) {
	if s.name == nil {
		place := 0
		eachElement(value, func(element []byte) bool {
			if place == s.index {
				found, ok = element, true
			}
			place++
			return !ok
		})
		return found, ok
	}
	if value[0] != '{' {
		return nil, false
	}
	var scratch []byte
	for i := blank(value, 1); value[i] != '}'; {
		end := skip(value, i)
		key := value[i+1 : end-1]
		if bytes.IndexByte(key, '\\') >= 0 {
			scratch = unescape(scratch[:0], key)
			key = scratch
		}
		i = blank(value, blank(value, end)+1)
		end = skip(value, i)
		if bytes.Equal(key, s.name) {
			found, ok = value[i:end], true
		}
		if i = blank(value, end); value[i] == ',' {
			i = blank(value, i+1)
		}
	}
	return found, ok
}

// Elements calls f with the text of each element of a JSON array, a value that Find gave. It reports whether it is one.
func Elements(value []byte, f func(element []byte)) bool {
	return eachElement(value, func(element []byte) bool { f(element); return true })
}

func eachElement(value []byte, f func(element []byte) bool) bool {
	if value[0] != '[' {
		return false
	}
	for i := blank(value, 1); value[i] != ']'; {
		end := skip(value, i)
		if !f(value[i:end]) {
			break
		}
		if i = blank(value, end); value[i] == ',' {
			i = blank(value, i+1)
		}
	}
	return true
}

// blank is the first place from i on that holds no white space.
func blank(b []byte, i int) int {
	for b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r' {
		i++
	}
	return i
}

// skip is the place behind the value that begins at i.
func skip(b []byte, i int) int {
	depth := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // behind a number or a word
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// AppendScalar appends what a JSON value that Find gave is as text: a string without quotes and escapes, anything else as it stands.
// It reports false for null.
func AppendScalar(dst, value []byte) ([]byte, bool) {
	switch value[0] {
	case 'n':
		return dst, false
	case '"':
		return unescape(dst, value[1:len(value)-1]), true
	}
	return append(dst, value...), true
}

var escapes = map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape appends the inside of a JSON string. Half of a surrogate pair becomes U+FFFD.
func unescape(dst, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			dst = append(dst, s[i])
			continue
		case s[i+1] != 'u':
			c, special := escapes[s[i+1]]
			if !special {
				c = s[i+1] // " \ or /
			}
			dst = append(dst, c)
			i++
			continue
		}
		r := unit(s[i+2:])
		i += 5
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if len(s) > i+6 && s[i+1] == '\\' && s[i+2] == 'u' {
				pair = utf16.DecodeRune(r, unit(s[i+3:]))
			}
			if r = pair; r != utf8.RuneError {
				i += 6
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// unit reads four hexadecimal digits.
func unit(s []byte) rune {
	n, _ := strconv.ParseUint(string(s[:4]), 16, 16)
	return rune(n)
}
