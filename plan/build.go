// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"strings"

	"selfsame"
	"selfsame/compute/expr"
)

// Build plans a request over a checked project. Its errors are of class not_found, usage or definition.
func Build(p *selfsame.Project, r Request) (*Plan, error) {
	name, list, err := entries(p, r)
	if err != nil {
		return nil, err
	}
	b := &builder{plan: &Plan{Project: p, Name: name}, resolver: r.Resolver, slots: map[Slot]int{}, uses: map[string]int{}, onDemand: map[*selfsame.Feature]int{},
		sources: r.sources, fields: r.fields}
	if b.sources == nil {
		b.sources = map[string]*selfsame.Source{}
		for _, s := range p.Sources {
			b.sources[rowsOf(s)] = s
		}
	}
	for _, e := range apart(list, r.Short) {
		if err := b.entry(e, r.Short); err != nil {
			return nil, err
		}
	}
	if err := b.checkServed(r.Service); err != nil {
		return nil, err
	}
	features := len(b.plan.Outputs)
	for _, e := range apart(r.Labels, r.Short) {
		if err := b.entry(e, r.Short); err != nil {
			return nil, err
		}
	}
	for i := features; i < len(b.plan.Outputs); i++ {
		b.plan.Outputs[i].Label = true
	}
	if err := b.checkNames(r.Short); err != nil {
		return nil, err
	}
	for _, u := range b.plan.Uses {
		if err := u.needRow(); err != nil {
			return nil, err
		}
		if err := u.planLookup(b.sources); err != nil {
			return nil, err
		}
		if err := u.checkFill(); err != nil {
			return nil, err
		}
		u.collectFields()
		if err := u.keepRows(); err != nil {
			return nil, err
		}
	}
	return b.plan, nil
}

type builder struct {
	plan     *Plan
	resolver Resolver
	slots    map[Slot]int
	uses     map[string]int
	onDemand map[*selfsame.Feature]int
	fields   []selfsame.Field            // that expressions in keys of entries may read
	building []string                    // on-demand views being built, for cycles
	sources  map[string]*selfsame.Source // by what decides their rows: older versions of the project define most sources alike
}

// located is a feature in its view in its project.
type located struct {
	project *selfsame.Project
	view    *selfsame.FeatureView
	feature *selfsame.Feature
}

func (b *builder) entry(e selfsame.ServiceEntry, short bool) error {
	list, err := b.locate(e)
	if err != nil {
		return err
	}
	for _, l := range list {
		slot, err := b.feature(l, filling{e.Key, b.fields}, e.Pos)
		if err != nil {
			return err
		}
		b.plan.Outputs = append(b.plan.Outputs, Output{Name: OutputName(e, l.feature.Name, short), View: l.view, Feature: l.feature,
			Type: b.plan.Slots[slot].Type, Slot: slot})
	}
	return nil
}

