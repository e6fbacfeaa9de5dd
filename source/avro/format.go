// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package avro reads Avro object container files as sources: a row for each record, by the schema that the file was written with. Numbers are
// widened, a loss is reported with file, row and value; timestamps become microseconds UTC, decimals and dates what they are, enums and UUIDs strings.
//
// A union is read where it is of null and one type. Blocks are plain, deflate, snappy or zstandard. No panic of the library on a damaged file gets out.
package avro

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"

	"selfsame"
	"selfsame/source"
)

// Format reads Avro files.
type Format struct{}

var _ source.Format = Format{}

// New returns the format.
func New() source.Format { return Format{} }

// Reader reads one file. It is opened anew for each read.
type Reader struct {
	path    string
	how     *source.Reading
	columns []source.Column
	local   map[string]bool // columns whose timestamps have no zone
}

var _ source.Reader = (*Reader)(nil)

// Open reads the schema in the head of a file.
func (Format) Open(_ context.Context, path string, how *source.Reading) (_ source.Reader, err error) {
	defer source.Guard(path, "Avro", &err)
	f, rows, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer rows.Close()
	root := rows.Schema().Root()
	if root.Type != "record" {
		return nil, errors.New("it holds values of type " + root.Type + ", not records")
	}
	r := &Reader{path: path, how: how, local: map[string]bool{}}
	for _, field := range root.Fields {
		n := &node{SchemaNode: field.Type}
		t, reason := n.typed()
		r.columns = append(r.columns, source.Column{Name: field.Name, Type: t, Reason: reason})
		r.local[field.Name] = n.local
	}
	return r, nil
}

func open(path string) (*os.File, *ocf.Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	rows, err := ocf.NewReader(f)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, rows, nil
}

// Columns are the fields of the record.
func (r *Reader) Columns() []source.Column { return r.columns }

// Groups is one group: the file.
func (r *Reader) Groups() []source.Group { return []source.Group{{Rows: -1}} }

// node is a type of Avro that is looked at.
type node struct {
	avro.SchemaNode
	local bool // it holds timestamps without a zone
}

// typed returns the type that holds every value, or why there is none.
func (n *node) typed() (selfsame.Type, string) {
	switch n.LogicalType {
	case "date":
		return selfsame.Scalar(selfsame.Date), ""
	case "timestamp-millis", "timestamp-micros", "timestamp-nanos":
		return selfsame.Scalar(selfsame.Timestamp), ""
	case "local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos":
		n.local = true
		return selfsame.Scalar(selfsame.Timestamp), ""
	case "decimal":
		if n.Precision < 1 || n.Precision > 38 || n.Scale < 0 || n.Scale > n.Precision {
			return selfsame.Type{}, fmt.Sprintf("a decimal of %d digits, %d behind the point, has no type in Selfsame: decimals have at most 38 digits", n.Precision, n.Scale)
		}
		return selfsame.DecimalOf(uint8(n.Precision), uint8(n.Scale)), ""
	case "uuid":
		return selfsame.Scalar(selfsame.String), ""
	case "time-millis", "time-micros", "duration":
		return selfsame.Type{}, n.LogicalType + " has no type in Selfsame"
	}
	switch n.Type {
	case "null":
		return selfsame.Type{}, ""
	case "boolean":
		return selfsame.Scalar(selfsame.Bool), ""
	case "int", "long":
		return selfsame.Scalar(selfsame.Int64), ""
	case "float", "double":
		return selfsame.Scalar(selfsame.Float64), ""
	case "string", "enum":
		return selfsame.Scalar(selfsame.String), ""
	case "bytes", "fixed":
		return selfsame.Scalar(selfsame.Bytes), ""
	case "array":
		return n.nested(n.Items, selfsame.ListOf)
	case "map":
		return n.nested(n.Values, selfsame.MapOf)
	case "union":
		return n.union()
	}
	return selfsame.Type{}, n.Type + " has no type in Selfsame"
}

func (n *node) nested(of *avro.SchemaNode, outer func(selfsame.Type) selfsame.Type) (selfsame.Type, string) {
	elem := &node{SchemaNode: *of}
	t, reason := elem.typed()
	n.local = elem.local
	if reason != "" {
		return selfsame.Type{}, reason
	}
	if t.Kind == selfsame.Unknown {
		t = selfsame.Scalar(selfsame.String)
	}
	return outer(t), ""
}

// union is the type beside null.
func (n *node) union() (t selfsame.Type, reason string) {
	types := 0
	for _, branch := range n.Branches {
		if branch.Type == "null" {
			continue
		}
		b := &node{SchemaNode: branch}
		t, reason = b.typed()
		n.local = b.local
		types++
	}
	if types > 1 {
		return selfsame.Type{}, fmt.Sprintf("a union of %d types has no type in Selfsame", types)
	}
	return t, reason
}

// column is the place and the type of a column; -1 where there is none.
func (r *Reader) column(name string) (int, selfsame.Type) {
	for i, c := range r.columns {
		if c.Name == name {
			return i, c.Type
		}
	}
	return -1, selfsame.Type{}
}
