// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"math"
	"strconv"

	"selfsame"
	"selfsame/compute/exact"
	"selfsame/compute/operator"
)

// number turns a token into a literal.
func (p *parser) number(t token, negative bool) Node {
	v, ok := numberValue(t, negative)
	if !ok {
		switch t.kind {
		case tokenInteger:
			p.fail(t.off, "`"+t.text+"` is beyond int64", "write "+t.text+".0 for a float64 or decimal")
		default:
			p.fail(t.off, "`"+t.text+"` is beyond float64", "")
		}
	}
	return &Literal{p.at(t), v}
}

// numberValue gives the value of a number: int64, an exact decimal where 38 digits are enough, else float64.
func numberValue(t token, negative bool) (selfsame.Value, bool) {
	sign := ""
	if negative {
		sign = "-"
	}
	switch t.kind {
	case tokenInteger:
		n, err := strconv.ParseInt(sign+t.text, 10, 64)
		return selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: n}, err == nil
	case tokenPoint:
		if v, ok := operator.ParseDecimal(sign + t.text); ok {
			return v, true
		}
	}
	f, err := strconv.ParseFloat(sign+t.text, 64)
	if err != nil && math.IsInf(f, 0) {
		return selfsame.Value{}, false
	}
	return selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Float: f + 0}, true
}

// negativeExtreme reads the least int64, whose digits alone are beyond int64. It returns nil for anything else.
func (p *parser) negativeExtreme(sign token) Node {
	t := p.peek()
	if t.kind != tokenInteger || p.ahead(1).is("[") {
		return nil
	}
	if v, ok := numberValue(t, true); ok && v.Int == math.MinInt64 {
		p.take()
		return &Literal{p.at(sign), v}
	}
	return nil
}

// negate gives -v of a number; false where v is no number or has no negative.
func negate(v selfsame.Value) (selfsame.Value, bool) {
	if v.Status != selfsame.Present {
		return v, false
	}
	switch v.Type.Kind {
	case selfsame.Int64:
		if v.Int == math.MinInt64 {
			return v, false
		}
		v.Int = -v.Int
	case selfsame.Decimal:
		v.Dec, _ = exact.Neg(v.Dec) // of at most 38 digits, which has a negative
	case selfsame.Float64:
		v.Float = 0 - v.Float
	default:
		return v, false
	}
	return v, true
}

// instant turns timestamp '…' or date '…' into a literal.
func (p *parser) instant(kind, value token) Node {
	if kind.is("date") {
		days, ok := operator.ParseDate(value.text)
		if !ok {
			p.fail(value.off, "`"+value.text+"` is not a date", "write date '2024-12-31'")
		}
		return &Literal{p.at(kind), selfsame.Value{Type: selfsame.Scalar(selfsame.Date), Int: days}}
	}
	micros, ok := operator.ParseTimestamp(value.text)
	if !ok {
		p.fail(value.off, "`"+value.text+"` is not a timestamp", "write timestamp '2024-12-31T23:59:59Z'; at most 6 digits of a second")
	}
	return &Literal{p.at(kind), selfsame.Value{Type: selfsame.Scalar(selfsame.Timestamp), Int: micros}}
}
