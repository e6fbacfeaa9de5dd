// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package registrytest is the conformance suite of registry.Store. An adapter's test calls Run.
package registrytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfsame/definition/canonical"
	"selfsame/registry"
)

// Open opens the store of a name. The same name opens the same content, also while it is open.
type Open func(t *testing.T, name string) registry.Store

// Run holds a store against its contract.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, Open){
		"Records":     testRecords,
		"Order":       testOrder,
		"Texts":       testTexts,
		"Canceled":    testCanceled,
		"OneWins":     testOneWins,
		"Reopen":      testReopen,
		"TwoServers":  testTwoServers,
		"RacingApply": testRacingApply,
		"Requests":    testRequests,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

func opened(t *testing.T, open Open, name string) registry.Store {
	t.Helper()
	s := open(t, name)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// Record is a record with something in every field, and its texts.
func Record(id int64) (*registry.Record, map[string][]byte) {
	prefix, none := "p_", ""
	texts := map[string][]byte{}
	text := func(s string) string {
		h := canonical.Hash([]byte(s))
		texts[h] = []byte(s)
		return h
	}
	return &registry.Record{ID: id, Time: 1_700_000_000_000_000 + id, Project: "shop", Author: "Ann <ann@example.org>", Message: "löschen; \x00 'quoted'", Commit: "0a1b", Engine: "1.2.3",
		Files: []registry.FileRecord{{Path: "features/a.yaml", Hash: text(fmt.Sprint("file ", id))}, {Path: "features/gone.yaml"}, {Path: "selfsame.yaml", Hash: text("")}},
		Features: []registry.FeatureRecord{{View: "v", Feature: "f", Version: fmt.Sprintf("%d.0.0", id), Hash: text(fmt.Sprint("form ", id)), Words: "w", Found: registry.FoundMajor},
			{View: "v", Feature: "gone"}},
		Services: []registry.ServiceRecord{{Name: "gone"}, {Name: "s", Version: id, Hash: "h", Entries: []registry.Entry{
			{View: "v", Feature: "f", Version: "1.0.0", Hash: "x", Key: map[string]string{"user_id": "buyer"}, Prefix: &prefix},
			{View: "v", Feature: "g", Version: "1.0.0", Hash: "y", Prefix: &none}, {View: "v", Feature: "h", Version: "2.0.1", Hash: "z", As: "named"}}}},
		Acts: []registry.Act{{Kind: registry.KindModel, Subject: "fraud@5", Body: []byte(`{"name": "fraud"}`)}, {Kind: "of a later selfsame", Subject: "x", Body: []byte(`{}`)}},
	}, texts
}

func add(t *testing.T, s registry.Store, id int64) *registry.Record {
	t.Helper()
	r, texts := Record(id)
	if err := s.Append(t.Context(), r, texts); err != nil {
		t.Fatalf("append %d: %v", id, err)
	}
	return r
}

func load(t *testing.T, s registry.Store, after int64) []*registry.Record {
	t.Helper()
	got, err := s.Load(t.Context(), after)
	if err != nil {
		t.Fatalf("load after %d: %v", after, err)
	}
	return got
}

func testRecords(t *testing.T, open Open) {
	s := opened(t, open, "a")
	if got := load(t, s, 0); len(got) != 0 {
		t.Fatalf("an empty store: got %d records", len(got))
	}
	want := []*registry.Record{add(t, s, 1), add(t, s, 2), add(t, s, 3)}
	for after := range int64(5) {
		expect := want[min(after, 3):]
		got := load(t, s, after)
		if len(got) == 0 && len(expect) == 0 {
			continue
		}
		if diff := cmp.Diff(expect, got); diff != "" {
			t.Errorf("after %d (-want +got):\n%s", after, diff)
		}
	}
	bare := &registry.Record{ID: 4}
	if err := s.Append(t.Context(), bare, nil); err != nil {
		t.Fatalf("a record with nothing in it: %v", err)
	}
	if diff := cmp.Diff([]*registry.Record{bare}, load(t, s, 3)); diff != "" {
		t.Errorf("a record with nothing in it (-want +got):\n%s", diff)
	}
}

func testOrder(t *testing.T, open Open) {
	s := opened(t, open, "a")
	for _, id := range []int64{0, 2, -1} {
		r, texts := Record(id)
		if err := s.Append(t.Context(), r, texts); !errors.Is(err, registry.ErrMoved) {
			t.Errorf("append %d to an empty store: got %v, want ErrMoved", id, err)
		}
	}
	add(t, s, 1)
	for _, id := range []int64{1, 3} {
		r, texts := Record(id)
		if err := s.Append(t.Context(), r, texts); !errors.Is(err, registry.ErrMoved) {
			t.Errorf("append %d after 1: got %v, want ErrMoved", id, err)
		}
	}
	if got := load(t, s, 0); len(got) != 1 {
		t.Errorf("got %d records, want 1: what is refused is not stored", len(got))
	}
}

func testTexts(t *testing.T, open Open) {
	s := opened(t, open, "a")
	add(t, s, 1)
	add(t, s, 2) // names the empty text again
	_, first := Record(1)
	_, second := Record(2)
	missing := canonical.Hash([]byte("nobody wrote this"))
	want, hashes := map[string][]byte{}, []string{missing}
	for _, texts := range []map[string][]byte{first, second} {
		for h, text := range texts {
			want[h] = text
			hashes = append(hashes, h, h)
		}
	}
	got, err := s.Texts(t.Context(), hashes)
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %d texts, %v; want %d", len(got), err, len(want))
	}
	for h, text := range want {
		if string(got[h]) != string(text) {
			t.Errorf("%s: got %q, want %q", h, got[h], text)
		}
	}
	if got, err := s.Texts(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("no hashes: got %d texts, %v", len(got), err)
	}
}

