// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"selfsame"
	"selfsame/column"
)

// Columns appends the rows of a batch whose columns have the kinds of the wire to dst, a batch of the source's schema. Names, missing
// columns, bad rows and errors are as in JSON. Text is read as in files; an integer is a float64 or a decimal where it is exactly one;
// a timestamp may be microseconds of kind timestamp.
func (d *Decoder) Columns(rows, dst *column.Batch) ([]BadRow, error) {
	if d.full(int64(rows.Rows) - 1) {
		return nil, d.tooMany()
	}
	from, err := d.match(rows)
	if err != nil {
		return nil, err
	}
	d.rows.Reset()
	before := dst.Rows
	for i, c := range dst.Columns {
		d.column(from[i], c, rows.Rows, d.src.Schema[i].Name)
	}
	dst.Rows += rows.Rows
	if len(d.rows.bad) == 0 {
		return nil, nil
	}
	bad := dedupe(d.rows.bad)
	good := make([]uint32, 0, rows.Rows)
	for i, k := 0, 0; i < rows.Rows; i++ {
		if k < len(bad) && bad[k].Row == int64(i) {
			bad[k].Whole = string(column.AppendRowJSON(nil, rows, i))
			k++
			continue
		}
		good = append(good, uint32(before+i))
	}
	for _, c := range dst.Columns {
		scratch := column.New(c.Type, len(good))
		scratch.Gather(c, good)
		TruncateColumn(c, before)
		c.AppendRange(scratch, 0, len(good))
	}
	dst.Rows = before + len(good)
	return bad, nil
}

// match returns the column that each field of the schema is read from, nil where there is none.
func (d *Decoder) match(rows *column.Batch) ([]*column.Column, error) {
	from := make([]*column.Column, len(d.src.Schema))
	for i, f := range rows.Fields {
		e := &selfsame.Error{Class: selfsame.ClassInput, Ref: "events of source " + d.src.Name, Err: selfsame.ErrSchemaMismatch}
		k, ok := d.known[f.Name]
		switch {
		case !ok:
			e.Message = "column " + f.Name + " " + d.unknown(f.Name)
			return nil, e
		case from[d.places[k]] != nil:
			e.Message = "field " + d.src.Schema[d.places[k]].Name + " is given twice"
			return nil, e
		case rows.Columns[i].Len() != rows.Rows:
			e.Message = "column " + f.Name + " has " + itoa(int64(rows.Columns[i].Len())) + " values, the call has " + itoa(int64(rows.Rows)) + " rows"
			return nil, e
		}
		from[d.places[k]] = rows.Columns[i]
	}
	return from, nil
}

// column appends n values of a column of the wire. A value that cannot be read is a null, and its row a bad one.
func (d *Decoder) column(from, to *column.Column, n int, field string) {
	for i := range n {
		if from == nil {
			to.AppendStatus(selfsame.Null)
			continue
		}
		if why := d.convert(from, i, to); why != "" {
			to.AppendStatus(selfsame.Null)
			d.rows.Report(BadRow{Row: int64(i), Field: field, Reason: why, Text: wireText(from, i)})
		}
	}
}

// convert appends value i of a column of the wire, or says why it is none of the type; then nothing is appended.
func (d *Decoder) convert(from *column.Column, i int, to *column.Column) string {
	if from.StatusAt(i) != selfsame.Present {
		to.AppendStatus(selfsame.Null)
		return ""
	}
	switch from.Type.Kind {
	case selfsame.String:
		return d.fromText(from.Str(i), to)
	case selfsame.Int64:
		return d.fromInt(from.Ints[i], to)
	case selfsame.Float64:
		return d.fromFloat(from.Floats[i], to)
	case selfsame.List, selfsame.Map:
		return d.elements(from, i, to)
	case selfsame.Bytes:
		if to.Type.Kind == selfsame.String && !utf8.Valid(from.Str(i)) {
			return "is not valid UTF-8"
		}
		if to.Type.Kind == selfsame.String || to.Type.Kind == selfsame.Bytes {
			to.AppendBytes(from.Str(i))
			return ""
		}
	case to.Type.Kind:
		if !from.Type.Equal(to.Type) {
			return "is " + from.Type.String() + ", not " + to.Type.String()
		}
		to.AppendFrom(from, i)
		return ""
	}
	return isNot(to.Type)
}

