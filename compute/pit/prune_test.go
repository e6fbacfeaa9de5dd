// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
)

// TestPruningIsBruteForce compares as-of worlds whose useless events are left out, by two pruners at once and blocks in any order, with
// the contract's own words.
func TestPruningIsBruteForce(t *testing.T) {
	removed := 0
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 3))
		k := []knowledge{inTime, delayed}[r.IntN(2)]
		w := newWorld(r, k, true)
		delay := int64(0)
		if k == delayed {
			delay = 3
		}
		if r.IntN(4) == 0 {
			w.rows.Known = nil
		}
		s, err := New(w.spec, w.rows, Options{Threads: 2, partitions: 1 << r.IntN(4)})
		if err != nil {
			t.Fatal(err)
		}
		kept := make([]int, 2)
		var wg sync.WaitGroup
		for g := range 2 {
			wg.Go(func() {
				p := s.NewPruner(delay)
				for i := len(w.blocks) - 1 - g; i >= 0; i -= 2 {
					b := w.blocks[i]
					var idx []uint32
					for k, e := range b.Entity {
						if e != NoEntity {
							idx = append(idx, uint32(k))
						}
					}
					n := len(idx)
					kept[g] += len(p.Keep(b.Entity, b.Tau, p.Keep(b.Entity, b.Tau, idx))) - n
					if err := s.Add(i, b); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		removed -= kept[0] + kept[1]
		result, err := s.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("seed %d", seed)
		w.check(t, result)
		s.Close()
	}
	if removed < 10_000 {
		t.Errorf("only %d events were left out", removed)
	}
}

// TestNothingToPrune holds that windowed and static views have no pruner: every event of a window counts, a static row has no time.
func TestNothingToPrune(t *testing.T) {
	for _, spec := range []Spec{{Name: "v"}, {Name: "v", AsOf: true, Static: true}} {
		s, err := New(spec, Rows{}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if s.NewPruner(0) != nil {
			t.Errorf("%+v can be pruned", spec)
		}
	}
}
