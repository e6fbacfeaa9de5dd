// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package avro

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/twmb/avro/ocf"

	"selfsame"
	"selfsame/source"
)

// Read yields the rows of the file.
func (r *Reader) Read(ctx context.Context, _ int, want []source.Wanted, yield func(*source.Chunk) error) error {
	for _, w := range want {
		if err := r.conforms(w); err != nil {
			return err
		}
	}
	f, rows, err := r.reopen()
	if err != nil {
		return err
	}
	defer f.Close()
	defer rows.Close()
	s := &scan{TextScan: source.NewTextScan(r.how, r.path, want), r: r, rows: rows}
	return s.Each(ctx, s.next, s.read, yield)
}

func (r *Reader) reopen() (f io.Closer, rows *ocf.Reader, err error) {
	defer source.Guard(r.path, "Avro", &err)
	return open(r.path)
}

// conforms refuses a column whose values can never be read as the field.
func (r *Reader) conforms(w source.Wanted) error {
	i, have := r.column(w.Column)
	if i < 0 {
		return source.InputError(r.path, "there is no column "+w.Column, nil)
	}
	why := r.columns[i].Reason
	if why == "" && !readable(have, w.Field.Type, r.how) {
		why = fmt.Sprintf("holds %s and cannot be read as %s without loss: declare %s", have, w.Field.Type, have)
	}
	if why == "" {
		return nil
	}
	e := source.InputError(r.path, why, nil)
	e.Ref = "column " + w.Column
	return e
}

// readable reports whether values of a type can be read as another, up to single values that do not fit.
func readable(have, want selfsame.Type, how *source.Reading) bool {
	switch {
	case have.Kind == selfsame.Unknown || have.Kind == want.Kind && have.Elem == nil:
		return true
	case have.Kind == want.Kind:
		return readable(*have.Elem, *want.Elem, how)
	}
	switch want.Kind {
	case selfsame.Int64:
		return have.Kind == selfsame.Decimal && have.Scale == 0
	case selfsame.Float64:
		return have.Kind == selfsame.Int64
	case selfsame.Decimal:
		return have.Kind == selfsame.Int64
	case selfsame.String:
		return have.Kind == selfsame.Bytes
	case selfsame.Bytes:
		return have.Kind == selfsame.String
	case selfsame.Timestamp:
		return have.Kind == selfsame.Date || have.Kind == selfsame.String || have.Kind == selfsame.Int64 && how.Time.Unit() > 0
	case selfsame.Date:
		return have.Kind == selfsame.String
	}
	return false
}

// scan is one read of a file.
type scan struct {
	*source.TextScan
	r      *Reader
	rows   *ocf.Reader
	record map[string]any
}

// next decodes the next record.
func (s *scan) next() (more bool, err error) {
	defer source.Guard(s.r.path, "Avro", &err)
	var record any
	if err := s.rows.Decode(&record); err != nil {
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		return false, fmt.Errorf("row %d: %w", s.Row, err)
	}
	s.record = record.(map[string]any)
	return true, nil
}

// read appends the record's values.
func (s *scan) read() {
	for i, w := range s.Want {
		v := value{how: s.r.how, rows: s.Rows, local: s.r.local[w.Column]}
		c := s.Batch.Columns[i]
		if why := v.append(c, s.record[w.Column]); why != "" {
			source.TruncateColumn(c, s.Batch.Rows)
			c.AppendStatus(selfsame.Null)
			s.Rows.Report(source.BadRow{Row: s.Row, Field: w.Field.Name, Reason: why, Text: fmt.Sprint(s.record[w.Column])})
		}
	}
}
