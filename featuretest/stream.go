// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/definition"
	"selfsame/plan"
	"selfsame/request"
)

// Stream is the stream and the request driver as an Engine, without an API: the rows of a case are appended to a log as they became known,
// what a log cannot hold is backfilled, the driver makes online state of both, and the questions are read from it at their cuts.
type Stream struct {
	// Seed draws what happens beside: crashes, states built again, retention, compactions, events applied late and history that comes in the
	// middle. None changes a value. 0: nothing happens.
	Seed uint64
	// Counts counts what happened; nil: nobody asks.
	Counts map[string]int
}

// Name is "stream".
func (Stream) Name() string { return "stream" }

// Ask replays the case and asks. What only training has is left out of the answer. Every question is put to readers with a cache, with next to none and with none, at its cut and again at
// the end; answers that differ among themselves are an error.
func (s Stream) Ask(ctx context.Context, c *Case) (*Answer, error) {
	c, err := served(c)
	if err != nil {
		return nil, err
	}
	if len(c.Rows) > 0 && c.Service == "" && len(c.Features) == 0 {
		return &Answer{Rows: make([][]selfsame.Value, len(c.Rows))}, nil
	}
	replays, err := c.replays()
	if err != nil {
		return nil, err
	}
	if s.Counts == nil {
		s.Counts = map[string]int{}
	}
	out := &Answer{Rows: make([][]selfsame.Value, len(c.Rows))}
	rng := rand.New(rand.NewPCG(s.Seed, 41))
	for _, r := range replays {
		if err := s.replay(ctx, r, rng, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// served is the case without the features that live serving has no part in.
func served(c *Case) (*Case, error) {
	refs, err := definition.References(c.Project, c.Features)
	if err != nil {
		return nil, err
	}
	out := *c
	out.Features = nil
	for _, ref := range refs {
		for _, f := range c.Project.View(ref.View).Features {
			if ref.Feature != "" && f.Name != ref.Feature {
				continue
			}
			one := selfsame.ServiceEntry{View: ref.View, Feature: f.Name, Version: ref.Version}
			p, err := plan.Build(c.Project, plan.Request{Features: []selfsame.ServiceEntry{one}})
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(p.Uses, (*plan.Use).TrainingOnly) {
				out.Features = append(out.Features, ref.View+"."+f.Name)
			}
		}
	}
	return &out, nil
}

// planOf plans the question of a case.
func planOf(p *selfsame.Project, c *Case) (*plan.Plan, error) {
	refs, err := definition.References(p, c.Features)
	if err != nil {
		return nil, err
	}
	return plan.Build(p, plan.Request{Service: c.Service, Features: refs})
}

func (s Stream) replay(ctx context.Context, r *replay, rng *rand.Rand, out *Answer) error {
	p, err := planOf(r.project, r.c)
	if err != nil {
		return err
	}
	if out.Outputs == nil {
		for _, o := range p.Outputs {
			out.Outputs = append(out.Outputs, o.Name)
		}
	}
	dir, err := os.MkdirTemp("", "selfsame-test-")
	if err != nil {
		return &selfsame.Error{Class: selfsame.ClassResource, Message: "make a temporary folder", Err: err}
	}
	defer os.RemoveAll(dir)
	w := &streamWorld{replay: r, plan: p, dir: dir, rng: rng, counts: s.Counts, disturbed: s.Seed != 0, out: out}
	if err := w.open(ctx); err != nil {
		return err
	}
	defer w.close()
	return w.play(ctx)
}

// asked is rows that ask at one T of one cut.
type asked struct {
	at    int64
	past  bool
	after int // groups of the log below the cut
}

// ask puts questions to every reader, rows of one T and cut together, and fails where an answer is not what it was before.
func (w *streamWorld) ask(ctx context.Context, questions []inquiry) error {
	var order []asked
	rows := map[asked][]int{}
	for _, q := range questions {
		a := asked{w.c.Rows[q.row].At, q.past, q.after}
		if rows[a] == nil {
			order = append(order, a)
		}
		rows[a] = append(rows[a], q.row)
	}
	for _, a := range order {
		for k, r := range w.readers {
			got, err := w.read(ctx, r, a, rows[a])
			if err != nil {
				return err
			}
			for i, row := range rows[a] {
				if err := w.answered(row, got[i]); err != nil {
					return fmt.Errorf("reader %d, past %v, after %d of %d groups: %w", k, a.past, a.after, w.applied, err)
				}
			}
		}
	}
	return nil
}

// answered keeps the answer of a row, or compares it with the one that is kept.
func (w *streamWorld) answered(row int, got []selfsame.Value) error {
	kept := w.out.Rows[row]
	if kept == nil {
		w.out.Rows[row] = got
		return nil
	}
	for k, v := range got {
		if !Same(v, kept[k]) {
			return fmt.Errorf("row %d, %s: %s, and %s before", row, w.out.Outputs[k], Format(v), Format(kept[k]))
		}
	}
	return nil
}

// read asks a reader one question and copies the answers.
func (w *streamWorld) read(ctx context.Context, r *request.Reader, a asked, rows []int) ([][]selfsame.Value, error) {
	given, err := w.given(rows)
	if err != nil {
		return nil, err
	}
	res, err := r.Read(ctx, &request.Query{Plan: w.prepared, Given: given, Rows: len(rows), At: a.at, Past: a.past, Cut: w.cuts[a.after]})
	if err != nil {
		return nil, err
	}
	defer res.Release()
	out := make([][]selfsame.Value, len(rows))
	for i := range rows {
		for _, c := range res.Columns {
			out[i] = append(out[i], c.Value(i))
		}
	}
	return out, nil
}

// given are the keys and request fields of some rows, as the plan asks for them.
func (w *streamWorld) given(rows []int) ([]*column.Column, error) {
	labels := column.NewBatch(w.c.Columns, len(rows))
	labels.Rows = len(rows)
	for i, f := range w.c.Columns {
		for _, row := range rows {
			v := stored(&selfsame.Source{}, w.c.Rows[row].Given[f.Name])
			v.Type = f.Type
			labels.Columns[i].Append(v)
		}
	}
	var out []*column.Column
	for _, f := range w.plan.Requests {
		if labels.Column(f.Name) == nil {
			if f.Optional {
				c := column.New(f.Type, len(rows))
				for range rows {
					c.AppendStatus(selfsame.Null)
				}
				out = append(out, c)
				continue
			}
			return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "column " + f.Name, Message: "the question does not give it"}
		}
		c, err := batch.LabelColumn(labels, f, "given")
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}
