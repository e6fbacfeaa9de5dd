// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request

import (
	"sync"
	"sync/atomic"

	"github.com/zeebo/xxh3"

	"selfsame/plan"
)

const (
	shardCount = 64
	// entryCost is what an entry takes beside its events, with the room for what may wait in it.
	entryCost = 1 << 10
)

// cache holds entries by state and entity, up to a number of bytes; with none to hold, every entry is its reader's alone. Which go follows CLOCK: an entry that was read since the hand passed
// stays for another round, so that a scan of cold entities does not drive out the warm ones.
//
// An entity that is larger than the cache is its guest: the one that was read last stays, beside what is counted, for a read takes its memory
// anyway and to load it anew each time would take seconds.
//
// Lock order: entry.mu, then shard.mu, then entry.wait. No lock is held while the store is read but the entry's own mu.
type cache struct {
	limit int64
	held  atomic.Int64
	hand  atomic.Uint32 // shard that gives next
	guest atomic.Pointer[entry]
	shard [shardCount]shard
}

// shard is a part of the entries. mu guards all of it and the place of its entries.
type shard struct {
	mu   sync.Mutex
	by   map[place]*entry
	ring []*entry
	hand int
	_    [24]byte // a cache line of its own
}

// place is where an entry is looked up; entries whose hashes are equal are chained.
type place struct {
	state uint32
	hash  uint64
}

func newCache(limit int64) *cache {
	c := &cache{limit: limit}
	for i := range c.shard {
		c.shard[i].by = map[place]*entry{}
	}
	return c
}

func placeOf(s *plan.State, entity []byte) place {
	return place{s.ID, xxh3.HashSeed(entity, uint64(s.ID))}
}

// find returns the entry of an entity as it is, nil where there is none.
func (s *shard) find(p place, entity []byte) *entry {
	for e := s.by[p]; e != nil; e = e.next {
		if e.key == string(entity) {
			return e
		}
	}
	return nil
}

// take returns the entry of an entity of live, a new one where there is none. The caller holds it until done.
func (c *cache) take(live *liveState, entity []byte) *entry {
	if c.limit <= 0 || live.uncached {
		e := &entry{live: live}
		e.holders.Store(1)
		e.gone.Store(true)
		return e
	}
	p := placeOf(live.state, entity)
	s := &c.shard[p.hash%shardCount]
	s.mu.Lock()
	e := s.find(p, entity)
	if e != nil && e.live == live {
		e.used.Store(true)
		e.holders.Add(1)
		s.mu.Unlock()
		return e
	}
	if e != nil { // of the state as it was before its uses changed
		s.remove(c, e)
	}
	e = &entry{live: live, place: p, key: string(entity), next: s.by[p], at: len(s.ring)}
	e.size.Store(entryCost + int64(len(entity)))
	e.holders.Add(1)
	s.by[p] = e
	s.ring = append(s.ring, e)
	s.mu.Unlock()
	c.grow(c.counted(e.size.Load()))
	return e
}

// remove takes an entry that is in s out of the cache. s.mu is held.
func (s *shard) remove(c *cache, e *entry) {
	last := len(s.ring) - 1
	s.ring[e.at] = s.ring[last]
	s.ring[e.at].at = e.at
	s.ring[last] = nil
	s.ring = s.ring[:last]
	if head := s.by[e.place]; head == e && e.next == nil {
		delete(s.by, e.place)
	} else if head == e {
		s.by[e.place] = e.next
	} else {
		for head.next != e {
			head = head.next
		}
		head.next = e.next
	}
	c.held.Add(-c.counted(e.size.Load()))
	c.guest.CompareAndSwap(e, nil)
	e.gone.Store(true)
	e.recycle()
}

// drop takes an entry out of the cache, if it is there.
func (c *cache) drop(e *entry) {
	s := &c.shard[e.place.hash%shardCount]
	s.mu.Lock()
	if !e.gone.Load() {
		s.remove(c, e)
	}
	s.mu.Unlock()
}

// resize notes the size of an entry, and makes room where the cache is too large.
func (c *cache) resize(e *entry, size int64) {
	if e.size.Load() == size {
		return
	}
	s := &c.shard[e.place.hash%shardCount]
	s.mu.Lock()
	more, before := int64(0), (*entry)(nil)
	if !e.gone.Load() {
		more = c.counted(size) - c.counted(e.size.Swap(size))
		if c.isGuest(size) {
			before = c.guest.Swap(e)
		}
	}
	s.mu.Unlock()
	if before != nil && before != e {
		c.drop(before)
	}
	c.grow(more)
}

// isGuest reports whether an entry is too large to be held beside others.
func (c *cache) isGuest(size int64) bool { return size > c.limit }

// counted is what of a size counts against the limit.
func (c *cache) counted(size int64) int64 {
	if c.isGuest(size) {
		return 0
	}
	return size
}

func (c *cache) grow(by int64) {
	if c.held.Add(by) <= c.limit {
		return
	}
	// A round of shards may give none, for every entry was read: their marks are gone then, and the second round does.
	for tries := 0; c.held.Load() > c.limit && tries < 3*shardCount; tries++ {
		s := &c.shard[c.hand.Add(1)%shardCount]
		s.mu.Lock()
		s.evict(c)
		s.mu.Unlock()
	}
}

// evict takes out the next entry that was not read since the hand passed it. s.mu is held.
func (s *shard) evict(c *cache) {
	for range s.ring {
		if s.hand >= len(s.ring) {
			s.hand = 0
		}
		e := s.ring[s.hand]
		if !e.used.Swap(false) {
			s.remove(c, e)
			return
		}
		s.hand++
	}
}

// keep drops the entries that are none of a set of live states.
func (c *cache) keep(set *liveSet) {
	for i := range c.shard {
		s := &c.shard[i]
		s.mu.Lock()
		for k := len(s.ring) - 1; k >= 0; k-- {
			if e := s.ring[k]; set.by[e.live.state] != e.live {
				s.remove(c, e)
			}
		}
		s.mu.Unlock()
	}
}

// bytes is what the cache holds, its guest with it.
func (c *cache) bytes() int64 {
	n := c.held.Load()
	if e := c.guest.Load(); e != nil {
		n += e.size.Load() - c.counted(e.size.Load())
	}
	return n
}

// entries counts what the cache holds.
func (c *cache) entries() (n int) {
	for i := range c.shard {
		s := &c.shard[i]
		s.mu.Lock()
		n += len(s.ring)
		s.mu.Unlock()
	}
	return n
}
