// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package parquet writes Parquet files: row groups by size, pages with statistics and a page index, compressed.
//
// The bytes of a file are a function of its fields, rows and options: not of the batches in which the rows come, nor of the number
// of threads. Rows are therefore encoded in stripes of a fixed number of rows, counted from the start of the row group, and a row
// group ends with a stripe. The columns of a stripe are encoded and compressed side by side.
//
// Values are plain, or numbered by a dictionary where they repeat: the encodings that every reader has. Pages, headers and footers are
// written here rather than by a library, whose path for each value costs more than the values themselves: a training set is as wide
// as it is long.
package parquet

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

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
	schema  *schema
	threads int

	out    *offline.File
	free   freeSegments
	at     int64 // bytes written
	leaves []*leafWriter
	order  []int // of leaves, for each
	groups []group
	flush  *flusher // nil before the first row group

	open       bool          // a row group is
	rest       *column.Batch // rows of a stripe that is not full
	row        int64         // first row of the next stripe, in the file
	groupRows  int64
	groupBytes int64
	err        error // the first error; sticky
	closed     bool
}

var (
	_ offline.Creator = Create
	_ offline.Summed  = (*Writer)(nil)
)

// Create opens a writer for one Parquet file. See offline.Options for the settings.
func Create(path string, fields []selfsame.Field, o offline.Options) (offline.Writer, error) {
	casts, err := offline.ParseCasts(o.Casts, fields)
	if err != nil {
		return nil, err
	}
	codec, ok := codecs[o.Compression]
	if !ok {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Message: fmt.Sprintf("unknown compression %q", o.Compression), Hint: "zstd, snappy or none"}
	}
	if o.RowGroupBytes <= 0 {
		o.RowGroupBytes = 64 << 20
	}
	if o.PageBytes <= 0 {
		o.PageBytes = 1 << 20
	}
	w := &Writer{fields: fields, options: o, schema: schemaOf(fields, casts), threads: o.Threads, rest: column.NewBatch(fields, 0)}
	if w.threads <= 0 {
		w.threads = runtime.GOMAXPROCS(0)
	}
	for i, l := range w.schema.leaves {
		w.order = append(w.order, i)
		w.leaves = append(w.leaves, &leafWriter{leaf: l, codec: codec, pageBytes: int(min(o.PageBytes, math.MaxInt32)), data: store{free: &w.free}, dictionaryPage: store{free: &w.free}})
	}
	if w.out, err = offline.NewFile(path); err != nil {
		return nil, err
	}
	return w, nil
}

// Write appends the rows of b, which belongs to the caller again when Write returns.
func (w *Writer) Write(b *column.Batch) error {
	if w.err != nil {
		return w.err
	}
	w.err = w.write(b)
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
		w.openGroup()
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

// openGroup starts a row group where none is open.
func (w *Writer) openGroup() {
	if w.open {
		return
	}
	w.open, w.groupRows, w.groupBytes = true, 0, 0
	for _, l := range w.leaves {
		l.begin()
	}
}

// each runs work for every leaf on the writer's threads and returns the error of the first leaf that has one. Leaves that took long of late
// come first: one that begins last would be waited for.
func (w *Writer) each(work func(*leafWriter) error) error {
	slices.SortStableFunc(w.order, func(a, b int) int { return cmp.Compare(w.leaves[b].took, w.leaves[a].took) })
	errs := make([]error, len(w.leaves))
	var next atomic.Int64
	run := func() {
		for n := int(next.Add(1)) - 1; n < len(w.order); n = int(next.Add(1)) - 1 {
			l, began := w.leaves[w.order[n]], time.Now()
			errs[w.order[n]] = work(l)
			l.took = max(time.Since(began), l.took*3/4) // pages end now and then
		}
	}
	var wg sync.WaitGroup
	for range min(w.threads, len(w.leaves)) - 1 {
		wg.Go(run)
	}
	run()
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
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

// closeGroup writes the open row group, chunk by chunk.
func (w *Writer) closeGroup() error {
	if !w.open {
		return nil
	}
	w.open = false
	if err := w.each((*leafWriter).endChunk); err != nil {
		return err
	}
	w.begin()
	g := group{rows: w.groupRows}
	var segments [][]byte
	for _, l := range w.leaves {
		l.chunk.offset = w.at
		segments = l.data.drain(l.dictionaryPage.drain(segments))
		w.at += l.chunk.compressed
		g.chunks = append(g.chunks, l.chunk)
	}
	w.groups = append(w.groups, g)
	return w.flush.write(segments)
}

// begin begins the file, unless that is done.
func (w *Writer) begin() {
	if w.flush == nil {
		w.flush = newFlusher(w.out, &w.free)
		w.append([]byte(magic))
	}
}

// append writes bytes that are no row group.
func (w *Writer) append(b []byte) {
	w.at += int64(len(b))
	w.flush.jobs <- [][]byte{b}
}

// Close writes what is left and publishes the file. A file without rows has a schema and no row group.
func (w *Writer) Close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	if w.err == nil {
		w.err = w.finish()
	}
	if err := w.end(); w.err == nil {
		w.err = err
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
	w.begin()
	b, columns, offsets := w.appendIndexes(w.at)
	w.append(w.appendFooter(b, columns, offsets))
	return nil
}

// end ends the flusher and returns its error.
func (w *Writer) end() error {
	if w.flush == nil {
		return nil
	}
	return w.flush.end()
}

// Written returns the size of the file and the two halves of the hash of its bytes, once it is closed.
func (w *Writer) Written() (size int64, high, low uint64) { return w.out.Written() }

// Abort removes what was written. It does nothing after Close.
func (w *Writer) Abort() {
	if !w.closed {
		w.closed = true
		_ = w.end() // nothing of it is kept
		w.out.Discard()
	}
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
