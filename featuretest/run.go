// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"selfsame"
)

// AtColumn and KnownColumn are the columns of an ask table that are not label columns: T, and κ of a row.
const (
	AtColumn    = "T"
	KnownColumn = "K"
)

// Definer turns definition files into a checked project: definition.Parse.
type Definer func(files map[string][]byte, dir string) (*selfsame.Project, error)

// Runner runs scripts against an engine.
type Runner struct {
	Define  Definer
	Engine  Engine
	Project *selfsame.Project // of scripts without definitions
}

// Failure is an expectation that was not met.
type Failure struct {
	Pos     selfsame.Pos
	Case    string
	Message string
}

func (f Failure) String() string {
	if f.Case != "" {
		return fmt.Sprintf("%s: %s: %s", f.Pos, f.Case, f.Message)
	}
	return fmt.Sprintf("%s: %s", f.Pos, f.Message)
}

// Result is the outcome of a script.
type Result struct {
	Failures []Failure
	Checked  int // values compared
	Open     int // expected values that the engine did not answer
}

// Run answers every question of a script. The error is one of the script itself; what the engine got wrong is in the result.
func (r *Runner) Run(ctx context.Context, s *Script) (*Result, error) {
	res := &Result{}
	err := r.each(ctx, s, func(sc *Scenario, q *question, c *Case, a *Answer, askErr error) error {
		return res.check(s, sc, q, c, a, askErr)
	}, res)
	return res, err
}

