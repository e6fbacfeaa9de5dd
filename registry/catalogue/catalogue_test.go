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
	"selfsame/definition/canonical"
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

// opened is an empty registry.
func opened(t testing.TB) registry.Registry {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	r := registry.Over(store, ".")
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// apply applies one file to the registry.
func apply(t testing.TB, r registry.Registry, text, message string) {
	t.Helper()
	s, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := &registry.Change{Files: map[string][]byte{"selfsame.yaml": []byte(text)}, Author: "ann", Message: message, Time: s.ID() + 1, Expect: registry.Newest}
	if _, err := r.Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// act records actions.
func act(t testing.TB, r registry.Registry, actions ...registry.Action) {
	t.Helper()
	for _, a := range actions {
		s, err := r.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Act(t.Context(), registry.By{Author: "ann", Time: s.ID() + 1}, a); err != nil {
			t.Fatal(err)
		}
	}
}

// indexed is the index of what a registry holds.
func indexed(t testing.TB, r registry.Registry, usage map[string]Usage) *Index {
	t.Helper()
	s, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	x, err := Of(s.Project(), s, usage)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// twice is the shop after two applies: the second changes spend.largest.
func twice(t testing.TB) registry.Registry {
	t.Helper()
	r := opened(t)
	for _, w := range []string{"7d", "30d"} {
		apply(t, r, strings.ReplaceAll(shop, "WINDOW", w), "window of "+w)
	}
	return r
}

// world is the index of the shop after two applies.
func world(t testing.TB) *Index {
	t.Helper()
	return indexed(t, twice(t), map[string]Usage{"spend.largest": {Requests: 3, Rows: 30, Last: 9}, "shop": {Requests: 3, Rows: 30, Last: 9}})
}

// find is Find where definitions can be read.
func find(t testing.TB, x *Index, f Filter) []Item {
	t.Helper()
	items, err := x.Find(f)
	if err != nil {
		t.Fatal(err)
	}
	return items
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
		if got := names(find(t, x, f)); got != strings.TrimSpace(want) {
			t.Errorf("%+v: got %q, want %q", f, got, strings.TrimSpace(want))
		}
	}
}

// TestFindByStage finds a feature whose earlier version is at a stage, as that version.
func TestFindByStage(t *testing.T) {
	r := twice(t)
	act(t, r, &registry.Staging{View: "spend", Feature: "largest", Version: "1.0.0", Stage: registry.Deprecated})
	x := indexed(t, r, nil)
	for stage, want := range map[registry.Stage]string{registry.Deprecated: "1.0.0", registry.Active: "2.0.0", "": "2.0.0", registry.Retired: ""} {
		got := ""
		for _, it := range find(t, x, Filter{Kind: Feature, Stage: stage, Words: "largest"}) {
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

// TestRemoved finds a feature that the project has no more, by its stage or its name, with what it was.
func TestRemoved(t *testing.T) {
	r := twice(t)
	without := strings.Replace(strings.ReplaceAll(shop, "WINDOW", "30d"), "      largest:", "      smallest:", 1)
	apply(t, r, strings.Replace(without, "max(amount)", "min(amount)", 1), "")
	act(t, r, &registry.Staging{View: "spend", Feature: "largest", Version: "2", Stage: registry.Retired}, &registry.Staging{View: "spend", Feature: "largest", Version: "1", Stage: registry.Deprecated})
	x := indexed(t, r, nil)
	for want, f := range map[string]Filter{
		"spend.largest 2.0.0":  {Stage: registry.Retired},
		"spend.largest 2.0.0 ": {Kind: Feature, Stage: registry.Retired, Owner: "risk", Entity: "user", Source: "orders", Tag: "pii", Words: "max"},
		"spend.largest 1.0.0":  {Kind: Feature, Stage: registry.Deprecated},
		"":                     {Kind: Feature, Stage: registry.Retired, Owner: "growth"},
		" ":                    {Kind: View, Stage: registry.Retired},
		"  ":                   {Kind: Feature, Words: "largest"},
	} {
		got := ""
		for _, it := range find(t, x, f) {
			got = it.Name + " " + it.Version
			if !it.Removed || it.Type != "float64" {
				t.Errorf("%+v: got %+v", f, it)
			}
		}
		if got != strings.TrimSpace(want) {
			t.Errorf("%+v: got %q, want %q", f, got, want)
		}
	}
	for ref, at := range map[string]int{"spend.largest": 1, "spend.largest@2": 1, "spend.largest@1": 0} {
		p := x.page(t, ref)
		value := []string{"max(amount) over 7d", "max(amount) over 30d"}[at]
		if !p.Removed || len(p.Versions) != 2 || p.Settings[0] != (Setting{"value", value}) || p.Definition != value || p.Hash != p.Versions[at].Hash {
			t.Errorf("%s: got %+v", ref, p)
		}
	}
	if _, err := x.Item("spend.largest@3"); selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "there is 1.0.0, 2.0.0") {
		t.Errorf("a version that never was: %v", err)
	}
}

// TestCounted shows other usage of the same things.
func TestCounted(t *testing.T) {
	x := world(t)
	y := x.Counted(map[string]Usage{"spend.total_1d": {Requests: 1}, "town": {Requests: 2}})
	for _, c := range []struct {
		x            *Index
		kind         Kind
		unused, name string
		requests     int64
	}{
		{x, Feature, "profile.city ratio.part spend.total_1d spend.total_30d", "spend.largest", 3},
		{y, Feature, "profile.city ratio.part spend.largest spend.total_30d", "spend.total_1d", 1},
		{x, Service, "town", "shop", 3},
		{y, Service, "shop", "town", 2},
	} {
		if got := names(find(t, c.x, Filter{Kind: c.kind, Unused: true})); got != c.unused {
			t.Errorf("unused: got %s, want %s", got, c.unused)
		}
		if it, err := c.x.Item(c.name); err != nil || it.Usage.Requests != c.requests {
			t.Errorf("%s: got %+v, %v", c.name, it, err)
		}
	}
	z := x.Counted(nil)
	if it, err := z.Item("shop"); err != nil || it.Usage != nil || len(find(t, z, Filter{Unused: true})) != 0 {
		t.Errorf("nothing counts: got %+v, %v", it, err)
	}
	if it, err := x.Item("orders"); err != nil || it.Usage != nil {
		t.Errorf("a source is counted: %+v, %v", it, err)
	}
}

// TestNewestModel takes the version of a model that was registered last, whatever its name.
func TestNewestModel(t *testing.T) {
	r := twice(t)
	for _, version := range []string{"8", "9", "10"} {
		act(t, r, &registry.Model{Name: "fraud", Version: version, Service: "shop"})
	}
	x := indexed(t, r, nil)
	if got := names(find(t, x, Filter{Kind: Model})); got != "fraud@8 fraud@9 fraud@10" {
		t.Errorf("got %s", got)
	}
	for ref, want := range map[string]string{"fraud": "fraud@10", "fraud@8": "fraud@8"} {
		if it, err := x.Item(ref); err != nil || it.Name != want {
			t.Errorf("%s: got %+v, %v; want %s", ref, it, err, want)
		}
	}
	if it, err := x.ItemOf(Model, "fraud@11"); selfsame.ClassOf(err) != selfsame.ClassNotFound {
		t.Errorf("a version that is not registered: got %+v, %v", it, err)
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
	want := []canonical.Difference{{Entry: "value", Before: "max(amount) over 7d", After: "max(amount) over 30d"}}
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

// TestPageOfAVersion holds that a reference with a version gets the page as it was under that version: definition, users, lists, and of a feature that is gone too.
func TestPageOfAVersion(t *testing.T) {
	x := world(t)
	for _, c := range []struct{ ref, version, definition, users, services string }{
		{"spend.largest@1", "1.0.0", "max(amount) over 7d", "[{shop 1 false }]", "[]"},
		{"spend:largest:v1", "1.0.0", "max(amount) over 7d", "[{shop 1 false }]", "[]"},
		{"largest==1.0.0", "1.0.0", "max(amount) over 7d", "[{shop 1 false }]", "[]"},
		{"spend.largest@2", "2.0.0", "max(amount) over 30d", "[{shop 2 true }]", "[shop]"},
		{"spend.total_1d@1", "1.0.0", "sum(amount) over 1d", "[{shop 1 false } {shop 2 true }]", "[shop]"},
	} {
		p := x.page(t, c.ref)
		if p.Version != c.version || p.Definition != c.definition || p.Settings[0].Value != c.definition || fmt.Sprint(p.Users.Services) != c.users || fmt.Sprint(p.Services) != c.services ||
			p.Type != "float64" || p.Hash != p.Versions[c.version[0]-'1'].Hash || len(p.Sources) != 1 {
			t.Errorf("%s: got %+v, users %v", c.ref, p.Item, p.Users.Services)
		}
	}
	if p := x.page(t, "shop@1"); p.Version != "1" || p.Fields[2].Description != "spend.largest@1.0.0" || len(p.Lists) != 2 || p.Type != "4 features" {
		t.Errorf("a version of a service: %+v", p)
	}
	if p := x.page(t, "shop"); p.Version != "2" || p.Fields[2].Description != "spend.largest@2.0.0" {
		t.Errorf("the applied version of a service: %+v", p)
	}
	for ref, want := range map[string]string{"spend.largest@3": "there is 1.0.0, 2.0.0", "spend.largest@x": "is not a version", "shop@3": "the newest is 2", "shop@x": "as shop@1",
		"orders@1": "a source has no versions", "m@1": "nothing has this name", "spend.larges@1": "did you mean spend.largest?"} {
		if _, err := x.Item(ref); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", ref, err, want)
		}
	}
}

func (x *Index) page(t *testing.T, ref string) *Page {
	t.Helper()
	it, err := x.Item(ref)
	if err != nil {
		t.Fatalf("%s: %v", ref, err)
	}
	p, err := x.Page(t.Context(), it)
	if err != nil {
		t.Fatalf("%s: %v", ref, err)
	}
	return p
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
