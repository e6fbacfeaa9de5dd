// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"sync"

	"selfsame/api"
	"selfsame/journal"
	"selfsame/serve"
)

// maxShapes bounds the shapes that are kept: those of definitions that are no longer applied go with the others.
const maxShapes = 1000

// Journaler puts what is served, predicted and observed into a journal. It implements api.Predictions and is safe for concurrent use.
type Journaler struct {
	w      *journal.Writer
	now    func() int64
	failed func(error)

	mu     sync.RWMutex // guards shapes
	shapes map[shapeKey]*journal.Shape
}

// shapeKey is the identity of what a plan's vectors share: its outputs are one slice for as long as it is.
type shapeKey struct {
	first   *serve.Output
	service string
	version int64
}

// NewJournaler returns a Journaler over an open journal. now is the clock in microseconds; failed is told of answers that could not be journalled and were
// given all the same.
func NewJournaler(w *journal.Writer, now func() int64, failed func(error)) *Journaler {
	return &Journaler{w: w, now: now, failed: failed, shapes: map[shapeKey]*journal.Shape{}}
}

// Record keeps an answer. It is the hook of serve.Options; where the journal is durable it returns when the record is.
func (j *Journaler) Record(r *serve.Record) {
	if !j.w.Keeps(r.RequestID) {
		return
	}
	err := j.w.Served(context.Background(), &journal.Served{RequestID: r.RequestID, Shape: j.shape(r), At: r.At, Cut: r.Token, Stale: r.Stale, Past: r.Past,
		Experiment: r.Experiment, Variant: r.Variant, Numbers: r.Numbers, Rows: r.Rows, Given: r.Given, Values: r.Columns, EventTimes: r.EventTimes})
	if err != nil && j.failed != nil {
		j.failed(err)
	}
}

// shape returns the shape of an answer, the same for every answer of one plan.
func (j *Journaler) shape(r *serve.Record) *journal.Shape {
	key := shapeKey{service: r.Service, version: r.Version}
	if len(r.Outputs) > 0 {
		key.first = &r.Outputs[0]
	}
	j.mu.RLock()
	s := j.shapes[key]
	j.mu.RUnlock()
	if s != nil {
		return s
	}
	s = &journal.Shape{Service: r.Service, Version: r.Version, Given: r.Fields}
	for _, o := range r.Outputs {
		s.Outputs = append(s.Outputs, journal.Output{Name: o.Name, Ref: featureOf(o.Reference), Version: o.Version, Hash: o.Definition, Type: o.Type})
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if have := j.shapes[key]; have != nil {
		return have
	}
	if len(j.shapes) >= maxShapes {
		clear(j.shapes)
	}
	j.shapes[key] = s
	return s
}

// Predict implements api.Predictions.
func (j *Journaler) Predict(ctx context.Context, list ...*api.Prediction) error {
	now := j.now()
	out := make([]*journal.Prediction, len(list))
	for i, p := range list {
		out[i] = &journal.Prediction{RequestID: p.RequestID, Row: p.Row, Model: p.Model, ModelVersion: p.ModelVersion, Score: p.Score, At: cmp.Or(p.At, now)}
	}
	return j.w.Predict(ctx, out...)
}

// Outcome implements api.Predictions.
func (j *Journaler) Outcome(ctx context.Context, list ...*api.Outcome) error {
	now := j.now()
	out := make([]*journal.Outcome, len(list))
	for i, o := range list {
		out[i] = &journal.Outcome{RequestID: o.RequestID, Row: o.Row, Label: o.Label, At: cmp.Or(o.At, now)}
	}
	return j.w.Outcome(ctx, out...)
}
