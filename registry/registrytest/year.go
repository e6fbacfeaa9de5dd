// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registrytest

import (
	"fmt"
	"strings"
	"testing"

	"selfsame/registry"
)

// Year is a project of 5,000 features in 100 views and 20 services, and its registry after many applies.
type Year struct {
	registry.Registry
	Files map[string][]byte // as they were applied last

	changed func(apply int) int
}

// Spread changes each view in its turn.
func Spread(apply int) int { return apply % 100 }

// Hot changes the same view again and again, so that every apply leaves versions that no other project has.
func Hot(int) int { return 7 }

// NewYear applies a project many times to an empty store, which it closes at the end. Each apply but the first changes the 50 features of one view, which changed says.
func NewYear(t testing.TB, store registry.Store, applies int, changed func(apply int) int) *Year {
	t.Helper()
	y := &Year{Registry: registry.Over(store, "."), changed: changed, Files: map[string][]byte{"selfsame.yaml": []byte(`
project: year
entities: {user: {key: {user_id: string}, owner: growth}}
sources: {orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, stream: {push: true}}}
`)}}
	t.Cleanup(func() {
		if err := y.Close(); err != nil {
			t.Error(err)
		}
	})
	for v := range 100 {
		y.change(v, 0)
	}
	var services strings.Builder
	services.WriteString("services:\n")
	for s := range 20 {
		fmt.Fprintf(&services, "  service_%02d: {features: [view_%02d.*, view_%02d.*, view_%02d.*]}\n", s, s, s+20, s+40)
	}
	y.Files["features/services.yaml"] = []byte(services.String())
	for n := range applies {
		if n > 0 {
			y.Next(n)
		}
		if _, err := y.Apply(t.Context(), y.Change(n)); err != nil {
			t.Fatal(err)
		}
	}
	return y
}

// Next changes the files as the apply of a number does.
func (y *Year) Next(apply int) { y.change(y.changed(apply), apply) }

// change writes a view with the features of a day.
func (y *Year) change(view, day int) {
	var b strings.Builder
	fmt.Fprintf(&b, "views:\n  view_%02d:\n    entity: user\n    source: orders\n    description: what users of group %d pay\n    features:\n", view, view)
	for f := range 50 {
		fmt.Fprintf(&b, "      f_%02d: sum(amount) filter (where amount > %d) over %dd\n", f, day, f+view+1)
	}
	y.Files[fmt.Sprintf("features/view_%02d.yaml", view)] = []byte(b.String())
}

// Change is the files as somebody applies them on a day.
func (y *Year) Change(day int) *registry.Change {
	return &registry.Change{Files: y.Files, Author: "ann", Time: int64(day), Expect: registry.Newest}
}

// Newest is the newest snapshot.
func (y *Year) Newest(t testing.TB) *registry.Snapshot {
	t.Helper()
	s, err := y.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}
