// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/batch"
	"selfsame/examples"
)

// nearMisses is a world in which every row but two of u1 has its own reason not to count at 12:00.
var nearMisses = map[string]string{
	"selfsame.yaml": `
project: misses
entities:
  user: {key: {user_id: string}}
sources:
  orders:
    schema: {id: string, user_id: string, amount: float64, status: string, at: timestamp, seen: timestamp}
    event_time: at
    id: id
    arrival: seen
    lateness: 2h
    skew: 1m
    batch: {path: orders.csv}
views:
  spend:
    entity: user
    source: orders
    where: status <> 'void'
    features:
      total: sum(amount) filter (where status = 'paid') over 1h
      last_two: sum(amount) over 2 rows
services:
  shop: {features: ["spend.*"]}
`,
	"orders.csv": strings.TrimSpace(`
id,user_id,amount,status,at,seen
lower,u1,1,paid,2024-01-01T11:00:00Z,2024-01-01T11:00:00Z
below,u1,1,paid,2024-01-01T10:59:59.999999Z,2024-01-01T10:59:59.999999Z
upper,u1,1,paid,2024-01-01T12:00:00Z,2024-01-01T12:00:00Z
beyond,u1,1,paid,2024-01-01T12:00:05Z,2024-01-01T12:00:05Z
after_cut,u1,1,paid,2024-01-01T11:30:00Z,2024-01-01T12:00:00.000001Z
never,u1,1,paid,2024-01-01T11:30:00Z,
late,u1,1,paid,2024-01-01T11:30:00Z,2024-01-01T13:30:00.000001Z
early,u1,1,paid,2024-01-01T11:30:00Z,2024-01-01T11:28:59Z
lower,u1,1,paid,2024-01-01T11:00:00Z,2024-01-01T11:00:00Z
lower,u1,2,paid,2024-01-01T11:00:00Z,2024-01-01T11:00:01Z
void,u1,1,void,2024-01-01T11:30:00Z,2024-01-01T11:30:00Z
open,u1,1,open,2024-01-01T11:30:00Z,2024-01-01T11:30:00Z
null,u1,,paid,2024-01-01T11:59:59.999999Z,2024-01-01T11:59:59.999999Z
counted,u1,4.5,paid,2024-01-01T11:40:00Z,2024-01-01T11:45:00Z
no_time,u1,1,paid,,2024-01-01T11:45:00Z
other,u2,100,paid,2024-01-01T11:40:00Z,2024-01-01T11:45:00Z
`) + "\n",
	"labels.csv": "user_id,asked\nu1,2024-01-01T12:00:00Z\n,2024-01-01T12:00:00Z\n",
}

