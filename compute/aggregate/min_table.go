// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "math/bits"

// blockShift sets the width of a block of a table: 16 keys.
const blockShift = 4

// minTable finds the least key of any run in constant time: the minima of blocks of 16 from their start and to their end, and
// over the blocks a sparse table, whose level l holds the minima of 2^l blocks. Building is linear. Keys are read through a mask:
// 0 as they are, -1 with their order turned round.
//
// A monotone deque would do for one window; the table is built once for all windows of a family.
type minTable struct {
	keys   []int64
	mask   int64
	prefix []int64   // masked minimum of the block up to here
	suffix []int64   // masked minimum of the block from here on
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
	t.prefix, t.suffix = regrow(t.prefix, n, from), regrow(t.suffix, n, from)
	count, first := (n+1<<blockShift-1)>>blockShift, from>>blockShift
	if len(t.levels) == 0 {
		t.levels = append(t.levels, nil)
	}
	t.levels[0] = regrow(t.levels[0], count, first)
	for b := first; b < count; b++ {
		lo := b << blockShift
		hi := min(lo+1<<blockShift, n)
		block, prefix, suffix := keys[lo:hi], t.prefix[lo:hi], t.suffix[lo:hi]
		least := block[0] ^ mask
		for i, k := range block {
			least = min(least, k^mask)
			prefix[i] = least
		}
		t.levels[0][b] = least
		least = block[len(block)-1] ^ mask
		for i := len(block) - 1; i >= 0; i-- {
			least = min(least, block[i]^mask)
			suffix[i] = least
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
	least := min(t.suffix[a], t.prefix[b-1])
	if inner := last - first - 1; inner > 0 {
		l := bits.Len32(uint32(inner)) - 1
		level := t.levels[l]
		least = min(least, level[first+1], level[last-1<<l])
	}
	return least ^ t.mask
}
