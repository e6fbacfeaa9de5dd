// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"github.com/zeebo/xxh3"
	"google.golang.org/protobuf/encoding/protowire"
)

// Schema is what the columns of an answer are, in the bytes that each answer of its shape needs. It is immutable.
type Schema struct {
	id       string
	names    []byte // "name": of each column in JSON, one after the other
	ends     []int  // of each name
	features []byte // the key features of JSON, a comma before it
	wire     []byte // definition and reference of GetFeaturesResponse
}

// NewSchema returns the schema of columns: of their names, types, references and definitions. It keeps nothing of them.
func NewSchema(columns []AnswerColumn) *Schema {
	s := &Schema{id: schemaOf(columns), features: []byte(`,"features":[`)}
	for i := range columns {
		c := &columns[i]
		from := len(s.names)
		s.names = append(quoted(s.names, c.Name), ':')
		s.ends = append(s.ends, len(s.names))
		b := s.features
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, `{"name":`...), s.names[from:len(s.names)-1]...)
		b = quoted(append(b, `,"reference":`...), c.Reference)
		b = quoted(append(b, `,"definition":`...), c.Definition)
		s.features = append(append(append(b, `,"type":"`...), typeName(c.Values.Type)...), '"', '}')
	}
	s.features = append(s.features, ']')
	for i := range columns {
		s.wire = protowire.AppendString(protowire.AppendTag(s.wire, 2, protowire.BytesType), columns[i].Definition)
	}
	for i := range columns {
		s.wire = protowire.AppendString(protowire.AppendTag(s.wire, 8, protowire.BytesType), columns[i].Reference)
	}
	return s
}

// name returns the name of column i as a key of JSON, its colon with it.
func (s *Schema) name(i int) []byte {
	from := 0
	if i > 0 {
		from = s.ends[i-1]
	}
	return s.names[from:s.ends[i]]
}

// schema returns the schema of an answer.
func (a *Answer) schema() *Schema {
	if a.Schema != nil {
		return a.Schema
	}
	return NewSchema(a.Columns)
}

const hexDigits = "0123456789abcdef"

// schemaOf names what columns are: equal for equal names, types, references and definitions.
func schemaOf(columns []AnswerColumn) string {
	var h uint64
	for i := range columns {
		c := &columns[i]
		h = h*0x9E3779B97F4A7C15 + xxh3.HashString(c.Name)
		h = h*0x9E3779B97F4A7C15 + xxh3.HashString(c.Reference)
		h = h*0x9E3779B97F4A7C15 + xxh3.HashString(c.Definition)
		h = h*0x9E3779B97F4A7C15 + xxh3.HashString(typeName(c.Values.Type))
	}
	var b [16]byte
	for i := range b {
		b[i] = hexDigits[h>>(60-4*i)&15]
	}
	return string(b[:])
}
