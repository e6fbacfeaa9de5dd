// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"context"
	"math/rand/v2"
	"reflect"
	"testing"
	"unsafe"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// TestResultsTakeTheMemoryOfSweptEvents holds that the values of late partitions stand where the events of early ones stood, and that they are the same
// as where every segment is new memory.
func TestResultsTakeTheMemoryOfSweptEvents(t *testing.T) {
	w := evenWorld(t, rand.New(rand.NewPCG(11, 4)), 2, 40_000, 9000)
	want := inRowOrder(w.run(t, Options{Threads: 1, Memory: 1 << 19, SpillDir: t.TempDir(), partitions: 16})) // every block is spilled: none leaves anything
	for _, threads := range []int{1, 3} {
		s, err := New(w.spec, w.rows, Options{Threads: threads, partitions: 16})
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range w.blocks {
			if err := s.Add(i, b); err != nil {
				t.Fatal(err)
			}
		}
		first := map[uintptr]int{} // where a slice of events begins -> its bytes
		for _, p := range s.parts {
			first[uintptr(unsafe.Pointer(&p.tau[0]))] = 8 * len(p.tau)
			first[uintptr(unsafe.Pointer(&p.cols[0].Ints[0]))] = 8 * len(p.tau)
		}
		r, err := s.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		again := 0
		for _, words := range r.table.segments {
			at := uintptr(unsafe.Pointer(&words[0]))
			for begin, size := range first {
				if begin <= at && at < begin+uintptr(size) {
					again++
				}
			}
		}
		if n := len(r.table.segments); threads == 1 && again < n/4 {
			t.Errorf("%d segments of %d stand where events stood", again, n)
		}
		if !reflect.DeepEqual(inRowOrder(r), want) {
			t.Errorf("%d threads: other values", threads)
		}
	}
}

// TestManyEventsOfOnePartition holds that a partition of so many events that their copies are let go has the values of the small ones.
func TestManyEventsOfOnePartition(t *testing.T) {
	w := evenWorld(t, rand.New(rand.NewPCG(2, 9)), 2, manyEvents/2+3, 300)
	want := inRowOrder(w.run(t, Options{Threads: 2, partitions: 64}))
	for _, memory := range []int64{0, 1 << 20} {
		if got := inRowOrder(w.run(t, Options{Threads: 1, Memory: memory, SpillDir: t.TempDir(), partitions: 1})); !reflect.DeepEqual(got, want) {
			t.Errorf("memory %d: other values", memory)
		}
	}
}

// evenWorld is a world of as many events for every one of its keys, in so many blocks, that counts them.
func evenWorld(t *testing.T, rng *rand.Rand, blocks, events, rows int) *world {
	number := selfsame.Scalar(selfsame.Int64)
	call, err := aggregate.Bind(aggregate.Lookup("sum"), aggregate.CallSpec{Args: []selfsame.Type{number}})
	if err != nil {
		t.Fatal(err)
	}
	cell := Cell{Call: call, Args: []int{0}, Filter: -1, Window: selfsame.Window{Kind: selfsame.Sliding, Length: 1000}}
	w := &world{spec: Spec{Name: "v", Columns: []selfsame.Type{number}, Cells: []Cell{cell}, Detail: true}, rows: Rows{Entities: 640}}
	for range rows {
		w.rows.Entity, w.rows.At = append(w.rows.Entity, rng.Uint32N(640)), append(w.rows.At, rng.Int64N(10_000))
	}
	for range blocks {
		b := &Block{Columns: []*column.Column{column.New(number, 0)}}
		for i := range events {
			b.Entity, b.Tau = append(b.Entity, uint32(i%640)), append(b.Tau, rng.Int64N(10_000))
			b.Columns[0].Ints = append(b.Columns[0].Ints, rng.Int64N(1000))
		}
		w.blocks = append(w.blocks, b)
	}
	return w
}
