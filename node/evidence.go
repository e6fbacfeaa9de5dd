// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"selfsame"
	"selfsame/audit"
	"selfsame/batch"
	"selfsame/journal"
	archived "selfsame/offline/archive"
	"selfsame/online"
	"selfsame/plan"
	"selfsame/registry"
	"selfsame/source"
)

// Evidence is what served values are made again from: the journal, the applied definitions, history and archive.
type Evidence struct {
	Project     string // folder from which the paths of sources count
	Definitions *registry.Snapshot
	Journal     *journal.Reader
	Archive     string         // folder of the archive
	Complete    int64          // the archive holds the log below this offset
	History     *HistoryAtHand // nil: none was ever loaded
}

// HistoryAtHand tells whether the history that reads were answered from is the history that is there now.
type HistoryAtHand struct {
	data    string // data directory, which holds the record of every snapshot that was loaded
	dir     string // folder from which the paths of sources count
	project *selfsame.Project

	mu   sync.Mutex           // guards what follows
	seen map[[16]byte]*atHand // nil: there is no record of the snapshot
	now  map[string]batch.Input
}

// atHand is a snapshot of which there is a record.
type atHand struct {
	names   []string          // of its sources, in the order of tokens
	without map[string]string // of a source whose files are there, maybe among others, those that came later: batch.LoadedRange.Without
}

// holds reports whether the files of those sources are there that are read.
func (h *atHand) holds(reads func(source string) bool) bool {
	for _, name := range h.names {
		if _, there := h.without[name]; !there && reads(name) {
			return false
		}
	}
	return true
}

// NewHistoryAtHand returns what looks at the records of a data directory and at the files of a project's sources.
func NewHistoryAtHand(data, dir string, project *selfsame.Project) *HistoryAtHand {
	return &HistoryAtHand{data: data, dir: dir, project: project, seen: map[[16]byte]*atHand{}, now: map[string]batch.Input{}}
}

// here stands in cuts for every snapshot that is at hand.
var here = [16]byte{1}

