// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
	"selfsame/offline/parquet"
)

// wide returns batches of features as training sets have them: counts, sums of money, averages, with some nulls.
func wide(rows, columns int) []*column.Batch {
	var fields []selfsame.Field
	for i := range columns {
		k := selfsame.Float64
		if i%4 == 0 {
			k = selfsame.Int64
		}
		fields = append(fields, selfsame.Field{Name: fmt.Sprintf("f%d", i), Type: selfsame.Scalar(k)})
	}
	r := rand.New(rand.NewPCG(1, 2))
	var out []*column.Batch
	for rows > 0 {
		n := min(rows, 64<<10)
		b := column.NewBatch(fields, n)
		for i, c := range b.Columns {
			for j := range n {
				switch {
				case i == 0:
					c.Ints = append(c.Ints, int64(r.IntN(100_000)))
				case i == 4:
					c.Ints = append(c.Ints, 1_700_000_000_000_000+int64(r.IntN(1<<43)))
				case i%4 == 0:
					c.Ints = append(c.Ints, int64(r.ExpFloat64()*20))
				case i%4 == 1:
					c.Floats = append(c.Floats, float64(r.IntN(1_000_000))/100)
				case i%4 == 2:
					c.Floats = append(c.Floats, float64(r.IntN(1_000_000))/100/float64(1+r.IntN(30)))
				default:
					c.Floats = append(c.Floats, float64(r.IntN(50_000))/100)
				}
				if i > 4 && i%2 == 1 {
					c.Status = append(c.Status, selfsame.Present)
					if r.IntN(20) == 0 {
						c.Status[j] = selfsame.Null
					}
				}
			}
		}
		b.Rows = n
		out = append(out, b)
		rows -= n
	}
	return out
}

func BenchmarkWriteWide(b *testing.B) {
	batches := wide(1_000_000, 26)
	for _, codec := range []string{"zstd", "snappy", "none"} {
		b.Run(codec, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "wide.parquet")
			for b.Loop() {
				w, err := parquet.Create(path, batches[0].Fields, offline.Options{Compression: codec})
				if err != nil {
					b.Fatal(err)
				}
				for _, batch := range batches {
					if err := w.Write(batch); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