// locate finds the features that an entry names.
func (b *builder) locate(e selfsame.ServiceEntry) ([]located, error) {
	if e.Version != "" && e.Feature != "" && b.resolver != nil {
		p, v, f, err := b.resolver.Resolve(e.View, e.Feature, e.Version)
		if err != nil {
			return nil, err
		}
		return []located{{p, v, f}}, nil
	}
	p := b.plan.Project
	v := p.View(e.View)
	if v == nil {
		return nil, notFound(e.View, "view", e.Pos, viewNames(p))
	}
	features := v.Features
	if e.Feature != "" {
		i := slices.IndexFunc(features, func(f selfsame.Feature) bool { return f.Name == e.Feature })
		if i < 0 {
			return nil, notFound(e.View+"."+e.Feature, "feature", e.Pos, featureNames(v))
		}
		features = features[i : i+1]
	}
	list := make([]located, len(features))
	for i := range features {
		list[i] = located{p, v, &features[i]}
		if err := checkVersion(e, &features[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// feature returns the slot of a feature with the view's key filled as key says.
func (b *builder) feature(l located, key filling, pos selfsame.Pos) (int, error) {
	if l.view.Kind == selfsame.OnDemandView {
		if len(key.key) > 0 {
			return 0, &selfsame.Error{Class: selfsame.ClassDefinition, Pos: pos, Ref: l.view.Name,
				Message: "an on-demand view has no key of its own", Hint: "map keys in the view's `inputs`"}
		}
		return b.onDemandFeature(l)
	}
	ui, err := b.use(l, key, pos)
	if err != nil {
		return 0, err
	}
	u := b.plan.Uses[ui]
	fi := slices.IndexFunc(u.Features, func(g *Feature) bool { return g.Feature == l.feature })
	if fi < 0 {
		prog, err := u.compile(l.feature)
		if err != nil {
			return 0, err
		}
		fi = len(u.Features)
		u.Features = append(u.Features, &Feature{Feature: l.feature, View: l.view, Type: prog.Type(), Program: prog})
		if !u.Spec.AsOf {
			for _, f := range u.AskedFields(prog.Slots()) {
				if err := b.request(f, "a window of "+l.view.Name); err != nil {
					return 0, err
				}
			}
		}
	}
	return b.slot(Slot{Use: ui, OnDemand: -1, Feature: fi, Type: u.Features[fi].Type}), nil
}

// use returns the use of a view with its key filled as key says. Features of several versions of a view share it where nothing but the
// features changed.
func (b *builder) use(l located, key filling, pos selfsame.Pos) (int, error) {
	u, err := b.newUse(l)
	if err != nil {
		return 0, err
	}
	if err := b.fillKey(u, l, key, pos); err != nil {
		return 0, err
	}
	if err := u.findBase(); err != nil {
		return 0, err
	}
	id := fmt.Sprintf("%s\x00%s\x00%d\x00%d\x00%s", l.view.Name, u.keyText(), l.view.AsOf.Or(0), u.maxValues(), u.base)
	if l.view.Offline || l.view.LooksUp { // what it reads from other views is that of its own project, and labels stand apart
		id += fmt.Sprintf("\x00%p", l.project)
	}
	if i, ok := b.uses[id]; ok {
		return i, nil
	}
	b.uses[id] = len(b.plan.Uses)
	if err := u.compileSources(); err != nil {
		return 0, err
	}
	b.plan.Uses = append(b.plan.Uses, u)
	return b.uses[id], nil
}

// request notes that a label or request column is read.
func (b *builder) request(f selfsame.Field, by string) error {
	for i, have := range b.plan.Requests {
		if have.Name != f.Name {
			continue
		}
		if !have.Type.Equal(f.Type) {
			return &selfsame.Error{Class: selfsame.ClassDefinition, Pos: f.Pos, Ref: f.Name,
				Message: fmt.Sprintf("%s reads this column as %s, another view reads it as %s", by, f.Type, have.Type)}
		}
		b.plan.Requests[i].Optional = have.Optional && f.Optional
		return nil
	}
	b.plan.Requests = append(b.plan.Requests, f)
	return nil
}

func (b *builder) slot(s Slot) int {
	id := s
	id.Type = selfsame.Type{}
	if i, ok := b.slots[id]; ok {
		return i
	}
	b.slots[id] = len(b.plan.Slots)
	b.plan.Slots = append(b.plan.Slots, s)
	return b.slots[id]
}

func (b *builder) onDemandFeature(l located) (int, error) {
	v, f := l.view, l.feature
	if slices.Contains(b.building, v.Name) {
		return 0, &selfsame.Error{Class: selfsame.ClassDefinition, Pos: v.Pos, Ref: v.Name,
			Message: "on-demand views read each other in a circle: " + strings.Join(append(b.building, v.Name), " -> ")}
	}
	if i, ok := b.onDemand[f]; ok {
		return b.slot(Slot{Use: -1, OnDemand: i, Type: b.plan.OnDemand[i].Type}), nil
	}
	b.building = append(b.building, v.Name)
	defer func() { b.building = b.building[:len(b.building)-1] }()
	node, err := expr.Parse(f.Value)
	if err != nil {
		return 0, err
	}
	prog, err := expr.Compile(node, expr.Scope{Now: true, Column: func(r *expr.Ref) (int, selfsame.Type, error) { return b.onDemandRef(l, r) }})
	if err != nil {
		return 0, err
	}
	// The features that this one reads are in the plan by now, so it stands after them.
	b.onDemand[f] = len(b.plan.OnDemand)
	b.plan.OnDemand = append(b.plan.OnDemand, &Feature{Feature: f, View: v, Type: prog.Type(), Program: prog})
	return b.slot(Slot{Use: -1, OnDemand: b.onDemand[f], Type: prog.Type()}), nil
}

// onDemandRef resolves a name in an on-demand view: a request field, view.feature or role.feature.
func (b *builder) onDemandRef(l located, r *expr.Ref) (int, selfsame.Type, error) {
	v := l.view
	if len(r.Parts) == 1 {
		for _, f := range v.Request {
			if f.Name == r.Parts[0] {
				if err := b.request(f, "request of "+v.Name); err != nil {
					return 0, selfsame.Type{}, err
				}
				return b.slot(Slot{Column: f.Name, Use: -1, OnDemand: -1, Type: f.Type}), f.Type, nil
			}
		}
		return 0, selfsame.Type{}, notFound(r.Parts[0], "request field", r.Pos(), fieldNames(v.Request))
	}
	name, key := r.Parts[0], filling{fields: v.Request}
	for _, in := range v.Inputs {
		if in.Role == name {
			name, key.key = in.View, in.Key
		}
	}
	other := l.project.View(name)
	if other == nil || len(r.Parts) != 2 {
		return 0, selfsame.Type{}, notFound(strings.Join(r.Parts, "."), "view", r.Pos(), viewNames(l.project))
	}
	for i := range other.Features {
		if f := &other.Features[i]; f.Name == r.Parts[1] {
			slot, err := b.feature(located{l.project, other, f}, key, r.Pos())
			if err != nil {
				return 0, selfsame.Type{}, err
			}
			return slot, b.plan.Slots[slot].Type, nil
		}
	}
	return 0, selfsame.Type{}, notFound(strings.Join(r.Parts, "."), "feature", r.Pos(), featureNames(other))
}

// checkServed refuses what a service cannot serve: a pin may name a version that check has not seen.
func (b *builder) checkServed(service string) error {
	for _, u := range b.plan.Uses {
		if service != "" && u.TrainingOnly() {
			return &selfsame.Error{Class: selfsame.ClassDefinition, Ref: "service " + service, Message: "view " + u.View.Name + " is for training only: it looks forward, or looks its key up in other views",
				Hint: "take it out of the service, and train its features with --labels"}
		}
	}
	return nil
}

func (b *builder) checkNames(short bool) error {
	seen := map[string]Output{}
	for _, o := range b.plan.Outputs {
		if first, ok := seen[o.Name]; ok {
			e := &selfsame.Error{Class: selfsame.ClassUsage, Ref: o.Name, Message: fmt.Sprintf("two features have this name: %s and %s", first.Ref(), o.Ref()),
				Hint: "give one of them a `prefix` or `as` in the service"}
			switch {
			case first.Ref() == o.Ref():
				e.Message, e.Hint = o.Ref()+" is asked for twice", "name it once; in a service, a `prefix` or `as` tells two uses apart"
			case short:
				e.Hint += ", or use --names full"
			}
			return e
		}
		seen[o.Name] = o
	}
	return nil
}

func viewNames(p *selfsame.Project) []string {
	var names []string
	for _, v := range p.Views {
		names = append(names, v.Name)
	}
	return names
}

func featureNames(v *selfsame.FeatureView) []string {
	var names []string
	for _, f := range v.Features {
		names = append(names, v.Name+"."+f.Name)
	}
	return names
}

func fieldNames(fields []selfsame.Field) []string {
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	return names
}
