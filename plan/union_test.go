// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/definition"
	"selfsame/plan"
)

func baseOf(t *testing.T, project, view string) string {
	t.Helper()
	p, err := definition.Parse(map[string][]byte{"selfsame.yaml": []byte(project)}, ".")
	if err != nil {
		t.Fatal(err)
	}
	pl, err := plan.Build(p, plan.Request{View: view})
	if err != nil {
		t.Fatal(err)
	}
	return pl.Uses[0].Base()
}

// TestBase holds what uses must share to keep one state, and what they need not.
func TestBase(t *testing.T) {
	const windowed = "  v: {entity: user, source: pays, where: n > 1, features: {f: sum(amount) over 7d}}\n"
	const latest = "  v: {entity: user, source: bare, ttl: 2d, features: [amount]}\n"
	for _, c := range []struct {
		name, view, old, new string
		same                 bool
	}{
		{"another feature", windowed, "f: sum(amount) over 7d", "g: avg(other) over 90d", true},
		{"more values", windowed, "source: pays", "source: pays, max_values: 7", true},
		{"a lag", windowed, "source: pays", "source: pays, as_of: 1s", true},
		{"words", windowed, "source: pays", "source: pays, description: spend, owner: me", true},
		{"the same where", windowed, "n > 1", "(n)>1", true},
		{"another name", windowed, "  v: {entity: user, source: pays", "  v: {entity: user, key: {user_id: user_id}, source: pays", true},
		{"a path", windowed, "path: pays.csv", "path: others.csv", true},
		{"a history", windowed, "arrival: seen", "arrival: seen\n    history: 30d", true},
		{"another where", windowed, "n > 1", "n > 2", false},
		{"no where", windowed, "where: n > 1, ", "", false},
		{"another key", windowed, "source: pays", `source: pays, key: {user_id: "substr(id, 1, 2)"}`, false},
		{"another source", windowed, "where: n > 1, ", "", false},
		{"another id", windowed, "    id: id\n", "", false},
		{"a field more", windowed, "seq: int64}", "seq: int64, more: string}", false},
		{"no order", windowed, "    order: seq\n", "", false},
		{"lateness", windowed, "arrival: seen", "arrival: seen\n    lateness: 2d", false},
		{"corrections", windowed, "arrival: seen", "arrival: seen\n    corrections: 2d", false},
		{"NaN", windowed, "arrival: seen", "arrival: seen\n    nan: keep", false},
		{"rename", windowed, "arrival: seen", "arrival: seen\n    rename: {money: amount}", false},
		{"another type of key", windowed, "user: {key: {user_id: string}}", "user: {key: {id: string}}", false},
		{"ttl", latest, "ttl: 2d", "ttl: 3d", false},
		{"no ttl", latest, "ttl: 2d, ", "", false},
		{"closed", latest, "ttl: 2d", "ttl: 2d, closed: left", false},
		{"windowed", latest, "ttl: 2d, features: [amount]", "features: {f: sum(amount) over 7d}", false},
		{"another column", latest, "[amount]", "[unused]", true},
	} {
		before := head + c.view
		after := strings.Replace(before, c.old, c.new, 1)
		if before == after {
			t.Fatalf("%s: %q is not there", c.name, c.old)
		}
		a, b := baseOf(t, before, "v"), baseOf(t, after, "v")
		if (a == b) != c.same {
			t.Errorf("%s: equal is %t\n%s\n%s", c.name, a == b, a, b)
		}
	}
}

func TestUnion(t *testing.T) {
	p := parse(t, `
  a: {entity: user, source: pays, features: {x: "sum(amount) over [1d, 7d]", y: last(other)}}
  b: {entity: user, source: pays, max_values: 5, as_of: 1s, features: {x: sum(other * 2) filter (where n > 1) over 1d, y: sum(amount) over 7d, z: count(distinct n)}}
  c: {entity: user, source: pays, as_of: 2s, features: {z: count(distinct n)}}
  d: {entity: user, source: bare, features: {z: count(*)}}
`)
	var uses []*plan.Use
	for _, view := range []string{"a", "b", "c", "d"} {
		pl, err := plan.Build(p, plan.Request{View: view})
		if err != nil {
			t.Fatal(err)
		}
		uses = append(uses, pl.Uses[0])
	}
	union, cellOf, columnOf, err := plan.Union(uses[:3])
	if err != nil {
		t.Fatal(err)
	}
	same(t, "columns", columns(union), []string{"amount", "n", "n > 1", "other", "other * 2"})
	same(t, "cells", cells(union), []string{"count(distinct n)", "count(distinct n)", "last(other)", "sum(amount) over 1d", "sum(amount) over 7d", "sum(other * 2) filter (where n > 1) over 1d"})
	for i, u := range uses[:3] {
		for c := range u.Spec.Columns {
			if union.ColumnText(columnOf[i][c]) != u.ColumnText(c) || !union.Spec.Columns[columnOf[i][c]].Equal(u.Spec.Columns[c]) {
				t.Errorf("column %d of use %d is at %d", c, i, columnOf[i][c])
			}
		}
		for c, cell := range u.Spec.Cells {
			at := union.Spec.Cells[cellOf[i][c]]
			if union.CellText(cellOf[i][c]) != u.CellText(c) || at.Window != cell.Window || !at.Call.SameBound(cell.Call) {
				t.Errorf("cell %d of use %d is at %d", c, i, cellOf[i][c])
			}
			for k, a := range cell.Args {
				if at.Args[k] != columnOf[i][a] {
					t.Errorf("argument %d of cell %d of use %d reads column %d", k, c, i, at.Args[k])
				}
			}
			if cell.Filter >= 0 && at.Filter != columnOf[i][cell.Filter] {
				t.Errorf("the filter of cell %d of use %d is column %d", c, i, at.Filter)
			}
		}
	}
	if !union.Spec.NeedOrder || union.Base() != uses[0].Base() || len(union.Sources[0].Columns) != 5 || union.View.Name != "c" {
		t.Errorf("the union is %+v", union)
	}
	if got := fieldsOf(union, 0); got != "id user_id n amount other at seen seq" {
		t.Errorf("the union reads %s", got)
	}
	other, _, _, err := plan.Union([]*plan.Use{uses[2], uses[0], union, uses[1]})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "columns in another order", columns(other), columns(union))
	same(t, "cells in another order", cells(other), cells(union))
	if cellsAt, columnsAt := uses[0].Places(uses[1]); !slices.Contains(cellsAt, -1) || !slices.Contains(columnsAt, -1) {
		t.Errorf("a use has all of another: cells at %v, columns at %v", cellsAt, columnsAt)
	}
	if _, _, _, err := plan.Union(uses); selfsame.ClassOf(err) != selfsame.ClassInternal {
		t.Errorf("uses of two bases give %v", err)
	}
	if _, _, _, err := plan.Union(nil); selfsame.ClassOf(err) != selfsame.ClassInternal {
		t.Errorf("no uses give %v", err)
	}
}

