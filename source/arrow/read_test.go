// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arrow_test

import (
	"path/filepath"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
	offarrow "selfsame/offline/arrow"
	"selfsame/source"
	"selfsame/source/arrow"
)

// TestManyBatches reads a file of many record batches: groups join them, chunks divide them, and every row has its place.
func TestManyBatches(t *testing.T) {
	const rows = 600_000
	fields := []selfsame.Field{{Name: "n", Type: selfsame.Scalar(selfsame.Int64)}, {Name: "s", Type: selfsame.Scalar(selfsame.String)}}
	b := column.NewBatch(fields, rows)
	for i := range rows {
		b.Columns[0].Ints = append(b.Columns[0].Ints, int64(i))
		b.Columns[1].AppendBytes(nil)
	}
	b.Rows = rows
	path := filepath.Join(t.TempDir(), "x.arrow")
	w, err := offarrow.Create(path, fields, offline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	table, err := source.Open(t.Context(), source.Spec{Batch: selfsame.BatchSource{Path: path}}, map[string]source.Format{"arrow": arrow.New()})
	if err != nil {
		t.Fatal(err)
	}
	want := source.Want{Fields: []string{"n"}}
	splits, _, err := table.Splits(want)
	if err != nil || len(splits) != 3 || table.Files()[0].Rows != rows {
		t.Fatalf("%d groups of %d rows: %v", len(splits), table.Files()[0].Rows, err)
	}
	next := int64(0)
	for _, s := range splits {
		err := table.Read(t.Context(), s, want, func(c *source.Chunk) error {
			if c.First != next || c.Batch.Rows > source.ChunkRows {
				t.Fatalf("a chunk of %d rows begins at %d, want %d", c.Batch.Rows, c.First, next)
			}
			for _, n := range c.Batch.Columns[0].Ints {
				if n != next {
					t.Fatalf("row %d holds %d", next, n)
				}
				next++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if next != rows {
		t.Errorf("%d rows of %d", next, rows)
	}
}
