// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package embedded keeps online state in a Pebble directory of this process.
//
// What is applied gathers in a front, by entity (front.go); full, it is frozen and moved into the database in one batch while the next fills. There a
// delta is a merge operand: writing never reads, and a bucket is what was appended to it. There is no write-ahead log: state is derived, what a
// crash leaves is what was flushed last, which is a prefix of the batches, and the event log gives the rest again. Sync and Close flush.
// After a write that the disk refuses nothing is written any more, and every call that writes says so (internal/durable).
//
// It is an adapter of online: only the composition root and tests import it. A Store is safe for concurrent use: writers take turns, reads go beside them.
package embedded

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/xxh3"

	"selfsame/internal/durable"
	"selfsame/online"
)

// Options are the settings of a store. Zero values are the defaults.
type Options struct {
	FS            vfs.FS // nil: the disk
	CacheBytes    int64  // of decoded blocks; 0: 128 MiB
	MemTableBytes uint64 // about, held before a flush, and given again by the event log after a crash; 0: 64 MiB
	Reserve       int64  // bytes of the disk to leave free; 0: durable.DefaultReserve; < 0: none
}

// Format is the version of the directory. docs/format/online.md draws its keys and values.
const Format = 1

// Store is online state in a directory.
type Store struct {
	dir    *durable.Dir
	disk   *flushes
	calls  *durable.Calls
	one    sync.Mutex // held by the one that writes: a rewrite reads before it writes. Taken before a front's mu
	keys   sync.Pool  // *scratch
	limit  int64      // bytes of a front
	view   atomic.Pointer[view]
	moving sync.WaitGroup        // the front that is on its way
	failed atomic.Pointer[error] // why it did not arrive
}

// scratch is memory for one read.
type scratch struct {
	lo, hi, rows, joined []byte
	parts                []part
	facts                []known

	ends    []int // of the prefixes in lo that are about to be written
	hashes  []uint64
	touched uint64 // what touch read: else the compiler would leave it out
}

// ahead is how many prefixes are found at once: as many ways to memory as a processor goes beside each other, and some.
const ahead = 32

// begin begins a run of prefixes.
func (k *scratch) begin() { k.lo, k.ends, k.hashes = k.lo[:0], k.ends[:0], k.hashes[:0] }

// prefix takes k.lo with one more prefix at its end.
func (k *scratch) prefix(with []byte) {
	k.hashes = append(k.hashes, xxh3.Hash(with[len(k.lo):]))
	k.lo, k.ends = with, append(k.ends, len(with))
}

// key is prefix i of the run.
func (k *scratch) key(i int) []byte {
	lo := 0
	if i > 0 {
		lo = k.ends[i-1]
	}
	return k.lo[lo:k.ends[i]]
}

var (
	_ online.Store      = (*Store)(nil)
	_ online.Rewriter   = (*Store)(nil)
	_ online.Walker     = (*Store)(nil)
	_ online.Dropper    = (*Store)(nil)
	_ online.FactWalker = (*Store)(nil)
	_ online.Syncer     = (*Store)(nil)
)

const name = "online state"

// How many compactions run at once: more than the least where Pebble says that it falls behind.
const (
	leastCompactions = 1
	mostCompactions  = 2
)

// Open opens the store in dir, which one process may have open, and makes it where there is none.
func Open(dir string, o Options) (*Store, error) {
	if o.CacheBytes == 0 {
		o.CacheBytes = 128 << 20
	}
	if o.MemTableBytes == 0 {
		o.MemTableBytes = 64 << 20
	}
	disk := &flushes{FS: o.FS}
	if disk.FS == nil {
		disk.FS = vfs.Default
	}
	settings := o.pebble(disk)
	defer settings.Cache.Unref()
	d, err := durable.Open(dir, durable.Options{Name: name, Format: durable.Format{Kind: "online", Version: Format}, FS: disk, Reserve: o.Reserve, Pebble: settings})
	if err != nil {
		return nil, err
	}
	s := &Store{dir: d, disk: disk, calls: durable.NewCalls(name), limit: int64(o.MemTableBytes / 2)}
	s.keys.New = func() any { return &scratch{} }
	last, err := s.number()
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	s.view.Store(&view{active: newFront(last+1, nil)})
	return s, nil
}