// past resolves pins in one older project.
type past struct{ project *selfsame.Project }

func (p past) Resolve(view, feature, version string) (*selfsame.Project, *selfsame.FeatureView, *selfsame.Feature, error) {
	v := p.project.View(view)
	if v == nil || version != "1" {
		return nil, nil, nil, errors.New("no such version")
	}
	i := slices.IndexFunc(v.Features, func(f selfsame.Feature) bool { return f.Name == feature })
	return p.project, v, &v.Features[i], nil
}

// TestResolver plans pinned features of an older project beside those of today.
func TestResolver(t *testing.T) {
	old := past{parse(t, `
  a: {entity: user, source: pays, where: n > 1, features: {x: sum(amount) over 1d, y: count(*)}}
  b: {entity: user, source: bare, features: {x: sum(amount) over 2d, y: count(*)}}
  gone: {entity: user, source: bare, features: {x: count(*)}}
  asked: {request: {k: float64}, features: {f: k * a.x}}
`)}
	p := parse(t, `
  a: {entity: user, source: pays, where: n > 2, features: {x: sum(amount) over 1d, y: count(*)}}
  b: {entity: user, source: bare, features: {x: sum(amount) over 4d, y: count(*)}}
  asked: {request: {k: float64}, features: {f: k + a.x}}
`)
	build := func(entries ...selfsame.ServiceEntry) *plan.Plan {
		t.Helper()
		pl, err := plan.Build(p, plan.Request{Features: entries, Resolver: old})
		if err != nil {
			t.Fatal(err)
		}
		return pl
	}
	pl := build(selfsame.ServiceEntry{View: "a", Feature: "x"}, selfsame.ServiceEntry{View: "a", Feature: "x", Version: "1", As: "older"})
	if len(pl.Uses) != 2 || pl.Uses[0].Base() == pl.Uses[1].Base() || pl.Uses[1].View != old.project.View("a") {
		t.Errorf("two versions of a where are %d uses", len(pl.Uses))
	}
	if len(pl.Sources()) != 1 || pl.Sources()[0] != p.Source("pays") {
		t.Errorf("one source is read as %v", pl.Sources())
	}
	pl = build(selfsame.ServiceEntry{View: "b", Feature: "x"}, selfsame.ServiceEntry{View: "b", Feature: "x", Version: "1", As: "older"})
	if len(pl.Uses) != 1 {
		t.Errorf("two versions of a feature of one base are %d uses", len(pl.Uses))
	}
	same(t, "cells", cells(pl.Uses[0]), []string{"sum(amount) over 4d", "sum(amount) over 2d"})
	if build(selfsame.ServiceEntry{View: "gone", Feature: "x", Version: "1"}).Outputs[0].Name != "gone__x" {
		t.Error("a feature of a view that is gone is not found")
	}
	pl = build(selfsame.ServiceEntry{View: "asked", Feature: "f"}, selfsame.ServiceEntry{View: "asked", Feature: "f", Version: "1", As: "older"})
	if len(pl.OnDemand) != 2 || len(pl.Uses) != 2 {
		t.Errorf("two versions of an on-demand feature are %d, of %d uses", len(pl.OnDemand), len(pl.Uses))
	}
	if _, err := plan.Build(p, plan.Request{Features: []selfsame.ServiceEntry{{View: "a", Feature: "x", Version: "9"}}, Resolver: old}); err == nil {
		t.Error("an unknown version is planned")
	}
}

// TestSourcesOfOlderProjects tells sources of one name apart where their rows differ.
func TestSourcesOfOlderProjects(t *testing.T) {
	const views = "  a: {entity: user, source: pays, features: {x: sum(amount) over 1d}}\n"
	older, err := definition.Parse(map[string][]byte{"selfsame.yaml": []byte(strings.Replace(head, "id: id\n", "id: id\n    lateness: 3d\n", 1) + views)}, ".")
	if err != nil {
		t.Fatal(err)
	}
	p := parse(t, views)
	pl, err := plan.Build(p, plan.Request{Features: []selfsame.ServiceEntry{{View: "a", Feature: "x"}, {View: "a", Feature: "x", Version: "1", As: "older"}}, Resolver: past{older}})
	if err != nil {
		t.Fatal(err)
	}
	if s := pl.Sources(); len(s) != 2 || s[0] != p.Source("pays") || s[1] != older.Source("pays") || !slices.Equal(pl.SourceNames(), []string{"pays"}) {
		t.Errorf("the plan reads %v", s)
	}
}
