// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package lineage_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfsame"
	"selfsame/definition"
	"selfsame/lineage"
	"selfsame/plan"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files")

// shop has a windowed view with a filter, two sources in one view, an as-of view with deletes, and on-demand features on them, in roles too.
const shop = `project: shop
entities:
  user:  {key: {user_id: string}}
  place: {key: {airport: string}}
sources:
  orders:
    schema: {id: string, user_id: string, amount: float64, status: string, seq: int64, at: timestamp, loaded: timestamp, note: string}
    event_time: at
    arrival: loaded
    id: id
    order: seq
    batch: {path: data/orders.csv}
  refunds:
    schema: {id: string, user_id: string, amount: float64, status: string, at: timestamp}
    event_time: at
    id: id
    stream: {push: true}
  homes:
    schema: {user_id: string, lat: float64, lon: float64, op: string, updated: timestamp}
    event_time: updated
    operation: op
    primary_key: [user_id]
    batch: {path: data/homes.csv}
  airports:
    schema: {airport: string, lat: float64, lon: float64}
    batch: {path: data/airports.csv}
views:
  spend:
    entity: user
    source: orders
    where: status != 'void'
    features:
      n: count(*) over 7d
      large: sum(amount) filter (where length(note) > 3) over 7d
      newest: last(amount, 2) over 7d
  both:    {entity: user, source: [orders, refunds], features: {total: "sum(amount) filter (where _source = 'orders') over 30d"}}
  home:    {entity: user, source: homes, features: [lat, lon]}
  airport: {entity: place, source: airports, features: {lat: lat, far: lat + lon}}
  now:
    request: {amount: float64, lat: float64, note: string?}
    features:
      ratio: amount / nullif(spend.large, 0)
      odd: now.ratio > 3 and lat > home.lat
  trip:
    inputs:
      a: {view: airport, key: {airport: origin}}
      b: {view: airport, key: {airport: dest}}
    features: {d: a.lat - b.lat}
services:
  risk:   {features: [spend.n, now.odd]}
  travel: {features: [trip.d]}
`

