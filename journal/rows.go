// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"fmt"

	"selfsame"
	"selfsame/column"
)

// The columns that Rows adds to those that requests gave. A served value stands in a column ServedPrefix + its output's name.
const (
	TimeColumn    = "event_time" // T
	CutColumn     = "_cut"       // token
	RequestColumn = "_request"   // id
	RowColumn     = "_row"       // of the request, from 0
	PastColumn    = "_past"      // bool: T was asked for
	ScoreColumn   = "_score"     // of the prediction, where there is one
	LabelColumn   = "_label"     // of the outcome, where there is one
	VariantColumn = "_variant"   // arm of the experiment that dealt the row, where there is one
	ServedPrefix  = "served__"
)

// ownColumns is how many of those stand in every row, from TimeColumn to PastColumn.
const ownColumns = 5

// RowsQuery says which vectors become rows.
type RowsQuery struct {
	Query
	Service string // needed
	Version int64  // of the service; 0: every version whose vectors have the same columns
	// Model, where not empty, is whose predictions count; of several the newest does.
	Model string
}

// Rows returns the vectors of a service as rows that ask, in the order in which they were served: what requests gave, T, the cut, the
// values that were served, and prediction and outcome where they are known. Predictions and outcomes are looked for up to the journal's end.
func (r *Reader) Rows(ctx context.Context, q RowsQuery) (*column.Batch, error) {
	t := &rowsTable{at: map[rowID]int{}}
	_, err := r.Read(ctx, Query{From: q.From, RequestID: q.RequestID}, func(rec *Record) error {
		switch s := rec.Served; {
		case rec.Prediction != nil:
			if p := rec.Prediction; q.Model == "" || p.Model == q.Model {
				return t.join(&t.scores, ScoreColumn, rowID{p.RequestID, p.Row}, p.Score)
			}
		case rec.Outcome != nil:
			return t.join(&t.labels, LabelColumn, rowID{rec.Outcome.RequestID, rec.Outcome.Row}, rec.Outcome.Label)
		case s.Shape.Service != q.Service || q.Version != 0 && s.Shape.Version != q.Version,
			rec.Time < q.Since, q.Until != 0 && rec.Time >= q.Until:
		default:
			return t.add(s)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if t.batch == nil {
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "service " + q.Service, Message: "the journal holds no vector of it in this time",
			Hint: "widen --since, or see that the server's journal is on"}
	}
	return t.finish(), nil
}

// rowID is a vector of the journal.
type rowID struct {
	request string
	row     int
}

// rowsTable is the rows on their way.
type rowsTable struct {
	shape  *Shape
	batch  *column.Batch
	at     map[rowID]int // row of each vector
	scores joined
	labels joined
	// variant of each row, empty for none; nil: no row has one
	variants []string
}

// joined is a column that comes from other records than the rows.
type joined struct {
	typ    selfsame.Type
	values map[rowID]selfsame.Value
}

// join keeps a value for a vector; the newest stays.
func (t *rowsTable) join(to *joined, name string, id rowID, v selfsame.Value) error {
	if to.values == nil {
		to.values = map[rowID]selfsame.Value{}
	}
	switch {
	case v.Status != selfsame.Present:
	case to.typ.Kind == selfsame.Unknown:
		to.typ = v.Type
	case !to.typ.Equal(v.Type):
		return &selfsame.Error{Class: selfsame.ClassInput, Ref: "column " + name + ", request " + id.request,
			Message: fmt.Sprintf("it is %s here and %s before", v.Type, to.typ), Hint: "name one model, or a time in which they are of one type"}
	}
	to.values[id] = v
	return nil
}

// add appends the rows of a request.
func (t *rowsTable) add(s *Served) error {
	if t.shape == nil {
		t.shape = s.Shape
		fields := append([]selfsame.Field{}, s.Shape.Given...)
		fields = append(fields, selfsame.Field{Name: TimeColumn, Type: selfsame.Scalar(selfsame.Timestamp)},
			selfsame.Field{Name: CutColumn, Type: selfsame.Scalar(selfsame.String)},
			selfsame.Field{Name: RequestColumn, Type: selfsame.Scalar(selfsame.String)},
			selfsame.Field{Name: RowColumn, Type: selfsame.Scalar(selfsame.Int64)},
			selfsame.Field{Name: PastColumn, Type: selfsame.Scalar(selfsame.Bool)})
		for _, o := range s.Shape.Outputs {
			fields = append(fields, selfsame.Field{Name: ServedPrefix + o.Name, Type: o.Type})
		}
		t.batch = column.NewBatch(fields, 0)
	}
	if err := t.fits(s); err != nil {
		return err
	}
	if s.Experiment != "" && t.variants == nil {
		t.variants = make([]string, t.batch.Rows)
	}
	n := len(s.Shape.Given)
	for i := range s.Rows {
		t.at[rowID{s.RequestID, s.Number(i)}] = t.batch.Rows
		if t.variants != nil {
			t.variants = append(t.variants, s.Variant)
		}
		for k, c := range s.Given {
			t.batch.Columns[k].AppendFrom(c, i)
		}
		own := t.batch.Columns[n : n+ownColumns]
		own[0].Ints = append(own[0].Ints, s.At)
		own[1].AppendBytes([]byte(s.Cut))
		own[2].AppendBytes([]byte(s.RequestID))
		own[3].Ints = append(own[3].Ints, int64(s.Number(i)))
		own[4].Bools = append(own[4].Bools, s.Past)
		for k, c := range s.Values {
			t.batch.Columns[n+ownColumns+k].AppendFrom(c, i)
		}
		t.batch.Rows++
	}
	return nil
}

// fits reports a vector of other columns than those before.
func (t *rowsTable) fits(s *Served) error {
	a, b := t.shape, s.Shape
	same := len(a.Given) == len(b.Given) && len(a.Outputs) == len(b.Outputs)
	for i := 0; same && i < len(a.Given); i++ {
		same = a.Given[i].Name == b.Given[i].Name && a.Given[i].Type.Equal(b.Given[i].Type)
	}
	for i := 0; same && i < len(a.Outputs); i++ {
		same = a.Outputs[i].Name == b.Outputs[i].Name && a.Outputs[i].Type.Equal(b.Outputs[i].Type)
	}
	if same {
		return nil
	}
	return &selfsame.Error{Class: selfsame.ClassInput, Ref: fmt.Sprintf("service %s, request %s", b.Service, s.RequestID),
		Message: fmt.Sprintf("its vector (version %d) has other columns than those before (version %d)", b.Version, a.Version),
		Hint:    "name one version of the service, or a time in which requests gave the same columns"}
}

// finish appends the joined columns, where there is something to join.
func (t *rowsTable) finish() *column.Batch {
	for _, j := range []struct {
		name string
		*joined
	}{{ScoreColumn, &t.scores}, {LabelColumn, &t.labels}} {
		if j.typ.Kind == selfsame.Unknown {
			continue
		}
		c := column.New(j.typ, t.batch.Rows)
		values := make([]selfsame.Value, t.batch.Rows)
		for i := range values {
			values[i].Status = selfsame.Null
		}
		for id, v := range j.values {
			if row, ok := t.at[id]; ok {
				values[row] = v
			}
		}
		for _, v := range values {
			v.Type = j.typ
			c.Append(v)
		}
		t.batch.Fields = append(t.batch.Fields, selfsame.Field{Name: j.name, Type: j.typ})
		t.batch.Columns = append(t.batch.Columns, c)
	}
	if t.variants != nil {
		c := column.New(selfsame.Scalar(selfsame.String), t.batch.Rows)
		for _, v := range t.variants {
			if v == "" {
				c.AppendStatus(selfsame.Null)
			} else {
				c.AppendBytes([]byte(v))
			}
		}
		t.batch.Fields = append(t.batch.Fields, selfsame.Field{Name: VariantColumn, Type: c.Type})
		t.batch.Columns = append(t.batch.Columns, c)
	}
	return t.batch
}
