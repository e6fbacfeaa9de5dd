// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfsame"
	"selfsame/definition"
	"selfsame/plan"
	"selfsame/registry"
	"selfsame/registry/sqlite"
)

var _ plan.Resolver = (*registry.Snapshot)(nil)

// book is a registry under test, and the project that is applied to it.
type book struct {
	t *testing.T
	registry.Registry
	clock int64
}

func newBook(t *testing.T) *book {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	b := &book{t: t, Registry: registry.Over(s, ".")}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// head is the part of a test project before its views.
const head = `
project: shop
entities:
  user: {key: {user_id: string}}
sources:
  orders: {schema: {id: string, user_id: string, amount: float64, city: string, at: timestamp}, event_time: at, id: id, stream: {push: true}}
`

// spend is a project with features of one windowed view and lines of one service.
func spend(features, service string) string {
	return head + "views:\n  spend: {entity: user, source: orders, features: {" + features + "}}\nservices:\n  fraud: {features: [" + service + "]}\n"
}

func (b *book) change(text string) *registry.Change {
	b.clock++
	return &registry.Change{Files: map[string][]byte{"selfsame.yaml": []byte(text)}, Author: "ann", Time: b.clock, Expect: registry.Newest}
}

func (b *book) apply(text string) *registry.Diff {
	b.t.Helper()
	d, err := b.Apply(b.t.Context(), b.change(text))
	if err != nil {
		b.t.Fatalf("apply: %v\n%s", err, text)
	}
	return d
}

// refuses expects an error of a class with a text, and that nothing is stored.
func (b *book) refuses(text string, class selfsame.ErrorClass, want string) {
	b.t.Helper()
	before := b.snapshot()
	d, err := b.Apply(b.t.Context(), b.change(text))
	got := class
	if list, ok := err.(definition.Errors); !ok || len(list) == 0 {
		got = selfsame.ClassOf(err)
	}
	if err == nil || got != class || !strings.Contains(err.Error(), want) {
		b.t.Errorf("got %+v, %v; want an error of class %s with %q", d, err, class, want)
	}
	if b.snapshot() != before {
		b.t.Errorf("a refused change made apply %d", b.snapshot().ID())
	}
}

func (b *book) snapshot() *registry.Snapshot {
	b.t.Helper()
	s, err := b.Snapshot(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// outline is a diff in short: a line for each feature and each service.
func outline(d *registry.Diff) []string {
	out := []string{}
	for _, f := range d.Features {
		line := fmt.Sprintf("%s.%s %s %s>%s %s", f.View, f.Feature, f.Effect, f.From, f.To, f.Found)
		if f.Proposed != "" {
			line += " proposed " + f.Proposed
		}
		if f.Restored {
			line += " restored"
		}
		out = append(out, strings.TrimSpace(line))
	}
	for _, s := range d.Services {
		line := fmt.Sprintf("service %s %s %d>%d +%v ~%v -%v", s.Name, s.Effect, s.From, s.To, s.Added, s.Changed, s.Removed)
		if s.Restored {
			line += " restored"
		}
		if s.Order {
			line += " order"
		}
		out = append(out, line)
	}
	return out
}

func (b *book) wants(text string, want ...string) *registry.Diff {
	b.t.Helper()
	planned, err := b.Plan(b.t.Context(), b.change(text))
	if err != nil {
		b.t.Fatalf("plan: %v\n%s", err, text)
	}
	d := b.apply(text)
	got := outline(d)
	if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
		b.t.Errorf("%s\n(-want +got):\n%s", text, diff)
	}
	planned.Apply = d.Apply
	if diff := cmp.Diff(planned, d); diff != "" {
		b.t.Errorf("the plan is not what apply did (-plan +apply):\n%s", diff)
	}
	if again := b.apply(text); !again.Empty() || again.Apply != 0 || len(again.Files) != 0 {
		b.t.Errorf("the same files again: got %+v, want nothing", again)
	}
	return d
}

func TestVersionsFollowTheDefinition(t *testing.T) {
	b := newBook(t)
	b.wants(spend("total: sum(amount) over 1d, n: count(*) over 1d", "spend.*"),
		"spend.n added >1.0.0 new", "spend.total added >1.0.0 new", "service fraud added 0>1 +[] ~[] -[]")
	// Another spelling, other comments and another place are no change at all.
	if d := b.apply(spend("total: SUM( amount ) over 24h, n: COUNT( * ) over 1440m", "spend.*") + "# a comment\n"); !d.Empty() || d.Apply != 0 || !slices.Equal(d.Files, []string{"selfsame.yaml"}) {
		t.Errorf("another spelling: got %+v", d)
	}
	// One feature changes: the other keeps its version.
	b.wants(spend("total: sum(amount) filter (where amount > 0) over 1d, n: count(*) over 1d", "spend.*"),
		"spend.total behaviour change 1.0.0>2.0.0 major", "service fraud behaviour change 1>2 +[] ~[spend__total] -[]")
	// Words are a patch, and the service's answers are the same: its version stays.
	b.wants(spend("total: {value: sum(amount) filter (where amount > 0) over 1d, description: approved}, n: count(*) over 1d", "spend.*"),
		"spend.total compatible 2.0.0>2.0.1 patch")
	s := b.snapshot()
	service, n, err := s.Service("fraud", 0)
	if err != nil || n != 2 || service.Features[0].Version != "2.0.1" {
		t.Errorf("the service is version %d with %+v, %v; want version 2 with total@2.0.1", n, service, err)
	}
	b.wants(spend("total: {value: sum(amount) filter (where amount > 0) over 1d, description: approved, expect: {min: 0}}, n: {value: count(*) over 1d, tags: {team: risk}}", "spend.*"),
		"spend.n compatible 1.0.0>1.0.1 patch", "spend.total compatible 2.0.1>2.0.2 patch")
}

func TestRollback(t *testing.T) {
	b := newBook(t)
	one, two := spend("total: sum(amount) over 1d", "spend.*"), spend("total: sum(amount) over 2d", "spend.*")
	b.apply(one)
	b.apply(two)
	b.wants(one, "spend.total behaviour change 2.0.0>1.0.0 major restored", "service fraud behaviour change 2>1 +[] ~[spend__total] -[] restored")
	b.wants(spend("total: {value: sum(amount) over 1d, owner: ann}", "spend.*"), "spend.total compatible 1.0.0>1.0.1 patch")
	// A new definition never takes a number that was used.
	b.wants(spend("total: sum(amount) over 3d", "spend.*"), "spend.total behaviour change 1.0.1>3.0.0 major", "service fraud behaviour change 1>3 +[] ~[spend__total] -[]")
	// Of two versions with one form the newer is restored.
	b.wants(spend("total: {value: sum(amount) over 1d, owner: ann}", "spend.*"), "spend.total behaviour change 3.0.0>1.0.1 major restored",
		"service fraud behaviour change 3>1 +[] ~[spend__total] -[] restored")
	wantVersions(t, b.snapshot(), "1.0.0 earlier", "2.0.0 earlier", "1.0.1 current", "3.0.0 earlier")
}

func wantVersions(t *testing.T, s *registry.Snapshot, want ...string) {
	t.Helper()
	versions, err := s.Versions("spend", "total")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range versions {
		got = append(got, v.Version+" "+string(v.Status))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRemovedFeatures(t *testing.T) {
	b := newBook(t)
	both := spend("total: sum(amount) over 1d, n: count(*) over 1d", "spend.*")
	b.apply(both)
	b.wants(spend("n: count(*) over 1d", "spend.*"), "spend.total removed 1.0.0>", "service fraud behaviour change 1>2 +[] ~[] -[spend__total]")
	s := b.snapshot()
	wantVersions(t, s, "1.0.0 removed")
	if _, _, _, err := s.Resolve("spend", "total", ""); selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "spend.total@1.0.0") {
		t.Errorf("unpinned: got %v, want a hint at spend.total@1.0.0", err)
	}
	p, v, f, err := s.Resolve("spend", "total", "1")
	if err != nil || f.Version != "1.0.0" || v.Name != "spend" || p == s.Project() {
		t.Errorf("pinned: got %v %v, %v; want version 1.0.0 in an older project", v, f, err)
	}
	if e, err := s.Reference("spend:total@1"); err != nil || e.Feature != "total" || e.Version != "1" {
		t.Errorf("a reference to it: got %+v, %v", e, err)
	}
	// It comes back: the same definition under its old version, another as the next.
	b.wants(both, "spend.total added >1.0.0 none restored", "service fraud compatible 2>1 +[spend__total] ~[] -[] restored")
	b.apply(spend("n: count(*) over 1d", "spend.*"))
	b.wants(spend("total: max(amount) over 1d, n: count(*) over 1d", "spend.*"), "spend.total added >2.0.0 major", "service fraud compatible 2>3 +[spend__total] ~[] -[]")
	wantVersions(t, b.snapshot(), "1.0.0 earlier", "2.0.0 current")
	// A whole view goes, and the service with it.
	d := b.wants(head, "spend.n removed 1.0.0>", "spend.total removed 2.0.0>", "service fraud removed 3>0 +[] ~[] -[]")
	if !d.Breaking() {
		t.Error("removing a service is not called breaking")
	}
	if _, _, err := b.snapshot().Service("fraud", 0); selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "ask for version 3") {
		t.Errorf("the removed service: got %v", err)
	}
	if svc, n, err := b.snapshot().Service("fraud", 3); err != nil || n != 3 || len(svc.Features) != 2 {
		t.Errorf("its version 3: got %+v, %d, %v", svc, n, err)
	}
}

func TestNamedVersions(t *testing.T) {
	b := newBook(t)
	total := func(value, version string) string {
		return spend("total: {value: "+value+", version: "+version+"}", "spend.total")
	}
	b.wants(total("sum(amount) over 1d", "0.3.0"), "spend.total added >0.3.0 new proposed 1.0.0", "service fraud added 0>1 +[] ~[] -[]")
	b.wants(total("sum(amount) over 2d", "0.4.0"), "spend.total behaviour change 0.3.0>0.4.0 major proposed 1.0.0", "service fraud behaviour change 1>2 +[] ~[spend__total] -[]")
	b.refuses(total("sum(amount) over 3d", "0.4.0"), selfsame.ClassDefinition, "version 0.4.0 is another definition, applied by ann as apply 2")
	b.refuses(total("sum(amount) over 3d", "0.3.0"), selfsame.ClassDefinition, "version 0.3.0 is another definition")
	b.refuses(total("sum(amount) over 3d", "0.2.9"), selfsame.ClassDefinition, "version 0.2.9 is lower than 0.4.0")
	// A higher name for the same definition, and the same name with other words.
	b.wants(total("sum(amount) over 2d", "5.0.0"), "spend.total compatible 0.4.0>5.0.0 none proposed 0.4.0")
	b.wants(spend("total: {value: sum(amount) over 2d, version: 5.0.0, owner: bob}", "spend.total"), "spend.total compatible 5.0.0>5.0.0 patch proposed 5.0.1")
	b.wants(spend("total: {value: sum(amount) over 4d, owner: bob}", "spend.total"), "spend.total behaviour change 5.0.0>6.0.0 major", "service fraud behaviour change 2>3 +[] ~[spend__total] -[]")
	// An older version may be named where the definition is its own.
	b.wants(total("sum(amount) over 1d", "0.3.0"), "spend.total behaviour change 6.0.0>0.3.0 major restored", "service fraud behaviour change 3>1 +[] ~[spend__total] -[] restored")
	wantVersions(t, b.snapshot(), "0.3.0 current", "0.4.0 earlier", "5.0.0 earlier", "6.0.0 earlier")
}

func TestAdditionsAreMinor(t *testing.T) {
	project := func(request string) string {
		return head + `views:
  spend: {entity: user, source: orders, features: {total: sum(amount) over 1d}}
  asked: {request: {` + request + `}, features: {ratio: "price / nullif(spend.total, 0)", plain: price + 1}}
  deeper: {features: {twice: asked.ratio * 2, other: spend.total * 2}}
services: {fraud: {features: [deeper.twice]}}
`
	}
	b := newBook(t)
	b.apply(project("price: float64"))
	b.wants(project("price: float64?"),
		"asked.plain compatible 1.0.0>1.1.0 minor", "asked.ratio compatible 1.0.0>1.1.0 minor", "deeper.twice compatible 1.0.0>1.1.0 minor",
		"service fraud compatible 1>2 +[] ~[deeper__twice] -[]")
	// To demand a field that might be absent is no addition; the definition is the earlier one.
	b.wants(project("price: float64"),
		"asked.plain behaviour change 1.1.0>1.0.0 major restored", "asked.ratio behaviour change 1.1.0>1.0.0 major restored",
		"deeper.twice behaviour change 1.1.0>1.0.0 major restored", "service fraud behaviour change 2>1 +[] ~[deeper__twice] -[] restored")
	b.wants(strings.Replace(project("price: float64?"), "over 1d", "over 2d", 1),
		"asked.plain compatible 1.0.0>1.1.0 minor restored", "asked.ratio behaviour change 1.0.0>2.0.0 major", "deeper.other behaviour change 1.0.0>2.0.0 major",
		"deeper.twice behaviour change 1.0.0>2.0.0 major", "spend.total behaviour change 1.0.0>2.0.0 major", "service fraud behaviour change 1>3 +[] ~[deeper__twice] -[]")
}
