// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"selfsame"
	"selfsame/column"
	"selfsame/internal/arrowcolumn"
	"selfsame/source"
)

// Read yields the rows of a row group. Only the wanted columns are decoded.
func (r *Reader) Read(ctx context.Context, group int, want []source.Wanted, yield func(*source.Chunk) error) error {
	s, err := r.scan(ctx, group, want)
	defer s.close()
	if err != nil {
		return err
	}
	for s.done < s.group.Rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := s.next()
		if err != nil {
			return err
		}
		if err := yield(c); err != nil {
			return err
		}
	}
	return nil
}

// scan is one read of a row group. Its memory is used again for each chunk.
type scan struct {
	r              *Reader
	want           []source.Wanted
	group          source.Group
	most           int64 // rows of a chunk
	done           int64 // rows
	readers        []columnReader
	closer         *closerOf
	mem            *pool
	rows           *source.Rows
	batch, scratch *column.Batch
}

func (r *Reader) scan(ctx context.Context, group int, want []source.Wanted) (s *scan, err error) {
	s = &scan{r: r, want: want, group: r.groups[group], most: source.RowsOf(want), rows: source.NewRows(r.how, r.path)}
	defer source.Guard(r.path, "Parquet", &err)
	fr, closer, err := r.open()
	if err != nil {
		return s, err
	}
	s.closer, s.mem = closer, closer.mem
	if s.readers, err = r.readers(ctx, fr, group, want); err != nil {
		return s, err
	}
	fields := make([]selfsame.Field, len(want))
	for i, w := range want {
		fields[i] = w.Field
	}
	s.batch, s.scratch = s.mem.batch(fields, int(min(s.group.Rows, s.most))), column.NewBatch(fields, 0)
	return s, nil
}

func (s *scan) close() {
	for _, c := range s.readers {
		c.close()
	}
	if s.closer == nil {
		return
	}
	if s.batch != nil {
		s.mem.keep(s.batch)
	}
	s.closer.Close()
}

// next decodes the next chunk.
func (s *scan) next() (c *source.Chunk, err error) {
	defer source.Guard(s.r.path, "Parquet", &err)
	n := min(s.group.Rows-s.done, s.most)
	first := s.group.First + s.done
	s.batch.Reset()
	s.rows.Reset()
	for i, col := range s.readers {
		if err := s.r.fill(col, s.batch.Columns[i], s.want[i], n, first, s.rows); err != nil {
			return nil, err
		}
	}
	s.done += n
	s.batch.Rows = int(n)
	c = &source.Chunk{Batch: s.batch, First: first}
	s.scratch.Reset()
	return c, s.rows.Finish(c, s.scratch)
}

// readers opens the wanted columns of a row group.
func (r *Reader) readers(ctx context.Context, fr *pqarrow.FileReader, group int, want []source.Wanted) ([]columnReader, error) {
	var out []columnReader
	for _, w := range want {
		i, ok := r.field[w.Column]
		if !ok {
			return out, source.InputError(r.path, "there is no column "+w.Column, nil)
		}
		if why := arrowcolumn.Conforms(r.manifest.Fields[i].Field.Type, w.Field.Type, r.how); why != "" {
			e := source.InputError(r.path, why, nil)
			e.Ref = "column " + w.Column
			return out, e
		}
		leaves := map[int]bool{}
		for _, leaf := range leavesOf(&r.manifest.Fields[i]) {
			leaves[leaf] = true
			if err := r.probe(fr, group, leaf, w.Field.Type); err != nil {
				return out, err
			}
		}
		c, err := r.reader(ctx, fr, group, i, leaves)
		if err != nil {
			return out, err
		}
		out = append(out, c)
	}
	return out, nil
}

// reader opens column i of a row group, whose leaves are given.
func (r *Reader) reader(ctx context.Context, fr *pqarrow.FileReader, group, i int, leaves map[int]bool) (columnReader, error) {
	if f := &r.manifest.Fields[i]; f.IsLeaf() {
		chunk, err := r.meta.RowGroup(group).ColumnChunk(f.ColIndex)
		if err != nil {
			return nil, err
		}
		leaf := r.meta.Schema.Column(f.ColIndex)
		if isFlat(chunk, leaf, f.Field.Type) {
			pages, err := fr.ParquetReader().RowGroup(group).GetColumnPageReader(f.ColIndex)
			if err != nil {
				return nil, err
			}
			return &flatReader{pages: pages, typ: f.Field.Type, optional: leaf.MaxDefinitionLevel() > 0}, nil
		}
	}
	c, err := fr.GetFieldReader(ctx, i, leaves, []int{group})
	if err != nil {
		return nil, err
	}
	return &arrowReader{reader: c}, nil
}

// arrowReader reads any column, through the library.
type arrowReader struct {
	reader *pqarrow.ColumnReader
	chunks *arrow.Chunked
}

func (a *arrowReader) next(n int64) ([]arrow.Array, error) {
	var err error
	if a.chunks, err = a.reader.NextBatch(n); err != nil {
		return nil, err
	}
	return a.chunks.Chunks(), nil
}

func (a *arrowReader) release() {
	a.chunks.Release()
	a.chunks = nil
}

func (a *arrowReader) close() { a.reader.Release() }

// probe opens the column chunks of a map once here, where a panic is caught: the library opens them on goroutines of its own.
func (r *Reader) probe(fr *pqarrow.FileReader, group, leaf int, t selfsame.Type) error {
	for t.Kind == selfsame.List {
		t = *t.Elem
	}
	if t.Kind != selfsame.Map {
		return nil
	}
	p, err := fr.ParquetReader().RowGroup(group).GetColumnPageReader(leaf)
	if err != nil {
		return err
	}
	return p.Close()
}

// fill appends the next n values of a column.
func (r *Reader) fill(c columnReader, dst *column.Column, w source.Wanted, n, first int64, rows *source.Rows) error {
	cv := arrowcolumn.Converter{How: r.how, Rows: rows}
	at := first
	cv.Report = func(i int, text, why string) {
		rows.Report(source.BadRow{Row: at + int64(i), Field: w.Field.Name, Reason: why, Text: text})
	}
	for ended := false; !ended && at-first < n; {
		some, err := c.next(n - (at - first))
		if err != nil {
			return fmt.Errorf("column %s: %w", w.Column, err)
		}
		ended = true
		for _, a := range some {
			cv.Append(dst, a)
			at += int64(a.Len())
			ended = ended && a.Len() == 0
		}
		c.release()
	}
	if at-first != n || dst.Len() != int(n) {
		return fmt.Errorf("column %s ends after %d of %d rows", w.Column, at-first, n)
	}
	return nil
}
