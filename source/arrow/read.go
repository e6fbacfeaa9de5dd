// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arrow

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"selfsame"
	"selfsame/column"
	"selfsame/internal/arrowcolumn"
	"selfsame/source"
)

// Read yields the rows of a run of record batches.
func (r *Reader) Read(ctx context.Context, group int, want []source.Wanted, yield func(*source.Chunk) error) error {
	s, err := r.open(want)
	if err != nil {
		return err
	}
	defer s.close()
	p := r.parts[group]
	s.at = p.first
	for i := p.from; i < p.to; i++ {
		if err := s.load(i); err != nil {
			return err
		}
		for lo := int64(0); lo < r.rows[i]; lo += s.most {
			if err := ctx.Err(); err != nil {
				return err
			}
			c, err := s.next(lo, min(lo+s.most, r.rows[i]))
			if err != nil {
				return err
			}
			if err := yield(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// scan is one read. Its memory is used again for each chunk.
type scan struct {
	r              *Reader
	want           []source.Wanted
	places         []int // of the wanted columns
	file           *os.File
	reader         *ipc.FileReader
	batch          arrow.RecordBatch // at hand
	most           int64             // rows of a chunk
	at             int64             // row of the next chunk in the file
	rows           *source.Rows
	chunk, scratch *column.Batch
}

func (r *Reader) open(want []source.Wanted) (s *scan, err error) {
	defer source.Guard(r.path, "Arrow", &err)
	s = &scan{r: r, want: want, most: source.RowsOf(want), rows: source.NewRows(r.how, r.path)}
	fields := make([]selfsame.Field, len(want))
	for i, w := range want {
		place, err := r.place(w)
		if err != nil {
			return nil, err
		}
		s.places, fields[i] = append(s.places, place), w.Field
	}
	if s.file, err = os.Open(r.path); err != nil {
		return nil, err
	}
	if s.reader, err = newFileReader(s.file); err != nil {
		s.file.Close()
		return nil, err
	}
	if !s.reader.Schema().Equal(r.schema) || s.reader.NumRecords() != len(r.rows) {
		s.close()
		return nil, errors.New("it was written anew while it is read")
	}
	s.chunk, s.scratch = column.NewBatch(fields, 0), column.NewBatch(fields, 0)
	return s, nil
}

func (s *scan) close() {
	if s.batch != nil {
		s.batch.Release()
	}
	s.reader.Close()
	s.file.Close()
}

// load reads record batch i.
func (s *scan) load(i int) (err error) {
	defer source.Guard(s.r.path, "Arrow", &err)
	if s.batch != nil {
		s.batch.Release()
		s.batch = nil
	}
	if s.batch, err = s.reader.RecordBatchAt(i); err != nil {
		var large *selfsame.Error
		if errors.As(err, &large) {
			return large
		}
		return fmt.Errorf("record batch %d: %w", i, err)
	}
	if s.batch.NumRows() != s.r.rows[i] {
		return fmt.Errorf("record batch %d has %d rows of %d", i, s.batch.NumRows(), s.r.rows[i])
	}
	return nil
}

// next converts rows [lo, hi) of the record batch at hand.
func (s *scan) next(lo, hi int64) (c *source.Chunk, err error) {
	defer source.Guard(s.r.path, "Arrow", &err)
	s.chunk.Reset()
	s.scratch.Reset()
	s.rows.Reset()
	first := s.at
	for k, w := range s.want {
		cv := arrowcolumn.Converter{How: s.r.how, Rows: s.rows, Report: func(i int, text, why string) {
			s.rows.Report(source.BadRow{Row: first + int64(i), Field: w.Field.Name, Reason: why, Text: text})
		}}
		part := array.NewSlice(s.batch.Column(s.places[k]), lo, hi)
		cv.Append(s.chunk.Columns[k], part)
		part.Release()
		if n := s.chunk.Columns[k].Len(); n != int(hi-lo) {
			return nil, fmt.Errorf("column %s ends after %d of %d rows", w.Column, n, hi-lo)
		}
	}
	s.at += hi - lo
	s.chunk.Rows = int(hi - lo)
	c = &source.Chunk{Batch: s.chunk, First: first}
	return c, s.rows.Finish(c, s.scratch)
}
