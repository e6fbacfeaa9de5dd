// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/monitor"
	"selfsame/online"
	"selfsame/plan"
	"selfsame/request"
	"selfsame/source"
	"selfsame/stream"
)

// expect holds the values that new states give now, for every entity that they have, to what features expect of theirs. A bound that blocks and is
// not kept is an error of class expectation; the others are returned as remarks.
func (l *Live) expect(ctx context.Context, project *selfsame.Project, fresh []*plan.State, cut stream.Cut) ([]string, error) {
	states := plan.NewStates(fresh)
	all := slices.Clone(fresh)
	for _, s := range l.driver.States().List() { // which they may look up
		if states.ByBase(s.Base) == nil {
			all = append(all, s)
		}
	}
	readable := plan.NewStates(all)
	reader := request.New(l.store, func() *plan.States { return readable }, request.Options{CacheBytes: -1})
	var remarks, errors []string
	for _, v := range project.Views {
		if v.Kind == selfsame.OnDemandView || !slices.ContainsFunc(v.Features, func(f selfsame.Feature) bool { return f.Expect != nil }) {
			continue
		}
		asked := plan.Request{Features: []selfsame.ServiceEntry{}}
		for i := range v.Features {
			if !plan.AsksRow(&v.Features[i]) { // such a feature has no value of its own
				asked.Features = append(asked.Features, selfsame.ServiceEntry{View: v.Name, Feature: v.Features[i].Name})
			}
		}
		p, err := plan.Build(project, asked)
		if err != nil {
			return nil, err
		}
		if len(p.Uses) != 1 || states.ByBase(p.Uses[0].Kept().Base()) == nil {
			continue
		}
		e := &expecter{l: l, reader: reader, plan: p, state: states.ByBase(p.Uses[0].Kept().Base()), query: request.Query{Plan: request.Prepare(p), At: max(l.now(), cut.Alpha),
			Cut: request.Cut{Offset: cut.Offset, Alpha: cut.Alpha}}}
		report, err := e.run(ctx)
		if err != nil {
			return nil, err
		}
		for _, f := range report.Findings {
			switch {
			case f.Check != "expect" && f.Check != "nulls":
			case f.Level == monitor.Error:
				errors = append(errors, f.Subject+": "+f.Text)
			default:
				remarks = append(remarks, f.Subject+": "+f.Text)
			}
		}
	}
	if len(errors) > 0 {
		return nil, &selfsame.Error{Class: selfsame.ClassExpectation, Message: "nothing is published: values are not as expected\n  " + strings.Join(errors, "\n  "),
			Hint: "mend the history or the expectation; what was live is live"}
	}
	return remarks, nil
}

// expectRows is how many entities are evaluated in one go.
const expectRows = 1000

// expecter evaluates one view for every entity of its state, of one with a season for those of the season that is now.
type expecter struct {
	l       *Live
	reader  *request.Reader
	plan    *plan.Plan
	state   *plan.State
	query   request.Query
	profile *monitor.Profile

	keys   []*column.Column // of the entity's fields, in its order
	rows   int
	season []byte // of T, framed; nil: the view has none
}

func (e *expecter) run(ctx context.Context) (*monitor.Report, error) {
	total := int64(0) // a profile has room for the rows that it is told of
	if err := e.l.store.Walk(ctx, online.State(e.state.ID), nil, func([]byte) bool { total++; return true }); err != nil {
		return nil, err
	}
	e.profile = monitor.NewProfile(monitor.Config{Nulls: 1}, e.plan, 2*total) // the log may bring more meanwhile
	u := e.plan.Uses[0]
	if e.season = e.seasonNow(); u.Entity != nil {
		for _, f := range u.Entity.Key {
			e.keys = append(e.keys, column.New(f.Type, expectRows))
		}
	}
	var failed error
	seen := int64(0)
	err := e.l.store.Walk(ctx, online.State(e.state.ID), nil, func(entity []byte) bool {
		if seen++; seen > 2*total {
			return false
		}
		if failed = e.take(ctx, entity); failed == nil && e.rows == expectRows {
			failed = e.flush(ctx)
		}
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		err = e.flush(ctx)
	}
	if err != nil {
		return nil, err
	}
	var sums []string // no two columns are told to be equal
	for i := range e.plan.Outputs {
		sums = append(sums, strconv.Itoa(i))
	}
	return e.profile.Report(&batch.Result{Seen: []int64{seen}}, sums), nil
}

// take decodes an entity.
func (e *expecter) take(ctx context.Context, entity []byte) error {
	if err := ctx.Err(); err != nil {
		return &selfsame.Error{Class: selfsame.ClassCanceled, Message: "stopped while values were looked at", Err: err}
	}
	u, rest, ok := e.plan.Uses[0], entity, true
	for i, c := range e.keys {
		if u.Entity.Key[i].Name == plan.SeasonField && !bytes.Equal(rest, e.season) { // nobody can ask for it now
			for _, c := range e.keys[:i] {
				source.TruncateColumn(c, e.rows)
			}
			return nil
		}
		if rest, ok = c.AppendDecoded(rest); !ok {
			return &selfsame.Error{Class: selfsame.ClassInternal, Ref: "view " + u.View.Name, Message: "an entity of its state cannot be read"}
		}
	}
	e.rows++
	return nil
}

// seasonNow is the season of T as keys of entities hold it, nil where the view has none.
func (e *expecter) seasonNow() []byte {
	u := e.plan.Uses[0]
	if u.Entity == nil || u.View.Season == nil {
		return nil
	}
	season := u.Fill[len(u.Fill)-1].Program.NewEvaluator()
	return season.Eval(&expr.Input{Columns: make([]*column.Column, len(e.plan.Requests)), At: []int64{e.query.At}, Rows: 1}).AppendFramed(nil, 0)
}

// flush evaluates the entities that were taken.
func (e *expecter) flush(ctx context.Context) error {
	if e.rows == 0 {
		return nil
	}
	given := &column.Batch{Fields: e.plan.Requests, Rows: e.rows}
	for _, f := range e.plan.Requests {
		given.Columns = append(given.Columns, e.keys[slices.Index(e.plan.Uses[0].Key, f.Name)])
	}
	e.query.Given, e.query.Rows = given.Columns, e.rows
	res, err := e.reader.Read(ctx, &e.query)
	if err != nil {
		return err
	}
	defer res.Release()
	n := len(e.plan.Outputs)
	c := &batch.Chunk{Rows: e.rows, Labels: given, Features: &column.Batch{Columns: res.Columns, Rows: e.rows}, At: slices.Repeat([]int64{e.query.At}, e.rows),
		Known: make([][]int64, n), Newest: make([][]int64, n), Arrival: make([][]int64, n)}
	if err := e.profile.Observe(c); err != nil {
		return err
	}
	for _, k := range e.keys {
		k.Reset()
	}
	e.rows = 0
	return nil
}
