// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "math/bits"

// argTable is a minTable that finds where the least key is: the first place of the least key of a run.
type argTable struct {
	keys   []int64
	mask   int64
	tie    func(i, j int32) bool // i is before j, of equal keys; nil: the place decides
	prefix []int32
	suffix []int32
	levels [][]int32
}

// lesser returns which of places i and j holds the lesser key, of equals the first that is asked for: i.
func (t *argTable) lesser(i, j int32) int32 {
	a, b := t.keys[i]^t.mask, t.keys[j]^t.mask
	if b < a || b == a && t.tie != nil && t.tie(j, i) {
		return j
	}
	return i
}

func (t *argTable) build(keys []int64, mask int64) {
	t.keys, t.mask = keys, mask
	t.resume(keys, 0)
}

// resume is build where the keys before number from are those of the last.
func (t *argTable) resume(keys []int64, from int) {
	n := int32(len(keys))
	t.keys = keys
	t.prefix, t.suffix = regrow(t.prefix, int(n), from), regrow(t.suffix, int(n), from)
	count, first := int(n+1<<blockShift-1)>>blockShift, from>>blockShift
	if len(t.levels) == 0 {
		t.levels = append(t.levels, nil)
	}
	t.levels[0] = regrow(t.levels[0], count, first)
	for b := first; b < count; b++ {
		lo := int32(b) << blockShift
		hi := min(lo+1<<blockShift, n)
		best := lo
		for i := lo; i < hi; i++ {
			best = t.lesser(best, i)
			t.prefix[i] = best
		}
		t.levels[0][b] = best
		best = hi - 1
		for i := hi - 1; i >= lo; i-- {
			best = t.lesser(i, best)
			t.suffix[i] = best
		}
	}
	t.buildLevels(count, first)
}

// buildLevels makes what spans a block from number `first` on.
func (t *argTable) buildLevels(count, first int) {
	for l, width := 1, 1; 2*width <= count; l, width = l+1, 2*width {
		if len(t.levels) == l {
			t.levels = append(t.levels, nil)
		}
		size, from := count-2*width+1, max(0, first-2*width+1)
		from = min(from, size, len(t.levels[l]))
		below := t.levels[l-1]
		level := regrow(t.levels[l], size, from)
		for i := from; i < size; i++ {
			level[i] = t.lesser(below[i], below[i+width])
		}
		t.levels[l] = level
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
