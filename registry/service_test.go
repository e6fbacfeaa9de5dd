// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/definition/canonical"
	"selfsame/plan"
	"selfsame/registry"
)

// pins lists the outputs of a service with their versions.
func pins(t *testing.T, s *registry.Snapshot, name string, version int64) []string {
	t.Helper()
	service, _, err := s.Service(name, version)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range service.Features {
		out = append(out, plan.OutputName(e, e.Feature, false)+"="+e.View+"."+e.Feature+"@"+e.Version)
	}
	return out
}

func wantPins(t *testing.T, s *registry.Snapshot, name string, version int64, want ...string) {
	t.Helper()
	if got := pins(t, s, name, version); !slices.Equal(got, want) {
		t.Errorf("%s@%d: got %v, want %v", name, version, got, want)
	}
}

func TestPins(t *testing.T) {
	b := newBook(t)
	feature := func(days int) string { return fmt.Sprintf("total: sum(amount) over %dd, n: count(*) over 1d", days) }
	b.apply(spend(feature(1), "spend.*"))
	b.apply(spend(feature(2), "spend.*"))
	wantPins(t, b.snapshot(), "fraud", 0, "spend__total=spend.total@2.0.0", "spend__n=spend.n@1.0.0")
	wantPins(t, b.snapshot(), "fraud", 1, "spend__total=spend.total@1.0.0", "spend__n=spend.n@1.0.0")
	// A pin holds whatever the project defines; both versions stand beside each other.
	b.apply(spend(feature(2), "{feature: spend.total@1, as: before}, {feature: spend.total, as: now}, spend.n"))
	wantPins(t, b.snapshot(), "fraud", 0, "before=spend.total@1.0.0", "now=spend.total@2.0.0", "spend__n=spend.n@1.0.0")
	// A pin of this very change.
	b.apply(spend(feature(3), "{feature: spend.total@3, as: new}, {feature: spend.total@2.0.0, as: old}"))
	wantPins(t, b.snapshot(), "fraud", 0, "new=spend.total@3.0.0", "old=spend.total@2.0.0")
	// A pinned service does not change with the feature.
	if d := b.apply(spend(feature(4), "{feature: spend.total@3, as: new}, {feature: spend.total@2.0.0, as: old}")); len(d.Services) != 0 || len(d.Features) != 1 {
		t.Errorf("got %v, want one feature and no service", outline(d))
	}
	// A major pin takes the newest of it at the time it is applied.
	b.apply(spend("total: {value: sum(amount) over 3d, owner: bob}, n: count(*) over 1d", "{feature: spend.total@3, as: new}, {feature: spend.total@2.0.0, as: old}"))
	wantPins(t, b.snapshot(), "fraud", 0, "new=spend.total@3.0.0", "old=spend.total@2.0.0") // 3.0.0 is restored with other words
	b.refuses(spend(feature(4), "spend.total@7"), selfsame.ClassDefinition, "spend.total has no version 7\n  hint: pin one of 1.0.0, 2.0.0, 3.0.0, 4.0.0")
}

