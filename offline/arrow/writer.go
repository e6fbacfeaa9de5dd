// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package arrow writes Arrow files (IPC, which is also Feather version 2): record batches of 65,536 rows, packed with zstd or not at all. Its bytes depend
// on rows, fields and options only, not on the batches that rows come in.
//
// A writer copies what it is given. The types are those of Parquet: timestamps are microseconds in UTC, decimals have 128 bits, lists and maps are theirs.
package arrow

import (
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
)

// batchRows is the number of rows of a record batch.
const batchRows = 64 << 10

// Writer writes one file. It is used by one goroutine.
type Writer struct {
	fields  []selfsame.Field
	casts   []offline.Cast
	schema  *arrow.Schema
	out     *offline.File
	file    *ipc.FileWriter
	pending *column.Batch // at most batchRows
	row     int64         // of the pending batch's first row
	err     error
	closed  bool
}

var (
	_ offline.Creator = Create
	_ offline.Summed  = (*Writer)(nil)
)

// Create opens a writer for one Arrow file.
func Create(path string, fields []selfsame.Field, o offline.Options) (offline.Writer, error) {
	casts, err := offline.ParseCasts(o.Casts, fields)
	if err != nil {
		return nil, err
	}
	w := &Writer{fields: fields, casts: casts, pending: column.NewBatch(fields, 0)}
	settings := []ipc.Option{ipc.WithCompressConcurrency(max(1, o.Threads))}
	switch o.Compression {
	case "", "zstd":
		settings = append(settings, ipc.WithZstd())
	case "none":
	default:
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "compression " + o.Compression, Message: "an Arrow file is not packed so", Hint: "zstd or none"}
	}
	var columns []arrow.Field
	for i, f := range fields {
		columns = append(columns, arrow.Field{Name: f.Name, Type: typeOf(f.Type, casts[i]), Nullable: true})
	}
	w.schema = arrow.NewSchema(columns, nil)
	if w.out, err = offline.NewFile(path); err != nil {
		return nil, err
	}
	if w.file, err = ipc.NewFileWriter(w.out, append(settings, ipc.WithSchema(w.schema))...); err != nil {
		w.out.Discard()
		return nil, ours(err)
	}
	return w, nil
}

// ours is the error of the file itself where the library says around it what it was writing.
func ours(err error) error {
	var e *selfsame.Error
	if errors.As(err, &e) {
		return e
	}
	return err
}

// Write appends the rows of b.
func (w *Writer) Write(b *column.Batch) error {
	if w.err == nil {
		w.err = w.write(b)
	}
	return w.err
}

func (w *Writer) write(b *column.Batch) error {
	if err := offline.CheckBatch(b, w.fields); err != nil {
		return err
	}
	if err := offline.CheckCasts(b, w.casts, w.row+int64(w.pending.Rows)); err != nil {
		return err
	}
	for lo := 0; lo < b.Rows; {
		hi := min(b.Rows, lo+batchRows-w.pending.Rows)
		for i, c := range b.Columns {
			w.pending.Columns[i].AppendRange(c, lo, hi)
		}
		w.pending.Rows += hi - lo
		lo = hi
		if w.pending.Rows == batchRows {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes the pending rows as a record batch.
func (w *Writer) flush() error {
	if w.pending.Rows == 0 {
		return nil
	}
	columns := make([]arrow.Array, len(w.fields))
	for i, c := range w.pending.Columns {
		data, err := arrayOf(c, w.casts[i])
		if err != nil {
			return &selfsame.Error{Class: selfsame.ClassValue, Ref: "column " + w.fields[i].Name, Message: err.Error()}
		}
		columns[i] = array.MakeFromData(data)
	}
	if err := w.file.Write(array.NewRecordBatch(w.schema, columns, int64(w.pending.Rows))); err != nil {
		return ours(err)
	}
	w.row += int64(w.pending.Rows)
	w.pending.Reset()
	return nil
}

// Close publishes the file.
func (w *Writer) Close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	if w.err == nil {
		w.err = w.flush()
	}
	if err := w.file.Close(); w.err == nil {
		w.err = ours(err)
	}
	if w.err != nil {
		w.out.Discard()
		return w.err
	}
	w.err = w.out.Publish()
	return w.err
}

// Abort removes what was written. It does nothing after Close.
func (w *Writer) Abort() {
	if !w.closed {
		w.closed = true
		w.out.Discard()
	}
}

// Written returns the size of the file and the two halves of the hash of its bytes, once it is closed.
func (w *Writer) Written() (size int64, high, low uint64) { return w.out.Written() }
