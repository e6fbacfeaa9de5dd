// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/journal"
	"selfsame/online"
	"selfsame/plan"
	"selfsame/source"
)

// Options say what to audit, and with what.
type Options struct {
	Journal *journal.Reader
	From    journal.Position // Report.Next of the audit before, to go on from there
	Since   int64            // vectors written in [Since, Until); both 0: all
	Until   int64
	Limit   int64   // vectors at most; 0: no limit. The report's Next is behind the last one looked at
	Sample  float64 // share of the requests, by the hash of their id: (0, 1]; 0: all
	Service string  // of this service alone; empty: of all, and of references
	Request string  // of this request alone

	// Plan returns the plan whose outputs are those of a shape, pinned to its versions. Its error makes the shape's vectors unauditable.
	Plan func(s *journal.Shape) (*plan.Plan, error)
	// Inputs returns the tables of a plan.
	Inputs func(ctx context.Context, p *plan.Plan) (*Inputs, error)
	// Cut reads the token of a vector of a shape. Its error, and another snapshot than the one at hand, make the vector unauditable.
	Cut      func(s *journal.Shape, token string) (batch.ServedCut, error)
	Snapshot [16]byte // of the history at hand
	Complete int64    // the log is at hand below this offset

	Batch    batch.Options
	Explain  int  // how many mismatches are explained; 0: none
	Gap      bool // also compare with `final`, what is known now
	Progress func(vectors int64)
}

// Inputs are the tables that a plan reads, as batch.Request has them.
type Inputs struct {
	Tables, Archive map[string]*source.Table
	Versions        map[*selfsame.Source]batch.Opened
}

// most is how many vectors are evaluated in one go: each go reads the sources once.
const most = 1 << 18

// Run audits. The error is about the audit itself, the journal or an input that cannot be read; what it found is in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	a := &auditor{o: o, report: &Report{Next: o.From.String()}, groups: map[string]*group{}}
	next, err := o.Journal.Read(ctx, journal.Query{From: o.From, Since: o.Since, Until: o.Until, RequestID: o.Request}, func(r *journal.Record) error {
		return a.take(ctx, r)
	})
	if err != nil {
		return nil, err
	}
	a.report.Next = next.String()
	if err := a.flush(ctx); err != nil {
		return nil, err
	}
	a.report.finish()
	return a.report, nil
}

type auditor struct {
	o       Options
	report  *Report
	groups  map[string]*group // by signature
	order   []*group
	waiting int // vectors in groups
}

// group is the vectors of one shape that wait to be evaluated.
type group struct {
	shape   *journal.Shape
	service *ServiceReport
	vectors []vector
	rows    *batch.EntityRows
	served  []*column.Column // beside the shape's outputs
}

// vector is one row of a request.
type vector struct {
	request string
	row     int
	token   string
}

// signature is equal for shapes whose vectors can be evaluated together.
func signature(s *journal.Shape) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %d", s.Service, s.Version)
	for _, f := range s.Given {
		fmt.Fprintf(&b, " %q %s", f.Name, f.Type)
	}
	for _, o := range s.Outputs {
		fmt.Fprintf(&b, " %q %q %q %q %s", o.Name, o.Ref, o.Version, o.Hash, o.Type)
	}
	return b.String()
}

// take keeps a served record until its group is evaluated.
func (a *auditor) take(ctx context.Context, r *journal.Record) error {
	s := r.Served
	switch {
	case s == nil, a.o.Service != "" && s.Shape.Service != a.o.Service, a.o.Sample != 0 && !journal.Sampled(s.RequestID, a.o.Sample):
		return nil
	}
	a.report.Requests++
	a.report.Vectors += int64(s.Rows)
	if a.report.First == 0 {
		a.report.First = selfsame.Instant(r.Time)
	}
	a.report.Last = selfsame.Instant(r.Time)
	sig := signature(s.Shape)
	g := a.groups[sig]
	if g == nil {
		g = newGroup(s.Shape, a.report.service(s.Shape))
		a.groups[sig] = g
		a.order = append(a.order, g)
	}
	g.service.Vectors += int64(s.Rows)
	if err := g.add(s, &a.o); err != nil {
		a.report.unauditable(g.service, err.Error(), s.RequestID, int64(s.Rows))
	} else {
		a.waiting += s.Rows
	}
	if a.waiting >= most {
		if err := a.flush(ctx); err != nil {
			return err
		}
	}
	if a.o.Limit > 0 && a.report.Vectors >= a.o.Limit {
		return journal.ErrStop
	}
	return nil
}

