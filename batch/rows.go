// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"selfsame"
	"selfsame/column"
	"selfsame/source"
)

// RowOptions say how label rows are read.
type RowOptions struct {
	Time string // column of T; empty: event_time, event_timestamp, or the only timestamp or date column
	Cut  string // column of κ, or empty
	// Token reads the text of a cut, where the cut column is text; nil: it may not be.
	Token      func(text string) (ServedCut, error)
	Start, End int64 // rows with T outside [Start, End) are left out; MinTime and MaxTime keep all
}

// ReadRows reads label rows: every column, every row, in order. The table's fields are the columns.
func ReadRows(ctx context.Context, t *source.Table, o RowOptions) (*EntityRows, error) {
	b, err := ReadBatch(ctx, t)
	if err != nil {
		return nil, err
	}
	return RowsOf(b, o)
}

// RowsOf makes label rows of a batch, which becomes theirs.
func RowsOf(b *column.Batch, o RowOptions) (*EntityRows, error) {
	rows := &EntityRows{Batch: b}
	return rows, rows.setTimes(o)
}

// ReadBatch reads a whole table into one batch.
func ReadBatch(ctx context.Context, t *source.Table) (*column.Batch, error) {
	w := source.Want{Lower: selfsame.MinTime, Upper: selfsame.MaxTime}
	for _, f := range t.Fields() {
		w.Fields = append(w.Fields, f.Name)
	}
	splits, _, err := t.Splits(w)
	if err != nil {
		return nil, err
	}
	rows, columnar := int64(0), true
	for _, sp := range splits {
		rows += max(sp.Rows, 0) // -1 of a text file is as good as none
		columnar = columnar && sp.Bytes > 0
	}
	if columnar && rows > source.ChunkRows {
		if b, ok := readColumns(ctx, t, w, splits); ok {
			return b, nil
		}
	}
	b := column.NewBatch(t.Fields(), int(rows))
	for _, sp := range splits {
		if err := t.Read(ctx, sp, w, func(c *source.Chunk) error {
			for i, to := range b.Columns {
				if !to.HasRoom(c.Batch.Columns[i]) {
					return tooLong(b.Fields[i].Name)
				}
			}
			b.Append(c.Batch)
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// tooLong is the error of a column whose values do not fit in one batch.
func tooLong(name string) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Ref: "column " + name, Message: fmt.Sprintf("it holds more than %d bytes or elements, which is the most of one run", uint32(column.MostBytes)),
		Hint: "leave it out with --omit " + name + ", or ask for fewer rows at a time"}
}

// readColumns is ReadBatch of a columnar file, column beside column: nothing else is at work yet. It reports false where a row is bad or
// something else went wrong, which is for a read of whole rows to tell.
func readColumns(ctx context.Context, t *source.Table, w source.Want, splits []source.Split) (*column.Batch, bool) {
	rows := int64(0)
	for _, sp := range splits {
		rows += sp.Rows
	}
	b := column.NewBatch(t.Fields(), int(rows))
	var next, read atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(b.Columns)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(b.Columns); i = int(next.Add(1)) - 1 {
				one, c := w, b.Columns[i]
				one.Fields = []string{b.Fields[i].Name}
				for _, sp := range splits {
					err := t.Read(ctx, sp, one, func(chunk *source.Chunk) error {
						if !c.HasRoom(chunk.Batch.Columns[0]) {
							return tooLong(one.Fields[0])
						}
						c.AppendRange(chunk.Batch.Columns[0], 0, chunk.Batch.Rows)
						return nil
					})
					if err != nil {
						return
					}
				}
				read.Add(int64(c.Len()))
			}
		})
	}
	wg.Wait()
	b.Rows = int(rows)
	return b, read.Load() == rows*int64(len(b.Columns))
}

// setTimes finds T and κ of each row and applies the range.
func (r *EntityRows) setTimes(o RowOptions) error {
	name, err := timeColumn(r.Batch, o.Time)
	if err != nil {
		return err
	}
	if r.At, err = instants(r.Batch, name, "time of the rows"); err != nil {
		return err
	}
	if c := r.Batch.Column(o.Cut); o.Cut != "" && o.Token != nil && c != nil && c.Type.Kind == selfsame.String {
		if err := r.setTokens(c, o); err != nil {
			return err
		}
	} else if o.Cut != "" {
		if r.Cut, err = instants(r.Batch, o.Cut, "cut of the rows (--cut-column)"); err != nil {
			return err
		}
	}
	if o.Start == selfsame.MinTime && o.End == selfsame.MaxTime {
		return nil
	}
	var keep []uint32
	for i, at := range r.At {
		if o.Start <= at && at < o.End {
			keep = append(keep, uint32(i))
		}
	}
	if len(keep) < len(r.At) {
		r.keep(keep)
	}
	return nil
}

func (r *EntityRows) keep(idx []uint32) {
	for i, c := range r.Batch.Columns {
		kept := column.New(c.Type, len(idx))
		kept.Gather(c, idx)
		r.Batch.Columns[i] = kept
	}
	r.Batch.Rows = len(idx)
	r.At = appendGather([]int64(nil), r.At, idx)
	if r.Cut != nil {
		r.Cut = appendGather([]int64(nil), r.Cut, idx)
	}
	if r.Served != nil {
		r.Served = appendGather([]ServedCut(nil), r.Served, idx)
	}
}

