// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package csv reads CSV files as sources: RFC 4180 with a header row, plain, .gz or .zst. Quoted fields may hold commas, quotes and line
// ends. An unquoted empty field is null, `""` is the empty string. Lists and maps are JSON text.
package csv

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"selfsame"
	"selfsame/column"
	"selfsame/source"
)

// Format reads CSV files.
type Format struct{}

var _ source.Format = Format{}

// New returns the format.
func New() source.Format { return Format{} }

// Reader reads one file. It is opened anew for each read.
type Reader struct {
	path    string
	how     *source.Reading
	header  []string
	columns []source.Column
	rows    int64 // -1: not known
}

var _ source.Reader = (*Reader)(nil)

// Open reads the header row; where the schema is not declared, it reads the whole file for the columns' types.
func (Format) Open(ctx context.Context, path string, how *source.Reading) (source.Reader, error) {
	r := &Reader{path: path, how: how, rows: -1}
	t, closer, err := r.open()
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	r.columns = make([]source.Column, len(r.header))
	for i, name := range r.header {
		r.columns[i] = source.Column{Name: name}
	}
	if how.Declared {
		return r, nil
	}
	return r, r.infer(ctx, t)
}

// open opens the file and reads its header row.
func (r *Reader) open() (*tokenizer, io.Closer, error) {
	f, err := source.OpenText(r.path)
	if err != nil {
		return nil, nil, err
	}
	t, err := newTokenizer(f, r.path)
	if err == nil && r.header == nil {
		err = r.readHeader(t)
	} else if err == nil {
		_, err = t.next()
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	t.width = len(r.header)
	return t, f, nil
}

func (r *Reader) readHeader(t *tokenizer) error {
	ok, err := t.next()
	if err != nil {
		return err
	}
	if !ok || t.fault != "" {
		e := source.InputError(r.path, "there is no header row", nil)
		e.Hint = "the first line of a CSV file names its columns"
		return e
	}
	for i := range t.fields {
		name := strings.TrimSpace(string(t.text(i)))
		if name == "" {
			name = fmt.Sprintf("column_%d", i+1)
		}
		if slices.Contains(r.header, name) {
			return source.InputError(r.path, fmt.Sprintf("the header names column %q twice", name), nil)
		}
		r.header = append(r.header, name)
	}
	return nil
}

// infer reads the file for the columns' types. Malformed rows say nothing about types.
func (r *Reader) infer(ctx context.Context, t *tokenizer) error {
	guesses := make([]source.Guess, len(r.header))
	r.rows = 0
	for {
		if r.rows&0xffff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		ok, err := t.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		r.rows++
		if t.fault != "" || len(t.fields) != len(r.header) {
			continue
		}
		for i := range guesses {
			if b := t.text(i); len(b) > 0 || t.fields[i].quoted {
				guesses[i].See(b, r.how)
			}
		}
	}
	for i := range r.columns {
		r.columns[i].Type = guesses[i].Type()
	}
	return nil
}

// Columns are the columns of the header row.
func (r *Reader) Columns() []source.Column { return r.columns }

// Groups is one group: the file.
func (r *Reader) Groups() []source.Group { return []source.Group{{Rows: r.rows}} }

// Read yields the rows of the file.
func (r *Reader) Read(ctx context.Context, _ int, want []source.Wanted, yield func(*source.Chunk) error) error {
	t, closer, err := r.open()
	if err != nil {
		return err
	}
	defer closer.Close()
	s := newScan(r, want)
	return s.Each(ctx, t.next, func() { s.read(t) }, yield)
}

// scan is one read of a file.
type scan struct {
	*source.TextScan
	r     *Reader
	place []int // of each wanted column among the fields
}

func newScan(r *Reader, want []source.Wanted) *scan {
	s := &scan{TextScan: source.NewTextScan(r.how, r.path, want), r: r}
	for _, w := range want {
		s.place = append(s.place, slices.Index(r.header, w.Column))
	}
	return s
}

// read appends the row that the tokenizer is at. A bad row is appended as nulls, for Finish to drop.
func (s *scan) read(t *tokenizer) {
	why, field := t.fault, ""
	if why == "" && len(t.fields) != t.width {
		why = fmt.Sprintf("has %d fields where the header has %d", len(t.fields), t.width)
	}
	for i := range s.Want {
		c := s.Batch.Columns[i]
		if why == "" {
			if why = s.value(c, t, s.place[i]); why == "" {
				continue
			}
			field = s.Want[i].Field.Name
		}
		source.TruncateColumn(c, s.Batch.Rows)
		c.AppendStatus(selfsame.Null)
	}
	if why == "" {
		return
	}
	bad := source.BadRow{Row: s.Row, Line: t.line, Field: field, Reason: why, Text: strings.TrimRight(string(t.record), "\r\n")}
	if field != "" && !s.r.how.SkipBad {
		for i, w := range s.Want {
			if w.Field.Name == field {
				bad.Text = string(t.text(s.place[i]))
			}
		}
	}
	s.Rows.Report(bad)
}

func (s *scan) value(c *column.Column, t *tokenizer, i int) string {
	b := t.text(i)
	if len(b) == 0 && !t.fields[i].quoted {
		c.AppendStatus(selfsame.Null)
		return ""
	}
	if k := c.Type.Kind; k == selfsame.List || k == selfsame.Map {
		rest, why := s.JSON.Value(c, b)
		if why == "" && len(s.JSON.Space(rest)) > 0 {
			why = "is not valid JSON"
		}
		return why
	}
	return source.AppendText(c, b, s.r.how, s.Rows)
}
