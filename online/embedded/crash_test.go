// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"selfsame"
	"selfsame/online"
	"selfsame/online/onlinetest"
)

// history is what a store should hold after each of its batches; batch i writes i to the fact n.
type history struct {
	models []*onlinetest.Model
	synced int
}

func newHistory() *history { return &history{models: []*onlinetest.Model{onlinetest.NewModel()}} }

// next draws the next batch. Some rows are long, so that memory is flushed in between.
func (h *history) next(rng *rand.Rand) *online.Batch {
	b := onlinetest.Random(rng)
	b.Facts = append(b.Facts, online.Fact{Key: []byte("n"), Value: strconv.AppendInt(nil, int64(len(h.models)), 10)})
	if rng.IntN(4) == 0 {
		b.Deltas = append(b.Deltas, online.Delta{State: 1, Entity: []byte("long"), Bucket: int64(rng.IntN(3)), Rows: make([]byte, rng.IntN(8000))})
	}
	m := h.models[len(h.models)-1].Clone()
	m.Apply(b)
	h.models = append(h.models, m)
	return b
}

// check opens what is left on fs: it must be what was there after some batch, the one synced last or a later one.
func (h *history) check(fs vfs.FS) error {
	s, err := Open("state", Options{FS: fs})
	if err != nil {
		return err
	}
	n := 0
	err = s.Facts(context.Background(), [][]byte{[]byte("n")}, func(_ int, v []byte) error {
		n, err = strconv.Atoi(string(v))
		return err
	})
	if err == nil && (n < h.synced || n >= len(h.models)) {
		err = fmt.Errorf("%d batches of %d are left, and %d were synced", n, len(h.models)-1, h.synced)
	}
	if err == nil {
		err = h.models[n].Check(s)
	}
	return errors.Join(err, s.Close())
}

const small = 32 << 10 // of memory, so that stores flush and compact in the middle of a test

// TestACrashLeavesAPrefix cuts the power at random moments, keeping random parts of what was not synced.
func TestACrashLeavesAPrefix(t *testing.T) {
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(21, seed))
		fs := vfs.NewCrashableMem()
		s, err := Open("state", Options{FS: fs, MemTableBytes: small})
		if err != nil {
			t.Fatal(err)
		}
		h := newHistory()
		for step := range 150 {
			if err := s.Apply(context.Background(), h.next(rng)); err != nil {
				t.Fatal(err)
			}
			switch r := rng.IntN(30); {
			case r == 0:
				if err := s.Sync(context.Background()); err != nil {
					t.Fatal(err)
				}
				h.synced = len(h.models) - 1
			case r < 4:
				left := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(3) * 50, RNG: rng})
				if err := h.check(left); err != nil {
					t.Fatalf("seed %d, step %d: %v", seed, step, err)
				}
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		h.synced = len(h.models) - 1
		if err := h.check(fs.CrashClone(vfs.CrashCloneCfg{})); err != nil {
			t.Fatalf("seed %d, after Close: %v", seed, err)
		}
	}
}

// faults fails every change after the first n.
type faults struct {
	n   atomic.Int64
	err error
}

func (f *faults) String() string { return "faults" }

func (f *faults) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && f.n.Add(-1) < 0 {
		return f.err
	}
	return nil
}

// TestARefusingDisk fails the disk at work: writes are refused with their class, reads go on, nothing synced is lost and nothing is half there,
// whether the process or the machine ends.
func TestARefusingDisk(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(22, seed))
		disk := vfs.NewCrashableMem()
		f := &faults{err: []error{syscall.ENOSPC, syscall.EROFS, syscall.EIO}[seed%3]}
		f.n.Store(int64(10 + rng.IntN(120)))
		s, err := Open("state", Options{FS: errorfs.Wrap(disk, f), MemTableBytes: small})
		if err != nil {
			if selfsame.ClassOf(err) != selfsame.ClassResource {
				t.Fatalf("seed %d: opening gives %v", seed, err)
			}
			continue
		}
		h := newHistory()
		err = work(s, h, rng)
		if selfsame.ClassOf(err) != selfsame.ClassResource || !errors.Is(err, f.err) {
			t.Fatalf("seed %d: a failing disk gives %v", seed, err)
		}
		if again := s.Apply(context.Background(), &online.Batch{}); !errors.Is(again, f.err) {
			t.Fatalf("seed %d: after a refusal, a write gives %v", seed, again)
		}
		power := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: int(seed%3) * 50, RNG: rng})
		if err := s.Close(); !errors.Is(err, f.err) {
			t.Fatalf("seed %d: closing gives %v", seed, err)
		}
		for name, left := range map[string]vfs.FS{"the machine": power, "the process": disk} {
			if err := h.check(left); err != nil {
				t.Fatalf("seed %d, %s ends: %v", seed, name, err)
			}
		}
	}
}

// work applies batches until the disk refuses.
func work(s *Store, h *history, rng *rand.Rand) error {
	for range 2000 {
		if err := s.Apply(context.Background(), h.next(rng)); err != nil {
			return err
		}
		if rng.IntN(30) == 0 {
			if err := s.Sync(context.Background()); err != nil {
				return err
			}
			h.synced = len(h.models) - 1
		}
	}
	return errors.New("the disk never failed")
}

func TestSplitFindsTheEntity(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	var keys, prefixes [][]byte
	for range 2000 {
		entity := make([]byte, rng.IntN(4)*rng.IntN(60))
		for i := range entity {
			entity[i] = []byte{0, 1, 0xff, 'f'}[rng.IntN(4)]
		}
		p := appendEntity(nil, online.State(rng.Uint32()>>rng.IntN(32)), entity)
		k := appendBucket(append([]byte(nil), p...), rng.Int64()-rng.Int64())
		if split(k) != len(p) || split(p) != len(p) {
			t.Fatalf("the prefix of %x is %d bytes, want %d", k, split(k), len(p))
		}
		if got, ok := entityOf(k); !ok || string(got) != string(entity) {
			t.Fatalf("the entity of %x is %x, want %x", k, got, entity)
		}
		keys, prefixes = append(keys, k), append(prefixes, p)
	}
	for i := range 1999 {
		a, b := string(prefixes[i]), string(prefixes[i+1])
		if a != b && (a < b) != (string(keys[i]) < string(keys[i+1])) {
			t.Fatalf("%x and %x are not in the order of their prefixes", keys[i], keys[i+1])
		}
		next := comparer.ImmediateSuccessor(nil, prefixes[i])
		if string(next) <= string(keys[i]) || split(next) != len(next) {
			t.Fatalf("the successor of %x is %x", prefixes[i], next)
		}
	}
}
