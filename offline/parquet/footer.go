// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"encoding/binary"
	"math"
)

// group is what the footer says of a row group.
type group struct {
	rows   int64
	chunks []chunk
}

// indexPlace is where the index of a chunk stands in the file; size 0: it has none.
type indexPlace struct {
	offset int64
	size   int
}

const magic = "PAR1"

// appendIndexes appends the column index and the offset index of every chunk. The file has at bytes before them.
func (w *Writer) appendIndexes(at int64) (b []byte, columns, offsets []indexPlace) {
	t := &compact{}
	place := func(write func()) indexPlace {
		from := len(t.b)
		write()
		return indexPlace{offset: at + int64(from), size: len(t.b) - from}
	}
	for gi := range w.groups {
		for ci := range w.groups[gi].chunks {
			c := &w.groups[gi].chunks[ci]
			columns = append(columns, place(func() { w.leaves[ci].columnIndex(t, c) }))
		}
	}
	for gi := range w.groups {
		for ci := range w.groups[gi].chunks {
			c := &w.groups[gi].chunks[ci]
			offsets = append(offsets, place(func() { offsetIndex(t, c) }))
		}
	}
	return t.b, columns, offsets
}

// columnIndex writes the bounds of the chunk's pages; nothing where a page has values but no bounds.
func (l *leaf) columnIndex(t *compact, c *chunk) {
	var least, greatest [][]byte
	for _, p := range c.pages {
		switch {
		case p.known:
			least, greatest = append(least, p.least), append(greatest, p.greatest)
		case !p.empty:
			return
		}
	}
	n := len(c.pages)
	t.element(func() {
		t.list(1, thriftTrue, n)
		for _, p := range c.pages {
			if p.empty {
				t.b = append(t.b, thriftTrue)
			} else {
				t.b = append(t.b, thriftFalse)
			}
		}
		t.list(2, thriftBinary, n)
		for _, p := range c.pages {
			t.bytes(p.least)
		}
		t.list(3, thriftBinary, n)
		for _, p := range c.pages {
			t.bytes(p.greatest)
		}
		t.i32(4, l.boundaryOrder(least, greatest))
		t.list(5, thriftI64, n)
		for _, p := range c.pages {
			t.zigzag(p.nulls)
		}
	})
}

// boundaryOrder is 1 where the pages' bounds ascend, 2 where they descend, else 0.
func (l *leaf) boundaryOrder(least, greatest [][]byte) int {
	up, down := l.order(least)
	up2, down2 := l.order(greatest)
	switch {
	case len(least) == 0:
		return 0
	case up && up2:
		return 1
	case down && down2:
		return 2
	}
	return 0
}

func offsetIndex(t *compact, c *chunk) {
	at := c.offset + c.dictionary
	t.element(func() {
		t.list(1, thriftStruct, len(c.pages))
		for _, p := range c.pages {
			t.element(func() {
				t.i64(1, at)
				t.i32(2, p.size)
				t.i64(3, p.first)
			})
			at += int64(p.size)
		}
	})
}

// appendFooter appends the metadata of the file, its length and the magic.
func (w *Writer) appendFooter(b []byte, columns, offsets []indexPlace) []byte {
	from := len(b)
	t := &compact{b: b}
	t.element(func() {
		t.i32(1, 2) // version
		w.schema.writeTo(t, len(w.fields))
		t.i64(3, w.row)
		t.list(4, thriftStruct, len(w.groups))
		for gi := range w.groups {
			n := len(w.leaves)
			t.element(func() { w.rowGroup(t, gi, columns[gi*n:(gi+1)*n], offsets[gi*n:(gi+1)*n]) })
		}
		t.text(6, createdBy)
		t.list(7, thriftStruct, len(w.leaves))
		for range w.leaves {
			t.element(func() { t.within(1, func() {}) }) // the order that the type defines
		}
	})
	b = binary.LittleEndian.AppendUint32(t.b, uint32(len(t.b)-from))
	return append(b, magic...)
}

func (w *Writer) rowGroup(t *compact, number int, columns, offsets []indexPlace) {
	g := &w.groups[number]
	var compressed, uncompressed int64
	t.list(1, thriftStruct, len(g.chunks))
	for i := range g.chunks {
		c := &g.chunks[i]
		compressed += c.compressed
		uncompressed += c.uncompressed
		t.element(func() {
			t.i64(2, c.offset)
			t.within(3, func() { w.leaves[i].metadata(t, c) })
			t.i64(4, offsets[i].offset)
			t.i32(5, offsets[i].size)
			if columns[i].size > 0 {
				t.i64(6, columns[i].offset)
				t.i32(7, columns[i].size)
			}
		})
	}
	t.i64(2, uncompressed)
	t.i64(3, g.rows)
	if len(g.chunks) > 0 {
		t.i64(5, g.chunks[0].offset)
	}
	t.i64(6, compressed)
	if number <= math.MaxInt16 {
		t.i16(7, int16(number))
	}
}

// metadata writes what a reader must know of a chunk.
func (l *leafWriter) metadata(t *compact, c *chunk) {
	t.i32(1, l.physical)
	encodings := []int{encodingRLE}
	if c.byDictionary > 0 {
		encodings = append(encodings, encodingDictionary)
	}
	if c.plainPages > 0 || c.byDictionary > 0 { // a dictionary itself is plain
		encodings = append(encodings, encodingPlain)
	}
	t.list(2, thriftI32, len(encodings))
	for _, e := range encodings {
		t.zigzag(int64(e))
	}
	t.list(3, thriftBinary, len(l.path))
	for _, name := range l.path {
		t.bytes([]byte(name))
	}
	t.i32(4, l.codec.id)
	t.i64(5, c.values)
	t.i64(6, c.uncompressed)
	t.i64(7, c.compressed)
	t.i64(9, c.offset+c.dictionary)
	if c.byDictionary > 0 {
		t.i64(11, c.offset)
	}
	t.statistics(12, c.least, c.greatest, c.known, c.nulls)
	l.encodingCounts(t, c)
}

// encodingCounts writes how many pages there are of each kind: a reader that filters by dictionary asks whether every page has one.
func (l *leafWriter) encodingCounts(t *compact, c *chunk) {
	type count struct{ kind, encoding, pages int }
	var counts []count
	if c.byDictionary > 0 {
		counts = append(counts, count{pageDictionary, encodingPlain, 1}, count{pageData, encodingDictionary, c.byDictionary})
	}
	if c.plainPages > 0 {
		counts = append(counts, count{pageData, encodingPlain, c.plainPages})
	}
	t.list(13, thriftStruct, len(counts))
	for _, n := range counts {
		t.element(func() {
			t.i32(1, n.kind)
			t.i32(2, n.encoding)
			t.i32(3, n.pages)
		})
	}
}
