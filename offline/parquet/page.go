// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"encoding/binary"
	"math"
	"sync"

	"selfsame"
)

// page is the data page that a leaf fills.
type page struct {
	rows     int
	def, rep []uint8
	nulls    int      // levels without a value
	plain    []byte   // values in plain encoding
	places   []uint32 // values by dictionary
	bools    []uint8
	bytes    int // that the values take in plain encoding
	bounds   bounds
}

func (p *page) reset() {
	p.rows, p.nulls, p.bytes = 0, 0, 0
	p.def, p.rep, p.plain, p.places, p.bools = p.def[:0], p.rep[:0], p.plain[:0], p.places[:0], p.bools[:0]
	p.bounds.reset()
}

// pageRecord is what the footer says of a page.
type pageRecord struct {
	size            int // with its header
	first           int64
	nulls           int64
	empty           bool // every value is null
	known           bool // least and greatest are there
	least, greatest []byte
}

// chunk is a leaf's part of a row group: its pages, and what the footer says of it.
type chunk struct {
	pages        []pageRecord
	values       int64 // levels
	nulls        int64
	rows         int64
	bounds       bounds
	byDictionary int // data pages
	plainPages   int
	entries      int   // of the dictionary
	uncompressed int64 // with headers
	compressed   int64
	dictionary   int64 // size of the dictionary's page, with its header
	offset       int64 // in the file; set when the row group is written

	least, greatest []byte // of bounds
	known           bool
}

// Encodings and page types, as Parquet numbers them.
const (
	encodingPlain      = 0
	encodingRLE        = 3
	encodingDictionary = 8
	pageData           = 0
	pageDictionary     = 2
)

// scratch is the memory in which a page is put together.
type scratch struct {
	body, packed []byte
	header       compact
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// endPage encodes and compresses the page that is open, if there is anything in it.
func (l *leafWriter) endPage() error {
	p, c := &l.page, &l.chunk
	if len(p.def) == 0 && p.rows == 0 {
		return nil
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	s.body = s.body[:0]
	s.body = appendLevels(s.body, p.rep, l.maxRep)
	s.body = appendLevels(s.body, p.def, l.maxDef)
	encoding := encodingPlain
	switch {
	case l.byDictionary && l.dictionary.count() > 0:
		encoding = encodingDictionary
		width := widthOf(l.dictionary.count() - 1)
		if s.body = append(s.body, byte(width)); len(p.places) > 0 {
			s.body = appendHybrid(s.body, p.places, width)
		}
		c.byDictionary++
	case l.physical == physicalBool:
		s.body = appendBits(s.body, p.bools)
		c.plainPages++
	default:
		s.body = append(s.body, p.plain...)
		c.plainPages++
	}
	size, err := l.put(s, pageData, func(t *compact) {
		t.within(5, func() {
			t.i32(1, len(p.def))
			t.i32(2, encoding)
			t.i32(3, encodingRLE)
			t.i32(4, encodingRLE)
		})
	})
	if err != nil {
		return err
	}
	r := pageRecord{size: size, first: c.rows, nulls: int64(p.nulls), empty: p.nulls == len(p.def)}
	r.least, r.greatest, r.known = l.encoded(&p.bounds)
	c.pages = append(c.pages, r)
	c.values += int64(len(p.def))
	c.nulls += int64(p.nulls)
	c.rows += int64(p.rows)
	l.merge(&c.bounds, &p.bounds)
	p.reset()
	return nil
}

// appendLevels appends levels with their length before them, nothing where there is but one level.
func appendLevels(b []byte, levels []uint8, most int) []byte {
	if most == 0 {
		return b
	}
	at := len(b)
	b = appendHybrid(append(b, 0, 0, 0, 0), levels, widthOf(most))
	binary.LittleEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b
}

// put compresses the body of s and appends the page to the chunk. It returns the page's size with its header.
func (l *leafWriter) put(s *scratch, kind int, fields func(*compact)) (int, error) {
	s.packed = l.codec.append(s.packed[:0], s.body)
	if max(len(s.body), len(s.packed)) > math.MaxInt32 {
		return 0, &selfsame.Error{Class: selfsame.ClassResource, Ref: "column " + l.name, Message: "a page of it exceeds 2 GiB",
			Hint: "Parquet holds no row of that size"}
	}
	t := &s.header
	t.b = t.b[:0]
	t.element(func() {
		t.i32(1, kind)
		t.i32(2, len(s.body))
		t.i32(3, len(s.packed))
		fields(t)
	})
	size := len(t.b) + len(s.packed)
	l.chunk.uncompressed += int64(len(t.b) + len(s.body))
	l.chunk.compressed += int64(size)
	to := &l.data
	if kind == pageDictionary {
		to = &l.dictionaryPage
	}
	to.write(t.b)
	to.write(s.packed)
	return size, nil
}

// endChunk ends the chunk: the last page, and the dictionary's, which stands before the others.
func (l *leafWriter) endChunk() error {
	l.reconsider()
	if err := l.endPage(); err != nil {
		return err
	}
	c := &l.chunk
	c.least, c.greatest, c.known = l.encoded(&c.bounds)
	if c.byDictionary == 0 {
		return nil
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	c.entries = l.dictionary.count()
	s.body = l.dictionary.appendTo(s.body[:0], l.width())
	size, err := l.put(s, pageDictionary, func(t *compact) {
		t.within(7, func() {
			t.i32(1, c.entries)
			t.i32(2, encodingPlain)
		})
	})
	c.dictionary = int64(size)
	return err
}
