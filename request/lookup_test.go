// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/plan"
)

const lookupDefinitions = `
project: lookups
entities:
  user: {key: {user_id: string}}
  shop: {key: {n: int64}}
sources:
  events:
    schema: {user_id: string, n: int64, x: float64, at: timestamp}
    event_time: at
    stream: {push: true}
views:
  shop: {entity: shop, source: events, features: [x]}
  busy: {entity: shop, source: events, features: {n: count(*) over 60d}}
  spend:
    entity: user
    source: events
    features:
      best:    max(shop.x) over 60d
      busiest: max(busy.n) over 60d
services:
  newest: {features: [spend.best]}
  chain:  {features: [spend.best, spend.busiest]}
`

// lookupWorld is a user with events in some shops.
func lookupWorld(t testing.TB, events int) *world {
	w := newWorld(t, lookupDefinitions, 0)
	for i := range events {
		at := noon - int64(events-i)*(50*day/int64(events))
		w.push(at, event{user: "u", n: int64(i % 50), x: float64(i), at: at})
	}
	return w
}

// TestLookupOfAViewThatIsNotBuilt: the error names the view that is looked up.
func TestLookupOfAViewThatIsNotBuilt(t *testing.T) {
	w := lookupWorld(t, 100)
	p := w.prepare("chain")
	row := w.row(p, asking{users: []string{"u", ""}})
	if got := row[0][0].Float; got != 99 {
		t.Errorf("best is %v, want 99: the newest row of a shop counts at its own time", got)
	}
	if got := row[0][1].Int; got != 1 {
		t.Errorf("busiest is %v, want 1: a window does not count the event that asks", got)
	}
	if row[1][0].Status != selfsame.Null {
		t.Errorf("nobody has %v", row[1][0])
	}
	list := slices.DeleteFunc(slices.Clone(w.states.Load().List()), func(s *plan.State) bool { return s.Use.View.Name == "busy" })
	w.states.Store(plan.NewStates(list))
	if _, err := w.ask(p, asking{users: []string{"u"}, at: noon}); selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "view busy") {
		t.Errorf("got %v, want that busy is not built", err)
	}
	if _, err := w.ask(w.prepare("newest"), asking{users: []string{"u"}, at: noon}); err != nil {
		t.Errorf("what does not look it up: %v", err)
	}
}

// TestLookupsEnd: a read that is stopped says so.
func TestLookupsEnd(t *testing.T) {
	w := lookupWorld(t, 10)
	p := w.prepare("chain")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := &Query{Plan: p, Rows: 1, At: noon, Cut: *w.cut.Load(), Given: oneUser("u")}
	if _, err := w.reader.Read(ctx, q); selfsame.ClassOf(err) != selfsame.ClassCanceled {
		t.Errorf("got %v, want that the read was stopped", err)
	}
}

func oneUser(name string) []*column.Column {
	c := column.New(selfsame.Scalar(selfsame.String), 1)
	c.AppendBytes([]byte(name))
	return []*column.Column{c}
}

func BenchmarkLookup(b *testing.B) {
	for _, service := range []string{"newest", "chain"} {
		for _, events := range []int{100, 10_000} {
			b.Run(fmt.Sprintf("%s/events=%d", service, events), func(b *testing.B) {
				w := lookupWorld(b, events)
				q := &Query{Plan: w.prepare(service), Rows: 1, At: noon, Cut: *w.cut.Load(), Given: oneUser("u")}
				b.ReportAllocs()
				for b.Loop() {
					res, err := w.reader.Read(b.Context(), q)
					if err != nil {
						b.Fatal(err)
					}
					res.Release()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*events), "ns/event")
			})
		}
	}
}
