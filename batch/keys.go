// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"bytes"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/pit"
)

// keyTable numbers entity keys densely in the order of their first appearance. A key of one 64-bit field has a path of its
// own; every other key is compared by its canonical bytes, so that ("1","11") and ("11","1") differ.
// Building is for one goroutine; lookup, with a scratch of its own, is safe for several.
type keyTable struct {
	single bool
	slots  []uint32 // open addressing: id+1, 0 is free
	ints   []int64
	hashes []uint64
	starts []uint32 // of each key's bytes in arena; one more than keys
	arena  []byte

	near  []uint32 // id+1 of each key from least on, where single keys lie close together; nil: slots hold every key
	least int64
}

func newKeyTable(types []selfsame.Type) *keyTable {
	t := &keyTable{slots: make([]uint32, 1024), starts: []uint32{0}}
	if len(types) == 1 {
		switch types[0].Kind {
		case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
			t.single = true
		}
	}
	return t
}

func (t *keyTable) len() int {
	if t.single {
		return len(t.ints)
	}
	return len(t.hashes)
}

func hashInt(v int64) uint64 {
	x := uint64(v) * 0x9E3779B97F4A7C15
	return x ^ x>>29
}

// keyScratch is the memory of one goroutine.
type keyScratch struct{ buf []byte }

// key returns the canonical bytes of row i, or false where a field is not there.
func (s *keyScratch) key(cols []*column.Column, i int) ([]byte, bool) {
	if len(cols) == 1 {
		c := cols[0]
		if c.StatusAt(i) != selfsame.Present {
			return nil, false
		}
		if c.Type.Kind == selfsame.String {
			return c.Str(i), true
		}
	}
	s.buf = s.buf[:0]
	for _, c := range cols {
		if c.StatusAt(i) != selfsame.Present {
			return nil, false
		}
		s.buf = c.AppendFramed(s.buf, i)
	}
	return s.buf, true
}

// find returns the slot that holds the key or is free for it.
func (t *keyTable) findInt(v int64) uint32 {
	mask := uint32(len(t.slots) - 1)
	at := uint32(hashInt(v)>>32) & mask
	for {
		id := t.slots[at]
		if id == 0 || t.ints[id-1] == v {
			return at
		}
		at = (at + 1) & mask
	}
}

func (t *keyTable) findBytes(h uint64, key []byte) uint32 {
	mask := uint32(len(t.slots) - 1)
	at := uint32(h) & mask
	for {
		id := t.slots[at]
		if id == 0 || (t.hashes[id-1] == h && bytes.Equal(t.arena[t.starts[id-1]:t.starts[id]], key)) {
			return at
		}
		at = (at + 1) & mask
	}
}

func (t *keyTable) grow() {
	if t.len()*2 >= len(t.slots) {
		t.fill(4 * len(t.slots))
	}
}

// fill gives every key its slot, of so many or more.
func (t *keyTable) fill(slots int) {
	for slots <= 2*t.len() {
		slots *= 4
	}
	t.slots = make([]uint32, slots)
	for i, v := range t.ints {
		t.slots[t.findInt(v)] = uint32(i + 1)
	}
	mask := uint32(len(t.slots) - 1)
	for i, h := range t.hashes {
		at := uint32(h) & mask
		for t.slots[at] != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = uint32(i + 1)
	}
}

// add appends the id of each row's key to ids, numbering keys not seen before. A row whose key holds a null gets pit.NoEntity.
func (t *keyTable) add(ids []uint32, cols []*column.Column, rows int) []uint32 {
	if t.single && len(t.ints) == 0 && cols[0].Status == nil {
		if least, span, ok := narrow(cols[0].Ints[:rows]); ok {
			return t.addNear(ids, cols[0].Ints[:rows], least, span)
		}
	}
	if t.near != nil {
		t.near = nil
		t.fill(len(t.slots))
	}
	var s keyScratch
	for i := range rows {
		t.grow()
		if t.single {
			if cols[0].StatusAt(i) != selfsame.Present {
				ids = append(ids, pit.NoEntity)
				continue
			}
			v := cols[0].Ints[i]
			at := t.findInt(v)
			if t.slots[at] == 0 {
				t.ints = append(t.ints, v)
				t.slots[at] = uint32(len(t.ints))
			}
			ids = append(ids, t.slots[at]-1)
			continue
		}
		key, ok := s.key(cols, i)
		if !ok {
			ids = append(ids, pit.NoEntity)
			continue
		}
		h := xxh3.Hash(key)
		at := t.findBytes(h, key)
		if t.slots[at] == 0 {
			t.hashes = append(t.hashes, h)
			t.arena = append(t.arena, key...)
			t.starts = append(t.starts, uint32(len(t.arena)))
			t.slots[at] = uint32(len(t.hashes))
		}
		ids = append(ids, t.slots[at]-1)
	}
	return ids
}

// narrow returns the least of some numbers, and how far the greatest is from it. It reports false where that is far for so many.
func narrow(values []int64) (least int64, span uint64, ok bool) {
	if len(values) == 0 {
		return 0, 0, false
	}
	least, most := values[0], values[0]
	for _, v := range values {
		least, most = min(least, v), max(most, v)
	}
	span = uint64(most) - uint64(least)
	return least, span, span < uint64(4*len(values)+1024)
}

// addNear is add for the first keys of a table, which lie close together.
func (t *keyTable) addNear(ids []uint32, values []int64, least int64, span uint64) []uint32 {
	near := make([]uint32, span+1)
	for _, v := range values {
		at := &near[uint64(v)-uint64(least)]
		if *at == 0 {
			t.ints = append(t.ints, v)
			*at = uint32(len(t.ints))
		}
		ids = append(ids, *at-1)
	}
	if t.least, t.near = least, near; span >= uint64(4*len(t.ints)+1024) {
		t.near = nil
		t.fill(len(t.slots))
	}
	return ids
}

// settle prepares for lookups, of which there are more than keys. Keys that are numbers are most often counted up: a place for each number of
// their range is a small table, and saves two far reads a lookup.
func (t *keyTable) settle() {
	least, span, ok := narrow(t.ints)
	if !ok || t.near != nil {
		return
	}
	t.least = least
	t.near = make([]uint32, span+1)
	for i, v := range t.ints {
		t.near[uint64(v)-uint64(t.least)] = uint32(i + 1)
	}
}

// lookup writes the id of each row's key to ids, pit.NoEntity for a key that is not in the table, and returns how many keys
// hold a null.
func (t *keyTable) lookup(ids []uint32, cols []*column.Column, s *keyScratch) (nulls int) {
	if t.single {
		return t.lookupInts(ids, cols[0])
	}
	for i := range ids {
		key, ok := s.key(cols, i)
		if !ok {
			ids[i] = pit.NoEntity
			nulls++
			continue
		}
		ids[i] = t.slots[t.findBytes(xxh3.Hash(key), key)] - 1 // a free slot holds 0: NoEntity
	}
	return nulls
}

func (t *keyTable) lookupInts(ids []uint32, c *column.Column) (nulls int) {
	values := c.Ints[:len(ids)]
	if t.near != nil {
		for i, v := range values {
			id := uint32(0)
			if at := uint64(v) - uint64(t.least); at < uint64(len(t.near)) {
				id = t.near[at]
			}
			ids[i] = id - 1
		}
	} else {
		for i, v := range values {
			ids[i] = t.slots[t.findInt(v)] - 1
		}
	}
	for i, s := range c.Status {
		if s != selfsame.Present {
			ids[i] = pit.NoEntity
			nulls++
		}
	}
	return nulls
}
