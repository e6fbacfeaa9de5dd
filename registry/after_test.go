// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfsame"
	"selfsame/plan"
	"selfsame/registry"
)

func TestEqualDefinitionsArePointedOut(t *testing.T) {
	b := newBook(t)
	b.apply(spend("total: sum(amount) over 1d, n: count(*) over 1d", "spend.n"))
	for _, c := range []struct {
		name, features string
		want           map[string][]string
	}{
		{"one that was there", "total: sum(amount) over 1d, n: count(*) over 1d, day: SUM(amount) OVER 24h", map[string][]string{"day": {"spend.total@1.0.0"}}},
		{"two that come", "total: sum(amount) over 1d, n: count(*) over 1d, a: max(amount) over 1d, b: max(amount) over 1d",
			map[string][]string{"a": {"spend.b@1.0.0"}, "b": {"spend.a@1.0.0"}}},
		{"one that becomes another", "total: count(*) over 1d, n: count(*) over 1d", map[string][]string{"total": {"spend.n@1.0.0"}}},
		{"words do not count", "total: {value: sum(amount) over 1d, description: of a day}, n: count(*) over 1d, day: sum(amount) over 1d",
			map[string][]string{"day": {"spend.total@1.0.1"}}},
	} {
		d, err := b.Plan(t.Context(), b.change(spend(c.features, "spend.n")))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]string{}
		for _, f := range d.Features {
			if f.Equal != nil {
				got[f.Feature] = f.Equal
			}
			if f.RenamedFrom+f.RenamedTo != "" {
				t.Errorf("%s: %s renamed", c.name, f.Feature)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.name, diff)
		}
	}
}

func TestRenamesArePointedOut(t *testing.T) {
	b := newBook(t)
	b.apply(spend("total: sum(amount) over 1d, n: count(*) over 1d", "spend.n"))
	d := b.apply(spend("sum_1d: sum(amount) over 1d, day: sum(amount) over 1d, n: count(*) over 1d", "spend.n"))
	got := map[string][]string{}
	for _, f := range d.Features {
		got[f.Feature] = append([]string{f.RenamedFrom, f.RenamedTo}, f.Equal...)
	}
	want := map[string][]string{"day": {"spend.total", ""}, "sum_1d": {"", "", "spend.day@1.0.0"}, "total": {"", "spend.day"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestAfterStoresNothing(t *testing.T) {
	b := newBook(t)
	b.apply(spend("total: sum(amount) over 1d, n: count(*) over 1d", "spend.total"))
	before := b.snapshot()
	c := b.change(spend("total: sum(amount) over 2d, n: count(*) over 1d", "spend.total"))
	after, d, err := before.After(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if b.snapshot() != before || before.Applied() != 1 || after.Applied() != 2 || len(d.Features) != 1 {
		t.Fatalf("got apply %d after %d, %+v", after.Applied(), before.Applied(), d)
	}
	// One plan over both versions, each in its project.
	p, err := plan.Build(after.Project(), plan.Request{Resolver: after, Features: []selfsame.ServiceEntry{
		{View: "spend", Feature: "total", Version: "1.0.0", As: "before"}, {View: "spend", Feature: "total", Version: "2.0.0", As: "after"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := []string{p.Outputs[0].Feature.Value.Text, p.Outputs[1].Feature.Value.Text}; got[0] != "sum(amount) over 1d" || got[1] != "sum(amount) over 2d" {
		t.Errorf("got %q", got)
	}
	same, d, err := before.After(t.Context(), b.change(spend("total: SUM(amount) over 1d, n: count(*) over 1d", "spend.total")))
	if err != nil || same != before || !d.Empty() {
		t.Errorf("where nothing changes: got %p, %+v, %v, want %p", same, d, err, before)
	}
	c.Expect = 0
	if _, _, err := before.After(t.Context(), c); selfsame.ClassOf(err) != selfsame.ClassChanged {
		t.Errorf("on another apply: got %v", err)
	}
}

func TestImpactsAreRecordedWithTheirChanges(t *testing.T) {
	b := newBook(t)
	b.apply(spend("total: sum(amount) over 1d, n: count(*) over 1d", "spend.total"))
	c := b.change(spend("total: sum(amount) over 2d, n: count(*) over 1d", "spend.total"))
	mean := 1.5
	mine := registry.Impact{View: "spend", Feature: "total", From: "1.0.0", To: "2.0.0", Rows: 10, Changed: 3, Before: &registry.Distribution{Distinct: 2, Mean: &mean}}
	c.Impacts = []registry.Impact{mine, {View: "spend", Feature: "total", From: "1.0.0", To: "3.0.0"}, {View: "spend", Feature: "n", From: "1.0.0", To: "2.0.0"}}
	d, err := b.Apply(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]registry.Impact{mine}, d.Impacts); diff != "" {
		t.Errorf("diff: -want +got\n%s", diff)
	}
	acts := b.snapshot().Newest().Acts
	if len(acts) != 1 || acts[0].Kind != registry.KindImpact || acts[0].Subject != "spend.total@2.0.0" {
		t.Fatalf("got acts %+v", acts)
	}
	var got registry.Impact
	if err := json.Unmarshal(acts[0].Body, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(mine, got); diff != "" {
		t.Errorf("stored: -want +got\n%s", diff)
	}
}
