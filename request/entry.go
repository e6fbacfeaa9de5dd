// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"selfsame/compute/pit"
	"selfsame/online"
)

// entry is one entity of one state: empty until its first reader has read the store.
type entry struct {
	live  *liveState
	place place
	key   string
	next  *entry // of the same place; guarded by the shard
	at    int    // in the shard's ring; guarded by the shard

	used     atomic.Bool  // read since the hand passed
	gone     atomic.Bool  // out of the cache: no new reader finds it
	recycled atomic.Bool  // its entity has been given back
	holders  atomic.Int32 // readers at work
	size     atomic.Int64 // as the cache counts it

	wait    sync.Mutex // guards pending
	pending []byte     // encoded rows that came since the entity was loaded or joined

	mu     sync.Mutex // guards what follows: one reader at a time joins and evaluates
	entity *pit.Entity
	folded bool  // it has folded states, and is of no use to others
	stored int64 // greatest Seq that the store gave: what waits up to there is there already
	newest int64 // greatest Seq of a row, or of the end of one, that the entity holds
	reads  int64
	young  int64 // size when it was new
}

// note keeps an encoded change for the next reader. It reports whether it did: an entry for which too much waits is cheaper to load
// anew. What waits stays, for readers that have the entry already: their cuts do not hold this change, but may hold those.
func (e *entry) note(rows []byte) bool {
	e.wait.Lock()
	defer e.wait.Unlock()
	if int64(len(e.pending)+len(rows)) > e.size.Load()/4+entryCost/2 {
		return false
	}
	e.pending = append(e.pending, rows...)
	return true
}

// release ends a reader's hold.
func (e *entry) release() {
	if e.holders.Add(-1) == 0 && e.gone.Load() {
		e.recycle()
	}
}

// recycle gives the memory of an entry that is gone back, once nobody holds it.
func (e *entry) recycle() {
	if e.holders.Load() == 0 && e.recycled.CompareAndSwap(false, true) {
		e.unload()
	}
}

// unload gives the entity back. Nobody else looks at e, or e.mu is held.
func (e *entry) unload() {
	if e.entity != nil && !e.folded {
		e.live.entities.Put(e.entity)
	}
	e.entity = nil
}

// loader reads entities for one reader at a time.
type loader struct {
	store  online.Store
	rows   map[*liveState]*online.Rows // decoded changes, by layout
	layout *online.Layout
	dst    *online.Rows
	prefix []byte
	visit  func(bucket int64, rows []byte) error
}

func newLoader(store online.Store) *loader {
	l := &loader{store: store, rows: map[*liveState]*online.Rows{}}
	l.visit = func(bucket int64, rows []byte) error {
		if bucket == online.PrefixBucket {
			l.prefix = append(l.prefix[:0], rows...)
			return nil
		}
		return l.layout.Decode(l.dst, rows)
	}
	return l
}

// keptBuffers is for how many states a loader keeps memory.
const keptBuffers = 64

// buffer returns empty rows for the layout of live, in memory that is used again.
func (l *loader) buffer(live *liveState) *online.Rows {
	rows := l.rows[live]
	if rows == nil {
		if len(l.rows) >= keptBuffers { // states come and go
			clear(l.rows)
		}
		rows = &online.Rows{}
		l.rows[live] = rows
	}
	rows.Reset()
	return rows
}

// load fills e from the store. e.mu is held.
func (l *loader) load(ctx context.Context, e *entry, key []byte) error {
	// What waits came before the store is read: the store has it.
	e.wait.Lock()
	e.pending = e.pending[:0]
	e.wait.Unlock()
	live := e.live
	rows := l.buffer(live)
	l.layout, l.dst, l.prefix = &live.layout, rows, l.prefix[:0]
	if err := live.layout.Decode(rows, nil); err != nil { // makes the columns, of an entity without rows too
		return err
	}
	err := l.store.Read(ctx, online.Range{State: online.State(live.state.ID), Entity: key, Lo: live.first, Hi: math.MaxInt64}, l.visit)
	if err != nil {
		return err
	}
	rows.Settle()
	e.stored = newestOf(rows)
	e.newest = e.stored
	events := eventsOf(rows)
	entity := live.entity()
	entity.Load(&events)
	if e.folded = len(l.prefix) > 0; e.folded {
		if err := live.fold(entity, l.prefix); err != nil {
			return err
		}
	}
	e.entity = entity
	return nil
}

// eventsOf are settled rows as events. They share the rows' memory.
func eventsOf(r *online.Rows) pit.EntityEvents {
	return pit.EntityEvents{Tau: r.Tau, Seq: r.Seq, Alpha: r.Alpha, UntilSeq: r.UntilSeq, UntilAlpha: r.UntilAlpha,
		Place: r.Place, Hash: r.Hash, Order: r.Order, Delete: r.Delete, Columns: r.Columns}
}

// newestOf returns the greatest Seq of a row or a retraction, MinInt64 for none.
func newestOf(r *online.Rows) int64 {
	newest := int64(math.MinInt64)
	for _, s := range r.Seq {
		newest = max(newest, s)
	}
	for _, x := range r.Retractions {
		newest = max(newest, x.Seq)
	}
	return newest
}

// join takes what waits into the entity. It reports false where it cannot: then the entry must be loaded anew. e.mu is held.
func (l *loader) join(e *entry, waiting []byte) (bool, error) {
	rows := l.buffer(e.live)
	if err := e.live.layout.Decode(rows, waiting); err != nil {
		return false, err
	}
	rows.Settle()
	newest := newestOf(rows)
	if newest <= e.stored && !history(rows) {
		return true, nil
	}
	for _, s := range rows.Seq {
		if s <= e.stored || s < 0 { // some of it the store had, or it is history, in no order: rare enough to read the store again
			return false, nil
		}
	}
	if rows.Len() > 0 {
		events := eventsOf(rows)
		e.entity.Append(&events)
	}
	for _, x := range rows.Retractions {
		if x.Seq > e.stored && !e.entity.Retract(x.Target, x.Seq, x.Alpha) {
			return false, nil
		}
	}
	e.newest = max(e.newest, newest)
	return true, nil
}

// history reports whether some of the rows are history: their positions do not tell which came first.
func history(r *online.Rows) bool {
	return slices.ContainsFunc(r.Seq, func(s int64) bool { return s < 0 })
}

// takePending returns what waits, in memory of buf.
func (e *entry) takePending(buf []byte) []byte {
	e.wait.Lock()
	defer e.wait.Unlock()
	buf = append(buf[:0], e.pending...)
	e.pending = e.pending[:0]
	return buf
}
