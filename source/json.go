// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"sort"
	"unicode/utf16"
	"unicode/utf8"

	"selfsame"
	"selfsame/column"
)

// maxDepth bounds the nesting of JSON values.
const maxDepth = 200

// JSON reads JSON values into columns. Its memory is used again for each value.
type JSON struct {
	how  *Reading
	rows *Rows
	str  []byte // scratch of the last string with escapes
}

// NewJSON returns a reader of values. rows counts naive times.
func NewJSON(how *Reading, rows *Rows) *JSON { return &JSON{how: how, rows: rows} }

const (
	whyMalformed = "is not valid JSON"
	whyDeep      = "is nested more than 200 deep"
	whyUnit      = "is a number without a time_format (s, ms or us)"
)

// Space skips white space.
func (j *JSON) Space(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	return b
}

// Value reads the value that b begins with and appends it to c. It returns the rest, or why the value cannot be read; then c may
// hold a part of it (TruncateColumn removes it).
func (j *JSON) Value(c *column.Column, b []byte) (rest []byte, why string) { return j.value(c, b, 0) }

func (j *JSON) value(c *column.Column, b []byte, depth int) ([]byte, string) {
	b = j.Space(b)
	if len(b) == 0 || depth > maxDepth {
		return b, whyMalformed
	}
	if rest, ok := bytes.CutPrefix(b, []byte("null")); ok {
		c.AppendStatus(selfsame.Null)
		return rest, ""
	}
	switch c.Type.Kind {
	case selfsame.List:
		return j.list(c, b, depth)
	case selfsame.Map:
		return j.object(c, b, depth)
	}
	token, rest, why := j.scalar(b)
	if why != "" {
		return b, why
	}
	quoted := b[0] == '"'
	switch k := c.Type.Kind; {
	case k == selfsame.Bool && (quoted || (b[0] != 't' && b[0] != 'f')):
		return b, "is not a bool"
	case (k == selfsame.String || k == selfsame.Bytes || k == selfsame.Date) && !quoted:
		return b, "is not a string"
	case k == selfsame.Int64 && quoted && !j.how.QuotedInts:
		return b, "is not a number"
	case k == selfsame.Timestamp && !quoted && j.how.Time.unit == 0:
		return b, whyUnit
	case k == selfsame.Timestamp && !quoted && (b[0] == 't' || b[0] == 'f'):
		return b, string(faultTimestamp)
	}
	return rest, AppendText(c, token, j.how, j.rows)
}

// scalar reads a string, number or bool and returns its text: of a string, its contents.
func (j *JSON) scalar(b []byte) (token, rest []byte, why string) {
	switch {
	case b[0] == '"':
		return j.String(b)
	case bytes.HasPrefix(b, []byte("true")):
		return b[:4], b[4:], ""
	case bytes.HasPrefix(b, []byte("false")):
		return b[:5], b[5:], ""
	}
	n := numberLen(b)
	if n == 0 {
		return nil, b, whyMalformed
	}
	return b[:n], b[n:], ""
}

// numberLen returns the length of the JSON number that b begins with, 0 where there is none.
func numberLen(b []byte) int {
	n := 0
	run := func() bool {
		from := n
		for n < len(b) && b[n] >= '0' && b[n] <= '9' {
			n++
		}
		return n > from
	}
	if n < len(b) && b[n] == '-' {
		n++
	}
	if from := n; !run() || (b[from] == '0' && n > from+1) {
		return 0
	}
	if n < len(b) && b[n] == '.' {
		n++
		if !run() {
			return 0
		}
	}
	if n < len(b) && (b[n] == 'e' || b[n] == 'E') {
		n++
		if n < len(b) && (b[n] == '+' || b[n] == '-') {
			n++
		}
		if !run() {
			return 0
		}
	}
	return n
}

// String reads the string that b begins with. The result is valid until the next string is read.
func (j *JSON) String(b []byte) (s, rest []byte, why string) {
	if len(b) == 0 || b[0] != '"' {
		return nil, b, whyMalformed
	}
	for i := 1; i < len(b); i++ {
		switch {
		case b[i] == '"':
			return b[1:i], b[i+1:], ""
		case b[i] == '\\':
			return j.escaped(b, i)
		case b[i] < 0x20:
			return nil, b, whyMalformed
		}
	}
	return nil, b, whyMalformed
}

// escaped goes on with a string whose first backslash is at i.
func (j *JSON) escaped(b []byte, i int) (s, rest []byte, why string) {
	j.str = append(j.str[:0], b[1:i]...)
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			return j.str, b[i+1:], ""
		case c < 0x20:
			return nil, b, whyMalformed
		case c != '\\':
			j.str = append(j.str, c)
			i++
		case i+1 >= len(b):
			return nil, b, whyMalformed
		case b[i+1] == 'u':
			r, n := unicodeEscape(b[i:])
			if n == 0 {
				return nil, b, whyMalformed
			}
			j.str = utf8.AppendRune(j.str, r)
			i += n
		default:
			k := bytes.IndexByte([]byte(`"\/bfnrt`), b[i+1])
			if k < 0 {
				return nil, b, whyMalformed
			}
			j.str = append(j.str, "\"\\/\b\f\n\r\t"[k])
			i += 2
		}
	}
	return nil, b, whyMalformed
}

