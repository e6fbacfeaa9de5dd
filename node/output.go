// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/monitor"
	"selfsame/offline"
	"selfsame/source"
)

// outputFields returns the columns of the file: labels, features, then the details of each that --with asks for.
func (p *Prepared) outputFields() []selfsame.Field {
	fields := slices.Clone(p.Rows.Batch.Fields)
	for _, o := range p.Plan.Outputs {
		fields = append(fields, selfsame.Field{Name: o.Name, Type: o.Type})
	}
	for _, w := range p.Config.With {
		kind := selfsame.String
		if w == "event_time" {
			kind = selfsame.Timestamp
		}
		for _, o := range p.Plan.Outputs {
			fields = append(fields, selfsame.Field{Name: o.Name + "__" + w, Type: selfsame.Scalar(kind)})
		}
	}
	return fields
}

// output is an open output, which appears under its name when the writer is closed.
type output struct {
	writer offline.Writer
	fields []selfsame.Field
}

// outputFormat returns the format to write. A folder of partitions is of Parquet files unless the flag says otherwise.
func (p *Prepared) outputFormat() (string, error) {
	format := p.Config.Format
	switch {
	case format == "" && p.Config.PartitionBy != "":
		format = "parquet"
	case format == "" && p.Config.Out != "":
		return outputFormat(p.Config.Out)
	case format != "" && creators[format] == nil:
		return "", &selfsame.Error{Class: selfsame.ClassUsage, Ref: "--format " + format, Message: "no such format", Hint: "parquet, arrow, csv or jsonl"}
	}
	return format, nil
}

// openOutput opens the output before the work begins, so that a folder that cannot be written is known at once.
func (p *Prepared) openOutput() (*output, error) {
	cfg := p.Config
	format, err := p.outputFormat()
	if err != nil {
		return nil, err
	}
	out := &output{fields: p.outputFields()}
	o := cfg.Write
	o.Casts = map[string]string{}
	for _, f := range p.Plan.Outputs {
		if f.Feature.Cast != "" {
			o.Casts[f.Name] = f.Feature.Cast
		}
	}
	if cfg.PartitionBy != "" {
		if err := checkPartition(out.fields, cfg.PartitionBy); err != nil {
			return nil, err
		}
		out.writer, err = offline.Partitioned(cfg.Out, cfg.PartitionBy, format, out.fields, o, creators[format])
	} else {
		out.writer, err = creators[format](cfg.Out, out.fields, o)
	}
	return out, err
}

// checkPartition refuses a column that is not in the output.
func checkPartition(fields []selfsame.Field, by string) error {
	var known []string
	for _, f := range fields {
		if f.Name == by {
			return nil
		}
		if f.Type.Kind == selfsame.Timestamp || f.Type.Kind == selfsame.Date {
			known = append(known, f.Name)
		}
	}
	e := &selfsame.Error{Class: selfsame.ClassUsage, Ref: "--partition-by " + by, Message: "the output has no such column",
		Hint: "its times are " + strings.Join(known, ", ")}
	if near := selfsame.Nearest(by, known); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return e
}

