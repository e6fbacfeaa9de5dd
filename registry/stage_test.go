// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/plan"
	"selfsame/registry"
)

func (b *book) act(a registry.Action) *registry.Record {
	b.t.Helper()
	b.clock++
	r, err := b.Act(b.t.Context(), registry.By{Author: "bob", Time: b.clock}, a)
	if err != nil {
		b.t.Fatalf("act %+v: %v", a, err)
	}
	return r
}

// denies expects an error with all of some texts, and that nothing is recorded.
func (b *book) denies(a registry.Action, class selfsame.ErrorClass, want ...string) {
	b.t.Helper()
	before := b.snapshot().ID()
	_, err := b.Act(b.t.Context(), registry.By{Author: "bob", Time: b.clock}, a)
	for _, text := range want {
		if err == nil || selfsame.ClassOf(err) != class || !strings.Contains(err.Error(), text) {
			b.t.Errorf("%+v: got %v, want an error of class %s with %q", a, err, class, text)
		}
	}
	if after := b.snapshot().ID(); after != before {
		b.t.Errorf("%+v: a refused act made record %d", a, after)
	}
}

func stage(version string, to registry.Stage) *registry.Staging {
	return &registry.Staging{View: "spend", Feature: "total", Version: version, Stage: to}
}

func (b *book) draft(text string) (*registry.Diff, error) {
	c := b.change(text)
	c.Draft = true
	return b.Apply(b.t.Context(), c)
}

// read plans references as a request does, and returns what its outputs are.
func read(s *registry.Snapshot, version string, refs ...string) (got []string, warnings []string, err error) {
	entries, err := s.Entries(refs, version)
	if err != nil {
		return nil, nil, err
	}
	p, err := plan.Build(s.Project(), plan.Request{Features: entries, Resolver: s})
	if err != nil {
		return nil, nil, err
	}
	for _, o := range p.Outputs {
		got = append(got, o.Ref()+"@"+o.Feature.Version)
	}
	warnings, err = s.Standing(p)
	return got, warnings, err
}

const (
	day   = "total: sum(amount) over 1d"
	days  = "total: sum(amount) over 2d"
	weeks = "total: sum(amount) over 14d"
)

func TestDrafts(t *testing.T) {
	b := newBook(t)
	b.apply(spend(day, "spend.*"))
	d, err := b.draft(spend(days, "spend.*"))
	if err != nil || d.Breaking() || len(d.Services) != 0 || d.Features[0].Stage != registry.Draft || d.Features[0].To != "2.0.0" {
		t.Fatalf("a draft: got %+v, %v; want version 2.0.0 as a draft, and no change of what is served", d, err)
	}
	s := b.snapshot()
	for _, c := range []struct{ ref, want string }{{"spend.total", "1.0.0"}, {"spend.*", "1.0.0"}, {"total", "1.0.0"}, {"spend.total@2", "2.0.0"}, {"spend:total:v2", "2.0.0"}} {
		if got, _, err := read(s, "", c.ref); err != nil || !slices.Equal(got, []string{"spend.total@" + c.want}) {
			t.Errorf("%s: got %v, %v; want %s", c.ref, got, err, c.want)
		}
	}
	b.refuses(spend(days, "spend.total@2"), selfsame.ClassDefinition, "spend.total@2.0.0 is a draft, and a service answers with none")
	// A patch of a draft is one, and @2 means the newest draft where there is nothing else.
	b.apply(spend("total: {value: sum(amount) over 2d, owner: ann}", "spend.*"))
	if got, _, err := read(b.snapshot(), "2", "spend.total"); err != nil || got[0] != "spend.total@2.0.1" || b.snapshot().StageOf("spend", "total", "2.0.1") != registry.Draft {
		t.Errorf("a patch of a draft: got %v, %v", got, err)
	}
	b.act(stage("2.0.1", registry.Active))
	if b.act(stage("2.0.1", registry.Active)) != nil {
		t.Error("activated twice, it was recorded twice")
	}
	b.wants(spend("total: {value: sum(amount) over 2d, owner: ann}", "spend.*"), "service fraud behaviour change 1>2 +[] ~[spend__total] -[]")
	if got, _, err := read(b.snapshot(), "", "spend.total@2"); err != nil || got[0] != "spend.total@2.0.1" {
		t.Errorf("@2 with a draft beside: got %v, %v; want 2.0.1", got, err)
	}
}

func TestDraftsOfNewFeatures(t *testing.T) {
	b := newBook(t)
	b.apply(spend(day, "spend.*"))
	both := day + ", n: count(*) over 1d"
	if _, err := b.draft(spend(both, "spend.total, spend.n")); err == nil || !strings.Contains(err.Error(), "every version of spend.n is a draft") {
		t.Errorf("a service that names a new draft: got %v", err)
	}
	if d, err := b.draft(spend(both, "spend.*")); err != nil || len(d.Services) != 0 {
		t.Errorf("view.* with a new draft: got %+v, %v; want it left out", d, err)
	}
	if _, _, err := read(b.snapshot(), "", "spend.n"); selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "every version of it is a draft") {
		t.Errorf("a draft without its version: got %v", err)
	}
	if got, _, err := read(b.snapshot(), "", "spend.*"); err != nil || !slices.Equal(got, []string{"spend.total@1.0.0"}) {
		t.Errorf("view.* in a request: got %v, %v", got, err)
	}
}

