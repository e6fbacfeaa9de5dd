// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	"selfsame"
	"selfsame/compute/expr"
)

// lookups is what the expressions of a use read from other views, as of the time of each of its own events.
type lookups struct {
	project *selfsame.Project
	entries []selfsame.ServiceEntry // each of one feature, As the text that reads it
	types   []selfsame.Type
}

// lookUp returns the slot of source s that holds what r reads from another view: those slots stand behind the source's name.
func (u *Use) lookUp(s *selfsame.Source, r *expr.Ref) (int, selfsame.Type, error) {
	l, text, first := &u.lookups, strings.Join(r.Parts, "."), len(s.Schema)+1
	if i := slices.IndexFunc(l.entries, func(e selfsame.ServiceEntry) bool { return e.As == text }); i >= 0 {
		return first + i, l.types[i], nil
	}
	e := selfsame.ServiceEntry{View: r.Parts[0], Feature: r.Parts[1], As: text, Pos: r.Pos()}
	for _, in := range u.View.Inputs {
		if in.Role == e.View {
			e.View, e.Key = in.View, in.Key
			break
		}
	}
	p, err := Build(l.project, Request{Features: []selfsame.ServiceEntry{e}, fields: u.agreed()})
	if err != nil {
		return 0, selfsame.Type{}, err
	}
	l.entries, l.types = append(l.entries, e), append(l.types, p.Outputs[0].Type)
	return first + len(l.entries) - 1, p.Outputs[0].Type, nil
}

// planLookup plans all that the use reads from other views, over sources that it shares with them.
func (u *Use) planLookup(sources map[string]*selfsame.Source) (err error) {
	if len(u.lookups.entries) > 0 {
		u.Lookup, err = Build(u.lookups.project, Request{Features: u.lookups.entries, sources: sources, fields: u.agreed()})
	}
	return err
}

// agreed are the fields in which all sources of the use agree.
func (u *Use) agreed() []selfsame.Field {
	return slices.DeleteFunc(slices.Clone(u.Sources[0].Source.Schema), func(f selfsame.Field) bool { return !u.agree(f) })
}

// KeyOf returns the request columns that fill the key of the view that output i is of.
func (p *Plan) KeyOf(i int) []string {
	if s := p.Slots[p.Outputs[i].Slot]; s.Use >= 0 {
		return p.Uses[s.Use].Key
	}
	return nil
}

// LooksUp returns which of Lookup's outputs a program over rows of the source reads, as they first occur in it.
func (s *SourceUse) LooksUp(p *expr.Program) []int {
	var out []int
	if p == nil {
		return nil
	}
	for _, slot := range p.Slots() {
		if i := slot - len(s.Source.Schema) - 1; i >= 0 {
			out = append(out, i)
		}
	}
	return out
}

// TrainingOnly reports whether live serving cannot follow the use: it looks forward, or what it looks up is its key.
func (u *Use) TrainingOnly() bool {
	return u.View.Ahead || slices.ContainsFunc(u.Sources, func(s *SourceUse) bool { return !s.OwnKey() })
}

// OwnKey reports whether the key is filled from fields of the source alone.
func (s *SourceUse) OwnKey() bool {
	return !slices.ContainsFunc(s.Key, func(p *expr.Program) bool { return len(s.LooksUp(p)) > 0 })
}
