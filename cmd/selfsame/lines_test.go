// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"selfsame/batch"
)

func TestStageLine(t *testing.T) {
	for _, c := range []struct {
		n, total int64
		width    int
		want     string
	}{
		{1_000_000, 4_000_000, 0, "read      25 %  1,000,000 of 4,000,000 rows, 500,000 rows/s, 6s left"},
		{1_000_000, 0, 0, "read     1,000,000 rows, 500,000 rows/s"},
		{5, 4, 0, "read     5 rows, 2 rows/s"},
		{4_000_000, 4_000_000, 0, "read     100 %  4,000,000 of 4,000,000 rows, 2,000,000 rows/s"},
		{1_000_000, 4_000_000, 80, "read     ███░░░░░░░  25 %  1,000,000 of 4,000,000 rows, 500,000 rows/s, 6s left"},
		{1_000_000, 0, 20, "read     1,000,000 "},
	} {
		if got := stageLine(batch.StageRead, c.n, c.total, 2*time.Second, c.width); got != c.want {
			t.Errorf("%d of %d rows in %d columns:\n%s\nwant\n%s", c.n, c.total, c.width, got, c.want)
		}
	}
	for width := 10; width < 220; width++ {
		if got := stageLine(batch.StageCompute, 123_456_789, 987_654_321, 100*time.Second, width); utf8.RuneCountInString(got) >= width {
			t.Errorf("%d columns: the line %q has %d", width, got, utf8.RuneCountInString(got))
		}
	}
}

func TestPreviewIsBounded(t *testing.T) {
	p := &preview{rows: []int{0, 10, 20}, cells: make([][]string, 3)}
	for i := range 12 {
		p.names = append(p.names, fmt.Sprintf("label_%d", i))
	}
	p.labels = len(p.names)
	for v := range 5 {
		for i := range 10 {
			p.names = append(p.names, fmt.Sprintf("view%d__feature_%d", v, i))
		}
	}
	for r := range p.cells {
		p.cells[r] = slices.Repeat([]string{"0.25"}, len(p.names))
	}
	for width, rows := range map[int]int{120: 3, 40: 2, 10: 1} {
		var w strings.Builder
		p.print(&w, width)
		lines := strings.Split(strings.TrimSpace(w.String()), "\n")
		if len(lines) != 1+previewLabels+previewFeatures+1 {
			t.Errorf("%d columns: %d lines:\n%s", width, len(lines), w.String())
		}
		if got := strings.Count(lines[0], "row "); got != rows {
			t.Errorf("%d columns: %d rows, want %d:\n%s", width, got, rows, lines[0])
		}
		for _, n := range []string{"label_0 ", "label_11 ", "view0__feature_0 ", "view0__feature_3 ", "view4__feature_3 ", "and 34 more columns"} {
			if !strings.Contains(w.String()+" ", n) {
				t.Errorf("%d columns: no %q in\n%s", width, n, w.String())
			}
		}
	}
}
