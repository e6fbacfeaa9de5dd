// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "math/bits"

// argTable is a minTable that finds where the least key is: the first place of the least key of a run.
type argTable struct {
	keys   []int64
	mask   int64
	prefix []int32
	suffix []int32
	levels [][]int32
	blocks []int32 // memory of levels
}

// lesser returns which of places i < j holds the lesser key, the first of equals.
func (t *argTable) lesser(i, j int32) int32 {
	if t.keys[j]^t.mask < t.keys[i]^t.mask {
		return j
	}
	return i
}

func (t *argTable) build(keys []int64, mask int64) {
	n := int32(len(keys))
	t.keys, t.mask = keys, mask
	t.prefix, t.suffix = room(t.prefix, int(n)), room(t.suffix, int(n))
	count := int(n+1<<blockShift-1) >> blockShift
	t.blocks = room(t.blocks, count*(bits.Len(uint(count))+1))
	for b := range count {
		from := int32(b) << blockShift
		to := min(from+1<<blockShift, n)
		best := from
		for i := from; i < to; i++ {
			best = t.lesser(best, i)
			t.prefix[i] = best
		}
		t.blocks[b] = best
		best = to - 1
		for i := to - 1; i >= from; i-- {
			best = t.lesser(i, best)
			t.suffix[i] = best
		}
	}
	t.levels = append(t.levels[:0], t.blocks[:count])
	rest := t.blocks[count:]
	for width := 1; 2*width <= count; width *= 2 {
		below := t.levels[len(t.levels)-1]
		level := rest[:count-2*width+1]
		rest = rest[len(level):]
		for i := range level {
			level[i] = t.lesser(below[i], below[i+width])
		}
		t.levels = append(t.levels, level)
	}
}

// least returns the first place of the least key of numbers [a, b), a < b.
func (t *argTable) least(a, b int32) int32 {
	first, last := a>>blockShift, (b-1)>>blockShift
	if first == last {
		best := a
		for i := a + 1; i < b; i++ {
			best = t.lesser(best, i)
		}
		return best
	}
	best := t.suffix[a]
	if inner := last - first - 1; inner > 0 {
		l := bits.Len32(uint32(inner)) - 1
		level := t.levels[l]
		best = t.lesser(best, t.lesser(level[first+1], level[last-1<<l]))
	}
	return t.lesser(best, t.prefix[b-1])
}
