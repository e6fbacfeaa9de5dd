// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import "encoding/binary"

// compact writes Thrift's compact protocol, in which Parquet's headers and footers are: a field is its number, as the distance from
// the field before, and its type in one byte, then its value; a struct ends with a zero.
type compact struct {
	b     []byte
	last  int16   // number of the field written last, in the struct that is open
	outer []int16 // the same of the structs around it
}

// Types of the compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftBinary = 8
	thriftList   = 9
	thriftStruct = 12
)

func (t *compact) field(id int16, kind byte) {
	t.b = append(t.b, byte(id-t.last)<<4|kind) // Parquet's structs leave no gap of 16
	t.last = id
}

func (t *compact) zigzag(v int64) { t.b = binary.AppendUvarint(t.b, uint64(v)<<1^uint64(v>>63)) }

func (t *compact) i16(id int16, v int16) {
	t.field(id, thriftI16)
	t.zigzag(int64(v))
}

func (t *compact) i32(id int16, v int) {
	t.field(id, thriftI32)
	t.zigzag(int64(v))
}

func (t *compact) i64(id int16, v int64) {
	t.field(id, thriftI64)
	t.zigzag(v)
}

func (t *compact) truth(id int16, v bool) {
	kind := byte(thriftFalse)
	if v {
		kind = thriftTrue
	}
	t.field(id, kind)
}

func (t *compact) text(id int16, s string) {
	t.field(id, thriftBinary)
	t.bytes([]byte(s))
}

func (t *compact) binary(id int16, b []byte) {
	t.field(id, thriftBinary)
	t.bytes(b)
}

// bytes writes an element of a list of binaries.
func (t *compact) bytes(b []byte) {
	t.b = append(binary.AppendUvarint(t.b, uint64(len(b))), b...)
}

// list begins a list of n elements, which follow.
func (t *compact) list(id int16, kind byte, n int) {
	t.field(id, thriftList)
	if n < 15 {
		t.b = append(t.b, byte(n)<<4|kind)
		return
	}
	t.b = binary.AppendUvarint(append(t.b, 0xF0|kind), uint64(n))
}

// within writes a field that is a struct.
func (t *compact) within(id int16, fields func()) {
	t.field(id, thriftStruct)
	t.element(fields)
}

// element writes a struct that is an element of a list, or the outermost.
func (t *compact) element(fields func()) {
	t.outer = append(t.outer, t.last)
	t.last = 0
	fields()
	t.b = append(t.b, 0)
	t.last = t.outer[len(t.outer)-1]
	t.outer = t.outer[:len(t.outer)-1]
}
