// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package catalogue finds things by name, words, owner and tag in what a registry holds: features, views, entities, sources, services and models, each
// as one Item. It describes; it decides nothing and opens nothing.
//
// An Index is made of one snapshot and is immutable. The command line (list, search, show) and the API answer from it alike.
package catalogue

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"selfsame"
	"selfsame/plan"
	"selfsame/registry"
)

// Kind is what an item is.
type Kind string

// The kinds of items, in the order in which lists of several kinds show them.
const (
	Feature Kind = "feature"
	View    Kind = "view"
	Entity  Kind = "entity"
	Source  Kind = "source"
	Service Kind = "service"
	Model   Kind = "model"
)

// Kinds are all kinds, in their order.
var Kinds = []Kind{Feature, View, Entity, Source, Service, Model}

// Item is one thing, as lists show it. Fields that its kind does not have are empty.
type Item struct {
	Kind        Kind              `json:"kind"`
	Name        string            `json:"name"`              // view.feature, or the name; of a model name@version
	Version     string            `json:"version,omitempty"` // of a feature x.y.z, of a service its number; empty: not applied
	Stage       registry.Stage    `json:"stage,omitempty"`   // of a feature's version
	Removed     bool              `json:"removed,omitempty"` // a feature that the project has no more, as its last version
	Type        string            `json:"type,omitempty"`    // of a feature; of an entity its key, of a view its kind, of a source where rows come from, of a service how many features, of a model the service that it pins
	View        string            `json:"view,omitempty"`
	Entity      string            `json:"entity,omitempty"`
	Sources     []string          `json:"sources,omitempty"`  // that it reads, directly or through other views
	Services    []string          `json:"services,omitempty"` // that read it
	Description string            `json:"description,omitempty"`
	Owner       string            `json:"owner,omitempty"` // its own, else of its view, else of its entity
	Tags        map[string]string `json:"tags,omitempty"`  // its own and its view's
	Offline     bool              `json:"offline,omitempty"`
	Definition  string            `json:"definition,omitempty"` // of a feature its expression, of a source its schema
	Usage       *Usage            `json:"usage,omitempty"`      // nil: not counted

	home *selfsame.Project // that defines it
}

// Usage is how often something was read, by the journal.
type Usage struct {
	Requests int64            `json:"requests"`
	Rows     int64            `json:"rows"`
	Last     selfsame.Instant `json:"last,omitempty"` // of the newest request; 0: none
}

// Index is everything that can be found. It is immutable.
type Index struct {
	items    []Item
	texts    []string // beside items: what words are looked for in, in lower case
	project  *selfsame.Project
	snapshot *registry.Snapshot
	removed  func() ([]Item, error) // features that the project has no more, found once
	usage    map[string]Usage       // by view.feature and by the name of a service; nil: nothing counts
	planned  map[*selfsame.FeatureView]planned
}

// planned is what the plan of a view says of it: of a view that is the same pointer it says the same.
type planned struct {
	types   map[string]string // view.feature -> type
	sources []string
}

// Of makes the index of a project, with what its snapshot knows beside it; usage is by view.feature and by the name of a service, nil where nothing counts. A snapshot in which nothing is applied adds nothing.
func Of(p *selfsame.Project, s *registry.Snapshot, usage map[string]Usage) (*Index, error) {
	return new(Index).Next(p, s, usage)
}

// Next is Of for a project that came after that of x: what stayed is not planned again.
func (x *Index) Next(p *selfsame.Project, s *registry.Snapshot, usage map[string]Usage) (*Index, error) {
	b := newBuilder(p, s)
	b.before = x.planned
	for _, v := range p.Views {
		if err := b.plan(v); err != nil {
			return nil, err
		}
	}
	b.readBy()
	b.features()
	b.others()
	next := &Index{items: b.items, project: p, snapshot: s, removed: sync.OnceValues(func() ([]Item, error) { return removed(s) }), usage: usage, planned: b.planned}
	next.sort()
	return next, nil
}

// Counted is the index with other usage, as in Of.
func (x *Index) Counted(usage map[string]Usage) *Index {
	y := *x
	y.usage = usage
	return &y
}

// used is the usage of an item; nil where nothing was counted: without a journal nobody knows.
func (x *Index) used(it *Item) *Usage {
	if x.usage == nil || it.Kind != Feature && it.Kind != Service {
		return nil
	}
	u := x.usage[it.Name]
	return &u
}

func (x *Index) sort() {
	slices.SortStableFunc(x.items, func(a, b Item) int { return compare(&a, &b) })
	x.texts = make([]string, len(x.items))
	for i := range x.items {
		x.texts[i] = x.items[i].text()
	}
}

