// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"slices"
	"strings"

	"selfsame"
	"selfsame/compute/expr"
)

func dotted(parts []string) string { return strings.Join(parts, ".") }

func joined(names []string) string { return strings.Join(names, ", ") }

// demand resolves a name in an on-demand view: a request field, a feature of a view or of a view in a role, or a bare feature
// name that only one view has.
func (s *scope) demand(n *expr.Ref, fail func(expr.Node, string, string)) (selfsame.Type, bool) {
	if len(n.Parts) == 1 {
		return s.bare(n, fail)
	}
	if len(n.Parts) > 2 {
		fail(n, dotted(n.Parts)+" has too many parts", "a feature of a view is view.feature")
		return selfsame.Type{}, false
	}
	name := s.role(n.Parts[0])
	v := s.t.viewOf(name)
	if v == nil {
		fail(n, "there is no view or input "+n.Parts[0], suggest(n.Parts[0], s.reachable()))
		return selfsame.Type{}, false
	}
	types := s.t.types[name]
	if types == nil {
		var err error
		if types, err = s.t.view(v); err != nil {
			return selfsame.Type{}, true // reported where the view is checked
		}
	}
	typ, ok := types[n.Parts[1]]
	if !ok {
		if _, cut := types[incomplete]; !cut {
			fail(n, "the view "+name+" has no feature "+n.Parts[1], suggestFeature(v, n.Parts[1]))
		}
		return selfsame.Type{}, false
	}
	return typ, true
}

// incomplete is an entry of a view's types that says: features are missing because of mistakes reported elsewhere. It is
// no feature's name.
const incomplete = "?"

// role is the view that a name stands for.
func (s *scope) role(name string) string {
	for _, in := range s.v.Inputs {
		if in.Role == name {
			return in.View
		}
	}
	return name
}

// reachable are the names that may stand before a point.
func (s *scope) reachable() []string {
	var out []string
	for _, in := range s.v.Inputs {
		out = append(out, in.Role)
	}
	for _, v := range s.t.p.Views {
		out = append(out, v.Name)
	}
	return out
}

func (s *scope) bare(n *expr.Ref, fail func(expr.Node, string, string)) (selfsame.Type, bool) {
	name := n.Parts[0]
	for _, f := range s.fields {
		if f.Name == name {
			return f.Type, true
		}
	}
	holders := featureHolders(s.t.p, name, s.v)
	switch len(holders) {
	case 0:
		fail(n, "the request has no field "+name, suggest(name, s.names))
		return selfsame.Type{}, false
	case 1:
		fail(n, "the request has no field "+name, "the feature is read as "+holders[0]+"."+name)
		return selfsame.Type{}, false
	}
	fail(n, "the request has no field "+name, "several views have a feature of that name: "+joined(holders))
	return selfsame.Type{}, false
}

// featureHolders are the views other than except that have a feature of that name, sorted.
func featureHolders(p *selfsame.Project, name string, except *selfsame.FeatureView) []string {
	var out []string
	for _, v := range p.Views {
		if v != except && slices.ContainsFunc(v.Features, func(f selfsame.Feature) bool { return f.Name == name }) {
			out = append(out, v.Name)
		}
	}
	slices.Sort(out)
	return out
}

// suggestFeature is the hint for a feature that v does not have.
func suggestFeature(v *selfsame.FeatureView, name string) string {
	var names, outputs []string
	for _, f := range v.Features {
		names = append(names, f.Name)
		if f.Declared == name {
			outputs = append(outputs, f.Name)
		}
	}
	if len(outputs) > 0 {
		return name + " has a list of windows: its outputs are " + joined(outputs)
	}
	return suggest(name, names)
}
