// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package jsonl reads files of JSON lines as sources: one object a line, plain, .gz or .zst. A missing key is null, integers are
// exact up to int64, lists and maps nest. Blank lines are no rows.
package jsonl

import (
	"bytes"
	"context"
	"io"

	"selfsame"
	"selfsame/source"
)

// Format reads JSON lines.
type Format struct{}

var _ source.Format = Format{}

// New returns the format.
func New() source.Format { return Format{} }

// Reader reads one file. It is opened anew for each read.
type Reader struct {
	path    string
	how     *source.Reading
	columns []source.Column // nil: the schema is declared
	rows    int64           // -1: not known
}

var _ source.Reader = (*Reader)(nil)

// Open checks that the file can be read; where the schema is not declared, it reads the whole file for the keys and their types.
func (Format) Open(ctx context.Context, path string, how *source.Reading) (source.Reader, error) {
	r := &Reader{path: path, how: how, rows: -1}
	l, closer, err := r.open()
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	if how.Declared {
		return r, nil
	}
	return r, r.infer(ctx, l)
}

func (r *Reader) open() (*lines, io.Closer, error) {
	f, err := source.OpenText(r.path)
	if err != nil {
		return nil, nil, err
	}
	w, err := source.NewWindow(f, r.path)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return &lines{w: w}, f, nil
}

// Columns are the keys that occur, in the order of their first occurrence; nil where the schema is declared.
func (r *Reader) Columns() []source.Column { return r.columns }

// Groups is one group: the file.
func (r *Reader) Groups() []source.Group { return []source.Group{{Rows: r.rows}} }

// lines splits a file into lines that are not blank.
type lines struct {
	w    *source.Window
	line []byte
	no   int64 // from 1
	used int
}

// next moves to the next line. It reports false at the end of the file.
func (l *lines) next() (bool, error) {
	for {
		l.w.Consume(l.used)
		l.used = 0
		b := l.w.Bytes()
		n := bytes.IndexByte(b, '\n')
		switch {
		case n >= 0:
			l.line, l.used = b[:n], n+1
		case !l.w.Done():
			if err := l.w.Fill(); err != nil {
				return false, err
			}
			continue
		case len(b) == 0:
			return false, nil
		default:
			l.line, l.used = b, len(b)
		}
		l.no++
		if len(bytes.TrimSpace(l.line)) > 0 {
			return true, nil
		}
	}
}

// Read yields the rows of the file.
func (r *Reader) Read(ctx context.Context, _ int, want []source.Wanted, yield func(*source.Chunk) error) error {
	l, closer, err := r.open()
	if err != nil {
		return err
	}
	defer closer.Close()
	s := newScan(r, want)
	return s.Each(ctx, l.next, func() { s.read(l) }, yield)
}

// scan is one read of a file.
type scan struct {
	*source.TextScan
	r     *Reader
	place map[string][]int // key -> wanted columns
}

func newScan(r *Reader, want []source.Wanted) *scan {
	s := &scan{TextScan: source.NewTextScan(r.how, r.path, want), r: r, place: map[string][]int{}}
	for i, w := range want {
		s.place[w.Column] = append(s.place[w.Column], i)
	}
	return s
}

// read appends the line's row. A bad row is appended as nulls, for Finish to drop.
func (s *scan) read(l *lines) {
	at := s.Batch.Rows
	var field, text string
	rest, why := s.JSON.Members(l.line, func(key, value []byte) ([]byte, string) {
		places := s.place[string(key)]
		if places == nil {
			return s.JSON.Skip(value)
		}
		rest := value
		for _, i := range places {
			c := s.Batch.Columns[i]
			field = s.Want[i].Field.Name
			if c.Len() > at {
				return value, "has a key that occurs twice"
			}
			var why string
			if rest, why = s.JSON.Value(c, value); why != "" {
				text = excerpt(s.JSON, value)
				return value, why
			}
		}
		field = ""
		return rest, ""
	})
	if why == "" && len(s.JSON.Space(rest)) > 0 {
		why = "has text after the object"
	}
	for _, c := range s.Batch.Columns {
		if why != "" {
			source.TruncateColumn(c, at)
		}
		if c.Len() == at {
			c.AppendStatus(selfsame.Null)
		}
	}
	if why == "" {
		return
	}
	if text == "" || s.r.how.SkipBad {
		text = string(bytes.TrimSpace(l.line))
	}
	s.Rows.Report(source.BadRow{Row: s.Row, Line: l.no, Field: field, Reason: why, Text: text})
}

// excerpt is the text of the value that b begins with.
func excerpt(j *source.JSON, b []byte) string {
	rest, why := j.Skip(b)
	if why != "" {
		return ""
	}
	return string(b[:len(b)-len(rest)])
}
