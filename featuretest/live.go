// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/offline"
	parquetout "selfsame/offline/parquet"
	"selfsame/source"
	parquetin "selfsame/source/parquet"
)

// snapshot names the history of a case, whatever it is.
var snapshot = [16]byte{1}

// cut is s as batch takes it.
func (s *Served) cut(p *selfsame.Project) batch.ServedCut {
	c := batch.ServedCut{Offset: s.Offset, Past: s.Past}
	static := slices.ContainsFunc(p.Sources, func(src *selfsame.Source) bool { return src.EventTime == "" })
	if !s.History && !static {
		return c
	}
	c.Snapshot = snapshot
	lower, upper := s.Lower, s.Upper
	if !s.History { // static tables are in every cut
		lower, upper = 0, 0
	}
	if lower != selfsame.MinTime || upper != selfsame.MaxTime {
		for _, src := range p.Sources {
			if src.EventTime != "" {
				c.Ranges = append(c.Ranges, batch.LoadedRange{Source: src.Name, Lower: lower, Upper: upper})
			}
		}
	}
	return c
}

// history is the rows of a source's log that did not come live.
func (c *Case) history(name string) [][]selfsame.Value {
	live := c.Live[name]
	if live == nil {
		return c.Logs[name]
	}
	var out [][]selfsame.Value
	for i, row := range c.Logs[name] {
		if live[i].Offset < 0 {
			out = append(out, row)
		}
	}
	return out
}

// archived is a row of the log with what the log says of it.
type archived struct {
	Entry
	row []selfsame.Value
}

// archive writes the rows of a source that came live as the archive holds them, two files a day, and opens them. It is nil where there is none.
func archive(ctx context.Context, dir string, c *Case, src *selfsame.Source) (*source.Table, error) {
	days := map[string][]archived{}
	at := slices.IndexFunc(src.Schema, func(f selfsame.Field) bool { return f.Name == src.EventTime })
	for i, e := range c.Live[src.Name] {
		if e.Offset >= 0 {
			row := c.Logs[src.Name][i]
			day := time.UnixMicro(row[at].Int).UTC().Format(time.DateOnly)
			days[day] = append(days[day], archived{e, row})
		}
	}
	if len(days) == 0 {
		return nil, nil
	}
	dir = filepath.Join(dir, "archive", src.Name)
	for day, rows := range days {
		slices.SortFunc(rows, func(a, b archived) int { return cmp.Compare(a.Offset, b.Offset) })
		half := len(rows) / 2
		for _, part := range [][]archived{rows[:half], rows[half:]} {
			if len(part) == 0 {
				continue
			}
			name := fmt.Sprintf("%020d-%020d.parquet", part[0].Offset, part[len(part)-1].Offset+1)
			if err := writeArchive(filepath.Join(dir, "date="+day, name), src, part); err != nil {
				return nil, err
			}
		}
	}
	return source.Open(ctx, batch.ArchiveSpec(src, dir, selfsame.MaxTime), map[string]source.Format{"parquet": parquetin.Format{}})
}

func writeArchive(path string, src *selfsame.Source, rows []archived) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return &selfsame.Error{Class: selfsame.ClassResource, Message: "make a temporary folder", Err: err}
	}
	fields := batch.ArchiveFields(src)
	w, err := parquetout.Create(path, fields, offline.Options{Threads: 1})
	if err != nil {
		return err
	}
	n := len(src.Schema)
	op := slices.IndexFunc(src.Schema, func(f selfsame.Field) bool { return f.Name == src.Operation })
	b := column.NewBatch(fields, len(rows))
	for _, r := range rows {
		for i, v := range r.row {
			b.Columns[i].Append(stored(src, v))
		}
		b.Columns[n].Append(selfsame.Value{Type: fields[n].Type, Int: r.Offset})
		b.Columns[n+1].Append(selfsame.Value{Type: fields[n+1].Type, Int: r.Alpha})
		text := "insert"
		if op >= 0 {
			text = r.row[op].Str
		}
		b.Columns[n+2].Append(selfsame.Value{Type: fields[n+2].Type, Str: text})
		b.Rows++
	}
	if err := w.Write(b); err != nil {
		w.Abort()
		return err
	}
	return w.Close()
}
