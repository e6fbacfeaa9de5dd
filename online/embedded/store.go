// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package embedded keeps online state in a Pebble directory of this process.
//
// A delta is a merge operand: writing never reads, and a bucket is what was appended to it. There is no write-ahead log: state is derived, what a
// crash leaves is what was flushed last, which is a prefix of the batches, and the event log gives the rest again. Sync and Close flush.
// After a write that the disk refuses nothing is written any more, and every call that writes says so (internal/durable).
//
// It is an adapter of online: only the composition root and tests import it. A Store is safe for concurrent use: writers take turns, reads go beside them.
package embedded

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame/internal/durable"
	"selfsame/online"
)

// Options are the settings of a store. Zero values are the defaults.
type Options struct {
	FS            vfs.FS // nil: the disk
	CacheBytes    int64  // of decoded blocks; 0: 128 MiB
	MemTableBytes uint64 // held before a flush, and given again by the event log after a crash; 0: 64 MiB
	Reserve       int64  // bytes of the disk to leave free; 0: durable.DefaultReserve; < 0: none
}

// Format is the version of the directory. docs/format/online.md draws its keys and values.
const Format = 1

// Store is online state in a directory.
type Store struct {
	dir   *durable.Dir
	calls *durable.Calls
	one   sync.Mutex // held by the one that writes: a rewrite reads before it writes
	keys  sync.Pool  // *scratch
}

// scratch is memory for the keys of one read.
type scratch struct{ lo, hi []byte }

var (
	_ online.Store      = (*Store)(nil)
	_ online.Rewriter   = (*Store)(nil)
	_ online.Walker     = (*Store)(nil)
	_ online.Dropper    = (*Store)(nil)
	_ online.FactWalker = (*Store)(nil)
	_ online.Syncer     = (*Store)(nil)
)

const name = "online state"

// Open opens the store in dir, which one process may have open, and makes it where there is none.
func Open(dir string, o Options) (*Store, error) {
	if o.CacheBytes == 0 {
		o.CacheBytes = 128 << 20
	}
	if o.MemTableBytes == 0 {
		o.MemTableBytes = 64 << 20
	}
	cache := pebble.NewCache(o.CacheBytes + 2*int64(o.MemTableBytes)) // Pebble counts what is held before a flush as part of it
	defer cache.Unref()
	settings := &pebble.Options{
		Cache: cache, Comparer: comparer, Merger: concatenate, FormatMajorVersion: pebble.FormatNewest,
		DisableWAL: true, MemTableSize: o.MemTableBytes, MemTableStopWritesThreshold: 4,
		L0CompactionThreshold: 2, L0StopWritesThreshold: 32, LBaseMaxBytes: 64 << 20,
		CompactionConcurrencyRange: func() (int, int) { return 1, 2 },
	}
	for i := range settings.Levels {
		settings.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		settings.Levels[i].BlockSize = 8 << 10
	}
	d, err := durable.Open(dir, durable.Options{Name: name, Format: durable.Format{Kind: "online", Version: Format}, FS: o.FS, Reserve: o.Reserve, Pebble: settings})
	if err != nil {
		return nil, err
	}
	s := &Store{dir: d, calls: durable.NewCalls(name)}
	s.keys.New = func() any { return &scratch{} }
	return s, nil
}

