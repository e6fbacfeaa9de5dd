// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"selfsame/online"
)

const benchEntities = 100_000

func benchStore(b *testing.B) *Store {
	b.Helper()
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func benchEntity(n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{1}, n)
}

// BenchmarkApply writes batches of 2,000 rows of 28 bytes to random entities, each with a fact of an identity.
func BenchmarkApply(b *testing.B) {
	for name, facts := range map[string]bool{"rows": false, "rows+facts": true} {
		b.Run(name, func(b *testing.B) {
			s := benchStore(b)
			rng := rand.New(rand.NewPCG(1, 1))
			row := make([]byte, 28)
			batch := &online.Batch{Deltas: make([]online.Delta, 2000)}
			n := uint64(0)
			for b.Loop() {
				batch.Facts = batch.Facts[:0]
				for i := range batch.Deltas {
					n++
					batch.Deltas[i] = online.Delta{State: 1, Entity: benchEntity(rng.Uint64N(benchEntities)), Bucket: int64(n / 2_000_000), Rows: row}
					if facts {
						batch.Facts = append(batch.Facts, online.Fact{Key: benchEntity(rng.Uint64()), Value: row[:9]})
					}
				}
				if err := s.Apply(context.Background(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*2000/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkRead reads entities of 100 rows in one bucket and in four, after they came in row by row.
func BenchmarkRead(b *testing.B) {
	for name, buckets := range map[string]int64{"1 bucket": 1, "4 buckets": 4} {
		s := benchStore(b)
		const entities = 20_000
		fill(b, s, entities, buckets)
		read := func(b *testing.B) {
			rng := rand.New(rand.NewPCG(2, 2))
			b.ReportAllocs()
			for b.Loop() {
				at := online.Range{State: 1, Entity: benchEntity(rng.Uint64N(entities)), Lo: 0, Hi: buckets - 1}
				n := 0
				if err := s.Read(context.Background(), at, func(_ int64, rows []byte) error { n += len(rows); return nil }); err != nil || n != 2800 {
					b.Fatal(n, err)
				}
			}
		}
		b.Run(name+"/as it came", read)
		if err := s.Compact(context.Background()); err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/compacted", read)
		b.Logf("%+v", s.Usage())
	}
}

func fill(b *testing.B, s *Store, entities uint64, buckets int64) {
	row := make([]byte, 28)
	for r := range int64(100) {
		batch := &online.Batch{}
		for e := range entities {
			batch.Deltas = append(batch.Deltas, online.Delta{State: 1, Entity: benchEntity(e), Bucket: r * buckets / 100, Rows: row})
		}
		if err := s.Apply(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFacts looks up 1,000 identities that begin with an event time, of which none is there, after a million that came before.
func BenchmarkFacts(b *testing.B) {
	s := benchStore(b)
	rng := rand.New(rand.NewPCG(3, 3))
	now := uint64(1.7e15)
	identity := func() []byte {
		now += 100
		return binary.BigEndian.AppendUint64(benchEntity(now-rng.Uint64N(1e6)), rng.Uint64())
	}
	for range 500 {
		batch := &online.Batch{}
		for range 2000 {
			batch.Facts = append(batch.Facts, online.Fact{Key: identity(), Value: make([]byte, 9)})
		}
		if err := s.Apply(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
	keys := make([][]byte, 1000)
	b.ReportAllocs()
	for b.Loop() {
		for i := range keys {
			keys[i] = identity()
		}
		if err := s.Facts(context.Background(), keys, func(int, []byte) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/key")
}

// BenchmarkReadBesideCompaction reads single entities of 700 bytes at a constant rate while all files are rewritten, one time after the other, and tells how late the reads are
// done, by the moment at which each was due, and how late they are without it.
func BenchmarkReadBesideCompaction(b *testing.B) {
	const entities, every = 200_000, 250 * time.Microsecond
	s := benchStore(b)
	row := make([]byte, 700)
	write := func(first, step uint64) {
		batch := &online.Batch{}
		for n := first; n < entities; n += step {
			batch.Deltas = append(batch.Deltas, online.Delta{State: 1, Entity: benchEntity(n), Rows: row})
			binary.BigEndian.PutUint64(row, n*0x9E3779B97F4A7C15)
		}
		if err := s.Apply(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
	for k := range uint64(50) {
		write(k, 50)
	}
	read := func(until <-chan struct{}) []time.Duration {
		rng := rand.New(rand.NewPCG(2, 2))
		var late []time.Duration
		for due := time.Now(); ; due = due.Add(every) {
			select {
			case <-until:
				slices.Sort(late)
				return late
			case <-time.After(time.Until(due)):
			}
			at := online.Range{State: 1, Entity: benchEntity(rng.Uint64N(entities))}
			if err := s.Read(context.Background(), at, func(int64, []byte) error { return nil }); err != nil {
				b.Error(err)
			}
			late = append(late, time.Since(due))
		}
	}
	idle := make(chan struct{})
	time.AfterFunc(2*time.Second, func() { close(idle) })
	alone := read(idle)
	stop, beside := make(chan struct{}), make(chan []time.Duration)
	go func() { beside <- read(stop) }()
	seed := uint64(0)
	for b.Loop() {
		seed++
		write(seed%400, 400)
		if err := s.Compact(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	close(stop)
	late := <-beside
	p99 := func(of []time.Duration) float64 { return float64(of[len(of)*99/100]) / float64(time.Microsecond) }
	b.ReportMetric(p99(alone), "µs-p99-idle")
	b.ReportMetric(p99(late), "µs-p99")
	b.ReportMetric(p99(late)/p99(alone), "by-idle")
}
