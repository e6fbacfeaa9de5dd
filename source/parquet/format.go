// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package parquet reads Parquet files as sources. It conforms columns to the declared fields: narrower numbers are widened, a
// loss is reported with file, row and value; units and zones of timestamps become microseconds UTC.
//
// INT96 timestamps are instants, as Spark writes them. No panic of the Parquet library on a damaged file gets out.
package parquet

import (
	"context"
	"fmt"
	"os"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"selfsame/internal/arrowcolumn"
	"selfsame/source"
)

// Format reads Parquet files.
type Format struct{}

var _ source.Format = Format{}

// New returns the format.
func New() source.Format { return Format{} }

// Reader reads one file: its footer is in memory, the file is opened for each read.
type Reader struct {
	path     string
	how      *source.Reading
	meta     *metadata.FileMetaData
	manifest *pqarrow.SchemaManifest
	columns  []source.Column
	groups   []source.Group
	field    map[string]int // column -> place in the manifest
}

var _ source.Reader = (*Reader)(nil)

// Open reads the footer of a file.
func (Format) Open(_ context.Context, path string, how *source.Reading) (_ source.Reader, err error) {
	defer source.Guard(path, "Parquet", &err)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	pf, err := file.NewParquetReader(f)
	if err != nil {
		return nil, err
	}
	r := &Reader{path: path, how: how, meta: pf.MetaData(), field: map[string]int{}}
	// The types are those of Parquet, not those that a writer's Arrow schema restores: dictionaries come as their values, durations as integers.
	// The library also trusts the lengths inside an Arrow schema, which a damaged file must not choose.
	r.meta.FileMetaData.KeyValueMetadata = nil
	if err := r.checkChunks(pf.MetaData().GetSourceFileSize()); err != nil {
		return nil, err
	}
	r.manifest, err = pqarrow.NewSchemaManifest(r.meta.Schema, nil, &pqarrow.ArrowReadProperties{})
	if err != nil {
		return nil, err
	}
	for i, c := range r.manifest.Fields {
		t, reason := arrowcolumn.TypeOf(c.Field.Type)
		r.columns = append(r.columns, source.Column{Name: c.Field.Name, Type: t, Reason: reason})
		r.field[c.Field.Name] = i
	}
	return r, r.readGroups()
}

func (r *Reader) readGroups() error {
	first := int64(0)
	for i := range r.meta.NumRowGroups() {
		g := r.meta.RowGroup(i)
		rows := g.NumRows()
		if rows < 0 || rows > 1<<40 {
			return fmt.Errorf("row group %d says it has %d rows", i, rows)
		}
		if rows > 0 {
			r.groups = append(r.groups, source.Group{First: first, Rows: rows,
				Bytes:  func(column string) int64 { return r.size(i, column) },
				Bounds: func(w source.Wanted) (int64, int64, bool) { return r.bounds(i, w) }})
		} else {
			r.groups = append(r.groups, source.Group{First: first})
		}
		first += rows
	}
	return nil
}

// checkChunks checks that every column chunk lies inside the file: the library allocates what the footer says.
func (r *Reader) checkChunks(size int64) error {
	for i := range r.meta.NumRowGroups() {
		g := r.meta.RowGroup(i)
		if g.NumColumns() != r.meta.Schema.NumColumns() {
			return fmt.Errorf("row group %d has %d columns of %d", i, g.NumColumns(), r.meta.Schema.NumColumns())
		}
		for k := range g.NumColumns() {
			c, err := g.ColumnChunk(k)
			if err != nil {
				return err
			}
			start, length := c.DataPageOffset(), c.TotalCompressedSize()
			if c.HasDictionaryPage() && c.DictionaryPageOffset() > 0 {
				start = min(start, c.DictionaryPageOffset())
			}
			if start < 0 || length < 0 || start > size || length > size-start {
				return fmt.Errorf("column %d of row group %d lies outside the file", k, i)
			}
		}
	}
	return nil
}

// Columns are the columns of the file.
func (r *Reader) Columns() []source.Column { return r.columns }

// Groups are the row groups.
func (r *Reader) Groups() []source.Group { return r.groups }

// leavesOf returns the Parquet columns below a field.
func leavesOf(f *pqarrow.SchemaField) []int {
	if f.IsLeaf() {
		return []int{f.ColIndex}
	}
	var out []int
	for i := range f.Children {
		out = append(out, leavesOf(&f.Children[i])...)
	}
	return out
}

// size is the compressed size of a column in a row group.
func (r *Reader) size(group int, column string) (n int64) {
	defer func() {
		if recover() != nil {
			n = 0 // a damaged footer: reading will say so
		}
	}()
	i, ok := r.field[column]
	if !ok {
		return 0
	}
	for _, leaf := range leavesOf(&r.manifest.Fields[i]) {
		if c, err := r.meta.RowGroup(group).ColumnChunk(leaf); err == nil {
			n += c.TotalCompressedSize()
		}
	}
	return n
}

// open opens the file for reading rows.
func (r *Reader) open() (*pqarrow.FileReader, *closerOf, error) {
	f, err := os.Open(r.path)
	if err != nil {
		return nil, nil, err
	}
	mem := pools.Get().(*pool)
	props := parquet.NewReaderProperties(mem)
	props.BufferedStreamEnabled = true // page by page, not a column chunk at a time
	pf, err := file.NewParquetReader(f, file.WithMetadata(r.meta), file.WithReadProps(props))
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	fr, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{}, mem)
	if err != nil {
		pf.Close()
		return nil, nil, err
	}
	fr.Manifest = r.manifest
	return fr, &closerOf{pf, mem}, nil
}

// closerOf closes a file and gives the memory in which it was read to the next read.
type closerOf struct {
	file *file.Reader
	mem  *pool
}

func (c *closerOf) Close() error {
	defer pools.Put(c.mem)
	return c.file.Close()
}