func testCanceled(t *testing.T, open Open) {
	s := opened(t, open, "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, texts := Record(1)
	if err := s.Append(ctx, r, texts); err == nil {
		t.Errorf("a canceled append succeeded")
	}
	if got := load(t, s, 0); len(got) != 0 {
		t.Errorf("a canceled append stored %d records", len(got))
	}
	for h := range texts {
		if got, err := s.Texts(t.Context(), []string{h}); err != nil || len(got) != 0 {
			t.Errorf("a canceled append stored a text (%v)", err)
		}
	}
	add(t, s, 1)
}

func testOneWins(t *testing.T, open Open) {
	stores := []registry.Store{opened(t, open, "a"), opened(t, open, "a")}
	const racers = 8
	results := make([]error, racers)
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() {
			r, texts := Record(1)
			r.Author = fmt.Sprint(i)
			results[i] = stores[i%2].Append(t.Context(), r, texts)
		})
	}
	wg.Wait()
	winner := ""
	for i, err := range results {
		switch {
		case err == nil && winner != "":
			t.Errorf("two appends of one id succeeded: %s and %d", winner, i)
		case err == nil:
			winner = fmt.Sprint(i)
		case !errors.Is(err, registry.ErrMoved):
			t.Errorf("racer %d: got %v, want ErrMoved", i, err)
		}
	}
	for _, s := range stores {
		if got := load(t, s, 0); len(got) != 1 || got[0].Author != winner {
			t.Errorf("got %d records, want the one of racer %s", len(got), winner)
		}
	}
}

func testReopen(t *testing.T, open Open) {
	s := open(t, "a")
	want := []*registry.Record{add(t, s, 1), add(t, s, 2)}
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	again := opened(t, open, "a")
	if diff := cmp.Diff(want, load(t, again, 0)); diff != "" {
		t.Errorf("after it was closed and opened (-want +got):\n%s", diff)
	}
	add(t, again, 3)
	if got := load(t, opened(t, open, "b"), 0); len(got) != 0 {
		t.Errorf("another name: got %d records, want none", len(got))
	}
}

// project is a small project whose one feature sums up a window.
func project(window string) map[string][]byte {
	return map[string][]byte{"selfsame.yaml": []byte(`
project: shop
entities: {user: {key: {user_id: string}}}
sources: {orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, stream: {push: true}}}
views: {spend: {entity: user, source: orders, features: {total: sum(amount) over ` + window + `}}}
services: {shop: {features: [spend.total]}}
`)}
}

func testTwoServers(t *testing.T, open Open) {
	a, b := registry.Over(opened(t, open, "a"), "."), registry.Over(opened(t, open, "a"), ".")
	for i, window := range []string{"1d", "2d"} {
		id := int64(i + 1)
		d, err := a.Apply(t.Context(), &registry.Change{Files: project(window), Author: "ann", Expect: id - 1})
		if err != nil || d.Apply != id {
			t.Fatalf("apply %d: got %+v, %v", id, d, err)
		}
		s, err := b.Snapshot(t.Context())
		if err != nil || s.ID() != id {
			t.Fatalf("the other server: got apply %d, %v; want %d", s.ID(), err, id)
		}
		if v, err := s.Version("spend", "total", ""); err != nil || v.Version != fmt.Sprintf("%d.0.0", id) {
			t.Errorf("the other server: got version %s, %v; want %d.0.0", v.Version, err, id)
		}
		if again, err := b.Snapshot(t.Context()); err != nil || again != s {
			t.Errorf("a snapshot without an apply between is another one (%v)", err)
		}
	}
}

func testRacingApply(t *testing.T, open Open) {
	const racers = 6
	registries := []registry.Registry{registry.Over(opened(t, open, "a"), "."), registry.Over(opened(t, open, "a"), ".")}
	var wg sync.WaitGroup
	results := make([]error, racers)
	for i := range racers {
		wg.Go(func() {
			_, results[i] = registries[i%2].Apply(t.Context(), &registry.Change{Files: project(fmt.Sprintf("%dd", i+1)), Author: "ann", Expect: registry.Newest})
		})
	}
	wg.Wait()
	for i, err := range results {
		if err != nil {
			t.Errorf("racer %d: %v", i, err)
		}
	}
	s, err := registries[0].Snapshot(t.Context())
	if err != nil || s.ID() != racers {
		t.Fatalf("got apply %d, %v; want %d", s.ID(), err, racers)
	}
	versions, err := s.Versions("spend", "total")
	if err != nil || len(versions) != racers {
		t.Errorf("got %d versions, %v; want %d: one of each racer", len(versions), err, racers)
	}
}
