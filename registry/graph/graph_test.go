// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"selfsame/lineage"
	"selfsame/registry"
)

// shop has a view over windows, one of newest rows and one on demand.
const shop = `project: shop
entities: {user: {key: {user_id: string}}}
sources:
  orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, batch: {path: x.csv}}
  profiles: {schema: {user_id: string, city: string, at: timestamp}, event_time: at, batch: {path: x.csv}}
views:
  spend:
    entity: user
    source: orders
    features: {total: sum(amount) over 1d, n: count(*) over 1d}
  profile:
    entity: user
    source: profiles
    ttl: 20d
    features: {city: city}
  ratio:
    request: {amount: float64}
    features: {r: amount / spend.total, scaled: spend.total * 2.0}
services:
  risk: {features: [spend.*, profile.*, ratio.*]}
`

// TestGraphOfApplies holds the graph that is kept over applies, some of which change what on-demand features read, against the one that is made anew.
func TestGraphOfApplies(t *testing.T) {
	total := "total: sum(amount) over 1d"
	r, kept := registry.Over(&inMemory{texts: map[string][]byte{}}, ""), new(Cache)
	for i, text := range []string{total, "total: {value: sum(amount) over 1d, description: of a day}", "total: sum(amount) over 2d", total, total + ", more: count(*) over 2d"} {
		files := map[string][]byte{"selfsame.yaml": []byte(strings.Replace(shop, total, text, 1))}
		if _, err := r.Apply(t.Context(), &registry.Change{Files: files, Author: "ann", Time: int64(i + 1), Expect: registry.Newest}); err != nil {
			t.Fatal(err)
		}
		s, err := r.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range []string{"ratio", "ratio.r", "ratio.r@1", "spend.total@1.0.0", "orders"} {
			a := &Args{Question: lineage.Question{Ref: ref}}
			want, err := new(Cache).Answer(t.Context(), s, a)
			if err != nil {
				t.Fatal(err)
			}
			got, err := kept.Answer(t.Context(), s, a)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(lineage.Node{}, lineage.Edge{})); diff != "" {
				t.Errorf("apply %d, %s: -anew +kept\n%s", i+1, ref, diff)
			}
		}
	}
}
