// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/zeebo/xxh3"

	"selfsame/internal/shift"
)

// front holds what was applied last, by entity, until it is moved into the database in one sorted batch.
//
// The naive way is to apply each batch to the database at once. Its memory is ordered, so each row of a random entity is a search through megabytes that
// no cache holds, and small batches, whose rows share nothing of their ways, cost most of all. Here a row is a lookup in a hash table, and order is made once,
// for all.
//
// Bytes are written once and never moved: what a reader was given stays as it is. mu guards everything else; a frozen front does not change any more.
type front struct {
	mu      sync.RWMutex
	slots   []uint64 // open addressing: upper half of the hash, entry + 1; 0 is free
	entries []frontEntry
	records []frontRecord
	many    map[longEntry]uint32 // records of entries with many of them
	pages   [][]byte
	bytes   int64

	number uint64        // of the front, ascending; the database keeps that of the last one moved
	began  atomic.Bool   // moving has come to the point where the database may show what is in here
	done   chan struct{} // closed when it is moved, or cannot be

	work    shift.Shift   // of moving it
	hurried chan struct{} // closed by hurry
	once    sync.Once
}

// frontEntry is what one prefix has: the buckets of an entity, or a fact.
type frontEntry struct {
	key   at
	size  uint32
	count uint32 // of records
	first uint32 // record + 1, the one touched last
}

// frontRecord is what became of one bucket, or of a fact: base, then the pieces from first on.
type frontRecord struct {
	bucket      int64
	first, last at
	size        uint32
	next        uint32 // record + 1
	base        base
}

// longEntry names a record of an entry.
type longEntry struct {
	entry  uint32
	bucket int64
}

// fewRecords are looked through one by one.
const fewRecords = 32

// base is what the pieces of a record follow.
type base uint8

const (
	below   base = iota // what the database has
	nothing             // the key was set or removed
	removed             // and there is no piece
)

// at is a place in pages: page and offset, 32 bits each; -1: none.
type at int64

const (
	nowhere   at = -1
	pageBytes    = 256 << 10
	pieceHead    = 12 // place of the next piece, length
	// recordCost is about what a record takes beside its key and its bytes, with its part of entry and slots.
	recordCost = 96
)

func newFront(number uint64, like *front) *front {
	f := &front{number: number, done: make(chan struct{}), hurried: make(chan struct{}), many: map[longEntry]uint32{}}
	n := 1 << 10
	if like != nil {
		n = len(like.slots)
		f.entries, f.records = make([]frontEntry, 0, len(like.entries)), make([]frontRecord, 0, len(like.records))
	}
	f.slots = make([]uint64, n)
	return f
}

// size is about what the front takes.
func (f *front) size() int64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.bytes
}

// alloc returns n bytes.
func (f *front) alloc(n int) (at, []byte) {
	last := len(f.pages) - 1
	if last < 0 || cap(f.pages[last])-len(f.pages[last]) < n {
		f.pages = append(f.pages, make([]byte, 0, max(pageBytes, n)))
		last++
	}
	p := f.pages[last]
	lo := len(p)
	f.pages[last] = p[:lo+n]
	f.bytes += int64(n)
	return at(last)<<32 | at(lo), f.pages[last][lo : lo+n : lo+n]
}

func (f *front) from(p at) []byte { return f.pages[p>>32][uint32(p):] }

func (f *front) key(e *frontEntry) []byte { return f.from(e.key)[:e.size] }

// piece returns the bytes at p and the place of the next.
func (f *front) piece(p at) (b []byte, next at) {
	head := f.from(p)
	n := binary.LittleEndian.Uint32(head[8:])
	return head[pieceHead : pieceHead+n : pieceHead+n], at(binary.LittleEndian.Uint64(head))
}

