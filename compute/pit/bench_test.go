// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

const (
	benchEvents   = 10_000_000
	benchRows     = 1_000_000
	benchEntities = 100_000
	benchBlock    = 1_000_000
)

// benchBlocks are events of 90 days in time order, their keys at random, with so many float64 columns of cents.
func benchBlocks(columns int) []*Block {
	r := rand.New(rand.NewPCG(1, 2))
	var blocks []*Block
	for i := 0; i < benchEvents; i += benchBlock {
		b := &Block{}
		for range columns {
			b.Columns = append(b.Columns, column.Make(selfsame.Scalar(selfsame.Float64), benchBlock))
		}
		for j := range benchBlock {
			b.Entity = append(b.Entity, uint32(r.IntN(benchEntities)))
			b.Tau = append(b.Tau, int64(i+j)*(90*selfsame.DayLength/benchEvents))
			for _, c := range b.Columns {
				c.Floats[j] = float64(r.IntN(100000)) / 100
			}
		}
		blocks = append(blocks, b)
	}
	return blocks
}

func benchRowsOf() Rows {
	r := rand.New(rand.NewPCG(3, 4))
	rows := Rows{Entities: benchEntities}
	for range benchRows {
		rows.Entity = append(rows.Entity, uint32(r.IntN(benchEntities)))
		rows.At = append(rows.At, r.Int64N(90*selfsame.DayLength))
	}
	rows.Known = rows.At
	return rows
}

func benchSweep(b *testing.B, spec Spec, blocks []*Block) {
	rows := benchRowsOf()
	for b.Loop() {
		s, err := New(spec, rows, Options{Threads: 2})
		if err != nil {
			b.Fatal(err)
		}
		var wg sync.WaitGroup
		for g := range 2 {
			wg.Go(func() {
				for i := g; i < len(blocks); i += 2 {
					if err := s.Add(i, blocks[i]); err != nil {
						b.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if _, err := s.Run(context.Background()); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(benchEvents*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mevents/s")
}

// BenchmarkWindowed is 24 cells: 4 windows of six aggregates over one column.
func BenchmarkWindowed(b *testing.B) {
	spec := Spec{Name: "v", Columns: []selfsame.Type{selfsame.Scalar(selfsame.Float64)}}
	for _, days := range []int64{1, 7, 30, 90} {
		for _, name := range []string{"count", "sum", "avg", "min", "max", "stddev"} {
			call, err := aggregate.Bind(aggregate.Lookup(name), aggregate.CallSpec{Args: spec.Columns, MaxValues: 100000})
			if err != nil {
				b.Fatal(err)
			}
			spec.Cells = append(spec.Cells, Cell{Call: call, Args: []int{0}, Filter: -1, Window: selfsame.Window{Kind: selfsame.Sliding, Length: days * selfsame.DayLength}})
		}
	}
	benchSweep(b, spec, benchBlocks(1))
}

// BenchmarkLatest is the as-of join of ten columns.
func BenchmarkLatest(b *testing.B) {
	spec := Spec{Name: "v", AsOf: true, TTL: -1, Closed: selfsame.ClosedBoth}
	for range 10 {
		spec.Columns = append(spec.Columns, selfsame.Scalar(selfsame.Float64))
	}
	benchSweep(b, spec, benchBlocks(10))
}
