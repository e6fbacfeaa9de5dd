// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"strings"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/plan"
	"selfsame/source"
)

// ExplainConfig asks where one value of a training set comes from.
type ExplainConfig struct {
	Train   TrainConfig // as for the training run; Train.Again: its manifest, which must still hold
	Row     int         // from 0
	Feature string      // an output column, or view.feature
	Limit   int         // greatest number of events listed for a window
}

// Explain prepares the run as Train does and explains one value. With Train.Again the inputs and definitions must be those of the
// manifest, and the value in the training set's file is compared.
func Explain(ctx context.Context, cfg *ExplainConfig) (*batch.Explanation, error) {
	p, err := Prepare(ctx, &cfg.Train)
	if err != nil {
		return nil, err
	}
	then := cfg.Train.Again
	if then != nil {
		if err := p.Verify(ctx, then); err != nil {
			var e *selfsame.Error
			if errors.As(err, &e) {
				e.Message = strings.Replace(e.Message, "it cannot be made again", "its values cannot be explained any more", 1)
				e.Hint = "bring these back, or explain what is there now: name the service and --rows instead of --manifest"
			}
			return nil, err
		}
	}
	o, err := findOutput(p.Plan, cfg.Feature)
	if err != nil {
		return nil, err
	}
	alone, err := p.alone(o)
	if err != nil {
		return nil, err
	}
	req := p.request()
	req.Plan = alone
	e, err := batch.Explain(ctx, req, cfg.Row, cfg.Limit)
	if err != nil || then == nil {
		return e, err
	}
	e.File, err = compareFile(ctx, &then.Output, &cfg.Train, o, cfg.Row, e.Result)
	return e, err
}

// findOutput returns the output that a user names by its column or as view.feature.
func findOutput(p *plan.Plan, name string) (plan.Output, error) {
	var found []plan.Output
	var names, forms []string
	for _, o := range p.Outputs {
		names, forms = append(names, o.Name), append(forms, o.Name, o.Ref(), o.Feature.Name)
		switch {
		case o.Name == name:
			return o, nil
		case o.Ref() == name || o.Feature.Name == name:
			found = append(found, o)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	if len(found) > 1 {
		names = nil
		for _, o := range found {
			names = append(names, o.Name)
		}
		return plan.Output{}, &selfsame.Error{Class: selfsame.ClassUsage, Ref: name, Message: "several columns are this feature",
			Hint: "name one of " + strings.Join(names, ", ")}
	}
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Ref: name, Message: "no such column of " + p.Name, Hint: "there is " + strings.Join(names, ", ")}
	if near := selfsame.Nearest(name, forms); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return plan.Output{}, e
}

// alone plans one output without the others, so that only its sources are read.
func (p *Prepared) alone(o plan.Output) (*plan.Plan, error) {
	entry, short := selfsame.ServiceEntry{View: o.View.Name, Feature: o.Feature.Name}, p.Config.Request.Short
	if p.Applied != nil {
		entry.Version = o.Feature.Version
	}
	for _, e := range p.entries {
		if e.View == o.View.Name && plan.OutputName(e, o.Feature.Name, short) == o.Name && (e.Feature == "" || e.Feature == o.Feature.Name) {
			e.Feature = o.Feature.Name
			if e.Version == "" {
				e.Version = entry.Version
			}
			entry = e
		}
	}
	r := plan.Request{Features: []selfsame.ServiceEntry{entry}, Short: short}
	if p.Applied != nil {
		r.Resolver = p.Applied
	}
	return plan.Build(p.Project, r)
}

// compareFile reads one value of a training set and compares its bits with the value explained.
func compareFile(ctx context.Context, out *batch.Output, cfg *TrainConfig, o plan.Output, row int, value selfsame.Value) (*batch.Compared, error) {
	c := &batch.Compared{Path: out.Path}
	format := cfg.Format
	if format == "" {
		format, _ = outputFormat(out.Path)
	}
	value = edge(value, o.Feature.Cast)
	switch {
	case cfg.PartitionBy != "":
		c.Note = "its folders order the rows otherwise"
	case format == "csv" && (o.Type.Kind == selfsame.List || o.Type.Kind == selfsame.Map):
		c.Note = "lists and maps are text in CSV"
	}
	if c.Note != "" {
		return c, nil
	}
	t, err := source.Open(ctx, source.Spec{Name: out.Path, Dir: ".", Batch: selfsame.BatchSource{Path: out.Path, Format: format},
		Schema: []selfsame.Field{{Name: o.Name, Type: value.Type}}, KeepNaN: true}, formats())
	if err != nil {
		c.Note = "it cannot be read: " + err.Error()
		return c, nil
	}
	v, err := valueAt(ctx, t, row)
	if err != nil {
		return nil, err
	}
	shown := batch.Show(v)
	c.Value, c.Same = &shown, batch.SameBits(edge(v, o.Feature.Cast), value)
	if v.Status != selfsame.Present {
		c.Same = value.Status != selfsame.Present // a file holds one null for all statuses
	}
	return c, nil
}

// edge is a value as the file holds it, after the feature's cast. Text of a float32 reads back as the nearest float64: it is rounded again.
func edge(v selfsame.Value, cast string) selfsame.Value {
	if cast == "float32" {
		v.Float = float64(float32(v.Float))
	}
	return v
}

// valueAt reads row number row of a table with one field.
func valueAt(ctx context.Context, t *source.Table, row int) (selfsame.Value, error) {
	field := t.Fields()[0]
	w := source.Want{Fields: []string{field.Name}, Lower: selfsame.MinTime, Upper: selfsame.MaxTime}
	splits, _, err := t.Splits(w)
	if err != nil {
		return selfsame.Value{}, err
	}
	found := column.New(field.Type, 1)
	before := 0
	for _, s := range splits {
		if s.Rows >= 0 && before+int(s.Rows) <= row {
			before += int(s.Rows)
			continue
		}
		err := t.Read(ctx, s, w, func(c *source.Chunk) error {
			if before <= row && row < before+c.Batch.Rows {
				found.AppendFrom(c.Batch.Columns[0], row-before)
			}
			before += c.Batch.Rows
			return nil
		})
		if err != nil || found.Len() > 0 {
			return firstOf(found), err
		}
	}
	return selfsame.Value{}, &selfsame.Error{Class: selfsame.ClassChanged, Ref: field.Name, Message: "the training set has fewer rows than its manifest says"}
}

func firstOf(c *column.Column) selfsame.Value {
	if c.Len() == 0 {
		return selfsame.Value{Type: c.Type, Status: selfsame.Null}
	}
	return c.Value(0)
}
