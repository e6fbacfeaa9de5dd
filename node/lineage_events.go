// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"selfsame"
	"selfsame/batch"
	"selfsame/config"
	"selfsame/lineage"
	"selfsame/lineage/openlineage"
	"selfsame/plan"
	"selfsame/registry"
)

// flushWithin is how long events that wait are handed over when a process ends.
const flushWithin = 5 * time.Second

// OpenEvents returns what tells other systems of the work of this process; nil: the settings name none. notify is told where events are lost.
func OpenEvents(c *config.Config, notify func(note string)) (*openlineage.Emitter, error) {
	return openlineage.Open(openlineage.Options{File: c.LineageFile, URL: c.LineageURL, Key: os.Getenv("OPENLINEAGE_API_KEY"),
		Lost: func(err error) { notify("lineage events are lost: " + err.Error()) }})
}

// CloseEvents hands over what waits, for a while.
func CloseEvents(e *openlineage.Emitter) error {
	ctx, cancel := context.WithTimeout(context.Background(), flushWithin)
	defer cancel()
	return e.Close(ctx)
}

// telling is work that events tell of.
type telling struct {
	*openlineage.Work
	to     *openlineage.Emitter
	notify func(note string)
}

func (t *telling) emit(event []byte, err error) {
	if err != nil {
		t.notify("a lineage event is not told: " + err.Error())
		return
	}
	t.to.Emit(event)
}

// sourceData is the dataset of a source with its schema.
func sourceData(project *selfsame.Project, dir string, s *selfsame.Source) openlineage.Dataset {
	d := openlineage.Source(project.Name, s.Name)
	if s.Batch != nil {
		d.URI = fileURI(dir, s.Batch.Path)
	}
	for _, f := range s.Schema {
		d.Fields = append(d.Fields, openlineage.Field{Name: f.Name, Type: f.Type.String()})
	}
	return d
}

// fileURI is where a path stands, seen from a folder. URLs of object stores are what they are.
func fileURI(dir, path string) string {
	if strings.Contains(path, "://") {
		return path
	}
	return openlineage.File(absolute(dir, path)).URI
}

// absolute is a path as other systems know it.
func absolute(dir, path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return filepath.ToSlash(path)
}

// fieldOf is an output with the columns that it is computed from. rows is the dataset of label and request columns.
func fieldOf(p *plan.Plan, o *plan.Output, name string, rows openlineage.Dataset) openlineage.Field {
	f := openlineage.Field{Name: name, Type: o.Type.String(), Description: o.Feature.Description}
	for _, c := range lineage.ComputedFrom(p, o) {
		from := openlineage.From{Namespace: rows.Namespace, Name: rows.Name, Field: c.Name, Roles: c.Roles, Aggregate: c.Aggregate, Same: c.Same}
		if c.Source != "" {
			s := openlineage.Source(p.Project.Name, c.Source)
			from.Namespace, from.Name = s.Namespace, s.Name
		} else if rows.Name == "" {
			continue
		}
		f.From = append(f.From, from)
	}
	return f
}

// tell says that a training run begins. What it returns says how it ended.
func (p *Prepared) tell(id string) func(t *Trained, failed error) {
	c := p.Config
	if c.Events == nil {
		return func(*Trained, error) {}
	}
	w := &openlineage.Work{ID: id, Kind: c.Verb, Name: c.Request.Service + c.Request.View, Namespace: p.Project.Name, Engine: Version}
	var rows openlineage.Dataset
	if p.RowFile != nil {
		rows = openlineage.File(absolute("", p.rowsPath()))
		for _, f := range p.RowFile.Fields() {
			rows.Fields = append(rows.Fields, openlineage.Field{Name: f.Name, Type: f.Type.String()})
		}
		w.Inputs = append(w.Inputs, rows)
	}
	for _, name := range p.Plan.SourceNames() {
		w.Inputs = append(w.Inputs, sourceData(p.Project, c.Project, p.Project.Source(name)))
	}
	out := openlineage.File(absolute("", c.Out))
	for _, f := range p.Rows.Batch.Fields {
		field := openlineage.Field{Name: f.Name, Type: f.Type.String()}
		if rows.Name != "" && slices.ContainsFunc(rows.Fields, func(g openlineage.Field) bool { return g.Name == f.Name }) {
			field.From = []openlineage.From{{Namespace: rows.Namespace, Name: rows.Name, Field: f.Name, Roles: []lineage.Role{lineage.RoleValue}, Same: true}}
		}
		out.Fields = append(out.Fields, field)
	}
	for i := range p.Plan.Outputs {
		out.Fields = append(out.Fields, fieldOf(p.Plan, &p.Plan.Outputs[i], p.Plan.Outputs[i].Name, rows))
	}
	w.Outputs = []openlineage.Dataset{out}
	t := &telling{w, c.Events, func(string) {}}
	t.emit(w.Start(time.Now().UnixMicro()))
	return func(done *Trained, failed error) {
		if failed == nil {
			t.trained(done.Manifest)
		}
		t.emit(w.Done(time.Now().UnixMicro(), failed))
	}
}

// trained fills in what a manifest says of the data.
func (t *telling) trained(m *batch.Manifest) {
	for _, in := range append([]batch.Input{m.Rows}, m.Sources...) {
		for i := range t.Inputs {
			if d := &t.Inputs[i]; d.Name == openlineage.Source("", in.Name).Name || in.Name == "rows" && d.Namespace == "file" {
				readInto(d, dataOf(in.Name, in))
			}
		}
	}
	out := &t.Outputs[0]
	out.Rows, out.Bytes, out.Version = m.Output.Rows, m.Output.FileSize, m.Output.FileChecksum
}

