// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"selfsame"
	"selfsame/column"
)

// Errors of decoding. A caller adds which block it is.
var (
	ErrForm     = errors.New("it has a form that this version of Selfsame does not know")
	ErrChecksum = errors.New("its checksum is wrong")
	errMalform  = errors.New("its bytes do not fit together")
)

// BlockHead is what a block says before its rows.
type BlockHead struct {
	First, Alpha int64
	Rows         int
}

// Next is the offset behind the block.
func (h BlockHead) Next() int64 { return h.First + int64(h.Rows) }

// Decoder decodes blocks. It keeps the schema of the last, so that a run of blocks of one source shares it. It is for one goroutine.
type Decoder struct {
	schema []byte // as encoded
	source *selfsame.Source
}

// unseal checks form and checksum.
func unseal(b []byte) (*reader, error) {
	if len(b) < headBytes {
		return nil, errMalform
	}
	if b[0] != blockForm {
		return nil, ErrForm
	}
	if binary.LittleEndian.Uint32(b[1:]) != crc32.Checksum(b[headBytes:], castagnoli) {
		return nil, ErrChecksum
	}
	return &reader{b: b, p: headBytes}, nil
}

// DecodeHead reads the head of a block and checks the checksum of all of it.
func DecodeHead(b []byte) (BlockHead, error) {
	r, err := unseal(b)
	if err != nil {
		return BlockHead{}, err
	}
	return r.head()
}

// Decode reads a block. Its memory is its own.
func (d *Decoder) Decode(b []byte) (*Block, error) {
	r, err := unseal(b)
	if err != nil {
		return nil, err
	}
	h, err := r.head()
	if err != nil {
		return nil, err
	}
	source := d.sourceOf(r)
	if r.bad {
		return nil, errMalform
	}
	out := &Block{Source: source, Name: source.Name, First: h.First, Alpha: h.Alpha, Tau: r.deltas(h.Rows)}
	if r.byte() == withOps {
		out.Ops = r.ops(h.Rows)
	}
	out.Rows = &column.Batch{Fields: source.Schema, Rows: h.Rows}
	for _, f := range source.Schema {
		c := column.New(f.Type, 0)
		r.column(c, h.Rows)
		out.Rows.Columns = append(out.Rows.Columns, c)
	}
	if r.bad || r.p != len(b) || out.Rows.Check() != nil {
		return nil, errMalform
	}
	return out, nil
}

// sourceOf reads the name and the schema.
func (d *Decoder) sourceOf(r *reader) *selfsame.Source {
	if n := len(d.schema); n > 0 && bytes.HasPrefix(r.b[r.p:], d.schema) {
		r.p += n
		return d.source
	}
	from := r.p
	s := &selfsame.Source{Name: r.string()}
	n := r.count(2)
	for range n {
		name, text := r.string(), r.string()
		t, err := selfsame.ParseType(text)
		if err != nil {
			r.bad = true
			break
		}
		s.Schema = append(s.Schema, selfsame.Field{Name: name, Type: t})
	}
	if !r.bad {
		d.schema, d.source = bytes.Clone(r.b[from:r.p]), s
	}
	return s
}

// DecodeRefused reads a refused row whose place in the side log is seq.
func DecodeRefused(b []byte, seq int64) (Refused, error) {
	r, err := unseal(b)
	if err != nil {
		return Refused{}, err
	}
	out := Refused{Seq: seq, Alpha: int64(r.fixed()), Tau: int64(r.fixed())}
	for _, s := range []*string{&out.Source, &out.Verdict, &out.Reason, &out.Row} {
		*s = r.string()
	}
	if r.bad || r.p != len(b) {
		return Refused{}, errMalform
	}
	return out, nil
}

// reader walks bytes. After bad it returns zeros.
type reader struct {
	b   []byte
	p   int
	bad bool
}

func (r *reader) head() (BlockHead, error) {
	h := BlockHead{First: int64(r.fixed()), Rows: r.count(0)}
	h.Alpha = int64(r.fixed())
	if r.bad || h.First < 0 || h.Rows == 0 || h.Next() < h.First {
		return BlockHead{}, errMalform
	}
	return h, nil
}

func (r *reader) byte() byte {
	if r.p >= len(r.b) {
		r.bad = true
		return 0
	}
	r.p++
	return r.b[r.p-1]
}

func (r *reader) fixed() uint64 {
	if len(r.b)-r.p < 8 {
		r.bad = true
		return 0
	}
	r.p += 8
	return binary.LittleEndian.Uint64(r.b[r.p-8:])
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b[r.p:])
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.p += n
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b[r.p:])
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.p += n
	return v
}