func writeProject(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func explainIn(t *testing.T, dir, service, rows, feature string, row int, mode batch.Mode) *batch.Explanation {
	t.Helper()
	e, err := Explain(t.Context(), &ExplainConfig{Row: row, Feature: feature, Limit: 20, Train: TrainConfig{Project: dir, Request: Request{Service: service}, Mode: mode,
		Rows: RowsConfig{File: filepath.Join(dir, rows), Start: selfsame.MinTime, End: selfsame.MaxTime}, Options: batch.Options{Threads: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// outline is what an explanation says of each row, a line each: the reason (or "counted"), the id, the words.
func outline(events []batch.Event, misses []batch.Misses) []string {
	var out []string
	for _, e := range events {
		out = append(out, fmt.Sprintf("counted %s", e.ID))
	}
	for _, m := range misses {
		for _, e := range m.Nearest {
			out = append(out, fmt.Sprintf("%s %s: %s", m.Reason, e.ID, e.Text))
		}
	}
	return out
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestExplainNearMisses(t *testing.T) {
	dir := writeProject(t, nearMisses)
	e := explainIn(t, dir, "shop", "labels.csv", "spend__total", 0, batch.Mode{})
	c := e.Value.Cells[0]
	if e.Value.Value.String() != "5.5" || c.Inside != 4 || c.Counted != 2 {
		t.Errorf("value %s, %d inside, %d counted; want 5.5, 4, 2", e.Value.Value, c.Inside, c.Counted)
	}
	wantLines(t, outline(c.Events, c.Misses),
		"counted counted",
		"counted lower",
		"arrived_later after_cut: arrived 1µs after the cut",
		"never_known never: its arrival is null: known in final mode only",
		"late late: arrived 2h0m0.000001s after its time, more than the source admits (lateness 2h, skew 1m)",
		"early early: arrived 1m1s before its time, more than the source admits (lateness 2h, skew 1m)",
		"schema no_time: no event time",
		"duplicate lower: a copy of orders.csv row 0, which came first",
		"conflict lower: the id and time of orders.csv row 0, which came first, but other contents",
		"where void: the view's `where` drops it",
		"filter open: in the window; the filter drops it",
		"null_argument null: in the window; an argument is null, and aggregates skip nulls",
		"before_window below: 1µs before the lower edge",
		"after_window upper: at T: not counted, windows are [lower, upper)",
		"after_window beyond: 5s after the upper edge")
}

func TestExplainFinalKnowsAllThatArrived(t *testing.T) {
	dir := writeProject(t, nearMisses)
	e := explainIn(t, dir, "shop", "labels.csv", "total", 0, batch.Mode{Final: true})
	if got := e.Value.Value.String(); got != "7.5" || e.Value.Known != nil {
		t.Errorf("final: %s with the cut %v, want 7.5 without one", got, e.Value.Known)
	}
}

func TestExplainCut(t *testing.T) {
	dir := writeProject(t, nearMisses)
	if err := os.WriteFile(filepath.Join(dir, "cut.csv"), []byte("user_id,asked,known\nu1,2024-01-01T12:00:00Z,2024-01-01T11:42:00Z\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	e, err := Explain(t.Context(), &ExplainConfig{Feature: "total", Limit: 20, Train: TrainConfig{Project: dir, Request: Request{Service: "shop"},
		Rows: RowsConfig{File: filepath.Join(dir, "cut.csv"), Time: "asked", Cut: "known", Start: selfsame.MinTime, End: selfsame.MaxTime}}})
	if err != nil {
		t.Fatal(err)
	}
	got := outline(e.Value.Cells[0].Events, e.Value.Cells[0].Misses)
	if !slices.Contains(got, "arrived_later counted: arrived 3m after the cut") || !slices.Contains(got, "counted lower") || e.Value.Value.String() != "1" {
		t.Errorf("with its own cut: %s of\n%s", e.Value.Value, strings.Join(got, "\n"))
	}
}

func TestExplainRowsWindow(t *testing.T) {
	dir := writeProject(t, nearMisses)
	e := explainIn(t, dir, "shop", "labels.csv", "spend.last_two", 0, batch.Mode{})
	c := e.Value.Cells[0]
	if c.Inside != 2 || c.Counted != 1 || e.Value.Value.String() != "4.5" {
		t.Errorf("%d inside, %d counted, value %s; want 2, 1, 4.5", c.Inside, c.Counted, e.Value.Value)
	}
	if got := outline(nil, c.Misses); !slices.Contains(got, "beyond_rows open: older than the 2 newest") {
		t.Errorf("the row before the two newest is not named:\n%s", strings.Join(got, "\n"))
	}
}

func TestExplainNullKey(t *testing.T) {
	dir := writeProject(t, nearMisses)
	e := explainIn(t, dir, "shop", "labels.csv", "total", 1, batch.Mode{})
	if c := e.Value.Cells[0]; !e.Value.NoEntity || c.Inside != 0 || len(c.Misses) != 0 || e.Value.Value.Status != "null" {
		t.Errorf("no entity: got %+v with %+v", e.Value, c)
	}
}

func TestExplainVersionsAndDeletes(t *testing.T) {
	files := map[string]string{
		"selfsame.yaml": `
project: versions
entities:
  item: {key: {sku: string}}
sources:
  prices:
    schema: {op: string, sku: string, price: int64, seq: int64, at: timestamp}
    event_time: at
    operation: op
    primary_key: [sku]
    order: seq
    batch: {path: prices.csv}
  bids:
    schema: {op: string, bid: string, sku: string, price: int64, at: timestamp}
    event_time: at
    id: bid
    operation: op
    batch: {path: bids.csv}
views:
  current: {entity: item, source: prices, features: {prices: "sum(price)"}}
  latest:  {entity: item, source: prices, ttl: 1d, features: [price]}
  offers:  {entity: item, source: bids, features: {best: "max(price) over 7d"}}
services:
  all: {features: ["current.*", "latest.*", "offers.*"]}
`,
		"prices.csv": "op,sku,price,seq,at\nupsert,a,1,1,2024-01-01T00:00:00Z\nupsert,a,2,2,2024-01-02T00:00:00Z\nupsert,a,3,3,2024-01-05T00:00:00Z\n" +
			"upsert,b,7,1,2024-01-01T00:00:00Z\ndelete,b,,2,2024-01-02T00:00:00Z\n",
		"bids.csv":   "op,bid,sku,price,at\ninsert,x,a,10,2024-01-01T00:00:00Z\ninsert,y,a,5,2024-01-01T12:00:00Z\ndelete,x,,,2024-01-02T00:00:00Z\n",
		"labels.csv": "sku,asked\na,2024-01-02T06:00:00Z\na,2024-01-04T00:00:00.000001Z\nb,2024-01-02T06:00:00Z\nc,2024-01-02T06:00:00Z\n",
	}
	dir := writeProject(t, files)
	ask := func(feature string, row int) *batch.Origin {
		return explainIn(t, dir, "all", "labels.csv", feature, row, batch.Mode{}).Value
	}

	wantLines(t, outline(nil, ask("prices", 0).Cells[0].Misses),
		"superseded : superseded by prices.csv row 1, known from 2024-01-02T00:00:00Z", "after_window : 2d18h after the upper edge")
	offers := ask("best", 0).Cells[0]
	wantLines(t, outline(offers.Events, offers.Misses), "counted y", "deleted x: deleted by bids.csv row 2, known from 2024-01-02T00:00:00Z")

	for row, want := range []string{"used", "expired", "deleted", "not_found"} {
		v := ask("latest.price", row).Version
		if v.Outcome != want {
			t.Errorf("row %d: the version is %s, want %s", row, v.Outcome, want)
		}
		if want == "expired" && !strings.Contains(v.Why, "old and the ttl is 1d: a ttl of 3d would cover it") {
			t.Errorf("why it is expired: %s", v.Why)
		}
	}
	wantLines(t, outline(nil, ask("latest.price", 0).Version.Misses),
		"older_version : 1d older than the newest row", "later_version : 2d18h after T")
}

func TestExplainErrors(t *testing.T) {
	dir := writeProject(t, nearMisses)
	for _, c := range []struct {
		feature string
		row     int
		class   selfsame.ErrorClass
		text    string
	}{
		{"spend__totl", 0, selfsame.ClassNotFound, "did you mean spend__total?"},
		{"total", 2, selfsame.ClassUsage, "there are 2 rows"},
		{"total", -1, selfsame.ClassUsage, "numbered from 0"},
	} {
		_, err := Explain(t.Context(), &ExplainConfig{Row: c.row, Feature: c.feature, Train: TrainConfig{Project: dir, Request: Request{Service: "shop"},
			Rows: RowsConfig{File: filepath.Join(dir, "labels.csv"), Start: selfsame.MinTime, End: selfsame.MaxTime}}})
		if selfsame.ClassOf(err) != c.class || !strings.Contains(fmt.Sprint(err), c.text) {
			t.Errorf("%s, row %d: %v; want an error of class %s with %q", c.feature, c.row, err, c.class, c.text)
		}
	}
}

// extract writes an example project out.
func extract(t *testing.T, name string) string {
	t.Helper()
	sub, err := fs.Sub(examples.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, sub); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestExplainFraudAgrees explains every feature of random rows of a training set: what is folded again over the listed events has the
// bits that the file holds.
func TestExplainFraudAgrees(t *testing.T) {
	dir := extract(t, "fraud")
	cfg := TrainConfig{Verb: "train", Project: dir, Request: Request{Service: "fraud"}, Out: filepath.Join(dir, "t.parquet"), Flags: map[string]string{},
		Rows: RowsConfig{File: filepath.Join(dir, "data/labels.csv"), Start: selfsame.MinTime, End: selfsame.MaxTime}, Options: batch.Options{Threads: 2}}
	trained, err := Train(t.Context(), &cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Again = trained.Manifest
	seed := rand.Uint64()
	pick := rand.New(rand.NewPCG(seed, 0))
	for range 4 {
		row := pick.IntN(trained.Rows.Batch.Rows)
		for _, o := range trained.Plan.Outputs {
			e, err := Explain(t.Context(), &ExplainConfig{Train: cfg, Row: row, Feature: o.Name, Limit: 5})
			if err != nil {
				t.Fatalf("seed %d, row %d, %s: %v", seed, row, o.Name, err)
			}
			if e.File == nil || e.File.Value == nil || !e.File.Same {
				t.Errorf("seed %d, row %d, %s: %s, but the file says %+v", seed, row, o.Name, e.Value.Value, e.File)
			}
		}
	}
}

func TestExplainComparesTheFile(t *testing.T) {
	files := map[string]string{
		"selfsame.yaml": strings.Replace(nearMisses["selfsame.yaml"], "      last_two: sum(amount) over 2 rows\n",
			"      mean: {value: avg(amount) over 1h, cast: float32}\n      all: last(amount, 9)\n", 1),
		"orders.csv": "id,user_id,amount,status,at,seen\na,u1,0.1,paid,2024-01-01T11:30:00Z,2024-01-01T11:30:00Z\nb,u1,0.2,paid,2024-01-01T11:30:00Z,2024-01-01T11:30:00Z\n",
		"labels.csv": nearMisses["labels.csv"],
	}
	dir := writeProject(t, files)
	for _, format := range []string{"parquet", "arrow", "csv", "jsonl"} {
		cfg := TrainConfig{Verb: "train", Project: dir, Request: Request{Service: "shop"}, Out: filepath.Join(dir, "t."+format), Flags: map[string]string{},
			Rows: RowsConfig{File: filepath.Join(dir, "labels.csv"), Start: selfsame.MinTime, End: selfsame.MaxTime}}
		trained, err := Train(t.Context(), &cfg)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Again = trained.Manifest
		compare := func(feature string, row int) *batch.Compared {
			t.Helper()
			e, err := Explain(t.Context(), &ExplainConfig{Train: cfg, Feature: feature, Row: row})
			if err != nil {
				t.Fatal(err)
			}
			return e.File
		}
		for row := range 2 {
			for _, feature := range []string{"total", "mean", "all"} {
				if c := compare(feature, row); !c.Same && (format != "csv" || feature != "all" || c.Note == "") {
					t.Errorf("%s, row %d, %s: %+v", format, row, feature, c)
				}
			}
		}
		if format != "jsonl" {
			continue
		}
		text, err := os.ReadFile(cfg.Out)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cfg.Out, []byte(strings.Replace(string(text), "0.15", "0.25", 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		if c := compare("mean", 0); c.Same || c.Value.String() != "0.25" {
			t.Errorf("a file with another value: %+v in\n%s", c, text)
		}
	}
}

func TestExplainRefusesChangedInputs(t *testing.T) {
	dir := writeProject(t, nearMisses)
	cfg := TrainConfig{Verb: "train", Project: dir, Request: Request{Service: "shop"}, Out: filepath.Join(dir, "t.csv"), Flags: map[string]string{},
		Rows: RowsConfig{File: filepath.Join(dir, "labels.csv"), Start: selfsame.MinTime, End: selfsame.MaxTime}}
	trained, err := Train(t.Context(), &cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Again = trained.Manifest
	if err := os.WriteFile(filepath.Join(dir, "orders.csv"), []byte(nearMisses["orders.csv"]+"more,u1,1,paid,2024-01-01T11:40:00Z,2024-01-01T11:45:00Z\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = Explain(t.Context(), &ExplainConfig{Train: cfg, Feature: "total"})
	var e *selfsame.Error
	if !errors.As(err, &e) || e.Class != selfsame.ClassChanged || !strings.Contains(e.Message, "orders.csv has another size") || !strings.Contains(e.Hint, "--manifest") {
		t.Errorf("a changed source: %v", err)
	}
}
