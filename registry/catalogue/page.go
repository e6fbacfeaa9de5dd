// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/plan"
	"selfsame/registry"
)

// Page is everything that is known of one thing.
type Page struct {
	Item
	Hash       string                    `json:"hash,omitempty"`     // of a feature's canonical form
	Settings   []Setting                 `json:"settings,omitempty"` // the definition, as a reader wants it
	Fields     []Field                   `json:"fields,omitempty"`   // of a source its schema, of an entity its key, of a service its outputs, of a view its features
	Versions   []registry.VersionChange  `json:"versions,omitempty"` // of a feature
	Lists      []registry.ServiceVersion `json:"lists,omitempty"`    // versions of a service
	Reads      []string                  `json:"reads,omitempty"`    // of a feature: source.column, feature view.feature, and request column
	Users      *registry.Users           `json:"users,omitempty"`    // of a feature's version
	Model      *registry.ModelRecord     `json:"model,omitempty"`
	Statistics *Statistics               `json:"statistics,omitempty"` // of a feature
	Newest     selfsame.Instant          `json:"newest,omitempty"`     // event time: the newest event of the sources of a feature, view or source that is in files or in the archive; 0: not known
}

// Setting is one line of a definition.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Field is one named and typed part of a thing.
type Field struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Description string `json:"description,omitempty"`
}

// Statistics is what the last run saw of a feature.
type Statistics struct {
	Run     string           `json:"run"`
	At      selfsame.Instant `json:"at"` // when the run ended
	Rows    int64            `json:"rows"`
	Present int64            `json:"present"`
	Missing float64          `json:"missing"` // share of rows without a value
	AUC     float64          `json:"auc,omitempty"`
}

// Page returns everything about one item of the index.
func (x *Index) Page(ctx context.Context, it *Item) (*Page, error) {
	p := &Page{Item: *it}
	switch it.Kind {
	case Feature:
		return p, x.feature(ctx, p)
	case View:
		v := x.project.View(it.Name)
		p.Settings = append(p.Settings, viewSettings(x.project, v)...)
		types := map[string]string{}
		for i := range x.items {
			types[x.items[i].Name] = x.items[i].Type
		}
		for i := range v.Features {
			f := &v.Features[i]
			p.Fields = append(p.Fields, Field{f.Name, types[v.Name+"."+f.Name], f.Value.Text})
		}
	case Entity:
		p.Fields = fields(x.project.Entity(it.Name).Key)
	case Source:
		s := x.project.Source(it.Name)
		p.Settings, p.Fields = sourceSettings(s), fields(s.Schema)
	case Service:
		return p, x.service(p)
	case Model:
		for _, m := range x.snapshot.Models() {
			if m.Name+"@"+m.Version == it.Name {
				p.Model = &m
			}
		}
	}
	return p, nil
}

// feature fills the page of a feature.
func (x *Index) feature(ctx context.Context, p *Page) error {
	v := p.home.View(p.View)
	name := strings.TrimPrefix(p.Name, p.View+".")
	at := slices.IndexFunc(v.Features, func(f selfsame.Feature) bool { return f.Name == name })
	f := &v.Features[at]
	p.Settings = append([]Setting{{"value", f.Value.Text}}, viewSettings(p.home, v)...)
	if f.Default != nil {
		p.Settings = append(p.Settings, Setting{"default", valueText(f.Default)})
	}
	if f.Cast != "" {
		p.Settings = append(p.Settings, Setting{"cast", f.Cast})
	}
	if f.Expect != nil {
		p.Settings = append(p.Settings, Setting{"expect", expectText(f.Expect)})
	}
	pl, err := plan.Build(p.home, plan.Request{Features: []selfsame.ServiceEntry{{View: v.Name, Feature: name}}})
	if err != nil {
		return err
	}
	p.Reads = reads(pl, p.Name)
	if p.Version == "" {
		return nil
	}
	if p.Versions, err = x.snapshot.Changes(ctx, v.Name, name); err != nil {
		return err
	}
	for i := range p.Versions {
		if p.Versions[i].Version.Version == p.Version {
			p.Hash = p.Versions[i].Hash
		}
	}
	p.Users, err = x.snapshot.UsersOf(ctx, v.Name, name, p.Version)
	return err
}

