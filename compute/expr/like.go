// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"unicode/utf8"

	"selfsame"
	"selfsame/compute/operator"
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
	k := operator.Like(escape)
	if pattern.value != nil && pattern.value.Status == selfsame.Present {
		parts, ok := operator.ReadPattern(nil, []byte(pattern.value.Str), escape)
		if !ok {
			c.fail(n.Pattern, "the escape character stands before neither %, _ nor itself", "")
		}
		k = operator.LikeConstant(parts)
	}
	s := binaryStep(boolType, x, pattern, k)
	if n.Not {
		s = unaryStep(boolType, s, operator.Not)
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
