// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"

	"selfsame"
	"selfsame/column"
)

// TextScan is one read of a text file, row by row: what CSV and JSON lines share. Its memory is used again for each chunk.
type TextScan struct {
	Want    []Wanted
	Rows    *Rows
	JSON    *JSON
	Batch   *column.Batch // the chunk at hand; Batch.Rows is the place of the row that is read
	Row     int64         // its number in the file, from 0
	scratch *column.Batch
	texts   []*column.Column // of Batch, inside lists too: those whose values have any length
	most    int              // bytes of one of texts, about, in a chunk
}

// chunkBytes bounds the memory that long values take.
const chunkBytes = 128 << 20

// NewTextScan returns a scan of a file for the wanted columns.
func NewTextScan(how *Reading, path string, want []Wanted) *TextScan {
	s := &TextScan{Want: want, Rows: NewRows(how, path)}
	s.JSON = NewJSON(how, s.Rows)
	fields := make([]selfsame.Field, len(want))
	for i, w := range want {
		fields[i] = w.Field
	}
	s.Batch, s.scratch = column.NewBatch(fields, 0), column.NewBatch(fields, 0)
	s.most = chunkBytes
	for _, c := range s.Batch.Columns {
		s.watch(c)
	}
	return s
}

// watch adds what grows with the lengths of values to texts.
func (s *TextScan) watch(c *column.Column) {
	switch c.Type.Kind {
	case selfsame.String, selfsame.Bytes:
		s.texts = append(s.texts, c)
	case selfsame.List, selfsame.Map:
		if s.watch(c.Elems); c.Keys != nil {
			s.watch(c.Keys)
		}
	}
}

// full reports whether the chunk at hand holds enough.
func (s *TextScan) full() bool {
	for _, c := range s.texts {
		if len(c.Bytes) >= s.most {
			return true
		}
	}
	return s.Batch.Rows >= leastRows
}

// Each yields the rows in chunks. next moves to the next row and is false at the end; read appends one value to
// every column of Batch, and nulls for a row that it reports as bad.
func (s *TextScan) Each(ctx context.Context, next func() (bool, error), read func(), yield func(*Chunk) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := s.chunk(next, read)
		if err != nil || c == nil {
			return err
		}
		if err := yield(c); err != nil {
			return err
		}
	}
}

// chunk returns the next chunk, nil at the end of the file.
func (s *TextScan) chunk(next func() (bool, error), read func()) (*Chunk, error) {
	s.Batch.Reset()
	s.scratch.Reset()
	s.Rows.Reset()
	first := s.Row
	for !s.full() {
		ok, err := next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		read()
		if err := s.Rows.Err(); err != nil {
			return nil, err
		}
		s.Row++
		s.Batch.Rows++
	}
	if s.Batch.Rows == 0 {
		return nil, nil
	}
	c := &Chunk{Batch: s.Batch, First: first}
	return c, s.Rows.Finish(c, s.scratch)
}