// reads names what a feature reads: columns of sources, other features, and the columns that a request or label rows give.
func reads(pl *plan.Plan, self string) []string {
	var out []string
	add := func(s string) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, u := range pl.Uses {
		for _, f := range u.Features {
			if name := u.View.Name + "." + f.Name; name != self {
				add("feature " + name)
			}
		}
		for _, su := range u.Sources {
			for _, i := range su.Fields {
				add(su.Source.Name + "." + su.Source.Schema[i].Name)
			}
		}
	}
	for _, f := range pl.OnDemand {
		if name := f.View.Name + "." + f.Name; name != self {
			add("feature " + name)
		}
	}
	for _, r := range pl.Requests {
		add("request " + r.Name)
	}
	return out
}

// viewSettings are the lines of a view that bear on its values.
func viewSettings(p *selfsame.Project, v *selfsame.FeatureView) []Setting {
	var out []Setting
	add := func(name, value string) {
		if value != "" {
			out = append(out, Setting{name, value})
		}
	}
	if v.Where != nil {
		add("where", v.Where.Text)
	}
	if e := p.Entity(v.Entity); e != nil {
		add("key", keyText(e.Key))
	}
	add("source", strings.Join(v.Source, ", "))
	if v.TTL.Set {
		add("ttl", expr.DurationText(v.TTL.Micros))
	}
	if v.AsOf.Set {
		add("as_of", expr.DurationText(v.AsOf.Micros))
	}
	return out
}

// sourceSettings are the lines of a source.
func sourceSettings(s *selfsame.Source) []Setting {
	var out []Setting
	for _, line := range []Setting{{"event_time", s.EventTime}, {"arrival", s.Arrival}, {"id", s.ID}, {"order", s.Order}, {"operation", s.Operation},
		{"primary_key", strings.Join(s.PrimaryKey, ", ")}, {"timezone", s.Timezone}} {
		if line.Value != "" {
			out = append(out, line)
		}
	}
	for _, span := range []struct {
		name string
		d    selfsame.Duration
	}{{"knowledge_delay", s.KnowledgeDelay}, {"lateness", s.Lateness}, {"skew", s.Skew}, {"corrections", s.Corrections}, {"history", s.History}} {
		if span.d.Set {
			out = append(out, Setting{span.name, expr.DurationText(span.d.Micros)})
		}
	}
	if s.Batch != nil {
		out = append(out, Setting{"files", s.Batch.Path})
	}
	if s.Push {
		out = append(out, Setting{"push", "true"})
	}
	return out
}

func fields(list []selfsame.Field) []Field {
	out := make([]Field, len(list))
	for i, f := range list {
		out[i] = Field{Name: f.Name, Type: f.Type.String()}
	}
	return out
}

// service fills the page of a service.
func (x *Index) service(p *Page) error {
	svc := x.project.Service(p.Name)
	if number, err := strconv.ParseInt(p.Version, 10, 64); err == nil { // it is applied
		if svc, _, err = x.snapshot.Service(p.Name, number); err != nil {
			return err
		}
	}
	pl, err := plan.Build(x.project, plan.Request{Features: svc.Features, Resolver: x.snapshot})
	if err != nil {
		return err
	}
	for i := range pl.Outputs {
		o := &pl.Outputs[i]
		ref := o.Ref()
		if o.Feature.Version != "" {
			ref += "@" + o.Feature.Version
		}
		p.Fields = append(p.Fields, Field{o.Name, o.EdgeType().String(), ref})
	}
	if p.Version != "" {
		p.Lists, err = x.snapshot.ServiceVersions(p.Name)
	}
	return err
}

// expectText writes bounds as definitions do.
func expectText(e *selfsame.Expectation) string {
	var parts []string
	if e.Min != nil {
		parts = append(parts, "min "+valueText(e.Min))
	}
	if e.Max != nil {
		parts = append(parts, "max "+valueText(e.Max))
	}
	if e.Nulls >= 0 {
		parts = append(parts, fmt.Sprintf("nulls %g%%", e.Nulls*100))
	}
	if e.Block {
		parts = append(parts, "on_failure block")
	}
	return strings.Join(parts, ", ")
}

// valueText writes a value as answers do.
func valueText(v *selfsame.Value) string {
	c := column.New(v.Type, 1)
	c.Append(*v)
	return string(column.AppendJSON(nil, c, 0))
}
