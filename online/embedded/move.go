// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"
)

// view is where readers look: what was applied last, what is on its way into the database, and the database. It changes when a front is frozen and
// when one has been moved.
type view struct {
	active *front
	frozen *front // nil: none is on its way
}

// numberKey holds the number of the last front that was moved, written with what was in it: where an iterator sees the number it sees the front.
var numberKey = []byte{spaceNumber}

// freeze begins to move the active front. It waits for the one before it. The caller has the turn to write.
func (s *Store) freeze() error {
	v := s.view.Load()
	if len(v.active.entries) == 0 {
		return nil
	}
	if err := s.settled(v); err != nil {
		return err
	}
	s.view.Store(&view{active: newFront(v.active.number+1, v.active), frozen: v.active})
	s.disk.last.Store(v.active)
	s.moving.Go(func() { s.move(v.active) })
	return nil
}

// settled waits until no front of the view is on its way.
func (s *Store) settled(v *view) error {
	if v.frozen != nil {
		v.frozen.hurry()
		<-v.frozen.done
	}
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// settle moves all that has been applied into the database.
func (s *Store) settle() error {
	s.one.Lock()
	err := s.freeze()
	v := s.view.Load()
	s.one.Unlock()
	if err != nil {
		return err
	}
	return s.settled(v)
}

// move puts a frozen front into the database, in one batch.
func (s *Store) move(f *front) {
	defer close(f.done)
	w := s.dir.DB.NewBatchWithSize(int(f.bytes))
	err := f.fill(w)
	f.began.Store(true)
	if err == nil {
		err = s.dir.DB.Apply(w, pebble.NoSync)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		err = s.dir.Problem("cannot be written", err)
		s.failed.Store(&err)
		return // readers have it from the front
	}
	s.view.Store(&view{active: s.view.Load().active}) // no other front is frozen before done is closed
}

// moving reports whether the database may or may not have the frozen front.
func (v *view) moving() bool { return v.frozen != nil && v.frozen.began.Load() }

// number returns the number of the last front that was moved.
func (s *Store) number() (uint64, error) {
	v, closer, err := s.dir.DB.Get(numberKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, s.dir.Problem("cannot be read", err)
	}
	defer closer.Close()
	return numberOf(v), nil
}

// seen returns the number of the last front that an iterator sees.
func (s *Store) seen(it *pebble.Iterator) (n uint64, err error) {
	twin, err := it.Clone(pebble.CloneOptions{IterOptions: &pebble.IterOptions{LowerBound: numberKey, UpperBound: []byte{spaceNumber + 1}}})
	if err != nil {
		return 0, err
	}
	if twin.First() {
		if v, e := twin.ValueAndErr(); e == nil {
			n = numberOf(v)
		}
	}
	return n, errors.Join(twin.Error(), twin.Close())
}

func numberOf(v []byte) uint64 {
	if len(v) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(v)
}

// moved is a record on its way: its key is keys[lo:hi], and chunk the 8 bytes of it that are being sorted by.
type moved struct {
	chunk  uint64
	lo, hi uint32
	record uint32
}

// fill writes what a front holds, and its number, in the order of the keys, which makes the database's work with it short.
func (f *front) fill(w *pebble.Batch) error {
	f.work.Begin()
	size := 0
	for i := range f.entries {
		size += int(f.entries[i].count) * (int(f.entries[i].size) + 8)
	}
	keys := make([]byte, 0, size)
	list := make([]moved, 0, len(f.records))
	for i := range f.entries {
		e := &f.entries[i]
		prefix := f.key(e)
		for n := e.first; n != 0; n = f.records[n-1].next {
			lo := len(keys)
			keys = append(keys, prefix...)
			if prefix[0] == spaceData {
				keys = appendBucket(keys, f.records[n-1].bucket)
			}
			list = append(list, moved{lo: uint32(lo), hi: uint32(len(keys)), record: n - 1})
		}
		f.breathe(i)
	}
	f.sort(list, keys, 0)
	for i, m := range list {
		if err := f.write(w, keys[m.lo:m.hi], &f.records[m.record]); err != nil {
			return err
		}
		f.breathe(i)
	}
	return w.Set(numberKey, binary.BigEndian.AppendUint64(nil, f.number), nil)
}

// breathe lets others run now and then: they have an event to answer for, and nobody waits for this.
func (f *front) breathe(i int) {
	if i&0x3ff == 0x3ff {
		f.work.Pause(f.hurried)
	}
}

// hurry ends the rests of moving a front, and of flushing it: somebody waits for it, or soon will.
func (f *front) hurry() { f.once.Do(func() { close(f.hurried) }) }

// sort sorts by keys, whose first skip bytes are equal.
func (f *front) sort(list []moved, keys []byte, skip int) {
	steps := 0
	rest := func(m moved, skip int) []byte { return keys[min(int(m.lo)+skip, int(m.hi)):m.hi] }
	for i := range list {
		var b [8]byte
		copy(b[:], rest(list[i], skip))
		list[i].chunk = binary.BigEndian.Uint64(b[:])
	}
	slices.SortFunc(list, func(a, b moved) int {
		steps++
		f.breathe(steps >> 4)
		return cmp.Compare(a.chunk, b.chunk)
	})
	for lo := 0; lo < len(list); {
		hi := lo + 1
		for hi < len(list) && list[hi].chunk == list[lo].chunk {
			hi++
		}
		switch run := list[lo:hi]; {
		case len(run) == 1:
		case len(run) > 64 && len(rest(run[0], skip+8)) > 0:
			f.sort(run, keys, skip+8)
		default:
			slices.SortFunc(run, func(a, b moved) int {
				return bytes.Compare(rest(a, skip), rest(b, skip))
			})
		}
		lo = hi
	}
}

// write writes one record.
func (f *front) write(w *pebble.Batch, key []byte, r *frontRecord) error {
	var op *pebble.DeferredBatchOp
	switch {
	case r.base == removed:
		return w.Delete(key, nil)
	case r.base == nothing:
		op = w.SetDeferred(len(key), int(r.size))
	default:
		op = w.MergeDeferred(len(key), int(r.size))
	}
	copy(op.Key, key)
	f.join(op.Value[:0], r)
	return op.Finish()
}
