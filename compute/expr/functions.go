// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"fmt"
	"slices"
	"strings"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
	"selfsame/compute/operator"
	"selfsame/compute/scalar"
)

// call types a call of a scalar function.
func (c *checker) call(n *Call) *step {
	f := scalar.Lookup(n.Name)
	if f == nil {
		c.unknownFunction(n)
	}
	args := make([]*step, len(n.Args))
	for i, a := range n.Args {
		args[i] = c.node(a)
	}
	switch {
	case f.Group == "conditional":
		return c.fold(c.conditional(n, f, args), args...)
	case n.Name == "now":
		return c.nowCall(n)
	}
	return c.bind(n, f, args)
}

func (c *checker) unknownFunction(n *Call) {
	known := aggregateNames
	for _, f := range scalar.Functions() {
		known = append(known[:len(known):len(known)], f.Name)
	}
	hint := ""
	if write, ok := scalar.OtherName(n.Name); ok {
		hint = "write " + write
	} else if near := selfsame.Nearest(n.Name, known); near != "" {
		hint = "the nearest is " + near
	}
	c.fail(n, "unknown function "+n.Name, hint)
}

func (c *checker) nowCall(n *Call) *step {
	if len(n.Args) > 0 {
		c.fail(n, "now() takes no arguments", "")
	}
	if !c.scope.Now {
		c.fail(n, "now() may not stand here", "it is the row's T: features have one, where, key and filter do not")
	}
	c.now = true
	return nowStep()
}

// bind types a call by the table.
func (c *checker) bind(n *Call, f *scalar.Function, steps []*step) *step {
	steps = c.exactLiterals(steps)
	args := make([]scalar.Arg, len(steps))
	for i, s := range steps {
		args[i] = scalar.Arg{Type: s.typ, Const: s.value}
	}
	bound, err := f.Bind(args)
	if err != nil {
		c.failWith(n, err)
	}
	converted := slices.Clone(steps)
	for i := range min(len(bound.Args), len(steps)) {
		converted[i] = c.convert(n.Args[i], steps[i], bound.Args[i])
	}
	return c.fold(callStep(bound, converted, c.scope.KeepNaN), converted...)
}

// exactLiterals turns literals with a point into decimals where a decimal and no float64 stands beside them.
func (c *checker) exactLiterals(steps []*step) []*step {
	decimal := false
	for _, s := range steps {
		decimal = decimal || s.typ.Kind == selfsame.Decimal
		if s.typ.Kind == selfsame.Float64 && s.point == nil {
			return steps
		}
	}
	if !decimal {
		return steps
	}
	out := slices.Clone(steps)
	for i, s := range out {
		if s.point != nil {
			out[i] = constantStep(*s.point)
		}
	}
	return out
}

// callStep runs a kernel of the table and settles statuses around it.
func callStep(bound *scalar.Bound, args []*step, keepNaN bool) *step {
	return &step{typ: bound.Result, slot: -1, build: func(b *builder) run {
		runs, eval, s := buildAll(b, args), bound.NewEval(), operator.NewScratch(bound.Result)
		cols := make([]*column.Column, len(runs))
		var skip []bool
		return func(in *Input) *column.Column {
			for i, r := range runs {
				cols[i] = r(in)
			}
			var st []selfsame.Status
			if !bound.Lenient {
				st = s.Merge(in.Rows, cols)
			}
			skip = skipRows(skip, st)
			s.Out.Reset()
			if st == nil {
				eval(s.Out, cols, in.Rows, in.At, nil)
			} else {
				eval(s.Out, cols, in.Rows, in.At, skip)
				if s.Out.Status != nil {
					for i, own := range s.Out.Status[:in.Rows] {
						if st[i] == selfsame.Present {
							st[i] = own
						}
					}
				}
				s.Out.Status = st
			}
			if bound.Result.Kind == selfsame.Float64 {
				settleFloats(s, keepNaN, in.Rows)
			}
			return s.Out
		}
	}}
}

func skipRows(skip []bool, st []selfsame.Status) []bool {
	skip = skip[:0]
	for _, x := range st {
		skip = append(skip, x != selfsame.Present)
	}
	return skip
}

