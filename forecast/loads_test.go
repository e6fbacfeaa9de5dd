// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package forecast

import (
	"math"
	"path/filepath"
	"testing"

	"selfsame"
	"selfsame/registry"
	"selfsame/registry/sqlite"
)

const project = `project: shop
entities: {user: {key: {user_id: string}}}
sources:
  orders: {schema: {user_id: string, amount: float64, at: timestamp}, event_time: at, batch: {path: x.csv}}
views:
  spend: {entity: user, source: orders, features: {total: sum(amount) over 1d}}
`

// TestMeasuredRate takes the newest load that was long enough to say something.
func TestMeasuredRate(t *testing.T) {
	dir := t.TempDir()
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	r := registry.Over(store, dir)
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := r.Apply(t.Context(), &registry.Change{Files: map[string][]byte{"selfsame.yaml": []byte(project)}, Author: "ann", Expect: registry.Newest}); err != nil {
		t.Fatal(err)
	}
	want := func(rate float64, run string) {
		t.Helper()
		s, err := r.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, id := measuredRate(s); got != rate || id != run {
			t.Errorf("got %v by %q, want %v by %q", got, id, rate, run)
		}
	}
	want(guessedRate, "")
	for i, run := range []registry.Run{
		{ID: "0196b2f4-0000-7000-8000-000000000001", Kind: registry.RunBackfill, Rows: 30_000, Started: 0, Ended: selfsame.Instant(2 * selfsame.Second)},
		{ID: "0196b2f4-0000-7000-8000-000000000002", Kind: registry.RunBackfill, Rows: 3, Started: 0, Ended: selfsame.Instant(selfsame.Second)},
		{ID: "0196b2f4-0000-7000-8000-000000000003", Kind: registry.RunTrain, Rows: 1_000_000, Started: 0, Ended: selfsame.Instant(selfsame.Second)},
	} {
		if _, err := r.Act(t.Context(), registry.By{Author: "ann", Time: int64(i)}, &run); err != nil {
			t.Fatal(err)
		}
	}
	want(15_000, "0196b2f4-0000-7000-8000-000000000001")
}

// TestSampleBounds refuses what means nothing, and what no memory holds.
func TestSampleBounds(t *testing.T) {
	for _, a := range []SampleArgs{{Rows: -1}, {Rows: mostRows + 1}, {Rows: math.MaxInt}, {Rows: 1, Timeout: -1}} {
		if err := a.check(); selfsame.ClassOf(err) != selfsame.ClassUsage {
			t.Errorf("%+v: got %v", a, err)
		}
	}
	for _, a := range []SampleArgs{{}, {Rows: mostRows}} {
		if err := a.check(); err != nil {
			t.Errorf("%+v: %v", a, err)
		}
	}
	missing := SampleArgs{Rows: 1, File: filepath.Join(t.TempDir(), "no.csv")}
	if err := missing.check(); selfsame.ClassOf(err) != selfsame.ClassNotFound {
		t.Errorf("got %v", err)
	}
}