// compare orders items by kind and name. Versions of a model are equal: they stay in the order in which they were registered.
func compare(a, b *Item) int {
	return cmp.Or(cmp.Compare(slices.Index(Kinds, a.Kind), slices.Index(Kinds, b.Kind)), strings.Compare(a.base(), b.base()))
}

// base is the name, of a model without its version.
func (it *Item) base() string {
	if it.Kind != Model {
		return it.Name
	}
	name, _, _ := strings.Cut(it.Name, "@")
	return name
}

// text is what words are looked for in.
func (it *Item) text() string {
	parts := []string{it.Name, it.Description, it.Owner, it.Entity, it.Definition, strings.Join(it.Sources, " "), strings.Join(it.Services, " ")}
	for _, k := range slices.Sorted(maps.Keys(it.Tags)) {
		parts = append(parts, k, it.Tags[k])
	}
	return strings.ToLower(strings.Join(parts, "\n"))
}

// builder collects the items of a project.
type builder struct {
	p       *selfsame.Project
	s       *registry.Snapshot
	items   []Item
	readers map[string][]string // view.feature -> services
	sources map[string][]string // view -> sources
	types   map[string]string   // view.feature -> type

	before, planned map[*selfsame.FeatureView]planned
}

func newBuilder(p *selfsame.Project, s *registry.Snapshot) *builder {
	return &builder{p: p, s: s, readers: map[string][]string{}, sources: map[string][]string{}, types: map[string]string{}, planned: map[*selfsame.FeatureView]planned{}}
}

// plan finds the types of a view's features, and its sources.
func (b *builder) plan(v *selfsame.FeatureView) error {
	have, known := b.before[v]
	if !known {
		pl, err := plan.Build(b.p, plan.Request{View: v.Name})
		if err != nil {
			return err
		}
		have = planned{types: make(map[string]string, len(pl.Outputs)), sources: pl.SourceNames()}
		for i := range pl.Outputs {
			o := &pl.Outputs[i]
			have.types[o.Ref()] = o.EdgeType().String()
		}
	}
	maps.Copy(b.types, have.types)
	b.sources[v.Name], b.planned[v] = have.sources, have
	return nil
}

// readBy notes which services read a feature.
func (b *builder) readBy() {
	for _, svc := range b.p.Services {
		for _, e := range svc.Features {
			for _, f := range b.entry(e) {
				if list := b.readers[f]; !slices.Contains(list, svc.Name) {
					b.readers[f] = append(list, svc.Name)
				}
			}
		}
	}
}

// entry are the features that an entry of a service names.
func (b *builder) entry(e selfsame.ServiceEntry) []string {
	if e.Feature != "" {
		return []string{e.View + "." + e.Feature}
	}
	var out []string
	if v := b.p.View(e.View); v != nil {
		for i := range v.Features {
			out = append(out, v.Name+"."+v.Features[i].Name)
		}
	}
	return out
}

func (b *builder) features() {
	for _, v := range b.p.Views {
		var services []string
		for i := range v.Features {
			it := b.feature(v, &v.Features[i])
			b.stage(&it, v.Name, v.Features[i].Name)
			b.items = append(b.items, it)
			for _, s := range it.Services {
				if !slices.Contains(services, s) {
					services = append(services, s)
				}
			}
		}
		slices.Sort(services)
		b.items = append(b.items, Item{Kind: View, Name: v.Name, Type: v.Kind.String(), Entity: v.Entity, Sources: b.sources[v.Name], Services: services,
			Description: v.Description, Owner: b.ownerOf(v), Tags: v.Tags, Offline: v.Offline})
	}
}

// feature is a feature of a view, without its version.
func (b *builder) feature(v *selfsame.FeatureView, f *selfsame.Feature) Item {
	name := v.Name + "." + f.Name
	return Item{Kind: Feature, Name: name, Type: b.types[name], View: v.Name, Entity: v.Entity, Sources: b.sources[v.Name], Services: b.readers[name],
		Description: cmp.Or(f.Description, v.Description), Owner: cmp.Or(f.Owner, b.ownerOf(v)), Tags: merged(v.Tags, f.Tags), Offline: v.Offline,
		Definition: f.Value.Text, home: b.p}
}

// stage sets the version that is applied and its stage.
func (b *builder) stage(it *Item, view, feature string) {
	v, err := b.s.Version(view, feature, "")
	if err != nil {
		return // it was never applied
	}
	it.Version, it.Stage = v.Version, v.Stage
}

func (b *builder) ownerOf(v *selfsame.FeatureView) string {
	if e := b.p.Entity(v.Entity); v.Owner == "" && e != nil {
		return e.Owner
	}
	return v.Owner
}

// merged is one set of tags over another.
func merged(under, over map[string]string) map[string]string {
	if len(under) == 0 {
		return over
	}
	out := map[string]string{}
	for _, m := range []map[string]string{under, over} {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}
