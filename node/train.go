// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"selfsame"
	"selfsame/batch"
	"selfsame/compute/zone"
	"selfsame/journal"
	"selfsame/lineage/openlineage"
	"selfsame/monitor"
	"selfsame/offline"
	"selfsame/plan"
	"selfsame/registry"
	"selfsame/source"
)

// TrainConfig is what a training run is asked for.
type TrainConfig struct {
	Verb    string // train or snapshot, for the manifest
	Project string // folder
	Request Request
	// Registry is where versions that the request names are found, and the stages of those that it reads; nil: there are the files of the project only.
	Registry *RegistryAt

	Rows        RowsConfig
	Mode        batch.Mode
	Log         *LogConfig // the live log that is read beside history; nil: history alone
	Out         string     // file, or a folder with PartitionBy
	Format      string     // empty: from Out
	Write       offline.Options
	PartitionBy string            // timestamp column whose date names the folders; empty: one file
	With        []string          // event_time, status
	Flags       map[string]string // for the manifest: the flags that can change the output

	Options batch.Options
	// Observers see every chunk in row order before it is written; an error stops the run.
	Observers []Observer
	Report    monitor.Config
	Again     *batch.Manifest // the run must give these values again
	// Planned is called once everything is open and before anything is read.
	Planned func(*Prepared) error
	// Made is called once the training set is published; nil: nobody is told.
	Made   func(*Trained)
	Events *openlineage.Emitter // told of the run; nil: nobody is
}

// Request says which features are wanted. Exactly one of Service, View and Features is set. What names no version is what the files of the project say.
type Request struct {
	Service  string
	Version  int64    // of the service; 0: as the files have it
	View     string   // every feature of one view
	Features []string // references as people write them
	Labels   []string // references to more features that only training has, behind the others
	Each     string   // version that is asked of every one of Features that names none: 2 or 1.1.0
	Short    bool     // --names short
	Applied  bool     // what names no version is what is applied, in the place of the files
}

// Observer sees a training set go by.
type Observer interface {
	Observe(c *batch.Chunk) error
}

// RowsConfig says which rows ask.
type RowsConfig struct {
	File       string             // label rows; or
	Entities   string             // a file of entities, crossed with times; or
	EventsOf   string             // a source: one row an event; or
	AllAt      *int64             // every entity of the views, at one moment; or
	Journal    *journal.RowsQuery // what was served, with TrainConfig.Log
	Format     string
	Omit       []string // columns of the file to leave out
	Timezone   string   // of naive label times
	TimeFormat string   // of label times that are text or numbers: as a source's time_format
	Time, Cut  string
	Start, End int64
	Every      int64 // with Entities; 0: one row an entity, at End
}

// Prepared is a run with everything open.
type Prepared struct {
	Config  *TrainConfig
	Project *selfsame.Project
	Plan    *plan.Plan
	// Applied is where the versions of the plan are from; nil: they are those of the files.
	Applied  *registry.Snapshot
	Warnings []string // of versions that are deprecated
	Tables   map[string]*source.Table
	Archive  map[string]*source.Table // of the live log; a source without rows in it has none
	Versions map[*selfsame.Source]batch.Opened
	RowFile  *source.Table
	Rows     *batch.EntityRows

	entries []selfsame.ServiceEntry // of the plan; none: a whole view
}

// request is what batch is asked for. Rows that bring cuts of online reads are evaluated at those.
func (p *Prepared) request() batch.Request {
	r := batch.Request{Plan: p.Plan, Rows: p.Rows, Mode: p.Config.Mode, Tables: p.Tables, Archive: p.Archive, Versions: p.Versions, Options: p.Config.Options}
	if l := p.Config.Log; l != nil {
		r.Before, r.Snapshot = l.Complete, here
	}
	if p.Rows != nil {
		r.Mode.Served = p.Rows.Served != nil && !r.Mode.Final
	}
	return r
}

// Trained is what a run made.
type Trained struct {
	*Prepared
	ID       string // of the run, a UUID
	Result   *batch.Result
	Manifest *batch.Manifest
	Report   *monitor.Report
}

