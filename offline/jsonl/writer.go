// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package jsonl writes JSON lines: one object a row with every field, null where a value is not there. Times are RFC 3339 strings with
// microseconds, floats the shortest text that reads back. Names ending in .gz or .zst are packed.
package jsonl

import (
	"selfsame"
	"selfsame/column"
	"selfsame/offline"
)

// Writer writes one file. It is used by one goroutine.
type Writer struct {
	fields []selfsame.Field
	names  [][]byte // `"name":`
	casts  []offline.Cast
	out    *offline.TextFile
	row    int64
	err    error
	closed bool
}

var _ offline.Creator = Create

// Create opens a writer for one file of JSON lines.
func Create(path string, fields []selfsame.Field, o offline.Options) (offline.Writer, error) {
	casts, err := offline.ParseCasts(o.Casts, fields)
	if err != nil {
		return nil, err
	}
	out, err := offline.NewTextFile(path)
	if err != nil {
		return nil, err
	}
	w := &Writer{fields: fields, casts: casts, out: out}
	for _, f := range fields {
		w.names = append(w.names, append(column.AppendQuoted(nil, []byte(f.Name)), ':'))
	}
	return w, nil
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
	if err := offline.CheckCasts(b, w.casts, w.row); err != nil {
		return err
	}
	for i := range b.Rows {
		w.out.Buf = append(w.out.Buf, '{')
		for k, c := range b.Columns {
			if k > 0 {
				w.out.Buf = append(w.out.Buf, ',')
			}
			w.out.Buf = append(w.out.Buf, w.names[k]...)
			w.out.Buf = offline.AppendJSON(w.out.Buf, c, i, w.casts[k])
		}
		w.out.Buf = append(w.out.Buf, "}\n"...)
		if err := w.out.Flush(1 << 20); err != nil {
			return err
		}
	}
	w.row += int64(b.Rows)
	return nil
}

// Close publishes the file.
func (w *Writer) Close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	if w.err != nil {
		w.out.Discard()
		return w.err
	}
	w.err = w.out.Finish()
	return w.err
}

// Abort removes what was written. It does nothing after Close.
func (w *Writer) Abort() {
	if !w.closed {
		w.closed = true
		w.out.Discard()
	}
}
