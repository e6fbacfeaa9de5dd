// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"fmt"
	"slices"

	"selfsame"
	"selfsame/lineage"
	"selfsame/plan"
	"selfsame/registry"
)

// addView adds the features of a view. about says what else is known of each.
func addView(g *lineage.Graph, p *selfsame.Project, v *selfsame.FeatureView, about func(o *plan.Output) (*lineage.FeatureVersion, error), r plan.Resolver) error {
	pl, err := plan.Build(p, plan.Request{View: v.Name, Resolver: r})
	if err != nil {
		return err
	}
	for i := range pl.Outputs {
		if err := addOutput(g, pl, &pl.Outputs[i], about); err != nil {
			return err
		}
	}
	return nil
}

func addOutput(g *lineage.Graph, pl *plan.Plan, o *plan.Output, about func(o *plan.Output) (*lineage.FeatureVersion, error)) error {
	f, err := about(o)
	if err != nil {
		return err
	}
	f.View, f.Feature, f.Type, f.Reads = o.View, o.Feature, o.Type, lineage.ReadsOf(pl, o)
	g.AddFeature(f)
	return nil
}

// defining makes the graph of what was applied: every version of every feature and service.
type defining struct {
	current       map[string]bool // versions of the project's own features
	graph         *lineage.Graph
	snapshot      *registry.Snapshot
	before, known map[string]*lineage.FeatureVersion // as in Cache: of the graph before, and of this one
}

func (d *defining) build() error {
	s, p := d.snapshot, d.snapshot.Project()
	for _, src := range p.Sources {
		d.graph.AddSource(src)
	}
	d.current = map[string]bool{}
	for _, v := range p.Views {
		for i := range v.Features {
			d.current[lineage.ReferenceOf(v.Name, &v.Features[i])] = true
		}
	}
	for _, v := range p.Views {
		if err := d.view(p, v); err != nil {
			return err
		}
	}
	for _, f := range s.Features() {
		for i := range f.Versions {
			if v := &f.Versions[i]; v.Status != registry.Current {
				if err := d.earlier(p, &f, v); err != nil {
					return err
				}
			}
		}
	}
	names := map[string]bool{}
	for _, r := range s.Records() {
		for _, service := range r.Services {
			names[service.Name] = true
		}
	}
	for name := range names {
		if err := addServices(d.graph, s, name); err != nil {
			return err
		}
	}
	d.graph.Seal()
	return nil
}

// about says what the registry knows of a version.
func (d *defining) about(o *plan.Output) (*lineage.FeatureVersion, error) {
	v, err := d.snapshot.Version(o.View.Name, o.Feature.Name, o.Feature.Version)
	if err != nil {
		return nil, err
	}
	f := &lineage.FeatureVersion{Hash: v.Hash, Record: v.Apply, Time: v.Time, Author: v.Author}
	f.Status, f.Past = versionStatus(&v), v.Status != registry.Current
	d.known[v.Ref(o.View.Name, o.Feature.Name)] = f
	return f, nil
}

// has reports whether the graph before had a version as it is now. What a version of a stored view reads never changes. A current one on demand reads what is
// current, so a patch of that is told apart; an earlier one is planned anew, because the definitions that it is rebuilt from may be others.
func (d *defining) has(ref string, v *registry.Version) bool {
	have := d.before[ref]
	if have == nil || have.View.Kind != selfsame.OnDemandView {
		return have != nil
	}
	return v.Status == registry.Current && !have.Past && !slices.ContainsFunc(have.Reads.Features, func(read string) bool { return !d.current[read] })
}

// add adds a version that the graph before had, and reports whether it did.
func (d *defining) add(ref string, v *registry.Version) bool {
	if !d.has(ref, v) {
		return false
	}
	f := *d.before[ref]
	f.Status, f.Past = versionStatus(v), v.Status != registry.Current
	d.known[ref] = &f
	d.graph.AddFeature(&f)
	return true
}

