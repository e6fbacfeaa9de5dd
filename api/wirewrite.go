// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/binary"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"selfsame"
	"selfsame/column"
)

// protoWriter writes answers as messages of selfsame.proto. Columns are written straight from their slices: no message is built. Its memory is
// used again.
type protoWriter struct {
	out    []byte
	inner  [4][]byte // of nested columns, by depth
	packed []byte
}

func appendText(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func appendNumber(b []byte, field protowire.Number, v int64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

func appendFlag(b []byte, field protowire.Number, v bool) []byte {
	if !v {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), 1)
}

// answer writes GetFeaturesResponse.
func (p *protoWriter) answer(a *Answer, how *asked, started time.Time) {
	b := p.out
	schema := a.schema()
	known := how.schema == schema.id
	if how.packed {
		b = p.pack(b, a, known, how.q.Expired)
	}
	for i := range a.Columns {
		c := &a.Columns[i]
		if how.packed && packs(c.Values.Type.Kind) {
			continue
		}
		name, typ := c.Name, typeName(c.Values.Type)
		if known || how.packed {
			name, typ = "", ""
		}
		body := appendText(p.inner[0][:0], 1, name)
		body = p.column(appendText(body, 2, typ), c.Values, a.Rows, how.q.Expired, 1)
		if c.EventTimes != nil && !how.packed {
			body = zigzags(body, 10, c.EventTimes[:a.Rows])
		}
		p.inner[0] = body
		b = protowire.AppendBytes(protowire.AppendTag(b, 1, protowire.BytesType), body)
	}
	if !known {
		b = append(b, schema.wire...)
	}
	b = appendNumber(b, 3, a.At)
	b = appendText(b, 4, a.Cut)
	b = appendFlag(b, 5, a.Stale)
	b = appendText(b, 6, a.RequestID)
	b = appendText(b, 9, a.Service)
	b = appendNumber(b, 10, a.Version)
	b = appendNumber(b, 11, int64(a.Rows))
	for _, w := range a.Warnings {
		b = protowire.AppendString(protowire.AppendTag(b, 12, protowire.BytesType), w)
	}
	b = appendNumber(b, 13, a.CacheHits)
	b = appendNumber(b, 14, a.CacheMisses)
	b = appendText(b, 15, schema.id)
	b = appendText(b, 17, a.Experiment)
	for _, v := range a.Variants {
		b = protowire.AppendString(protowire.AppendTag(b, 18, protowire.BytesType), v)
	}
	if how.timing {
		for _, s := range a.Milliseconds {
			b = p.step(b, s)
		}
		b = p.step(b, Step{"encode", milliseconds(time.Since(started))})
	}
	p.out = b
}

// step writes an entry of milliseconds.
func (p *protoWriter) step(b []byte, s Step) []byte {
	body := appendText(p.inner[0][:0], 1, s.Name)
	body = protowire.AppendFixed64(protowire.AppendTag(body, 2, protowire.Fixed64Type), math.Float64bits(s.Milliseconds))
	p.inner[0] = body
	return protowire.AppendBytes(protowire.AppendTag(b, 7, protowire.BytesType), body)
}

// column writes the values and statuses of a column. A value that is withheld leaves nothing of itself in its slot.
func (p *protoWriter) column(b []byte, c *column.Column, n int, expired bool, depth int) []byte {
	absent := false
	for i := 0; c.Status != nil && i < n && !absent; i++ {
		absent = c.Status[i] != selfsame.Present
	}
	if absent {
		b = protowire.AppendVarint(protowire.AppendTag(b, 3, protowire.BytesType), uint64(n))
		for _, s := range c.Status[:n] {
			b = append(b, byte(s)) // all below 128: a varint of one byte
		}
	}
	there := func(i int) bool {
		s := c.StatusAt(i)
		return s == selfsame.Present || (s == selfsame.Expired && expired)
	}
	switch c.Type.Kind {
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		if !absent {
			return zigzags(b, 4, c.Ints[:n])
		}
		return maskedInts(b, c.Ints[:n], there)
	case selfsame.Bool:
		b = protowire.AppendVarint(protowire.AppendTag(b, 4, protowire.BytesType), uint64(n))
		for i, v := range c.Bools[:n] {
			b = append(b, byte(2*btoi(v && there(i)))) // zigzag of 1 is 2
		}
	case selfsame.Float64:
		b = protowire.AppendVarint(protowire.AppendTag(b, 5, protowire.BytesType), uint64(8*n))
		for i, v := range c.Floats[:n] {
			if absent && !there(i) {
				v = 0
			}
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	case selfsame.Decimal:
		b = protowire.AppendVarint(protowire.AppendTag(b, 11, protowire.BytesType), uint64(16*n))
		for i, v := range c.Decimals[:n] {
			if absent && !there(i) {
				v = selfsame.Int128{}
			}
			b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, uint64(v.Hi)), v.Lo)
		}
	case selfsame.String, selfsame.Bytes:
		return texts(b, c, n, there)
	case selfsame.List, selfsame.Map:
		return p.nested(b, c, n, there, depth)
	}
	return b
}

