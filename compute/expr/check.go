// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
	"selfsame/compute/operator"
)

// Scope says what the names of an expression mean.
type Scope struct {
	// Column resolves a reference. nil: there are no columns. An error without a place gets that of the reference.
	Column func(ref *Ref) (slot int, t selfsame.Type, err error)
	// Aggregate resolves an aggregate call to the slot of its values. nil: aggregates are refused.
	Aggregate func(a *Aggregate) (slot int, t selfsame.Type, err error)
	Now       bool // now() is allowed
	KeepNaN   bool // a NaN result is one canonical NaN above +Inf; otherwise it is null
}

var (
	boolType      = selfsame.Scalar(selfsame.Bool)
	intType       = selfsame.Scalar(selfsame.Int64)
	floatType     = selfsame.Scalar(selfsame.Float64)
	stringType    = selfsame.Scalar(selfsame.String)
	timestampType = selfsame.Scalar(selfsame.Timestamp)
)

// Compile checks the types of an expression. Its error is a *selfsame.Error with the place of the first mistake.
func Compile(n Node, scope Scope) (*Program, error) {
	c := &checker{scope: scope, slots: map[int]bool{}}
	var root *step
	err := protect(func() {
		root = c.node(n)
		if root.typ.Kind == selfsame.Unknown {
			c.fail(n, "the type of NULL is not known here", "write CAST(NULL AS type)")
		}
	})
	if err != nil {
		return nil, err
	}
	p := &Program{root: root, now: c.now, cells: c.cells}
	for slot := range c.slots {
		p.slots = append(p.slots, slot)
	}
	slices.Sort(p.slots)
	return p, nil
}

// Constant returns the value of an expression without columns, aggregates and now(). An exact decimal literal such as 0.95 has
// type decimal. ok is false where n varies or has a type error.
func Constant(n Node) (v selfsame.Value, ok bool) {
	if lit, ok := n.(*Literal); ok {
		return lit.Value, true
	}
	c := &checker{slots: map[int]bool{}}
	err := protect(func() {
		if s := c.node(n); s.value != nil {
			v, ok = *s.value, true
		}
	})
	return v, ok && err == nil
}

// checker types a tree bottom up. Its methods leave by panic(bailout).
type checker struct {
	scope Scope
	slots map[int]bool
	now   bool
	cells int
}

func (c *checker) fail(n Node, message, hint string) {
	panic(bailout{failAt(n, message, hint)})
}

// failWith reports an error of another room at a node, with the place where it has none.
func (c *checker) failWith(n Node, err error) {
	var known *selfsame.Error
	if !errors.As(err, &known) {
		c.fail(n, err.Error(), "")
	}
	e := *known
	if e.Pos == (selfsame.Pos{}) {
		at := failAt(n, "", "")
		e.Pos, e.Excerpt = at.Pos, at.Excerpt
	}
	panic(bailout{&e})
}

// node checks n.
func (c *checker) node(n Node) *step {
	switch n := n.(type) {
	case *Literal:
		return literalStep(n.Value)
	case *Ref:
		return c.ref(n)
	case *Aggregate:
		return c.aggregate(n)
	case *Unary:
		return c.unary(n)
	case *Binary:
		return c.binary(n)
	case *Call:
		return c.call(n)
	case *Case:
		return c.caseOf(n)
	case *Cast:
		x := c.node(n.X)
		return c.fold(c.cast(n, x, n.Type), x)
	case *In:
		return c.in(n)
	case *Between:
		return c.between(n)
	case *Like:
		return c.like(n)
	case *IsNull:
		x := c.node(n.X)
		return c.fold(isNullStep(x, n.Not), x)
	case *Index:
		return c.index(n)
	}
	c.fail(n, fmt.Sprintf("unknown node %T", n), "")
	return nil
}

// literalStep types a literal; one with a point is a float64 that remembers its exact decimal.
func literalStep(v selfsame.Value) *step {
	switch v.Type.Kind {
	case selfsame.Decimal:
		s := constantStep(selfsame.Value{Type: floatType, Float: exact.DecimalToFloat(v.Dec, v.Type.Scale)})
		s.point = &v
		return s
	case selfsame.String:
		s := constantStep(v)
		s.text = true
		return s
	}
	return constantStep(v)
}

// fold evaluates a step once where all its arguments are constants.
func (c *checker) fold(s *step, args ...*step) *step {
	for _, a := range args {
		if a.value == nil {
			return s
		}
	}
	col := s.build(&builder{cells: make([]*column.Column, c.cells)})(&Input{Rows: 1, At: []int64{0}})
	return constantStep(col.Value(0))
}

// share lets several steps read the values of one: the first step that is returned computes them, the second reads them again.
func (c *checker) share(x *step) (first, again *step) {
	cell := c.cells
	c.cells++
	f, a := *x, *x
	f.build = func(b *builder) run {
		eval := x.build(b)
		return func(in *Input) *column.Column {
			b.cells[cell] = eval(in)
			return b.cells[cell]
		}
	}
	a.build = func(b *builder) run { return func(*Input) *column.Column { return b.cells[cell] } }
	if x.value != nil {
		return x, x
	}
	return &f, &a
}

