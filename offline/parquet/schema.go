// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"selfsame"
	"selfsame/offline"
)

// leaf is one Parquet column: a field, or the elements, keys or values inside one.
type leaf struct {
	field    int           // place in the batch
	steps    []bool        // way down from the field: false takes Elems, true takes the Keys of a map
	typ      selfsame.Type // of the values
	cast     offline.Cast
	name     string   // of the field, for messages
	path     []string // as Parquet names the column
	physical int
	maxDef   int // levels
	maxRep   int
}

// keyed reports whether bounds of the leaf's values are keys.
func (l *leaf) keyed() bool {
	return l.physical != physicalBool && l.physical != physicalBytes && l.physical != physicalFixed
}

// Physical types, as Parquet numbers them.
const (
	physicalBool   = 0
	physicalInt32  = 1
	physicalInt64  = 2
	physicalFloat  = 4
	physicalDouble = 5
	physicalBytes  = 6
	physicalFixed  = 7
	physicalNone   = -1 // a group
)

// Repetitions, as Parquet numbers them.
const (
	required = 0
	optional = 1
	repeated = 2
)

// element is one node of the schema, in the order of the footer: a node, then those below it.
type element struct {
	name       string
	repetition int
	children   int
	physical   int
	length     int // of physicalFixed
	logical    selfsame.Type
	null       bool // of the logical type for columns of nulls
}

// schema is the nodes below the root, and the leaves.
type schema struct {
	elements []element
	leaves   []leaf
}

// schemaOf returns the Parquet schema of the fields.
func schemaOf(fields []selfsame.Field, casts []offline.Cast) *schema {
	s := &schema{}
	for i, f := range fields {
		s.add(f.Type, optional, leaf{field: i, cast: casts[i], name: f.Name, path: []string{f.Name}})
	}
	return s
}

// add appends the nodes of one field or element. at says where it stands: its path ends with its own name.
func (s *schema) add(t selfsame.Type, repetition int, at leaf) {
	name := at.path[len(at.path)-1]
	if repetition == optional {
		at.maxDef++
	}
	below := func(key bool, names ...string) leaf {
		l := at
		l.steps = append(append([]bool{}, at.steps...), key)
		l.path = append(append([]string{}, at.path...), names...)
		l.maxDef++
		l.maxRep++
		return l
	}
	switch t.Kind {
	case selfsame.List:
		s.elements = append(s.elements, element{name: name, repetition: repetition, children: 1, physical: physicalNone, logical: t},
			element{name: "list", repetition: repeated, children: 1, physical: physicalNone})
		s.add(*t.Elem, optional, below(false, "list", "element"))
		return
	case selfsame.Map:
		s.elements = append(s.elements, element{name: name, repetition: repetition, children: 1, physical: physicalNone, logical: t},
			element{name: "key_value", repetition: repeated, children: 2, physical: physicalNone})
		s.add(selfsame.Scalar(selfsame.String), required, below(true, "key_value", "key"))
		s.add(*t.Elem, optional, below(false, "key_value", "value"))
		return
	}
	e := element{name: name, repetition: repetition, logical: t, null: t.Kind == selfsame.Unknown}
	e.physical, e.length = physicalOf(t, at.cast)
	if at.cast != offline.NoCast {
		e.logical = selfsame.Type{}
	}
	at.typ, at.physical = t, e.physical
	s.elements, s.leaves = append(s.elements, e), append(s.leaves, at)
}

// physicalOf returns how values of a scalar type are stored, with their length where it is fixed.
func physicalOf(t selfsame.Type, cast offline.Cast) (physical, length int) {
	switch cast {
	case offline.Float32:
		return physicalFloat, 0
	case offline.Int32:
		return physicalInt32, 0
	}
	switch t.Kind {
	case selfsame.Bool:
		return physicalBool, 0
	case selfsame.Int64, selfsame.Timestamp:
		return physicalInt64, 0
	case selfsame.Date:
		return physicalInt32, 0
	case selfsame.Float64:
		return physicalDouble, 0
	case selfsame.Decimal:
		if t.Precision <= 18 {
			return physicalInt64, 0
		}
		return physicalFixed, 16
	case selfsame.String, selfsame.Bytes:
		return physicalBytes, 0
	}
	return physicalInt32, 0 // a column of untyped nulls: stored as integers, every one null
}

// Logical types: their field in the union, and the older name of the same.
const (
	logicalString    = 1
	logicalMap       = 2
	logicalList      = 3
	logicalDecimal   = 5
	logicalDate      = 6
	logicalTimestamp = 8
	logicalUnknown   = 11

	convertedUTF8      = 0
	convertedMap       = 1
	convertedList      = 3
	convertedDecimal   = 5
	convertedDate      = 6
	convertedTimestamp = 10 // microseconds
)

// writeTo writes the nodes, the root before them.
func (s *schema) writeTo(t *compact, fields int) {
	t.list(2, thriftStruct, len(s.elements)+1)
	t.element(func() {
		t.i32(3, required)
		t.text(4, "schema")
		t.i32(5, fields)
	})
	for i := range s.elements {
		t.element(func() { s.elements[i].writeTo(t) })
	}
}

func (e *element) writeTo(t *compact) {
	if e.physical != physicalNone {
		t.i32(1, e.physical)
		if e.length > 0 {
			t.i32(2, e.length)
		}
	}
	t.i32(3, e.repetition)
	t.text(4, e.name)
	if e.children > 0 {
		t.i32(5, e.children)
	}
	empty := func() {}
	simple := func(converted, logical int) {
		t.i32(6, converted)
		t.within(10, func() { t.within(int16(logical), empty) })
	}
	switch e.logical.Kind {
	case selfsame.String:
		simple(convertedUTF8, logicalString)
	case selfsame.Map:
		simple(convertedMap, logicalMap)
	case selfsame.List:
		simple(convertedList, logicalList)
	case selfsame.Date:
		simple(convertedDate, logicalDate)
	case selfsame.Timestamp:
		t.i32(6, convertedTimestamp)
		t.within(10, func() {
			t.within(logicalTimestamp, func() {
				t.truth(1, true)                           // UTC
				t.within(2, func() { t.within(2, empty) }) // microseconds
			})
		})
	case selfsame.Decimal:
		e.writeDecimal(t)
	default:
		if e.null {
			t.within(10, func() { t.within(logicalUnknown, empty) })
		}
	}
}

func (e *element) writeDecimal(t *compact) {
	scale, precision := int(e.logical.Scale), int(e.logical.Precision)
	t.i32(6, convertedDecimal)
	t.i32(7, scale)
	t.i32(8, precision)
	t.within(10, func() {
		t.within(logicalDecimal, func() {
			t.i32(1, scale)
			t.i32(2, precision)
		})
	})
}
