// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"selfsame"
	"selfsame/compute/window"
	"selfsame/definition"
	"selfsame/monitor"
	archived "selfsame/offline/archive"
	"selfsame/registry"
	"selfsame/registry/catalogue"
	"selfsame/source"
)

// Catalogue is the index of what is applied in a data directory, or, where nothing is, of the project's files. Applied says which.
type Catalogue struct {
	*catalogue.Index
	Applied  int64 // the apply; 0: the project's files
	snapshot *registry.Snapshot
	registry registry.Registry
	project  *selfsame.Project
	data     string
}

// Close closes what OpenCatalogue opened.
func (c *Catalogue) Close() error { return c.registry.Close() }

// OpenCatalogue reads a registry and the journal of its data directory beside whoever owns it.
func OpenCatalogue(ctx context.Context, at RegistryAt) (*Catalogue, error) {
	r, err := ReadRegistry(ctx, at)
	if err != nil {
		return nil, err
	}
	c, err := catalogueOf(ctx, r, at.Project, at.Data)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return c, nil
}

func catalogueOf(ctx context.Context, r registry.Registry, project, data string) (*Catalogue, error) {
	s, err := r.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	p := s.Project()
	if p == nil {
		if p, err = definition.Load(project); err != nil {
			return nil, err
		}
	}
	used, err := (&usageCounter{dir: filepath.Join(data, journalFolder)}).count(ctx, time.Now().UnixMicro())
	if err != nil {
		return nil, err
	}
	x, err := catalogue.Of(p, s, used)
	if err != nil {
		return nil, err
	}
	return &Catalogue{Index: x, Applied: s.Applied(), snapshot: s, registry: r, project: p, data: data}, nil
}

// Page is the page of one thing, with the statistics of the last training set that has it, where its report is still beside it.
func (c *Catalogue) Page(ctx context.Context, ref string) (*catalogue.Page, error) {
	it, err := c.Item(ref)
	if err != nil {
		return nil, err
	}
	return c.page(ctx, it)
}

func (c *Catalogue) page(ctx context.Context, it *catalogue.Item) (*catalogue.Page, error) {
	p, err := c.Index.Page(ctx, it)
	if err != nil {
		return nil, err
	}
	sources := it.Sources
	if it.Kind == catalogue.Source {
		sources = []string{it.Name}
	}
	for _, name := range sources {
		if src := c.project.Source(name); src != nil && src.EventTime != "" {
			newest, err := newestEvent(ctx, c.project.Dir, filepath.Join(c.data, archiveFolder), src)
			if err != nil {
				return nil, err
			}
			p.Newest = max(p.Newest, selfsame.Instant(newest))
		}
	}
	if it.Kind == catalogue.Feature && it.Version != "" {
		p.Statistics = statistics(c.snapshot.Runs(), it.Name, it.Name+"@"+it.Version)
	}
	return p, nil
}

// newestEvent is the greatest event time in a source's history files and in the archive; 0: there is none. Files that cannot be read are left to the verbs
// that need them.
func newestEvent(ctx context.Context, dir, archive string, src *selfsame.Source) (newest int64, err error) {
	var tables []*source.Table
	if src.Batch != nil {
		t, err := openSource(ctx, dir, src)
		if err == nil {
			tables = append(tables, t)
		} else if c := selfsame.ClassOf(err); c != selfsame.ClassNotFound && c != selfsame.ClassInput {
			return 0, err
		}
	}
	complete, err := archived.CompleteOf(archive)
	if err != nil {
		return 0, err
	}
	t, err := OpenArchive(ctx, archive, complete, src)
	if err != nil {
		return 0, err
	}
	if t != nil {
		tables = append(tables, t)
	}
	now := time.Now().UnixMicro()
	for _, t := range tables {
		steps := []int64{selfsame.DayLength, 30 * selfsame.DayLength, math.MaxInt64} // the newest is mostly of late, and the rest need not be read
		if slices.ContainsFunc(t.Files(), func(f source.File) bool { return f.Rows < 0 }) {
			steps = steps[2:] // text does not say what it holds: it is read once
		}
		for _, back := range steps {
			span, err := spanOf(ctx, t, src, window.SatSub(now, back))
			if err != nil && selfsame.ClassOf(err) != selfsame.ClassInput {
				return 0, err
			}
			if span.From <= span.To {
				newest = max(newest, span.To)
				break
			}
		}
	}
	return newest, nil
}

// statistics is what the newest run with a feature saw of it.
func statistics(runs []registry.RunRecord, feature, ref string) *catalogue.Statistics {
	for _, run := range slices.Backward(runs) {
		if !slices.Contains(run.Features, ref) {
			continue
		}
		for _, out := range run.Outputs {
			b, err := os.ReadFile(out.Name + ".report.json")
			var report monitor.Report
			if err != nil || json.Unmarshal(b, &report) != nil {
				continue // it was moved: an older one may be there
			}
			for i := range report.Features {
				if f := &report.Features[i]; f.Feature == feature {
					return &catalogue.Statistics{Run: run.ID, At: run.Ended, Rows: f.Rows, Present: f.Present, Missing: f.Missing(), AUC: f.AUC}
				}
			}
		}
	}
	return nil
}

// ReadRegistry opens a registry for reading, beside whoever owns the directory. Where there is none, nothing is applied.
func ReadRegistry(ctx context.Context, at RegistryAt) (registry.Registry, error) {
	store, err := at.OpenToRead(ctx)
	if err != nil {
		return nil, err
	}
	if store == nil {
		return registry.Empty(at.Project), nil
	}
	return registry.Over(store, at.Project), nil
}