// graph is the graph of definitions as an apply of them is: every feature has version 1.0.0, and spend.n an older one.
func graph(t testing.TB, text string) (*lineage.Graph, *selfsame.Project) {
	t.Helper()
	text = strings.Replace(text, "now.ratio", "amount / nullif(spend.large, 0)", 1)
	p, err := definition.Parse(map[string][]byte{"selfsame.yaml": []byte(text)}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range p.Views {
		for i := range v.Features {
			v.Features[i].Version = "1.0.0"
		}
	}
	g := lineage.NewGraph()
	for _, s := range p.Sources {
		g.AddSource(s)
	}
	var refs []string
	add := func(pl *plan.Plan, version string) {
		for i := range pl.Outputs {
			o := &pl.Outputs[i]
			f := *o.Feature
			f.Version = version
			one := &lineage.FeatureVersion{View: o.View, Feature: &f, Type: o.Type, Hash: "sha256:" + f.Name, Record: 1, Author: "ann", Reads: lineage.ReadsOf(pl, o)}
			if version != "1.0.0" {
				one.Past, one.Status = true, "earlier"
			}
			g.AddFeature(one)
			refs = append(refs, lineage.ReferenceOf(o.View.Name, &f))
		}
	}
	for _, v := range p.Views {
		add(planned(t, p, plan.Request{View: v.Name}), "1.0.0")
	}
	add(planned(t, p, plan.Request{Features: []selfsame.ServiceEntry{{View: "spend", Feature: "n"}}}), "0.9.0")
	for _, s := range p.Services {
		refs = nil
		for _, o := range planned(t, p, plan.Request{Service: s.Name}).Outputs {
			refs = append(refs, lineage.ReferenceOf(o.View.Name, o.Feature))
		}
		g.AddService(&lineage.ServiceVersion{Name: s.Name, Version: 2, Record: 1, Features: refs})
		g.AddService(&lineage.ServiceVersion{Name: s.Name, Version: 1, Record: 1, Past: true, Status: "earlier", Features: []string{"spend.n@0.9.0", "gone.feature@1.0.0"}})
	}
	g.Seal()
	return g, p
}

func planned(t testing.TB, p *selfsame.Project, r plan.Request) *plan.Plan {
	t.Helper()
	pl, err := plan.Build(p, r)
	if err != nil {
		t.Fatal(err)
	}
	return pl
}

// acted adds runs and models to a graph.
func acted(g *lineage.Graph) *lineage.Graph {
	g = g.Clone()
	for i := range 7 {
		g.AddRun(&lineage.RunRecord{ID: "0000000" + string(rune('1'+i)) + "-run", Kind: "train", Service: "risk@2", Rows: int64(i), Ended: selfsame.Instant(int64(i) * selfsame.DayLength),
			Outputs: []string{"t.parquet"}, Names: []string{"t.parquet", "xxh3:" + string(rune('a'+i))}, Manifest: "sha256:m" + string(rune('1'+i))})
	}
	g.AddRun(&lineage.RunRecord{ID: "load-run-1", Kind: "backfill", Views: []string{"spend"}, Outputs: []string{"spend"}, Inputs: []string{"orders"}, Rows: 9, Ended: selfsame.Instant(selfsame.DayLength)})
	g.AddRun(&lineage.RunRecord{ID: "free-run-1", Kind: "train", Features: []string{"home.lat@1.0.0", "home.lat@1.0.0"}, Ended: selfsame.Instant(selfsame.DayLength)})
	g.AddRun(&lineage.RunRecord{ID: "lost-run-1", Kind: "train", Features: []string{"was.never@1.0.0"}, Inputs: []string{"homes"}, Ended: selfsame.Instant(selfsame.DayLength)})
	g.AddModel(&lineage.ModelVersion{Name: "fraud_model", Version: "9", Service: "risk@1", Retired: false})
	g.AddModel(&lineage.ModelVersion{Name: "fraud_model", Version: "10", Service: "risk@2", Run: "00000007-run"})
	g.AddModel(&lineage.ModelVersion{Name: "old_model", Version: "1", Service: "travel@1", Retired: true})
	g.SetStatus(lineage.Feature, "spend.large@1.0.0", "deprecated", false)
	g.Seal()
	return g
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// TestLineage holds the texts of questions to files: each begins with the question.
func TestLineage(t *testing.T) {
	base, _ := graph(t, shop)
	g := acted(base)
	for _, c := range []struct {
		name    string
		q       lineage.Question
		formats []string
	}{
		{"feature", lineage.Question{Ref: "spend.large"}, []string{"tree", "dot", "mermaid", "json"}},
		{"columns", lineage.Question{Ref: "now.odd", Direction: lineage.Up, Columns: true}, []string{"tree", "dot", "mermaid"}},
		{"filters", lineage.Question{Ref: "spend", Direction: lineage.Up, Columns: true}, []string{"tree"}},
		{"sources", lineage.Question{Ref: "both.total", Columns: true}, []string{"tree"}},
		{"roles", lineage.Question{Ref: "trip", Columns: true}, []string{"tree"}},
		{"ondemand", lineage.Question{Ref: "now"}, []string{"tree"}},
		{"source", lineage.Question{Ref: "orders", Direction: lineage.Down}, []string{"tree"}},
		{"column", lineage.Question{Ref: "homes.op"}, []string{"tree"}},
		{"request", lineage.Question{Ref: "request/amount", Direction: lineage.Down}, []string{"tree"}},
		{"service", lineage.Question{Ref: "risk"}, []string{"tree"}},
		{"past", lineage.Question{Ref: "spend.n@0.9"}, []string{"tree"}},
		{"model", lineage.Question{Ref: "fraud_model", Direction: lineage.Up}, []string{"tree"}},
		{"run", lineage.Question{Ref: "00000007"}, []string{"tree"}},
		{"load", lineage.Question{Ref: "load-run-1"}, []string{"tree"}},
		{"unknown_features", lineage.Question{Ref: "lost-run-1"}, []string{"tree"}},
		{"retired", lineage.Question{Ref: "old_model@1"}, []string{"tree"}},
	} {
		a, err := g.Lineage(&c.q)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, f := range c.formats {
			text, err := a.Print(f)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, c.name+"."+f, text)
		}
	}
}

// TestOrderOfBuildingIsNotSeen builds the same graph again and again: maps inside it are walked in other orders.
func TestOrderOfBuildingIsNotSeen(t *testing.T) {
	text := func() string {
		g, _ := graph(t, shop)
		a, err := acted(g).Lineage(&lineage.Question{Ref: "orders", Columns: true})
		if err != nil {
			t.Fatal(err)
		}
		text, err := a.Print("json")
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	want := text()
	for range 20 {
		if got := text(); got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// TestCloneLeavesTheGraph adds to clones: what they are made from does not change.
func TestCloneLeavesTheGraph(t *testing.T) {
	g, _ := graph(t, shop)
	print := func() string {
		a, err := g.Lineage(&lineage.Question{Ref: "spend.large"})
		if err != nil {
			t.Fatal(err)
		}
		text, _ := a.Print("json")
		return text
	}
	want := print()
	for range 2 {
		acted(g)
	}
	if got := print(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestClonesDoNotMeet adds to two clones in turns: neither sees what the other has.
func TestClonesDoNotMeet(t *testing.T) {
	g := lineage.NewGraph()
	g.AddService(&lineage.ServiceVersion{Name: "s", Version: 1})
	for i := range 5 { // the list of its edges has room for a sixth
		g.AddRun(&lineage.RunRecord{ID: fmt.Sprintf("run-%d", i), Service: "s@1"})
	}
	g.Seal()
	a, b := g.Clone(), g.Clone()
	a.AddRun(&lineage.RunRecord{ID: "run-a", Service: "s@1"})
	b.AddRun(&lineage.RunRecord{ID: "run-b", Service: "s@1"})
	a.Seal()
	b.Seal()
	for name, c := range map[string]*lineage.Graph{"run-a": a, "run-b": b} {
		below := c.Below("service/s@1", lineage.Run)
		if len(below) != 6 || below[5].Name != name {
			t.Errorf("%s: %d runs, the last is %s", name, len(below), below[len(below)-1].Name)
		}
	}
}

// TestRunsThatBeginAlike names a run by what two begin with: it is neither.
func TestRunsThatBeginAlike(t *testing.T) {
	g := lineage.NewGraph()
	for _, id := range []string{"01a1ff91-9028", "01a1ff91-9029"} {
		g.AddRun(&lineage.RunRecord{ID: id})
	}
	g.Seal()
	if n, err := g.Find("01a1ff91"); selfsame.ClassOf(err) != selfsame.ClassNotFound {
		t.Errorf("got %v, %v", n, err)
	}
	if n, err := g.Find("01a1ff91-9029"); err != nil || n.Name != "01a1ff91-9029" {
		t.Errorf("got %v, %v", n, err)
	}
}

func TestFind(t *testing.T) {
	base, _ := graph(t, shop)
	g := acted(base)
	for ref, want := range map[string]string{
		"spend.n": "feature/spend.n@1.0.0", "spend.n@0": "feature/spend.n@0.9.0", "spend.n@1.0.0": "feature/spend.n@1.0.0", "view/spend": "view/spend",
		"risk": "service/risk@2", "risk@1": "service/risk@1", "fraud_model": "model/fraud_model@10", "fraud_model@9": "model/fraud_model@9",
		"orders.amount": "column/orders.amount", "sha256:m3": "run/00000003-run", "xxh3:a1234567": "", "t.parquet": "run/00000007-run", "00000002": "run/00000002-run",
	} {
		n, err := g.Find(ref)
		switch {
		case want == "" && selfsame.ClassOf(err) != selfsame.ClassNotFound:
			t.Errorf("%s: got %v, want not_found", ref, err)
		case want != "" && (err != nil || n.ID != want):
			t.Errorf("%s: got %v, %v, want %s", ref, n, err, want)
		}
	}
	for ref, want := range map[string]string{
		"spend.larg":      "spend.larg: there is no such source, column, view, feature, service, model or run\n  hint: did you mean spend.large?",
		"ordres":          "ordres: there is no such source, column, view, feature, service, model or run\n  hint: did you mean orders?",
		"service/rsik":    "service/rsik: there is no such service\n  hint: did you mean risk?",
		"newest":          "newest: there is no such source, column, view, feature, service, model or run\n  hint: did you mean spend.newest?",
		"home.lat@7":      "home.lat@7: there is no such source, column, view, feature, service, model or run\n  hint: did you mean home.lat?",
		"0000000":         "0000000: there is no such source, column, view, feature, service, model or run\n  hint: name view.feature, a view, a source, source.column, a service, model@version, a run or a training set; selfsame list shows what there is",
		"airport.lat":     "",
		"feature/hom.lat": "feature/hom.lat: there is no such feature\n  hint: did you mean home.lat?",
		"model/whatever":  "model/whatever: there is no such model\n  hint: name view.feature, a view, a source, source.column, a service, model@version, a run or a training set; selfsame list shows what there is",
	} {
		_, err := g.Find(ref)
		if got := errorText(err); got != want {
			t.Errorf("%s: got %q, want %q", ref, got, want)
		}
	}
	clash := strings.Replace(strings.Replace(shop, "  airports:", "  airport:", 1), "source: airports", "source: airport", 1)
	g, _ = graph(t, clash)
	for ref, want := range map[string]string{
		"airport":     "airport: several things have this name\n  hint: name one of source/airport, view/airport",
		"airport.lat": "airport.lat: several things have this name\n  hint: name one of column/airport.lat, feature/airport.lat@1.0.0",
	} {
		if _, err := g.Find(ref); errorText(err) != want {
			t.Errorf("%s: got %v, want %q", ref, err, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestFormats(t *testing.T) {
	if err := lineage.CheckFormat("mermiad"); selfsame.ClassOf(err) != selfsame.ClassUsage || !strings.Contains(err.Error(), "did you mean mermaid?") {
		t.Errorf("got %v", err)
	}
	if _, err := new(lineage.Answer).Print("svg"); err == nil || !strings.Contains(err.Error(), "tree, dot, mermaid, json") {
		t.Errorf("got %v", err)
	}
}

// TestComputedFrom follows outputs through on-demand features down to columns.
func TestComputedFrom(t *testing.T) {
	_, p := graph(t, shop)
	for _, c := range []struct{ view, feature, want string }{
		{"now", "odd", "amount(value) orders.id(id) orders.user_id(key) orders.amount(value,sum) orders.status(where) orders.at(event_time) orders.loaded(arrival) orders.note(filter) " +
			"user_id(key) lat(value) homes.user_id(key,primary_key) homes.lat(value) homes.op(operation) homes.updated(event_time)"},
		{"airport", "lat", "airports.airport(key) airports.lat(value,same) airport(key)"},
		{"airport", "far", "airports.airport(key) airports.lat(value) airports.lon(value) airport(key)"},
		{"trip", "d", "airports.airport(key) airports.lat(value) origin(key) dest(key)"},
		{"spend", "newest", "orders.id(id) orders.user_id(key) orders.amount(value,sum) orders.status(where) orders.seq(order) orders.at(event_time) orders.loaded(arrival) user_id(key)"},
	} {
		pl := planned(t, p, plan.Request{Features: []selfsame.ServiceEntry{{View: c.view, Feature: c.feature}}})
		var got []string
		for _, r := range lineage.ComputedFrom(pl, &pl.Outputs[0]) {
			name := r.Name
			if r.Source != "" {
				name = r.Source + "." + name
			}
			var roles []string
			value := false
			for _, role := range r.Roles {
				roles = append(roles, string(role))
				value = value || role == lineage.RoleValue
			}
			switch {
			case value && r.Aggregate:
				roles = append(roles, "sum")
			case value && r.Same:
				roles = append(roles, "same")
			}
			got = append(got, name+"("+strings.Join(roles, ",")+")")
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s.%s: got\n  %s\nwant\n  %s", c.view, c.feature, text, c.want)
		}
	}
}

// TestColumnsOfSeveralViews reads a column of one source as an aggregate and as it is, in either order, and one whose rows are told apart by a primary key.
func TestColumnsOfSeveralViews(t *testing.T) {
	p, err := definition.Parse(map[string][]byte{"selfsame.yaml": []byte(`project: shop
entities: {user: {key: {user_id: string}}}
sources:
  orders: {schema: {user_id: string, amount: float64, at: timestamp}, event_time: at, batch: {path: orders.csv}}
  cards:
    schema: {card: string, user_id: string, limit: float64, ver: int64, op: string, at: timestamp}
    event_time: at
    operation: op
    primary_key: [card]
    order: ver
    batch: {path: cards.csv}
views:
  sums:   {entity: user, source: orders, features: {total: sum(amount) over 7d}}
  newest: {entity: user, source: orders, features: {amount: amount}}
  limits: {entity: user, source: cards, features: {all: sum(limit) over 30d}}
  mix:    {features: {share: newest.amount / sums.total, back: sums.total / newest.amount}}
`)}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ view, feature, column, roles string }{
		{"mix", "share", "amount", "value aggregate"}, {"mix", "back", "amount", "value aggregate"}, {"newest", "amount", "amount", "value"}, {"limits", "all", "ver", "order"},
	} {
		pl := planned(t, p, plan.Request{Features: []selfsame.ServiceEntry{{View: c.view, Feature: c.feature}}})
		got := ""
		for _, r := range lineage.ComputedFrom(pl, &pl.Outputs[0]) {
			if r.Name != c.column {
				continue
			}
			for _, role := range r.Roles {
				got += string(role)
			}
			if role := r.Roles[0]; r.Aggregate && role == lineage.RoleValue {
				got += " aggregate"
			}
		}
		if got != c.roles {
			t.Errorf("%s.%s: %s is read as %q, want %q", c.view, c.feature, c.column, got, c.roles)
		}
	}
}
