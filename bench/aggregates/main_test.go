// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfsame/compute/aggregate"
)

// TestEveryAggregationIsMeasured: each example reads columns that a history has, and has a row in the page.
func TestEveryAggregationIsMeasured(t *testing.T) {
	histories := []*history{newHistory(leastEvents, 80), newHistory(200, 200)}
	var lines []line
	for _, f := range aggregate.All() {
		l := line{name: f.Name}
		for _, h := range histories {
			m, err := measure(f, h, 0)
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			if m.perSecond <= 0 || m.state < 1 || m.again <= 0 || m.after <= 0 || m.refused {
				t.Errorf("%s of %d events: %+v", f.Name, h.events, m)
			}
			l.call, l.figures = m.call, append(l.figures, m)
		}
		lines = append(lines, l)
	}
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := replace(path, table(histories, lines)); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	if !strings.HasPrefix(text, "before\n"+begin+"| aggregation | events/s offline, 40 events |") || !strings.HasSuffix(text, "|\n"+end+"after\n") || strings.Contains(text, "old") {
		t.Errorf("the page is\n%s", text)
	}
	if got, want := strings.Count(text, "\n| `"), len(aggregate.All()); got != want {
		t.Errorf("%d rows of %d aggregations", got, want)
	}
	for _, call := range []string{"| `count(distinct merchant_id)` |", "| `decayed_sum(amount, half_life 1d, step 1h)` |"} {
		if !strings.Contains(text, call) {
			t.Errorf("no row begins with %s", call)
		}
	}
	if replace(path+".none", "") == nil || replace("main.go", "") == nil {
		t.Error("a page without the markers is written")
	}
}