// fromText reads text as files do.
func (d *Decoder) fromText(b []byte, to *column.Column) string {
	switch to.Type.Kind {
	case selfsame.Bool, selfsame.List, selfsame.Map:
		return isNot(to.Type)
	}
	return AppendText(to, b, d.how, d.rows)
}

func (d *Decoder) fromInt(v int64, to *column.Column) string {
	switch to.Type.Kind {
	case selfsame.Int64:
		to.Ints = append(to.Ints, v)
		present(to)
	case selfsame.Float64:
		if f := float64(v); f >= math.MaxInt64 || int64(f) != v {
			return "is an integer that float64 does not hold exactly"
		}
		AppendFloat(to, float64(v), d.how.KeepNaN)
	case selfsame.Decimal:
		x, why := Rescale(big.NewInt(v), 0, to.Type)
		if why != "" {
			return why
		}
		to.Decimals = append(to.Decimals, x)
		present(to)
	case selfsame.Timestamp:
		if d.how.Time.unit == 0 {
			return whyUnit
		}
		t, why := Scale(v, d.how.Time.unit, 1, d.how.Floor)
		if why != faultNone {
			return string(why)
		}
		to.Ints = append(to.Ints, t)
		present(to)
	default:
		return isNot(to.Type)
	}
	return ""
}

func (d *Decoder) fromFloat(v float64, to *column.Column) string {
	switch to.Type.Kind {
	case selfsame.Float64:
		AppendFloat(to, v, d.how.KeepNaN)
		return ""
	case selfsame.Int64, selfsame.Decimal:
		if v != v || math.IsInf(v, 0) {
			return isNot(to.Type)
		}
		return AppendText(to, strconv.AppendFloat(nil, v, 'f', -1, 64), d.how, d.rows)
	case selfsame.Timestamp:
		if d.how.Time.unit == 0 {
			return whyUnit
		}
		return AppendText(to, strconv.AppendFloat(nil, v, 'f', -1, 64), d.how, d.rows)
	}
	return isNot(to.Type)
}

// elements appends a list or map, converting what it holds.
func (d *Decoder) elements(from *column.Column, i int, to *column.Column) string {
	if from.Type.Kind != to.Type.Kind {
		return isNot(to.Type)
	}
	n := to.Len()
	lo, hi := int(from.Offsets[i]), int(from.Offsets[i+1])
	for j := lo; j < hi; j++ {
		if to.Keys != nil {
			switch key := from.Keys.Str(j); {
			case !utf8.Valid(key):
				TruncateColumn(to, n)
				return "has a key that is not valid UTF-8"
			case j > lo && bytes.Compare(from.Keys.Str(j-1), key) >= 0:
				TruncateColumn(to, n)
				return "has keys that are not in byte order, or one twice"
			default:
				to.Keys.AppendBytes(key)
			}
		}
		if why := d.convert(from.Elems, j, to.Elems); why != "" {
			TruncateColumn(to, n)
			return why
		}
	}
	closeValue(to)
	return ""
}

func isNot(t selfsame.Type) string {
	switch t.Kind {
	case selfsame.Int64, selfsame.Float64, selfsame.Decimal:
		return "is not a number"
	case selfsame.Timestamp:
		return string(faultTimestamp)
	}
	return "is not a " + t.String()
}

// wireText prints a value of the wire for a message.
func wireText(c *column.Column, i int) string {
	switch c.Type.Kind {
	case selfsame.Bool:
		return strconv.FormatBool(c.Bools[i])
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		return itoa(c.Ints[i])
	case selfsame.Float64:
		return strconv.FormatFloat(c.Floats[i], 'g', -1, 64)
	case selfsame.String:
		return quote(string(c.Str(i)))
	}
	return ""
}
