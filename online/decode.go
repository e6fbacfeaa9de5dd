// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package online

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"strconv"

	"selfsame"
	"selfsame/column"
)

// Decode appends the encoded rows of b to dst, and the retractions to dst.Retractions. Bytes that AppendRow and AppendRetraction do
// not write are an error of class internal and leave dst empty. Rows that were decoded by another layout must have been Reset.
func (l *Layout) Decode(dst *Rows, b []byte) error {
	dst.adopt(l)
	err := l.decode(dst, b)
	if err != nil {
		dst.Reset()
	}
	return err
}

func (l *Layout) decode(dst *Rows, b []byte) error {
	for at := 0; at < len(b); {
		n, p := uvarint(b, at)
		if p < 0 || n == 0 || n > uint64(len(b)-p) {
			return corrupted(at, "a length goes beyond the bytes")
		}
		end := p + int(n)
		switch flags := b[p]; {
		case flags&^flagsKnown != 0, flags&flagRetraction != 0 && flags&^(flagRetraction|flagNever) != 0:
			return corrupted(at, "flags of an unknown form")
		case flags&flagRetraction != 0:
			p = dst.retraction(b, p+1, flags)
		default:
			p = l.row(dst, b, p+1, flags)
		}
		if p != end {
			return corrupted(at, "a row that does not fill its length")
		}
		at = end
	}
	return nil
}

func corrupted(at int, what string) error {
	return &selfsame.Error{Class: selfsame.ClassInternal, Ref: "online state", Message: what + ", at byte " + strconv.Itoa(at),
		Hint: "the stored rows are damaged: stop, remove the online folder of the data directory and start again; it is built anew from the log"}
}

// adopt makes the columns of a layout.
func (r *Rows) adopt(l *Layout) {
	if r.layout == l {
		return
	}
	r.layout = l
	if r.Order == nil || !r.Order.Type.Equal(l.Order) {
		r.Order = nil
		if l.ordered() {
			r.Order = column.New(l.Order, 0)
		}
	}
	if !slices.EqualFunc(r.Columns, l.Columns, func(c *column.Column, t selfsame.Type) bool { return c.Type.Equal(t) }) {
		r.Columns = make([]*column.Column, len(l.Columns))
		for i, t := range l.Columns {
			r.Columns[i] = column.New(t, 0)
		}
	}
}

// row decodes the row behind its flags and returns the place behind it, or -1. It may read into what follows the row, inside b.
func (l *Layout) row(r *Rows, b []byte, p int, flags byte) int {
	var place uint8
	if flags&flagPlace != 0 {
		if p >= len(b) {
			return -1
		}
		place = b[p]
		p++
	}
	seq, p := varint(b, p)
	t, p := fixed(b, p)
	tau, alpha := int64(t), selfsame.MaxTime
	if flags&flagNever == 0 {
		alpha, p = varint(b, p)
		alpha += tau
	}
	if l.Hash {
		var h uint64
		h, p = fixed(b, p)
		r.Hash = append(r.Hash, h)
	}
	if p < 0 {
		return -1
	}
	r.Seq, r.Tau, r.Alpha, r.Place = append(r.Seq, seq), append(r.Tau, tau), append(r.Alpha, alpha), append(r.Place, place)
	r.note(seq)
	if flags&flagDelete != 0 && r.Delete == nil {
		r.Delete = make([]bool, len(r.Seq)-1, cap(r.Seq))
	}
	if r.Delete != nil {
		r.Delete = append(r.Delete, flags&flagDelete != 0)
	}
	if flags&flagMissing != 0 {
		return l.sparse(r, b, p, tau)
	}
	if l.ordered() {
		p = readValue(r.Order, b, p, tau)
	}
	for _, c := range r.Columns {
		p = readValue(c, b, p, tau)
	}
	return p
}

// note keeps account of whether some Seq may be there twice: places in the log that ascend and places in history that descend are each
// there once.
func (r *Rows) note(seq int64) {
	switch {
	case seq >= r.next:
		r.next = seq + 1
	case seq < r.oldest:
		r.oldest = seq
	default:
		r.twice = true
	}
}

// sparse decodes the values of a row of which some are missing.
func (l *Layout) sparse(r *Rows, b []byte, p int, tau int64) int {
	n := (l.slots() + 7) / 8
	if n > len(b)-p {
		return -1
	}
	missing := b[p : p+n]
	p += n
	slot := 0
	read := func(c *column.Column) {
		if missing[slot/8]>>(slot%8)&1 == 0 {
			p = readValue(c, b, p, tau)
		} else {
			p = readStatus(c, b, p)
		}
		slot++
	}
	if l.ordered() {
		read(r.Order)
	}
	for _, c := range r.Columns {
		read(c)
	}
	return p
}

// readStatus appends a value that is missing.
func readStatus(c *column.Column, b []byte, p int) int {
	if p < 0 || p >= len(b) || b[p] == byte(selfsame.Present) || b[p] > byte(selfsame.ErrorMaxValues) {
		return -1
	}
	c.AppendStatus(selfsame.Status(b[p]))
	return p + 1
}

