// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package plan turns definitions into what a run evaluates: which sources are read, which columns of them, which cells each
// view needs, how its features follow from the cells, in which order on-demand views are computed, and what the outputs are
// called. It is pure: it opens nothing and its result can be printed.
package plan

import (
	"slices"

	"selfsame"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
)

// Plan is what a run evaluates. It is immutable once built and safe for concurrent use.
type Plan struct {
	Project *selfsame.Project
	Name    string // of the service or view, or "features"
	// Uses are the stored views in their roles.
	Uses []*Use
	// OnDemand are the features of on-demand views, each after those that it reads. Their programs read Slots.
	OnDemand []*Feature
	// Slots is the row space: everything that an output or an on-demand expression reads.
	Slots   []Slot
	Outputs []Output
	// Requests are the label or request columns that keys and request fields read.
	Requests []selfsame.Field
}

// Use is a stored view with its key filled from given columns.
type Use struct {
	View     *selfsame.FeatureView
	Entity   *selfsame.Entity // nil: one row for the whole world
	Key      []string         // label columns that fill the key; where columns alone do, one a key field
	Fill     []KeyField       // of each key field of the entity
	Sources  []*SourceUse
	Spec     pit.Spec
	Features []*Feature
	// Lookup is what expressions over rows of the sources read from other views, as of the time of each row: its request columns are fields of
	// every source, its outputs the slots behind the source's name. nil: they read none.
	Lookup *Plan

	lookups     lookups
	kept        *Use              // nil: itself
	rows        bool              // it is one that is kept for another
	windows     []selfsame.Window // of that other
	askers      []*Use            // kept uses whose rows look it up
	parts       []*Use            // of a union: those of its uses that keep rows differently; nil: it is no union
	columnTexts []string          // canonical text of each of Spec.Columns
	cellTexts   []string          // and of each of Spec.Cells
	base        string
	sorted      bool // a union: the texts stand in order
}

// ColumnText returns the canonical text of the expression in event column i.
func (u *Use) ColumnText(i int) string { return u.columnTexts[i] }

// CellText returns the canonical text of the aggregate call in cell i.
func (u *Use) CellText(i int) string { return u.cellTexts[i] }

// SourceUse is one source of a use. Its programs read the source's row: slot i is field i of the schema, slot len(schema) is
// the source's name, slot len(schema)+1+j output j of the use's Lookup.
type SourceUse struct {
	Source  *selfsame.Source
	Place   int             // in the view's list
	Key     []*expr.Program // one per key field of the entity
	Where   *expr.Program   // nil: every row
	Columns []*expr.Program // one per Spec.Columns
	Fields  []int           // schema fields that are read, ascending
	Named   bool            // a program reads the source's name
}

// Feature is one feature of a use or an on-demand view.
type Feature struct {
	*selfsame.Feature
	View    *selfsame.FeatureView
	Type    selfsame.Type
	Program *expr.Program // reads cells (windowed), row columns (as-of) or Plan.Slots (on demand)
}

// Slot is one value of a row: a label or request column, a feature of a use, or a feature of an on-demand view.
type Slot struct {
	Column   string // a label column, where not empty
	Use      int    // index into Uses, else -1
	OnDemand int    // index into OnDemand, else -1
	Feature  int    // index into the use's Features
	Type     selfsame.Type
}

// Output is one column of the answer.
type Output struct {
	Name    string
	View    *selfsame.FeatureView
	Feature *selfsame.Feature
	Type    selfsame.Type
	Slot    int
	Label   bool // asked for as a label, behind the features: no model takes it in
}

// Ref is the output's feature as view.feature.
func (o Output) Ref() string { return o.View.Name + "." + o.Feature.Name }

// Sources returns the sources that the plan reads: those of the project in its order, then those that a pinned feature reads as an
// older version of the project defines them, which may share their names. What lookups read is among them.
func (p *Plan) Sources() []*selfsame.Source {
	var sources []*selfsame.Source
	for _, s := range p.Project.Sources {
		if slices.ContainsFunc(p.Uses, func(u *Use) bool { return u.reads(s) }) {
			sources = append(sources, s)
		}
	}
	for _, u := range p.Uses {
		for _, s := range u.everySource() {
			if !slices.Contains(sources, s) {
				sources = append(sources, s)
			}
		}
	}
	return sources
}

// Part returns the plan with those of its uses alone for which keep is true: enough to run them, not to evaluate what reads others.
func (p *Plan) Part(keep func(*Use) bool) *Plan {
	out := *p
	out.Uses = nil
	for _, u := range p.Uses {
		if keep(u) {
			out.Uses = append(out.Uses, u)
		}
	}
	return &out
}

// SourceNames returns the names of Sources, each once.
func (p *Plan) SourceNames() []string {
	var names []string
	for _, s := range p.Sources() {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

func (u *Use) reads(s *selfsame.Source) bool { return slices.Contains(u.everySource(), s) }

// everySource is the sources of the use and of what it looks up.
func (u *Use) everySource() []*selfsame.Source {
	var sources []*selfsame.Source
	for _, s := range u.Sources {
		sources = append(sources, s.Source)
	}
	if u.Lookup != nil {
		sources = append(sources, u.Lookup.Sources()...)
	}
	return sources
}
