// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package csv writes CSV files: RFC 4180 with a header row and line feeds. Null is an empty field, the empty string is `""`; times are
// RFC 3339 with microseconds, floats the shortest text that reads back, lists and maps JSON text. Names ending in .gz or .zst are packed.
package csv

import (
	"bytes"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
)

// Writer writes one file. It is used by one goroutine.
type Writer struct {
	fields []selfsame.Field
	casts  []offline.Cast
	out    *offline.TextFile
	row    int64
	value  []byte
	err    error
	closed bool
}

var _ offline.Creator = Create

// Create opens a writer for one CSV file.
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
	for i, f := range fields {
		if i > 0 {
			out.Buf = append(out.Buf, ',')
		}
		out.Buf = appendField(out.Buf, []byte(f.Name))
	}
	out.Buf = append(out.Buf, '\n')
	return w, nil
}

// appendField appends text, in quotes where it needs them. The empty string needs them: without, it is null.
func appendField(b, s []byte) []byte {
	if len(s) > 0 && !bytes.ContainsAny(s, ",\"\r\n") {
		return append(b, s...)
	}
	b = append(b, '"')
	for _, c := range s {
		if c == '"' {
			b = append(b, '"')
		}
		b = append(b, c)
	}
	return append(b, '"')
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
		for k, c := range b.Columns {
			if k > 0 {
				w.out.Buf = append(w.out.Buf, ',')
			}
			if c.StatusAt(i) == selfsame.Present && c.Type.Kind != selfsame.Unknown {
				w.append(c, i, w.casts[k])
			}
		}
		w.out.Buf = append(w.out.Buf, '\n')
		if err := w.out.Flush(1 << 20); err != nil {
			return err
		}
	}
	w.row += int64(b.Rows)
	return nil
}

func (w *Writer) append(c *column.Column, i int, cast offline.Cast) {
	switch c.Type.Kind {
	case selfsame.String, selfsame.Bytes, selfsame.List, selfsame.Map:
		w.value = offline.AppendValue(w.value[:0], c, i, cast)
		w.out.Buf = appendField(w.out.Buf, w.value)
	default:
		w.out.Buf = offline.AppendValue(w.out.Buf, c, i, cast)
	}
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