// view adds the current features of a view, as the graph before had them where it had all.
func (d *defining) view(p *selfsame.Project, v *selfsame.FeatureView) error {
	versions := make([]registry.Version, len(v.Features))
	for i := range v.Features {
		f := &v.Features[i]
		var err error
		if versions[i], err = d.snapshot.Version(v.Name, f.Name, f.Version); err != nil {
			return err
		}
		if !d.has(lineage.ReferenceOf(v.Name, f), &versions[i]) {
			return addView(d.graph, p, v, d.about, d.snapshot)
		}
	}
	for i := range v.Features {
		d.add(lineage.ReferenceOf(v.Name, &v.Features[i]), &versions[i])
	}
	return nil
}

// earlier adds a version that is not the project's own.
func (d *defining) earlier(p *selfsame.Project, f *registry.FeatureVersions, v *registry.Version) error {
	if d.add(v.Ref(f.View, f.Feature), v) {
		return nil
	}
	entry := selfsame.ServiceEntry{View: f.View, Feature: f.Feature, Version: v.Version}
	pl, err := plan.Build(p, plan.Request{Features: []selfsame.ServiceEntry{entry}, Resolver: d.snapshot})
	if err != nil {
		return err
	}
	return addOutput(d.graph, pl, &pl.Outputs[0], d.about)
}

// versionStatus says how a version differs from one that is current and active.
func versionStatus(v *registry.Version) string {
	switch {
	case v.Stage != "" && v.Stage != registry.Active:
		return string(v.Stage)
	case v.Status != registry.Current:
		return string(v.Status)
	}
	return ""
}

func addServices(g *lineage.Graph, s *registry.Snapshot, name string) error {
	versions, err := s.ServiceVersions(name)
	if err != nil {
		return err
	}
	for i := range versions {
		v := &versions[i]
		node := &lineage.ServiceVersion{Name: name, Version: v.Version, Past: v.Status != registry.Current, Record: v.Apply, Time: v.Time, Author: v.Author}
		if node.Past {
			node.Status = string(v.Status)
		}
		for _, e := range v.Entries {
			node.Features = append(node.Features, e.View+"."+e.Feature+"@"+e.Version)
		}
		g.AddService(node)
	}
	return nil
}

// actedGraph is a graph with what was recorded beside definitions: stages, experiments, runs, modec.
func actedGraph(base *lineage.Graph, s *registry.Snapshot) *lineage.Graph {
	g := base.Clone()
	for _, f := range s.Features() {
		for i := range f.Versions {
			v := &f.Versions[i]
			g.SetStatus(lineage.Feature, f.View+"."+f.Feature+"@"+v.Version, versionStatus(v), v.Status != registry.Current)
		}
	}
	for _, e := range s.Experiments() {
		for _, arm := range e.Arms {
			g.SetStatus(lineage.Service, lineage.Numbered(e.Service, arm.Version), fmt.Sprintf("arm %s of %s", arm.Name, e.Name), false)
		}
	}
	byManifest := map[string]string{}
	for _, r := range s.Runs() {
		g.AddRun(runNode(&r))
		if r.Manifest != "" {
			byManifest[r.Manifest] = r.ID
		}
	}
	for _, m := range s.Models() {
		run := m.Training
		if run == "" {
			run = byManifest[m.Manifest]
		}
		g.AddModel(&lineage.ModelVersion{Name: m.Name, Version: m.Version, Service: lineage.Numbered(m.Service, m.List), Run: run, Retired: m.Retired,
			Record: m.Record, Time: m.Time, Author: m.Author})
	}
	g.Seal()
	return g
}

// runNode is a run as the graph has it.
func runNode(r *registry.RunRecord) *lineage.RunRecord {
	n := &lineage.RunRecord{ID: r.ID, Kind: r.Kind, Features: r.Features, Manifest: r.Manifest, Rows: r.Rows, Record: r.Record, Ended: r.Ended, Author: r.Author}
	if r.List != 0 {
		n.Service = lineage.Numbered(r.Service, r.List)
	}
	for _, in := range r.Inputs {
		n.Inputs = append(n.Inputs, in.Name)
	}
	load := r.Loads()
	for _, out := range r.Outputs {
		n.Outputs = append(n.Outputs, out.Name)
		if load {
			n.Views = append(n.Views, out.Name)
			continue
		}
		n.Names = append(n.Names, out.Name)
		if out.Checksum != "" {
			n.Names = append(n.Names, out.Checksum)
		}
	}
	slices.Sort(n.Inputs)
	return n
}
