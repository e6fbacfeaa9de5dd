// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import "selfsame"

// recentMost bounds the identities of one generation: 8 bytes each, at most half of the slots used.
const recentMost = 1 << 19

// recent knows which identities have no fact, of those newer than a floor, so that the store need not be asked about what is new: the common case by
// far. Two generations of hashes hold every identity above the floor that has a fact, and some that have none.
type recent struct {
	most        int   // of one generation
	floor       int64 // facts of events up to it may be in the store alone
	young, old  hashSet
	newest      int64 // τ in young
	newestOfOld int64
}

func newRecent(floor int64) recent {
	return recent{most: recentMost, floor: floor, newest: selfsame.MinTime, newestOfOld: selfsame.MinTime}
}

// absent reports whether an identity has no fact for certain.
func (r *recent) absent(id identity) bool {
	return id.tau > r.floor && !r.young.has(id.short()) && !r.old.has(id.short())
}

// add notes that an identity has a fact, or will have.
func (r *recent) add(id identity) {
	if id.tau <= r.floor {
		return
	}
	if r.young.count >= r.most {
		r.floor = max(r.floor, r.newestOfOld)
		r.young, r.old = r.old, r.young
		r.newestOfOld, r.newest = r.newest, selfsame.MinTime
		r.young.reset()
	}
	r.young.add(id.short())
	r.newest = max(r.newest, id.tau)
}

// short is 64 bits of an identity, never 0.
func (a identity) short() uint64 {
	return max(1, a.hash.Lo^uint64(a.tau)*0x9E3779B97F4A7C15)
}

// hashSet is a set of numbers other than 0.
type hashSet struct {
	slots []uint64
	count int
}

func (s *hashSet) reset() {
	clear(s.slots)
	s.count = 0
}

func (s *hashSet) has(h uint64) bool {
	return len(s.slots) > 0 && s.slots[s.find(h)] == h
}

// find returns the slot that holds h or is free for it.
func (s *hashSet) find(h uint64) uint64 {
	mask := uint64(len(s.slots) - 1)
	at := h & mask
	for s.slots[at] != 0 && s.slots[at] != h {
		at = (at + 1) & mask
	}
	return at
}

func (s *hashSet) add(h uint64) {
	if 2*(s.count+1) > len(s.slots) {
		old := s.slots
		s.slots = make([]uint64, max(1<<10, 2*len(old)))
		for _, x := range old {
			if x != 0 {
				s.slots[s.find(x)] = x
			}
		}
	}
	if at := s.find(h); s.slots[at] == 0 {
		s.slots[at] = h
		s.count++
	}
}