// unicodeEscape reads \uXXXX, and a second one of a surrogate pair. A lone surrogate is U+FFFD.
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
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|32 >= 'a' && c|32 <= 'f':
			r = r<<4 | rune(c|32-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

func (j *JSON) list(c *column.Column, b []byte, depth int) ([]byte, string) {
	if b[0] != '[' {
		return b, "is not a list"
	}
	rest, why := j.Items(b, func(value []byte) ([]byte, string) { return j.value(c.Elems, value, depth+1) })
	if why != "" {
		return b, why
	}
	closeValue(c)
	return rest, ""
}

// closeValue ends a list or map whose elements are appended.
func closeValue(c *column.Column) {
	c.Offsets = append(c.Offsets, uint32(c.Elems.Len()))
	present(c)
}

// Members calls member with each key of the object that b begins with and the text after the colon; member returns what
// follows the value. The key is valid during the call, until member reads a string.
func (j *JSON) Members(b []byte, member func(key, value []byte) (rest []byte, why string)) ([]byte, string) {
	b = j.Space(b)
	if len(b) == 0 || b[0] != '{' {
		return b, "is not a JSON object"
	}
	b = j.Space(b[1:])
	for first := true; ; first = false {
		if len(b) > 0 && b[0] == '}' {
			return b[1:], ""
		}
		if !first {
			if len(b) == 0 || b[0] != ',' {
				return b, whyMalformed
			}
			b = j.Space(b[1:])
			if len(b) > 0 && b[0] == '}' {
				return b, whyMalformed
			}
		}
		key, rest, why := j.String(b)
		if why != "" {
			return b, why
		}
		rest = j.Space(rest)
		if len(rest) == 0 || rest[0] != ':' {
			return rest, whyMalformed
		}
		rest, why = member(key, j.Space(rest[1:]))
		if why != "" {
			return rest, why
		}
		b = j.Space(rest)
	}
}

// object reads a map. Its keys come in byte order.
func (j *JSON) object(c *column.Column, b []byte, depth int) ([]byte, string) {
	if b[0] != '{' {
		return b, "is not a map"
	}
	keys, items := column.New(c.Keys.Type, 4), column.New(c.Elems.Type, 4)
	rest, why := j.Members(b, func(key, value []byte) ([]byte, string) {
		if !utf8.Valid(key) {
			return value, "is not valid UTF-8"
		}
		keys.AppendBytes(key)
		return j.value(items, value, depth+1)
	})
	if why != "" {
		return b, why
	}
	order := make([]int, keys.Len())
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(x, y int) bool { return bytes.Compare(keys.Str(order[x]), keys.Str(order[y])) < 0 })
	for n, i := range order {
		if n > 0 && bytes.Equal(keys.Str(i), keys.Str(order[n-1])) {
			return b, "has a key that occurs twice"
		}
		c.Keys.AppendFrom(keys, i)
		c.Elems.AppendFrom(items, i)
	}
	closeValue(c)
	return rest, ""
}

// Skip returns what follows the value that b begins with.
func (j *JSON) Skip(b []byte) ([]byte, string) { return j.skip(b, 0) }

func (j *JSON) skip(b []byte, depth int) ([]byte, string) {
	b = j.Space(b)
	if len(b) == 0 {
		return b, whyMalformed
	}
	if depth > maxDepth {
		return b, whyDeep
	}
	switch b[0] {
	case '{':
		return j.Members(b, func(_, value []byte) ([]byte, string) { return j.skip(value, depth+1) })
	case '[':
		return j.Items(b, func(value []byte) ([]byte, string) { return j.skip(value, depth+1) })
	}
	if rest, ok := bytes.CutPrefix(b, []byte("null")); ok {
		return rest, ""
	}
	_, rest, why := j.scalar(b)
	return rest, why
}

// Items calls item with the text of each element of the list that b begins with; item returns what follows the element.
func (j *JSON) Items(b []byte, item func(value []byte) (rest []byte, why string)) ([]byte, string) {
	b = j.Space(b[1:])
	for first := true; ; first = false {
		if len(b) > 0 && b[0] == ']' {
			return b[1:], ""
		}
		if !first {
			if len(b) == 0 || b[0] != ',' {
				return b, whyMalformed
			}
			b = j.Space(b[1:])
			if len(b) > 0 && b[0] == ']' {
				return b, whyMalformed
			}
		}
		rest, why := item(b)
		if why != "" {
			return rest, why
		}
		b = j.Space(rest)
	}
}