// every version of every service can be planned, and each of its outputs has the definition that its pin names.
func checkServices(t *testing.T, s *registry.Snapshot, names ...string) {
	t.Helper()
	for _, name := range names {
		versions, err := s.ServiceVersions(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range versions {
			service, n, err := s.Service(name, v.Version)
			if err != nil || n != v.Version {
				t.Fatalf("%s@%d: got %d, %v", name, v.Version, n, err)
			}
			p, err := plan.Build(s.Project(), plan.Request{Features: service.Features, Resolver: s})
			if err != nil {
				t.Fatalf("%s@%d: %v", name, v.Version, err)
			}
			if len(p.Outputs) != len(v.Entries) {
				t.Fatalf("%s@%d: got %d outputs, want %d", name, v.Version, len(p.Outputs), len(v.Entries))
			}
			for i, e := range v.Entries {
				checkVersion(t, s, e.View, e.Feature, e.Version, e.Hash)
				if got := p.Outputs[i].Feature.Version; got != e.Version {
					t.Errorf("%s@%d: output %s has version %s, want %s", name, v.Version, p.Outputs[i].Name, got, e.Version)
				}
			}
		}
	}
}

// checkVersion resolves a version and holds its definition against its hash.
func checkVersion(t *testing.T, s *registry.Snapshot, view, feature, version, hash string) {
	t.Helper()
	p, v, f, err := s.Resolve(view, feature, version)
	if err != nil {
		t.Fatalf("%s.%s@%s: %v", view, feature, version, err)
	}
	form, err := canonical.Form(p, v, f)
	if err != nil || canonical.Hash(form) != hash || v.Name != view || f.Name != feature || f.Version != version {
		t.Errorf("%s.%s@%s: got %s.%s@%s with the form %s, %v; want %s", view, feature, version, v.Name, f.Name, f.Version, form, err, hash)
	}
}

func TestOldServiceVersionsReadOldFeatures(t *testing.T) {
	b := newBook(t)
	roles := func(value, key string) string {
		return head + `views:
  spend: {entity: user, source: orders, features: {total: ` + value + `}}
  trip: {inputs: {a: {view: spend, key: {user_id: buyer}}, b: {view: spend, key: {user_id: seller}}}, features: {gap: a.total - b.total}}
services:
  fraud: {features: [{view: spend, key: {user_id: ` + key + `}, prefix: p_}, trip.gap], description: two people}
`
	}
	b.wants(roles("sum(amount) over 1d", "buyer"), "spend.total added >1.0.0 new", "trip.gap added >1.0.0 new", "service fraud added 0>1 +[] ~[] -[]")
	b.wants(roles("sum(amount) over 1d", "seller"), "service fraud behaviour change 1>2 +[] ~[p_total] -[]")
	b.wants(roles("max(amount) over 1d", "seller"), "spend.total behaviour change 1.0.0>2.0.0 major", "trip.gap behaviour change 1.0.0>2.0.0 major",
		"service fraud behaviour change 2>3 +[] ~[p_total trip__gap] -[]")
	b.wants(strings.Replace(roles("max(amount) over 1d", "seller"), "{view: spend, key: {user_id: seller}, prefix: p_}, trip.gap", "trip.gap, {view: spend, key: {user_id: seller}, prefix: p_}", 1),
		"service fraud behaviour change 3>4 +[] ~[] -[] order")
	b.wants(strings.Replace(roles("max(amount) over 1d", "seller"), "prefix: p_}", "prefix: q_}", 1), "service fraud behaviour change 4>5 +[q_total] ~[] -[p_total]")
	s := b.snapshot()
	checkServices(t, s, "fraud")
	service, _, err := s.Service("fraud", 1)
	if err != nil || service.Description != "two people" || service.Features[0].Key["user_id"] != "buyer" || !service.Features[0].HasPrefix || service.Features[0].Prefix != "p_" {
		t.Errorf("version 1: got %+v, %v", service, err)
	}
	own, n, err := s.Service("fraud", 5)
	if newest, _, _ := s.Service("fraud", 0); err != nil || n != 5 || own != newest || own != s.Project().Service("fraud") {
		t.Errorf("the newest version is not the project's: %d, %v", n, err)
	}
}

func TestUnknownNames(t *testing.T) {
	b := newBook(t)
	for _, read := range []func(s *registry.Snapshot) error{
		func(s *registry.Snapshot) error { _, _, _, err := s.Resolve("spend", "total", ""); return err },
		func(s *registry.Snapshot) error { _, _, err := s.Service("fraud", 0); return err },
		func(s *registry.Snapshot) error { _, err := s.Reference("spend.total"); return err },
	} {
		if err := read(b.snapshot()); selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "nothing is applied") {
			t.Errorf("an empty registry: got %v", err)
		}
	}
	if b.snapshot().Project() != nil || b.snapshot().Newest() != nil || b.snapshot().ID() != 0 {
		t.Error("an empty registry has a project")
	}
	b.apply(spend("total: sum(amount) over 1d", "spend.*"))
	s := b.snapshot()
	for want, read := range map[string]func() error{
		"there is no view spent\n  hint: did you mean spend?":                  func() error { _, _, _, err := s.Resolve("spent", "total", "1"); return err },
		"the view spend has no feature totl\n  hint: did you mean total?":      func() error { _, err := s.Versions("spend", "totl"); return err },
		"the view spend has no feature x\n  hint: known: total":                func() error { _, err := s.Version("spend", "x", ""); return err },
		"spend.total@2: there is no such version\n  hint: there is 1.0.0":      func() error { _, _, _, err := s.Resolve("spend", "total", "2"); return err },
		"spend.total@two: this is not a version":                               func() error { _, _, _, err := s.Resolve("spend", "total", "two"); return err },
		"service fruad: there is no such service\n  hint: did you mean fraud?": func() error { _, _, err := s.Service("fruad", 0); return err },
		"service fraud@9: there is no such version\n  hint: the newest is 1":   func() error { _, _, err := s.Service("fraud", 9); return err },
		"service fraud@-1: there is no such version":                           func() error { _, _, err := s.Service("fraud", -1); return err },
		"spend.total@1.0.0.0: this is not a version":                           func() error { _, err := s.Version("spend", "total", "1.0.0.0"); return err },
		"service frau: there is no such service\n  hint: did you mean fraud?":  func() error { _, err := s.ServiceVersions("frau"); return err },
		"spend.total@3: there is no such version\n  hint: there is 1.0.0":      func() error { _, err := s.Reference("total@3"); return err },
		"spend.total@v1.1: there is no such version\n  hint: there is 1.0.0":   func() error { _, err := s.Version("spend", "total", "v1.1"); return err },
		"the view spend has no feature tota\n  hint: did you mean total?":      func() error { _, err := s.Reference("spend.tota@1"); return err },
	} {
		if err := read(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestReferenceForms(t *testing.T) {
	b := newBook(t)
	b.apply(spend("total: sum(amount) over 1d", "spend.*"))
	b.apply(spend("total: sum(amount) over 2d", "spend.*"))
	for text, want := range map[string]string{
		"spend.total": "", "spend:total": "", "total": "", "spend.total@2": "2", "spend:total@v1": "1", "total@1.0.0": "1.0.0",
		"spend.total:v1": "1", "spend:total:v2": "2", "total:v2": "2", "total==1.0.0": "1.0.0", "spend.total==2": "2",
	} {
		e, err := b.snapshot().Reference(text)
		if err != nil || e.View != "spend" || e.Feature != "total" || e.Version != want {
			t.Errorf("%s: got %+v, %v; want spend.total@%s", text, e, err, want)
		}
	}
	if e, err := b.snapshot().Reference("spend.*"); err != nil || e.View != "spend" || e.Feature != "" {
		t.Errorf("spend.*: got %+v, %v", e, err)
	}
}
