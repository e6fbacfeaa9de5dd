// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/definition"
	"selfsame/plan"
)

var rewrite = flag.Bool("rewrite", false, "write the plans of today into testdata")

// TestGoldens holds the plans of the examples: what is read, which cells there are, what they are called.
func TestGoldens(t *testing.T) {
	for _, c := range []struct{ project, service string }{{"flights", "delay"}, {"fraud", "fraud"}, {"starter", "shop"}} {
		p, err := definition.Load(filepath.Join("..", "examples", c.project))
		if err != nil {
			t.Fatal(err)
		}
		pl, err := plan.Build(p, plan.Request{Service: c.service})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		pl.Print(&b)
		for _, o := range pl.Outputs {
			b.WriteString("  output     " + o.Name + " " + o.Type.String() + "\n")
		}
		path := filepath.Join("testdata", c.project+".txt")
		if *rewrite {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), want) {
			t.Errorf("the plan of %s is not that of %s; run go test ./plan -rewrite if it is right. It is now\n%s", c.project, path, b.String())
		}
	}
}

const head = `
project: p
entities:
  user: {key: {user_id: string}}
  place: {key: {airport: string}}
  pair: {key: {user_id: string, n: int64}}
sources:
  pays:
    schema: {id: string, user_id: string, n: int64, amount: float64, other: float64, at: timestamp, seen: timestamp, seq: int64}
    event_time: at
    arrival: seen
    id: id
    order: seq
    batch: {path: pays.csv}
  bare:
    schema: {user_id: string, airport: string, amount: float64, unused: string, at: timestamp}
    event_time: at
    batch: {path: bare.csv}
  ops:
    schema: {op: string, user_id: string, amount: float64, at: timestamp, word: string}
    event_time: at
    operation: op
    primary_key: [user_id]
    batch: {path: ops.csv}
  places:
    schema: {airport: string, lat: float64, lon: float64}
    batch: {path: places.csv}
views:
`

