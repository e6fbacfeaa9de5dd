// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"selfsame/online"
	"selfsame/online/onlinetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStoreInMemory(t *testing.T) {
	onlinetest.Run(t, func(*testing.T) onlinetest.Place {
		fs := vfs.NewMem()
		return func() (online.Store, error) { return Open("state", Options{FS: fs, MemTableBytes: 64 << 10}) }
	})
}

func TestStoreOnDisk(t *testing.T) {
	onlinetest.Run(t, func(t *testing.T) onlinetest.Place {
		dir := t.TempDir() + "/online"
		return func() (online.Store, error) { return Open(dir, Options{Reserve: -1}) }
	})
}

// TestCompactingChangesNothing rewrites all files of a store whose rows came in many pieces.
func TestCompactingChangesNothing(t *testing.T) {
	s, err := Open("state", Options{FS: vfs.NewMem(), MemTableBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	m, rng := onlinetest.NewModel(), rand.New(rand.NewPCG(8, 8))
	for range 300 {
		b := onlinetest.Random(rng)
		m.Apply(b)
		if err := s.Apply(context.Background(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := m.Check(s); err != nil {
		t.Error(err)
	}
	if u := s.Usage(); u.Disk == 0 || u.Memory == 0 || u.CacheHits+u.CacheMiss == 0 {
		t.Errorf("usage %+v", u)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if u := s.Usage(); u != (Usage{}) {
		t.Errorf("usage of a closed store %+v", u)
	}
}
