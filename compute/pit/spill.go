// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"cmp"
	"encoding/binary"
	"os"
	"slices"
	"unsafe"

	"selfsame"
	"selfsame/column"
)

// spill is the one temporary file of a sweep. A run of blocks is written together, partition after partition, so that a partition of
// a run is read back in one piece:
//
//	partition 0: [length of block a's slice][its values][length of block b's slice][its values] …
//	partition 1: …
//
// Values are the machine's own bytes: the file does not outlive the process.
type spill struct {
	dir  string
	file *os.File
	size int64
	buf  []byte
}

// run is one writing of blocks.
type run struct {
	parts  []*part
	starts []int64 // partition p is bytes [starts[p], starts[p+1]) of the file
}

// spillChunk is how many bytes are gathered before they are written.
const spillChunk = 4 << 20

func (s *spill) fail(what string, err error) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Ref: s.name(), Message: what, Err: err,
		Hint: "free space there, name another folder for spilled data, or raise the memory limit"}
}

func (s *spill) name() string {
	if s.file != nil {
		return s.file.Name()
	}
	return s.dir
}

// spillHeld writes every block that is in memory and keeps its memory for the next ones.
func (s *Sweep) spillHeld() error {
	r := &run{}
	for _, p := range s.parts {
		if p.stored == nil {
			r.parts = append(r.parts, p)
		}
	}
	slices.SortFunc(r.parts, func(a, b *part) int { return cmp.Compare(a.seq, b.seq) })
	if err := s.spill.write(r, s.partitions()); err != nil {
		return err
	}
	for _, p := range r.parts {
		p.stored = r
		s.free = append(s.free, p.detach())
	}
	s.held = 0
	return nil
}

// detach takes the memory out of p and leaves what describes its spilled values.
func (p *part) detach() *part {
	full := *p
	*p = part{seq: full.seq, place: full.place, stored: full.stored, starts: full.starts}
	p.has = full.shape()
	full.starts, full.stored = nil, nil
	return &full
}

// write appends the blocks of r to the file.
func (s *spill) write(r *run, partitions int) error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "selfsame-spill-*")
		if err != nil {
			return s.fail("cannot make a spill file", err)
		}
		s.file = f
	}
	r.starts = make([]int64, 0, partitions+1)
	s.buf = s.buf[:0]
	for p := range partitions {
		r.starts = append(r.starts, s.size+int64(len(s.buf)))
		for _, part := range r.parts {
			at := len(s.buf)
			s.buf = append(s.buf, 0, 0, 0, 0, 0, 0, 0, 0)
			s.buf = part.appendSlice(s.buf, int(part.starts[p]), int(part.starts[p+1]))
			binary.NativeEndian.PutUint64(s.buf[at:], uint64(len(s.buf)-at-8))
			if len(s.buf) >= spillChunk { // within a partition too: it may be a whole run
				if err := s.flush(); err != nil {
					return err
				}
			}
		}
	}
	r.starts = append(r.starts, s.size+int64(len(s.buf)))
	return s.flush()
}

func (s *spill) flush() error {
	n, err := s.file.Write(s.buf)
	s.size += int64(n)
	s.buf = s.buf[:0]
	if err != nil {
		return s.fail("cannot write spilled events", err)
	}
	return nil
}

func (s *spill) close() error {
	if s.file == nil {
		return nil
	}
	name := s.file.Name()
	err := s.file.Close()
	s.file, s.buf = nil, nil
	if rm := os.Remove(name); err == nil {
		err = rm
	}
	if err != nil {
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: name, Message: "cannot remove the spill file", Err: err}
	}
	return nil
}

// read returns the bytes of partition p of r, in the memory of buf.
func (s *spill) read(r *run, p int, buf []byte) ([]byte, error) {
	buf = resize(buf, int(r.starts[p+1]-r.starts[p]))
	if _, err := s.file.ReadAt(buf, r.starts[p]); err != nil {
		return nil, s.fail("cannot read spilled events", err)
	}
	return buf, nil
}

// shape says which of the optional slices of a part are there.
type shape struct {
	from, until, arr, hash, del bool
	order                       selfsame.Type
	status                      []bool // of each column
}

func (p *part) shape() shape {
	h := shape{from: p.from != nil, until: p.until != nil, arr: p.arr != nil, hash: p.hash != nil, del: p.del != nil}
	if p.order != nil {
		h.order = p.order.Type
	}
	for _, c := range p.cols {
		h.status = append(h.status, c.Status != nil)
	}
	return h
}

// hasStatus reports whether column i of p holds statuses.
func (p *part) hasStatus(i int) bool {
	if p.stored != nil {
		return p.has.status[i]
	}
	return p.cols[i].Status != nil
}

