// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"slices"

	"github.com/zeebo/xxh3"
)

// grouping puts rows of one bucket of one entity together, in the order of first appearance and inside a group in that of the rows.
type grouping struct {
	keys  []byte   // entity keys, one after another
	list  []group  //
	slots []uint32 // open addressing: group + 1, 0 is free
	of    []uint32 // row in idx -> group
	order []uint32 // rows by group
}

type group struct {
	lo, hi int // of the key
	bucket int64
	hash   uint64
	count  int
	start  int
}

// gather groups the rows f.idx by the entity that f.keyCols name and the bucket of their τ.
func (g *grouping) gather(f *fan, tau []int64) {
	g.keys, g.list, g.of = g.keys[:0], g.list[:0], g.of[:0]
	n := 16
	for n < 2*len(f.idx) {
		n *= 2
	}
	g.slots = slices.Grow(g.slots[:0], n)[:n]
	clear(g.slots)
	for _, i := range f.idx {
		lo := len(g.keys)
		for _, k := range f.keyCols {
			g.keys = k.AppendFramed(g.keys, int(i))
		}
		g.place(lo, f.state.Bucket(tau[i]))
	}
	g.arrange(f.idx)
}

// place finds the group of the key at keys[lo:], which is dropped from keys where the group is there already.
func (g *grouping) place(lo int, bucket int64) {
	key := g.keys[lo:]
	h := xxh3.Hash(key) + uint64(bucket)*0x9E3779B97F4A7C15
	mask := uint32(len(g.slots) - 1)
	for at := uint32(h>>32) & mask; ; at = (at + 1) & mask {
		id := g.slots[at]
		if id == 0 {
			g.slots[at] = uint32(len(g.list) + 1)
			g.of = append(g.of, uint32(len(g.list)))
			g.list = append(g.list, group{lo: lo, hi: len(g.keys), bucket: bucket, hash: h, count: 1})
			return
		}
		if have := &g.list[id-1]; have.hash == h && have.bucket == bucket && bytes.Equal(g.keys[have.lo:have.hi], key) {
			have.count++
			g.of = append(g.of, id-1)
			g.keys = g.keys[:lo]
			return
		}
	}
}

// arrange puts the rows of idx into g.order, group by group. Groups stay as they came: a store that wants their keys in order sorts what it has of many batches at once.
func (g *grouping) arrange(idx []uint32) {
	at := 0
	for i := range g.list {
		g.list[i].start = at
		at += g.list[i].count
		g.list[i].count = 0
	}
	g.order = slices.Grow(g.order[:0], len(idx))[:len(idx)]
	for k, i := range idx {
		have := &g.list[g.of[k]]
		g.order[have.start+have.count] = i
		have.count++
	}
}

func (g *grouping) key(i int) []byte { return g.keys[g.list[i].lo:g.list[i].hi] }

func (g *grouping) rows(i int) []uint32 {
	at := g.list[i]
	return g.order[at.start : at.start+at.count]
}
