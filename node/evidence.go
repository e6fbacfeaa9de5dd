// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"selfsame"
	"selfsame/audit"
	"selfsame/batch"
	"selfsame/journal"
	"selfsame/plan"
	"selfsame/registry"
	"selfsame/source"
)

// Evidence is what served values are made again from: the journal, the applied definitions, history and archive.
type Evidence struct {
	Project     string // folder from which the paths of sources count
	Definitions *registry.Snapshot
	Journal     *journal.Reader
	Archive     string // folder of the archive
	Complete    int64  // the archive holds the log below this offset
	// Snapshot names the history files at hand, and Sources those that it names, in the order of tokens; zero: there are none.
	Snapshot [16]byte
	Sources  []string
}

// LogConfig is the live log as training reads it: archived, up to an offset.
type LogConfig struct {
	Archive  string // folder of the archive
	Complete int64  // the archive holds the log below this offset; rows from it on are left out
	// Snapshot names the history files at hand, and Sources those that it names, in the order of tokens: for rows that bring cuts.
	Snapshot [16]byte
	Sources  []string
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
		if s.Batch != nil && e.Snapshot != [16]byte{} {
			if o.History, err = openSource(ctx, e.Project, s); err != nil {
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
	dir := filepath.Join(archive, s.Name)
	names, err := filepath.Glob(filepath.Join(quoteGlob(dir), "date=*", "[0-9]*.parquet"))
	if err == nil && len(names) == 0 {
		_, err = os.Stat(dir)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, dataError(dir, "cannot read the archive", err)
	}
	if !slices.ContainsFunc(names, func(name string) bool { return batch.Archived(filepath.ToSlash(name), complete) }) {
		return nil, nil
	}
	return source.Open(ctx, batch.ArchiveSpec(s, dir, complete), formats())
}

// quoteGlob makes a path a pattern that matches it alone.
func quoteGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// Audit evaluates what was served again. o says which vectors; what they are made from is e's.
func (e *Evidence) Audit(ctx context.Context, o audit.Options) (*audit.Report, error) {
	o.Journal, o.Plan, o.Inputs = e.Journal, e.Plan, e.Inputs
	o.Sources, o.Snapshot, o.Complete = e.Sources, e.Snapshot, e.Complete
	return audit.Run(ctx, o)
}

// Rows returns journalled vectors as rows that ask, each at its own cut: batch.Mode{Served: true} evaluates them as they were.
func (e *Evidence) Rows(ctx context.Context, q journal.RowsQuery) (*batch.EntityRows, error) {
	b, err := e.Journal.Rows(ctx, q)
	if err != nil {
		return nil, err
	}
	return batch.RowsOf(b, batch.RowOptions{Time: journal.TimeColumn, Cut: journal.CutColumn, Token: CutReader(e.Sources), Start: selfsame.MinTime, End: selfsame.MaxTime})
}