// appendSlice appends the values of rows [lo, hi).
func (p *part) appendSlice(b []byte, lo, hi int) []byte {
	b = appendRaw(b, p.ent[lo:hi])
	b = appendRaw(b, p.tau[lo:hi])
	b = appendOptional(b, p.from, lo, hi)
	b = appendOptional(b, p.until, lo, hi)
	b = appendOptional(b, p.arr, lo, hi)
	b = appendOptional(b, p.hash, lo, hi)
	b = appendOptional(b, p.del, lo, hi)
	if p.order != nil {
		b = appendColumn(b, p.order, lo, hi)
	}
	for _, c := range p.cols {
		b = appendColumn(b, c, lo, hi)
	}
	return b
}

func appendOptional[T any](b []byte, s []T, lo, hi int) []byte {
	if s == nil {
		return b
	}
	return appendRaw(b, s[lo:hi])
}

// appendColumn appends whether there are statuses, the statuses, and the values.
func appendColumn(b []byte, c *column.Column, lo, hi int) []byte {
	if c.Status == nil {
		b = append(b, 0)
	} else {
		b = append(b, 1)
		b = appendRaw(b, c.Status[lo:hi])
	}
	switch k := c.Type.Kind; k {
	case selfsame.Unknown:
	case selfsame.Bool:
		b = appendRaw(b, c.Bools[lo:hi])
	case selfsame.Float64:
		b = appendRaw(b, c.Floats[lo:hi])
	case selfsame.Decimal:
		b = appendRaw(b, c.Decimals[lo:hi])
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		b = appendRaw(b, c.Ints[lo:hi])
	default:
		b = appendRaw(b, c.Offsets[lo:hi+1])
		first, last := int(c.Offsets[lo]), int(c.Offsets[hi])
		switch k {
		case selfsame.String, selfsame.Bytes:
			b = append(b, c.Bytes[first:last]...)
		case selfsame.Map:
			b = appendColumn(b, c.Keys, first, last)
			b = appendColumn(b, c.Elems, first, last)
		default:
			b = appendColumn(b, c.Elems, first, last)
		}
	}
	return b
}

// decoder reads what appendSlice wrote.
type decoder struct{ b []byte }

// slice fills p, scratch memory, with n rows that were written from a part like of.
func (d *decoder) slice(p, of *part, columns []selfsame.Type, n int) {
	p.seq, p.place = of.seq, of.place
	p.ent = take(d, p.ent, n)
	p.tau = take(d, p.tau, n)
	p.from = takeIf(d, of.has.from, p.from, n)
	p.until = takeIf(d, of.has.until, p.until, n)
	p.arr = takeIf(d, of.has.arr, p.arr, n)
	p.hash = takeIf(d, of.has.hash, p.hash, n)
	p.del = takeIf(d, of.has.del, p.del, n)
	if t := of.has.order; t.Kind == selfsame.Unknown {
		p.order = nil
	} else {
		if p.order == nil {
			p.order = column.New(t, 0)
		}
		d.column(p.order, n)
	}
	if p.cols == nil {
		for _, t := range columns {
			p.cols = append(p.cols, column.New(t, 0))
		}
	}
	for _, c := range p.cols {
		d.column(c, n)
	}
}

func (d *decoder) column(c *column.Column, n int) {
	c.Reset()
	withStatus := d.b[0] == 1
	d.b = d.b[1:]
	c.Status = takeIf(d, withStatus, []selfsame.Status(nil), n)
	switch k := c.Type.Kind; k {
	case selfsame.Unknown:
	case selfsame.Bool:
		c.Bools = take(d, c.Bools, n)
	case selfsame.Float64:
		c.Floats = take(d, c.Floats, n)
	case selfsame.Decimal:
		c.Decimals = take(d, c.Decimals, n)
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		c.Ints = take(d, c.Ints, n)
	default:
		c.Offsets = take(d, c.Offsets, n+1)
		base := c.Offsets[0]
		for i := range c.Offsets {
			c.Offsets[i] -= base
		}
		m := int(c.Offsets[n])
		switch k {
		case selfsame.String, selfsame.Bytes:
			c.Bytes = take(d, c.Bytes, m)
		case selfsame.Map:
			d.column(c.Keys, m)
			d.column(c.Elems, m)
		default:
			d.column(c.Elems, m)
		}
	}
}

func take[T any](d *decoder, s []T, n int) []T {
	s = resize(s, n)
	d.b = d.b[copy(raw(s), d.b):]
	return s
}

func takeIf[T any](d *decoder, there bool, s []T, n int) []T {
	if !there {
		return nil
	}
	return take(d, s, n)
}

func appendRaw[T any](b []byte, s []T) []byte { return append(b, raw(s)...) }

// raw returns the memory of a slice of values without pointers.
func raw[T any](s []T) []byte {
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(zero)))
}
