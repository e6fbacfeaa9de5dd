// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame/online"
	"selfsame/online/onlinetest"
)

// TestReadersSeeEachRowOnce reads while fronts fill, are frozen and are moved: a read sees all that was applied before it began, each row once, and
// of what is applied meanwhile nothing without what came before.
func TestReadersSeeEachRowOnce(t *testing.T) {
	s, err := Open("state", Options{FS: vfs.NewMem(), MemTableBytes: small})
	if err != nil {
		t.Fatal(err)
	}
	const entities, batches = 5, 4000
	var applied atomic.Int64
	var done atomic.Bool
	var readers sync.WaitGroup
	ctx := context.Background()
	entity := func(n int64) []byte { return []byte{byte(n % entities)} }
	read := func(n int64, one bool) error {
		before := applied.Load()
		var got []byte
		at := online.Range{State: 1, Entity: entity(n), Lo: math.MinInt64, Hi: math.MaxInt64}
		if one {
			at.Lo, at.Hi = 0, 0
		}
		err := s.Read(ctx, at, func(_ int64, rows []byte) error {
			got = append(got, rows...)
			return nil
		})
		var list []int64
		for k := 0; k < len(got); k += 8 {
			list = append(list, int64(binary.BigEndian.Uint64(got[k:])))
		}
		slices.Sort(list)
		want := n % entities
		for _, v := range list {
			if v != want {
				return errors.Join(err, fmt.Errorf("entity %d has %d where %d is next, of %d applied", n%entities, v, want, before))
			}
			if want += entities; one {
				want += entities // the buckets take turns
			}
		}
		if want < before {
			err = errors.Join(err, fmt.Errorf("entity %d ends before %d of %d that were applied", n%entities, want, before))
		}
		return err
	}
	fact := func() error {
		before := applied.Load()
		last := int64(0)
		err := s.Facts(ctx, [][]byte{[]byte("n")}, func(_ int, v []byte) error {
			last = int64(binary.BigEndian.Uint64(v))
			return nil
		})
		if last < before {
			err = errors.Join(err, fmt.Errorf("the fact says %d, and %d were applied before", last, before))
		}
		return err
	}
	for k := range int64(3) {
		readers.Go(func() {
			for n := k; !done.Load(); n++ {
				if err := errors.Join(read(n, n%2 == 0), fact()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for n := range int64(batches) {
		number := binary.BigEndian.AppendUint64(nil, uint64(n))
		b := &online.Batch{Deltas: []online.Delta{{State: 1, Entity: entity(n), Bucket: n / entities % 2, Rows: number}},
			Facts: []online.Fact{{Key: []byte("n"), Value: binary.BigEndian.AppendUint64(nil, uint64(n+1))}}}
		if err := s.Apply(ctx, b); err != nil {
			t.Fatal(err)
		}
		applied.Store(n + 1)
	}
	done.Store(true)
	readers.Wait()
	if n, err := s.number(); n < 10 || err != nil {
		t.Errorf("%d fronts were moved: %v", n, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestReadsAtEachStepOfAMove takes the steps of a move one by one and reads between them, with what readers hold that began at the step before.
func TestReadsAtEachStepOfAMove(t *testing.T) {
	s, err := Open("state", Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	apply := func(row string) {
		t.Helper()
		b := &online.Batch{Deltas: []online.Delta{{State: 1, Entity: []byte("e"), Bucket: 0, Rows: []byte(row)}}, Facts: []online.Fact{{Key: []byte("n"), Value: []byte(row)}}}
		if err := s.Apply(ctx, b); err != nil {
			t.Fatal(err)
		}
	}
	check := func(step, rows, fact string) {
		t.Helper()
		for _, hi := range []int64{0, 1} { // by a lookup, and by an iterator
			got := ""
			if err := s.Read(ctx, online.Range{State: 1, Entity: []byte("e"), Lo: 0, Hi: hi}, func(_ int64, b []byte) error { got += string(b); return nil }); err != nil || got != rows {
				t.Errorf("%s: buckets to %d hold %q, want %q (%v)", step, hi, got, rows, err)
			}
		}
		got := ""
		if err := s.Facts(ctx, [][]byte{[]byte("n")}, func(_ int, v []byte) error { got = string(v); return nil }); err != nil || got != fact {
			t.Errorf("%s: the fact is %q, want %q (%v)", step, got, fact, err)
		}
	}
	// outdated holds that a reader that began with a view cannot go on with it.
	outdated := func(step string, v *view) {
		t.Helper()
		if it, _, err := s.openAt(v, []byte{spaceData}, []byte{spaceNumber}); it != nil || err != nil {
			t.Errorf("%s: a view of before gives an iterator, %v", step, err)
		}
		k := &scratch{lo: appendBucket(appendEntity(nil, 1, []byte("e")), 0)}
		if done, err := s.readOne(v, k, len(k.lo)-8, func(int64, []byte) error { return nil }); done || err != nil {
			t.Errorf("%s: a view of before gives a bucket, %v", step, err)
		}
	}
	apply("a")
	check("gathered", "a", "a")
	first := s.view.Load()
	f := first.active
	frozen := &view{active: newFront(f.number+1, f), frozen: f}
	s.view.Store(frozen)
	outdated("frozen", first)
	apply("b")
	check("frozen", "ab", "b")
	w := s.dir.DB.NewBatch()
	if err := f.fill(w); err != nil {
		t.Fatal(err)
	}
	f.began.Store(true)
	check("begun", "ab", "b")
	if err := s.dir.DB.Apply(w, pebble.NoSync); err != nil {
		t.Fatal(err)
	}
	check("in the database, and still in view", "ab", "b")
	apply("c")
	s.view.Store(&view{active: frozen.active})
	close(f.done)
	outdated("moved", frozen)
	check("moved", "abc", "c")
	if err := s.settle(); err != nil {
		t.Fatal(err)
	}
	check("settled", "abc", "c")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAFrontIsHurried holds that a front on its way rests no more once somebody waits for it, or the next is half full.
func TestAFrontIsHurried(t *testing.T) {
	hurried := func(f *front) bool {
		select {
		case <-f.hurried:
			return true
		default:
			return false
		}
	}
	s, err := Open("state", Options{FS: vfs.NewMem(), MemTableBytes: 16 << 10})
	if err != nil {
		t.Fatal(err)
	}
	stuck := newFront(1, nil) // nobody moves it
	s.view.Store(&view{active: newFront(2, stuck), frozen: stuck})
	s.disk.last.Store(stuck)
	for n := 0; ; n++ {
		err := s.Apply(context.Background(), &online.Batch{Deltas: []online.Delta{{State: 1, Entity: fmt.Append(nil, n), Rows: make([]byte, 100)}}})
		if err != nil {
			t.Fatal(err)
		}
		held := s.view.Load().active.size()
		if half := held >= s.limit/2; hurried(stuck) != half {
			t.Fatalf("with %d bytes of %d in the next front, hurried is %t", held, s.limit, hurried(stuck))
		} else if half {
			break
		}
	}
	waited := newFront(1, nil)
	settled := make(chan error)
	go func() { settled <- s.settled(&view{frozen: waited}) }()
	<-waited.hurried
	close(waited.done)
	if err := <-settled; err != nil {
		t.Error(err)
	}
	close(stuck.done)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAFrontIsSorted writes fronts of random keys, with many that begin alike, and looks at what the database then holds.
func TestAFrontIsSorted(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	var keys []byte
	var list []moved
	for range 3000 {
		lo := len(keys)
		keys = append(keys, bytes.Repeat([]byte("same"), rng.IntN(8))...)
		for range rng.IntN(6) {
			keys = append(keys, byte(rng.IntN(3)))
		}
		list = append(list, moved{lo: uint32(lo), hi: uint32(len(keys))})
	}
	f := newFront(1, nil)
	f.hurry()
	f.sort(list, keys, 0)
	for i := 1; i < len(list); i++ {
		a, b := keys[list[i-1].lo:list[i-1].hi], keys[list[i].lo:list[i].hi]
		if bytes.Compare(a, b) > 0 {
			t.Fatalf("%x comes before %x", a, b)
		}
	}
}

// TestAnEntityOfManyBuckets holds buckets beyond those that are looked through one by one, in the front and in the database.
func TestAnEntityOfManyBuckets(t *testing.T) {
	s, err := Open("state", Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	m, rng := onlinetest.NewModel(), rand.New(rand.NewPCG(10, 10))
	for range 40 {
		b := &online.Batch{}
		for range 50 {
			b.Deltas = append(b.Deltas, online.Delta{State: 1, Entity: []byte("e"), Bucket: rng.Int64N(20 * fewRecords), Rows: []byte{byte(rng.Uint32())}})
		}
		m.Apply(b)
		if err := s.Apply(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		if err := m.Check(s); err != nil {
			t.Fatal(err)
		}
		if rng.IntN(10) == 0 {
			if err := s.settle(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestLongKeysCount: each bucket takes its entity's key when it is moved, so a front with long ones is full the sooner.
func TestLongKeysCount(t *testing.T) {
	s, err := Open("state", Options{FS: vfs.NewMem(), MemTableBytes: small})
	if err != nil {
		t.Fatal(err)
	}
	entity := make([]byte, small/20)
	for bucket := range int64(20) {
		b := &online.Batch{Deltas: []online.Delta{{State: 1, Entity: entity, Bucket: bucket, Rows: []byte("r")}}}
		if err := s.Apply(context.Background(), b); err != nil {
			t.Fatal(err)
		}
	}
	if v := s.view.Load(); v.active.number == 1 {
		t.Errorf("a front of %d bytes took %d of keys", s.limit, 20*len(entity))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAMoveIsAnnounced looks at each comparison of keys that the database makes while a front goes in: readers know by then that it may be there.
func TestAMoveIsAnnounced(t *testing.T) {
	compare := comparer.Compare
	defer func() { comparer.Compare = compare }()
	var store atomic.Pointer[Store]
	var seen atomic.Int64
	comparer.Compare = func(a, b []byte) int {
		if s := store.Load(); s != nil {
			if v := s.view.Load(); v.frozen != nil {
				if seen.Add(1); !v.moving() {
					t.Error("the database has a part of a front that readers look for in the front alone")
				}
			}
		}
		return compare(a, b)
	}
	s, err := Open("state", Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	store.Store(s)
	for n := range byte(3) {
		b := &online.Batch{Deltas: []online.Delta{{State: 1, Entity: []byte{n}, Rows: []byte("r")}}}
		if err := errors.Join(s.Apply(context.Background(), b), s.settle()); err != nil {
			t.Fatal(err)
		}
	}
	store.Store(nil)
	if seen.Load() == 0 {
		t.Error("no key was compared")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