// Prepare loads the project, plans, opens the sources and reads the rows.
func Prepare(ctx context.Context, cfg *TrainConfig) (*Prepared, error) {
	p := &Prepared{Config: cfg, Tables: map[string]*source.Table{}, Archive: map[string]*source.Table{}, Versions: map[*selfsame.Source]batch.Opened{}}
	if cfg.Log != nil && cfg.Again != nil {
		log := *cfg.Log // what came since is not part of the run that is made again
		log.Complete, cfg.Log = min(log.Complete, cfg.Again.Log), &log
	}
	if err := p.define(ctx); err != nil {
		return nil, err
	}
	for _, s := range p.Plan.Sources() {
		if err := p.open(ctx, s); err != nil {
			return nil, err
		}
	}
	if err := p.readRows(ctx); err != nil {
		return nil, err
	}
	if err := p.checkClash(); err != nil {
		return nil, err
	}
	if err := cfg.Report.Check(p.Rows.Batch.Fields); err != nil {
		return nil, err
	}
	if err := p.checkOut(); err != nil {
		return nil, err
	}
	_, err := p.outputFormat()
	return p, err
}

// open opens the history of a source and what the live log holds of it.
func (p *Prepared) open(ctx context.Context, s *selfsame.Source) (err error) {
	log, opened := p.Config.Log, batch.Opened{}
	if from := withFiles(p.Project, s); from.Batch != nil || log == nil {
		if opened.History, err = openSource(ctx, p.Config.Project, from); err != nil {
			return err
		}
	}
	if log != nil {
		if opened.Log, err = OpenArchive(ctx, log.Archive, log.Complete, s); err != nil {
			return err
		}
	}
	if s != p.Project.Source(s.Name) {
		p.Versions[s] = opened
	}
	// What is recorded of a source that is read in several versions is recorded once.
	if opened.History != nil && p.Tables[s.Name] == nil {
		p.Tables[s.Name] = opened.History
	}
	if opened.Log != nil && p.Archive[s.Name] == nil {
		p.Archive[s.Name] = opened.Log
	}
	return nil
}

// checkOut refuses to write the output over a file that the run reads.
func (p *Prepared) checkOut() error {
	out, err := os.Stat(p.Config.Out)
	if p.Config.Out == "" || err != nil {
		return nil // there is nothing to lose
	}
	read := []*source.Table{p.RowFile}
	for _, name := range p.Plan.SourceNames() {
		read = append(read, p.Tables[name], p.Archive[name])
	}
	for _, t := range read {
		if t == nil {
			continue
		}
		for _, f := range t.Files() {
			if in, err := os.Stat(f.Path); err == nil && os.SameFile(in, out) {
				return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "--out " + p.Config.Out, Message: "the run reads this file and would write over it",
					Hint: "write to another file"}
			}
		}
	}
	return nil
}

// readRows opens and reads the rows that ask.
func (p *Prepared) readRows(ctx context.Context) error {
	c := p.Config.Rows
	o := batch.RowOptions{Time: c.Time, Cut: c.Cut, Start: c.Start, End: c.End}
	if log := p.Config.Log; log != nil {
		h := NewHistoryAtHand(log.Data, p.Config.Project, p.Project)
		o.Token = func(text string) (batch.ServedCut, error) { return h.CutOf(text, readsOf(p.Plan)) }
	}
	if c.Journal != nil {
		return p.readJournal(ctx, o)
	}
	if c.AllAt != nil {
		var err error
		p.Rows, err = batch.EntitiesAt(ctx, p.request(), *c.AllAt)
		return err
	}
	path := c.File
	if path == "" {
		path = c.Entities
	}
	if c.EventsOf != "" {
		s := p.Project.Source(c.EventsOf)
		if s == nil {
			return p.unknownSource(c.EventsOf)
		}
		var err error
		if p.RowFile, err = openSource(ctx, p.Config.Project, s); err != nil {
			return err
		}
		if o.Time == "" {
			o.Time = s.EventTime
		}
		p.Rows, err = batch.ReadRows(ctx, p.RowFile, o)
		return err
	}
	var err error
	if p.RowFile, err = p.openRows(ctx, path); err != nil {
		return err
	}
	if c.Entities == "" {
		p.Rows, err = batch.ReadRows(ctx, p.RowFile, o)
		return err
	}
	b, err := batch.ReadBatch(ctx, p.RowFile)
	if err != nil {
		return err
	}
	name := c.Time
	if name == "" {
		name = batch.TimeColumn
	}
	if b.Index(name) >= 0 {
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "column " + name, Message: "the entities have a column of the name that the moments get",
			Hint: "name another with --time, or leave it out with --omit " + name}
	}
	if c.Every == 0 {
		p.Rows = batch.CrossRows(b, name, c.End, c.End+1, 1)
		return nil
	}
	p.Rows = batch.CrossRows(b, name, c.Start, c.End, c.Every)
	return nil
}