func TestDeprecation(t *testing.T) {
	b := newBook(t)
	b.apply(spend(day, "spend.total"))
	b.apply(spend(days, "spend.total@1"))
	g := stage("1", registry.Deprecated)
	g.Until, g.Successor, g.Reason = 86_400_000_000, "spend.total", "counts refunds"
	b.act(g)
	const warning = "spend.total@1.0.0 is deprecated and is to be retired on 1970-01-02: use spend.total@2.0.0 (counts refunds)"
	if _, w, err := read(b.snapshot(), "", "spend.total@1"); err != nil || !slices.Equal(w, []string{warning}) {
		t.Errorf("a read: got %q, %v", w, err)
	}
	d, err := b.Plan(t.Context(), b.change(spend(days, "spend.total@1")))
	if err != nil || !d.Empty() || !slices.Equal(d.Warnings, []string{"service fraud: " + warning}) {
		t.Errorf("a plan that changes nothing: got %+v, %v", d, err)
	}
	if w, err := b.snapshot().StandingOf([]registry.Trained{{Ref: "spend.total", Hash: hashOf(t, b, "1.0.0")}}); err != nil || !slices.Equal(w, []string{warning}) {
		t.Errorf("by its form: got %q, %v", w, err)
	}
	for _, c := range []struct {
		successor, want string
	}{{"spend.total@1", "its own successor"}, {"spend.*", "one feature"}, {"spend.totl", "did you mean total"}, {"spend.total@9", "no such version"}} {
		g := stage("1", registry.Deprecated)
		g.Successor = c.successor
		b.denies(g, selfsame.ClassOf(func() error { _, err := b.Act(t.Context(), registry.By{}, g); return err }()), c.want)
	}
	// Going back to it does not make it an active one.
	b.apply(spend(day, "spend.total"))
	if v, _ := b.snapshot().Version("spend", "total", ""); v.Version != "1.0.0" || v.Stage != registry.Deprecated || v.Successor != "spend.total@2.0.0" {
		t.Errorf("rolled back: got %+v", v)
	}
	b.act(stage("1", registry.Active))
	if v, _ := b.snapshot().Version("spend", "total", "1"); v.Stage != registry.Active || v.Successor != "" || v.Until != 0 || v.Reason != "" {
		t.Errorf("taken back: got %+v", v)
	}
}

func hashOf(t *testing.T, b *book, version string) string {
	t.Helper()
	v, err := b.snapshot().Version("spend", "total", version)
	if err != nil {
		t.Fatal(err)
	}
	return v.Hash
}

// retiring is a project in which version 1 of a feature is used by a model, an experiment, an on-demand feature and the applied service.
func retiring(t *testing.T) *book {
	b := newBook(t)
	ratio := "  ratio: {request: {x: float64}, features: {r: x / spend.total}}\n"
	project := func(feature string) string {
		return strings.Replace(spend(feature, "spend.total"), "services:", ratio+"services:", 1)
	}
	b.apply(project(day))
	b.act(&registry.Model{Name: "m", Version: "5", Service: "fraud"})
	b.apply(project(days))
	b.act(&registry.Experiment{Service: "fraud", Name: "ab", Arms: []registry.Arm{{Name: "old", Version: 1, Share: 9000}, {Name: "new", Version: 2, Share: 1000}}})
	return b
}

func TestRetirement(t *testing.T) {
	b := retiring(t)
	b.denies(stage("1", registry.Retired), selfsame.ClassUsage, "model m@5 pins fraud@1: selfsame model retire m@5", "experiment ab deals requests to fraud@1: selfsame experiment end fraud",
		"ratio.r@1.0.0 reads it: selfsame retire ratio.r@1.0.0", "selfsame deprecate spend.total@1.0.0")
	b.denies(stage("2", registry.Retired), selfsame.ClassUsage, "service fraud@2 is the applied one", "ratio.r@2.0.0 reads it")
	b.act(&registry.Model{Name: "m", Version: "5", Retired: true})
	b.act(&registry.Experiment{Service: "fraud", Ended: true})
	b.act(&registry.Staging{View: "ratio", Feature: "r", Version: "1", Stage: registry.Retired})
	g := stage("1", registry.Retired)
	g.Successor, g.Reason = "spend.total@2", "counts refunds"
	b.act(g)
	s := b.snapshot()
	for _, ref := range []string{"spend.total@1", "spend.total@1.0.0"} {
		if _, _, err := read(s, "", ref); selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "spend.total@1.0.0: it is retired: counts refunds") || !strings.Contains(err.Error(), "use spend.total@2.0.0") {
			t.Errorf("%s: got %v", ref, err)
		}
	}
	if _, _, _, err := s.Resolve("spend", "total", "1"); err != nil {
		t.Errorf("what was served is explained by it: got %v", err)
	}
	if _, err := s.StandingOf([]registry.Trained{{Ref: "spend.total", Hash: hashOf(t, b, "1")}}); err == nil {
		t.Error("training by the form of a retired version is not refused")
	}
	project := func(text string) string {
		return strings.Replace(text, "services:", "  ratio: {request: {x: float64}, features: {r: x / spend.total}}\nservices:", 1)
	}
	b.refuses(project(spend(day, "ratio.r")), selfsame.ClassDefinition, "this is the definition of")
	b.refuses(project(spend(days, "spend.total@1")), selfsame.ClassDefinition, "spend.total@1.0.0 is retired")
	b.denies(&registry.Model{Name: "m", Version: "5", Service: "fraud", List: 1}, selfsame.ClassUsage, "fraud@1 reads spend.total@1.0.0, which is retired")
	b.denies(&registry.Staging{View: "ratio", Feature: "r", Version: "1", Stage: registry.Active}, selfsame.ClassUsage, "it reads spend.total@1.0.0, which is retired")
	b.denies(stage("1", registry.Deprecated), selfsame.ClassUsage, "it is retired")
	b.act(stage("1", registry.Active))
	if got, _, err := read(b.snapshot(), "", "spend.total@1"); err != nil || len(got) != 1 {
		t.Errorf("brought back: got %v, %v", got, err)
	}
}

