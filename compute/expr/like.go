// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"unicode/utf8"

	"selfsame"
	"selfsame/column"
)

// like types x LIKE pattern: % is any text, _ one code point, and the escape character makes the next one literal. There is no escape
// character unless one is given. A constant pattern is read once; a wrong one among others gives null.
func (c *checker) like(n *Like) *step {
	x, pattern := c.text(n.X), c.text(n.Pattern)
	escape := rune(-1)
	if n.Escape != nil {
		e := c.text(n.Escape)
		if e.value == nil || utf8.RuneCountInString(e.value.Str) != 1 {
			c.fail(n.Escape, "ESCAPE takes a string of one character", "LIKE 'a!%' ESCAPE '!'")
		}
		escape, _ = utf8.DecodeRuneInString(e.value.Str)
	}
	k := matchEach(escape)
	if pattern.value != nil && pattern.value.Status == selfsame.Present {
		parts, ok := readPattern(nil, []byte(pattern.value.Str), escape)
		if !ok {
			c.fail(n.Pattern, "the escape character stands before neither %, _ nor itself", "")
		}
		k = func(s *scratch, a, _ *column.Column, rows int) {
			for i := range rows {
				if s.out.StatusAt(i) == selfsame.Present {
					s.out.Bools[i] = match(parts, a.Str(i))
				}
			}
		}
	}
	s := binaryStep(boolType, x, pattern, k)
	if n.Not {
		s = unaryStep(boolType, s, notBools)
	}
	return c.fold(s, x, pattern)
}

// text demands a string.
func (c *checker) text(n Node) *step {
	x := c.node(n)
	if x.typ.Kind != selfsame.Unknown && x.typ.Kind != selfsame.String {
		c.fail(n, "LIKE takes strings, not "+x.typ.String(), "CAST(x AS string) first")
	}
	return c.convert(n, x, stringType)
}

func matchEach(escape rune) kernel {
	return func(s *scratch, a, b *column.Column, rows int) {
		var parts []patternPart
		for i := range rows {
			if s.out.StatusAt(i) != selfsame.Present {
				continue
			}
			var ok bool
			if parts, ok = readPattern(parts[:0], b.Str(i), escape); !ok {
				s.mark(i, rows, selfsame.Null)
				continue
			}
			s.out.Bools[i] = match(parts, a.Str(i))
		}
	}
}

// patternPart is one code point of a pattern.
type patternPart struct {
	kind byte // 'c' for the code point r, '_' or '%'
	r    rune
}

// readPattern appends the parts of a pattern; false where the escape character is followed by nothing it may escape.
func readPattern(parts []patternPart, pattern []byte, escape rune) ([]patternPart, bool) {
	for len(pattern) > 0 {
		r, size := utf8.DecodeRune(pattern)
		pattern = pattern[size:]
		switch {
		case r == escape:
			r, size = utf8.DecodeRune(pattern)
			if size == 0 || r != escape && r != '%' && r != '_' {
				return parts, false
			}
			pattern = pattern[size:]
			parts = append(parts, patternPart{'c', r})
		case r == '%' || r == '_':
			parts = append(parts, patternPart{byte(r), 0})
		default:
			parts = append(parts, patternPart{'c', r})
		}
	}
	return parts, true
}

// match tells whether the whole text fits the pattern. It goes back to the last % only, so its work is at most the product of the
// two lengths.
func match(parts []patternPart, text []byte) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		r, size := utf8.DecodeRune(text[t:])
		switch {
		case p < len(parts) && parts[p].kind == '%':
			star, mark = p, t
			p++
		case p < len(parts) && (parts[p].kind == '_' || parts[p].r == r):
			p++
			t += size
		case star >= 0:
			_, size = utf8.DecodeRune(text[mark:])
			mark += size
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(parts) && parts[p].kind == '%' {
		p++
	}
	return p == len(parts)
}