// pebble are the settings of a database on a disk. Their cache is the caller's to let go of.
func (o *Options) pebble(disk *flushes) *pebble.Options {
	const memTable = 8 << 20                                          // a full front is more than half of it, so it becomes a file as it is
	cache := pebble.NewCache(o.CacheBytes + 2*int64(o.MemTableBytes)) // Pebble counts what is held before a flush as part of it
	settings := &pebble.Options{
		Cache: cache, Comparer: comparer, Merger: concatenate, FormatMajorVersion: pebble.FormatNewest,
		DisableWAL: true, MemTableSize: min(o.MemTableBytes, memTable), MemTableStopWritesThreshold: 4,
		L0CompactionThreshold: 4, L0StopWritesThreshold: 32, LBaseMaxBytes: 64 << 20,
		CompactionConcurrencyRange: func() (int, int) { return leastCompactions, mostCompactions },
	}
	settings.Experimental.CompactionScheduler = &pace{disk: disk}
	for i := range settings.Levels {
		settings.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		settings.Levels[i].BlockSize = 8 << 10
	}
	return settings
}

// Apply adds a batch atomically. It does not wait for the disk.
func (s *Store) Apply(ctx context.Context, b *online.Batch) error {
	if err := s.calls.Enter(ctx); err != nil {
		return err
	}
	defer s.calls.Leave()
	s.one.Lock()
	defer s.one.Unlock()
	return s.write(len(b.Deltas)+len(b.Facts) == 0, func(f *front) {
		k, _ := s.keys.Get().(*scratch)
		defer s.keys.Put(k)
		for some := range slices.Chunk(b.Deltas, ahead) {
			k.begin()
			for i := range some {
				k.prefix(appendEntity(k.lo, some[i].State, some[i].Entity))
			}
			k.touched += f.touch(k.hashes)
			for i := range some {
				f.merge(k.key(i), k.hashes[i], some[i].Bucket, some[i].Rows)
			}
		}
		for some := range slices.Chunk(b.Facts, ahead) {
			k.begin()
			for i := range some {
				k.prefix(append(append(k.lo, spaceFacts), some[i].Key...))
			}
			k.touched += f.touch(k.hashes)
			for i := range some {
				if v := some[i].Value; v != nil {
					f.set(k.key(i), k.hashes[i], 0, v)
				} else {
					f.remove(k.key(i), k.hashes[i], 0)
				}
			}
		}
	})
}

// write fills the active front, and moves it on where it is full. The caller has the turn to write.
func (s *Store) write(nothing bool, fill func(*front)) error {
	if nothing { // retention mostly finds nothing to write, and need not ask for room
		return s.dir.Err()
	}
	if err := s.writable(); err != nil {
		return err
	}
	f := s.view.Load().active
	f.mu.Lock()
	fill(f)
	bytes := f.bytes
	f.mu.Unlock()
	if bytes >= s.limit/2 {
		s.disk.hurry()
	}
	if bytes >= s.limit {
		if err := s.freeze(); err != nil {
			return err
		}
	}
	return s.dir.Err()
}

// writable returns why nothing can be written.
func (s *Store) writable() error {
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return s.dir.Writable()
}

// Read visits the buckets of a range in ascending order.
func (s *Store) Read(ctx context.Context, at online.Range, visit func(bucket int64, rows []byte) error) error {
	if err := s.calls.Enter(ctx); err != nil {
		return err
	}
	defer s.calls.Leave()
	k, _ := s.keys.Get().(*scratch)
	defer s.keys.Put(k)
	if at.Lo > at.Hi {
		return nil
	}
	return s.read(k, at, visit)
}

// read visits the buckets of a range in memory of k.
func (s *Store) read(k *scratch, at online.Range, visit func(bucket int64, rows []byte) error) error {
	k.lo = appendEntity(k.lo[:0], at.State, at.Entity)
	n := len(k.lo)
	k.lo = appendBucket(k.lo, at.Lo)
	k.hi = append(appendBucket(append(k.hi[:0], k.lo[:n]...), at.Hi), 0)
	if at.Lo == at.Hi {
		if done, err := s.readOne(s.view.Load(), k, n, visit); done {
			return err
		}
	}
	it, fronts, err := s.open(k.lo, k.hi)
	if err != nil {
		return err
	}
	k.gather(fronts, k.lo[:n], at.Lo, at.Hi)
	var stop error
	next := 0 // of the parts
	for ok := it.SeekPrefixGE(k.lo); ok && stop == nil; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			break // the iterator keeps it
		}
		b := bucketOf(it.Key())
		for next < len(k.parts) && k.parts[next].bucket < b && stop == nil {
			next, stop = k.visit(next, nil, false, visit)
		}
		switch {
		case stop != nil:
		case next < len(k.parts) && k.parts[next].bucket == b:
			next, stop = k.visit(next, v, true, visit)
		default:
			stop = visit(b, v)
		}
	}
	for next < len(k.parts) && stop == nil && it.Error() == nil {
		next, stop = k.visit(next, nil, false, visit)
	}
	return s.ended(it, stop)
}

