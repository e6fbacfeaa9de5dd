// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"fmt"
	"slices"

	"selfsame"
	"selfsame/plan"
)

// Engine answers a Case: the oracle, the batch driver, the stream and request drivers.
type Engine interface {
	Name() string
	// Ask returns the answers in the order of the case's rows. Its errors are those a user would see.
	Ask(ctx context.Context, c *Case) (*Answer, error)
}

// Mode is the point-in-time mode of a question.
type Mode struct {
	Final bool
	Lag   int64 // as_of: L in microseconds
}

// Row asks for one vector.
type Row struct {
	At    int64
	Known *int64 // κ of this row alone, instead of the mode
	// Served is the cut of the online read that this row was, instead of the mode: all rows of a case have one, or none.
	Served *Served
	Given  map[string]selfsame.Value // keys, request fields, other label columns
}

// Served is the cut of an online read.
type Served struct {
	Offset       int64 // what came live at offsets below it is known
	History      bool  // history with event times in [Lower, Upper) was loaded
	Lower, Upper int64
	Past         bool // T was asked for: as_of T
}

// Entry is how a row came live. Entries of all sources are one log: their offsets differ.
type Entry struct {
	Offset, Alpha int64 // Offset -1: it did not, it is of history
}

// Case is a world and a question: definitions, the logs of the sources, and rows that ask.
type Case struct {
	Project  *selfsame.Project
	Logs     map[string][][]selfsame.Value // source -> rows in log order, values in schema order
	Live     map[string][]Entry            // source -> how each row of its log came; a source that is not there is all history
	Service  string                        // or
	Features []string                      // references view.feature or view.*
	Mode     Mode
	Columns  []selfsame.Field // of Row.Given, in order
	Rows     []Row

	seen map[string][]*Event // what the oracle has read of each view's logs while it answers
}

// Answer holds the values of a case, row by row. An engine that cannot answer an output leaves it out.
type Answer struct {
	Outputs  []string
	Rows     [][]selfsame.Value
	Warnings []string // of the validation report
	Reports  bool     // Warnings is complete
}

// output is one column of the answer, by the rules of names in the language.
type output struct {
	name    string
	view    string
	feature *selfsame.Feature
	key     map[string]string // entity key field -> given column
}

func (c *Case) outputs() []output {
	entries := []selfsame.ServiceEntry{}
	if s := c.Project.Service(c.Service); s != nil {
		entries = s.Features
	}
	for _, ref := range c.Features {
		entries = append(entries, splitReference(ref))
	}
	var out []output
	for _, e := range entries {
		v := c.Project.View(e.View)
		if v == nil {
			continue
		}
		for i := range v.Features {
			f := &v.Features[i]
			if e.Feature != "" && e.Feature != f.Name {
				continue
			}
			name := e.View + "__" + f.Name
			switch {
			case e.As != "":
				name = e.As
			case e.HasPrefix:
				name = e.Prefix + f.Name
			}
			out = append(out, output{name: name, view: e.View, feature: f, key: e.Key})
		}
	}
	return out
}

func splitReference(ref string) selfsame.ServiceEntry {
	for i := range ref {
		if ref[i] == '.' {
			e := selfsame.ServiceEntry{View: ref[:i], Feature: ref[i+1:]}
			if e.Feature == "*" {
				e.Feature = ""
			}
			return e
		}
	}
	return selfsame.ServiceEntry{View: ref}
}

// columnType is the type of a given column: that of the entity key or request field that reads it, a string where none does.
func columnType(p *selfsame.Project, name string) selfsame.Type {
	mapped := func(entity string, key map[string]string) (selfsame.Type, bool) {
		if e := p.Entity(entity); e != nil {
			for _, k := range e.Key {
				if key[k.Name] == name {
					return k.Type, true
				}
			}
		}
		return selfsame.Type{}, false
	}
	for _, s := range p.Services {
		for _, e := range s.Features {
			if v := p.View(e.View); v != nil {
				if t, ok := mapped(v.Entity, e.Key); ok {
					return t
				}
			}
		}
	}
	for _, v := range p.Views {
		for _, in := range v.Inputs {
			if iv := p.View(in.View); iv != nil {
				if t, ok := mapped(iv.Entity, in.Key); ok {
					return t
				}
			}
		}
		for _, f := range v.Request {
			if f.Name == name {
				return f.Type
			}
		}
	}
	for _, e := range p.Entities {
		for _, k := range e.Key {
			if k.Name == name {
				return k.Type
			}
		}
	}
	if t, ok := ownType(p, name); ok {
		return t
	}
	return selfsame.Scalar(selfsame.String)
}

// ownType is the type of a field that some view reads of the row that asks.
func ownType(p *selfsame.Project, name string) (selfsame.Type, bool) {
	for _, v := range p.Views {
		if len(v.Source) == 0 || !slices.ContainsFunc(v.Features, func(f selfsame.Feature) bool { return plan.AsksRow(&f) }) {
			continue
		}
		for _, f := range p.Source(v.Source[0]).Schema {
			if f.Name == name {
				return f.Type, true
			}
		}
	}
	return selfsame.Type{}, false
}

// Differences lists where got and want, answers to one case, differ in a bit or a status. Outputs that one of them leaves out are
// not compared.
func Differences(c *Case, got, want *Answer) []string {
	var out []string
	for j, name := range want.Outputs {
		i := indexOf(got.Outputs, name)
		if i < 0 {
			continue
		}
		for r := range c.Rows {
			if g, w := got.Rows[r][i], want.Rows[r][j]; !Same(g, w) {
				out = append(out, fmt.Sprintf("row %d (T = %s), %s: got %s, want %s", r, formatTime(c.Rows[r].At), name, Format(g), Format(w)))
			}
		}
	}
	return out
}

func indexOf(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	return -1
}
