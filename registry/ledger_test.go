// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"selfsame"
	"selfsame/definition"
	"selfsame/definition/canonical"
	"selfsame/registry"
)

func TestExpect(t *testing.T) {
	b := newBook(t)
	at := func(text string, expect int64) (*registry.Diff, error) {
		c := b.change(text)
		c.Expect, c.Message = expect, "because"
		return b.Apply(t.Context(), c)
	}
	one, two := spend("total: sum(amount) over 1d", "spend.*"), spend("total: sum(amount) over 2d", "spend.*")
	if _, err := at(one, 4); selfsame.ClassOf(err) != selfsame.ClassChanged || !strings.Contains(err.Error(), "the plan is on apply 4, and the newest is 0") {
		t.Errorf("a plan of another registry: got %v", err)
	}
	if d, err := at(one, 0); err != nil || d.Apply != 1 || d.On != 0 {
		t.Fatalf("the first apply: got %+v, %v", d, err)
	}
	_, err := at(two, 0)
	if selfsame.ClassOf(err) != selfsame.ClassChanged || !strings.Contains(err.Error(), "apply 1 by ann at 1970-01-01T00:00:00Z came between: because") {
		t.Errorf("a plan that is overtaken: got %v", err)
	}
	if d, err := at(one, 0); err != nil || !d.Empty() || d.On != 1 {
		t.Errorf("a plan that is overtaken by the same change: got %+v, %v; want nothing to do", d, err)
	}
	if d, err := at(two, 1); err != nil || d.Apply != 2 || d.On != 1 {
		t.Errorf("the next apply: got %+v, %v", d, err)
	}
	c := b.change(one)
	c.Expect = 1
	if _, err := b.Plan(t.Context(), c); selfsame.ClassOf(err) != selfsame.ClassChanged {
		t.Errorf("a plan on what is no more the newest: got %v", err)
	}
}

// slow is a store whose loads wait for leave.
type slow struct {
	registry.Store
	leave, loading chan struct{}
	loads          atomic.Int64
}

func (s *slow) Load(ctx context.Context, after int64) ([]*registry.Record, error) {
	s.loads.Add(1)
	s.loading <- struct{}{}
	<-s.leave
	return s.Store.Load(ctx, after)
}

// TestSnapshotsShareLoads asks many times while a load runs: one more load answers them all, and shows what was appended before they asked.
func TestSnapshotsShareLoads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &kept{texts: map[string][]byte{}}
		s := &slow{Store: inner, leave: make(chan struct{}), loading: make(chan struct{})}
		r := registry.Over(s, ".")
		var all sync.WaitGroup
		ask := func(want int64) {
			all.Go(func() {
				if got, err := r.Snapshot(t.Context()); err != nil || got.ID() < want {
					t.Errorf("got %+v, %v; want record %d", got, err, want)
				}
			})
		}
		ask(0)
		<-s.loading
		if err := inner.Append(t.Context(), &registry.Record{ID: 1, Project: "shop", Acts: []registry.Act{{Kind: "note"}}}, nil); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			ask(1)
		}
		synctest.Wait() // they have asked
		s.leave <- struct{}{}
		<-s.loading
		s.leave <- struct{}{}
		all.Wait()
		if n := s.loads.Load(); n != 2 {
			t.Errorf("%d loads, want 2", n)
		}
	})
}

// kept is a store in memory.
type kept struct {
	mu      sync.Mutex // guards the rest
	records []*registry.Record
	texts   map[string][]byte
}

func (k *kept) Load(_ context.Context, after int64) ([]*registry.Record, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.records[after:], nil
}

func (k *kept) Append(_ context.Context, r *registry.Record, texts map[string][]byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.records = append(k.records, r)
	maps.Copy(k.texts, texts)
	return nil
}

func (k *kept) Texts(context.Context, []string) (map[string][]byte, error) { return k.texts, nil }

func (k *kept) Close() error { return nil }

