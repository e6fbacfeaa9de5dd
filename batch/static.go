// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"fmt"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
	"selfsame/plan"
)

// checkStatic refuses a static table in which a key of some view stands twice. Rows are looked at in log order, so that the row that
// the error names is the same on every run.
func (r *runner) checkStatic(ctx context.Context, src *selfsame.Source) error {
	one := *r
	one.Options.Threads = 1
	uses, parts := r.sourceUses(src)
	for i, u := range uses {
		check := newStaticCheck(src, u.use, parts[i])
		if err := one.scan(ctx, src, check.fields(), func() chunkFunc { return chunkFunc{chunk: check.chunk} }); err != nil {
			return err
		}
	}
	return nil
}

// staticCheck finds the second row of a key.
type staticCheck struct {
	src   *selfsame.Source
	use   *plan.Use
	part  *plan.SourceUse
	keys  *keyTable // nil: the whole world has one row
	key   []*expr.Evaluator
	where *expr.Evaluator
	name  *column.Column // _source
	rows  int            // of a view of the whole world
}

func newStaticCheck(src *selfsame.Source, u *plan.Use, part *plan.SourceUse) *staticCheck {
	c := &staticCheck{src: src, use: u, part: part}
	if u.Entity != nil {
		var types []selfsame.Type
		for _, f := range u.Entity.Key {
			types = append(types, f.Type)
		}
		c.keys = newKeyTable(types)
	}
	for _, p := range part.Key {
		c.key = append(c.key, p.NewEvaluator())
	}
	if part.Where != nil {
		c.where = part.Where.NewEvaluator()
	}
	return c
}

// fields are those that the key and the condition read; a table of which neither reads one is read whole.
func (s *staticCheck) fields() []string {
	var out []string
	programs := s.part.Key
	if s.part.Where != nil {
		programs = append([]*expr.Program{s.part.Where}, programs...)
	}
	for _, p := range programs {
		for _, slot := range p.Slots() {
			if slot < len(s.src.Schema) {
				out = append(out, s.src.Schema[slot].Name)
			}
		}
	}
	if out == nil {
		return schemaNames(s.src)
	}
	return out
}

func (s *staticCheck) chunk(c *piece, cols []*column.Column) error {
	in := &expr.Input{Columns: cols, Rows: c.Batch.Rows}
	s.name = repeated(s.name, s.src.Name, c.Batch.Rows)
	cols[len(s.src.Schema)] = s.name
	var where *column.Column
	if s.where != nil {
		where = s.where.Eval(in)
	}
	var keys []*column.Column
	for _, k := range s.key {
		keys = append(keys, k.Eval(in))
	}
	idx := make([]uint32, 0, c.Batch.Rows)
	for i := range c.Batch.Rows {
		if where == nil || where.StatusAt(i) == selfsame.Present && where.Bools[i] {
			idx = append(idx, uint32(i))
		}
	}
	if s.keys == nil {
		if s.rows += len(idx); s.rows > 1 {
			return s.fault("the view has no entity, and the table holds more than one row", "give the view an entity, or keep one row with `where`")
		}
		return nil
	}
	for i, k := range keys {
		picked := column.New(k.Type, len(idx))
		picked.Gather(k, idx)
		keys[i] = picked
	}
	return s.distinct(keys, idx, c)
}

// distinct takes the keys of rows idx of a chunk and refuses one that is there already.
func (s *staticCheck) distinct(keys []*column.Column, idx []uint32, c *piece) error {
	before := s.keys.len()
	for k, id := range s.keys.add(nil, keys, len(idx)) {
		switch {
		case id == pit.NoEntity:
		case int(id) < before:
			row := position(c, int(idx[k])) & (1<<40 - 1)
			return s.fault(fmt.Sprintf("row %d: the key of view %s stands twice in a static table", row, s.use.View.Name),
				"keep one row a key, or declare `event_time` so that the rows are versions")
		default:
			before++
		}
	}
	return nil
}

func (s *staticCheck) fault(message, hint string) error {
	return &selfsame.Error{Class: selfsame.ClassInput, Ref: "source " + s.src.Name, Message: message, Hint: hint}
}
