// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/operator"
)

// isExact reports whether d is a decimal and x a number that is one beside it.
func isExact(d, x *step) bool {
	return d.typ.Kind == selfsame.Decimal && (x.typ.Kind == selfsame.Decimal || x.typ.Kind == selfsame.Int64 || x.point != nil)
}

// mixedOrder compares an int64 or a decimal with a float64 exactly; nil for other types.
func mixedOrder(l, r *step) operator.Comparer {
	switch {
	case isExact(l, r) || isExact(r, l):
	case r.typ.Kind == selfsame.Float64:
		return operator.OrderFloat(l.typ.Kind)
	case l.typ.Kind == selfsame.Float64:
		if order := operator.OrderFloat(r.typ.Kind); order != nil {
			return func(a, b *column.Column, i, j int) int { return -order(b, a, j, i) }
		}
	}
	return nil
}

// constantCompare is = or <> of a string with a constant, the commonest condition; nil for anything else.
func constantCompare(op string, l, r *step) *step {
	if l.value != nil {
		l, r = r, l
	}
	if op != "=" && op != "<>" || l.value != nil || r.value == nil || r.value.Status != selfsame.Present || r.typ.Kind != selfsame.String {
		return nil
	}
	return unaryStep(boolType, l, operator.EqualText([]byte(r.value.Str), op == "="))
}

// isNullStep is x IS [NOT] NULL. An error stays one.
func isNullStep(x *step, not bool) *step {
	return &step{typ: boolType, slot: -1, build: func(b *builder) run {
		eval, s := x.build(b), operator.NewScratch(boolType)
		return func(in *Input) *column.Column {
			a := eval(in)
			s.Begin(in.Rows)
			out := s.Out.Bools[:in.Rows]
			for i := range out {
				st := a.StatusAt(i)
				out[i] = (st == selfsame.Null) != not
				if st.IsError() {
					s.Mark(i, in.Rows, st)
				}
			}
			return s.Out
		}
	}}
}

// distinctStep is IS [NOT] DISTINCT FROM: nulls are equal. An error stays one.
func distinctStep(order operator.Comparer, l, r *step, distinct bool) *step {
	return &step{typ: boolType, slot: -1, build: func(b *builder) run {
		left, right, s := l.build(b), r.build(b), operator.NewScratch(boolType)
		return func(in *Input) *column.Column {
			x, y := left(in), right(in)
			s.Begin(in.Rows)
			out := s.Out.Bools[:in.Rows]
			for i := range out {
				sx, sy := x.StatusAt(i), y.StatusAt(i)
				equal := sx == sy
				if equal && sx == selfsame.Present {
					equal = order(x, y, i, i) == 0
				}
				out[i] = equal != distinct
				if st := max(sx, sy); st.IsError() {
					s.Mark(i, in.Rows, st)
				}
			}
			return s.Out
		}
	}}
}
