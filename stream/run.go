// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"fmt"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
)

// run is a run of rows of one source as today's definition of the source sees them: columns by slot, then what the log says of each row.
type run struct {
	src   *selfsame.Source
	cols  []*column.Column // by field of the schema, then the source's name
	rows  int
	tau   []int64
	ops   []eventlog.Op // nil: inserts
	first int64         // offset of row 0
	seqs  []int64       // offsets where they are not consecutive
	alpha int64
	alps  []int64 // α where rows differ in it: of rows that are remembered
	least int64   // with alps: entries that are still to be resolved have no α below it
	final int64   // with alps: a copy that becomes known later than this may lose to an entry that is still to be applied

	id, order, arrival int // fields of the schema, -1 for none
	name               *column.Column
	nulls              []*column.Column // by field: a column for a field that the log did not know
	hashes             []uint64
	hashed             bool
	buf                []byte
}

func newRun(src *selfsame.Source) *run {
	return &run{src: src, id: fieldIndex(src, src.ID), order: fieldIndex(src, src.Order), arrival: fieldIndex(src, src.Arrival),
		cols: make([]*column.Column, len(src.Schema)+1), nulls: make([]*column.Column, len(src.Schema))}
}

func fieldIndex(s *selfsame.Source, name string) int {
	for i, f := range s.Schema {
		if name != "" && f.Name == name {
			return i
		}
	}
	return -1
}

// load takes a block of the log. A field that the block does not have, because the schema has grown since, is null.
func (r *run) load(b *eventlog.Block) error {
	if err := r.columns(b.Rows); err != nil {
		return err
	}
	r.tau, r.ops, r.first, r.alpha, r.seqs, r.alps = b.Tau, b.Ops, b.First, b.Alpha, nil, nil
	return nil
}

func (r *run) columns(b *column.Batch) error {
	r.rows, r.hashed = b.Rows, false
	for i, f := range r.src.Schema {
		at := i
		if i >= len(b.Fields) || b.Fields[i].Name != f.Name {
			at = b.Index(f.Name)
		}
		if at < 0 {
			r.cols[i] = r.null(i)
			continue
		}
		if c := b.Columns[at]; !c.Type.Equal(f.Type) {
			return &selfsame.Error{Class: selfsame.ClassChanged, Ref: "source " + r.src.Name,
				Message: fmt.Sprintf("field %s is %s in the log and %s in the definition", f.Name, c.Type, f.Type),
				Hint:    "a field keeps its type: give the new one another name"}
		}
		r.cols[i] = b.Columns[at]
	}
	r.name = repeated(r.name, r.src.Name, b.Rows)
	r.cols[len(r.src.Schema)] = r.name
	return nil
}

// null returns a column without values for field i.
func (r *run) null(i int) *column.Column {
	c := r.nulls[i]
	if c == nil || c.Len() > r.rows {
		c = column.New(r.src.Schema[i].Type, 0)
		r.nulls[i] = c
	}
	for c.Len() < r.rows {
		c.AppendStatus(selfsame.Null)
	}
	return c
}

// repeated returns a column of one text, in c's memory where it has some.
func repeated(c *column.Column, text string, rows int) *column.Column {
	if c == nil {
		c = column.New(selfsame.Scalar(selfsame.String), 0)
	}
	for c.Len() < rows {
		c.AppendBytes([]byte(text))
	}
	if c.Len() > rows {
		c.Offsets = c.Offsets[:rows+1]
		c.Bytes = c.Bytes[:c.Offsets[rows]]
	}
	return c
}

func (r *run) seqAt(i int) int64 {
	if r.seqs != nil {
		return r.seqs[i]
	}
	return r.first + int64(i)
}

func (r *run) alphaAt(i int) int64 {
	if r.alps != nil {
		return r.alps[i]
	}
	return r.alpha
}

func (r *run) deletes(i int) bool { return r.ops != nil && r.ops[i] == eventlog.Delete }

// fields are the columns of the schema.
func (r *run) fields() []*column.Column { return r.cols[:len(r.src.Schema)] }

// tieHashes are the hashes that break ties: of a row's id where it has one, else of the whole row.
func (r *run) tieHashes() []uint64 {
	if r.hashed {
		return r.hashes
	}
	r.hashes, r.hashed = r.hashes[:0], true
	for i := range r.rows {
		if r.id >= 0 && r.cols[r.id].StatusAt(i) == selfsame.Present {
			r.buf = r.cols[r.id].AppendBare(r.buf[:0], i)
		} else {
			r.buf = appendFields(r.buf[:0], r.fields(), -1, i)
		}
		r.hashes = append(r.hashes, xxh3.Hash(r.buf))
	}
	return r.hashes
}

// appendFields appends the framed fields of row i in schema order, without the field `but`.
func appendFields(buf []byte, cols []*column.Column, but, i int) []byte {
	for k, c := range cols {
		if k != but {
			buf = c.AppendFramed(buf, i)
		}
	}
	return buf
}

// tail is a copy of the rows of b from row k on.
func tail(b *column.Batch, k int) *column.Batch {
	out := column.NewBatch(b.Fields, b.Rows-k)
	for i, c := range b.Columns {
		out.Columns[i].AppendRange(c, k, b.Rows)
	}
	out.Rows = b.Rows - k
	return out
}
