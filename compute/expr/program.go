// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/operator"
)

// Program is a checked expression. It is immutable and safe for concurrent use.
type Program struct {
	root  *step
	slots []int
	now   bool
	cells int
}

// Type is the type of the program's values.
func (p *Program) Type() selfsame.Type { return p.root.typ }

// Slots are the distinct slots that the program reads, ascending. The slice belongs to the program.
func (p *Program) Slots() []int { return p.slots }

// UsesNow reports whether the program calls now(), so that Input.At must be given.
func (p *Program) UsesNow() bool { return p.now }

// Bare returns the slot of a program that is nothing but a reference.
func (p *Program) Bare() (slot int, ok bool) { return p.root.slot, p.root.slot >= 0 }

// NewEvaluator returns the memory to run the program with, for one goroutine.
func (p *Program) NewEvaluator() *Evaluator {
	ev := &Evaluator{}
	ev.run = p.root.build(&builder{cells: make([]*column.Column, p.cells), failed: &ev.failed})
	return ev
}

// Input is a run of rows.
type Input struct {
	Columns []*column.Column // by slot, of the types the scope gave; a slot that the program does not read may be nil
	At      []int64          // T of each row in microseconds, or nil where the program does not use now()
	Rows    int
}

// Evaluator runs a program over one input after another and keeps its scratch columns. It is used by one goroutine at a time.
type Evaluator struct {
	run    run
	failed int64
}

// FailedCasts is how many values a CAST could not convert, so that they are null, over all inputs so far. A branch that CASE does not
// take is looked at too.
func (ev *Evaluator) FailedCasts() int64 { return ev.failed }

// Eval computes one value for each row. The statuses of the result are present, null and errors: not_found and expired inputs are
// null. The column belongs to the evaluator until its next Eval; it may be, or share memory with, a column of the input.
func (ev *Evaluator) Eval(in *Input) *column.Column { return ev.run(in) }

// run computes a column for an input. The column belongs to the run until its next call.
type run func(in *Input) *column.Column

// builder hands out what the runs of one evaluator share.
type builder struct {
	cells  []*column.Column // values that several runs read, see checker.share
	failed *int64           // counts values that a CAST could not convert
}

// step is a typed node: a recipe for a run.
type step struct {
	typ   selfsame.Type
	build func(b *builder) run
	value *selfsame.Value // constants: the value, of type typ
	point *selfsame.Value // literals with a point: the exact decimal; typ is float64
	text  bool            // a string literal, which may stand for a timestamp or date
	slot  int             // a bare reference; -1: none
}

// unaryStep is a strict operator of one argument; the kernel's b is nil.
func unaryStep(t selfsame.Type, x *step, k operator.Kernel) *step {
	return &step{typ: t, slot: -1, build: func(b *builder) run {
		eval, s := x.build(b), operator.NewScratch(t)
		s.Failed = b.failed
		return func(in *Input) *column.Column {
			a := eval(in)
			s.Begin(in.Rows, a)
			k(s, a, nil, in.Rows)
			return s.Out
		}
	}}
}

// binaryStep is a strict operator of two arguments.
func binaryStep(t selfsame.Type, x, y *step, k operator.Kernel) *step {
	return &step{typ: t, slot: -1, build: func(b *builder) run {
		left, right, s := x.build(b), y.build(b), operator.NewScratch(t)
		return func(in *Input) *column.Column {
			l, r := left(in), right(in)
			s.Begin(in.Rows, l, r)
			k(s, l, r, in.Rows)
			return s.Out
		}
	}}
}

// constantStep is a column of one value.
func constantStep(v selfsame.Value) *step {
	return &step{typ: v.Type, value: &v, slot: -1, build: func(*builder) run {
		col := column.New(v.Type, 0)
		return func(in *Input) *column.Column {
			if col.Len() > in.Rows {
				col = column.New(v.Type, in.Rows)
			}
			for col.Len() < in.Rows {
				col.Append(v)
			}
			return col
		}
	}}
}

// slotStep reads a column of the input. A not_found or expired value is null from here on.
func slotStep(slot int, t selfsame.Type) *step {
	return &step{typ: t, slot: slot, build: func(*builder) run {
		var plain column.Column
		s := &operator.Scratch{}
		return func(in *Input) *column.Column {
			c := in.Columns[slot]
			if !anyAbsent(c.Status) {
				return c
			}
			st := s.Statuses(in.Rows)
			for i, x := range c.Status[:in.Rows] {
				if x == selfsame.NotFound || x == selfsame.Expired {
					x = selfsame.Null
				}
				st[i] = x
			}
			plain = *c
			plain.Status = st
			return &plain
		}
	}}
}

func anyAbsent(st []selfsame.Status) bool {
	for _, x := range st {
		if x == selfsame.NotFound || x == selfsame.Expired {
			return true
		}
	}
	return false
}

// nowStep is T of each row.
func nowStep() *step {
	return &step{typ: timestampType, slot: -1, build: func(*builder) run {
		col := &column.Column{Type: timestampType}
		return func(in *Input) *column.Column {
			col.Ints = in.At[:in.Rows]
			return col
		}
	}}
}