// TestRetiredForms: a version with the form of a retired one stands for it where it is read by its form.
func TestRetiredForms(t *testing.T) {
	b := newBook(t)
	ratio := "  ratio: {request: {x: float64}, features: {r: x / spend.total}}\n"
	project := func(feature string) string {
		return strings.Replace(spend(feature, "ratio.r"), "services:", ratio+"services:", 1)
	}
	b.apply(project(day))
	b.apply(project("total: {value: sum(amount) over 1d, owner: ann}"))
	b.act(stage("1.0.0", registry.Retired))
	if got, _, err := read(b.snapshot(), "1", "spend.total", "ratio.r"); err != nil || !slices.Equal(got, []string{"spend.total@1.0.1", "ratio.r@1.0.0"}) {
		t.Errorf("@1 beside a retired 1.0.0: got %v, %v", got, err)
	}
	b.denies(stage("1.0.1", registry.Retired), selfsame.ClassUsage, "ratio.r@1.0.0 reads it", "service fraud@1 is the applied one")
}

func TestVersionReferences(t *testing.T) {
	b := newBook(t)
	b.apply(spend("total: {value: sum(amount) over 1d, version: 1.0.0}, n: count(*) over 1d", "spend.total"))
	b.apply(spend("total: {value: sum(amount) over 2d, version: 1.1.0}, n: count(*) over 1d", "spend.total@1.1.0"))
	b.apply(spend("total: {value: sum(amount) over 3d, version: 2.0.0}, n: count(*) over 1d", "spend.total@1.1.0"))
	s := b.snapshot()
	for _, c := range []struct{ refs, each, want string }{
		{"spend.total", "", "2.0.0"}, {"spend.total@1", "", "1.1.0"}, {"spend.total@1.0", "", "1.0.0"}, {"spend.total@1.0.0", "", "1.0.0"}, {"spend:total:v1", "", "1.1.0"},
		{"spend.total:v2", "", "2.0.0"}, {"spend.total==1.1.0", "", "1.1.0"}, {"total@v1", "", "1.1.0"}, {"spend.total", "1", "1.1.0"}, {"spend.total", "v1.0", "1.0.0"},
		{"spend.total@2", "1", "2.0.0"}, {"spend.*", "1", "1.1.0"},
	} {
		got, _, err := read(s, c.each, c.refs)
		if err != nil || got[0] != "spend.total@"+c.want {
			t.Errorf("%s with version %q: got %v, %v; want %s", c.refs, c.each, got, err, c.want)
		}
	}
	for _, c := range []struct{ ref, each, want string }{{"spend.total", "3", "there is no such version"}, {"spend.*", "2", "spend.n@2: there is no such version"}, {"spend.total", "latest", "this is not a version"}} {
		if _, _, err := read(s, c.each, c.ref); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with version %q: got %v, want %q", c.ref, c.each, err, c.want)
		}
	}
	// What the author named is recorded with what was found.
	wantFound := []registry.Found{registry.FoundNew, registry.FoundMajor, registry.FoundMajor}
	versions, err := s.Versions("spend", "total")
	for i, v := range versions {
		if err != nil || v.Found != wantFound[i] {
			t.Errorf("%s: found %s, want %s", v.Version, v.Found, wantFound[i])
		}
	}
}

func TestNothingOfAViewIsActive(t *testing.T) {
	b := newBook(t)
	if _, err := b.draft(head + "views:\n  spend: {entity: user, source: orders, features: {" + day + "}}\n"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := read(b.snapshot(), "", "spend.*"); selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "every feature of the view is a draft or retired") {
		t.Errorf("got %v", err)
	}
	if got, _, err := read(b.snapshot(), "1", "spend.*"); err != nil || len(got) != 1 {
		t.Errorf("named: got %v, %v", got, err)
	}
}
