// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"selfsame"
	"selfsame/column"
)

// packs reports whether values of a kind are part of Packed.
func packs(k selfsame.Kind) bool { return whole(k) || k == selfsame.Float64 || textual(k) }

func whole(k selfsame.Kind) bool {
	return k == selfsame.Int64 || k == selfsame.Timestamp || k == selfsame.Date || k == selfsame.Bool
}

func textual(k selfsame.Kind) bool { return k == selfsame.String || k == selfsame.Bytes }

// pack writes Packed: a handful of arrays for all columns, so that a reader makes a handful of slices. The generated code of Go takes 1 µs for 50
// features of one entity in this form, and 14 µs in columns.
func (p *protoWriter) pack(b []byte, a *Answer, known, expired bool) []byte {
	body := p.packed[:0]
	absent, times := false, false
	var floats int
	for i := range a.Columns {
		c := &a.Columns[i]
		times = times || c.EventTimes != nil
		for k := 0; c.Values.Status != nil && k < a.Rows && !absent; k++ {
			absent = c.Values.Status[k] != selfsame.Present
		}
		if c.Values.Type.Kind == selfsame.Float64 {
			floats += a.Rows
		}
		if !known {
			body = protowire.AppendString(protowire.AppendTag(body, 1, protowire.BytesType), c.Name)
			body = protowire.AppendString(protowire.AppendTag(body, 2, protowire.BytesType), typeName(c.Values.Type))
		}
	}
	if absent {
		body = packStatuses(body, a)
	}
	body = packInts(body, a, expired)
	if floats > 0 {
		body = protowire.AppendVarint(protowire.AppendTag(body, 5, protowire.BytesType), uint64(8*floats))
		for i := range a.Columns {
			body = packFloats(body, a.Columns[i].Values, a.Rows, expired)
		}
	}
	body = packTexts(body, a, expired)
	if times {
		body = packTimes(body, a)
	}
	p.packed = body
	return protowire.AppendBytes(protowire.AppendTag(b, 16, protowire.BytesType), body)
}

// withheld reports whether the slot of value i stays empty.
func withheld(c *column.Column, i int, expired bool) bool {
	if c.Status == nil {
		return false
	}
	s := c.Status[i]
	return s != selfsame.Present && !(s == selfsame.Expired && expired)
}

func packStatuses(b []byte, a *Answer) []byte {
	b = protowire.AppendVarint(protowire.AppendTag(b, 3, protowire.BytesType), uint64(a.Rows*len(a.Columns)))
	for i := range a.Columns {
		for k := range a.Rows {
			b = append(b, byte(a.Columns[i].Values.StatusAt(k)))
		}
	}
	return b
}

// wholeAt is value k of a column of whole numbers, 0 where it is withheld.
func wholeAt(c *column.Column, k int, expired bool) uint64 {
	switch {
	case withheld(c, k, expired):
		return 0
	case c.Type.Kind == selfsame.Bool:
		return protowire.EncodeZigZag(int64(btoi(c.Bools[k])))
	}
	return protowire.EncodeZigZag(c.Ints[k])
}

func packInts(b []byte, a *Answer, expired bool) []byte {
	size := 0
	for i := range a.Columns {
		if c := a.Columns[i].Values; whole(c.Type.Kind) {
			for k := range a.Rows {
				size += protowire.SizeVarint(wholeAt(c, k, expired))
			}
		}
	}
	if size == 0 {
		return b
	}
	b = protowire.AppendVarint(protowire.AppendTag(b, 4, protowire.BytesType), uint64(size))
	for i := range a.Columns {
		if c := a.Columns[i].Values; whole(c.Type.Kind) {
			for k := range a.Rows {
				b = protowire.AppendVarint(b, wholeAt(c, k, expired))
			}
		}
	}
	return b
}

func packFloats(b []byte, c *column.Column, rows int, expired bool) []byte {
	if c.Type.Kind != selfsame.Float64 {
		return b
	}
	for k, v := range c.Floats[:rows] {
		if withheld(c, k, expired) {
			v = 0
		}
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// packTexts writes lengths and data.
func packTexts(b []byte, a *Answer, expired bool) []byte {
	length := func(c *column.Column, k int) uint64 {
		if withheld(c, k, expired) {
			return 0
		}
		return uint64(c.Offsets[k+1] - c.Offsets[k])
	}
	each := func(f func(c *column.Column, k int)) {
		for i := range a.Columns {
			if c := a.Columns[i].Values; textual(c.Type.Kind) {
				for k := range a.Rows {
					f(c, k)
				}
			}
		}
	}
	size, all := 0, uint64(0)
	each(func(c *column.Column, k int) {
		n := length(c, k)
		size, all = size+protowire.SizeVarint(n), all+n
	})
	if size == 0 {
		return b
	}
	b = protowire.AppendVarint(protowire.AppendTag(b, 6, protowire.BytesType), uint64(size))
	each(func(c *column.Column, k int) { b = protowire.AppendVarint(b, length(c, k)) })
	b = protowire.AppendVarint(protowire.AppendTag(b, 7, protowire.BytesType), all)
	each(func(c *column.Column, k int) {
		if !withheld(c, k, expired) {
			b = append(b, c.Str(k)...)
		}
	})
	return b
}

func packTimes(b []byte, a *Answer) []byte {
	at := func(i, k int) uint64 {
		if times := a.Columns[i].EventTimes; times != nil {
			return protowire.EncodeZigZag(times[k])
		}
		return protowire.EncodeZigZag(selfsame.MinTime)
	}
	size := 0
	for i := range a.Columns {
		for k := range a.Rows {
			size += protowire.SizeVarint(at(i, k))
		}
	}
	b = protowire.AppendVarint(protowire.AppendTag(b, 8, protowire.BytesType), uint64(size))
	for i := range a.Columns {
		for k := range a.Rows {
			b = protowire.AppendVarint(b, at(i, k))
		}
	}
	return b
}