// write lays the values into the output, checks them, and leaves the publication to the caller.
func (t *Trained) write(ctx context.Context, to *output) (*batch.Output, error) {
	cfg, fields := t.Config, to.fields
	sum := batch.NewValuesChecksum(fields)
	profile := monitor.NewProfile(cfg.Report, t.Plan, int64(t.Rows.Batch.Rows))
	observers := append(slices.Clone(cfg.Observers), profile)
	err := t.Result.Each(ctx, func(c *batch.Chunk) error {
		b := &column.Batch{Fields: fields, Rows: c.Rows, Columns: slices.Concat(c.Labels.Columns, c.Features.Columns, details(c, cfg.With))}
		var observed error
		var beside sync.WaitGroup // all only read the chunk
		beside.Go(func() { observed = observe(observers, c) })
		beside.Go(func() { sum.Add(b.Columns) })
		err := to.writer.Write(b)
		beside.Wait()
		return cmp.Or(observed, err)
	})
	if err != nil {
		return nil, err
	}
	labels := len(t.Rows.Batch.Fields)
	t.Report = profile.Report(t.Result, sum.Columns()[labels:labels+len(t.Plan.Outputs)])
	for _, w := range t.Warnings {
		t.Report.Findings = append(t.Report.Findings, monitor.Finding{Level: monitor.Warning, Check: "deprecated", Subject: strings.Fields(w)[0], Text: w})
	}
	if t.Report.Worst() == monitor.Error {
		return nil, &selfsame.Error{Class: selfsame.ClassExpectation, Ref: cfg.Out, Message: "nothing was published: " + blocking(t.Report)}
	}
	out := &batch.Output{Path: cfg.Out, Rows: int64(t.Rows.Batch.Rows), ValuesChecksum: sum.Sum()}
	for i, s := range sum.Columns() {
		out.Columns = append(out.Columns, batch.ColumnRecord{Name: fields[i].Name, Type: fields[i].Type.String(), Checksum: s})
	}
	return out, nil
}

// observe shows a chunk to observers until one has an error.
func observe(all []Observer, c *batch.Chunk) error {
	for _, ob := range all {
		if err := ob.Observe(c); err != nil {
			return err
		}
	}
	return nil
}

// blocking is what the report's errors say, a line each.
func blocking(r *monitor.Report) string {
	text := "the validation report holds errors"
	for _, f := range r.Findings {
		if f.Level == monitor.Error {
			text += "\n  " + f.String()
		}
	}
	return text
}

// details returns the columns that --with asks for.
func details(c *batch.Chunk, with []string) []*column.Column {
	var out []*column.Column
	for _, w := range with {
		for i, f := range c.Features.Columns {
			if w == "event_time" {
				out = append(out, instantColumn(c.Newest[i], c.Rows))
			} else {
				out = append(out, statusColumn(f, c.Rows))
			}
		}
	}
	return out
}

func instantColumn(at []int64, rows int) *column.Column {
	c := column.New(selfsame.Scalar(selfsame.Timestamp), rows)
	for i := range rows {
		if at == nil || at[i] == selfsame.MinTime {
			c.AppendStatus(selfsame.Null)
		} else {
			c.Append(selfsame.Value{Type: c.Type, Int: at[i]})
		}
	}
	return c
}

func statusColumn(f *column.Column, rows int) *column.Column {
	c := column.New(selfsame.Scalar(selfsame.String), rows)
	for i := range rows {
		c.AppendBytes([]byte(f.StatusAt(i).String()))
	}
	return c
}

// record returns the size and the checksum of the output, which is closed: those that its writer knows, or those of the files.
func (o *output) record(ctx context.Context, path string) (size int64, checksum string, err error) {
	if w, ok := o.writer.(offline.Summed); ok {
		size, high, low := w.Written()
		return size, source.ChecksumText(high, low), nil
	}
	return fileRecord(ctx, path)
}

// fileRecord returns the size and the checksum of an output. Those of a folder are over its files: the sum of the sizes, and the checksum
// of their names, sizes and checksums.
func fileRecord(ctx context.Context, path string) (size int64, checksum string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, "", &selfsame.Error{Class: selfsame.ClassResource, Ref: path, Err: err}
	}
	if !info.IsDir() {
		checksum, err = source.Checksum(ctx, path)
		return info.Size(), checksum, err
	}
	in := batch.Input{Name: "output"}
	err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(path, name)
		if err != nil {
			return err
		}
		f := source.File{Name: filepath.ToSlash(rel), Size: info.Size()}
		f.Checksum, err = source.Checksum(ctx, name)
		in.Files = append(in.Files, f)
		size += f.Size
		return err
	})
	return size, batch.Snapshot(in, nil), err
}
