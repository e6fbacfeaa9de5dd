// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package parquet writes Parquet files: row groups by size, pages with statistics and a page index, compressed.
//
// The bytes of a file are a function of its fields, rows and options: not of the batches in which the rows come, nor of the number
// of threads. Rows are therefore encoded in stripes of a fixed number of rows, counted from the start of the row group, and a row
// group ends with a stripe. The columns of a stripe are encoded and compressed side by side.
package parquet

import (
	"bufio"
	"errors"
	"fmt"
	"runtime"
	"strconv"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
)

const (
	stripe       = 16 << 10 // rows that are encoded in one go; the unit of page and row-group boundaries
	createdBy    = "selfsame version 1.0.0 (build 0)"
	maxGroupRows = 16 << 20
)

// Writer writes one file. It is used by one goroutine.
type Writer struct {
	fields  []selfsame.Field
	options offline.Options
	root    *schema.GroupNode
	codec   compress.Compression
	threads int

	out    *offline.File
	buf    *bufio.Writer
	file   *file.Writer // nil before the first stripe
	group  file.BufferedRowGroupWriter
	leaves []*leafWriter

	rest       *column.Batch // rows of a stripe that is not full
	row        int64         // first row of the next stripe, in the file
	groupRows  int64
	groupBytes int64
	err        error // the first error; sticky
	closed     bool
}

var _ offline.Creator = Create

// Create opens a writer for one Parquet file. See offline.Options for the settings.
func Create(path string, fields []selfsame.Field, o offline.Options) (offline.Writer, error) {
	casts, err := offline.ParseCasts(o.Casts, fields)
	if err != nil {
		return nil, err
	}
	codecs := map[string]compress.Compression{"": compress.Codecs.Zstd, "zstd": compress.Codecs.Zstd,
		"snappy": compress.Codecs.Snappy, "none": compress.Codecs.Uncompressed}
	codec, ok := codecs[o.Compression]
	if !ok {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Message: fmt.Sprintf("unknown compression %q", o.Compression), Hint: "zstd, snappy or none"}
	}
	if o.RowGroupBytes <= 0 {
		o.RowGroupBytes = 128 << 20
	}
	if o.PageBytes <= 0 {
		o.PageBytes = 1 << 20
	}
	root, leaves, err := schemaOf(fields, casts)
	if err != nil {
		return nil, err
	}
	w := &Writer{fields: fields, options: o, root: root, codec: codec, threads: o.Threads, rest: column.NewBatch(fields, 0)}
	if w.threads <= 0 {
		w.threads = runtime.GOMAXPROCS(0)
	}
	for _, l := range leaves {
		w.leaves = append(w.leaves, &leafWriter{leaf: l})
	}
	if w.out, err = offline.NewFile(path); err != nil {
		return nil, err
	}
	w.buf = bufio.NewWriterSize(w.out, 1<<20)
	return w, nil
}

// Write appends the rows of b, which belongs to the caller again when Write returns.
func (w *Writer) Write(b *column.Batch) error {
	if w.err != nil {
		return w.err
	}
	w.err = w.guard(func() error { return w.write(b) })
	return w.err
}

func (w *Writer) write(b *column.Batch) error {
	if err := offline.CheckBatch(b, w.fields); err != nil {
		return err
	}
	lo := 0
	if w.rest.Rows > 0 {
		lo = min(b.Rows, stripe-w.rest.Rows)
		w.keep(b, 0, lo)
		if w.rest.Rows < stripe {
			return nil
		}
		if err := w.stripes(w.rest, 0, stripe); err != nil {
			return err
		}
		w.rest.Reset()
	}
	whole := (b.Rows - lo) / stripe * stripe
	if err := w.stripes(b, lo, lo+whole); err != nil {
		return err
	}
	w.keep(b, lo+whole, b.Rows)
	return nil
}

// keep puts rows aside until a stripe is full.
func (w *Writer) keep(b *column.Batch, lo, hi int) {
	if lo == hi {
		return
	}
	for i, c := range w.rest.Columns {
		c.AppendRange(b.Columns[i], lo, hi)
	}
	w.rest.Rows += hi - lo
}

// stripes writes rows [lo, hi) of b: whole stripes, or the last of the file. Stripes of one row group go together.
func (w *Writer) stripes(b *column.Batch, lo, hi int) error {
	for lo < hi {
		if err := w.openGroup(b, lo, hi); err != nil {
			return err
		}
		end, full := lo, false
		for end < hi && !full {
			next := min(end+stripe, hi)
			for _, c := range b.Columns {
				w.groupBytes += sizeOf(c, end, next)
			}
			w.groupRows += int64(next - end)
			end = next
			full = w.groupBytes >= w.options.RowGroupBytes || w.groupRows >= maxGroupRows
		}
		if err := w.encode(b, lo, end); err != nil {
			return err
		}
		w.row += int64(end - lo)
		if full {
			if err := w.closeGroup(); err != nil {
				return err
			}
		}
		lo = end
	}
	return nil
}