// find returns a snapshot, nil where there is no record of it. Files are compared by their checksums, each source once.
func (h *HistoryAtHand) find(snapshot [16]byte) (*atHand, error) {
	if h == nil || h.project == nil {
		return nil, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if then, ok := h.seen[snapshot]; ok {
		return then, nil
	}
	record, err := LoadedHistory(h.data, snapshot)
	if err != nil {
		return nil, err
	}
	h.seen[snapshot] = nil
	if record == nil {
		return nil, nil
	}
	then := &atHand{names: record.Names(), without: map[string]string{}}
	for _, in := range record.Sources {
		now, err := h.files(in.Name)
		if err != nil {
			return nil, err
		}
		if now == nil {
			continue
		}
		if later, same := added(in, *now); same {
			then.without[in.Name] = later
		}
	}
	h.seen[snapshot] = then
	return then, nil
}

// added returns the names of the files that are new, one a line; false where one that was there is not, or is another.
func added(then, now batch.Input) (string, bool) {
	was := map[string]source.File{}
	for _, f := range then.Files {
		was[f.Name] = f
	}
	var later []string
	for _, f := range now.Files {
		g, there := was[f.Name]
		switch {
		case !there:
			later = append(later, f.Name)
		case f.Size != g.Size || f.Checksum != g.Checksum:
			return "", false
		}
		delete(was, f.Name)
	}
	return strings.Join(later, "\n"), len(was) == 0
}

// files returns the files of a source as they are now, nil where there are none.
func (h *HistoryAtHand) files(name string) (*batch.Input, error) {
	if in, ok := h.now[name]; ok {
		return &in, nil
	}
	s := h.project.Source(name)
	if s == nil || s.Batch == nil {
		return nil, nil
	}
	ctx := context.Background()
	t, err := openSource(ctx, h.dir, s)
	switch selfsame.ClassOf(err) {
	case selfsame.ClassInput, selfsame.ClassNotFound:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	in, err := inputRecord(ctx, name, s.Batch.Path, t)
	if err != nil {
		return nil, err
	}
	h.now[name] = in
	return &in, nil
}

// Cut reads the text of a cut (batch.RowOptions.Token). Its snapshot is `here` where the history that it names is at hand.
func (h *HistoryAtHand) Cut(text string) (batch.ServedCut, error) {
	return h.CutOf(text, func(string) bool { return true })
}

// CutOf reads the text of a cut for who reads some sources. Its snapshot is `here` where their history is at hand.
func (h *HistoryAtHand) CutOf(text string, reads func(source string) bool) (batch.ServedCut, error) {
	t, err := online.ParseToken(text)
	if err != nil {
		return batch.ServedCut{}, err
	}
	c := batch.ServedCut{Offset: t.Offset, Snapshot: t.Snapshot}
	if c.Snapshot == [16]byte{} {
		return c, nil
	}
	then, err := h.find(t.Snapshot)
	if err != nil || then == nil || !then.holds(reads) {
		return c, err
	}
	c.Snapshot = here
	loaded := map[string]batch.LoadedRange{}
	for _, r := range t.Ranges {
		if r.Source >= uint64(len(then.names)) {
			return c, unknownRange(r.Source)
		}
		name := then.names[r.Source]
		loaded[name] = batch.LoadedRange{Source: name, Lower: r.Lo, Upper: r.Hi, Without: then.without[name]}
	}
	for _, s := range h.project.Sources {
		r, partly := loaded[s.Name]
		switch {
		case partly:
		case !slices.Contains(then.names, s.Name):
			r = batch.LoadedRange{Source: s.Name} // it was not loaded
		case then.without[s.Name] != "":
			r = batch.LoadedRange{Source: s.Name, Lower: selfsame.MinTime, Upper: selfsame.MaxTime, Without: then.without[s.Name]}
		default:
			continue // it was loaded whole
		}
		c.Ranges = append(c.Ranges, r)
	}
	return c, nil
}

// LogConfig is the live log as training reads it: archived, up to an offset.
type LogConfig struct {
	Archive  string          // folder of the archive
	Complete int64           // the archive holds the log below this offset; rows from it on are left out
	Data     string          // data directory, for rows that bring cuts: it says which history was loaded when
	Journal  *journal.Reader // for RowsConfig.Journal; may be nil
}

// readJournal makes rows of what was served.
func (p *Prepared) readJournal(ctx context.Context, o batch.RowOptions) error {
	log := p.Config.Log
	if log == nil || log.Journal == nil {
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "--rows journal", Message: "there is no journal", Hint: "name the data directory of the server with --data"}
	}
	b, err := log.Journal.Rows(ctx, *p.Config.Rows.Journal)
	if err != nil {
		return err
	}
	o.Time, o.Cut = journal.TimeColumn, journal.CutColumn
	p.Rows, err = batch.RowsOf(b, o)
	return err
}

// featureOf is a reference without its version.
func featureOf(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	return name
}

func unknownRange(source uint64) error {
	return &selfsame.Error{Class: selfsame.ClassChanged, Ref: "cut", Message: fmt.Sprintf("it names source number %d, which the history at hand does not have", source),
		Hint: "bring the history files of that time back"}
}

// Plan returns the plan of a shape: every output at the version, and of the definition, that was served.
func (e *Evidence) Plan(s *journal.Shape) (*plan.Plan, error) {
	var entries []selfsame.ServiceEntry
	if s.Service != "" {
		service, _, err := e.Definitions.Service(s.Service, s.Version)
		if err != nil {
			return nil, err
		}
		entries = service.Features
	} else {
		for _, o := range s.Outputs {
			view, feature, _ := strings.Cut(o.Ref, ".")
			entries = append(entries, selfsame.ServiceEntry{View: view, Feature: feature, Version: o.Version})
		}
	}
	project := e.Definitions.Project()
	if project == nil {
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "definitions", Message: "nothing is applied", Hint: "name the data directory of the server with --data"}
	}
	p, err := plan.Build(project, plan.Request{Features: entries, Resolver: e.Definitions})
	if err != nil {
		return nil, err
	}
	if len(p.Outputs) != len(s.Outputs) {
		return nil, otherDefinition(s.Service, fmt.Sprintf("%d outputs", len(p.Outputs)), fmt.Sprintf("%d", len(s.Outputs)))
	}
	for i := range p.Outputs {
		o, was := &p.Outputs[i], s.Outputs[i]
		v, err := e.Definitions.Version(o.View.Name, o.Feature.Name, o.Feature.Version)
		switch {
		case was.Hash == "":
		case err != nil:
			return nil, err
		case v.Hash != was.Hash:
			return nil, otherDefinition(o.Ref(), v.Hash, was.Hash)
		}
	}
	return p, nil
}

