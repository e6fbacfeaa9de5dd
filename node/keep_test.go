// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"strings"
	"testing"

	"selfsame"
	"selfsame/registry"
)

// TestPushedSourcesKeepWhatTheirEventsHold changes a source that takes events in ways in which those that came in, or versions that are still
// live, could not be read; and in ways in which they can.
func TestPushedSourcesKeepWhatTheirEventsHold(t *testing.T) {
	const text = `project: shop
entities: {user: {key: {user_id: string}}}
sources: {orders: {schema: {id: string, user_id: string, amount: int64, op: string, paid: timestamp, at: timestamp}, event_time: at, id: id, stream: {push: true}}}
views: {orders: {entity: user, source: orders, features: {n: sum(amount) over 1d}}}
`
	data := openData(t, t.TempDir())
	defer closeData(t, data)
	r, err := OpenRegistry(t.Context(), data, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	clock := int64(0)
	change := func(replace ...string) *registry.Change {
		clock++
		return &registry.Change{Files: map[string][]byte{"selfsame.yaml": []byte(strings.NewReplacer(replace...).Replace(text))}, Author: "ann", Time: clock, Expect: registry.Newest}
	}
	apply := func(c *registry.Change) {
		t.Helper()
		if _, err := r.Apply(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	refuses := func(want string, replace ...string) {
		t.Helper()
		_, plan := r.Plan(t.Context(), change(replace...))
		_, err := r.Apply(t.Context(), change(replace...))
		for _, err := range []error{plan, err} {
			if selfsame.ClassOf(err) != selfsame.ClassDefinition || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "selfsame.yaml:3:") {
				t.Errorf("%v: %v, want %q", replace, err, want)
			}
		}
	}
	apply(change())
	refuses("field amount is int64", "amount: int64", "amount: float64")
	refuses("event_time was at", "event_time: at", "event_time: paid")
	refuses(`operation was ""`, "id: id,", "id: id, operation: op,")
	apply(change("op: string", "op: string, city: string"))
	apply(change("amount: int64, ", "", "sum(amount)", "count(*)"))
	// The version before takes the field still.
	refuses("field amount is int64", "amount: int64", "amount: float64", "sum(amount)", "count(*)")
	apply(change(", stream: {push: true}", "", "id: id", "id: id, batch: {path: orders.csv}", "amount: int64", "amount: float64"))
}
