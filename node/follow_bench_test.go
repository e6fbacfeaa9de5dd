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
)

// BenchmarkServedElsewhere times how long after an apply through one server another one serves it, where both share a registry in PostgreSQL: from the
// moment at which the apply is asked for. ms are the median and the longest.
func BenchmarkServedElsewhere(b *testing.B) {
	project, url := writeProject(b, map[string]string{"selfsame.yaml": sharedShop}), postgresql.URL(b)
	one := join(b, project, b.TempDir(), url, false, 500*time.Millisecond)
	if _, err := one.ApplyFirst(b.Context()); err != nil {
		b.Fatal(err)
	}
	other := join(b, project, b.TempDir(), url, false, 500*time.Millisecond)
	var took []time.Duration
	for n := int64(2); b.Loop(); n++ {
		text := strings.Replace(sharedShop, "count(*)", fmt.Sprintf("sum(amount) over %dd", n), 1)
		begun := time.Now()
		if _, err := one.Apply(b.Context(), &registry.Change{Files: map[string][]byte{"selfsame.yaml": []byte(text)}, Author: "ann", Time: n, Expect: n - 1}); err != nil {
			b.Fatal(err)
		}
		other.says(fmt.Sprintf("apply %d by ann is served", n))
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "ms-longest")
}