// subset returns rows idx of r.
func (r *EntityRows) subset(idx []uint32) *EntityRows {
	out := *r
	b := *r.Batch
	b.Columns = slices.Clone(b.Columns)
	out.Batch = &b
	out.keep(idx)
	return &out
}

// PastColumn, a bool column beside tokens, says which reads were asked for their T.
const PastColumn = "_past"

// setTokens reads the cut of each row.
func (r *EntityRows) setTokens(c *column.Column, o RowOptions) error {
	past := r.Batch.Column(PastColumn)
	if past != nil && past.Type.Kind != selfsame.Bool {
		past = nil
	}
	r.Served = make([]ServedCut, 0, c.Len())
	for i := range c.Len() {
		var cut ServedCut
		err := error(&selfsame.Error{Class: selfsame.ClassInput, Message: "it has no cut"})
		if c.StatusAt(i) == selfsame.Present {
			cut, err = o.Token(string(c.Str(i)))
		}
		if err != nil {
			return &selfsame.Error{Class: selfsame.ClassInput, Ref: fmt.Sprintf("row %d, column %s", i, o.Cut), Message: "the cut cannot be read", Err: err,
				Hint: "tokens come with online answers, `cut` in JSON: keep them as they are"}
		}
		cut.Past = past != nil && past.StatusAt(i) == selfsame.Present && past.Bools[i]
		r.Served = append(r.Served, cut)
	}
	return nil
}

// timeColumn returns the column of T.
func timeColumn(b *column.Batch, name string) (string, error) {
	if name != "" {
		if b.Index(name) < 0 {
			return "", missingColumn(b, name, "time of the rows (--time)")
		}
		return name, nil
	}
	var candidates []string
	for _, f := range b.Fields {
		switch {
		case f.Name == "event_time" || f.Name == "event_timestamp":
			return f.Name, nil
		case f.Type.Kind == selfsame.Timestamp || f.Type.Kind == selfsame.Date:
			candidates = append(candidates, f.Name)
		}
	}
	if len(candidates) == 1 {
		return candidates[0], nil
	}
	var known []string
	for _, f := range b.Fields {
		known = append(known, f.Name)
	}
	e := &selfsame.Error{Class: selfsame.ClassUsage, Ref: "rows", Message: "no column says when each row asks",
		Hint: "name it with --time COLUMN; the columns are " + strings.Join(known, ", ")}
	switch {
	case len(candidates) > 1:
		e.Message, e.Hint = "several columns could say when each row asks: "+strings.Join(candidates, ", "), "name it with --time COLUMN"
	case len(known) == 1 && strings.ContainsAny(known[0], ";\t|"):
		e.Message, e.Hint = fmt.Sprintf("the file has one column, %q", known[0]), "the fields of CSV are separated by commas: write the file with them"
	}
	return "", e
}

func missingColumn(b *column.Batch, name, by string) error {
	var known []string
	for _, f := range b.Fields {
		known = append(known, f.Name)
	}
	e := &selfsame.Error{Class: selfsame.ClassInput, Ref: "column " + name, Message: "the rows have no such column, needed as " + by}
	if near := selfsame.Nearest(name, known); near != "" {
		e.Hint = "did you mean " + near + "? the rows have " + strings.Join(known, ", ")
	} else {
		e.Hint = "the rows have " + strings.Join(known, ", ")
	}
	return e
}

// instants returns a timestamp or date column as microseconds. A null is an error: a row must say when it asks.
func instants(b *column.Batch, name, use string) ([]int64, error) {
	c := b.Column(name)
	if c == nil {
		return nil, missingColumn(b, name, use)
	}
	c, err := convertLabel(c, selfsame.Field{Name: name, Type: selfsame.Scalar(selfsame.Timestamp)}, use)
	if err != nil {
		return nil, err
	}
	for i, s := range c.Status {
		if s != selfsame.Present {
			return nil, &selfsame.Error{Class: selfsame.ClassInput, Ref: "column " + name,
				Message: fmt.Sprintf("row %d has no time", i), Hint: "a row must say when it asks: drop it or fill it in"}
		}
	}
	return c.Ints, nil
}

// CrossRows makes rows from entities without times: each row of b once for every instant first, first+every, … below end, entity
// after entity. The column of T is appended under name.
func CrossRows(b *column.Batch, name string, first, end, every int64) *EntityRows {
	fields := append(append([]selfsame.Field(nil), b.Fields...), selfsame.Field{Name: name, Type: selfsame.Scalar(selfsame.Timestamp)})
	out := &EntityRows{Batch: column.NewBatch(fields, 0)}
	at := out.Batch.Columns[len(fields)-1]
	for i := range b.Rows {
		for t := first; t < end; t += every {
			for k, c := range b.Columns {
				out.Batch.Columns[k].AppendFrom(c, i)
			}
			at.Ints = append(at.Ints, t)
			out.Batch.Rows++
		}
	}
	out.At = at.Ints
	return out
}
