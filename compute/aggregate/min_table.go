// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "math/bits"

// blockShift sets the width of a block of a table: 16 keys.
const blockShift = 4

// minTable finds the least key of any run in constant time: where the minima of blocks of 16 are from their start and to their end, and
// over the blocks a sparse table, whose level l holds the minima of 2^l blocks. Building is linear. Keys are read through a mask:
// 0 as they are, -1 with their order turned round.
//
// A monotone deque would do for one window; the table is built once for all windows of a family.
type minTable struct {
	keys   []int64
	mask   int64
	ends   []uint8   // where in its block the masked minimum is: of the keys up to this one, 4 bits, and of those from it on, above them
	levels [][]int64 // memory too: those in use have as many entries as their width leaves
}

func (t *minTable) build(keys []int64, mask int64) {
	t.keys, t.mask = keys, mask
	t.resume(keys, 0)
}

// resume is build where the keys before number from are those of the last.
func (t *minTable) resume(keys []int64, from int) {
	n, mask := len(keys), t.mask
	t.keys = keys
	t.ends = regrow(t.ends, n, from)
	count, first := (n+1<<blockShift-1)>>blockShift, from>>blockShift
	if len(t.levels) == 0 {
		t.levels = append(t.levels, nil)
	}
	t.levels[0] = regrow(t.levels[0], count, first)
	for b := first; b < count; b++ {
		lo := b << blockShift
		hi := min(lo+1<<blockShift, n)
		block, ends := keys[lo:hi], t.ends[lo:hi]
		least, at := block[0]^mask, 0
		for i, k := range block {
			if k ^= mask; k < least {
				least, at = k, i
			}
			ends[i] = uint8(at)
		}
		t.levels[0][b] = least
		at = len(block) - 1
		least = block[at] ^ mask
		for i := at; i >= 0; i-- {
			if k := block[i] ^ mask; k < least {
				least, at = k, i
			}
			ends[i] |= uint8(at) << blockShift
		}
	}
	t.buildLevels(count, first)
}

// buildLevels makes what spans a block from number `first` on.
func (t *minTable) buildLevels(count, first int) {
	for l, width := 1, 1; 2*width <= count; l, width = l+1, 2*width {
		if len(t.levels) == l {
			t.levels = append(t.levels, nil)
		}
		size, from := count-2*width+1, max(0, first-2*width+1)
		from = min(from, size, len(t.levels[l]))
		below := t.levels[l-1]
		level := regrow(t.levels[l], size, from)
		for i := from; i < size; i++ {
			level[i] = min(below[i], below[i+width])
		}
		t.levels[l] = level
	}
}

// least returns the least key of numbers [a, b), a < b, without its mask.
func (t *minTable) least(a, b int32) int64 {
	first, last := a>>blockShift, (b-1)>>blockShift
	if first == last {
		least := t.keys[a] ^ t.mask
		for _, k := range t.keys[a+1 : b] {
			least = min(least, k^t.mask)
		}
		return least ^ t.mask
	}
	from, to := first<<blockShift+int32(t.ends[a]>>blockShift), last<<blockShift+int32(t.ends[b-1]&(1<<blockShift-1))
	least := min(t.keys[from]^t.mask, t.keys[to]^t.mask)
	if inner := last - first - 1; inner > 0 {
		l := bits.Len32(uint32(inner)) - 1
		level := t.levels[l]
		least = min(least, level[first+1], level[last-1<<l])
	}
	return least ^ t.mask
}