func TestRefusals(t *testing.T) {
	b := newBook(t)
	b.refuses("project: shop\nviews: {v: {source: nothing, features: {n: count(*)}}}\n", selfsame.ClassDefinition, "there is no source nothing")
	b.apply(spend("total: sum(amount) over 1d", "spend.*"))
	b.refuses(strings.Replace(spend("total: sum(amount) over 1d", "spend.*"), "project: shop", "project: shoe", 1), selfsame.ClassUsage, "the registry is of project shop")
	if _, err := registry.Empty(".").Apply(t.Context(), b.change(head)); selfsame.ClassOf(err) != selfsame.ClassInternal {
		t.Errorf("apply to the empty registry: got %v", err)
	}
	d, err := registry.Empty(".").Plan(t.Context(), b.change(head))
	if err != nil || len(d.Others) != 2 {
		t.Errorf("a plan against the empty registry: got %+v, %v; want an entity and a source", d, err)
	}
	text, err := json.Marshal(d)
	if err != nil || strings.Contains(string(text), "null") {
		t.Errorf("JSON of a diff: got %s, %v; want lists, not null", text, err)
	}
}

func TestOtherSettings(t *testing.T) {
	b := newBook(t)
	text := spend("total: sum(amount) over 1d", "spend.*")
	b.apply(text)
	change := func(old, new string, want ...registry.OtherChange) {
		t.Helper()
		text = strings.Replace(text, old, new, 1)
		d := b.apply(text)
		if diff := cmp.Diff(want, d.Others); diff != "" || len(d.Features) != 0 || len(d.Services) != 0 || d.Breaking() {
			t.Errorf("%s: got %v (-want +got):\n%s", new, outline(d), diff)
		}
	}
	change("stream: {push: true}", "history: 7d, batch: {path: orders.csv}", registry.OtherChange{Kind: "source", Name: "orders", Effect: registry.Compatible, Settings: []string{"batch", "history", "stream"}})
	change("{entity: user, ", "{entity: user, owner: ann, online: false, ", registry.OtherChange{Kind: "view", Name: "spend", Effect: registry.Compatible, Settings: []string{"online", "owner"}})
	change("fraud: {", "fraud: {tags: {At: x}, ", registry.OtherChange{Kind: "service", Name: "fraud", Effect: registry.Compatible, Settings: []string{"tags"}})
	change("entities:\n", "entities:\n  place: {key: {city: string}}\n", registry.OtherChange{Kind: "entity", Name: "place", Effect: registry.Added})
	change("  place: {key: {city: string}}\n", "", registry.OtherChange{Kind: "entity", Name: "place", Effect: registry.Gone})
	if s := b.snapshot(); s.Project().Source("orders").Batch == nil || !s.Project().View("spend").Offline {
		t.Error("the project does not have the settings that were applied")
	}
}

func TestDifferences(t *testing.T) {
	b := newBook(t)
	text := spend("total: sum(amount) over 1d", "spend.*")
	b.apply(text)
	differences := func(old, new string) []canonical.Difference {
		d, err := b.Plan(t.Context(), b.change(strings.Replace(text, old, new, 1)))
		if err != nil || len(d.Features) != 1 {
			t.Fatalf("%s: got %+v, %v", new, d, err)
		}
		return d.Features[0].Differences
	}
	for _, c := range []struct {
		old, new string
		want     []canonical.Difference
	}{
		{"sum(amount) over 1d", "sum(amount) filter (where city = 'x') over 1d",
			[]canonical.Difference{{Entry: "value", Before: "sum(amount) over 1d", After: "sum(amount) filter (where city = 'x') over 1d"}}},
		{"event_time: at, ", "event_time: at, lateness: 1h, ", []canonical.Difference{{Entry: "sources.orders.lateness", After: "3600000000"}}},
		{"amount: float64", "amount: int64", []canonical.Difference{{Entry: "sources.orders.schema.amount.type", Before: "float64", After: "int64"}}},
		{"total: sum(amount) over 1d", "total: {value: sum(amount) over 1d, default: 0}", []canonical.Difference{{Entry: "default", After: "0"}}},
		{"{key: {user_id: string}}", "{key: {city: string}}", []canonical.Difference{{Entry: "key.city.type", After: "string"}, {Entry: "key.city.value", After: "city"},
			{Entry: "key.user_id.type", Before: "string"}, {Entry: "key.user_id.value", Before: "user_id"}}},
	} {
		if diff := cmp.Diff(c.want, differences(c.old, c.new)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.new, diff)
		}
	}
	renamed := strings.ReplaceAll(text, "orders", "sales")
	d, err := b.Plan(t.Context(), b.change(renamed))
	if want := []canonical.Difference{{Entry: "sources", Before: "orders", After: "sales"}}; err != nil || cmp.Diff(want, d.Features[0].Differences) != "" {
		t.Errorf("another source: got %+v, %v; want %+v", d, err, want)
	}
}

