// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"fmt"

	"selfsame"
	"selfsame/compute/exact"
	"selfsame/compute/operator"
)

// decimalArithmetic types l op r where a decimal stands beside a decimal, an int64 or a literal. With p1, s1 and p2, s2:
//
//   - -  scale max(s1, s2), one digit more than the greater whole part; at most 38 digits
//   - scale s1 + s2, p1 + p2 digits, at most 38; a scale beyond 38 is refused
//     //   whole number of at most 38 digits
//     %    scale max(s1, s2), 38 digits
//     /    float64, the exact quotient rounded once
//
// A result of more than 38 digits is an overflow error.
func (c *checker) decimalArithmetic(n *Binary, l, r *step) *step {
	l, r = c.asDecimal(n, l), c.asDecimal(n, r)
	a, b := l.typ, r.typ
	if a.Kind == selfsame.Unknown {
		a = b
	} else if b.Kind == selfsame.Unknown {
		b = a
	}
	l, r = c.convert(n, l, a), c.convert(n, r, b)
	t := widerDecimal(a, b)
	switch n.Op {
	case "/":
		return binaryStep(floatType, l, r, operator.Decimals(n.Op))
	case "+", "-":
		t.Precision = min(exact.MaxDigits, t.Precision+1)
		return binaryStep(t, l, r, operator.Decimals(n.Op))
	case "*":
		if a.Scale+b.Scale > exact.MaxDigits {
			c.fail(n, fmt.Sprintf("the product of %s and %s has more than %d digits after the point", a, b, exact.MaxDigits), "CAST one to a smaller scale")
		}
		return binaryStep(selfsame.DecimalOf(min(exact.MaxDigits, a.Precision+b.Precision), a.Scale+b.Scale), l, r, operator.Decimals(n.Op))
	case "//":
		return binaryStep(selfsame.DecimalOf(exact.MaxDigits, 0), l, r, operator.Decimals(n.Op))
	}
	return binaryStep(selfsame.DecimalOf(exact.MaxDigits, t.Scale), l, r, operator.Decimals(n.Op))
}

// asDecimal turns an int64 or a literal with a point into a decimal of its own digits.
func (c *checker) asDecimal(n Node, s *step) *step {
	switch {
	case s.point != nil:
		return constantStep(*s.point)
	case s.typ.Kind == selfsame.Int64:
		return c.convert(n, s, decimalOfInt(s))
	}
	return s
}
