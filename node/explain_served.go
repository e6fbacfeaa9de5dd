// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/journal"
	"selfsame/plan"
)

// ServedQuestion asks where the values of a served vector come from.
type ServedQuestion struct {
	Request string // id; predictions and outcomes belong to it
	Row     int    // of the request, from 0
	Feature string // an output, or view.feature; empty: every output
	Limit   int    // greatest number of events listed for a window
}

// ServedExplanation walks from what a model predicted to the raw events: predictions and outcomes of a vector, the vector, the version of
// each of its features, and the events of each value.
type ServedExplanation struct {
	Request        string           `json:"request"`
	Row            int              `json:"row"`
	Service        string           `json:"service,omitempty"`
	ServiceVersion int64            `json:"service_version,omitempty"`
	Experiment     string           `json:"experiment,omitempty"` // that dealt the row to that version
	Variant        string           `json:"variant,omitempty"`    // its arm
	Written        selfsame.Instant `json:"written"`
	At             selfsame.Instant `json:"at"` // T
	Cut            string           `json:"cut"`
	Offset         int64            `json:"offset"` // of the cut
	Stale          bool             `json:"stale,omitempty"`
	Predictions    []Judgement      `json:"predictions,omitempty"`
	Outcomes       []Judgement      `json:"outcomes,omitempty"`
	Given          []batch.Named    `json:"given,omitempty"`
	Values         []ServedValue    `json:"values"`
}

// Judgement is a prediction, or an outcome, which names no model.
type Judgement struct {
	Model        string           `json:"model,omitempty"`
	ModelVersion string           `json:"model_version,omitempty"`
	Value        batch.Shown      `json:"value"`
	At           selfsame.Instant `json:"at"`
}

// ServedValue is one value of the vector.
type ServedValue struct {
	Output    string            `json:"output"`
	Feature   string            `json:"feature"`
	Version   string            `json:"version,omitempty"`
	Hash      string            `json:"hash,omitempty"`
	Served    batch.Shown       `json:"served"`
	EventTime *selfsame.Instant `json:"event_time,omitempty"` // of the newest row or event used, as journalled
	// Explanation makes the value again from the events that the read knew; nil: see Note.
	Explanation *batch.Explanation `json:"explanation,omitempty"`
	Same        bool               `json:"same"`           // the value made again has the bits that were served
	Note        string             `json:"note,omitempty"` // why there is no explanation
}

// ExplainServed explains values of a journalled vector.
func ExplainServed(ctx context.Context, e *Evidence, q *ServedQuestion) (*ServedExplanation, error) {
	records, err := e.Journal.Find(ctx, q.Request)
	if err != nil {
		return nil, err
	}
	out := &ServedExplanation{Request: q.Request, Row: q.Row, Values: []ServedValue{}}
	var vector *journal.Served
	row, rows := -1, 0 // of the vector; and how many the request has
	for _, r := range records {
		switch {
		case r.Served != nil:
			if vector == nil || row < 0 || holds(r.Served, q.Row) >= 0 {
				vector, out.Written, row = r.Served, selfsame.Instant(r.Time), holds(r.Served, q.Row)
			}
			for i := range r.Served.Rows {
				rows = max(rows, r.Served.Number(i)+1)
			}
		case r.Prediction != nil && r.Prediction.Row == q.Row:
			p := r.Prediction
			out.Predictions = append(out.Predictions, Judgement{p.Model, p.ModelVersion, batch.Show(p.Score), selfsame.Instant(p.At)})
		case r.Outcome != nil && r.Outcome.Row == q.Row:
			out.Outcomes = append(out.Outcomes, Judgement{Value: batch.Show(r.Outcome.Label), At: selfsame.Instant(r.Outcome.At)})
		}
	}
	switch {
	case vector == nil:
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "request " + q.Request, Message: "the journal holds no vector of it",
			Hint: "requests beyond journal.sample and segments beyond the journal's retention are not kept"}
	case row < 0:
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: fmt.Sprintf("row %d", q.Row), Message: fmt.Sprintf("the request has %d rows", rows),
			Hint: "rows are numbered from 0"}
	}
	out.Service, out.ServiceVersion, out.At = vector.Shape.Service, vector.Shape.Version, selfsame.Instant(vector.At)
	out.Cut, out.Stale, out.Experiment, out.Variant = vector.Cut, vector.Stale, vector.Experiment, vector.Variant
	for i, f := range vector.Shape.Given {
		out.Given = append(out.Given, batch.Named{Name: f.Name, Value: batch.Show(vector.Given[i].Value(row))})
	}
	return out, e.explainVector(ctx, vector, row, q, out)
}