// readOne reads one bucket, whose key is k.lo, its entity's part first. It reports false where a front is on the point of being moved, or has been: an iterator
// tells whether it is in the database.
func (s *Store) readOne(v *view, k *scratch, prefix int, visit func(int64, []byte) error) (bool, error) {
	if v.moving() {
		return false, nil
	}
	rows, closer, err := s.dir.DB.Get(k.lo)
	there := err == nil
	if there {
		defer closer.Close()
	} else if !errors.Is(err, pebble.ErrNotFound) {
		return true, s.dir.Problem("cannot be read", err)
	}
	if s.view.Load() != v || v.moving() {
		return false, nil
	}
	bucket := bucketOf(k.lo)
	k.gather([2]*front{v.frozen, v.active}, k.lo[:prefix], bucket, bucket)
	switch {
	case len(k.parts) > 0:
		_, err = k.visit(0, rows, there, visit)
		return true, err
	case there:
		return true, visit(bucket, rows)
	}
	return true, nil
}

// open returns an iterator and the fronts whose content it does not see, the older first.
func (s *Store) open(lo, hi []byte) (it *pebble.Iterator, fronts [2]*front, err error) {
	for it == nil && err == nil {
		it, fronts, err = s.openAt(s.view.Load(), lo, hi)
	}
	return it, fronts, err
}

// openAt is open for one view. Where it is the view no more there is no iterator: a front has gone on meanwhile, and would be seen twice.
func (s *Store) openAt(v *view, lo, hi []byte) (*pebble.Iterator, [2]*front, error) {
	fronts := [2]*front{v.frozen, v.active}
	it, err := s.dir.DB.NewIter(&pebble.IterOptions{LowerBound: lo, UpperBound: hi})
	if err != nil {
		return nil, fronts, s.dir.Problem("cannot be read", err)
	}
	if s.view.Load() != v {
		return nil, fronts, s.ended(it, nil)
	}
	if v.moving() {
		last, err := s.seen(it)
		if err != nil {
			return nil, fronts, errors.Join(s.dir.Problem("cannot be read", err), it.Close())
		}
		if last >= v.frozen.number {
			fronts[0] = nil
		}
	}
	return it, fronts, nil
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
	it, fronts, err := s.open([]byte{spaceFacts}, []byte{spaceFacts + 1})
	if err != nil {
		return err
	}
	k, _ := s.keys.Get().(*scratch)
	defer s.keys.Put(k)
	k.facts = append(k.facts[:0], make([]known, len(keys))...)
	defer clear(k.facts)       // the values' memory is the fronts'
	for _, f := range fronts { // the newer one has the last word
		if f != nil {
			f.facts(k.facts, keys, k)
		}
	}
	var stop error
	for i, key := range keys {
		f := k.facts[i]
		if !f.there {
			k.lo = append(append(k.lo[:0], spaceFacts), key...)
			if !it.SeekPrefixGE(k.lo) {
				if it.Error() != nil {
					break // the iterator keeps it
				}
				continue
			}
			if f.value, err = it.ValueAndErr(); err != nil {
				break
			}
		} else if f.value == nil {
			continue
		}
		if stop = found(i, f.value); stop != nil {
			break
		}
	}
	return s.ended(it, stop)
}

// Failed returns why nothing can be written until the store is opened anew, nil where all is well.
func (s *Store) Failed() error {
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return s.dir.Err()
}

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
	if err := s.settle(); err != nil {
		return err
	}
	waited := s.disk.hurry()
	err := s.dir.DB.Flush()
	s.disk.last.CompareAndSwap(waited, nil)
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
	s.moving.Wait()
	if e := s.dir.Close(); err == nil {
		err = e
	}
	return err
}
