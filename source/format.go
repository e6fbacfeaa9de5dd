// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/zone"
)

// ChunkRows is the greatest number of rows in a chunk. Only narrow rows come so many at once: see RowsOf.
const ChunkRows = 256 << 10

const (
	leastRows   = 64 << 10
	chunkValues = 1 << 20 // of fixed width, about, in a chunk of more rows than that
)

// RowsOf returns how many rows a chunk of these columns has at most. What is done to a chunk reaches further the more rows it has; of wide
// rows, and of values of any length, fewer are held.
func RowsOf(columns []Wanted) int64 {
	for _, c := range columns {
		switch c.Field.Type.Kind {
		case selfsame.Bool, selfsame.Int64, selfsame.Float64, selfsame.Timestamp, selfsame.Date:
		default:
			return leastRows
		}
	}
	return int64(min(max(chunkValues/max(len(columns), 1), leastRows), ChunkRows))
}

// Format opens files of one format.
type Format interface {
	// Open reads what is to be known about a file before its rows are. Errors are *selfsame.Error of class input that name the file.
	Open(ctx context.Context, path string, how *Reading) (Reader, error)
}

// Reader reads one file. It holds no file open between calls and is safe for concurrent use.
type Reader interface {
	// Columns are the columns of the file in their order there; nil: any name may occur (JSON lines with a declared schema).
	Columns() []Column
	// Groups are the parts that can be read on their own, in row order. At least one, unless the file has no rows.
	Groups() []Group
	// Read yields the rows of a group. Chunks hold the wanted columns in that order, with positions counted in the file.
	Read(ctx context.Context, group int, want []Wanted, yield func(*Chunk) error) error
}

// Column is a column of a file.
type Column struct {
	Name   string
	Type   selfsame.Type // the type that holds every value exactly; Unknown where there is none
	Reason string        // why there is none
}

// Wanted is a field and the file's column that it is read from.
type Wanted struct {
	Field  selfsame.Field
	Column string
}

// Group is a part of a file.
type Group struct {
	First int64 // row number of its first row in the file
	Rows  int64 // -1: not known
	// Bytes is the size of one column on disk, about.
	Bytes func(column string) int64
	// Bounds are the least and greatest instant of a timestamp column by the file's statistics; ok is false where they are not
	// certain, or where some value is null.
	Bounds func(want Wanted) (least, greatest int64, ok bool)
}

// Reading is how values are read: what Spec says, resolved.
type Reading struct {
	Zone     *zone.Zone // of naive timestamps
	Time     TimeFormat
	Floor    bool // digits below a microsecond are cut off towards the past; otherwise they are bad
	KeepNaN  bool // NaN stays; otherwise it is null
	SkipBad  bool // bad rows are collected; otherwise the first is an error
	Declared bool // the schema is declared: files need not be searched for types
	// QuotedInts reads an int64 from a JSON string too: clients whose numbers are doubles send large ones so.
	QuotedInts bool
}

// Rows collects what is wrong with the rows of one chunk.
type Rows struct {
	how  *Reading
	file string
	bad  []BadRow
	// Repeated and Skipped count naive local times that occur twice or not at all.
	Repeated, Skipped int64
	// Undeclared counts naive times read as UTC because the source declares no zone.
	Undeclared int64
}

// NewRows returns a collector for rows of a file.
func NewRows(how *Reading, file string) *Rows { return &Rows{how: how, file: file} }

// Reset empties the collector.
func (r *Rows) Reset() { r.bad, r.Repeated, r.Skipped, r.Undeclared = nil, 0, 0, 0 }

// Report records that a row could not be read. Of a row's faults the first recorded is kept.
func (r *Rows) Report(b BadRow) {
	b.File = r.file
	b.Text = shorten(b.Text)
	r.bad = append(r.bad, b)
}

// Err returns the error of the least bad row where bad rows are not to be skipped.
func (r *Rows) Err() error {
	if len(r.bad) == 0 || r.how.SkipBad {
		return nil
	}
	least := r.bad[0]
	for _, b := range r.bad[1:] {
		if b.Row < least.Row {
			least = b
		}
	}
	return least.Err()
}

// Err is the error that a bad row is where it is not skipped.
func (b BadRow) Err() error {
	e := &selfsame.Error{Class: selfsame.ClassInput, Pos: selfsame.Pos{File: b.File, Line: int(b.Line)}, Message: b.Reason, Err: selfsame.ErrSchemaMismatch,
		Hint: "correct the row; a source leaves such rows out with on_bad_row: skip"}
	e.Ref = "row " + itoa(b.Row)
	if b.Field != "" {
		e.Ref += ", column " + b.Field
	}
	if b.Text != "" {
		e.Message += ": " + quote(b.Text)
	}
	return e
}

// Finish puts the outcome into the chunk: bad rows leave the batch. Row i of the batch is row First+i, or that of Pos.
func (r *Rows) Finish(c *Chunk, scratch *column.Batch) error {
	if err := r.Err(); err != nil {
		return err
	}
	c.Repeated, c.Skipped, c.Undeclared = r.Repeated, r.Skipped, r.Undeclared
	if len(r.bad) == 0 {
		return nil
	}
	c.Bad = append(c.Bad, dedupe(r.bad)...)
	drop := make(map[int64]bool, len(c.Bad))
	for _, b := range c.Bad {
		drop[b.Row] = true
	}
	c.keep(scratch, func(i int) bool { return !drop[c.at(i)] })
	return nil
}

// at returns the position of row i of the batch.
func (c *Chunk) at(i int) Position {
	if c.Pos != nil {
		return c.Pos[i]
	}
	return c.First + int64(i)
}

// keep drops the rows of the batch that are not wanted. The batch becomes scratch's columns.
func (c *Chunk) keep(scratch *column.Batch, want func(i int) bool) {
	idx := make([]uint32, 0, c.Batch.Rows)
	pos := make([]Position, 0, c.Batch.Rows)
	for i := range c.Batch.Rows {
		if want(i) {
			idx = append(idx, uint32(i))
			pos = append(pos, c.at(i))
		}
	}
	if len(idx) == c.Batch.Rows {
		return
	}
	for i, col := range c.Batch.Columns {
		scratch.Columns[i].Gather(col, idx)
	}
	scratch.Rows = len(idx)
	c.Batch, c.Pos = scratch, pos
}

// dedupe keeps the first fault of each row, in row order.
func dedupe(bad []BadRow) []BadRow {
	sortBad(bad)
	out := bad[:0]
	for _, b := range bad {
		if len(out) == 0 || out[len(out)-1].Row != b.Row {
			out = append(out, b)
		}
	}
	return out
}
