// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
	offpq "selfsame/offline/parquet"
	"selfsame/source"
	"selfsame/source/parquet"
)

var formats = map[string]source.Format{"parquet": parquet.New()}

func scalar(k selfsame.Kind) selfsame.Type { return selfsame.Scalar(k) }

// events writes a file of events: a key, a time and an amount.
func events(tb testing.TB, path string, rows int, o offline.Options) {
	tb.Helper()
	fields := []selfsame.Field{{Name: "user", Type: scalar(selfsame.Int64)}, {Name: "at", Type: scalar(selfsame.Timestamp)},
		{Name: "amount", Type: scalar(selfsame.Float64)}}
	w, err := offpq.Create(path, fields, o)
	if err != nil {
		tb.Fatal(err)
	}
	b := column.NewBatch(fields, 1<<16)
	for done := 0; done < rows; {
		b.Reset()
		for b.Rows < 1<<16 && done < rows {
			b.Columns[0].Ints = append(b.Columns[0].Ints, int64(done*7919%100_000))
			b.Columns[1].Ints = append(b.Columns[1].Ints, 1_700_000_000_000_000+int64(done)*777_777)
			b.Columns[2].Floats = append(b.Columns[2].Floats, float64(done*31%100_000)/100)
			b.Rows++
			done++
		}
		if err := w.Write(b); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
}

func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "events.parquet")
	events(b, path, 10_000_000, offline.Options{RowGroupBytes: 24 << 20})
	ctx := context.Background()
	for b.Loop() {
		t, err := source.Open(ctx, source.Spec{Batch: selfsame.BatchSource{Path: path}}, formats)
		if err != nil {
			b.Fatal(err)
		}
		w := source.Want{Fields: []string{"user", "at", "amount"}}
		splits, _, err := t.Splits(w)
		if err != nil {
			b.Fatal(err)
		}
		var wg sync.WaitGroup
		work := make(chan source.Split, len(splits))
		for _, s := range splits {
			work <- s
		}
		close(work)
		for range 2 {
			wg.Go(func() {
				for s := range work {
					if err := t.Read(ctx, s, w, func(c *source.Chunk) error { return c.Batch.Check() }); err != nil {
						b.Error(err)
					}
				}
			})
		}
		wg.Wait()
	}
}
