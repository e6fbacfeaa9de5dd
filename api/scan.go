// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// maxDepth bounds the nesting of JSON values.
const maxDepth = 64

// scanner walks over a JSON text without making values of it. Strings without escapes are slices of the text.
type scanner struct {
	b   []byte
	at  int
	str []byte // of the last string with escapes
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for s.at < len(s.b) {
		switch c := s.b[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// take consumes c where it is next.
func (s *scanner) take(c byte) bool {
	if s.peek() == c {
		s.at++
		return true
	}
	return false
}

// word consumes a literal.
func (s *scanner) word(w string) bool {
	if s.peek() != 0 && bytes.HasPrefix(s.b[s.at:], unsafe.Slice(unsafe.StringData(w), len(w))) {
		s.at += len(w)
		return true
	}
	return false
}

// text reads a string. It is valid until the next one is read. ok is false where there is none, or it is not UTF-8.
func (s *scanner) text() (v []byte, ok bool) {
	if s.peek() != '"' {
		return nil, false
	}
	b := s.b[s.at+1:]
	for i, c := range b {
		switch {
		case c == '"':
			s.at += i + 2
			return b[:i], utf8.Valid(b[:i])
		case c == '\\':
			return s.escaped(b, i)
		case c < 0x20:
			return nil, false
		}
	}
	return nil, false
}

// escaped goes on with a string whose first backslash is at i.
func (s *scanner) escaped(b []byte, i int) ([]byte, bool) {
	out := append(s.str[:0], b[:i]...)
	for i < len(b) {
		c := b[i]
		switch {
		case c == '"':
			s.str = out
			s.at += i + 2
			return out, utf8.Valid(out)
		case c < 0x20:
			return nil, false
		case c != '\\':
			out = append(out, c)
			i++
			continue
		case i+1 >= len(b):
			return nil, false
		}
		if b[i+1] == 'u' {
			r, n := unicodeEscape(b[i:])
			if n == 0 {
				return nil, false
			}
			out, i = utf8.AppendRune(out, r), i+n
			continue
		}
		k := bytes.IndexByte([]byte(`"\/bfnrt`), b[i+1])
		if k < 0 {
			return nil, false
		}
		out, i = append(out, "\"\\/\b\f\n\r\t"[k]), i+2
	}
	return nil, false
}

// unicodeEscape reads \uXXXX, and the second of a surrogate pair. A lone surrogate is U+FFFD.
func unicodeEscape(b []byte) (rune, int) {
	hi, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(hi) {
		return hi, 6
	}
	if lo, ok := hex4(b[6:]); ok {
		if r := utf16.DecodeRune(hi, lo); r != utf8.RuneError {
			return r, 12
		}
	}
	return utf8.RuneError, 6
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(view(b[2:6]), 16, 32)
	return rune(v), err == nil && b[2] != '+' && b[2] != '-'
}

// number reads the text of a number. whole is true where it has neither fraction nor exponent; a number that is none is empty.
func (s *scanner) number() (text []byte, whole bool) {
	s.peek()
	b, n := s.b[s.at:], 0
	digits := func() bool {
		from := n
		for n < len(b) && b[n] >= '0' && b[n] <= '9' {
			n++
		}
		return n > from
	}
	if n < len(b) && b[n] == '-' {
		n++
	}
	if from := n; !digits() || (b[from] == '0' && n > from+1) {
		return nil, false
	}
	whole = true
	if n < len(b) && b[n] == '.' {
		n, whole = n+1, false
		if !digits() {
			return nil, false
		}
	}
	if n < len(b) && b[n]|32 == 'e' {
		n, whole = n+1, false
		if n < len(b) && (b[n] == '+' || b[n] == '-') {
			n++
		}
		if !digits() {
			return nil, false
		}
	}
	s.at += n
	return b[:n], whole
}

// members calls member with each key of an object; member consumes the value. The key is valid until a string is read.
func (s *scanner) members(member func(key []byte) error) error {
	if !s.take('{') {
		return s.malformed("an object")
	}
	for first := true; ; first = false {
		if first && s.take('}') {
			return nil
		}
		key, ok := s.text()
		if !ok || !s.take(':') {
			return s.malformed("a key and a colon")
		}
		if err := member(key); err != nil {
			return err
		}
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return s.malformed("a comma or the end of the object")
		}
	}
}

// items calls item for each element of a list; item consumes it.
func (s *scanner) items(item func(i int) error) error {
	if !s.take('[') {
		return s.malformed("a list")
	}
	for i := 0; ; i++ {
		if i == 0 && s.take(']') {
			return nil
		}
		if err := item(i); err != nil {
			return err
		}
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return s.malformed("a comma or the end of the list")
		}
	}
}

// end checks that nothing follows.
func (s *scanner) end() error {
	if s.peek() != 0 || s.at < len(s.b) {
		return s.malformed("the end")
	}
	return nil
}

// malformed says what was looked for, and what was found.
func (s *scanner) malformed(want string) error {
	s.peek()
	found := "the end of the body"
	if rest := s.b[min(s.at, len(s.b)):]; len(rest) > 0 {
		found = strconv.Quote(string(bytes.ToValidUTF8(rest[:min(len(rest), 20)], []byte("?"))))
	}
	return usage("byte "+strconv.Itoa(s.at), "the body is not the JSON that is looked for: "+found+" where "+want+" should be", "")
}

// view sees bytes as a string for the length of a call.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