// holds is the index of a row of the request among those of a vector, -1 where it is not there.
func holds(v *journal.Served, number int) int {
	for i := range v.Rows {
		if v.Number(i) == number {
			return i
		}
	}
	return -1
}

// explainVector fills the values of a row.
func (e *Evidence) explainVector(ctx context.Context, v *journal.Served, row int, q *ServedQuestion, out *ServedExplanation) error {
	p, planErr := e.Plan(v.Shape)
	cut, err := e.History.CutOf(v.Cut, readsOf(p))
	if err != nil {
		return err
	}
	cut.Past, out.Offset = v.Past, cut.Offset
	note := ""
	switch {
	case planErr != nil:
		note = planErr.Error()
	case cut.Snapshot != [16]byte{} && cut.Snapshot != here:
		note = "it was served from other history files than those at hand"
	case cut.Offset > e.Complete:
		note = "the log up to its cut is not at hand"
	}
	wanted, err := wantedOutputs(v.Shape, q.Feature)
	if err != nil {
		return err
	}
	req := batch.Request{Rows: oneVector(v, row, cut), Mode: batch.Mode{Served: true}, Snapshot: here, Options: batch.Options{Threads: 1}}
	if note == "" {
		in, err := e.Inputs(ctx, p)
		if err != nil {
			return err
		}
		req.Versions = in.Versions
	}
	for _, k := range wanted {
		o := v.Shape.Outputs[k]
		value := ServedValue{Output: o.Name, Feature: o.Ref, Version: o.Version, Hash: o.Hash, Served: batch.Show(v.Values[k].Value(row)), Note: note}
		if v.EventTimes != nil && v.EventTimes[k] != nil && v.EventTimes[k][row] != selfsame.MinTime {
			at := selfsame.Instant(v.EventTimes[k][row])
			value.EventTime = &at
		}
		if note == "" {
			if value.Explanation, value.Same, err = explainOutput(ctx, req, p, k, v.Values[k].Value(row), q.Limit); err != nil {
				return err
			}
		}
		out.Values = append(out.Values, value)
	}
	return nil
}

// explainOutput explains output k of a plan for the one row of a request, and says whether it has the bits of a served value.
func explainOutput(ctx context.Context, req batch.Request, p *plan.Plan, k int, served selfsame.Value, limit int) (*batch.Explanation, bool, error) {
	alone := *p
	alone.Outputs = p.Outputs[k : k+1]
	req.Plan = &alone
	x, err := batch.Explain(ctx, req, 0, limit)
	if err != nil {
		return nil, false, err
	}
	o := &alone.Outputs[0]
	c := column.New(o.Type, 1)
	c.Append(x.Result)
	return x, batch.SameBits(o.Edge(column.New(o.EdgeType(), 1), c).Value(0), served), nil
}

// wantedOutputs returns the places of the outputs that a user names, by the column's name or as view.feature; all of them where nothing is named.
func wantedOutputs(s *journal.Shape, name string) ([]int, error) {
	var all []int
	var forms []string
	for i, o := range s.Outputs {
		if o.Name == name || o.Ref == name {
			return []int{i}, nil
		}
		all, forms = append(all, i), append(forms, o.Name, o.Ref)
	}
	if name == "" {
		return all, nil
	}
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Ref: name, Message: "the vector has no such value", Hint: "leave the feature out to see every value"}
	if near := selfsame.Nearest(name, forms); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return nil, e
}

// oneVector is row i of a request as the row that asks.
func oneVector(v *journal.Served, i int, cut batch.ServedCut) *batch.EntityRows {
	rows := &batch.EntityRows{Batch: column.NewBatch(v.Shape.Given, 1), At: []int64{v.At}, Served: []batch.ServedCut{cut}}
	for k, c := range v.Given {
		rows.Batch.Columns[k].AppendFrom(c, i)
	}
	rows.Batch.Rows = 1
	return rows
}
