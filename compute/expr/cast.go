// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"fmt"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/operator"
)

// cast types CAST(x AS to).
func (c *checker) cast(n Node, x *step, to selfsame.Type) *step {
	switch {
	case x.typ.Kind == selfsame.Unknown:
		return nullStep(x, to)
	case x.point != nil && to.Kind == selfsame.Decimal:
		x = constantStep(*x.point)
	}
	if x.typ.Equal(to) {
		plain := *x
		plain.point, plain.text = nil, false
		return &plain
	}
	k := operator.Cast(x.typ.Kind, to.Kind)
	if k == nil {
		hint := ""
		switch {
		case x.typ.Kind == selfsame.Timestamp && to.Kind == selfsame.Int64:
			hint = "x - timestamp '1970-01-01' is its int64 microseconds"
		case x.typ.Kind == selfsame.Int64 && to.Kind == selfsame.Timestamp:
			hint = "timestamp '1970-01-01' + x counts microseconds"
		}
		c.fail(n, fmt.Sprintf("%s cannot be cast to %s", x.typ, to), hint)
	}
	if to.Kind != selfsame.Float64 {
		return unaryStep(to, x, k)
	}
	keep := c.scope.KeepNaN
	return unaryStep(to, x, func(s *operator.Scratch, a, _ *column.Column, rows int) {
		k(s, a, nil, rows)
		operator.SettleNaN(s, keep, rows)
	})
}
