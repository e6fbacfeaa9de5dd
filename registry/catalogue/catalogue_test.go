// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/registry"
	"selfsame/registry/sqlite"
)

const shop = `
project: shop
entities:
  user: {key: {user_id: string}, description: a person with an account, owner: growth}
  place: {key: {airport: string}}
sources:
  orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, stream: {push: true}, description: paid orders}
  profiles: {schema: {user_id: string, city: string, updated: timestamp}, event_time: updated, stream: {push: true}}
views:
  spend:
    entity: user
    source: orders
    description: what a user pays
    tags: {domain: money}
    features:
      total: sum(amount) over [1d, 30d]
      largest: {value: max(amount) over WINDOW, description: the greatest order, owner: risk, tags: {pii: no}, default: 0, expect: {min: 0, nulls: 5%}}
  profile: {entity: user, source: profiles, ttl: 365d, features: [city]}
  ratio: {request: {amount: float64, note: string?}, features: {part: amount / spend.total_30d}}
services:
  shop: {features: [spend.*, ratio.part]}
  town: {features: [profile.city], owner: maps}
`

// world is the index of the shop after two applies: the second changes spend.largest.
func world(t testing.TB) *Index {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	r := registry.Over(store, ".")
	t.Cleanup(func() { r.Close() })
	for i, w := range []string{"7d", "30d"} {
		files := map[string][]byte{"selfsame.yaml": []byte(strings.ReplaceAll(shop, "WINDOW", w))}
		c := &registry.Change{Files: files, Author: "ann", Message: "window of " + w, Time: int64(i + 1), Expect: registry.Newest}
		if _, err := r.Apply(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	s, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	x, err := Of(s.Project(), s, map[string]Usage{"spend.largest": {Requests: 3, Rows: 30, Last: 9}, "shop": {Requests: 3, Rows: 30, Last: 9}})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func names(items []Item) string {
	var out []string
	for _, it := range items {
		out = append(out, it.Name)
	}
	return strings.Join(out, " ")
}

func TestFind(t *testing.T) {
	x := world(t)
	for want, f := range map[string]Filter{
		"profile.city ratio.part spend.largest spend.total_1d spend.total_30d": {Kind: Feature},
		"profile ratio spend": {Kind: View},
		"place user":          {Kind: Entity},
		"orders profiles":     {Kind: Source},
		"shop town":           {Kind: Service},
		"":                    {Kind: Model},
		"spend.largest":       {Kind: Feature, Owner: "RISK"},
		"profile.city spend.total_1d spend.total_30d":        {Kind: Feature, Owner: "growth"},
		"spend.largest spend.total_1d spend.total_30d spend": {Tag: "domain=money"},
		"spend.largest ":       {Tag: "pii", Words: "greatest"},
		"ratio.part":           {Kind: Feature, Source: "orders", Words: "ratio"},
		"profile.city profile": {Source: "profiles", Entity: "user"},
		"profile.city ratio.part spend.total_1d spend.total_30d": {Kind: Feature, Unused: true},
		"town": {Kind: Service, Unused: true},
		"spend.total_1d spend.total_30d ratio.part":    {Kind: Feature, Words: "total"},
		"spend.total_30d ratio.part":                   {Words: "30d total"},
		"profile.city":                                 {Kind: Feature, Service: "town"},
		"spend.largest spend.total_1d spend.total_30d": {Kind: Feature, View: "spend", Stage: registry.Active},
	} {
		if got := names(x.Find(f)); got != strings.TrimSpace(want) {
			t.Errorf("%+v: got %q, want %q", f, got, strings.TrimSpace(want))
		}
	}
}

// TestFindByStage finds a feature whose earlier version is at a stage, as that version.
func TestFindByStage(t *testing.T) {
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	r := registry.Over(store, ".")
	t.Cleanup(func() { r.Close() })
	for i, w := range []string{"7d", "30d"} {
		c := &registry.Change{Files: map[string][]byte{"selfsame.yaml": []byte(strings.ReplaceAll(shop, "WINDOW", w))}, Author: "ann", Time: int64(i + 1), Expect: registry.Newest}
		if _, err := r.Apply(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	g := &registry.Staging{View: "spend", Feature: "largest", Version: "1.0.0", Stage: registry.Deprecated}
	if _, err := r.Act(t.Context(), registry.By{Author: "ann", Time: 3}, g); err != nil {
		t.Fatal(err)
	}
	s, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	x, err := Of(s.Project(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	for stage, want := range map[registry.Stage]string{registry.Deprecated: "1.0.0", registry.Active: "2.0.0", "": "2.0.0", registry.Retired: ""} {
		got := ""
		for _, it := range x.Find(Filter{Kind: Feature, Stage: stage, Words: "largest"}) {
			got += it.Version
			if stage != "" && it.Stage != stage || (it.Definition == "") != (it.Version == "1.0.0") {
				t.Errorf("%s: got %+v", stage, it)
			}
		}
		if got != want {
			t.Errorf("%q: got version %q, want %q", stage, got, want)
		}
	}
}

func TestItem(t *testing.T) {
	x := world(t)
	for ref, want := range map[string]string{
		"spend.largest": "feature spend.largest", "spend:largest": "feature spend.largest", "largest": "feature spend.largest", "spend.largest@1": "feature spend.largest",
		"spend.largest==2.0.0": "feature spend.largest", "spend": "view spend", "orders": "source orders", "user": "entity user", "town": "service town",
	} {
		it, err := x.Item(ref)
		if err != nil || string(it.Kind)+" "+it.Name != want {
			t.Errorf("%s: got %v, %v; want %s", ref, it, err, want)
		}
	}
	if _, err := x.Item("spend.larges"); selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "did you mean spend.largest?") {
		t.Errorf("a misspelt name: got %v, want the nearest one", err)
	}
}

func TestPageOfAFeature(t *testing.T) {
	x := world(t)
	it, err := x.Item("spend.largest")
	if err != nil {
		t.Fatal(err)
	}
	p, err := x.Page(t.Context(), it)
	if err != nil {
		t.Fatal(err)
	}
	if p.Version != "2.0.0" || p.Type != "float64" || p.Owner != "risk" || p.Tags["domain"] != "money" || p.Usage.Requests != 3 {
		t.Errorf("got %+v", p.Item)
	}
	if len(p.Versions) != 2 || p.Versions[1].Message != "window of 30d" || p.Hash != p.Versions[1].Hash || p.Hash == p.Versions[0].Hash {
		t.Fatalf("versions: got %+v", p.Versions)
	}
	want := []registry.Difference{{Entry: "value", Before: "max(amount) over 7d", After: "max(amount) over 30d"}}
	if !slices.Equal(p.Versions[1].Differences, want) {
		t.Errorf("differences: got %+v, want %+v", p.Versions[1].Differences, want)
	}
	settings := map[string]string{}
	for _, s := range p.Settings {
		settings[s.Name] = s.Value
	}
	for name, value := range map[string]string{"value": "max(amount) over 30d", "default": "0", "expect": "min 0, nulls 5%", "key": "user_id string", "source": "orders"} {
		if settings[name] != value {
			t.Errorf("%s: got %q, want %q", name, settings[name], value)
		}
	}
	if u := p.Users; len(u.Services) != 1 || u.Services[0].Version != 2 || !u.Services[0].Current {
		t.Errorf("users: got %+v, want version 2 of the service", u)
	}
}

func TestPagesOfOthers(t *testing.T) {
	x := world(t)
	for ref, want := range map[string]string{
		"ratio.part": "[feature spend.total_30d orders.user_id orders.amount orders.at request amount request user_id]",
		"spend":      "[total_1d total_30d largest]",
		"orders":     "[id user_id amount at]",
		"place":      "[airport]",
		"shop":       "[spend__total_1d spend__total_30d spend__largest ratio__part]",
	} {
		it, err := x.Item(ref)
		if err != nil {
			t.Fatal(err)
		}
		p, err := x.Page(t.Context(), it)
		if err != nil {
			t.Fatal(err)
		}
		got := p.Reads
		for _, f := range p.Fields {
			got = append(got, f.Name)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: got %v, want %s", ref, got, want)
		}
	}
}