// unknownSource is the error of a source that does not exist.
func (p *Prepared) unknownSource(name string) error {
	var known []string
	for _, s := range p.Project.Sources {
		known = append(known, s.Name)
	}
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Ref: name, Message: "no such source", Hint: "the project has " + strings.Join(known, ", ")}
	if near := selfsame.Nearest(name, known); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return e
}

// openRows opens a file of rows. Text has no types: columns that the plan reads, and those with times, get the types it needs.
func (p *Prepared) openRows(ctx context.Context, path string) (*source.Table, error) {
	c := p.Config.Rows
	spec := source.Spec{Name: "rows", Batch: selfsame.BatchSource{Path: path, Format: c.Format}, Timezone: c.Timezone, TimeFormat: c.TimeFormat, Omit: c.Omit}
	t, err := source.Open(ctx, spec, formats())
	if err != nil {
		return nil, err
	}
	var need []selfsame.Field
	text := isText(t, spec.Batch.Format)
	if text {
		need = slices.Clone(p.Plan.Requests)
	}
	if c.Entities == "" && (text || c.TimeFormat != "") {
		for _, name := range []string{timeName(t.Fields(), c.Time), c.Cut} {
			if name == c.Cut && p.Config.Log != nil && holdsText(t, name) {
				continue // tokens
			}
			need = append(need, selfsame.Field{Name: name, Type: selfsame.Scalar(selfsame.Timestamp)})
		}
	}
	fields := slices.Clone(t.Fields())
	changed := false
	for i, f := range fields {
		for _, want := range need {
			if f.Name == want.Name && !f.Type.Equal(want.Type) {
				fields[i].Type, changed = want.Type, true
			}
		}
	}
	if !changed {
		return t, nil
	}
	spec.Schema = fields
	return source.Open(ctx, spec, formats())
}

// holdsText reports whether a column's values were found to be text.
func holdsText(t *source.Table, name string) bool {
	return slices.ContainsFunc(t.Fields(), func(f selfsame.Field) bool { return f.Name == name && f.Type.Kind == selfsame.String })
}

// timeName is the column of T as far as its name says: the one that is asked for, else the first that is named as such columns are.
func timeName(fields []selfsame.Field, asked string) string {
	for _, f := range fields {
		if asked == "" && (f.Name == "event_time" || f.Name == "event_timestamp") {
			return f.Name
		}
	}
	return asked
}

// isText reports whether the table's files hold text, whose types are guesses.
func isText(t *source.Table, format string) bool {
	if files := t.Files(); format == "" && len(files) > 0 {
		format = source.FormatOf(files[0].Path)
	}
	return format == "csv" || format == "jsonl"
}

// checkClash refuses an output whose name a label column has, or another output's details.
func (p *Prepared) checkClash() error {
	seen := map[string]bool{}
	for _, f := range p.Rows.Batch.Fields {
		seen[f.Name] = true
	}
	for _, f := range p.outputFields()[len(p.Rows.Batch.Fields):] {
		if seen[f.Name] {
			return &selfsame.Error{Class: selfsame.ClassUsage, Ref: f.Name, Message: "the rows have a column of the feature's name",
				Hint: "rename the column, or give the feature a `prefix` or `as` in the service"}
		}
		seen[f.Name] = true
	}
	return nil
}

// changed returns the error of a preparation. Where a run is made again, what is not there any more is a change.
func (cfg *TrainConfig) changed(err error) error {
	switch class := selfsame.ClassOf(err); {
	case cfg.Again == nil || class != selfsame.ClassInput && class != selfsame.ClassNotFound:
		return err
	}
	return &selfsame.Error{Class: selfsame.ClassChanged, Ref: cfg.Again.Output.Path, Message: "it cannot be made again", Err: err}
}

// Train runs a prepared configuration from the rows to the published file and its manifest.
func Train(ctx context.Context, cfg *TrainConfig) (*Trained, error) {
	p, err := Prepare(ctx, cfg)
	if err != nil {
		return nil, cfg.changed(err)
	}
	if cfg.Again != nil {
		if err := p.Verify(ctx, cfg.Again); err != nil {
			return nil, err
		}
	}
	if cfg.Planned != nil {
		if err := cfg.Planned(p); err != nil {
			return nil, err
		}
	}
	id := newRunID(time.Now())
	told := p.tell(id)
	t, err := p.train(ctx, id)
	told(t, err)
	if err == nil && cfg.Made != nil {
		cfg.Made(t)
	}
	return t, err
}