// openGroup starts a row group where none is open, and the file before the first. Rows [lo, hi) of b are the first of the file.
func (w *Writer) openGroup(b *column.Batch, lo, hi int) error {
	if w.group != nil {
		return nil
	}
	if w.file == nil {
		f, err := file.NewParquetWriterWithError(w.buf, w.root, file.WithWriterProps(w.properties(b, lo, min(hi, lo+stripe))))
		if err != nil {
			return err
		}
		w.file = f
	}
	g, err := w.file.AppendBufferedRowGroupChecked()
	if err != nil {
		return err
	}
	w.group, w.groupRows, w.groupBytes = g, 0, 0
	for i, l := range w.leaves {
		if l.out, err = g.Column(i); err != nil {
			return err
		}
	}
	return nil
}

// properties chooses encodings by the first stripe of the file.
func (w *Writer) properties(b *column.Batch, lo, hi int) *parquet.WriterProperties {
	options := []parquet.WriterProperty{
		parquet.WithCreatedBy(createdBy), parquet.WithVersion(parquet.V2_LATEST), parquet.WithDataPageVersion(parquet.DataPageV1),
		parquet.WithCompression(w.codec), parquet.WithCompressionLevel(1), parquet.WithDataPageSize(w.options.PageBytes),
		parquet.WithBatchSize(stripe), parquet.WithDictionaryDefault(false), parquet.WithDictionaryPageSizeLimit(1 << 20),
		parquet.WithPageIndexEnabled(true), parquet.WithStats(true), parquet.WithMaxRowGroupLength(maxGroupRows + stripe),
	}
	for _, l := range w.leaves {
		if k := l.typ.Kind; k == selfsame.String || k == selfsame.Bytes {
			if l.dictionary = l.repeats(b.Columns[l.field], lo, hi); l.dictionary {
				options = append(options, parquet.WithDictionaryFor(l.path, true))
			}
		}
	}
	return parquet.NewWriterProperties(options...)
}

// encode writes rows [lo, hi) of b into the open row group, one leaf a goroutine at a time.
func (w *Writer) encode(b *column.Batch, lo, hi int) error {
	return w.each(func(l *leafWriter) error {
		for at := lo; at < hi; at += stripe {
			if err := l.write(b.Columns[l.field], at, min(at+stripe, hi), w.row+int64(at-lo)-int64(at)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *Writer) closeGroup() error {
	if w.group == nil {
		return nil
	}
	if err := w.each((*leafWriter).flush); err != nil {
		return err
	}
	err := w.group.Close()
	w.group = nil
	return err
}

// Close writes what is left and publishes the file. A file without rows has a schema and no row group.
func (w *Writer) Close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	if w.err == nil {
		w.err = w.guard(w.finish)
	}
	if w.err != nil {
		w.out.Discard()
		return w.err
	}
	w.err = w.out.Publish()
	return w.err
}

func (w *Writer) finish() error {
	if w.rest.Rows > 0 {
		if err := w.stripes(w.rest, 0, w.rest.Rows); err != nil {
			return err
		}
	}
	if err := w.closeGroup(); err != nil {
		return err
	}
	if w.file == nil {
		f, err := file.NewParquetWriterWithError(w.buf, w.root, file.WithWriterProps(w.properties(w.rest, 0, 0)))
		if err != nil {
			return err
		}
		w.file = f
	}
	if err := w.file.Close(); err != nil {
		return err
	}
	return w.buf.Flush()
}

// Abort removes what was written. It does nothing after Close.
func (w *Writer) Abort() {
	if !w.closed {
		w.closed = true
		w.out.Discard()
	}
}

// guard turns a panic of the Parquet library into an error, and gives errors without a class theirs.
func (w *Writer) guard(work func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
		var known *selfsame.Error
		if err != nil && !errors.As(err, &known) {
			err = &selfsame.Error{Class: selfsame.ClassInternal, Pos: selfsame.Pos{File: w.out.Path()}, Message: "parquet cannot be written", Err: err}
		}
	}()
	return work()
}

// sizeOf is about the uncompressed size of rows [lo, hi) in bytes. It adds up: it does not depend on where rows are split.
func sizeOf(c *column.Column, lo, hi int) int64 {
	n := int64(hi - lo)
	switch c.Type.Kind {
	case selfsame.Bool, selfsame.Unknown:
		return n
	case selfsame.Decimal:
		return 16 * n
	case selfsame.String, selfsame.Bytes:
		return 4*n + int64(c.Offsets[hi]-c.Offsets[lo])
	case selfsame.List, selfsame.Map:
		size := 4*n + sizeOf(c.Elems, int(c.Offsets[lo]), int(c.Offsets[hi]))
		if c.Keys != nil {
			size += sizeOf(c.Keys, int(c.Offsets[lo]), int(c.Offsets[hi]))
		}
		return size
	}
	return 8 * n
}

func formatFloat(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