func parse(t *testing.T, views string) *selfsame.Project {
	t.Helper()
	p, err := definition.Parse(map[string][]byte{"selfsame.yaml": []byte(head + views)}, ".")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func build(t *testing.T, views string, r plan.Request) *plan.Plan {
	t.Helper()
	pl, err := plan.Build(parse(t, views), r)
	if err != nil {
		t.Fatal(err)
	}
	return pl
}

func cells(u *plan.Use) []string {
	var out []string
	for i := range u.Spec.Cells {
		out = append(out, u.CellText(i))
	}
	return out
}

func columns(u *plan.Use) []string {
	var out []string
	for i := range u.Spec.Columns {
		out = append(out, u.ColumnText(i))
	}
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func TestEqualCallsShareACell(t *testing.T) {
	pl := build(t, `
  v:
    entity: user
    source: pays
    features:
      a: sum(amount) over 24h
      b: SUM( amount ) over 1d
      c: sum(amount) over [1440m]
      d: sum(amount) over 24h + count(*) over 86400s
      e: count(*) over 1d closed left
      f: count(*) over 1d closed right
      g: sum(amount) filter (where n > 1) over 1d
      h: count(amount) filter (where n > 1) over 1d
      i: count(*) over lifetime
      j: count(*)
      k: sum(amount * 2) over 1d
      l: avg(2 * amount) over 1d
      m: avg(amount*2) over 7d
      n: count(*) over today in 'UTC'
      o: count(*) over today
`, plan.Request{View: "v"})
	u := pl.Uses[0]
	same(t, "cells", cells(u), []string{"sum(amount) over 1d", "count(*) over 1d", "count(*) over 1d closed right", "sum(amount) filter (where n > 1) over 1d",
		"count(amount) filter (where n > 1) over 1d", "count(*)", "sum(amount * 2) over 1d", "avg(2 * amount) over 1d", "avg(amount * 2) over 7d", "count(*) over today"})
	same(t, "columns", columns(u), []string{"amount", "n > 1", "amount * 2", "2 * amount"})
	if len(pl.Uses) != 1 || len(pl.Outputs) != 15 || len(pl.Slots) != 15 {
		t.Errorf("%d uses, %d outputs, %d slots", len(pl.Uses), len(pl.Outputs), len(pl.Slots))
	}
	if c := u.Spec.Cells[3]; c.Filter != 1 || len(c.Args) != 1 || c.Args[0] != 0 {
		t.Errorf("the filtered cell reads %+v", c)
	}
}

func TestConstantArgumentsAreNoColumns(t *testing.T) {
	pl := build(t, `
  v:
    entity: user
    source: pays
    features: {a: "last(amount, 5)", b: "percentile_cont(amount, 0.5) over 7d", c: "sum(1) over 7d"}
`, plan.Request{View: "v"})
	same(t, "columns", columns(pl.Uses[0]), []string{"amount", "1"})
	if c := pl.Uses[0].Spec.Cells[0].Call; c.Result.String() != "list<float64>" {
		t.Errorf("last(amount, 5) is %s", c.Result)
	}
}

func fieldsOf(u *plan.Use, i int) string {
	var out []string
	for _, f := range u.Sources[i].Fields {
		out = append(out, u.Sources[i].Source.Schema[f].Name)
	}
	return strings.Join(out, " ")
}

// TestFieldsRead holds which columns a view reads: those of its expressions, its key, the times, and where order matters the id or the whole row.
func TestFieldsRead(t *testing.T) {
	for _, c := range []struct{ name, view, want string }{
		{"a sum needs no order", "{entity: user, source: pays, features: {f: sum(amount)}}", "user_id amount at seen"},
		{"where and filter are read", "{entity: user, source: pays, where: n > 1, features: {f: sum(amount) filter (where other > 0)}}", "user_id n amount other at seen"},
		{"the world has no key", "{source: pays, features: {f: count(*)}}", "at seen"},
		{"the key is an expression", `{entity: user, source: pays, key: {user_id: "substr(id, 1, 2)"}, features: {f: count(*)}}`, "id at seen"},
		{"last needs the order and the id", "{entity: user, source: pays, features: {f: last(amount)}}", "id user_id amount at seen seq"},
		{"a rows window too", "{entity: user, source: pays, features: {f: count(*) over 3 rows}}", "id user_id at seen seq"},
		{"one ordered feature is enough", "{entity: user, source: pays, features: {f: sum(other), g: last(amount)}}", "id user_id amount other at seen seq"},
		{"without an id the hash is of the whole row", "{entity: user, source: bare, features: {f: last(amount)}}", "user_id airport amount unused at"},
		{"without order it is not", "{entity: user, source: bare, features: {f: sum(amount)}}", "user_id amount at"},
		{"an as-of row is ordered", "{entity: user, source: pays, features: [amount]}", "id user_id amount at seen seq"},
		{"an as-of row without an id", "{entity: user, source: bare, features: [amount]}", "user_id airport amount unused at"},
		{"operations and the primary key", "{entity: user, source: ops, features: {f: sum(amount)}}", "op user_id amount at"},
		{"a static table", "{entity: place, source: places, features: [lat]}", "airport lat"},
	} {
		pl := build(t, "  v: "+c.view+"\n", plan.Request{View: "v"})
		if got := fieldsOf(pl.Uses[0], 0); got != c.want {
			t.Errorf("%s: reads %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAsOfSpec(t *testing.T) {
	pl := build(t, `
  fresh: {entity: user, source: pays, ttl: 2d, features: {twice: amount * 2, amount: amount, both: amount + n}}
  before: {entity: user, source: pays, closed: left, features: [amount]}
  fixed: {entity: place, source: places, features: [lat, lon]}
`, plan.Request{Features: []selfsame.ServiceEntry{{View: "fresh"}, {View: "before"}, {View: "fixed"}}})
	fresh, before, fixed := pl.Uses[0], pl.Uses[1], pl.Uses[2]
	same(t, "columns of fresh", columns(fresh), []string{"amount", "n"})
	if s := fresh.Spec; !s.AsOf || s.TTL != 2*selfsame.DayLength || s.Closed != selfsame.ClosedBoth || s.Static || !s.NeedOrder || s.OrderType.Kind != selfsame.Int64 {
		t.Errorf("fresh: %+v", s)
	}
	if s := before.Spec; s.TTL != -1 || s.Closed != selfsame.ClosedLeft {
		t.Errorf("before: %+v", s)
	}
	if s := fixed.Spec; !s.Static || s.NeedOrder {
		t.Errorf("fixed: %+v", s)
	}
}

const trip = `
  airport: {entity: place, source: places, features: [lat, lon]}
  delays: {entity: place, source: bare, features: {mean: avg(amount) over 1d}}
  trip:
    inputs:
      a: {view: airport, key: {airport: origin}}
      b: {view: airport, key: {airport: dest}}
    request: {amount: float64, note: string?}
    features:
      distance: haversine_km(a.lat, a.lon, b.lat, b.lon)
      late: delays.mean + amount
  further:
    request: {note: string, amount: float64?}
    features:
      far: trip.distance > 1000 and note is not null
      same: trip.distance
services:
  s:
    features:
      - {view: delays, key: {airport: origin}, prefix: origin_}
      - {view: delays, key: {airport: dest}, prefix: dest_}
      - further.far
      - trip.distance
      - {feature: trip.late, as: late}
      - further.same
`

func TestRolesAndKeys(t *testing.T) {
	pl := build(t, trip, plan.Request{Service: "s"})
	var uses []string
	for _, u := range pl.Uses {
		uses = append(uses, u.View.Name+" by "+strings.Join(u.Key, ","))
	}
	same(t, "uses", uses, []string{"delays by origin", "delays by dest", "airport by origin", "airport by dest", "delays by airport"})
	var outputs []string
	for _, o := range pl.Outputs {
		outputs = append(outputs, o.Name+" = "+o.Ref()+" "+o.Type.String())
	}
	same(t, "outputs", outputs, []string{"origin_mean = delays.mean float64", "dest_mean = delays.mean float64", "further__far = further.far bool",
		"trip__distance = trip.distance float64", "late = trip.late float64", "further__same = further.same float64"})
	var requests []string
	for _, f := range pl.Requests {
		name := f.Name + " " + f.Type.String()
		if f.Optional {
			name += "?"
		}
		requests = append(requests, name)
	}
	slices.Sort(requests)
	same(t, "request columns", requests, []string{"airport string", "amount float64", "dest string", "note string", "origin string"})
}

// TestOnDemandOrder holds that a feature stands after those that it reads, once.
func TestOnDemandOrder(t *testing.T) {
	pl := build(t, trip, plan.Request{Service: "s"})
	var order []string
	for _, f := range pl.OnDemand {
		order = append(order, f.View.Name+"."+f.Name)
	}
	same(t, "order", order, []string{"trip.distance", "further.far", "trip.late", "further.same"})
	for i, f := range pl.OnDemand {
		for _, s := range f.Program.Slots() {
			if on := pl.Slots[s].OnDemand; on >= i {
				t.Errorf("%s reads on-demand feature %d and stands at %d", f.Name, on, i)
			}
		}
	}
	if a, b := pl.Outputs[3].Slot, pl.Slots[pl.Outputs[3].Slot].OnDemand; b != 0 || pl.Slots[a].Use != -1 {
		t.Errorf("trip.distance is slot %d, on-demand feature %d", a, b)
	}
}

func TestSeveralSources(t *testing.T) {
	pl := build(t, `
  v:
    entity: user
    source: [bare, pays]
    where: _source = 'pays' or amount > 1
    features: {f: last(amount), g: count(*) filter (where _source = 'bare')}
`, plan.Request{View: "v"})
	u := pl.Uses[0]
	if len(u.Sources) != 2 || u.Sources[0].Place != 0 || u.Sources[1].Place != 1 || u.Spec.OrderType.Kind != selfsame.Int64 {
		t.Fatalf("%d sources, order of type %s", len(u.Sources), u.Spec.OrderType)
	}
	if got := fieldsOf(u, 0) + " | " + fieldsOf(u, 1); got != "user_id airport amount unused at | id user_id amount at seen seq" {
		t.Errorf("reads %s", got)
	}
	same(t, "sources", pl.SourceNames(), []string{"pays", "bare"}) // in the project's order
	for i, s := range u.Sources {
		if len(s.Columns) != len(u.Spec.Columns) || s.Where == nil || len(s.Key) != 1 {
			t.Errorf("source %d: %d columns of %d", i, len(s.Columns), len(u.Spec.Columns))
		}
	}
}

// TestSummaryNamesKeys prints what fills the keys, computed ones too, and no season among them.
func TestSummaryNamesKeys(t *testing.T) {
	pl := build(t, `  usual: {entity: user, source: pays, season: hour(now()), features: {n: count(*)}}
  hourly: {source: pays, season: hour(now()), features: {n: count(*)}}
  at: {entity: place, source: bare, features: {n: count(*)}}
  here: {inputs: {place: {view: at, key: {airport: "cast(date(now(), 'Asia/Tokyo') as string)"}}}, features: {n: place.n}}
services:
  s: {features: [usual.*, hourly.*, here.*]}
`, plan.Request{Service: "s"})
	var short, long strings.Builder
	pl.Summary(&short)
	pl.Print(&long)
	for _, want := range []string{"usual by user_id", "hourly by the whole world", "at by cast(date(now(), 'Asia/Tokyo') as string)"} {
		if !strings.Contains(short.String(), want) || !strings.Contains(long.String(), want) {
			t.Errorf("no %s in\n%s%s", want, short.String(), long.String())
		}
	}
}
