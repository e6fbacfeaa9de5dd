// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "math/bits"

// joinTree keeps what the set of the general path is worth while its events come and go, for a value that follows from the sequence: of each span of 16 numbers what its members
// are to those before and after them, and of two spans what they are together. What changes is noted, and joined when the value is asked for; a small set is cheaper
// looked through, and its changes are never joined.
type joinTree[N any] struct {
	nodes   []N // node 1 is all, 2i and 2i+1 are the halves of node i; the last spans are the leaves. The zero N is no event
	leaves  int
	changed []int32 // leaves
	stale   bool    // all are
}

// leafShift sets the width of a leaf: 16 numbers.
const leafShift = 4

// joiner is how events are joined.
type joiner[N any] interface {
	one(k int32) N
	join(a, b *N) N // a is before b; either may be no event
}

// empty says that the set is, of an entity of which any number of events may have changed.
func (t *joinTree[N]) empty() { t.stale, t.changed = true, t.changed[:0] }

// mark says that an event came or went.
func (t *joinTree[N]) mark(k int32) {
	leaf := k >> leafShift
	if n := len(t.changed); t.stale || n > 0 && t.changed[n-1] == leaf {
		return
	}
	if len(t.changed) > t.leaves { // all of them are done sooner
		t.empty()
		return
	}
	t.changed = append(t.changed, leaf)
}

// whole returns what the set is worth.
func (t *joinTree[N]) whole(in *rankSet, of joiner[N]) *N {
	if t.stale {
		t.build(in, of)
	}
	for _, leaf := range t.changed {
		i := t.leaves + int(leaf)
		t.nodes[i] = t.leaf(in, of, int(leaf))
		for i >>= 1; i > 0; i >>= 1 {
			t.nodes[i] = of.join(&t.nodes[2*i], &t.nodes[2*i+1])
		}
	}
	t.changed = t.changed[:0]
	return &t.nodes[1]
}

func (t *joinTree[N]) build(in *rankSet, of joiner[N]) {
	t.stale, t.leaves = false, 1<<bits.Len(uint(len(in.words)<<(6-leafShift)-1))
	t.nodes = zeroed(t.nodes, 2*t.leaves)
	for leaf := range len(in.words) << (6 - leafShift) {
		t.nodes[t.leaves+leaf] = t.leaf(in, of, leaf)
	}
	for i := t.leaves - 1; i > 0; i-- {
		t.nodes[i] = of.join(&t.nodes[2*i], &t.nodes[2*i+1])
	}
}

// leaf joins the members of a leaf.
func (t *joinTree[N]) leaf(in *rankSet, of joiner[N], leaf int) N {
	var out N
	first := int32(leaf) << leafShift
	for members := uint16(in.words[first>>6] >> (first & 63)); members != 0; members &= members - 1 {
		next := of.one(first + int32(bits.TrailingZeros16(members)))
		out = of.join(&out, &next)
	}
	return out
}
