// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/online"
	"selfsame/online/embedded"
	"selfsame/plan"
)

// benchDefinitions are a view of 50 columns of the newest row, and one of 30 windows.
func benchDefinitions() string {
	var schema, columns []string
	for i := range 50 {
		schema = append(schema, fmt.Sprintf("c%d: float64", i))
		columns = append(columns, fmt.Sprintf("c%d", i))
	}
	return `
project: bench
entities: {user: {key: {user_id: string}}}
sources:
  profiles:
    schema: {user_id: string, at: timestamp, ` + strings.Join(schema, ", ") + `}
    event_time: at
    stream: {push: true}
  events:
    schema: {user_id: string, x: float64, at: timestamp}
    event_time: at
    stream: {push: true}
views:
  profile: {entity: user, source: profiles, features: [` + strings.Join(columns, ", ") + `]}
  spend:
    entity: user
    source: events
    features:
      n: count(*) over [1h, 1d, 7d, 30d, 90d]
      total: sum(x) over [1h, 1d, 7d, 30d, 90d]
      mean: avg(x) over [1h, 1d, 7d, 30d, 90d]
      least: min(x) over [1h, 1d, 7d, 30d, 90d]
      most: max(x) over [1h, 1d, 7d, 30d, 90d]
      spread: stddev(x) over [1h, 1d, 7d, 30d, 90d]
services:
  stored: {features: [profile.*]}
  windows: {features: [spend.*]}
`
}

// benchWorld is a store of users with events on disk.
type benchWorld struct {
	world
	users int
}

func newBenchWorld(b *testing.B, users, events int, cacheBytes int64) *benchWorld {
	w := &benchWorld{users: users}
	w.world = *newWorld(b, benchDefinitions(), cacheBytes)
	store, err := embedded.Open(b.TempDir(), embedded.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	w.reader = New(store, w.states.Load, Options{CacheBytes: cacheBytes})
	rng := rand.New(rand.NewPCG(1, 1))
	seq := int64(0)
	for _, s := range w.states.Load().List() {
		n := events
		if s.Use.Spec.AsOf {
			n = 1
		}
		live, err := newLiveState(s)
		if err != nil {
			b.Fatal(err)
		}
		cols := make([]*column.Column, len(s.Use.Spec.Columns))
		for u := range users {
			batch := &online.Batch{}
			entity := benchKey(u)
			for i := range n {
				h := online.Head{Seq: seq, Tau: noon - 60*day + int64(i)*(60*day/int64(n)), Hash: rng.Uint64()}
				h.Alpha = h.Tau + 1000
				for c := range cols {
					cols[c] = &column.Column{Type: s.Use.Spec.Columns[c], Floats: []float64{float64(rng.IntN(100000)) / 100}, Bools: []bool{true}}
				}
				rows := live.layout.AppendRow(nil, h, nil, cols, 0)
				batch.Deltas = append(batch.Deltas, online.Delta{State: online.State(s.ID), Entity: entity, Bucket: s.Bucket(h.Tau) / 16, Rows: rows})
				seq++
			}
			if err := store.Apply(context.Background(), batch); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := store.Sync(context.Background()); err != nil {
		b.Fatal(err)
	}
	w.cut.Store(&Cut{Offset: seq, Alpha: noon})
	return w
}

func benchKey(u int) []byte {
	key := column.New(selfsame.Scalar(selfsame.String), 1)
	key.AppendBytes(fmt.Appendf(nil, "user-%07d", u))
	return key.AppendFramed(nil, 0)
}

// query asks about rows users from u on.
func (w *benchWorld) query(p *Prepared, u, rows int) *Query {
	keys := column.New(selfsame.Scalar(selfsame.String), rows)
	for i := range rows {
		keys.AppendBytes(fmt.Appendf(nil, "user-%07d", (u+i)%w.users))
	}
	return &Query{Plan: p, Given: []*column.Column{keys}, Rows: rows, At: noon, Cut: *w.cut.Load()}
}

func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		service       string
		users, events int
		cache         int64
		rows          int
	}{
		{"stored", 2000, 1, 0, 1}, {"stored", 2000, 1, -1, 1}, {"stored", 2000, 1, 0, 100},
		{"windows", 2000, 100, 0, 1}, {"windows", 2000, 100, -1, 1}, {"windows", 2000, 100, 0, 100},
		{"windows", 20, 10_000, 0, 1}, {"windows", 20, 10_000, -1, 1},
	} {
		kind := map[int64]string{0: "cached", -1: "store"}[c.cache]
		b.Run(fmt.Sprintf("%s/events=%d/rows=%d/%s", c.service, c.events, c.rows, kind), func(b *testing.B) {
			w := newBenchWorld(b, c.users, c.events, c.cache)
			built, err := plan.Build(w.project, plan.Request{Service: c.service})
			if err != nil {
				b.Fatal(err)
			}
			p := Prepare(built)
			var queries []*Query
			for u := range c.users {
				queries = append(queries, w.query(p, u, c.rows))
			}
			read := func(q *Query) {
				res, err := w.reader.Read(context.Background(), q)
				if err != nil {
					b.Fatal(err)
				}
				res.Release()
			}
			if c.cache == 0 {
				for _, q := range queries {
					read(q)
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				read(queries[i*7919%len(queries)])
			}
		})
	}
}