// each calls f for every question of s with the engine's answer.
func (r *Runner) each(ctx context.Context, s *Script, f func(*Scenario, *question, *Case, *Answer, error) error, res *Result) error {
	for _, sc := range s.Cases {
		project, err := r.project(s, sc)
		if sc.Refused != nil {
			if err == nil || !strings.Contains(err.Error(), sc.Refused.text) {
				res.fail(s, sc, sc.Refused.line, fmt.Sprintf("the definitions must be refused with %q, got %v", sc.Refused.text, err))
			} else {
				res.Checked++
			}
			continue
		}
		if err != nil {
			return err
		}
		for _, q := range sc.Questions {
			c, err := buildCase(s, project, sc, q)
			if err != nil {
				return err
			}
			a, askErr := r.Engine.Ask(ctx, c)
			if err := f(sc, q, c, a, askErr); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Runner) project(s *Script, sc *Scenario) (*selfsame.Project, error) {
	if sc.Definitions == "" {
		if r.Project == nil {
			return nil, &selfsame.Error{Class: selfsame.ClassUsage, Pos: sc.Pos, Message: "the script has no definitions",
				Hint: "write a `definitions` section, or run it inside a project"}
		}
		return r.Project, nil
	}
	// Empty lines above keep the line numbers of messages those of the script.
	text := strings.Repeat("\n", sc.definedAt-1) + sc.Definitions
	files := map[string][]byte{s.File: []byte(text)}
	if !strings.Contains("\n"+sc.Definitions, "\nproject:") {
		files["selfsame.yaml"] = []byte("project: scenario\n")
	}
	return r.Define(files, ".")
}

// buildCase gives the cells of a scenario their types.
func buildCase(s *Script, p *selfsame.Project, sc *Scenario, q *question) (*Case, error) {
	c := &Case{Project: p, Service: q.service, Features: q.features, Mode: q.mode, Logs: map[string][][]selfsame.Value{}}
	for _, t := range sc.Events {
		if err := c.addEvents(s, t); err != nil {
			return nil, err
		}
	}
	columns := make([]selfsame.Field, q.table.given)
	timed := false
	for i, head := range q.table.header[:q.table.given] {
		f, err := givenColumn(p, head)
		if err != nil {
			return nil, at(s, q.table.headerLine, err.Error(), "")
		}
		columns[i], timed = f, timed || f.Name == AtColumn
		if f.Name != AtColumn && f.Name != KnownColumn {
			c.Columns = append(c.Columns, f)
		}
	}
	if !timed {
		return nil, at(s, q.pos.Line, "the table has no column T", "T is the moment at which the row asks")
	}
	for _, tr := range q.table.rows {
		row := Row{Given: map[string]selfsame.Value{}}
		for i, cell := range tr.cells[:q.table.given] {
			name := columns[i].Name
			v, err := parseValue(cell, columns[i].Type)
			if err != nil {
				return nil, at(s, tr.line, name+": "+err.Error(), "")
			}
			switch name {
			case AtColumn:
				row.At = v.Int
			case KnownColumn:
				row.Known = &v.Int
			default:
				row.Given[name] = v
			}
		}
		c.Rows = append(c.Rows, row)
	}
	return c, nil
}

// givenColumn reads a head before the bar: a name, or name:type for a column that no key and no request field types.
func givenColumn(p *selfsame.Project, head string) (selfsame.Field, error) {
	name, typeText, typed := strings.Cut(head, ":")
	f := selfsame.Field{Name: name, Type: columnType(p, name)}
	if name == AtColumn || name == KnownColumn {
		f.Type = selfsame.Scalar(selfsame.Timestamp)
	}
	if !typed {
		return f, nil
	}
	t, err := selfsame.ParseType(typeText)
	f.Type = t
	return f, err
}

func at(s *Script, line int, message, hint string) error {
	return &selfsame.Error{Class: selfsame.ClassUsage, Pos: selfsame.Pos{File: s.File, Line: line}, Message: message, Hint: hint}
}

// addEvents appends a table's rows to the log of its source.
func (c *Case) addEvents(s *Script, t *table) error {
	src := c.Project.Source(t.source)
	if src == nil {
		return at(s, t.pos.Line, "no such source: "+t.source, "")
	}
	place := map[string]int{}
	for i, f := range src.Schema {
		place[f.Name] = i
	}
	for _, name := range t.header {
		if _, ok := place[name]; !ok {
			return at(s, t.pos.Line, fmt.Sprintf("source %s has no field %s", src.Name, name), "the header names fields of the source's schema")
		}
	}
	for _, tr := range t.rows {
		row := make([]selfsame.Value, len(src.Schema))
		for i, f := range src.Schema {
			row[i] = selfsame.Value{Type: f.Type, Status: selfsame.Null}
		}
		for i, cell := range tr.cells {
			f := src.Schema[place[t.header[i]]]
			v, err := parseValue(cell, f.Type)
			if err != nil {
				return at(s, tr.line, f.Name+": "+err.Error(), "")
			}
			row[place[f.Name]] = v
		}
		c.Logs[src.Name] = append(c.Logs[src.Name], row)
	}
	return nil
}

func (res *Result) fail(s *Script, sc *Scenario, line int, message string) {
	res.Failures = append(res.Failures, Failure{selfsame.Pos{File: s.File, Line: line}, sc.Name, message})
}

// check compares an answer with a question's expectations.
func (res *Result) check(s *Script, sc *Scenario, q *question, c *Case, a *Answer, askErr error) error {
	if q.fails != "" {
		res.Checked++
		if askErr == nil || !strings.Contains(askErr.Error(), q.fails) {
			res.fail(s, sc, q.pos.Line, fmt.Sprintf("must fail with %q, got %v", q.fails, askErr))
		}
		return nil
	}
	if askErr != nil {
		res.fail(s, sc, q.pos.Line, askErr.Error())
		return nil
	}
	res.checkReport(s, sc, q, a)
	var known []string
	for _, o := range c.outputs() {
		known = append(known, o.name)
	}
	for j, name := range q.table.header[q.table.given:] {
		full := resolveOutput(name, known)
		if !slices.Contains(known, full) {
			return at(s, q.pos.Line, "the question has no output "+name, "the outputs are "+strings.Join(known, ", "))
		}
		column := indexOf(a.Outputs, full)
		if column < 0 {
			res.Open += len(q.table.rows)
			continue
		}
		for i, tr := range q.table.rows {
			got := a.Rows[i][column]
			want, err := parseValue(tr.cells[q.table.given+j], got.Type)
			if got.Status != selfsame.Present {
				if _, status := statusWords[tr.cells[q.table.given+j]]; !status {
					want, err = selfsame.Value{}, nil // any present value: it differs by its status
				}
			}
			res.Checked++
			if err != nil || !Same(got, want) {
				res.fail(s, sc, tr.line, fmt.Sprintf("%s: got %s, want %s", name, Format(got), tr.cells[q.table.given+j]))
			}
		}
	}
	return nil
}

// checkReport compares the findings of engines that report.
func (res *Result) checkReport(s *Script, sc *Scenario, q *question, a *Answer) {
	if !a.Reports {
		return
	}
	says := func(text string) bool {
		res.Checked++
		return slices.ContainsFunc(a.Warnings, func(have string) bool { return strings.Contains(have, text) })
	}
	for _, w := range q.warns {
		if !says(w) {
			res.fail(s, sc, q.pos.Line, fmt.Sprintf("the report must say %q, it says %q", w, a.Warnings))
		}
	}
	for _, w := range q.silent {
		if says(w) {
			res.fail(s, sc, q.pos.Line, fmt.Sprintf("the report must not say %q, it says %q", w, a.Warnings))
		}
	}
}

// resolveOutput finds the output that a header means: its name, or its feature's name where one output alone ends in it.
func resolveOutput(name string, outputs []string) string {
	if slices.Contains(outputs, name) {
		return name
	}
	found := ""
	for _, o := range outputs {
		if strings.HasSuffix(o, "__"+name) {
			if found != "" {
				return name
			}
			found = o
		}
	}
	if found == "" {
		return name
	}
	return found
}
