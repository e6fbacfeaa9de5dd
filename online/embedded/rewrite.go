// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/zeebo/xxh3"

	"selfsame/online"
)

// Rewrite stores what fold makes of an entity's buckets. No batch is applied in between.
func (s *Store) Rewrite(ctx context.Context, state online.State, entity []byte, fold func(have []online.Bucket) ([]online.Bucket, error)) error {
	if err := s.calls.Enter(ctx); err != nil {
		return err
	}
	defer s.calls.Leave()
	s.one.Lock()
	defer s.one.Unlock()
	k, _ := s.keys.Get().(*scratch)
	defer s.keys.Put(k)
	var have []online.Bucket
	err := s.read(k, online.Range{State: state, Entity: entity, Lo: math.MinInt64, Hi: math.MaxInt64}, func(bucket int64, rows []byte) error {
		have = append(have, online.Bucket{Bucket: bucket, Rows: slices.Clone(rows)})
		return nil
	})
	if err != nil {
		return err
	}
	keep, err := fold(slices.Clone(have))
	if err != nil {
		return err
	}
	set, gone := differences(have, keep)
	prefix := appendEntity(nil, state, entity)
	hash := xxh3.Hash(prefix)
	return s.write(len(set)+len(gone) == 0, func(f *front) {
		for _, b := range gone {
			f.remove(prefix, hash, b)
		}
		for _, b := range set {
			f.set(prefix, hash, b.Bucket, b.Rows)
		}
	})
}

// differences are the buckets that are not as they were, and those that are no more.
func differences(have, keep []online.Bucket) (set []online.Bucket, gone []int64) {
	stays := make(map[int64]bool, len(keep))
	for _, b := range keep {
		stays[b.Bucket] = true
	}
	was := make(map[int64][]byte, len(have))
	for _, b := range have {
		was[b.Bucket] = b.Rows
		if !stays[b.Bucket] {
			gone = append(gone, b.Bucket)
		}
	}
	for _, b := range keep {
		if rows, ok := was[b.Bucket]; !ok || !bytes.Equal(rows, b.Rows) {
			set = append(set, b)
		}
	}
	return set, gone
}

// Walk visits the entities of a state: shorter keys first, those of one length by their bytes.
func (s *Store) Walk(ctx context.Context, state online.State, after []byte, visit func(entity []byte) bool) error {
	if err := s.calls.Enter(ctx); err != nil {
		return err
	}
	defer s.calls.Leave()
	if err := s.settle(); err != nil {
		return err
	}
	lo, hi := appendState(nil, state), above(appendState(nil, state))
	it, err := s.dir.DB.NewIter(&pebble.IterOptions{LowerBound: lo, UpperBound: hi})
	if err != nil {
		return s.dir.Problem("cannot be read", err)
	}
	from := lo
	if after != nil {
		from = append(appendBucket(appendEntity(nil, state, after), math.MaxInt64), 0)
	}
	for ok := it.SeekGE(from); ok; ok = it.NextPrefix() {
		if entity, is := entityOf(it.Key()); is && !visit(entity) {
			break
		}
	}
	return s.ended(it, nil)
}

// Drop forgets a state.
func (s *Store) Drop(ctx context.Context, state online.State) error {
	if err := s.calls.Enter(ctx); err != nil {
		return err
	}
	defer s.calls.Leave()
	return s.drop(appendState(nil, state), above(appendState(nil, state)))
}

// drop removes a range of keys. Most of what has been applied is moved before the turn to write is taken.
func (s *Store) drop(lo, hi []byte) error {
	if err := s.settle(); err != nil {
		return err
	}
	s.one.Lock()
	defer s.one.Unlock()
	if err := s.writable(); err != nil {
		return err
	}
	if err := s.freeze(); err != nil {
		return err
	}
	if err := s.settled(s.view.Load()); err != nil {
		return err
	}
	err := s.dir.DB.DeleteRange(lo, hi, pebble.NoSync)
	if sealed := s.dir.Err(); sealed != nil {
		return sealed
	}
	if err != nil {
		return s.dir.Problem("cannot be written", err)
	}
	return nil
}

// DropFacts forgets the facts with lo <= key < hi; hi nil is no bound.
func (s *Store) DropFacts(ctx context.Context, lo, hi []byte) error {
	if err := s.calls.Enter(ctx); err != nil {
		return err
	}
	defer s.calls.Leave()
	from, to := factRange(lo, hi)
	if bytes.Compare(from, to) >= 0 {
		return nil
	}
	return s.drop(from, to)
}

func factRange(lo, hi []byte) (from, to []byte) {
	from = append([]byte{spaceFacts}, lo...)
	if hi == nil {
		return from, []byte{spaceFacts + 1}
	}
	return from, append([]byte{spaceFacts}, hi...)
}

// WalkFacts visits the facts with lo <= key < hi in key order; hi nil is no bound.
func (s *Store) WalkFacts(ctx context.Context, lo, hi []byte, visit func(key, value []byte) bool) error {
	if err := s.calls.Enter(ctx); err != nil {
		return err
	}
	defer s.calls.Leave()
	if err := s.settle(); err != nil {
		return err
	}
	from, to := factRange(lo, hi)
	it, err := s.dir.DB.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return s.dir.Problem("cannot be read", err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil || !visit(it.Key()[1:], v) {
			break
		}
	}
	return s.ended(it, nil)
}

// Compact rewrites all files, so that each bucket is in one piece. The database leaves alone what lies below everything else in one piece already, so two
// deletions of keys that are never written are laid over it: at the begin and at the end of all keys.
func (s *Store) Compact(ctx context.Context) error {
	if err := s.calls.Enter(ctx); err != nil {
		return err
	}
	defer s.calls.Leave()
	if err := s.flush(); err != nil {
		return err
	}
	over := s.dir.DB.NewBatch()
	for _, key := range [][]byte{{spaceData}, {spaceFacts + 1}} {
		if err := over.Delete(key, nil); err != nil {
			return s.dir.Problem("cannot be compacted", errors.Join(err, over.Close()))
		}
	}
	if err := s.dir.DB.Apply(over, pebble.NoSync); err != nil {
		return s.dir.Problem("cannot be compacted", err)
	}
	if err := s.dir.DB.Compact(ctx, []byte{spaceData}, []byte{spaceFacts + 1}, false); err != nil {
		return s.dir.Problem("cannot be compacted", err)
	}
	return s.dir.Err()
}

// Usage is what a store takes.
type Usage struct {
	Disk, Memory         int64 // bytes: of files; of what is not flushed and of the block cache
	CacheHits, CacheMiss int64 // of blocks, since Open
}

// Usage says what the store takes now.
func (s *Store) Usage() Usage {
	if s.calls.Enter(context.Background()) != nil {
		return Usage{}
	}
	defer s.calls.Leave()
	m, v := s.dir.DB.Metrics(), s.view.Load()
	held := v.active.size()
	if v.frozen != nil {
		held += v.frozen.size()
	}
	return Usage{Disk: int64(m.DiskSpaceUsage()), Memory: held + int64(m.MemTable.Size) + m.BlockCache.Size, CacheHits: m.BlockCache.Hits, CacheMiss: m.BlockCache.Misses}
}
