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
	prefix []int64 // masked minimum of the block up to here
	suffix []int64 // masked minimum of the block from here on
	levels [][]int64
	blocks []int64 // memory of levels
}

func (t *minTable) build(keys []int64, mask int64) {
	n := len(keys)
	t.keys, t.mask = keys, mask
	t.prefix, t.suffix = room(t.prefix, n), room(t.suffix, n)
	count := (n + 1<<blockShift - 1) >> blockShift
	t.blocks = room(t.blocks, count*(bits.Len(uint(count))+1))
	for b := range count {
		from := b << blockShift
		to := min(from+1<<blockShift, n)
		block, prefix, suffix := keys[from:to], t.prefix[from:to], t.suffix[from:to]
		least := block[0] ^ mask
		for i, k := range block {
			least = min(least, k^mask)
			prefix[i] = least
		}
		t.blocks[b] = least
		least = block[len(block)-1] ^ mask
		for i := len(block) - 1; i >= 0; i-- {
			least = min(least, block[i]^mask)
			suffix[i] = least
		}
	}
	t.buildLevels(count)
}

func (t *minTable) buildLevels(count int) {
	t.levels = append(t.levels[:0], t.blocks[:count])
	rest := t.blocks[count:]
	for width := 1; 2*width <= count; width *= 2 {
		below := t.levels[len(t.levels)-1]
		level := rest[:count-2*width+1]
		rest = rest[len(level):]
		for i := range level {
			level[i] = min(below[i], below[i+width])
		}
		t.levels = append(t.levels, level)
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