// Apply adds a batch atomically. It does not wait for the disk.
func (s *Store) Apply(ctx context.Context, b *online.Batch) error {
	if err := s.calls.Enter(ctx); err != nil {
		return err
	}
	defer s.calls.Leave()
	return s.write(func(w *pebble.Batch) error {
		for i := range b.Deltas {
			mergeDelta(w, &b.Deltas[i])
		}
		for i := range b.Facts {
			if err := setFact(w, &b.Facts[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// mergeDelta writes the operand's key and value in place.
func mergeDelta(w *pebble.Batch, d *online.Delta) {
	var room [stateBytes + binary.MaxVarintLen64]byte
	head := binary.AppendUvarint(appendState(room[:0], d.State), uint64(len(d.Entity)))
	op := w.MergeDeferred(len(head)+len(d.Entity)+8, len(d.Rows))
	n := copy(op.Key, head)
	n += copy(op.Key[n:], d.Entity)
	appendBucket(op.Key[:n], d.Bucket)
	copy(op.Value, d.Rows)
	_ = op.Finish() // it writes to the batch's memory and has no error to give
}

func setFact(w *pebble.Batch, f *online.Fact) error {
	if f.Value == nil {
		op := w.DeleteDeferred(1 + len(f.Key))
		op.Key[0] = spaceFacts
		copy(op.Key[1:], f.Key)
		return op.Finish()
	}
	op := w.SetDeferred(1+len(f.Key), len(f.Value))
	op.Key[0] = spaceFacts
	copy(op.Key[1:], f.Key)
	copy(op.Value, f.Value)
	return op.Finish()
}

// write fills and applies one batch, in the caller's turn.
func (s *Store) write(fill func(*pebble.Batch) error) error {
	s.one.Lock()
	defer s.one.Unlock()
	w := s.dir.DB.NewBatch()
	err := fill(w)
	if err == nil && !w.Empty() { // retention mostly finds nothing to write, and need not ask for room
		err = s.dir.Writable()
	}
	if err != nil {
		_ = w.Close() // nothing is written
		return err
	}
	if !w.Empty() {
		err = s.dir.DB.Apply(w, pebble.NoSync)
	}
	err = errors.Join(err, w.Close())
	if sealed := s.dir.Err(); sealed != nil {
		return sealed
	}
	if err != nil {
		return s.dir.Problem("cannot be written", err)
	}
	return nil
}

// Read visits the buckets of a range in ascending order.
func (s *Store) Read(ctx context.Context, at online.Range, visit func(bucket int64, rows []byte) error) error {
	if err := s.calls.Enter(ctx); err != nil {
		return err
	}
	defer s.calls.Leave()
	k, _ := s.keys.Get().(*scratch)
	defer s.keys.Put(k)
	k.lo = appendEntity(k.lo[:0], at.State, at.Entity)
	n := len(k.lo)
	k.lo = appendBucket(k.lo, at.Lo)
	switch {
	case at.Lo > at.Hi:
		return nil
	case at.Lo == at.Hi:
		return s.readOne(k.lo, at.Lo, visit)
	}
	k.hi = append(appendBucket(append(k.hi[:0], k.lo[:n]...), at.Hi), 0)
	return s.readSpan(k.lo, k.hi, visit)
}

func (s *Store) readOne(key []byte, bucket int64, visit func(int64, []byte) error) error {
	v, closer, err := s.dir.DB.Get(key)
	if err != nil {
		if errors.Is(err, pebble.ErrNotFound) {
			return nil
		}
		return s.dir.Problem("cannot be read", err)
	}
	err = visit(bucket, v)
	if e := closer.Close(); err == nil && e != nil {
		return s.dir.Problem("cannot be read", e)
	}
	return err
}

// readSpan reads keys of one entity in [lo, hi).
func (s *Store) readSpan(lo, hi []byte, visit func(int64, []byte) error) error {
	it, err := s.dir.DB.NewIter(&pebble.IterOptions{LowerBound: lo, UpperBound: hi})
	if err != nil {
		return s.dir.Problem("cannot be read", err)
	}
	var stop error
	for ok := it.SeekPrefixGE(lo); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			break // the iterator keeps it
		}
		if stop = visit(bucketOf(it.Key()), v); stop != nil {
			break
		}
	}
	return s.ended(it, stop)
}

// ended closes an iterator: a caller's own error goes before one of the iterator's.
func (s *Store) ended(it *pebble.Iterator, stop error) error {
	err := errors.Join(it.Error(), it.Close())
	if stop != nil {
		return stop
	}
	if err != nil {
		return s.dir.Problem("cannot be read", err)
	}
	return nil
}

// Facts looks keys up, in their order.
func (s *Store) Facts(ctx context.Context, keys [][]byte, found func(i int, value []byte) error) error {
	if err := s.calls.Enter(ctx); err != nil {
		return err
	}
	defer s.calls.Leave()
	it, err := s.dir.DB.NewIter(&pebble.IterOptions{LowerBound: []byte{spaceFacts}, UpperBound: []byte{spaceFacts + 1}})
	if err != nil {
		return s.dir.Problem("cannot be read", err)
	}
	k, _ := s.keys.Get().(*scratch)
	defer s.keys.Put(k)
	var stop error
	for i, key := range keys {
		k.lo = append(append(k.lo[:0], spaceFacts), key...)
		if !it.SeekPrefixGE(k.lo) {
			if it.Error() != nil {
				break
			}
			continue
		}
		v, err := it.ValueAndErr()
		if err != nil {
			break
		}
		if stop = found(i, v); stop != nil {
			break
		}
	}
	return s.ended(it, stop)
}

// Failed returns why nothing can be written until the store is opened anew, nil where all is well.
func (s *Store) Failed() error { return s.dir.Err() }

// Sync makes everything applied so far durable.
func (s *Store) Sync(ctx context.Context) error {
	if err := s.calls.Enter(ctx); err != nil {
		return err
	}
	defer s.calls.Leave()
	return s.flush()
}

func (s *Store) flush() error {
	if err := s.dir.Err(); err != nil {
		return err
	}
	err := s.dir.DB.Flush()
	if sealed := s.dir.Err(); sealed != nil {
		return sealed
	}
	if err != nil {
		return s.dir.Problem("cannot be written", err)
	}
	return nil
}

// Close waits for the calls that run, makes everything applied durable and lets go of the directory. A second Close does nothing.
func (s *Store) Close() error {
	if !s.calls.Close() {
		return nil
	}
	err := s.flush()
	if e := s.dir.Close(); err == nil {
		err = e
	}
	return err
}
