// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"slices"
	"sort"
)

// ranking sorts the events that contribute by (key, number): order[r] is the number of rank r, rank its inverse.
type ranking struct {
	order []int32
	rank  []int32
	pairs []keyed
	spare []keyed
}

type keyed struct {
	key    int64
	number int32
}

// radixFrom is the length from which sorting by digits beats sorting by comparison.
const radixFrom = 1024

// build ranks keys under a mask: 0 ascending, -1 descending. Equal keys stay in the order of events.
func (r *ranking) build(keys []int64, mask int64) {
	n := len(keys)
	r.pairs = room(r.pairs, n)
	for k, key := range keys {
		r.pairs[k] = keyed{key ^ mask, int32(k)}
	}
	if n < radixFrom {
		slices.SortFunc(r.pairs, func(a, b keyed) int {
			switch {
			case a.key < b.key:
				return -1
			case a.key > b.key:
				return 1
			}
			return int(a.number - b.number)
		})
	} else {
		r.sortDigits()
	}
	r.order, r.rank = room(r.order, n), room(r.rank, n)
	for i, p := range r.pairs {
		r.order[i] = p.number
		r.rank[p.number] = int32(i)
	}
}

// mostInserted is how many keys are put into their places one by one: beyond, all are sorted anew.
const mostInserted = 32

// resume is build, ascending, where the keys before number from are those of the last.
func (r *ranking) resume(keys []int64, from int) {
	if len(keys)-from > mostInserted || from == 0 {
		r.build(keys, 0)
		return
	}
	least := len(keys)
	if len(r.order) > from {
		r.order = slices.DeleteFunc(r.order, func(k int32) bool { return int(k) >= from })
		least = 0
	}
	for k := from; k < len(keys); k++ {
		at := sort.Search(len(r.order), func(i int) bool { return keys[r.order[i]] > keys[k] })
		r.order = slices.Insert(r.order, at, int32(k))
		least = min(least, at)
	}
	r.rank = regrow(r.rank, len(keys), from)
	for i := least; i < len(r.order); i++ {
		r.rank[r.order[i]] = int32(i)
	}
}

// pick returns the i-th, from 0, of the numbers [from, to) in their order.
func (r *ranking) pick(from, to int32, i int) int32 {
	if from == 0 && int(to) == len(r.order) {
		return r.order[i]
	}
	const block = 256
	order, width := r.order, uint32(to-from)
	for len(order) > block {
		in := 0
		for _, k := range order[:block] {
			if uint32(k-from) < width {
				in++
			}
		}
		if in > i {
			break
		}
		i -= in
		order = order[block:]
	}
	for _, k := range order {
		if uint32(k-from) < width {
			if i--; i < 0 {
				return k
			}
		}
	}
	return none
}

// sortDigits sorts pairs by their keys, stably, a byte at a time from the lowest; bytes that all keys share cost a count only.
func (r *ranking) sortDigits() {
	n := len(r.pairs)
	r.spare = room(r.spare, n)
	var counts [8][256]int32
	for _, p := range r.pairs {
		u := uint64(p.key) ^ signBit
		for d := range counts {
			counts[d][byte(u>>(8*d))]++
		}
	}
	for d := range counts {
		count := &counts[d]
		if int(count[byte((uint64(r.pairs[0].key)^signBit)>>(8*d))]) == n {
			continue
		}
		at := int32(0)
		for i, c := range count {
			count[i], at = at, at+c
		}
		for _, p := range r.pairs {
			digit := byte((uint64(p.key) ^ signBit) >> (8 * d))
			r.spare[count[digit]] = p
			count[digit]++
		}
		r.pairs, r.spare = r.spare, r.pairs
	}
}

// rankedSet is a set of events that finds the one with the k-th key: the general path of the kernels that compare values. It
// ranks the entity's keys when it is first used, so the fast path does not pay for it.
type rankedSet struct {
	ranking ranking
	in      rankSet
	ready   bool
}

// stale forgets the entity.
func (s *rankedSet) stale() { s.ready = false }

// ensure makes the empty set of an entity that is new.
func (s *rankedSet) ensure(keys []int64, mask int64) {
	if !s.ready {
		s.ranking.build(keys, mask)
		s.ready = true
		s.in.reset(len(keys))
	}
}

// reset empties the set. The ranks stay: the entity is the same.
func (s *rankedSet) reset() {
	if s.ready {
		s.in.reset(len(s.ranking.order))
	}
}

func (s *rankedSet) add(number int32) { s.in.add(s.ranking.rank[number]) }

func (s *rankedSet) remove(number int32) { s.in.remove(s.ranking.rank[number]) }

func (s *rankedSet) size() int { return s.in.size }

// pick returns the number of the event with the k-th key from 0.
func (s *rankedSet) pick(k int) int32 { return s.ranking.order[s.in.pick(k)] }