// zigzags writes a packed field of sint64.
func zigzags(b []byte, field protowire.Number, values []int64) []byte {
	size := 0
	for _, v := range values {
		size += protowire.SizeVarint(protowire.EncodeZigZag(v))
	}
	b = protowire.AppendVarint(protowire.AppendTag(b, field, protowire.BytesType), uint64(size))
	for _, v := range values {
		b = protowire.AppendVarint(b, protowire.EncodeZigZag(v))
	}
	return b
}

func maskedInts(b []byte, values []int64, there func(int) bool) []byte {
	size := 0
	for i, v := range values {
		if there(i) {
			size += protowire.SizeVarint(protowire.EncodeZigZag(v))
		} else {
			size++
		}
	}
	b = protowire.AppendVarint(protowire.AppendTag(b, 4, protowire.BytesType), uint64(size))
	for i, v := range values {
		if !there(i) {
			v = 0
		}
		b = protowire.AppendVarint(b, protowire.EncodeZigZag(v))
	}
	return b
}

// lengths writes how long each value is, and returns how long all are. A withheld value has length 0.
func lengths(b []byte, c *column.Column, n int, there func(int) bool) ([]byte, int) {
	size, all := 0, 0
	length := func(i int) int {
		if !there(i) {
			return 0
		}
		return int(c.Offsets[i+1] - c.Offsets[i])
	}
	for i := range n {
		l := length(i)
		size, all = size+protowire.SizeVarint(uint64(l)), all+l
	}
	b = protowire.AppendVarint(protowire.AppendTag(b, 7, protowire.BytesType), uint64(size))
	for i := range n {
		b = protowire.AppendVarint(b, uint64(length(i)))
	}
	return b, all
}

func texts(b []byte, c *column.Column, n int, there func(int) bool) []byte {
	b, all := lengths(b, c, n, there)
	b = protowire.AppendVarint(protowire.AppendTag(b, 11, protowire.BytesType), uint64(all))
	for i := range n {
		if there(i) {
			b = append(b, c.Str(i)...)
		}
	}
	return b
}

// nested writes lists and maps: lengths, then the elements of those that are there, one after the other.
func (p *protoWriter) nested(b []byte, c *column.Column, n int, there func(int) bool, depth int) []byte {
	b, all := lengths(b, c, n, there)
	elems, keys := c.Elems, c.Keys
	if all != elems.Len() || (n > 0 && c.Offsets[0] != 0) {
		elems = column.New(elems.Type, all)
		if keys != nil {
			keys = column.New(keys.Type, all)
		}
		for i := range n {
			if there(i) {
				elems.AppendRange(c.Elems, int(c.Offsets[i]), int(c.Offsets[i+1]))
				if keys != nil {
					keys.AppendRange(c.Keys, int(c.Offsets[i]), int(c.Offsets[i+1]))
				}
			}
		}
	}
	b = p.sub(b, 8, elems, all, depth)
	if keys != nil {
		b = p.sub(b, 9, keys, all, depth)
	}
	return b
}

// sub writes a column as a field of another.
func (p *protoWriter) sub(b []byte, field protowire.Number, c *column.Column, n, depth int) []byte {
	var room []byte
	if depth < len(p.inner) {
		room = p.inner[depth][:0]
	}
	body := p.column(room, c, n, false, depth+1)
	if depth < len(p.inner) {
		p.inner[depth] = body
	}
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), body)
}

// receipt writes PushResponse.
func (p *protoWriter) receipt(r *Receipt) {
	b := protowire.AppendVarint(protowire.AppendTag(p.out, 1, protowire.BytesType), uint64(len(r.Fates)))
	for _, f := range r.Fates {
		b = append(b, byte(f))
	}
	for i, reason := range r.Reasons {
		if reason == "" {
			continue
		}
		body := appendText(appendNumber(p.inner[0][:0], 1, int64(i)), 2, reason)
		p.inner[0] = body
		b = protowire.AppendBytes(protowire.AppendTag(b, 2, protowire.BytesType), body)
	}
	b = protowire.AppendVarint(protowire.AppendTag(b, 3, protowire.VarintType), protowire.EncodeZigZag(r.Offset))
	p.out = protowire.AppendVarint(protowire.AppendTag(b, 4, protowire.VarintType), protowire.EncodeZigZag(r.Arrival))
}

// problem writes PushResponse with a problem.
func (p *protoWriter) problem(x *problem) {
	body := appendText(p.inner[0][:0], 1, string(x.class))
	body = appendText(body, 2, x.message)
	body = appendText(body, 3, x.hint)
	body = appendNumber(body, 4, x.retry.Milliseconds())
	p.inner[0] = body
	p.out = protowire.AppendBytes(protowire.AppendTag(p.out, 5, protowire.BytesType), body)
}
