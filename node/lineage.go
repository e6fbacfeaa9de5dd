// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"selfsame"
	"selfsame/definition"
	"selfsame/lineage"
	"selfsame/plan"
	"selfsame/registry"
)

// LineageArgs are the arguments of the verb lineage.
type LineageArgs struct {
	lineage.Question
	At *int64 `json:"at,omitempty"` // the ledger as it was then, microseconds; nil: now
	// Run is a training set that the caller has found by its path. Where the registry has no such run it takes its place in the graph.
	Run *TrainingSet `json:"run,omitempty"`
}

// Lineages keeps the graphs of the newest snapshot. It is safe for concurrent use.
type Lineages struct {
	mu      sync.Mutex // guards what follows, and makes each graph once
	applied int64      // apply that base is of
	base    *lineage.Graph
	record  int64 // record that whole is of
	whole   *lineage.Graph
	known   map[string]*lineage.FeatureVersion // of base, by view.feature@1.1.0
}

// Graph returns the graph of a snapshot.
func (ls *Lineages) Graph(s *registry.Snapshot) (*lineage.Graph, error) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.whole != nil && ls.record == s.ID() {
		return ls.whole, nil
	}
	if ls.base == nil || ls.applied != s.Applied() {
		d := &defining{graph: lineage.NewGraph(), snapshot: s, before: ls.known, known: map[string]*lineage.FeatureVersion{}}
		if err := d.build(); err != nil {
			return nil, err
		}
		ls.base, ls.applied, ls.known = d.graph, s.Applied(), d.known
	}
	ls.whole, ls.record = actedGraph(ls.base, s), s.ID()
	return ls.whole, nil
}

// Answer answers a question against a snapshot, or against what it was at a moment.
func (ls *Lineages) Answer(ctx context.Context, s *registry.Snapshot, a *LineageArgs) (*lineage.Answer, error) {
	graphs := ls
	if a.At != nil {
		then, err := s.AtTime(ctx, *a.At)
		if err != nil {
			return nil, err
		}
		if then != s {
			s, graphs = then, &Lineages{} // not kept: nobody may ask again
		}
		if s.Applied() == 0 {
			return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "--at " + instantText(*a.At), Message: "nothing was applied then",
				Hint: "see selfsame history"}
		}
	}
	if s.Applied() == 0 {
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: a.Ref, Message: "nothing is applied", Hint: "run selfsame apply"}
	}
	g, err := graphs.Graph(s)
	if err != nil {
		return nil, err
	}
	q := a.Question
	if a.Run != nil {
		g, q.Ref = a.Run.in(g, s, q.Ref)
	} else if _, err := g.Find(q.Ref); err != nil {
		q.Ref = normalRef(s, q.Ref)
	}
	answer, err := g.Lineage(&q)
	if err != nil {
		return nil, err
	}
	answer.Ref, answer.Record = a.Ref, s.ID()
	if a.At != nil {
		at := selfsame.Instant(*a.At)
		answer.At = &at
	}
	return answer, nil
}

// normalRef writes a reference to a feature as nodes are named: view:feature, a bare name, feature==1.1.0. Others are returned as they are.
func normalRef(s *registry.Snapshot, ref string) string {
	e, err := s.Reference(ref)
	if err != nil || e.Feature == "" {
		return ref
	}
	v, err := s.Version(e.View, e.Feature, e.Version)
	if err != nil {
		return ref
	}
	return v.Ref(e.View, e.Feature)
}

// newestRecords is everything that is recorded, as far as is known here where the registry is away.
func (l *Live) newestRecords(ctx context.Context) (*registry.Snapshot, error) {
	s, err := l.registry.Snapshot(ctx)
	if errors.Is(err, registry.ErrAway) {
		return l.snapshot.Load(), nil
	}
	return s, err
}

// graphLoop makes the graph of what is applied whenever that changes, until ctx ends, so that whoever asks first does not wait for it.
func (l *Live) graphLoop(ctx context.Context) error {
	for {
		if s := l.snapshot.Load(); s.Applied() != 0 {
			_, _ = l.lineages.Graph(s) // its error is the asker's
		}
		select {
		case <-ctx.Done():
			return nil
		case <-l.applied:
		}
	}
}

// Lineage says what is above and below a thing of the registry.
func (l *Live) Lineage(ctx context.Context, a *LineageArgs) (*lineage.Answer, error) {
	s, err := l.newestRecords(ctx)
	if err != nil {
		return nil, err
	}
	return l.lineages.Answer(ctx, s, a)
}

func (l *Live) lineageVerb(ctx context.Context, a *LineageArgs, line func(any) error) error {
	answer, err := l.Lineage(ctx, a)
	if err != nil {
		return err
	}
	return line(answer)
}

// AskLineage asks the server that owns a data directory, or reads the registry beside whoever owns it. Where nothing is applied, the definitions in the
// project's folder answer: they have no versions.
func AskLineage(ctx context.Context, cfg *LiveConfig, a *LineageArgs) (out *lineage.Answer, err error) {
	at := RegistryOf(cfg.Config, cfg.Project)
	if address, token := FindServer(at.Data); address != "" && !at.shared() {
		err := dialServer(address, token).Do(ctx, "lineage", a, func(b []byte) error { return json.Unmarshal(b, &out) })
		return out, err
	}
	store, err := at.OpenToRead(ctx)
	if err != nil {
		return nil, err
	}
	if store == nil {
		return definitionLineage(cfg.Project, a)
	}
	r := registry.Over(store, cfg.Project)
	defer func() { err = errors.Join(err, r.Close()) }()
	s, err := r.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if s.Applied() == 0 {
		return definitionLineage(cfg.Project, a)
	}
	return new(Lineages).Answer(ctx, s, a)
}

// definitionLineage answers from definitions that are not applied.
func definitionLineage(project string, a *LineageArgs) (*lineage.Answer, error) {
	p, err := definition.Load(project)
	if err != nil {
		return nil, err
	}
	g := lineage.NewGraph()
	for _, s := range p.Sources {
		g.AddSource(s)
	}
	for _, v := range p.Views {
		if err := addView(g, p, v, func(o *plan.Output) (*lineage.FeatureVersion, error) { return &lineage.FeatureVersion{}, nil }, nil); err != nil {
			return nil, err
		}
	}
	for _, s := range p.Services {
		pl, err := plan.Build(p, plan.Request{Service: s.Name})
		if err != nil {
			return nil, err
		}
		var refs []string
		for _, o := range pl.Outputs {
			refs = append(refs, lineage.ReferenceOf(o.View.Name, o.Feature))
		}
		g.AddService(&lineage.ServiceVersion{Name: s.Name, Features: refs})
	}
	g.Seal()
	q := a.Question
	if _, err := g.Find(q.Ref); err != nil {
		if e, bad := definition.Reference(p, q.Ref); bad == nil && e.Feature != "" {
			q.Ref = e.View + "." + e.Feature
		}
	}
	answer, err := g.Lineage(&q)
	if err != nil {
		return nil, err
	}
	answer.Ref = a.Ref
	return answer, nil
}

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
	current       map[string]bool // versions of the project\'s own features
	graph         *lineage.Graph
	snapshot      *registry.Snapshot
	before, known map[string]*lineage.FeatureVersion // as in Lineages: of the graph before, and of this one
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

// actedGraph is a graph with what was recorded beside definitions: stages, experiments, runs, models.
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
	load := r.Kind == runBackfill || r.Kind == runMaterialize
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