// readValue appends a value that is there.
func readValue(c *column.Column, b []byte, p int, tau int64) int {
	switch c.Type.Kind {
	case selfsame.Float64:
		var v uint64
		v, p = fixed(b, p)
		c.Floats = append(c.Floats, math.Float64frombits(v))
	case selfsame.Int64, selfsame.Date:
		var v int64
		v, p = varint(b, p)
		c.Ints = append(c.Ints, v)
	case selfsame.Timestamp:
		var v int64
		v, p = varint(b, p)
		c.Ints = append(c.Ints, v+tau)
	case selfsame.String, selfsame.Bytes:
		n, q := uvarint(b, p)
		if q < 0 || n > uint64(len(b)-q) || n > math.MaxUint32-uint64(len(c.Bytes)) {
			return -1
		}
		p = q + int(n)
		c.Bytes = append(c.Bytes, b[q:p]...)
		c.Offsets = append(c.Offsets, uint32(len(c.Bytes)))
	case selfsame.Bool:
		if p < 0 || p >= len(b) || b[p] > 1 {
			return -1
		}
		c.Bools = append(c.Bools, b[p] == 1)
		p++
	case selfsame.Decimal:
		var d selfsame.Int128
		d, p = readDecimal(b, p)
		c.Decimals = append(c.Decimals, d)
	case selfsame.List, selfsame.Map:
		p = readElems(c, b, p, tau)
	default:
		return -1
	}
	if c.Status != nil {
		c.Status = append(c.Status, selfsame.Present)
	}
	return p
}

func readElems(c *column.Column, b []byte, p int, tau int64) int {
	n, p := uvarint(b, p)
	if p < 0 || n > uint64(len(b)-p) || n > uint64(math.MaxUint32-c.Elems.Len()) {
		return -1
	}
	for range n {
		if c.Keys != nil {
			p = readValue(c.Keys, b, p, tau)
		}
		if p < 0 || p >= len(b) {
			return -1
		}
		if b[p] == byte(selfsame.Present) {
			p = readValue(c.Elems, b, p+1, tau)
		} else {
			p = readStatus(c.Elems, b, p)
		}
	}
	c.Offsets = append(c.Offsets, uint32(c.Elems.Len()))
	return p
}

func readDecimal(b []byte, p int) (selfsame.Int128, int) {
	if p < 0 || p >= len(b) || b[p] > 16 || int(b[p]) > len(b)-p-1 {
		return selfsame.Int128{}, -1
	}
	n := int(b[p])
	v := b[p+1 : p+1+n]
	var full [16]byte
	if n > 0 && v[n-1] >= 0x80 {
		for i := range full {
			full[i] = 0xff
		}
	}
	copy(full[:], v)
	return selfsame.Int128{Lo: binary.LittleEndian.Uint64(full[:]), Hi: int64(binary.LittleEndian.Uint64(full[8:]))}, p + 1 + n
}

// retraction decodes a retraction behind its flags.
func (r *Rows) retraction(b []byte, p int, flags byte) int {
	x := Retraction{Alpha: selfsame.MaxTime}
	x.Target, p = varint(b, p)
	x.Seq, p = varint(b, p)
	if flags&flagNever == 0 {
		var a uint64
		a, p = fixed(b, p)
		x.Alpha = int64(a)
	}
	if p >= 0 {
		r.Retractions = append(r.Retractions, x)
	}
	return p
}

// fixed reads 8 bytes, least significant first. A place of -1, here and below, is an error that came before, and stays one.
func fixed(b []byte, p int) (uint64, int) {
	if p < 0 || len(b)-p < 8 {
		return 0, -1
	}
	return binary.LittleEndian.Uint64(b[p:]), p + 8
}

func varint(b []byte, p int) (int64, int) {
	u, p := uvarint(b, p)
	return int64(u>>1) ^ -int64(u&1), p
}

// uvarint reads integers of up to eight bytes in one step, without a branch on their length.
func uvarint(b []byte, p int) (uint64, int) {
	if p < 0 || len(b)-p < 8 {
		return uvarintSlow(b, p)
	}
	x := binary.LittleEndian.Uint64(b[p:])
	if x&0x80 == 0 {
		return x & 0x7f, p + 1
	}
	last := ^x & 0x8080808080808080
	if last == 0 {
		return uvarintSlow(b, p)
	}
	x &= (last ^ (last - 1)) & 0x7f7f7f7f7f7f7f7f
	x = x&0x007f007f007f007f | x&0x7f007f007f007f00>>1
	x = x&0x00003fff00003fff | x&0x3fff00003fff0000>>2
	x = x&0x000000000fffffff | x&0x0fffffff00000000>>4
	return x, p + bits.TrailingZeros64(last)/8 + 1
}

func uvarintSlow(b []byte, p int) (uint64, int) {
	if p < 0 {
		return 0, -1
	}
	v, n := binary.Uvarint(b[p:])
	if n <= 0 {
		return 0, -1
	}
	return v, p + n
}
