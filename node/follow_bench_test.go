// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"selfsame/internal/postgresql"
	"selfsame/registry"
	"selfsame/registry/registrytest"
)

// BenchmarkServedElsewhere times how long after an apply through one server another one serves it, where both share a registry in PostgreSQL: from the
// moment at which the apply is asked for. ms are the median and the longest. few is a project of one feature, many one of 5,000 of which 50 change.
func BenchmarkServedElsewhere(b *testing.B) {
	b.Run("few", func(b *testing.B) {
		servedElsewhere(b, func(n int) map[string][]byte {
			return map[string][]byte{"selfsame.yaml": []byte(strings.Replace(sharedShop, "count(*)", fmt.Sprintf("sum(amount) over %dd", n), 1))}
		})
	})
	b.Run("many", func(b *testing.B) {
		y := registrytest.NewYear(b, newStore(b), 1, registrytest.Spread)
		servedElsewhere(b, func(n int) map[string][]byte { y.Next(n); return y.Files })
	})
}

// servedElsewhere applies files through one of two servers again and again.
func servedElsewhere(b *testing.B, files func(apply int) map[string][]byte) {
	project, url := writeProject(b, nil), postgresql.URL(b)
	one, other := join(b, project, b.TempDir(), url, false, 500*time.Millisecond), join(b, project, b.TempDir(), url, false, 500*time.Millisecond)
	var took []time.Duration
	apply := func(n int) {
		begun := time.Now()
		if _, err := one.Apply(b.Context(), &registry.Change{Files: files(n), Author: "ann", Time: int64(n), Expect: int64(n - 1)}); err != nil {
			b.Fatal(err)
		}
		other.says(fmt.Sprintf("apply %d by ann is served", n))
		took = append(took, time.Since(begun))
	}
	apply(1)
	took = took[:0]
	for n := 2; b.Loop(); n++ {
		apply(n)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "ms-longest")
}
