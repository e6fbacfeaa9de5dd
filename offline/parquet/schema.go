// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"selfsame"
	"selfsame/offline"
)

// leaf is one Parquet column: a field, or the elements, keys or values inside one.
type leaf struct {
	field int           // place in the batch
	steps []bool        // way down from the field: false takes Elems, true takes the Keys of a map
	typ   selfsame.Type // of the values
	cast  offline.Cast
	name  string // of the field, for messages
	path  string // dotted, as Parquet names the column
}

// schemaOf returns the Parquet schema of the fields and its leaves, in order.
func schemaOf(fields []selfsame.Field, casts []offline.Cast) (*schema.GroupNode, []leaf, error) {
	var nodes schema.FieldList
	var leaves []leaf
	for i, f := range fields {
		l := leaf{field: i, cast: casts[i], name: f.Name, path: f.Name}
		n, err := nodeOf(f.Name, f.Type, parquet.Repetitions.Optional, l, &leaves)
		if err != nil {
			return nil, nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "column " + f.Name, Message: "has no Parquet type", Err: err}
		}
		nodes = append(nodes, n)
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, nodes, -1)
	return root, leaves, err
}

// nodeOf builds the node of one field or element and appends the leaves below it.
func nodeOf(name string, t selfsame.Type, rep parquet.Repetition, at leaf, leaves *[]leaf) (schema.Node, error) {
	step := func(below string, key bool) leaf {
		l := at
		l.steps = append(append([]bool{}, at.steps...), key)
		l.path += below
		return l
	}
	switch t.Kind {
	case selfsame.List:
		elem, err := nodeOf("element", *t.Elem, parquet.Repetitions.Optional, step(".list.element", false), leaves)
		if err != nil {
			return nil, err
		}
		return schema.ListOfWithName(name, elem, rep, -1)
	case selfsame.Map:
		key, err := nodeOf("key", selfsame.Scalar(selfsame.String), parquet.Repetitions.Required, step(".key_value.key", true), leaves)
		if err != nil {
			return nil, err
		}
		value, err := nodeOf("value", *t.Elem, parquet.Repetitions.Optional, step(".key_value.value", false), leaves)
		if err != nil {
			return nil, err
		}
		return schema.MapOf(name, key, value, rep, -1)
	}
	at.typ = t
	*leaves = append(*leaves, at)
	physical, logical, length := physicalOf(t, at.cast)
	return schema.NewPrimitiveNodeLogical(name, rep, logical, physical, length, -1)
}

// physicalOf returns how values of a scalar type are stored.
func physicalOf(t selfsame.Type, cast offline.Cast) (parquet.Type, schema.LogicalType, int) {
	switch cast {
	case offline.Float32:
		return parquet.Types.Float, schema.NoLogicalType{}, -1
	case offline.Int32:
		return parquet.Types.Int32, schema.NoLogicalType{}, -1
	}
	switch t.Kind {
	case selfsame.Bool:
		return parquet.Types.Boolean, schema.NoLogicalType{}, -1
	case selfsame.Int64:
		return parquet.Types.Int64, schema.NoLogicalType{}, -1
	case selfsame.Timestamp:
		return parquet.Types.Int64, schema.NewTimestampLogicalType(true, schema.TimeUnitMicros), -1
	case selfsame.Date:
		return parquet.Types.Int32, schema.DateLogicalType{}, -1
	case selfsame.Float64:
		return parquet.Types.Double, schema.NoLogicalType{}, -1
	case selfsame.Decimal:
		logical := schema.NewDecimalLogicalType(int32(t.Precision), int32(t.Scale))
		if t.Precision <= 18 {
			return parquet.Types.Int64, logical, -1
		}
		return parquet.Types.FixedLenByteArray, logical, 16
	case selfsame.String:
		return parquet.Types.ByteArray, schema.StringLogicalType{}, -1
	case selfsame.Bytes:
		return parquet.Types.ByteArray, schema.NoLogicalType{}, -1
	}
	// A column of untyped nulls: stored as integers, every one null.
	return parquet.Types.Int32, schema.NullLogicalType{}, -1
}
