// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request

import (
	"bytes"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
)

// keySet is the entities that the rows of a call ask about through one list of key columns, each once, in the order of their first
// row. A row whose key holds a null asks about nobody, which is an entity of its own without events.
type keySet struct {
	arena  []byte
	starts []int    // entity i is arena[starts[i]:starts[i+1]]
	rowOf  []uint32 // row -> entity
	nobody int      // the entity of rows without one, -1 for none
	plain  bool     // row i asks about entity i
	absent []bool   // apart: the entity is nobody
	slots  []uint32 // open addressing: entity+1, 0 is free
	hashes []uint64
}

// count returns the number of entities.
func (k *keySet) count() int { return len(k.starts) - 1 }

// isNobody reports whether entity i is that of rows without one.
func (k *keySet) isNobody(i int) bool {
	if len(k.absent) > 0 {
		return k.absent[i]
	}
	return i == k.nobody
}

// entity returns the canonical key of entity i. The slice belongs to the set.
func (k *keySet) entity(i int) []byte { return k.arena[k.starts[i]:k.starts[i+1]:k.starts[i+1]] }

// fill finds the entities of rows 0 … rows-1 of cols; without columns all ask about the world. apart: every row has an entity of its own in
// the set, however many have its key.
func (k *keySet) fill(cols []*column.Column, rows int, apart bool) {
	k.arena, k.starts, k.rowOf, k.hashes, k.absent = k.arena[:0], append(k.starts[:0], 0), k.rowOf[:0], k.hashes[:0], k.absent[:0]
	k.nobody, k.plain = -1, true
	if rows > 1 && !apart {
		k.makeSlots(rows)
	}
	for i := range rows {
		start := len(k.arena)
		there := true
		for _, c := range cols {
			there = there && c.StatusAt(i) == selfsame.Present
			k.arena = c.AppendFramed(k.arena, i)
		}
		if apart {
			k.starts, k.absent, k.rowOf = append(k.starts, len(k.arena)), append(k.absent, !there), append(k.rowOf, uint32(i))
			continue
		}
		e := k.number(start, there, rows > 1)
		k.plain = k.plain && e == i
		k.rowOf = append(k.rowOf, uint32(e))
	}
}

func (k *keySet) makeSlots(rows int) {
	n := 4
	for n < 2*rows {
		n *= 2
	}
	if cap(k.slots) < n {
		k.slots = make([]uint32, n)
	}
	k.slots = k.slots[:n]
	clear(k.slots)
}

// number returns the entity whose key was appended at start, a new one where it is none of those before.
func (k *keySet) number(start int, there, several bool) int {
	if !there {
		k.arena = k.arena[:start]
		if k.nobody < 0 {
			k.nobody = k.count()
			k.starts, k.hashes = append(k.starts, start), append(k.hashes, 0)
		}
		return k.nobody
	}
	key := k.arena[start:]
	var h uint64
	if several {
		h = xxh3.Hash(key)
		mask := uint32(len(k.slots) - 1)
		at := uint32(h) & mask
		for ; k.slots[at] != 0; at = (at + 1) & mask {
			e := int(k.slots[at] - 1)
			if k.hashes[e] == h && bytes.Equal(k.entity(e), key) {
				k.arena = k.arena[:start]
				return e
			}
		}
		k.slots[at] = uint32(k.count() + 1)
	}
	k.starts, k.hashes = append(k.starts, len(k.arena)), append(k.hashes, h)
	return k.count() - 1
}
