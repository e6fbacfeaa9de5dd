// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package lineage

import (
	"slices"
	"strconv"
	"strings"

	"selfsame"
)

// AddSource adds a source with its columns. One that is there stays as it is.
func (g *Graph) AddSource(s *selfsame.Source) {
	if g.nodes[id(Source, s.Name)] != nil {
		return
	}
	n := g.add(&Node{Kind: Source, Name: s.Name})
	if s.Batch != nil {
		n.Definition = s.Batch.Path
	}
	for _, f := range s.Schema {
		g.column(s.Name, f.Name, f.Type)
	}
}

func (g *Graph) column(source, name string, t selfsame.Type) string {
	n := g.add(&Node{Kind: Column, Name: source + "." + name, Type: t.String()})
	g.edge(id(Source, source), n.ID, byColumn)
	return n.ID
}

// FeatureVersion is a version of a feature, to be added.
type FeatureVersion struct {
	View    *selfsame.FeatureView
	Feature *selfsame.Feature // with its version
	Type    selfsame.Type
	Hash    string
	Status  string // empty: current
	Past    bool   // it is shown only where something in use reads it
	Record  int64
	Time    selfsame.Instant
	Author  string
	Reads   *Reads // nil: not known any more
}

// AddFeature adds a version of a feature, its view, and what it reads.
func (g *Graph) AddFeature(f *FeatureVersion) {
	name := ReferenceOf(f.View.Name, f.Feature)
	n := g.add(&Node{Kind: Feature, Name: name, Type: f.Type.String(), Definition: strings.Join(strings.Fields(f.Feature.Value.Text), " "), Hash: f.Hash, Status: f.Status,
		Record: f.Record, Author: f.Author, past: f.Past})
	if f.Record != 0 {
		n.Time = &f.Time
	}
	bare := id(Feature, f.View.Name+"."+f.Feature.Name)
	if _, known := g.newest[bare]; !f.Past || !known {
		g.newest[bare] = n.ID
	}
	if f.Reads == nil {
		return
	}
	view := g.view(f)
	l := byView
	if len(f.Reads.Sources) == 0 {
		l = member
	}
	g.edge(view, n.ID, l)
	for _, s := range f.Reads.Sources {
		g.AddSource(s.Source)
		g.edge(id(Source, s.Source.Name), view, byView)
		for _, c := range s.Columns {
			g.edge(g.column(s.Source.Name, c.Name, c.Type), n.ID, byColumn, c.Roles...)
		}
	}
	for _, ref := range f.Reads.Features {
		g.edge(id(Feature, ref), n.ID, always)
	}
	for _, c := range f.Reads.Requests {
		in := g.add(&Node{Kind: Request, Name: c.Name, Type: c.Type.String()})
		g.edge(in.ID, n.ID, byColumn, c.Roles...)
	}
}

// view adds the view of a feature. One that read other sources under an older version of the feature is a node of its own.
func (g *Graph) view(f *FeatureVersion) string {
	name := f.View.Name
	var sources []string
	for _, s := range f.Reads.Sources {
		sources = append(sources, s.Source.Name)
	}
	if have := g.nodes[id(View, name)]; have != nil {
		var now []string
		for _, e := range g.to[have.ID] {
			now = append(now, strings.TrimPrefix(e.From, string(Source)+"/"))
		}
		if !slices.Equal(now, sources) {
			name += " of " + strings.Join(sources, ", ")
		}
	}
	return g.add(&Node{Kind: View, Name: name, Type: f.View.Kind.String(), past: f.Past}).ID
}

// ServiceVersion is a version of a service, to be added.
type ServiceVersion struct {
	Name     string
	Version  int64 // 0: of definitions that are not applied
	Status   string
	Past     bool
	Record   int64
	Time     selfsame.Instant
	Author   string
	Features []string // view.feature@1.1.0
}

// AddService adds a version of a service.
func (g *Graph) AddService(s *ServiceVersion) {
	n := g.add(&Node{Kind: Service, Name: Numbered(s.Name, s.Version), Status: s.Status, Record: s.Record, Author: s.Author, past: s.Past})
	if s.Record != 0 {
		n.Time = &s.Time
	}
	bare := id(Service, s.Name)
	if _, known := g.newest[bare]; !s.Past || !known {
		g.newest[bare] = n.ID
	}
	for _, ref := range s.Features {
		g.edge(id(Feature, ref), n.ID, always)
	}
}

// ModelVersion is a version of a model, to be added after the services and runs.
type ModelVersion struct {
	Name, Version string
	Service       string // fraud@2
	Run           string // id of the run that made its training set, or empty
	Retired       bool
	Record        int64
	Time          selfsame.Instant
	Author        string
}

// AddModel adds a version of a model.
func (g *Graph) AddModel(m *ModelVersion) {
	n := g.add(&Node{Kind: Model, Name: m.Name + "@" + m.Version, Record: m.Record, Time: &m.Time, Author: m.Author, past: m.Retired})
	if m.Retired {
		n.Status = "retired"
	}
	g.newest[id(Model, m.Name)] = n.ID
	if s := id(Service, m.Service); g.nodes[s] != nil {
		g.edge(s, n.ID, always)
	}
	if r := id(Run, m.Run); g.nodes[r] != nil {
		g.edge(r, n.ID, always)
	}
}

// RunRecord is a run, to be added after the services.
type RunRecord struct {
	ID       string
	Kind     string
	Service  string   // fraud@2; empty: not that of a service
	Features []string // view.feature@1.1.0
	Views    []string // that a load brought in
	Inputs   []string // names of sources
	Outputs  []string // paths, views
	Manifest string
	Rows     int64
	Record   int64
	Ended    selfsame.Instant
	Author   string
	Names    []string // further names: paths and checksums of what it wrote
}

// AddRun adds a run. A training set hangs on its service, else on its features; a load on its views.
func (g *Graph) AddRun(r *RunRecord) {
	n := g.add(&Node{Kind: Run, Name: r.ID, Type: r.Kind, Definition: listed(r.Outputs), Hash: r.Manifest, Rows: r.Rows, Record: r.Record, Time: &r.Ended, Author: r.Author,
		also: r.Names})
	if s := id(Service, r.Service); r.Service != "" && g.nodes[s] != nil {
		g.edge(s, n.ID, always)
	} else if len(r.Views) == 0 {
		for _, ref := range r.Features {
			if f := id(Feature, ref); g.nodes[f] != nil {
				g.edge(f, n.ID, always)
			}
		}
	}
	for _, name := range r.Views {
		if v := id(View, name); g.nodes[v] != nil {
			g.edge(v, n.ID, byView)
		}
	}
	if len(g.to[n.ID]) > 0 {
		return
	}
	for _, name := range r.Inputs {
		if s := id(Source, name); g.nodes[s] != nil {
			g.edge(s, n.ID, always)
		}
	}
}

// listed names a list in a line.
func listed(names []string) string {
	if len(names) > 2 {
		return names[0] + " and " + strconv.Itoa(len(names)-1) + " more"
	}
	return strings.Join(names, ", ")
}

// Numbered is a name with a version, where it has one.
func Numbered(name string, version int64) string {
	if version == 0 {
		return name
	}
	return name + "@" + strconv.FormatInt(version, 10)
}

// SetStatus says how a version stands, in a clone. past: it is shown only where something in use reads it.
func (g *Graph) SetStatus(k Kind, name, status string, past bool) {
	have := g.nodes[id(k, name)]
	if have == nil || have.Status == status && have.past == past {
		return
	}
	n := *have // the other graph keeps its own
	n.Status, n.past = status, past
	g.nodes[n.ID] = &n
}
