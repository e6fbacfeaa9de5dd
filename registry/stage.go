// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"slices"
	"strings"

	"selfsame"
	"selfsame/plan"
)

// usable are the versions that stand for a partial pin and for references without one: neither draft nor retired.
func (v *Version) usable() bool { return v.Stage != Draft && v.Stage != Retired }

// unpinned is the index of the version that a reference without one means, -1 where every version is a draft: the project's own, or, where that is a
// draft, the one before the drafts.
func (h *featureHistory) unpinned() int {
	if h.versions[h.last].Stage != Draft {
		return h.last
	}
	return h.settled
}

func (g *Staging) subject() string { return refOf(g.View, g.Feature, g.Version) }

// decide brings a version to a stage. Which steps there are says docs/registry.md.
func (g *Staging) decide(s *Snapshot) ([]Act, error) {
	if g.Version == "" {
		return nil, stagingFault(g, "which version?", "name it: "+g.subject()+"1 is the newest 1.x.y")
	}
	h, at, err := s.find(g.View, g.Feature, g.Version)
	if err != nil {
		return nil, err
	}
	v := &h.versions[at]
	next := *g
	next.Version = v.Version
	if next.Successor != "" {
		if next.Successor, err = s.successor(&next); err != nil {
			return nil, err
		}
	}
	if v.Stage == next.Stage && v.Successor == next.Successor && v.Until == next.Until && v.Reason == next.Reason {
		return nil, nil
	}
	switch next.Stage {
	case Active:
		err = s.mayActivate(&next, v)
		next.Successor, next.Until, next.Reason = "", 0, ""
		if err == nil && v.Stage == Active {
			return nil, nil
		}
	case Deprecated:
		err = mayDeprecate(&next, v)
	case Retired:
		err = s.mayRetire(&next, v)
	default:
		err = stagingFault(g, "a version becomes a draft when it is applied", "selfsame apply --draft")
	}
	if err != nil {
		return nil, err
	}
	a, err := act(KindStaging, next.subject(), &next)
	return []Act{a}, err
}

func stagingFault(g *Staging, message, hint string) error {
	return &selfsame.Error{Class: selfsame.ClassUsage, Ref: g.subject(), Message: message, Hint: hint}
}

// successor writes a reference to a successor in full. It must be one that can be used.
func (s *Snapshot) successor(g *Staging) (string, error) {
	e, err := s.Reference(g.Successor)
	if err != nil {
		return "", err
	}
	if e.Feature == "" {
		return "", stagingFault(g, "its successor is one feature, not "+g.Successor, "name one as view.feature@2")
	}
	h, err := s.feature(e.View, e.Feature)
	if err != nil {
		return "", err
	}
	at := h.unpinned()
	if e.Version != "" {
		if at, err = h.find(e.Version); err != nil {
			return "", err
		}
	}
	if at < 0 || !h.versions[at].usable() {
		return "", stagingFault(g, "its successor "+g.Successor+" is a draft or retired", "name a version that can be used, or activate that one first")
	}
	ref := h.versions[at].Ref(e.View, e.Feature)
	if ref == g.subject() {
		return "", stagingFault(g, "it cannot be its own successor", "name the version to use in its place")
	}
	return ref, nil
}

func mayDeprecate(g *Staging, v *Version) error {
	switch v.Stage {
	case Draft:
		return stagingFault(g, "it is a draft: nobody uses it", "selfsame activate "+g.subject()+", or selfsame retire "+g.subject())
	case Retired:
		return stagingFault(g, "it is retired", "selfsame activate "+g.subject()+" brings it back")
	}
	return nil
}

// mayActivate refuses a version that reads one that is retired.
func (s *Snapshot) mayActivate(g *Staging, v *Version) error {
	p, _, _, err := s.Resolve(g.View, g.Feature, v.Version)
	if err != nil {
		return err
	}
	pl, err := plan.Build(p, plan.Request{Features: []selfsame.ServiceEntry{{View: g.View, Feature: g.Feature}}})
	if err != nil {
		return err
	}
	for f := range reads(pl) {
		if f.View.Name == g.View && f.Name == g.Feature {
			continue
		}
		w, ok := s.versionAt(f.View.Name, f.Name, f.Version)
		if !ok || s.sibling(f.View.Name, f.Name, w) != nil {
			continue
		}
		ref := w.Ref(f.View.Name, f.Name)
		if !w.usable() {
			return stagingFault(g, fmt.Sprintf("it reads %s, which is %s", ref, stageWord(w.Stage)), "selfsame activate "+ref+" first")
		}
	}
	return nil
}

// mayRetire refuses a version that something stands on, and names all of it.
func (s *Snapshot) mayRetire(g *Staging, v *Version) error {
	if v.Stage == Retired {
		return nil // another successor or reason
	}
	list, err := s.blocking(g.View, g.Feature, v)
	if err != nil || len(list) == 0 {
		return err
	}
	return &selfsame.Error{Class: selfsame.ClassUsage, Ref: g.subject(), Message: "it is in use:\n  " + strings.Join(list, "\n  "),
		Hint: "end these uses first; until then selfsame deprecate " + g.subject() + " warns whoever reads it"}
}

// anyDeprecated reports whether any version is.
func (s *Snapshot) anyDeprecated() bool {
	for _, h := range s.features {
		if slices.ContainsFunc(h.versions, func(v Version) bool { return v.Stage == Deprecated }) {
			return true
		}
	}
	return false
}

func stageWord(g Stage) string {
	if g == Draft {
		return "a draft"
	}
	return string(g)
}

