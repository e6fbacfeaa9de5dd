// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/definition"
	"selfsame/monitor"
	"selfsame/offline"
	parquetout "selfsame/offline/parquet"
	"selfsame/plan"
	"selfsame/source"
	parquetin "selfsame/source/parquet"
)

// Batch is the batch driver as an Engine: the logs are written as Parquet files and read back, as a user's history is.
type Batch struct {
	Options batch.Options // Threads, Memory: none changes a value
	Files   int           // each log is split over so many files; 0: one
	ByDate  bool          // each log is split by the date of its events, which the source declares
}

// Name is "batch".
func (Batch) Name() string { return "batch" }

// Ask plans the case, runs it and returns every output. Error values are statuses.
func (b Batch) Ask(ctx context.Context, c *Case) (*Answer, error) {
	refs, err := definition.References(c.Project, c.Features)
	if err != nil {
		return nil, err
	}
	p, err := plan.Build(c.Project, plan.Request{Service: c.Service, Features: refs})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "selfsame-test-")
	if err != nil {
		return nil, &selfsame.Error{Class: selfsame.ClassResource, Message: "make a temporary folder", Err: err}
	}
	defer os.RemoveAll(dir)
	req := batch.Request{Plan: p, Rows: c.entityRows(), Tables: map[string]*source.Table{}, Archive: map[string]*source.Table{}, Options: b.Options,
		Mode: batch.Mode{Final: c.Mode.Final, Lag: c.Mode.Lag}, Snapshot: snapshot}
	req.Mode.Served = req.Rows.Served != nil
	req.Options.ErrorStatus = true
	if req.Options.SpillDir == "" {
		req.Options.SpillDir = dir
	}
	for _, name := range p.SourceNames() {
		if req.Tables[name], err = b.table(ctx, dir, c, c.Project.Source(name)); err != nil {
			return nil, err
		}
		if req.Archive[name], err = archive(ctx, dir, c, c.Project.Source(name)); err != nil {
			return nil, err
		}
	}
	res, err := batch.Run(ctx, req)
	if err != nil {
		return nil, err
	}
	out := &Answer{Reports: true}
	for _, o := range p.Outputs {
		out.Outputs = append(out.Outputs, o.Name)
	}
	profile := monitor.NewProfile(monitor.Config{}, p, int64(len(c.Rows)))
	err = res.Each(ctx, func(chunk *batch.Chunk) error {
		if err := profile.Observe(chunk); err != nil {
			return err
		}
		for i := range chunk.Rows {
			var row []selfsame.Value
			for _, col := range chunk.Features.Columns {
				row = append(row, col.Value(i))
			}
			out.Rows = append(out.Rows, row)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, f := range profile.Report(res, columnTexts(out)).Findings {
		out.Warnings = append(out.Warnings, strings.TrimSpace(f.Check+" "+f.Subject)+": "+f.Text)
	}
	return out, nil
}

// columnTexts stand for the checksums of columns: equal columns have equal texts.
func columnTexts(a *Answer) []string {
	texts := make([]string, len(a.Outputs))
	for _, row := range a.Rows {
		for j, v := range row {
			texts[j] += Format(v) + "\n"
		}
	}
	return texts
}

// entityRows are the rows of a case as label rows.
func (c *Case) entityRows() *batch.EntityRows {
	out := &batch.EntityRows{Batch: column.NewBatch(c.Columns, len(c.Rows))}
	out.Batch.Rows = len(c.Rows)
	for _, row := range c.Rows {
		for i, f := range c.Columns {
			v := stored(&selfsame.Source{}, row.Given[f.Name]) // as a file of labels is read
			v.Type = f.Type
			out.Batch.Columns[i].Append(v)
		}
		out.At = append(out.At, row.At)
		if row.Known != nil {
			out.Cut = append(out.Cut, *row.Known)
		}
		if row.Served != nil {
			out.Served = append(out.Served, row.Served.cut(c.Project))
		}
	}
	return out
}

// table writes a source's log to files and opens them.
func (b Batch) table(ctx context.Context, dir string, c *Case, src *selfsame.Source) (*source.Table, error) {
	log := c.history(src.Name)
	dir = filepath.Join(dir, src.Name)
	batchSource := selfsame.BatchSource{Path: dir, Format: "parquet"}
	if b.ByDate && src.EventTime != "" {
		batchSource.Partition = map[string]string{"day": "event_time"}
		for day, rows := range byDay(src, log) {
			if err := writeLog(filepath.Join(dir, "day="+day, "part.parquet"), src, rows); err != nil {
				return nil, err
			}
		}
	} else {
		n := max(b.Files, 1)
		for i := range n {
			rows := log[i*len(log)/n : (i+1)*len(log)/n]
			if err := writeLog(filepath.Join(dir, fmt.Sprintf("part-%05d.parquet", i)), src, rows); err != nil {
				return nil, err
			}
		}
	}
	spec := source.Spec{Name: src.Name, Batch: batchSource, Schema: src.Schema,
		EventTime: src.EventTime, Timezone: src.Timezone, Floor: src.Floor, KeepNaN: src.KeepNaN, SkipBad: src.SkipBad}
	return source.Open(ctx, spec, map[string]source.Format{"parquet": parquetin.Format{}})
}

// byDay groups the rows of a log by the date of their event time, UTC, in log order.
func byDay(src *selfsame.Source, log [][]selfsame.Value) map[string][][]selfsame.Value {
	at := slices.IndexFunc(src.Schema, func(f selfsame.Field) bool { return f.Name == src.EventTime })
	out := map[string][][]selfsame.Value{}
	for _, row := range log {
		day := "__HIVE_DEFAULT_PARTITION__"
		if row[at].Status == selfsame.Present {
			day = time.UnixMicro(row[at].Int).UTC().Format(time.DateOnly)
		}
		out[day] = append(out[day], row)
	}
	return out
}

func writeLog(path string, src *selfsame.Source, rows [][]selfsame.Value) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return &selfsame.Error{Class: selfsame.ClassResource, Message: "make a temporary folder", Err: err}
	}
	w, err := parquetout.Create(path, src.Schema, offline.Options{Threads: 1})
	if err != nil {
		return err
	}
	b := column.NewBatch(src.Schema, len(rows))
	for _, row := range rows {
		for i, v := range row {
			b.Columns[i].Append(v)
		}
		b.Rows++
	}
	if err := w.Write(b); err != nil {
		w.Abort()
		return err
	}
	return w.Close()
}