// find returns the entry of a prefix, -1 where there is none.
func (f *front) find(prefix []byte, hash uint64) int {
	mask := uint64(len(f.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := f.slots[i]
		if s == 0 {
			return -1
		}
		if s>>32 == hash>>32 {
			n := int(uint32(s)) - 1
			if string(f.key(&f.entries[n])) == string(prefix) {
				return n
			}
		}
	}
}

// touch reads what finding the entries of some prefixes will read, each kind of memory for all of them, so that their ways to memory, which no cache shortens, are
// gone beside each other and not one behind the other.
func (f *front) touch(hashes []uint64) (read uint64) {
	var entries [ahead]uint32
	mask, n := uint64(len(f.slots)-1), 0
	for _, h := range hashes {
		if s := f.slots[h&mask]; s != 0 && s>>32 == h>>32 {
			entries[n] = uint32(s) - 1
			n++
		}
	}
	for _, at := range entries[:n] {
		e := &f.entries[at]
		read += uint64(f.from(e.key)[0]) + uint64(f.records[e.first-1].size)
	}
	return read
}

// entry returns the entry of a prefix, a new one where there is none.
func (f *front) entry(prefix []byte, hash uint64) uint32 {
	if n := f.find(prefix, hash); n >= 0 {
		return uint32(n)
	}
	if 2*(len(f.entries)+1) > len(f.slots) {
		f.grow()
	}
	p, b := f.alloc(len(prefix))
	copy(b, prefix)
	f.entries = append(f.entries, frontEntry{key: p, size: uint32(len(prefix))})
	f.place(hash, len(f.entries))
	return uint32(len(f.entries) - 1)
}

func (f *front) place(hash uint64, number int) {
	mask := uint64(len(f.slots) - 1)
	i := hash & mask
	for f.slots[i] != 0 {
		i = (i + 1) & mask
	}
	f.slots[i] = hash>>32<<32 | uint64(number)
}

func (f *front) grow() {
	f.slots = make([]uint64, 2*len(f.slots))
	for n := range f.entries {
		f.place(xxh3.Hash(f.key(&f.entries[n])), n+1)
	}
}

// record returns the record of a bucket of an entry, a new one where there is none.
func (f *front) record(entry uint32, bucket int64) *frontRecord {
	e := &f.entries[entry]
	if e.count <= fewRecords {
		for n := e.first; n != 0; n = f.records[n-1].next {
			if r := &f.records[n-1]; r.bucket == bucket {
				return r
			}
		}
	} else if n, ok := f.many[longEntry{entry, bucket}]; ok {
		return &f.records[n-1]
	}
	f.records = append(f.records, frontRecord{bucket: bucket, first: nowhere, last: nowhere, next: e.first})
	f.bytes += recordCost + int64(e.size) // each has a key of its own when it is moved
	e.first = uint32(len(f.records))
	e.count++
	switch {
	case e.count == fewRecords+1:
		for n := e.first; n != 0; n = f.records[n-1].next {
			f.many[longEntry{entry, f.records[n-1].bucket}] = n
		}
	case e.count > fewRecords:
		f.many[longEntry{entry, bucket}] = e.first
	}
	return &f.records[len(f.records)-1]
}

// merge appends to a bucket.
func (f *front) merge(prefix []byte, hash uint64, bucket int64, rows []byte) {
	f.append(f.record(f.entry(prefix, hash), bucket), rows)
}

// set replaces a bucket or a fact.
func (f *front) set(prefix []byte, hash uint64, bucket int64, value []byte) {
	r := f.record(f.entry(prefix, hash), bucket)
	r.clear()
	f.append(r, value)
}

// remove removes a bucket or a fact.
func (f *front) remove(prefix []byte, hash uint64, bucket int64) {
	f.record(f.entry(prefix, hash), bucket).clear()
}

func (r *frontRecord) clear() {
	r.base, r.first, r.last, r.size = removed, nowhere, nowhere, 0
}

// append adds a piece to a record.
func (f *front) append(r *frontRecord, rows []byte) {
	if r.base == removed {
		r.base = nothing
	}
	p, b := f.alloc(pieceHead + len(rows))
	binary.LittleEndian.PutUint64(b, math.MaxUint64) // nowhere
	binary.LittleEndian.PutUint32(b[8:], uint32(len(rows)))
	copy(b[pieceHead:], rows)
	if r.last == nowhere {
		r.first = p
	} else {
		binary.LittleEndian.PutUint64(f.from(r.last), uint64(p))
	}
	r.last = p
	r.size += uint32(len(rows))
}

// part is what a front has of one bucket: buf[lo:hi] after base.
type part struct {
	bucket int64
	base   base
	lo, hi int
}

// parts appends what the front has of buckets lo to hi of a prefix, in no order, their bytes to buf.
func (f *front) parts(dst []part, buf, prefix []byte, lo, hi int64) ([]part, []byte) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	n := f.find(prefix, xxh3.Hash(prefix))
	if n < 0 {
		return dst, buf
	}
	for n := f.entries[n].first; n != 0; n = f.records[n-1].next {
		if r := &f.records[n-1]; r.bucket >= lo && r.bucket <= hi {
			from := len(buf)
			buf = f.join(buf, r)
			dst = append(dst, part{r.bucket, r.base, from, len(buf)})
		}
	}
	return dst, buf
}

// join appends the pieces of a record.
func (f *front) join(buf []byte, r *frontRecord) []byte {
	for p := r.first; p != nowhere; {
		var b []byte
		b, p = f.piece(p)
		buf = append(buf, b...)
	}
	return buf
}

// known is what a front has of a fact: value is nil where it is removed.
type known struct {
	value []byte
	there bool // the front has it
}

// facts fills in what the front has of facts, by their keys, at one moment.
func (f *front) facts(found []known, keys [][]byte, k *scratch) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for i, key := range keys {
		k.lo = append(append(k.lo[:0], spaceFacts), key...)
		n := f.find(k.lo, xxh3.Hash(k.lo))
		if n < 0 {
			continue
		}
		r := &f.records[f.entries[n].first-1]
		if found[i] = (known{there: true}); r.base != removed {
			found[i].value, _ = f.piece(r.first) // facts are set, in one piece
		}
	}
}

// gather collects what fronts have of a range, k.parts in the order of buckets, older before newer.
func (k *scratch) gather(fronts [2]*front, prefix []byte, lo, hi int64) {
	k.parts, k.rows = k.parts[:0], k.rows[:0]
	for _, f := range fronts {
		if f != nil {
			k.parts, k.rows = f.parts(k.parts, k.rows, prefix, lo, hi)
		}
	}
	slices.SortStableFunc(k.parts, func(a, b part) int { return cmp.Compare(a.bucket, b.bucket) })
}

// visit visits the bucket of part i, of which the database has rows where there is set, and returns the part of the next.
func (k *scratch) visit(i int, rows []byte, there bool, visit func(int64, []byte) error) (int, error) {
	b := k.parts[i].bucket
	k.joined = append(k.joined[:0], rows...)
	for ; i < len(k.parts) && k.parts[i].bucket == b; i++ {
		p := k.parts[i]
		if p.base != below {
			k.joined = k.joined[:0]
		}
		there = p.base != removed
		k.joined = append(k.joined, k.rows[p.lo:p.hi]...)
	}
	if !there {
		return i, nil
	}
	return i, visit(b, k.joined)
}