// Standing says whether what a plan evaluates may be read: an error where a version is retired, and a warning for each that is deprecated.
func (s *Snapshot) Standing(p *plan.Plan) (warnings []string, err error) {
	outputs := map[string]bool{}
	for i := range p.Outputs {
		o := &p.Outputs[i]
		outputs[refOf(o.View.Name, o.Feature.Name, o.Feature.Version)] = true
	}
	for f := range reads(p) {
		v, ok := s.versionAt(f.View.Name, f.Name, f.Version)
		if !ok || v.Stage != Deprecated && v.Stage != Retired {
			continue
		}
		ref := v.Ref(f.View.Name, f.Name)
		if !outputs[ref] {
			if w := s.sibling(f.View.Name, f.Name, v); w != nil && v.Stage == Retired {
				continue // it is read by its definition, which that one has
			}
		}
		if v.Stage == Retired {
			return nil, retired(ref, v)
		}
		if text := v.deprecation(ref); !slices.Contains(warnings, text) {
			warnings = append(warnings, text)
		}
	}
	slices.Sort(warnings)
	return warnings, nil
}

// retired is the error of a version that is read no more.
func retired(ref string, v *Version) error {
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Ref: ref, Message: "it is retired", Hint: "selfsame activate " + ref + " brings it back"}
	if v.Reason != "" {
		e.Message += ": " + v.Reason
	}
	if v.Successor != "" {
		e.Hint = "use " + v.Successor
	}
	return e
}

// deprecation is the warning of a deprecated version.
func (v *Version) deprecation(ref string) string {
	text := ref + " is deprecated"
	if v.Until != 0 {
		text += " and is to be retired on " + v.Until.Date()
	}
	if v.Successor != "" {
		text += ": use " + v.Successor
	}
	if v.Reason != "" {
		text += " (" + v.Reason + ")"
	}
	return text
}

// comesBack refuses that a retired version becomes the project's own.
func (h *featureHistory) comesBack(f form, version string) error {
	at := slices.IndexFunc(h.versions, func(v Version) bool { return v.Version == version })
	if at < 0 || h.versions[at].Stage != Retired || !h.removed && at == h.last {
		return nil
	}
	ref := h.versions[at].Ref(h.view, h.feature)
	return &selfsame.Error{Class: selfsame.ClassDefinition, Pos: f.feature.Pos, Ref: featureName(h.view, h.feature), Message: "this is the definition of " + ref + ", which is retired",
		Hint: "selfsame activate " + ref + " brings it back; to make it a new version, name one that was never used with `version:`"}
}

// staged is the history of a feature after the change, and notes the stage of its version where that is not the default: a new version is a draft where the change
// says so; one that changes words only is at the stage of the version that it takes the place of.
func (d *decision) staged(h *featureHistory, r *FeatureRecord, c *FeatureChange) (*featureHistory, error) {
	n := h.fold(d.record, r)
	v := &n.versions[n.last]
	if h != nil && h.has(r.Version) {
		c.Stage = v.Stage
		return n, nil
	}
	g := Staging{View: r.View, Feature: r.Feature, Version: r.Version, Stage: Active}
	if h != nil && r.Found == FoundPatch {
		last := &h.versions[h.last]
		g.Stage, g.Successor, g.Until, g.Reason = last.Stage, last.Successor, last.Until, last.Reason
	}
	if d.draft {
		g.Stage, g.Successor, g.Until, g.Reason = Draft, "", 0, ""
	}
	if c.Stage = g.Stage; g.Stage == Active {
		return n, nil
	}
	v.Stage, v.Successor, v.Until, v.Reason = g.Stage, g.Successor, g.Until, g.Reason
	a, err := act(KindStaging, g.subject(), &g)
	d.record.Acts = append(d.record.Acts, a)
	return n, err
}

// choose is the index of the version that a pin means, -1 for none: of those that begin with its parts the greatest that can be used, else the greatest draft, else the
// greatest. A pin that names a version in full means that one.
func (h *featureHistory) choose(p pin) int {
	if len(p) == len(number{}) {
		full := number(p).String()
		return slices.IndexFunc(h.versions, func(v Version) bool { return v.Version == full })
	}
	for _, want := range []func(v *Version) bool{(*Version).usable, func(v *Version) bool { return v.Stage == Draft }, func(*Version) bool { return true }} {
		if at := p.greatest(h.versions, want); at >= 0 {
			return at
		}
	}
	return -1
}

// StandingOf is Standing for features that are known by their forms: what files define. A definition that no version has is nobody's.
func (s *Snapshot) StandingOf(trained []Trained) (warnings []string, err error) {
	for _, t := range trained {
		h := s.features[t.Ref]
		if h == nil {
			continue
		}
		var v *Version // the newest of that form, of the greatest use
		for i := range h.versions {
			if w := &h.versions[i]; w.Hash == t.Hash && (v == nil || useOf(w.Stage) >= useOf(v.Stage)) {
				v = w
			}
		}
		switch {
		case v == nil:
		case v.Stage == Retired:
			return nil, retired(v.Ref(h.view, h.feature), v)
		case v.Stage == Deprecated:
			if text := v.deprecation(v.Ref(h.view, h.feature)); !slices.Contains(warnings, text) {
				warnings = append(warnings, text)
			}
		}
	}
	slices.Sort(warnings)
	return warnings, nil
}

// useOf orders stages by how far a version may be used.
func useOf(g Stage) int { return slices.Index([]Stage{Retired, Deprecated, Draft, Active}, g) }