// readInto notes what was read of a dataset.
func readInto(d *openlineage.Dataset, in registry.Data) {
	if in.Files > 0 {
		d.Files, d.Bytes, d.Version = int64(in.Files), in.Bytes, in.Checksum
	}
}

// tellLoad says that a backfill or materialization begins. What it returns says how it ended.
func (l *Live) tellLoad(id string, b *bringing) func(run *registry.Run, failed error) {
	if l.events == nil {
		return func(*registry.Run, error) {}
	}
	w := &openlineage.Work{ID: id, Kind: b.kind(), Namespace: b.project.Name, Engine: Version}
	fresh := map[string]bool{}
	for _, u := range b.fresh {
		fresh[u.Base()] = true
	}
	views := map[string]*openlineage.Dataset{}
	sources := map[string]*selfsame.Source{}
	for _, u := range b.uses {
		if !fresh[u.Base()] {
			continue
		}
		for _, su := range u.Sources {
			sources[su.Source.Name] = b.source(su.Source)
		}
		v := views[u.View.Name]
		if v == nil {
			d := openlineage.View(b.project.Name, u.View.Name)
			v = &d
			views[u.View.Name] = v
		}
		addFeatures(v, b.project, u)
	}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		w.Inputs = append(w.Inputs, sourceData(b.project, l.Project, sources[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(views)) {
		w.Outputs = append(w.Outputs, *views[name])
	}
	if len(w.Outputs) == 1 {
		w.Name = slices.Sorted(maps.Keys(views))[0]
	}
	t := &telling{w, l.events, l.notify}
	t.emit(w.Start(l.now()))
	return func(run *registry.Run, failed error) {
		if failed == nil {
			for i := range w.Inputs {
				for _, in := range run.Inputs {
					if w.Inputs[i].Name == openlineage.Source("", in.Name).Name {
						readInto(&w.Inputs[i], in)
					}
				}
			}
			if len(w.Outputs) == 1 {
				w.Outputs[0].Rows = run.Rows
			}
		}
		t.emit(w.Done(l.now(), failed))
	}
}

// addFeatures adds the features of a use to the dataset of their view, each once: other versions have the same name.
func addFeatures(d *openlineage.Dataset, project *selfsame.Project, u *plan.Use) {
	for i, f := range u.Features {
		if slices.ContainsFunc(d.Fields, func(have openlineage.Field) bool { return have.Name == f.Name }) {
			continue
		}
		p := &plan.Plan{Project: project, Uses: []*plan.Use{u}, Slots: []plan.Slot{{Use: 0, OnDemand: -1, Feature: i, Type: f.Type}}}
		o := &plan.Output{Name: f.Name, View: f.View, Feature: f.Feature, Type: f.Type}
		d.Fields = append(d.Fields, fieldOf(p, o, f.Name, openlineage.Dataset{}))
	}
}

// tellApply tells of an apply that is the newest of a snapshot: the views of which a feature changed, and the sources that they read. failed is why it could
// not be made live.
func tellApply(t *telling, s *registry.Snapshot, dir string, started, ended int64, failed error) {
	if t.to == nil {
		return
	}
	p := s.Project()
	w := &openlineage.Work{ID: newRunID(time.UnixMicro(started)), Kind: "apply", Namespace: p.Name, Engine: Version}
	changed := map[string]bool{}
	for _, f := range s.Newest().Features {
		changed[f.View] = true
	}
	read := map[string]bool{}
	for _, v := range p.Views {
		if !changed[v.Name] {
			continue
		}
		pl, err := plan.Build(p, plan.Request{View: v.Name, Resolver: s})
		if err != nil {
			t.notify("a lineage event is not told: " + err.Error())
			return
		}
		d := openlineage.View(p.Name, v.Name)
		for i := range pl.Outputs {
			o := &pl.Outputs[i]
			f := fieldOf(pl, o, o.Feature.Name, openlineage.Dataset{})
			f.Description = strings.TrimSpace("version " + o.Feature.Version + " " + f.Description)
			d.Fields = append(d.Fields, f)
		}
		w.Outputs = append(w.Outputs, d)
		for _, name := range pl.SourceNames() {
			read[name] = true
		}
	}
	for _, src := range p.Sources {
		if read[src.Name] {
			w.Inputs = append(w.Inputs, sourceData(p, dir, src))
		}
	}
	t.Work = w
	t.emit(w.Start(started))
	t.emit(w.Done(ended, failed))
}

// tellingApplier tells of the applies that this process makes.
type tellingApplier struct {
	*unserved
	telling
}

// TellApplies returns an applier that tells of what is applied through it. A running server tells of its own applies.
func TellApplies(to Planner, e *openlineage.Emitter, notify func(note string)) Planner {
	u, ok := to.(*unserved)
	if !ok || e == nil {
		return to
	}
	return &tellingApplier{unserved: u, telling: telling{to: e, notify: notify}}
}

// Apply applies, and tells of what was applied.
func (a *tellingApplier) Apply(ctx context.Context, c *registry.Change) (*registry.Diff, error) {
	d, err := a.unserved.Apply(ctx, c)
	if err != nil || d.Apply == 0 {
		return d, err
	}
	r, err := a.read(ctx)
	if err != nil {
		a.notify("a lineage event is not told: " + err.Error())
		return d, nil
	}
	if s, err := r.Snapshot(ctx); err == nil && s.Applied() == d.Apply {
		tellApply(&a.telling, s, a.at.Project, c.Time, time.Now().UnixMicro(), nil)
	}
	return d, nil
}
