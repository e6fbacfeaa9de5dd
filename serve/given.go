// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"selfsame"
	"selfsame/column"
	"selfsame/source"
)

// conform fills w.given with the plan's request columns, of the declared types, and returns how many rows there are.
func (w *work) conform(q *Request, maxRows int) (rows int, err error) {
	if rows, err = rowsOf(q, maxRows); err != nil {
		return 0, err
	}
	id, err := w.idColumn(q)
	if err != nil {
		return 0, err
	}
	w.given = w.given[:0]
	for i, f := range w.plan.plan.Requests {
		c, err := w.givenColumn(q, i, f, id, rows)
		if err != nil {
			return 0, err
		}
		w.given = append(w.given, c)
	}
	w.unused(q.Given)
	return rows, nil
}

// rowsOf is how many rows a question has.
func rowsOf(q *Request, maxRows int) (int, error) {
	rows := 1
	if q.Given != nil && len(q.Given.Columns) > 0 {
		rows = q.Given.Rows
		if err := q.Given.Check(); err != nil {
			return 0, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "rows", Err: err, Hint: "give every column one value a row"}
		}
	}
	switch {
	case rows == 0:
		return 0, usage("rows", "there are none", "ask about one row at least")
	case rows > maxRows:
		return 0, usage("rows", fmt.Sprintf("there are %d, %d are the most in one question", rows, maxRows), "ask several times")
	}
	return rows, nil
}

// idColumn returns the key column that the entity id fills, empty for none.
func (w *work) idColumn(q *Request) (string, error) {
	if q.EntityID == "" {
		return "", nil
	}
	var missing []string
	for _, k := range w.plan.keys {
		if q.Given == nil || q.Given.Index(k) < 0 {
			missing = append(missing, k)
		}
	}
	switch {
	case len(missing) == 1:
		return missing[0], nil
	case len(missing) == 0 && len(w.plan.keys) == 0:
		return "", usage("entity id", "nothing that is asked for has a key", "leave the id out")
	case len(missing) == 0:
		return "", usage("entity id", "the keys are given as columns already: "+strings.Join(w.plan.keys, ", "), "leave the id or a column out")
	}
	return "", usage("entity id", "it could be any of the keys "+strings.Join(missing, ", "), "give the keys by name, as columns")
}

// givenColumn returns request column i of the plan.
func (w *work) givenColumn(q *Request, i int, f selfsame.Field, id string, rows int) (*column.Column, error) {
	if f.Name == id {
		text := &column.Column{Type: selfsame.Scalar(selfsame.String), Offsets: []uint32{0}}
		for range rows {
			text.AppendBytes([]byte(q.EntityID))
		}
		return w.converted(i, f, text, rows)
	}
	var c *column.Column
	if q.Given != nil {
		c = q.Given.Column(f.Name)
	}
	switch {
	case c == nil && f.Optional:
		return w.nulls(i, f, rows), nil
	case c == nil:
		return nil, w.missing(q.Given, f)
	case c.Type.Equal(f.Type) && plain(c):
		return c, nil
	}
	return w.converted(i, f, c, rows)
}

// plain reports whether a column of the declared type can be taken as it is: others hold what stored values never do.
func plain(c *column.Column) bool {
	switch c.Type.Kind {
	case selfsame.Float64:
		for _, v := range c.Floats {
			if v != v || v == 0 && math.Signbit(v) {
				return false
			}
		}
		return true
	case selfsame.String:
		for i := range c.Len() {
			if c.StatusAt(i) == selfsame.Present && !utf8.Valid(c.Str(i)) {
				return false
			}
		}
		return true
	case selfsame.Bool, selfsame.Int64, selfsame.Timestamp, selfsame.Date, selfsame.Decimal, selfsame.Bytes:
		return true
	}
	return false
}

func (w *work) memory(i int, f selfsame.Field) *column.Column {
	if w.made[i] == nil {
		w.made[i] = column.New(f.Type, 0)
	}
	w.made[i].Reset()
	return w.made[i]
}

