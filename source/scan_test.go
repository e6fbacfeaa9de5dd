// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"testing"

	"selfsame"
)

// TestLongValues: a chunk ends early where its values are long, also inside lists, and no row is lost.
func TestLongValues(t *testing.T) {
	for _, typ := range []selfsame.Type{selfsame.Scalar(selfsame.String), selfsame.ListOf(selfsame.Scalar(selfsame.Bytes)), selfsame.MapOf(selfsame.Scalar(selfsame.Bool))} {
		s := NewTextScan(&Reading{}, "f", []Wanted{{Field: selfsame.Field{Name: "x", Type: typ}}})
		s.most = 100
		left, chunks, rows := 50, 0, int64(0)
		long := selfsame.Value{Type: typ, Str: "0123456789012345678901234567890123456789", Keys: []string{"0123456789012345678901234567890123456789"}}
		if typ.Elem != nil {
			long.Elems = []selfsame.Value{{Type: *typ.Elem, Str: long.Str}}
		}
		next := func() (bool, error) { left--; return left >= 0, nil }
		err := s.Each(t.Context(), next, func() { s.Batch.Columns[0].Append(long) }, func(c *Chunk) error {
			if c.First != rows || c.Batch.Rows > 3 {
				t.Errorf("%s: %d rows at %d, want at most 3 at %d", typ, c.Batch.Rows, c.First, rows)
			}
			rows += int64(c.Batch.Rows)
			chunks++
			return nil
		})
		if err != nil || rows != 50 || chunks != 17 {
			t.Errorf("%s: %d rows in %d chunks, %v", typ, rows, chunks, err)
		}
	}
}
