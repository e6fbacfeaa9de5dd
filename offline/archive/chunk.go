// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
)

// noDate is the folder of rows without a day: those of static sources, and of years that a folder's name does not hold.
const noDate = "__HIVE_DEFAULT_PARTITION__"

// chunk is a run of the log, split by source and day.
type chunk struct {
	first   int64
	bytes   int64
	parts   map[partKey]*part
	schemas map[string][]selfsame.Field // by source: in one chunk a source has one schema
}

type partKey struct {
	source string
	day    int64
}

// part is the rows of one source and day.
type part struct {
	source, folder string
	rows           *column.Batch
}

func newChunk(first int64) *chunk {
	c := &chunk{}
	c.reset(first)
	return c
}

func (c *chunk) reset(first int64) {
	*c = chunk{first: first, parts: map[partKey]*part{}, schemas: map[string][]selfsame.Field{}}
}

// takes reports whether a block's rows fit beside what is there.
func (c *chunk) takes(b *eventlog.Block) bool {
	have, ok := c.schemas[b.Name]
	return !ok || slices.EqualFunc(have, b.Rows.Fields, func(x, y selfsame.Field) bool { return x.Name == y.Name && x.Type.Equal(y.Type) })
}

// add appends a block's rows to the parts of their days.
func (c *chunk) add(b *eventlog.Block) error {
	if !filepath.IsLocal(b.Name) || strings.ContainsAny(b.Name, `/\`) {
		return &selfsame.Error{Class: selfsame.ClassInternal, Ref: "source " + b.Name, Message: "its name cannot be a folder of the archive"}
	}
	c.schemas[b.Name] = b.Rows.Fields
	days := map[int64][]uint32{}
	for i, tau := range b.Tau {
		days[dayOf(tau)] = append(days[dayOf(tau)], uint32(i))
	}
	for day, idx := range days {
		c.part(b, day).append(b, idx)
	}
	for _, col := range b.Rows.Columns {
		c.bytes += sizeOf(col)
	}
	c.bytes += 32 * int64(b.Rows.Rows)
	return nil
}

func (c *chunk) part(b *eventlog.Block, day int64) *part {
	key := partKey{b.Name, day}
	p := c.parts[key]
	if p == nil {
		p = &part{source: b.Name, folder: noDate, rows: column.NewBatch(fieldsOf(b.Rows.Fields), 0)}
		if day != selfsame.MinTime {
			p.folder = string(column.AppendDate(nil, day))
		}
		c.parts[key] = p
	}
	return p
}

// fieldsOf is the columns of a file: the source's schema, then what the log says of a row.
func fieldsOf(schema []selfsame.Field) []selfsame.Field {
	return append(slices.Clone(schema), selfsame.Field{Name: "_offset", Type: selfsame.Scalar(selfsame.Int64)},
		selfsame.Field{Name: "_arrival", Type: selfsame.Scalar(selfsame.Timestamp)}, selfsame.Field{Name: "_op", Type: selfsame.Scalar(selfsame.String)})
}

// append adds the rows of b at idx.
func (p *part) append(b *eventlog.Block, idx []uint32) {
	n := len(b.Rows.Columns)
	for k, c := range b.Rows.Columns {
		p.rows.Columns[k].AppendGather(c, idx)
	}
	offset, arrival, op := p.rows.Columns[n], p.rows.Columns[n+1], p.rows.Columns[n+2]
	for _, i := range idx {
		offset.Ints = append(offset.Ints, b.First+int64(i))
		arrival.Ints = append(arrival.Ints, b.Alpha)
		what := eventlog.Insert
		if b.Ops != nil {
			what = b.Ops[i]
		}
		op.AppendBytes([]byte(what.String()))
	}
	p.rows.Rows += len(idx)
}

// sorted is the parts in the order in which they are written.
func (c *chunk) sorted() []*part {
	out := make([]*part, 0, len(c.parts))
	for _, p := range c.parts {
		out = append(out, p)
	}
	slices.SortFunc(out, func(x, y *part) int { return cmp.Or(cmp.Compare(x.source, y.source), cmp.Compare(x.folder, y.folder)) })
	return out
}

// dayOf is the UTC day of an event time, or MinTime where it has no folder of its own.
func dayOf(tau int64) int64 {
	const first, last = -719_528, 2_932_897 // days of the years 0 and 10000
	day := tau / selfsame.DayLength
	if tau%selfsame.DayLength < 0 {
		day--
	}
	if day < first || day >= last {
		return selfsame.MinTime
	}
	return day
}

// sizeOf is about the memory of a column.
func sizeOf(c *column.Column) int64 {
	n := int64(len(c.Status) + len(c.Bools) + 8*len(c.Ints) + 8*len(c.Floats) + 16*len(c.Decimals) + 4*len(c.Offsets) + len(c.Bytes))
	if c.Keys != nil {
		n += sizeOf(c.Keys)
	}
	if c.Elems != nil {
		n += sizeOf(c.Elems)
	}
	return n
}
