// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"sync"
	"unsafe"
)

// supply gives the table of a result its memory, segment by segment: what the events of swept partitions leave, else new memory.
//
// Events and results are what a sweep holds most of, and new memory costs a fault a page and its return as much. Every block is scattered by
// partition, so that, as partitions are swept in order, what stands before the first that is not swept is read no more.
type supply struct {
	mu    sync.Mutex // guards all of it, and which segments the table has
	table *table
	rows  int
	swept []bool // by partition
	first int    // the first partition that is not
	asked int    // what first was when free was filled last
	left  []leaving
	free  [][]uint64
}

// leaving is a slice of a block, of which partitions take one part after the other.
type leaving struct {
	words  []uint64
	starts []uint32 // partition p is words [starts[p], starts[p+1])
	used   int      // words before it have been given away
}

// newSupply returns the supply of a table of so many rows, without segments, and of the blocks that are in memory.
func newSupply(s *Sweep, t *table, rows int) *supply {
	x := &supply{table: t, rows: rows, swept: make([]bool, s.partitions()+1)}
	t.segments = make([][]uint64, (rows+segmentRows-1)/segmentRows)
	for _, p := range s.parts {
		if p.stored != nil {
			continue
		}
		leave(x, p, p.tau)
		leave(x, p, p.from)
		leave(x, p, p.until)
		leave(x, p, p.arr)
		leave(x, p, p.hash)
		for _, c := range p.cols {
			leave(x, p, c.Ints)
			leave(x, p, c.Floats)
		}
	}
	return x
}

// leave notes values of p as memory to come.
func leave[T int64 | uint64 | float64](x *supply, p *part, values []T) {
	if len(values) > 0 {
		x.left = append(x.left, leaving{words: unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(values))), len(values)), starts: p.starts})
	}
}

// provide sees to it that the table has segments for rows [lo, hi).
func (x *supply) provide(lo, hi int) {
	if x == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for k := lo / segmentRows; k*segmentRows < hi; k++ {
		if x.table.segments[k] == nil {
			x.table.segments[k] = x.take(min(segmentRows, x.rows-k*segmentRows) * x.table.width)
		}
	}
}

// take returns so many words, of a segment or the last of fewer.
func (x *supply) take(n int) []uint64 {
	if len(x.free) == 0 && x.asked < x.first {
		x.gather()
	}
	last := len(x.free) - 1
	if last < 0 {
		return make([]uint64, n)
	}
	s := x.free[last]
	x.free = x.free[:last]
	return s[:n]
}

// gather fills free with what swept partitions have left.
func (x *supply) gather() {
	x.asked = x.first
	size := max(1, segmentRows*x.table.width)
	for i := range x.left {
		l := &x.left[i]
		for end := int(l.starts[x.first]); l.used+size <= end; l.used += size {
			x.free = append(x.free, l.words[l.used:l.used+size:l.used+size])
		}
	}
}

// done says that nobody reads the events of partition p any more.
func (x *supply) done(p int) {
	if x == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.swept[p] = true
	for x.first < len(x.swept)-1 && x.swept[x.first] {
		x.first++
	}
}
