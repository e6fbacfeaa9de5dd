// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"flag"
	"runtime"
	"testing"
	"time"

	"selfsame/registry/registrytest"
)

var applies = flag.Int("applies", 160, "how often something is applied before BenchmarkEarlierVersions")

// BenchmarkEarlierVersions times what a server does for every version that can be asked for when something is applied, after many applies to 5,000 features; s-first
// is the first time after a start, and MB what earlier versions keep in memory.
func BenchmarkEarlierVersions(b *testing.B) {
	for name, changed := range map[string]func(int) int{"spread": registrytest.Spread, "hot": registrytest.Hot} {
		b.Run(name, func(b *testing.B) {
			s := registrytest.NewYear(b, newStore(b), *applies, changed).Newest(b)
			before, begun := heap(), time.Now()
			if _, err := pushedSources(s); err != nil {
				b.Fatal(err)
			}
			took := time.Since(begun)
			kept := float64(heap()-before) / 1e6
			b.Run("pushed sources", func(b *testing.B) {
				for b.Loop() {
					if _, err := pushedSources(s); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(kept, "MB")
				b.ReportMetric(took.Seconds(), "s-first")
			})
			b.Run("live uses", func(b *testing.B) {
				for b.Loop() {
					if _, err := liveUses(s); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// heap is the memory that is in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
