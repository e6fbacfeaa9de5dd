// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"fmt"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
	"selfsame/compute/operator"
)

// common is the type to which values of the steps are converted to stand together: numbers are widened int64 → decimal → float64,
// decimals to the greater scale; a literal with a point is a decimal where decimals are and no float64 is; a string literal
// is a timestamp or date beside one; NULL is of any type.
func (c *checker) common(n Node, steps []*step) selfsame.Type {
	var t selfsame.Type
	for _, s := range steps {
		if s.typ.Kind == selfsame.Unknown || s.point != nil || s.text {
			continue
		}
		var ok bool
		if t, ok = wider(t, s); !ok {
			c.disagree(n, t, s.typ)
		}
	}
	for _, s := range steps { // literals follow the others
		switch {
		case s.typ.Kind == selfsame.Unknown || s.point == nil && !s.text:
		case s.text && (t.Kind == selfsame.Timestamp || t.Kind == selfsame.Date):
		case s.point != nil && t.Kind == selfsame.Decimal:
			t = widerDecimal(t, s.point.Type)
		case s.point != nil && (t.Kind == selfsame.Int64 || t.Kind == selfsame.Unknown):
			t = floatType
		case t.Kind == selfsame.Unknown:
			t = s.typ
		case !t.Equal(s.typ):
			c.disagree(n, t, s.typ)
		}
	}
	return t
}

func (c *checker) disagree(n Node, a, b selfsame.Type) {
	hint := fmt.Sprintf("CAST one to the type of the other: CAST(x AS %s)", a)
	c.fail(n, fmt.Sprintf("values of type %s and %s stand together", a, b), hint)
}

// wider is the common type of t and the values of a step.
func wider(t selfsame.Type, s *step) (selfsame.Type, bool) {
	u := s.typ
	if t.Kind == selfsame.Unknown || t.Equal(u) {
		return u, true
	}
	if !t.IsNumber() || !u.IsNumber() {
		return t, false
	}
	switch {
	case t.Kind == selfsame.Float64 || u.Kind == selfsame.Float64:
		return floatType, true
	case t.Kind == selfsame.Int64:
		t = selfsame.DecimalOf(19, 0)
	case u.Kind == selfsame.Int64:
		u = decimalOfInt(s)
	}
	return widerDecimal(t, u), true
}

func widerDecimal(t, u selfsame.Type) selfsame.Type {
	scale := max(t.Scale, u.Scale)
	return selfsame.DecimalOf(min(exact.MaxDigits, max(t.Precision-t.Scale, u.Precision-u.Scale)+scale), scale)
}

// decimalOfInt is the decimal that holds the int64 values of a step: a constant needs its own digits only.
func decimalOfInt(s *step) selfsame.Type {
	digits := uint8(19)
	if s.value != nil && s.value.Status == selfsame.Present {
		for digits > 1 && exact.Fits(exact.FromInt64(s.value.Int), digits-1) {
			digits--
		}
	}
	return selfsame.DecimalOf(digits, 0)
}

// convert widens the values of a step to a type that common or a function gave.
func (c *checker) convert(n Node, s *step, to selfsame.Type) *step {
	from := s.typ
	switch {
	case from.Equal(to) || to.Kind == selfsame.Unknown:
		return s
	case from.Kind == selfsame.Unknown:
		return nullStep(s, to)
	case s.point != nil && to.Kind == selfsame.Decimal:
		exactly := constantStep(*s.point)
		return c.fold(unaryStep(to, exactly, operator.Widen(selfsame.Decimal, selfsame.Decimal)), exactly)
	case s.text && s.value.Status == selfsame.Present && to.Kind == selfsame.Timestamp:
		micros, ok := operator.ParseTimestamp(s.value.Str)
		if !ok {
			c.fail(n, "'"+s.value.Str+"' is not a timestamp", "write timestamp '2024-12-31T23:59:59Z'")
		}
		return constantStep(selfsame.Value{Type: to, Int: micros})
	case s.text && s.value.Status == selfsame.Present && to.Kind == selfsame.Date:
		days, ok := operator.ParseDate(s.value.Str)
		if !ok {
			c.fail(n, "'"+s.value.Str+"' is not a date", "write date '2024-12-31'")
		}
		return constantStep(selfsame.Value{Type: to, Int: days})
	}
	k := operator.Widen(from.Kind, to.Kind)
	if k == nil {
		c.disagree(n, to, from)
	}
	return c.fold(unaryStep(to, s, k), s)
}

// nullStep gives the values of an untyped NULL a type.
func nullStep(s *step, to selfsame.Type) *step {
	if s.value != nil {
		v := *s.value
		v.Type = to
		return constantStep(v)
	}
	return &step{typ: to, slot: -1, build: func(b *builder) run {
		eval, col := s.build(b), column.New(to, 0)
		return func(in *Input) *column.Column {
			st := eval(in).Status
			col.Reset()
			for i := range in.Rows {
				col.AppendStatus(st[i])
			}
			return col
		}
	}}
}
