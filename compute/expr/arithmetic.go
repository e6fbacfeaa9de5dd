// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"fmt"

	"selfsame"
	"selfsame/compute/operator"
)

// arithmetic types l op r for + - * / // %.
//
// Of two numbers the result is a float64 if either is, else a decimal if either is, else an int64; / is always a float64. Times
// and dates move by int64 microseconds and days, and differ by them.
func (c *checker) arithmetic(n *Binary, l, r *step) *step {
	if l.typ.Kind == selfsame.Unknown && r.typ.Kind == selfsame.Unknown {
		return c.convert(n, l, floatType)
	}
	if isTime(l.typ) || isTime(r.typ) {
		return c.timeArithmetic(n, l, r)
	}
	for _, x := range []*step{l, r} {
		if x.typ.Kind != selfsame.Unknown && !x.typ.IsNumber() {
			hint := ""
			if n.Op == "+" && x.typ.Kind == selfsame.String {
				hint = "strings are joined by ||"
			}
			c.fail(n, fmt.Sprintf("%s takes numbers, not %s and %s", n.Op, l.typ, r.typ), hint)
		}
	}
	t := c.common(n, []*step{l, r})
	if t.Kind == selfsame.Decimal {
		return c.decimalArithmetic(n, l, r)
	}
	l, r = c.convert(n, l, t), c.convert(n, r, t)
	if t.Kind == selfsame.Int64 {
		if n.Op == "/" {
			return binaryStep(floatType, l, r, operator.DivideInts)
		}
		return binaryStep(t, l, r, operator.Ints(n.Op))
	}
	return binaryStep(t, l, r, operator.Floats(n.Op, c.scope.KeepNaN))
}

func isTime(t selfsame.Type) bool { return t.Kind == selfsame.Timestamp || t.Kind == selfsame.Date }

func (c *checker) timeArithmetic(n *Binary, l, r *step) *step {
	if n.Op == "+" && isTime(r.typ) {
		l, r = r, l
	}
	if n.Op == "-" && (r.text || l.text) {
		l, r, _ = c.pair(n, l, r)
	}
	if r.typ.Kind == selfsame.Unknown {
		r = c.convert(n, r, intType)
	}
	switch {
	case n.Op == "-" && isTime(l.typ) && l.typ.Equal(r.typ):
		return binaryStep(intType, l, r, operator.Ints("-"))
	case n.Op == "-" && l.typ.Kind == selfsame.Unknown && isTime(r.typ):
		return binaryStep(intType, c.convert(n, l, r.typ), r, operator.Ints("-"))
	case (n.Op == "+" || n.Op == "-") && isTime(l.typ) && r.typ.Kind == selfsame.Int64:
		return binaryStep(l.typ, l, r, operator.Ints(n.Op))
	}
	c.fail(n, fmt.Sprintf("%s does not take %s and %s", n.Op, l.typ, r.typ),
		"timestamp - timestamp is int64 microseconds, timestamp + int64 adds microseconds; date counts in days")
	return nil
}
