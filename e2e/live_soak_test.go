// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var soak = flag.Duration("soak", 10*time.Second, "how long TestSoak lasts")

// soakProject has windows and bounds that pass while the test runs, so that retention works.
const soakProject = `project: soak
entities:
  user: {key: {user_id: string}}
sources:
  orders:
    schema: {order_id: string, user_id: string, amount: int64, at: timestamp}
    event_time: at
    id: order_id
    lateness: 1s
    skew: 1s
    corrections: 1s
    stream: {push: true}
views:
  orders_of:
    entity: user
    source: orders
    features:
      n: count(*)
      total: sum(amount)
      recent: count(*) over [WINDOW]
      dearest: max(amount) over [1s, 2s]
      ids: count(distinct order_id) over [2s]
services:
  all: {features: [orders_of.*]}
`

// sample is what a process holds at a moment.
type sample struct{ heap, goroutines, resident float64 }

func (s *server) sample(t *testing.T) sample {
	t.Helper()
	var out sample
	for name, v := range map[string]*float64{"go_memstats_heap_alloc_bytes": &out.heap, "go_goroutines": &out.goroutines, "process_resident_memory_bytes": &out.resident} {
		x, err := s.metric(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		*v = x
	}
	return out
}

// least is the least of samples: a heap at its least is one that was just collected.
func least(samples []sample) sample {
	out := samples[0]
	for _, s := range samples {
		out = sample{min(out.heap, s.heap), min(out.goroutines, s.goroutines), min(out.resident, s.resident)}
	}
	return out
}

// TestSoak fills what a server keeps in memory until it is written out, in the first third of the time, then writes and reads at steady rates over a fixed set
// of keys. It holds memory and goroutines of the second half of that time against those of the first.
func TestSoak(t *testing.T) {
	dir := t.TempDir()
	writeProject(t, dir, soakProject, "2s")
	cmd := exec.Command(binary, "serve", "--http", "127.0.0.1:0", "--grpc", "off", "--cache-bytes", "16MiB")
	cmd.Env = append(os.Environ(), "GOGC=20") // collected often, so that the least of its samples is close to what it needs
	s, err := launchAs(cmd, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	if err := s.wait(); err != nil {
		t.Fatal(err)
	}
	w := newWorld(200)
	var group sync.WaitGroup
	var filled, writes, reads atomic.Int64
	end := time.Now().Add(*soak)
	fill := time.Now().Add(*soak / 3)
	for n := range uint64(2) {
		rng := rand.New(rand.NewPCG(12, n))
		group.Go(func() {
			for time.Now().Before(fill) {
				if _, err := s.push(t.Context(), "orders", others(rng, filled.Add(5000))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	steady := func(every time.Duration, step func() error) {
		group.Go(func() {
			tick := time.NewTicker(every)
			defer tick.Stop()
			for now := range tick.C {
				if now.After(end) {
					return
				}
				if err := step(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	steady(10*time.Millisecond, func() error {
		b := w.orders(rand.New(rand.NewPCG(10, uint64(writes.Add(1)))), 20)
		r, err := s.push(t.Context(), b.source, b.body)
		if err == nil && r.Accepted+r.Late != b.events { // a machine that stands still for a second makes them late
			err = fmt.Errorf("%+v", r)
		}
		return errors.Join(err, w.drop(b))
	})
	for n := range uint64(2) {
		rng := rand.New(rand.NewPCG(11, n))
		steady(5*time.Millisecond, func() error {
			from := rng.IntN(len(w.users) - 10)
			_, err := s.read(t.Context(), "all", w.users[from:from+10])
			reads.Add(1)
			return err
		})
	}
	var samples []sample
	settled := time.Now()
	settled = settled.Add(end.Sub(settled) / 8) // what the filling left behind is written out and collected
	steady(250*time.Millisecond, func() error {
		if now := s.sample(t); time.Now().After(settled) {
			samples = append(samples, now)
		}
		return nil
	})
	group.Wait()
	half := len(samples) / 2
	if half == 0 {
		t.Fatalf("%d samples", len(samples))
	}
	middle, last := least(samples[:half]), least(samples[half:])
	t.Logf("%v: %d events to fill, %d pushes of 20 events, %d reads of 10 users; heap %.1f MiB, then %.1f; %v goroutines, then %v; resident %.0f MiB, then %.0f", *soak, filled.Load(), writes.Load(), reads.Load(),
		middle.heap/(1<<20), last.heap/(1<<20), middle.goroutines, last.goroutines, middle.resident/(1<<20), last.resident/(1<<20))
	slack := 8.0 * (1 << 20)
	if *soak < time.Minute { // too short to fill what is kept until it is written out
		slack *= 10
	}
	if last.heap > middle.heap*1.25+slack {
		t.Errorf("the heap grows: %.1f MiB at its least in the first half of the steady time, %.1f in the second", middle.heap/(1<<20), last.heap/(1<<20))
	}
	if last.goroutines > middle.goroutines+8 {
		t.Errorf("goroutines grow: %v in the first half of the steady time, %v in the second", middle.goroutines, last.goroutines)
	}
	audit(t, dir)
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

// others makes events of keys that nobody reads, with ids below last.
func others(rng *rand.Rand, last int64) []byte {
	var body bytes.Buffer
	at := time.Now().UTC().Format(time.RFC3339)
	for id := last - 5000; id < last; id++ {
		fmt.Fprintf(&body, `{"order_id":"x%d","user_id":"x%d","amount":%d,"at":"%s"}`+"\n", id, rng.IntN(20000), id%1000, at)
	}
	return body.Bytes()
}

// drop forgets a batch: this test counts nothing.
func (w *world) drop(b *batch) error {
	w.settle(b)
	return nil
}