func (c *checker) ref(n *Ref) *step {
	if c.scope.Column == nil {
		c.fail(n, "a column stands where only constants may", "")
	}
	slot, t, err := c.scope.Column(n)
	if err != nil {
		c.failWith(n, err)
	}
	c.slots[slot] = true
	return slotStep(slot, t)
}

func (c *checker) aggregate(n *Aggregate) *step {
	if c.scope.Aggregate == nil {
		c.fail(n, "the aggregate "+n.Func+" may not stand here", "aggregates make features of views that have a source")
	}
	slot, t, err := c.scope.Aggregate(n)
	if err != nil {
		c.failWith(n, err)
	}
	c.slots[slot] = true
	return slotStep(slot, t)
}

func (c *checker) unary(n *Unary) *step {
	x := c.node(n.X)
	if n.Op == "not" {
		x = c.boolean(n.X, x, "NOT")
		return c.fold(unaryStep(boolType, x, operator.Not), x)
	}
	if x.typ.Kind == selfsame.Unknown {
		return x
	}
	k := operator.Negate(x.typ.Kind)
	if k == nil {
		c.fail(n, "- takes a number, not "+x.typ.String(), "")
	}
	return c.fold(unaryStep(x.typ, x, k), x)
}

// boolean demands a condition.
func (c *checker) boolean(n Node, x *step, where string) *step {
	if x.typ.Kind == selfsame.Unknown {
		return c.convert(n, x, boolType)
	}
	if x.typ.Kind != selfsame.Bool {
		c.fail(n, fmt.Sprintf("%s takes a condition, not %s", where, x.typ), "compare it: x <> 0")
	}
	return x
}

func (c *checker) binary(n *Binary) *step {
	l, r := c.node(n.L), c.node(n.R)
	switch n.Op {
	case "and", "or":
		l, r = c.boolean(n.L, l, strings.ToUpper(n.Op)), c.boolean(n.R, r, strings.ToUpper(n.Op))
		return c.fold(logicStep(n.Op == "and", l, r), l, r)
	case "||":
		return c.concat(n, l, r)
	case "+", "-", "*", "/", "//", "%":
		return c.fold(c.arithmetic(n, l, r), l, r)
	case "is distinct from", "is not distinct from":
		order := mixedOrder(l, r)
		if order == nil {
			var t selfsame.Type
			l, r, t = c.pair(n, l, r)
			order = c.order(n, t)
		}
		return c.fold(distinctStep(order, l, r, n.Op == "is distinct from"), l, r)
	}
	return c.compare(n, n.Op, l, r)
}

// compare types l op r for = <> < <= > >=.
func (c *checker) compare(n Node, op string, l, r *step) *step {
	l, r = c.exactFloat(n, l, r), c.exactFloat(n, r, l)
	if order := mixedOrder(l, r); order != nil {
		return c.fold(binaryStep(boolType, l, r, operator.CompareEach(order, op)), l, r)
	}
	l, r, t := c.pair(n, l, r)
	if k := constantCompare(op, l, r); k != nil {
		return k
	}
	c.order(n, t)
	return c.fold(binaryStep(boolType, l, r, operator.Compare(t.Kind, op, c.scope.KeepNaN)), l, r)
}

// exactFloat turns an int64 constant that is a float64 into one beside a float64, so that the fast kernel compares them.
func (c *checker) exactFloat(n Node, s, beside *step) *step {
	if s.typ.Kind != selfsame.Int64 || beside.typ.Kind != selfsame.Float64 || s.value == nil || s.value.Status != selfsame.Present ||
		s.value.Int > operator.ExactFloat || s.value.Int < -operator.ExactFloat {
		return s
	}
	return c.convert(n, s, floatType)
}

// order demands a type whose values can be compared.
func (c *checker) order(n Node, t selfsame.Type) operator.Comparer {
	cmp := operator.Order(t.Kind)
	if cmp == nil {
		c.fail(n, "values of type "+t.String()+" cannot be compared", "")
	}
	return cmp
}

// pair converts two operands to types that compare: their common type, but decimals keep their scales, so that none overflows.
func (c *checker) pair(n Node, l, r *step) (*step, *step, selfsame.Type) {
	if isExact(l, r) || isExact(r, l) {
		l, r = c.asDecimal(n, l), c.asDecimal(n, r)
		return l, r, l.typ
	}
	t := c.common(n, []*step{l, r})
	return c.convert(n, l, t), c.convert(n, r, t), t
}

func (c *checker) concat(n *Binary, l, r *step) *step {
	t := stringType
	if l.typ.Kind == selfsame.Bytes || r.typ.Kind == selfsame.Bytes {
		t = selfsame.Scalar(selfsame.Bytes)
	}
	for _, x := range []*step{l, r} {
		if x.typ.Kind != selfsame.Unknown && !x.typ.Equal(t) {
			c.fail(n, fmt.Sprintf("|| joins strings, not %s and %s", l.typ, r.typ), "CAST(x AS string) first")
		}
	}
	l, r = c.convert(n, l, t), c.convert(n, r, t)
	return c.fold(binaryStep(t, l, r, operator.Concat), l, r)
}
