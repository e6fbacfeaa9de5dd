// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arrow

import (
	"errors"

	flatbuffers "github.com/google/flatbuffers/go"
)

// Places of fields in the tables of a schema.
const (
	footerSchema    = 6
	schemaFields    = 6
	schemaMetadata  = 8
	fieldKind       = 8
	fieldType       = 10
	fieldChildren   = 14
	fieldMetadata   = 16
	unionKinds      = 6
	messageMetadata = 12

	kindUnion = 14
)

var errSchema = errors.New("its schema is damaged")

// checker follows a schema before the library does, which takes memory for as many fields as the file says there are.
type checker struct{ fields int }

const (
	mostFields = 100_000
	mostDepth  = 64
)

// schema checks the schema of a footer.
func (c *checker) schema(footer *flatbuffers.Table) error {
	at := flatbuffers.UOffsetT(footer.Offset(footerSchema))
	if at == 0 {
		return errSchema
	}
	schema := &flatbuffers.Table{Bytes: footer.Bytes, Pos: footer.Indirect(footer.Pos + at)}
	if !fits(schema, schemaMetadata, 4) || !c.all(schema, schemaFields, 0) {
		return errSchema
	}
	return nil
}

// all checks the fields in a vector of t.
func (c *checker) all(t *flatbuffers.Table, vector flatbuffers.VOffsetT, depth int) bool {
	at := flatbuffers.UOffsetT(t.Offset(vector))
	if at == 0 {
		return true
	}
	if !fits(t, vector, 4) || depth > mostDepth {
		return false
	}
	for i := range t.VectorLen(at) {
		field := &flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(t.Vector(at) + flatbuffers.UOffsetT(4*i))}
		if c.fields++; c.fields > mostFields || !fits(field, fieldMetadata, 4) || !kindsFit(field) || !c.all(field, fieldChildren, depth+1) {
			return false
		}
	}
	return true
}

// kindsFit checks the one list inside a type.
func kindsFit(field *flatbuffers.Table) bool {
	kind, at := flatbuffers.UOffsetT(field.Offset(fieldKind)), flatbuffers.UOffsetT(field.Offset(fieldType))
	if kind == 0 || at == 0 || field.GetByte(field.Pos+kind) != kindUnion {
		return true
	}
	var union flatbuffers.Table
	field.Union(&union, at)
	return fits(&union, unionKinds, 4)
}

// fits reports whether a vector lies inside its buffer.
func fits(t *flatbuffers.Table, vector flatbuffers.VOffsetT, size int) bool {
	at := flatbuffers.UOffsetT(t.Offset(vector))
	return at == 0 || t.VectorLen(at) <= (len(t.Bytes)-int(t.Vector(at)))/size
}