func TestSnapshotsStay(t *testing.T) {
	b := newBook(t)
	b.apply(spend("total: sum(amount) over 1d", "spend.*"))
	before := b.snapshot()
	project, service := before.Project(), pins(t, before, "fraud", 0)
	b.apply(spend("total: sum(amount) over 2d", "spend.*"))
	b.apply(head)
	if before.ID() != 1 || before.Project() != project || !slices.Equal(pins(t, before, "fraud", 0), service) {
		t.Errorf("a snapshot changed: apply %d, %v", before.ID(), pins(t, before, "fraud", 0))
	}
	wantVersions(t, before, "1.0.0 current")
	if p, _, f, err := before.Resolve("spend", "total", "1"); err != nil || p != project || f.Version != "1.0.0" {
		t.Errorf("an old snapshot resolves another project (%v)", err)
	}
	wantVersions(t, b.snapshot(), "1.0.0 earlier", "2.0.0 removed")
	all := b.snapshot().Features()
	if len(all) != 1 || all[0].View != "spend" || all[0].Feature != "total" || len(all[0].Versions) != 2 {
		t.Errorf("all features: got %+v", all)
	}
}

// TestRandomHistory applies random projects one after the other and holds every version ever made against the rules: a version has
// one form for ever, the project's own versions have the forms of the project, features that did not change keep their version, and
// all versions of all services can be read.
func TestRandomHistory(t *testing.T) {
	seed := rand.Uint64()
	pick := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	b := newBook(t)
	forms := map[string]string{}   // version -> hash
	last := map[string][2]string{} // feature -> version and hash
	for step := range 40 {
		text := randomProject(pick, b.snapshot())
		if _, err := definition.Parse(map[string][]byte{"selfsame.yaml": []byte(text)}, "."); err != nil {
			continue // what a pinned reference names may be gone from the project
		}
		b.apply(text)
		s := b.snapshot()
		now := map[string][2]string{}
		for _, v := range s.Project().Views {
			for i := range v.Features {
				f := &v.Features[i]
				form, err := canonical.Form(s.Project(), v, f)
				if err != nil {
					t.Fatal(err)
				}
				name, hash := v.Name+"."+f.Name, canonical.Hash(form)
				own, err := s.Version(v.Name, f.Name, "")
				if err != nil || own.Hash != hash || own.Version != f.Version || own.Status != registry.Current {
					t.Fatalf("step %d: %s is %+v, %v; want %s with %s\n%s", step, name, own, err, f.Version, hash, text)
				}
				if was := last[name]; was[1] == hash && majorOf(was[0]) != majorOf(f.Version) {
					t.Fatalf("step %d: %s did not change and went from %s to %s", step, name, was[0], f.Version)
				}
				now[name] = [2]string{f.Version, hash}
			}
		}
		last = now
		for _, h := range s.Features() {
			for _, v := range h.Versions {
				id := h.View + "." + h.Feature + "@" + v.Version
				if forms[id] != "" && forms[id] != v.Hash {
					t.Fatalf("step %d: %s changed its form", step, id)
				}
				forms[id] = v.Hash
				checkVersion(t, s, h.View, h.Feature, v.Version, v.Hash)
			}
		}
		if _, err := s.ServiceVersions("fraud"); err == nil {
			checkServices(t, s, "fraud")
		}
	}
	if len(forms) < 10 {
		t.Errorf("seed %d: only %d versions were made", seed, len(forms))
	}
}