// settleFloats turns -0 into +0 and applies the policy for NaN to the results of a function.
func settleFloats(s *operator.Scratch, keepNaN bool, rows int) {
	nan := false
	for i, z := range s.Out.Floats[:rows] {
		z += 0
		nan = nan || z != z
		s.Out.Floats[i] = z
	}
	if nan {
		operator.SettleNaN(s, keepNaN, rows)
	}
}

// conditional types coalesce, nullif, greatest and least.
func (c *checker) conditional(n *Call, f *scalar.Function, args []*step) *step {
	if len(args) == 0 || n.Name == "nullif" && len(args) != 2 {
		c.fail(n, fmt.Sprintf("%s takes (%s)", n.Name, f.Params), "")
	}
	if n.Name == "nullif" {
		first, again := c.share(args[0])
		equal := c.compare(n, "=", first, args[1])
		null := constantStep(selfsame.Value{Type: again.typ, Status: selfsame.Null})
		return chooseStep(again.typ, []*step{equal}, []*step{null, again})
	}
	same, t := c.alike(n, args)
	if n.Name == "coalesce" {
		return coalesceStep(t, same)
	}
	return extremeStep(t, c.order(n, t), same, n.Name == "greatest")
}

// coalesceStep takes the first value that is not null; an error before it is the result.
func coalesceStep(t selfsame.Type, args []*step) *step {
	return &step{typ: t, slot: -1, build: func(b *builder) run {
		runs, p := buildAll(b, args), newPicker(t)
		cols := make([]*column.Column, len(runs))
		return func(in *Input) *column.Column {
			p.start(in.Rows, -int(selfsame.Null))
			for k, eval := range runs {
				cols[k] = eval(in)
				for i, chosen := range p.choice {
					if chosen == -int32(selfsame.Null) && cols[k].StatusAt(i) != selfsame.Null {
						p.choice[i] = int32(k)
					}
				}
			}
			return p.take(cols)
		}
	}}
}

// extremeStep is GREATEST or LEAST: nulls are skipped, an error of any argument is the result.
func extremeStep(t selfsame.Type, order operator.Comparer, args []*step, greatest bool) *step {
	return &step{typ: t, slot: -1, build: func(b *builder) run {
		runs, p := buildAll(b, args), newPicker(t)
		cols := make([]*column.Column, len(runs))
		return func(in *Input) *column.Column {
			p.start(in.Rows, -int(selfsame.Null))
			for k, eval := range runs {
				c := eval(in)
				cols[k] = c
				for i, chosen := range p.choice {
					st := c.StatusAt(i)
					switch {
					case st.IsError():
						p.choice[i] = min(chosen, 0, -int32(st))
					case st != selfsame.Present || chosen < -int32(selfsame.Null): // null, or an error before
					case chosen < 0:
						p.choice[i] = int32(k)
					default:
						if o := order(c, cols[chosen], i, i); o > 0 && greatest || o < 0 && !greatest {
							p.choice[i] = int32(k)
						}
					}
				}
			}
			return p.take(cols)
		}
	}}
}

// ValueText prints a value as the reference does: null and error kinds by their names, strings bare, float64 with a point or an
// exponent, lists in brackets, maps in braces.
func ValueText(v selfsame.Value) string {
	switch {
	case v.Status.IsError():
		return "error: " + v.Status.ErrorKind()
	case v.Status != selfsame.Present:
		return v.Status.String()
	}
	switch v.Type.Kind {
	case selfsame.Bool, selfsame.Int64:
		return literalText(v)
	case selfsame.Float64:
		return string(operator.AppendFloat(nil, v.Float))
	case selfsame.Decimal:
		return exact.FormatDecimal(v.Dec, v.Type.Scale)
	case selfsame.Timestamp:
		return string(operator.AppendTimestamp(nil, v.Int))
	case selfsame.Date:
		return string(operator.AppendDate(nil, v.Int))
	case selfsame.List, selfsame.Map:
		parts := make([]string, len(v.Elems))
		for i, e := range v.Elems {
			parts[i] = ValueText(e)
			if v.Type.Kind == selfsame.Map {
				parts[i] = v.Keys[i] + ": " + parts[i]
			}
		}
		if v.Type.Kind == selfsame.Map {
			return "{" + strings.Join(parts, ", ") + "}"
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return v.Str
}