func newGroup(s *journal.Shape, service *ServiceReport) *group {
	g := &group{shape: s, service: service, rows: &batch.EntityRows{Batch: column.NewBatch(s.Given, 0)}}
	for _, out := range s.Outputs {
		g.served = append(g.served, column.New(out.Type, 0))
	}
	return g
}

// add appends the vectors of a request, or says why they cannot be audited.
func (g *group) add(s *journal.Served, o *Options) error {
	cut, err := o.cut(s)
	if err != nil {
		return err
	}
	for i := range s.Rows {
		g.vectors = append(g.vectors, vector{s.RequestID, s.Number(i), s.Cut})
		g.rows.At = append(g.rows.At, s.At)
		g.rows.Served = append(g.rows.Served, cut)
	}
	for k, c := range s.Given {
		g.rows.Batch.Columns[k].AppendRange(c, 0, s.Rows)
	}
	for k, c := range s.Values {
		g.served[k].AppendRange(c, 0, s.Rows)
	}
	g.rows.Batch.Rows += s.Rows
	return nil
}

// cut reads the token of a vector and checks that what it names is at hand.
func (o *Options) cut(s *journal.Served) (batch.ServedCut, error) {
	if _, err := online.ParseToken(s.Cut); err != nil {
		return batch.ServedCut{}, errors.New("its cut token cannot be read")
	}
	c, err := o.Cut(s.Shape, s.Cut)
	c.Past = s.Past
	switch {
	case err != nil:
		return c, err
	case c.Snapshot != [16]byte{} && c.Snapshot != o.Snapshot:
		return c, errors.New("it was served from other history files than those at hand")
	case c.Offset > o.Complete:
		return c, errors.New("the log up to its cut is not at hand")
	}
	return c, nil
}

// flush evaluates every group.
func (a *auditor) flush(ctx context.Context) error {
	for _, g := range a.order {
		if len(g.vectors) == 0 {
			continue
		}
		if err := a.evaluate(ctx, g); err != nil {
			return err
		}
	}
	a.groups, a.order, a.waiting = map[string]*group{}, nil, 0
	return nil
}

// evaluate computes the vectors of a group again and compares.
func (a *auditor) evaluate(ctx context.Context, g *group) error {
	p, err := a.o.Plan(g.shape)
	if err == nil {
		err = fits(p, g.shape)
	}
	switch selfsame.ClassOf(err) {
	case selfsame.ClassResource, selfsame.ClassCanceled:
		return err // it may go well another time
	}
	if err != nil {
		a.report.unauditable(g.service, "its definitions are not at hand: "+err.Error(), g.vectors[0].request, int64(len(g.vectors)))
		return nil
	}
	in, err := a.o.Inputs(ctx, p)
	if err != nil {
		return err
	}
	req := batch.Request{Plan: p, Rows: g.rows, Mode: batch.Mode{Served: true}, Tables: in.Tables, Archive: in.Archive, Versions: in.Versions,
		Snapshot: a.o.Snapshot, Options: a.o.Batch}
	req.Options.ErrorStatus = true
	c := &comparison{auditor: a, group: g, request: req}
	if err := each(ctx, req, c.compare); err != nil {
		return err
	}
	if a.o.Gap {
		now := req
		now.Mode = batch.Mode{Final: true}
		if err := each(ctx, now, c.compareNow); err != nil {
			return err
		}
	}
	return c.explain(ctx)
}

// fits checks that a plan gives the outputs of a shape.
func fits(p *plan.Plan, s *journal.Shape) error {
	if len(p.Outputs) != len(s.Outputs) {
		return fmt.Errorf("the plan has %d outputs, the vector %d", len(p.Outputs), len(s.Outputs))
	}
	for i := range p.Outputs {
		o := &p.Outputs[i]
		if o.Name != s.Outputs[i].Name || !o.EdgeType().Equal(s.Outputs[i].Type) {
			return fmt.Errorf("output %d is %s %s, in the vector %s %s", i, o.Name, o.EdgeType(), s.Outputs[i].Name, s.Outputs[i].Type)
		}
	}
	return nil
}

// each runs a request and visits its chunks.
func each(ctx context.Context, req batch.Request, visit func(*batch.Chunk) error) error {
	res, err := batch.Run(ctx, req)
	if err != nil {
		return err
	}
	return res.Each(ctx, visit)
}