func majorOf(version string) string {
	major, _, _ := strings.Cut(version, ".")
	return major
}

// randomProject is a project of up to three features, an on-demand one that reads some, and a service that may pin old versions.
func randomProject(pick *rand.Rand, s *registry.Snapshot) string {
	var features, entries []string
	for _, name := range []string{"a", "b", "c"} {
		if pick.IntN(4) == 0 {
			continue
		}
		features = append(features, fmt.Sprintf("%s: {value: sum(amount) over %dd, owner: o%d}", name, 1+pick.IntN(3), pick.IntN(2)))
		entries = append(entries, "spend."+name)
		if versions, err := s.Versions("spend", name); err == nil && pick.IntN(2) == 0 {
			v := versions[pick.IntN(len(versions))].Version
			entries = append(entries, fmt.Sprintf("{feature: spend.%s@%s, as: old_%s}", name, v, name))
		}
	}
	if len(features) == 0 {
		return head
	}
	text := spend(strings.Join(features, ", "), strings.Join(entries, ", "))
	ratio := "  ratio: {request: {x: " + []string{"float64", "float64?"}[pick.IntN(2)] + "}, features: {r: x / spend." + features[0][:1] + "}}\n"
	return strings.Replace(text, "services:", ratio+"services:", 1)
}

// TestGreatestNumbers: a proposal above the greatest number that an author can name is unused as any other.
func TestGreatestNumbers(t *testing.T) {
	b := newBook(t)
	b.apply(spend("total: {value: sum(amount) over 1d, version: 999999999.0.0}", "spend.total"))
	b.wants(spend("total: sum(amount) over 2d", "spend.total"), "spend.total behaviour change 999999999.0.0>1000000000.0.0 major", "service fraud behaviour change 1>2 +[] ~[spend__total] -[]")
	b.wants(spend("total: sum(amount) over 3d", "spend.total"), "spend.total behaviour change 1000000000.0.0>1000000001.0.0 major", "service fraud behaviour change 2>3 +[] ~[spend__total] -[]")
	checkServices(t, b.snapshot(), "fraud")
}

// TestManyFeatures: a large project is planned, applied and read as a small one.
func TestManyFeatures(t *testing.T) {
	b := newBook(t)
	files := map[string][]byte{"selfsame.yaml": []byte(head)}
	for i := range 20 {
		var features []string
		for j := range 50 {
			features = append(features, fmt.Sprintf("      f%d: sum(amount) filter (where amount > %d) over 1d\n", j, j))
		}
		files[fmt.Sprintf("features/w%d.yaml", i)] = fmt.Appendf(nil, "views:\n  w%d:\n    entity: user\n    source: orders\n    features:\n%sservices:\n  s%d: {features: [w%d.*]}\n", i, strings.Join(features, ""), i, i)
	}
	apply := func(files map[string][]byte) *registry.Diff {
		t.Helper()
		d, err := b.Apply(t.Context(), &registry.Change{Files: files, Author: "ann", Expect: registry.Newest})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := apply(files); len(d.Features) != 1000 || len(d.Services) != 20 || len(d.Files) != 21 {
		t.Errorf("the first apply: got %d features, %d services, %d files", len(d.Features), len(d.Services), len(d.Files))
	}
	changed := maps.Clone(files)
	changed["features/w7.yaml"] = []byte(strings.Replace(string(files["features/w7.yaml"]), "> 3)", "> 3.5)", 1))
	delete(changed, "features/w8.yaml")
	d := apply(changed)
	if len(d.Features) != 51 || len(d.Services) != 2 || !slices.Equal(d.Files, []string{"features/w7.yaml", "features/w8.yaml"}) {
		t.Errorf("the second apply: got %d features, %d services, files %v", len(d.Features), len(d.Services), d.Files)
	}
	s := b.snapshot()
	checkServices(t, s, "s7", "s8")
}