// count reads a number of things of which each takes at least least bytes, and one in any case.
func (r *reader) count(least int) int {
	v := r.uvarint()
	if v > uint64(len(r.b)-r.p)/uint64(max(least, 1)) {
		r.bad = true
		return 0
	}
	return int(v)
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.b)-r.p {
		r.bad = true
		return nil
	}
	r.p += n
	return r.b[r.p-n : r.p]
}

func (r *reader) string() string { return string(r.bytes(r.count(1))) }

func (r *reader) deltas(n int) []int64 {
	out := make([]int64, n)
	last := int64(0)
	for i := range out {
		last += r.varint()
		out[i] = last
	}
	return out
}

func (r *reader) ops(n int) []Op {
	out := make([]Op, n)
	for i, o := range r.bytes(n) {
		if Op(o) > Upsert {
			r.bad = true
		}
		out[i] = Op(o)
	}
	return out
}

// column reads n values into an empty column.
func (r *reader) column(c *column.Column, n int) {
	if n > len(r.b)-r.p { // each value takes a byte at least
		r.bad = true
		return
	}
	statuses := r.statuses(n)
	switch c.Type.Kind {
	case selfsame.Bool:
		c.Bools = make([]bool, n)
		for i, v := range r.bytes(n) {
			c.Bools[i] = v == 1
			r.bad = r.bad || v > 1
		}
	case selfsame.Int64:
		c.Ints = make([]int64, n)
		for i := range c.Ints {
			c.Ints[i] = r.varint()
		}
	case selfsame.Timestamp, selfsame.Date:
		c.Ints = r.deltas(n)
	case selfsame.Float64:
		c.Floats = make([]float64, n)
		for i := range c.Floats {
			c.Floats[i] = math.Float64frombits(r.fixed())
		}
	case selfsame.Decimal:
		c.Decimals = make([]selfsame.Int128, n)
		for i := range c.Decimals {
			c.Decimals[i].Lo = r.uvarint()
			c.Decimals[i].Hi = r.varint()
		}
	case selfsame.String, selfsame.Bytes:
		c.Bytes = append(c.Bytes, r.bytes(r.lengths(c, n))...)
	case selfsame.List, selfsame.Map:
		total := r.lengths(c, n)
		if c.Keys != nil {
			r.column(c.Keys, total)
		}
		r.column(c.Elems, total)
	default:
		r.bad = true
	}
	c.Status = statuses
}

// statuses reads n statuses; nil where all values are there.
func (r *reader) statuses(n int) []selfsame.Status {
	if r.byte() == allPresent {
		return nil
	}
	out := make([]selfsame.Status, n)
	for i, s := range r.bytes(n) {
		if s > byte(selfsame.ErrorMaxValues) {
			r.bad = true
		}
		out[i] = selfsame.Status(s)
	}
	return out
}

// lengths reads n lengths into a column's offsets and returns their sum.
func (r *reader) lengths(c *column.Column, n int) int {
	c.Offsets = append(make([]uint32, 0, n+1), 0)
	total := uint64(0)
	for range n {
		total += r.uvarint()
		if r.bad || total > uint64(len(r.b)-r.p) {
			r.bad = true
			total = 0
		}
		c.Offsets = append(c.Offsets, uint32(total))
	}
	return int(total)
}

// Cut returns the rows of b with offsets in [from, to), sharing memory where all are.
func (b *Block) Cut(from, to int64) *Block {
	lo, hi := max(from, b.First)-b.First, min(to, b.Next())-b.First
	if lo == 0 && hi == int64(b.Rows.Rows) {
		return b
	}
	out := &Block{Source: b.Source, Name: b.Name, First: b.First + lo, Alpha: b.Alpha, Tau: b.Tau[lo:hi]}
	if b.Ops != nil {
		out.Ops = b.Ops[lo:hi]
	}
	out.Rows = column.NewBatch(b.Rows.Fields, int(hi-lo))
	for k, c := range out.Rows.Columns {
		c.AppendRange(b.Rows.Columns[k], int(lo), int(hi))
	}
	out.Rows.Rows = int(hi - lo)
	return out
}

// Next is the offset behind the block's last row.
func (b *Block) Next() int64 { return b.First + int64(b.Rows.Rows) }

// Damaged is the error of a block that cannot be decoded. offset is the first that it holds.
func Damaged(offset int64, err error) error {
	return &selfsame.Error{Class: selfsame.ClassInternal, Ref: "the event log", Message: fmt.Sprintf("the block at offset %d is damaged", offset), Err: err,
		Hint: "events are lost from here on: restore the data directory from a copy"}
}
