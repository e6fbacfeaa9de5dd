// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"selfsame"
	"selfsame/column"
	"selfsame/registry"
)

// split is a service whose rows an experiment deals to its versions. Each row is answered by the plan of its arm, at one T and one cut; an answer with rows of
// several arms is put together: its columns are those of all arms, and a row has status not_found in those that its arm has not. It is immutable.
type split struct {
	experiment *registry.Experiment
	arms       []*served
	key        []int    // request columns of the first arm's plan
	outputs    []Output // of all arms
	columns    [][]int  // per arm, beside outputs: the arm's column, -1 for none
}

// newSplit plans the arms of an experiment.
func newSplit(defs Definitions, e *registry.Experiment) (*served, error) {
	s := &split{experiment: e}
	for _, a := range e.Arms {
		p, err := build(defs, &Request{Service: e.Service, Version: a.Version})
		if err != nil {
			return nil, err
		}
		s.arms = append(s.arms, p)
	}
	for _, name := range e.Key {
		at := slices.IndexFunc(s.arms[0].plan.Requests, func(f selfsame.Field) bool { return f.Name == name })
		if at < 0 {
			return nil, &selfsame.Error{Class: selfsame.ClassInternal, Ref: "experiment " + e.Name, Message: "its key " + name + " is not among the columns of its service"}
		}
		s.key = append(s.key, at)
	}
	s.unite()
	return &served{split: s}, nil
}

// unite lists the outputs of all arms by name. Where arms have one of a name in several versions, the list names none.
func (s *split) unite() {
	for _, p := range s.arms {
		for _, o := range p.outputs {
			at := slices.IndexFunc(s.outputs, func(have Output) bool { return have.Name == o.Name })
			if at < 0 {
				s.outputs = append(s.outputs, o)
			} else if have := &s.outputs[at]; have.Reference != o.Reference {
				feature, _, _ := strings.Cut(o.Reference, "@")
				*have = Output{Name: o.Name, Reference: feature, Type: o.Type}
			}
		}
	}
	for _, p := range s.arms {
		var columns []int
		for _, o := range s.outputs {
			columns = append(columns, slices.IndexFunc(p.outputs, func(have Output) bool { return have.Name == o.Name }))
		}
		s.columns = append(s.columns, columns)
	}
}

// dealt answers a question about a service with an experiment.
func (s *Server) dealt(ctx context.Context, sp *split, q *Request) (*Vector, error) {
	arms, err := sp.deal(q, s.opt.MaxRows)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(arms, func(a int) bool { return a != arms[0] }) {
		return s.arm(ctx, sp, arms[0], q, nil, nil)
	}
	for {
		v, err := s.mixed(ctx, sp, arms, q)
		if v != nil || err != nil {
			return v, err
		}
	}
}

// deal returns the arm of each row.
func (sp *split) deal(q *Request, maxRows int) ([]int, error) {
	p := sp.arms[0]
	w := p.take()
	defer p.free.Put(w)
	rows, err := rowsOf(q, maxRows)
	if err != nil {
		return nil, err
	}
	id, err := w.idColumn(q)
	if err != nil {
		return nil, err
	}
	var keys []*column.Column
	for _, i := range sp.key {
		c, err := w.givenColumn(q, i, p.plan.Requests[i], id, rows)
		if err != nil {
			return nil, err
		}
		keys = append(keys, c)
	}
	arms := make([]int, rows)
	text := []byte(sp.experiment.Name)
	for i := range arms {
		key, ok := appendKey(text[:len(sp.experiment.Name)], keys, i)
		if ok {
			arms[i] = sp.experiment.Deal(key)
		} // a key with a null is in the first arm
		text = key[:len(sp.experiment.Name)]
	}
	return arms, nil
}

// appendKey appends the key of row i as registry.Experiment.Deal takes it, and reports whether it is whole.
func appendKey(b []byte, keys []*column.Column, i int) ([]byte, bool) {
	for _, c := range keys {
		if c.StatusAt(i) != selfsame.Present {
			return b, false
		}
		b = append(b, ':')
		if c.Type.Kind == selfsame.Int64 {
			b = strconv.AppendInt(b, c.Ints[i], 10)
		} else {
			b = append(b, c.Str(i)...)
		}
	}
	return b, true
}

// arm answers rows that are in one arm, and journals them. numbers are those of the rows in the request, nil where they are all of it.
func (s *Server) arm(ctx context.Context, sp *split, arm int, q *Request, numbers []int, with *work) (*Vector, error) {
	p := sp.arms[arm]
	w := p.take()
	if err := s.answer(ctx, w, q, with); err != nil {
		p.free.Put(w)
		return nil, err
	}
	v := &w.vector
	v.work, v.Experiment = w, sp.experiment.Name
	name := sp.experiment.Arms[arm].Name
	v.Variants = slices.Repeat([]string{name}, v.Rows)
	if numbers == nil {
		s.keep(sp, arm, v, nil)
	}
	return v, nil
}