// train runs what is prepared.
func (p *Prepared) train(ctx context.Context, id string) (*Trained, error) {
	cfg := p.Config
	out, err := p.openOutput()
	if err != nil {
		return nil, err
	}
	defer out.writer.Abort()
	res, err := batch.Run(ctx, p.request())
	if err != nil {
		return nil, err
	}
	t := &Trained{Prepared: p, ID: id, Result: res}
	record, err := t.writeAndSum(ctx, out)
	if err != nil {
		return t, err
	}
	if t.Manifest, err = t.manifest(ctx, record); err != nil {
		return nil, err
	}
	if cfg.Again != nil {
		if err := t.Compare(cfg.Again); err != nil {
			return t, err
		}
	}
	return t, t.publish(ctx, out)
}

// writeAndSum is write, with the checksums of the inputs computed beside it: the manifest asks for them next.
func (t *Trained) writeAndSum(ctx context.Context, to *output) (*batch.Output, error) {
	inputs, cancel := context.WithCancel(ctx)
	defer cancel()
	summed := make(chan error, 1)
	go func() {
		_, _, err := t.inputs(inputs)
		summed <- err
	}()
	record, err := t.write(ctx, to)
	if err != nil {
		cancel()
		<-summed
		return nil, err
	}
	return record, <-summed
}

// ManifestPath is where the manifest of an output stands.
func ManifestPath(out string) string { return strings.TrimSuffix(out, "/") + ".manifest.json" }

func (t *Trained) manifest(ctx context.Context, out *batch.Output) (*batch.Manifest, error) {
	m := &batch.Manifest{Format: batch.ManifestFormat, Engine: batch.Engine{Version: Version, ZoneDatabase: zone.Version()},
		Project: t.Project.Name, Log: t.request().Before, Counts: t.Result.Sources, Output: *out,
		Command: batch.Command{Verb: t.Config.Verb, Service: t.Config.Request.Service, Version: t.Config.Request.Version, View: t.Config.Request.View, Features: t.Config.Request.Features, Flags: t.Config.Flags}}
	var err error
	if m.Features, err = t.features(); err != nil {
		return nil, err
	}
	if m.Rows, m.Sources, err = t.inputs(ctx); err != nil {
		return nil, err
	}
	m.Snapshot = batch.Snapshot(m.Rows, m.Sources)
	return m, nil
}

// inputs returns the tables that the run reads, their files with checksums.
func (p *Prepared) inputs(ctx context.Context) (rows batch.Input, sources []batch.Input, err error) {
	rows.Name = "rows"
	if p.RowFile != nil {
		if rows, err = inputRecord(ctx, "rows", p.rowsPath(), p.RowFile); err != nil {
			return rows, nil, err
		}
	}
	for _, name := range p.Plan.SourceNames() {
		if history := p.Tables[name]; history != nil {
			in, err := inputRecord(ctx, name, p.historyPath(name), history)
			if err != nil {
				return rows, nil, err
			}
			sources = append(sources, in)
		}
		if log := p.Archive[name]; log != nil {
			in, err := inputRecord(ctx, name+" (log)", filepath.Join(p.Config.Log.Archive, name), log)
			if err != nil {
				return rows, nil, err
			}
			if in.Files, err = unmerged(in.Files, p.Config.Log.Complete); err != nil {
				return rows, nil, err
			}
			sources = append(sources, in)
		}
	}
	return rows, sources, nil
}

func inputRecord(ctx context.Context, name, path string, t *source.Table) (batch.Input, error) {
	if err := t.Checksums(ctx); err != nil {
		return batch.Input{}, err
	}
	return batch.Input{Name: name, Path: path, Files: t.Files()}, nil
}

// ReportPath is where the validation report of an output stands.
func ReportPath(out string) string { return strings.TrimSuffix(out, "/") + ".report.json" }

// BadRowsPath is where the rows stand that could not be read as declared, where there are any.
func BadRowsPath(out string) string { return strings.TrimSuffix(out, "/") + ".bad.jsonl" }
