// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/operator"
)

// logicStep is AND or OR. One operand that decides (false for AND, true for OR) makes the other unneeded, whichever stands first:
// its null or error does not show. Otherwise an error comes before a null.
func logicStep(and bool, l, r *step) *step {
	return &step{typ: boolType, slot: -1, build: func(b *builder) run {
		left, right, s := l.build(b), r.build(b), operator.NewScratch(boolType)
		return func(in *Input) *column.Column {
			x, y := left(in), right(in)
			s.Begin(in.Rows)
			out := s.Out.Bools[:in.Rows]
			if x.Status == nil && y.Status == nil {
				operator.Combine(out, x.Bools, y.Bools, and)
				return s.Out
			}
			for i := range out {
				sx, sy := x.StatusAt(i), y.StatusAt(i)
				decided := sx == selfsame.Present && x.Bools[i] != and || sy == selfsame.Present && y.Bools[i] != and
				out[i] = decided != and
				if st := max(sx, sy); !decided && st != selfsame.Present {
					s.Mark(i, in.Rows, st)
				}
			}
			return s.Out
		}
	}}
}

// in is x = a OR x = b OR …; a list of constants is looked up.
func (c *checker) in(n *In) *step {
	x := c.node(n.X)
	list := make([]*step, len(n.List))
	for i, m := range n.List {
		list[i] = c.node(m)
	}
	s := c.lookup(x, list)
	if s == nil {
		first, again := c.share(x)
		for i, item := range list {
			eq := c.compare(n.List[i], "=", first, item)
			first = again
			if s == nil {
				s = eq
			} else {
				s = logicStep(false, s, eq)
			}
		}
	}
	if n.Not {
		s = unaryStep(boolType, s, operator.Not)
	}
	return c.fold(s, append(list, x)...)
}

// lookup is IN over constants of the very type of x, string or int64, by a set; nil for other lists.
func (c *checker) lookup(x *step, list []*step) *step {
	k := x.typ.Kind
	if k != selfsame.String && k != selfsame.Int64 {
		return nil
	}
	texts, ints, null := map[string]bool{}, map[int64]bool{}, false
	for _, s := range list {
		switch {
		case s.value == nil || s.value.Status.IsError() || s.typ.Kind != k && s.typ.Kind != selfsame.Unknown:
			return nil
		case s.value.Status == selfsame.Null:
			null = true
		case k == selfsame.String:
			texts[s.value.Str] = true
		default:
			ints[s.value.Int] = true
		}
	}
	return unaryStep(boolType, x, func(s *operator.Scratch, a, _ *column.Column, rows int) {
		out := s.Out.Bools[:rows]
		for i := range out {
			if k == selfsame.String {
				out[i] = texts[string(a.Str(i))]
			} else {
				out[i] = ints[a.Ints[i]]
			}
			if null && !out[i] {
				s.Mark(i, rows, selfsame.Null)
			}
		}
	})
}

// between is low <= x AND x <= high.
func (c *checker) between(n *Between) *step {
	x, low, high := c.node(n.X), c.node(n.Low), c.node(n.High)
	first, again := c.share(x)
	s := logicStep(true, c.compare(n.Low, ">=", first, low), c.compare(n.High, "<=", again, high))
	if n.Not {
		s = unaryStep(boolType, s, operator.Not)
	}
	return c.fold(s, x, low, high)
}

// caseOf types CASE: the first branch whose condition is true gives the value.
func (c *checker) caseOf(n *Case) *step {
	var first, again *step
	var all []*step
	if n.Operand != nil {
		x := c.node(n.Operand)
		first, again = c.share(x)
		all = append(all, x)
	}
	conds, values := make([]*step, len(n.Whens)), make([]*step, len(n.Whens), len(n.Whens)+1)
	for i, w := range n.Whens {
		cond := c.node(w.Cond)
		all = append(all, cond)
		if n.Operand == nil {
			conds[i] = c.boolean(w.Cond, cond, "WHEN")
		} else {
			conds[i] = c.compare(w.Cond, "=", first, cond)
			first = again
		}
		values[i] = c.node(w.Then)
	}
	if n.Else != nil {
		values = append(values, c.node(n.Else))
	} else {
		values = append(values, constantStep(selfsame.Value{Status: selfsame.Null}))
	}
	values, t := c.alike(n, values)
	return c.fold(chooseStep(t, conds, values), append(all, values...)...)
}