// keep hands the rows of an arm to the journal.
func (s *Server) keep(sp *split, arm int, v *Vector, numbers []int) {
	if s.opt.Journal != nil {
		s.opt.Journal(&Record{Vector: v, Variant: sp.experiment.Arms[arm].Name, Numbers: numbers, Fields: sp.arms[arm].plan.Requests, Given: v.work.given})
	}
}

// mixed answers rows of several arms, each by its own. No vector and no error: the history was loaded anew between two arms, ask again.
func (s *Server) mixed(ctx context.Context, sp *split, arms []int, q *Request) (*Vector, error) {
	numbers := make([][]int, len(sp.arms))
	for i, a := range arms {
		numbers[a] = append(numbers[a], i)
	}
	parts := make([]*Vector, len(sp.arms))
	out := &Vector{RequestID: q.RequestID, Experiment: sp.experiment.Name, Rows: len(arms), Outputs: sp.outputs}
	var first *Vector
	for a, rows := range numbers {
		if len(rows) == 0 {
			continue
		}
		part := *q
		part.Given = rowsAt(q.Given, rows)
		var with *work
		if first != nil {
			with = first.work
		}
		v, err := s.arm(ctx, sp, a, &part, rows, with)
		if err != nil {
			out.Release()
			return nil, inBatch(err, rows)
		}
		parts[a], out.parts = v, append(out.parts, v)
		if first == nil {
			first = v
		} else if v.Token != first.Token {
			out.Release()
			return nil, nil
		}
	}
	for a, v := range parts {
		if v != nil {
			s.keep(sp, a, v, numbers[a])
		}
	}
	out.join(sp, arms, parts, first)
	return out, nil
}

// join fills an answer from those of its arms.
func (v *Vector) join(sp *split, arms []int, parts []*Vector, first *Vector) {
	v.Service, v.At, v.Past, v.Cut, v.Token = first.Service, first.At, first.Past, first.Cut, first.Token
	for _, part := range v.parts {
		v.Stale = v.Stale || part.Stale
		v.CacheHits, v.CacheMisses = v.CacheHits+part.CacheHits, v.CacheMisses+part.CacheMisses
		m := &part.Milliseconds
		v.Milliseconds = Milliseconds{v.Milliseconds.Cache + m.Cache, v.Milliseconds.Read + m.Read, v.Milliseconds.Compute + m.Compute}
		for _, w := range part.Warnings {
			if !slices.Contains(v.Warnings, w) {
				v.Warnings = append(v.Warnings, w)
			}
		}
	}
	for _, a := range arms {
		v.Variants = append(v.Variants, sp.experiment.Arms[a].Name)
	}
	for k := range sp.outputs {
		c, next := column.New(sp.outputs[k].Type, len(arms)), make([]int, len(parts))
		var times []int64
		for _, a := range arms {
			from := sp.columns[a][k]
			t := selfsame.MinTime
			if from < 0 {
				c.AppendStatus(selfsame.NotFound)
			} else {
				c.AppendRange(parts[a].Columns[from], next[a], next[a]+1)
				if list := parts[a].EventTimes; list != nil && list[from] != nil {
					t = list[from][next[a]]
				}
			}
			times = append(times, t)
			next[a]++
		}
		v.Columns = append(v.Columns, c)
		if first.EventTimes != nil {
			v.EventTimes = append(v.EventTimes, times)
		}
	}
}

// rowsAt copies rows of a batch.
func rowsAt(b *column.Batch, rows []int) *column.Batch {
	if b == nil || len(b.Columns) == 0 {
		return b
	}
	out := &column.Batch{Fields: b.Fields, Rows: len(rows)}
	for _, c := range b.Columns {
		to := column.New(c.Type, len(rows))
		for _, i := range rows {
			to.AppendRange(c, i, i+1)
		}
		out.Columns = append(out.Columns, to)
	}
	return out
}

// inBatch gives a row that an error names its number in the request.
func inBatch(err error, rows []int) error {
	var e *selfsame.Error
	if !errors.As(err, &e) {
		return err
	}
	number, rest, ok := strings.Cut(strings.TrimPrefix(e.Ref, "row "), ",")
	if i, bad := strconv.Atoi(number); ok && bad == nil && i < len(rows) {
		renamed := *e
		renamed.Ref = fmt.Sprintf("row %d,%s", rows[i], rest)
		return &renamed
	}
	return err
}