func (w *work) nulls(i int, f selfsame.Field, rows int) *column.Column {
	c := w.memory(i, f)
	for range rows {
		c.AppendStatus(selfsame.Null)
	}
	return c
}

// converter reads one given column as files of the declared type are read.
type converter struct {
	decode *source.Decoder
	from   column.Batch
	to     column.Batch
}

// converted returns column c, given as some type of the wire, as the declared type of request column i.
func (w *work) converted(i int, f selfsame.Field, c *column.Column, rows int) (*column.Column, error) {
	x := w.converters[i]
	if x == nil {
		one := &selfsame.Source{Name: "the request", Schema: []selfsame.Field{f}}
		d, err := source.NewDecoder(one)
		if err != nil {
			return nil, err
		}
		x = &converter{decode: d, from: column.Batch{Fields: one.Schema, Columns: make([]*column.Column, 1)}, to: column.Batch{Fields: one.Schema}}
		w.converters[i] = x
	}
	x.from.Columns[0], x.from.Rows = c, rows
	x.to.Columns, x.to.Rows = append(x.to.Columns[:0], w.memory(i, f)), 0
	bad, err := x.decode.Columns(&x.from, &x.to)
	x.from.Columns[0] = nil
	if err != nil {
		return nil, err
	}
	if len(bad) > 0 {
		return nil, &selfsame.Error{Class: selfsame.ClassInput, Ref: fmt.Sprintf("row %d, column %s", bad[0].Row, f.Name),
			Message: strings.TrimSpace(bad[0].Text + " " + bad[0].Reason), Hint: "it is declared as " + f.Type.String()}
	}
	return x.to.Columns[0], nil
}

// missing is the error of a column that must be given.
func (w *work) missing(given *column.Batch, f selfsame.Field) error {
	what := "request field"
	for _, k := range w.plan.keys {
		if k == f.Name {
			what = "key"
		}
	}
	e := &selfsame.Error{Class: selfsame.ClassUsage, Ref: "column " + f.Name, Message: "the rows have no such column, needed as a " + what + " (" + f.Type.String() + ")"}
	known := w.strangers(given)
	if near := selfsame.Nearest(f.Name, known); near != "" {
		e.Hint = "rename the column " + near + " of the rows"
	} else if len(known) > 0 {
		e.Hint = "the rows hold " + strings.Join(known, ", ") + " beside what is needed"
	} else {
		e.Hint = "needed are " + w.needs()
	}
	return e
}

// needs lists the columns that must or may be given.
func (w *work) needs() string {
	var out []string
	for _, f := range w.plan.plan.Requests {
		name := f.Name
		if f.Optional {
			name += "?"
		}
		out = append(out, name)
	}
	return strings.Join(out, ", ")
}

// strangers are given columns that nothing reads.
func (w *work) strangers(given *column.Batch) []string {
	if given == nil {
		return nil
	}
	var out []string
next:
	for _, g := range given.Fields {
		for _, f := range w.plan.plan.Requests {
			if f.Name == g.Name {
				continue next
			}
		}
		out = append(out, g.Name)
	}
	return out
}

// unused warns of given columns that nothing reads: one may be an optional field misspelt.
func (w *work) unused(given *column.Batch) {
	if given == nil || len(given.Columns) <= len(w.given) && w.all(given) {
		return
	}
	var optional []string
	for _, f := range w.plan.plan.Requests {
		if f.Optional && given.Index(f.Name) < 0 {
			optional = append(optional, f.Name)
		}
	}
	for _, name := range w.strangers(given) {
		text := "nothing reads the given column " + name
		if near := selfsame.Nearest(name, optional); near != "" {
			text += ": did you mean " + near + "?"
		}
		w.vector.Warnings = append(w.vector.Warnings, text)
	}
}

// all reports whether every given column is read.
func (w *work) all(given *column.Batch) bool {
	read := 0
	for _, f := range w.plan.plan.Requests {
		if given.Index(f.Name) >= 0 {
			read++
		}
	}
	return read == len(given.Columns)
}
