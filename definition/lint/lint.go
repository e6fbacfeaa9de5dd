// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package lint finds what is allowed in definitions and is seldom meant: an as-of view without a ttl, the same feature twice, a window that reaches
// beyond the history that there is. The list of lints is closed (docs/lints.md). A finding never stops anything by itself.
//
// A thing is exempt from a lint by a tag `lint.NAME: off`, on itself or, for a feature, on its view. The package reads definitions and
// the facts that its caller brings; it opens nothing. cmd and node call it.
package lint

import (
	"cmp"
	"slices"
	"strings"

	"selfsame"
)

// Finding is one place that a lint points at.
type Finding struct {
	Lint    string       `json:"lint"`
	Ref     string       `json:"ref"` // view.feature, or the kind and name of another thing
	Pos     selfsame.Pos `json:"-"`
	Place   string       `json:"place,omitempty"` // file:line:column
	Message string       `json:"message"`
	Hint    string       `json:"hint"`
}

// Facts are what definitions alone do not say. Zero facts silence the lints that need them.
type Facts struct {
	// Spans are the least and the greatest event time of the history of sources, by name.
	Spans map[string]Span
	// Deprecated says why a feature is not to be used any more, or nothing. version is the pin of a service's entry, or empty.
	Deprecated func(view, feature, version string) string
	// Without names lints that are not looked for.
	Without []string
}

// Span is a stretch of event time, microseconds, both ends inclusive.
type Span struct{ From, To int64 }

// Rule is one lint.
type Rule struct {
	Name string
	Says string // what it finds
	Why  string // what goes wrong there
	find func(*search)
}

// search is one run over a project.
type search struct {
	p     *selfsame.Project
	facts Facts
	rule  *Rule
	out   []Finding
	err   error
}

// Project returns what the lints find in a project that definition.Load or Parse returned, in the order of files and places.
func Project(p *selfsame.Project, facts Facts) ([]Finding, error) {
	s := &search{p: p, facts: facts}
	for i := range Rules {
		if s.rule = &Rules[i]; !slices.Contains(facts.Without, s.rule.Name) {
			s.rule.find(s)
		}
	}
	slices.SortStableFunc(s.out, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column),
			strings.Compare(a.Lint, b.Lint), strings.Compare(a.Ref, b.Ref))
	})
	return s.out, s.err
}

// add notes a finding about a thing whose tags, the nearest first, may exempt it.
func (s *search) add(f Finding, tags ...map[string]string) {
	for _, t := range tags {
		if t["lint."+s.rule.Name] == "off" {
			return
		}
	}
	f.Lint, f.Place = s.rule.Name, f.Pos.String()
	s.out = append(s.out, f)
}
