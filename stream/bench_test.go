// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
	"selfsame/online"
	"selfsame/online/embedded"
)

const benchWorld = `
project: p
entities:
  user: {key: {user_id: string}}
  shop: {key: {shop_id: int64}}
sources:
  pays:
    schema: {id: string, user_id: string, shop_id: int64, amount: float64, kind: string, at: timestamp}
    event_time: at
    %s
    stream: {push: true}
views:
  by_user: {entity: user, source: pays, features: {n: "count(*) over [1h, 1d]", s: "sum(amount) over [1h, 7d]", l: last(kind) over 7d}}
`

const benchShop = `  by_shop: {entity: shop, source: pays, where: amount > 0, features: {n: count(*) over 1h, s: avg(amount) over 30d}}
`

// nowhere is a store that keeps nothing: what the driver costs alone.
type nowhere struct{ deltas, facts int }

func (s *nowhere) Apply(_ context.Context, b *online.Batch) error {
	s.deltas, s.facts = s.deltas+len(b.Deltas), s.facts+len(b.Facts)
	return nil
}
func (*nowhere) Read(context.Context, online.Range, func(int64, []byte) error) error    { return nil }
func (*nowhere) Facts(context.Context, [][]byte, func(i int, value []byte) error) error { return nil }
func (*nowhere) Close() error                                                           { return nil }

func benchBlock(src *selfsame.Source, rows int, r *rand.Rand, from int64) *eventlog.Block {
	b := &eventlog.Block{Name: src.Name, Source: src, Rows: column.NewBatch(src.Schema, rows), First: from, Alpha: 1_700_000_000_000_000 + from}
	for i := range rows {
		tau := b.Alpha - r.Int64N(selfsame.Second)
		for k, f := range src.Schema {
			c := b.Rows.Columns[k]
			switch f.Name {
			case "id":
				c.AppendBytes(fmt.Appendf(nil, "pay-%012d", from+int64(i)))
			case "user_id":
				c.AppendBytes(fmt.Appendf(nil, "user-%07d", r.IntN(1_000_000)))
			case "shop_id":
				c.Ints = append(c.Ints, r.Int64N(50_000))
			case "amount":
				c.Floats = append(c.Floats, float64(r.IntN(100_000))/100)
			case "kind":
				c.AppendBytes([]byte([]string{"card", "cash", "wire"}[r.IntN(3)]))
			case "at":
				c.Ints = append(c.Ints, tau)
			}
		}
		b.Tau = append(b.Tau, tau)
	}
	b.Rows.Rows = rows
	return b
}

// BenchmarkApply applies blocks of 10,000 new events of a million users; an operation is one event.
func BenchmarkApply(b *testing.B) {
	for _, id := range []string{"", "id: id"} {
		for _, views := range []string{"", benchShop} {
			for _, kind := range []string{"nowhere", "embedded"} {
				b.Run(fmt.Sprintf("%s/id=%t/views=%d", kind, id != "", 1+min(len(views), 1)), func(b *testing.B) {
					var store online.Store = &nowhere{}
					if kind == "embedded" {
						s, err := embedded.Open(b.TempDir(), embedded.Options{})
						if err != nil {
							b.Fatal(err)
						}
						defer s.Close()
						store = s
					}
					benchApply(b, store, fmt.Sprintf(benchWorld, id)+views)
				})
			}
		}
	}
}

func benchApply(b *testing.B, store online.Store, text string) {
	p, uses := usesOf(b, text)
	d, err := Open(b.Context(), store, &listLog{}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := d.Switch(b.Context(), uses); err != nil {
		b.Fatal(err)
	}
	const rows = 10_000
	r := rand.New(rand.NewPCG(1, 1))
	var at int64
	b.ReportAllocs()
	for done := 0; done < b.N; done += rows {
		b.StopTimer()
		block := benchBlock(p.Sources[0], rows, r, at)
		at += rows
		b.StartTimer()
		if _, err := d.Apply(b.Context(), []*eventlog.Block{block}); err != nil {
			b.Fatal(err)
		}
	}
}
