// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"fmt"
	"testing"
	"time"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
)

// payments is a source of five fields, about 40 bytes a row.
var payments = &selfsame.Source{Name: "payments", EventTime: "at", ID: "id", Schema: []selfsame.Field{
	{Name: "id", Type: selfsame.Scalar(selfsame.String)}, {Name: "card", Type: selfsame.Scalar(selfsame.Int64)}, {Name: "at", Type: selfsame.Scalar(selfsame.Timestamp)},
	{Name: "amount", Type: selfsame.Scalar(selfsame.Float64)}, {Name: "country", Type: selfsame.Scalar(selfsame.String)}}}

func paymentRows(n int) *column.Batch {
	b := column.NewBatch(payments.Schema, n)
	now := time.Now().UnixMicro()
	for i := range n {
		b.Columns[0].AppendBytes(fmt.Appendf(nil, "payment-%08d", i))
		b.Columns[1].Append(selfsame.Value{Type: payments.Schema[1].Type, Int: int64(i * 7919)})
		b.Columns[2].Append(selfsame.Value{Type: payments.Schema[2].Type, Int: now + int64(i)})
		b.Columns[3].Append(selfsame.Value{Type: payments.Schema[3].Type, Float: float64(i) * 1.01})
		b.Columns[4].AppendBytes([]byte("NL"))
		b.Rows++
	}
	return b
}

// BenchmarkAppend appends blocks with an fsync each.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 100, 1000, 10_000} {
		b.Run(fmt.Sprintf("%d rows", n), func(b *testing.B) {
			l, err := Open(b.TempDir(), Options{Reserve: -1})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			rows := paymentRows(n)
			b.ReportAllocs()
			for b.Loop() {
				a := &eventlog.Append{Block: eventlog.Block{Source: payments, Rows: rows}}
				if err := l.Append(context.Background(), []*eventlog.Append{a}, 0); err != nil || a.Admitted == nil {
					b.Fatal(err, a.Reasons)
				}
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkRead reads a million rows in blocks of 1,000.
func BenchmarkRead(b *testing.B) {
	l, err := Open(b.TempDir(), Options{Reserve: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	rows := paymentRows(1000)
	for range 100 {
		var group []*eventlog.Append
		for range 10 {
			group = append(group, &eventlog.Append{Block: eventlog.Block{Source: payments, Rows: rows}})
		}
		if err := l.Append(context.Background(), group, 0); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		n := 0
		if err := l.Read(context.Background(), 0, selfsame.MaxTime, func(k *eventlog.Block) error { n += k.Rows.Rows; return nil }); err != nil || n != 1_000_000 {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.N)*1e6/b.Elapsed().Seconds(), "rows/s")
}
