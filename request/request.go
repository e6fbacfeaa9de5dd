// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/window"
	"selfsame/online"
	"selfsame/plan"
)

// DefaultCacheBytes is what the cache of decoded entities may take where nothing is said.
const DefaultCacheBytes = 256 << 20

// Options are the settings of a Reader.
type Options struct {
	CacheBytes int64 // of decoded entities, about; 0: DefaultCacheBytes; negative: nothing is kept. One entity that is larger than that may stay besides
}

// Reader evaluates plans over online state. It is safe for concurrent use.
type Reader struct {
	store  online.Store
	states func() *plan.States
	live   atomic.Pointer[liveSet]
	cache  *cache

	hits, misses atomic.Int64
}

// New returns a reader of store. states gives the live states of the moment; it is called for every read.
func New(store online.Store, states func() *plan.States, opt Options) *Reader {
	limit := opt.CacheBytes
	if limit == 0 {
		limit = DefaultCacheBytes
	}
	return &Reader{store: store, states: states, cache: newCache(limit)}
}

// Cut is a moment of the log.
type Cut struct {
	Offset int64 // next offset: the cut holds what lies below it
	Alpha  int64 // α of the last entry below it; MinTime for none
}

// Query asks for some rows at one moment.
type Query struct {
	Plan *Prepared
	// Given are the columns of Plan's Requests, in that order and of those types. They are read until the result is released.
	Given []*column.Column
	Rows  int
	At    int64 // T of every row, microseconds
	Cut   Cut   // pinned before the call
	// Past asks as_of T: what α <= T - lag holds, for every view. Otherwise the cut is by position, and α counts for views with a lag only.
	Past       bool
	EventTimes bool
	Expired    bool // give the values of as-of rows older than their ttl beside the status expired
	Timing     bool // fill Cache, Store and Compute

	each   []int64 // T of each row, in the place of At; nil: all ask at At
	limits []int64 // with each: what each row may know at most, by α; nil: what the cut holds
}

// Result is what a read gives. It is valid until Release.
type Result struct {
	Columns []*column.Column // one an output of the plan, a status beside every value
	// EventTimes are, per output, τ of the newest row or event used for each row, MinTime for none; nil: not asked for, static or on demand.
	EventTimes [][]int64
	// States are the live states that it was read from.
	States *plan.States
	// Hits and Misses count entities that the cache had, and that the store was read for.
	Hits, Misses int
	// Cache, Store and Compute are the time for finding entities and joining what came since, for reading and decoding what the cache
	// had not, and for evaluating.
	Cache, Store, Compute time.Duration

	home *scratch
}

// Release gives the result's memory back.
func (r *Result) Release() {
	if s := r.home; s != nil {
		r.home = nil
		s.prepared.free.Put(s)
	}
}

// Read evaluates a query. An error of class not_found says that a view has no state yet.
func (r *Reader) Read(ctx context.Context, q *Query) (*Result, error) {
	set, err := r.current()
	if err != nil {
		return nil, err
	}
	res, err := r.readOf(ctx, set, q)
	if err == nil {
		r.hits.Add(int64(res.Hits))
		r.misses.Add(int64(res.Misses))
	}
	return res, err
}

// readOf is Read of a set of live states.
func (r *Reader) readOf(ctx context.Context, set *liveSet, q *Query) (*Result, error) {
	p := q.Plan
	if p.fault != nil {
		return nil, p.fault
	}
	b, err := p.bind(set)
	if err != nil {
		return nil, err
	}
	s := p.take(r)
	if err := s.read(ctx, r, b, q); err != nil {
		p.free.Put(s)
		return nil, err
	}
	s.result.home = s
	return &s.result, nil
}

// axis is what a use may know.
type axis struct {
	known   int64
	byAlpha bool
}

// axisOf returns the knowledge that a row has of a use that declares a lag, or none. A lag of nought counts: it asks for α <= T.
func axisOf(q *Query, row int, lag selfsame.Duration) axis {
	at := q.At
	if q.each != nil {
		at = q.each[row]
	}
	known := window.SatSub(at, lag.Or(0))
	switch {
	case q.limits != nil && !lag.Set:
		known = q.limits[row]
	case q.limits != nil:
		known = min(known, q.limits[row])
	case !q.Past && !lag.Set:
		return axis{known: q.Cut.Offset - 1}
	}
	return axis{known: known, byAlpha: true}
}

// Known returns the greatest κ, by α, that a query goes by, false where it goes by position alone: then its answer is complete.
func (q *Query) Known() (int64, bool) { return q.knownOf(q.Plan.plan) }

func (q *Query) knownOf(p *plan.Plan) (int64, bool) {
	known, any := int64(math.MinInt64), false
	for _, u := range p.Uses {
		if u.Spec.Static {
			continue
		}
		if x := axisOf(q, 0, u.View.AsOf); x.byAlpha {
			known, any = max(known, x.known), true
		}
		if u.Lookup != nil { // asks at T at the latest
			if k, also := q.knownOf(u.Lookup); also {
				known, any = max(known, k), true
			}
		}
	}
	return known, any
}

// Changed tells the cache what an entity of a state gained: encoded rows and retractions, which the store has already. The writer
// calls it before the cut that holds them is published. It keeps neither slice.
func (r *Reader) Changed(s *plan.State, entity, rows []byte) {
	if r.cache.limit <= 0 {
		return
	}
	p := placeOf(s, entity)
	sh := &r.cache.shard[p.hash%shardCount]
	sh.mu.Lock()
	e := sh.find(p, entity)
	sh.mu.Unlock()
	if e != nil && !e.note(rows) {
		r.cache.drop(e)
	}
}

// CacheStats is what the cache is and did.
type CacheStats struct {
	Hits, Misses int64 // entities, since the start
	Entries      int64
	Bytes        int64
}

// CacheStats returns the state of the cache.
func (r *Reader) CacheStats() CacheStats {
	return CacheStats{Hits: r.hits.Load(), Misses: r.misses.Load(), Entries: int64(r.cache.entries()), Bytes: r.cache.bytes()}
}

// notBuilt is the error of a view that has no live state.
func notBuilt(u *plan.Use) error {
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "view " + u.View.Name, Message: "it has no online state",
		Hint: "apply the project, which builds the state of its views; history comes with `selfsame backfill`"}
	if u.View.Offline {
		e.Hint = "the view is for training only: it says `online: false`, looks its key up in other views, or looks forward"
	}
	return e
}
