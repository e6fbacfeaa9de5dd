// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"unicode/utf8"

	"selfsame"
	"selfsame/column"
)

// patternPart is one code point of a pattern.
type patternPart struct {
	kind byte // 'c' for the code point r, '_' or '%'
	r    rune
}

// Pattern is a pattern of LIKE: % is any text, _ one code point.
type Pattern []patternPart

// ReadPattern reads a pattern into the memory of parts; false where the escape character is followed by nothing it may escape. An escape
// below 0 is none.
func ReadPattern(parts Pattern, pattern []byte, escape rune) (Pattern, bool) {
	parts = parts[:0]
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

// Match tells whether the whole text fits the pattern. It goes back to the last % only, so its work is at most the product of the
// two lengths.
func (parts Pattern) Match(text []byte) bool {
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

// Like is x LIKE pattern for patterns that vary; a wrong one is null.
func Like(escape rune) Kernel {
	return func(s *Scratch, a, b *column.Column, rows int) {
		var parts Pattern
		for i := range rows {
			if s.Out.StatusAt(i) != selfsame.Present {
				continue
			}
			var ok bool
			if parts, ok = ReadPattern(parts, b.Str(i), escape); !ok {
				s.Mark(i, rows, selfsame.Null)
				continue
			}
			s.Out.Bools[i] = parts.Match(a.Str(i))
		}
	}
}

// LikeConstant is x LIKE one pattern.
func LikeConstant(pattern Pattern) Kernel {
	return func(s *Scratch, a, _ *column.Column, rows int) {
		for i := range rows {
			if s.Out.StatusAt(i) == selfsame.Present {
				s.Out.Bools[i] = pattern.Match(a.Str(i))
			}
		}
	}
}
