// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"testing"

	"selfsame"
	"selfsame/source"
)

// TestRowsOfAChunk holds that narrow rows come many at once, and wide rows and values of any length few.
func TestRowsOfAChunk(t *testing.T) {
	columns := func(n int, t selfsame.Type) []source.Wanted {
		out := make([]source.Wanted, n)
		for i := range out {
			out[i].Field.Type = t
		}
		return out
	}
	number, text := selfsame.Scalar(selfsame.Float64), selfsame.Scalar(selfsame.String)
	for _, c := range []struct {
		columns []source.Wanted
		want    int64
	}{
		{nil, source.ChunkRows}, {columns(3, number), source.ChunkRows}, {columns(8, number), 128 << 10}, {columns(40, number), 64 << 10},
		{columns(1, text), 64 << 10}, {append(columns(2, number), columns(1, text)...), 64 << 10},
	} {
		if got := source.RowsOf(c.columns); got != c.want {
			t.Errorf("%d columns: %d rows, want %d", len(c.columns), got, c.want)
		}
	}
}
