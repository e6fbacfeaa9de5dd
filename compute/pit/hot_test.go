// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"selfsame"
)

// TestOneKeyBeyondTheLimit holds that a sweep says which key does not fit in its limit, and names a limit in which it does; that keys which are small do
// fit, however many events they have together; and that without a limit none is refused.
func TestOneKeyBeyondTheLimit(t *testing.T) {
	const block, hot = 1 << 18, uint32(77)
	fill := func(memory int64, entity func(i int) uint32) *Sweep {
		w := evenWorld(t, rand.New(rand.NewPCG(1, 2)), 1, block, 10)
		for i := range w.blocks[0].Entity {
			w.blocks[0].Entity[i] = entity(i)
		}
		s, err := New(w.spec, w.rows, Options{Memory: memory, SpillDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		for i := range 12 {
			if err := s.Add(i, w.blocks[0]); err != nil {
				t.Fatal(err)
			}
		}
		return s
	}
	one := func(int) uint32 { return hot }
	err := fill(1<<20, one).Fits()
	var h *HotKey
	if !errors.As(err, &h) || selfsame.ClassOf(err) != selfsame.ClassResource || h.Entity != hot || h.Events != 12*block {
		t.Fatalf("3 million events of one key in 1 MiB: %v, %+v", err, h)
	}
	if text := err.Error(); !strings.Contains(text, "3145728 events") || !strings.Contains(text, "--memory") {
		t.Errorf("the error does not say what is wrong and what helps: %s", text)
	}
	if err := fill(h.Enough, one).Fits(); err != nil {
		t.Errorf("the limit that was named is too little: %v", err)
	}
	if err := fill(h.Enough-1<<20, one).Fits(); err == nil {
		t.Error("less than the limit that was named is enough")
	}
	if err := fill(0, one).Fits(); err != nil {
		t.Errorf("refused without a limit: %v", err)
	}
	if err := fill(1<<20, func(i int) uint32 { return uint32(i % 640) }).Fits(); err != nil {
		t.Errorf("small keys are refused: %v", err)
	}
}

// TestAWholeRunOfOneKeyIsWrittenInParts holds that what is gathered before it is written does not grow with the events of one partition.
func TestAWholeRunOfOneKeyIsWrittenInParts(t *testing.T) {
	w := evenWorld(t, rand.New(rand.NewPCG(8, 3)), 1, 200_000, 10)
	s, err := New(w.spec, w.rows, Options{Memory: 1 << 40, SpillDir: t.TempDir(), partitions: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 10 {
		if err := s.Add(i, w.blocks[0]); err != nil {
			t.Fatal(err)
		}
	}
	held := s.held
	if err := s.spillHeld(); err != nil {
		t.Fatal(err)
	}
	if s.spill.size < held*9/10 || int64(cap(s.spill.buf)) > held/2 {
		t.Errorf("%d bytes of %d were written by way of %d", s.spill.size, held, cap(s.spill.buf))
	}
}