// alike converts steps to their common type.
func (c *checker) alike(n Node, steps []*step) ([]*step, selfsame.Type) {
	t := c.common(n, steps)
	out := make([]*step, len(steps))
	for i, s := range steps {
		out[i] = c.convert(n, s, t)
	}
	return out, t
}

// chooseStep takes for each row the value beside the first true condition, else the last value. A condition that is an error before one
// is true makes that error; values that are not taken raise none.
func chooseStep(t selfsame.Type, conds, values []*step) *step {
	return &step{typ: t, slot: -1, build: func(b *builder) run {
		when, then := buildAll(b, conds), buildAll(b, values)
		cols := make([]*column.Column, len(then))
		p := newPicker(t)
		return func(in *Input) *column.Column {
			p.start(in.Rows, len(conds))
			for k, eval := range when {
				c := eval(in)
				for i := range p.choice {
					if int(p.choice[i]) != len(conds) {
						continue
					}
					switch st := c.StatusAt(i); {
					case st.IsError():
						p.choice[i] = -int32(st)
					case st == selfsame.Present && c.Bools[i]:
						p.choice[i] = int32(k)
					}
				}
			}
			for k, eval := range then {
				cols[k] = eval(in)
			}
			return p.take(cols)
		}
	}}
}

func buildAll(b *builder, steps []*step) []run {
	runs := make([]run, len(steps))
	for i, s := range steps {
		runs[i] = s.build(b)
	}
	return runs
}

// picker assembles a column from rows of others.
type picker struct {
	s      *operator.Scratch
	choice []int32 // by row: the column, or minus a status
}

func newPicker(t selfsame.Type) *picker { return &picker{s: operator.NewScratch(t)} }

// start sets the choice of every row.
func (p *picker) start(rows, choice int) {
	if cap(p.choice) < rows {
		p.choice = make([]int32, rows)
	}
	p.choice = p.choice[:rows]
	for i := range p.choice {
		p.choice[i] = int32(choice)
	}
}

// take copies for each row the value that is chosen.
func (p *picker) take(cols []*column.Column) *column.Column {
	out, rows := p.s.Out, len(p.choice)
	p.s.Begin(rows)
	switch out.Type.Kind {
	case selfsame.Bool:
		pick(p.choice, out.Bools, cols, func(c *column.Column) []bool { return c.Bools })
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		pick(p.choice, out.Ints, cols, func(c *column.Column) []int64 { return c.Ints })
	case selfsame.Float64:
		pick(p.choice, out.Floats, cols, func(c *column.Column) []float64 { return c.Floats })
	case selfsame.Decimal:
		pick(p.choice, out.Decimals, cols, func(c *column.Column) []selfsame.Int128 { return c.Decimals })
	default:
		p.append(cols)
		return out
	}
	for i, k := range p.choice {
		st := selfsame.Status(-k)
		if k >= 0 {
			st = cols[k].StatusAt(i)
		}
		if st != selfsame.Present {
			p.s.Mark(i, rows, st)
		}
	}
	return out
}

func pick[T any](choice []int32, out []T, cols []*column.Column, values func(*column.Column) []T) {
	for k, c := range cols {
		from := values(c)
		for i, chosen := range choice {
			if int(chosen) == k {
				out[i] = from[i]
			}
		}
	}
}

// append is take for kinds of variable width.
func (p *picker) append(cols []*column.Column) {
	out := p.s.Out
	for i, k := range p.choice {
		if k < 0 {
			out.AppendStatus(selfsame.Status(-k))
		} else {
			out.AppendFrom(cols[k], i)
		}
	}
}
