// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package online is the contract of online state: the raw rows of each entity of each state, and small facts beside them. Adapters
// are beneath it (online/embedded on Pebble), the conformance suite is online/onlinetest.
//
// Raw rows are truth, everything computed from them is cache. A write is blind: it appends encoded rows (Layout) to the bucket
// of their event time and never reads. Readers settle what they find: rows carry the place in the log at which they became known, so that a
// row applied twice counts once (M1) and a reader ignores what lies beyond its cut. A bucket is a fixed span of event time of
// its state, aligned to the epoch. Losing the store means replaying the log.
package online

import "context"

// State numbers one state: the rows that a view, under one base of its definition, keeps for its entities.
type State uint32

// PrefixBucket holds what retention has folded, below every bucket of rows.
const PrefixBucket int64 = -1 << 63

// Delta appends encoded rows to a bucket of an entity.
type Delta struct {
	State  State
	Entity []byte // canonical key: each key field framed (column.AppendFramed), in the entity's order; empty for the world
	Bucket int64  // floorDiv(τ, width of the state)
	Rows   []byte // encoded rows, one after another
}

// Fact is a small value under a key of its own: offsets, identities of events, current versions. Value nil removes it.
type Fact struct {
	Key, Value []byte
}

// Batch is what becomes visible at one moment, or not at all. Its memory belongs to the caller again when Apply returns.
type Batch struct {
	Deltas []Delta
	Facts  []Fact
}

// Store keeps online state. Apply and the optional writers below are called by one goroutine at a time, reads by any number beside it.
type Store interface {
	// Apply adds a batch atomically. It need not be durable when it returns, but what survives a crash is a prefix of the batches.
	Apply(ctx context.Context, b *Batch) error
	// Read visits the buckets lo <= bucket <= hi of an entity in ascending order. rows is valid until visit returns.
	Read(ctx context.Context, at Range, visit func(bucket int64, rows []byte) error) error
	// Facts calls found for each key that has a fact, in the order of keys. value is valid until found returns.
	Facts(ctx context.Context, keys [][]byte, found func(i int, value []byte) error) error
	Close() error
}

// Range names buckets of one entity, both ends inclusive. PrefixBucket is read only where Lo is PrefixBucket.
type Range struct {
	State  State
	Entity []byte
	Lo, Hi int64
}

// Bucket is the content of one bucket.
type Bucket struct {
	Bucket int64
	Rows   []byte
}

// Rewriter replaces what an entity holds: folding and retention. It is atomic against Apply and readers.
type Rewriter interface {
	// Rewrite hands over every bucket of the entity, ascending, and stores what fold returns instead: buckets that it does not return are
	// removed. fold leaves the bytes it is given as they are and may keep them. An error changes nothing and is returned.
	Rewrite(ctx context.Context, state State, entity []byte, fold func(have []Bucket) (keep []Bucket, err error)) error
}

// Walker lists entities.
type Walker interface {
	// Walk visits the entities of a state after the given one (nil: from the first), each once, in an order of the store's own that does not
	// change, until visit returns false. An entity is valid until visit returns; visit may call the store.
	Walk(ctx context.Context, state State, after []byte, visit func(entity []byte) bool) error
}

// Dropper forgets a whole state, or the facts with lo <= key < hi. hi nil is no bound.
type Dropper interface {
	Drop(ctx context.Context, state State) error
	DropFacts(ctx context.Context, lo, hi []byte) error
}

// FactWalker lists facts.
type FactWalker interface {
	// WalkFacts visits the facts with lo <= key < hi (nil: no bound) in key order until visit returns false. Key and value are valid until then.
	WalkFacts(ctx context.Context, lo, hi []byte, visit func(key, value []byte) bool) error
}

// Syncer makes everything applied so far durable: before the log is trimmed, and at a clean stop.
type Syncer interface {
	Sync(ctx context.Context) error
}