func otherDefinition(ref, has, was string) error {
	return &selfsame.Error{Class: selfsame.ClassChanged, Ref: ref, Message: "its definition is " + has + ", but " + was + " was served",
		Hint: "name the data directory of the server that served it"}
}

// Inputs opens what a plan reads: the history and the archive of each of its sources.
func (e *Evidence) Inputs(ctx context.Context, p *plan.Plan) (*audit.Inputs, error) {
	in := &audit.Inputs{Versions: map[*selfsame.Source]batch.Opened{}}
	for _, s := range p.Sources() {
		var o batch.Opened
		var err error
		if from := withFiles(e.Definitions.Project(), s); from.Batch != nil && e.History != nil {
			o.History, err = openSource(ctx, e.Project, from)
			if err != nil && selfsame.ClassOf(err) != selfsame.ClassInput { // where files are missing, no cut that names them is evaluated
				return nil, err
			}
		}
		if o.Log, err = OpenArchive(ctx, e.Archive, e.Complete, s); err != nil {
			return nil, err
		}
		in.Versions[s] = o
	}
	return in, nil
}

// OpenArchive opens what the archive below a folder, complete below an offset, holds of a source. It is nil where that is nothing.
func OpenArchive(ctx context.Context, archive string, complete int64, s *selfsame.Source) (*source.Table, error) {
	files, err := archived.Below(archive, s.Name, complete)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	dir := filepath.Join(archive, s.Name)
	belong := map[string]bool{}
	for _, f := range files {
		name, err := filepath.Rel(dir, f.Path)
		if err != nil {
			return nil, dataError(dir, "cannot read the archive", err)
		}
		belong[filepath.ToSlash(name)] = true
	}
	spec := batch.ArchiveSpec(s, dir, complete)
	spec.Skip = func(name string) bool { return !belong[name] }
	return source.Open(ctx, spec, formats())
}

// Audit evaluates what was served again. o says which vectors; what they are made from is e's.
func (e *Evidence) Audit(ctx context.Context, o audit.Options) (*audit.Report, error) {
	o.Journal, o.Plan, o.Inputs = e.Journal, e.Plan, e.Inputs
	reads := map[*journal.Shape]func(string) bool{}
	o.Cut = func(s *journal.Shape, token string) (batch.ServedCut, error) {
		if reads[s] == nil {
			p, _ := e.Plan(s) // nil: the audit will say so
			reads[s] = readsOf(p)
		}
		return e.History.CutOf(token, reads[s])
	}
	o.Snapshot, o.Complete = here, e.Complete
	return audit.Run(ctx, o)
}

// readsOf tells which sources a plan reads; all where there is none.
func readsOf(p *plan.Plan) func(source string) bool {
	return func(name string) bool {
		return p == nil || slices.ContainsFunc(p.Sources(), func(s *selfsame.Source) bool { return s.Name == name })
	}
}

// Rows returns journalled vectors as rows that ask, each at its own cut: batch.Mode{Served: true} evaluates them as they were.
func (e *Evidence) Rows(ctx context.Context, q journal.RowsQuery) (*batch.EntityRows, error) {
	b, err := e.Journal.Rows(ctx, q)
	if err != nil {
		return nil, err
	}
	return batch.RowsOf(b, batch.RowOptions{Time: journal.TimeColumn, Cut: journal.CutColumn, Token: e.History.Cut, Start: selfsame.MinTime, End: selfsame.MaxTime})
}
