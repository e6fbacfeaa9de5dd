// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// runTable is keys that come and go at their end, and finds the least of any run of them: a short run is looked through, and the first long one makes a
// minTable, which follows the keys from there. Keys of which nothing long is asked cost nothing but themselves.
type runTable struct {
	keys  []int64
	mask  int64 // 0: as they are; -1: with their order turned round, for the greatest
	table minTable
	upto  int // the table is right for so many of the keys
}

// shortRun is the length up to which a run is looked through.
const shortRun = 32

// cut takes away the keys from number `from` on.
func (t *runTable) cut(from int) {
	t.keys = t.keys[:min(from, len(t.keys))]
	t.upto = min(t.upto, from)
}

func (t *runTable) append(key int64) { t.keys = append(t.keys, key) }

// best returns the least key of numbers [a, b), a < b; with mask -1 the greatest.
func (t *runTable) best(a, b int32) int64 {
	if b-a > shortRun {
		if t.upto < len(t.keys) {
			t.table.mask = t.mask
			t.table.resume(t.keys, t.upto)
			t.upto = len(t.keys)
		}
		return t.table.least(a, b)
	}
	best := t.keys[a] ^ t.mask
	for _, key := range t.keys[a+1 : b] {
		best = min(best, key^t.mask)
	}
	return best ^ t.mask
}
