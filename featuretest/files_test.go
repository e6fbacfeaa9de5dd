// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfsame"
	"selfsame/batch"
	"selfsame/node"
)

// folder is a project on disk: what source formats, zones, folders and bad rows do to a value, end to end.
type folder struct {
	t       *testing.T
	dir     string
	service string
	rows    string // CSV of labels; T stands in the column t
	edit    func(*node.TrainConfig)
}

// write puts files into a new project folder. selfsame.yaml is among them.
func (f *folder) write(files map[string]string) {
	f.t.Helper()
	f.dir = f.t.TempDir()
	for name, text := range files {
		path := filepath.Join(f.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			f.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			f.t.Fatal(err)
		}
	}
}

// seen keeps what a run yields.
type seen struct{ rows []string }

// Observe appends each row's values, as scripts write them.
func (s *seen) Observe(c *batch.Chunk) error {
	for i := range c.Rows {
		var cells []string
		for _, col := range c.Features.Columns {
			cells = append(cells, Format(col.Value(i)))
		}
		s.rows = append(s.rows, strings.Join(cells, " "))
	}
	return nil
}

// train asks the rows and returns the values of each.
func (f *folder) train() (*node.Trained, []string, error) {
	f.t.Helper()
	labels := filepath.Join(f.t.TempDir(), "labels.csv")
	if err := os.WriteFile(labels, []byte(f.rows), 0o644); err != nil {
		f.t.Fatal(err)
	}
	got := &seen{}
	cfg := &node.TrainConfig{Verb: "train", Project: f.dir, Request: node.Request{Service: f.service}, Out: filepath.Join(f.t.TempDir(), "out.parquet"),
		Rows:    node.RowsConfig{File: labels, Time: "t", Start: selfsame.MinTime, End: selfsame.MaxTime},
		Options: batch.Options{Threads: 2}, Observers: []node.Observer{got}}
	cfg.Options.ErrorStatus = true
	cfg.Write.Threads = 1
	if f.edit != nil {
		f.edit(cfg)
	}
	trained, err := node.Train(f.t.Context(), cfg)
	return trained, got.rows, err
}

// want trains and compares the values of each row.
func (f *folder) want(rows ...string) *node.Trained {
	f.t.Helper()
	trained, got, err := f.train()
	if err != nil {
		f.t.Fatal(err)
	}
	if strings.Join(got, "\n") != strings.Join(rows, "\n") {
		f.t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(rows, "\n"))
	}
	return trained
}

const zoned = `project: zoned
entities:
  k: {key: {k: string}}
sources:
  e:
    schema: {k: string, x: int64, at: timestamp}
    event_time: at
    timezone: America/New_York
    batch: {path: e.csv}
views:
  v:
    entity: k
    source: e
    features:
      n: count(*)
      x: last(x)
      since: time_since_last(x)
services:
  s: {features: ["v.*"]}
`

// TestNaiveTimes: a local time that occurs twice is the earlier instant, one that does not occur is read with the offset before the
// gap; both are counted (semantics, section 2).
func TestNaiveTimes(t *testing.T) {
	f := &folder{t: t, service: "s", rows: "k,t\ntwice,2024-11-03T05:30:00Z\ntwice,2024-11-03T05:30:00.000001Z\nnever,2024-03-10T07:30:00Z\nnever,2024-03-10T07:30:00.000001Z\nplain,2024-07-01T04:00:01Z\n"}
	f.write(map[string]string{"selfsame.yaml": zoned,
		"e.csv": "k,x,at\ntwice,1,2024-11-03T01:30:00\nnever,2,2024-03-10T02:30:00\nplain,3,2024-07-01\nexact,4,2024-11-03T01:30:00-05:00\n"})
	got := f.want("0 null null", "1 1 1", "0 null null", "1 2 1", "1 3 1000000")
	c := got.Result.Sources[0]
	if c.RepeatedTimes != 1 || c.SkippedTimes != 1 {
		t.Errorf("%d repeated and %d skipped times are counted, want 1 and 1", c.RepeatedTimes, c.SkippedTimes)
	}
	var said []string
	for _, x := range got.Report.Findings {
		if x.Check == "clock_change" {
			said = append(said, x.Text)
		}
	}
	if want := "1 local times occur twice and were read as the earlier, 1 do not occur and were read with the offset before the gap"; strings.Join(said, "\n") != want {
		t.Errorf("the report says %q, want %q", said, want)
	}
}

// TestBadRowsDoNotFollowTheQuestion: which rows on_bad_row: skip leaves out depends on the row alone, not on what is asked.
func TestBadRowsDoNotFollowTheQuestion(t *testing.T) {
	yaml := strings.Replace(zoned, "timezone: America/New_York", "on_bad_row: skip", 1)
	yaml = strings.Replace(yaml, "x: int64,", "x: int64, other: int64, id: string,", 1)
	yaml = strings.Replace(yaml, "[\"v.*\"]", "[v.n]", 1)
	for _, extra := range []string{"", "    id: id\n"} {
		f := &folder{t: t, service: "s", rows: "k,t\nu,2024-02-01\n"}
		f.write(map[string]string{"selfsame.yaml": strings.Replace(yaml, "    event_time: at\n", "    event_time: at\n"+extra, 1),
			"e.csv": "k,x,other,id,at\nu,1,1,a,2024-01-01\nu,2,nonsense,b,2024-01-02\nu,3,3,c,2024-01-03\nu,3,3,c,2024-01-03\n"})
		want := "3"
		if extra != "" {
			want = "2"
		}
		got := f.want(want)
		if c := got.Result.Sources[0]; c.Schema != 1 || len(got.Result.Bad) != 1 || got.Result.Bad[0].Row != 1 {
			t.Errorf("id %q: counted %d of schema, bad rows %v, want row 1 alone", extra, c.Schema, got.Result.Bad)
		}
	}
}

const dated = `project: dated
entities:
  k: {key: {k: string}}
sources:
  e:
    schema: {k: string, x: int64, at: timestamp}
    event_time: at
    timezone: America/New_York
    batch: {path: "e/day=*/*.csv", partition: {day: event_time}}
  s:
    schema: {k: string, x: int64, taken: timestamp}
    event_time: taken
    timezone: America/New_York
    batch: {path: "s/day=*/*.csv", partition: {day: snapshot}}
  plain:
    schema: {k: string, x: int64, at: timestamp}
    event_time: at
    batch: {path: "p/day=*/*.csv"}
views:
  v:
    entity: k
    source: e
    features:
      n: count(*) over [1h]
  snap:
    entity: k
    source: s
    features: [x]
  p:
    entity: k
    source: plain
    features:
      n: count(*) over [1h]
services:
  e: {features: ["v.*"]}
  s: {features: ["snap.*"]}
  p: {features: ["p.*"]}
`

// TestFolderDates: a folder's date is the event's date only where it is declared; a row outside it is schema, and pruning changes no
// value.
func TestFolderDates(t *testing.T) {
	files := map[string]string{"selfsame.yaml": dated,
		"e/day=2024-01-01/a.csv": "k,x,at\nu,1,2024-01-01T23:59:59\nu,2,2024-01-02T00:00:00\nu,3,2024-01-01T23:30:00\nu,4,\n",
		"e/day=2024-01-02/a.csv": "k,x,at\nu,5,2024-01-02T00:00:00\nu,6,2024-01-01T23:45:00\n",
		"e/day=2024-03-02/a.csv": "k,x,at\nu,7,2024-01-02T00:00:00\n",
		"s/day=2024-01-01/a.csv": "k,x\nu,1\n",
		"s/day=2024-01-02/a.csv": "k,x\nu,2\n",
		"s/day=2024-03-09/a.csv": "k,x\nu,3\n",
		"p/day=2024-01-01/a.csv": "k,x,at\nu,1,2024-05-01T00:00:00\n",
		"p/day=2024-05-01/a.csv": "k,x,at\nu,1,2024-05-01T00:00:00\nu,1,2024-01-01T00:00:00\n",
	}
	f := &folder{t: t, service: "e", rows: "k,t\nu,2024-01-02T05:00:00.000001Z\n"}
	f.write(files)
	got := f.want("3")
	if c := got.Result.Sources[0]; c.Rows != 6 || c.Schema != 3 || c.Admitted != 3 {
		t.Errorf("%d rows, %d schema, %d admitted, want 6, 3 and 3", c.Rows, c.Schema, c.Admitted)
	}
	if p := got.Result.Pruned["e"]; p.FilesByPartition != 1 {
		t.Errorf("%d files pruned, want 1", p.FilesByPartition)
	}
	// The snapshot of a date is known from the first instant after it, in the source's zone; 10 March 2024 begins at 05:00 UTC.
	f.service, f.rows = "s", "k,t\nu,2024-01-02T04:59:59.999999Z\nu,2024-01-02T05:00:00Z\nu,2024-01-03T05:00:00Z\nu,2024-03-10T04:59:59.999999Z\nu,2024-03-10T05:00:00Z\n"
	f.want("not_found", "1", "2", "2", "3")
	f.service, f.rows = "p", "k,t\nu,2024-05-01T00:30:00Z\nu,2024-01-01T00:30:00Z\n"
	f.want("2", "1")
}

// TestEntitiesOfFinal: a snapshot in final mode asks for the entities that are admitted, whenever they became known.
func TestEntitiesOfFinal(t *testing.T) {
	yaml := strings.Replace(zoned, "timezone: America/New_York", "arrival: seen", 1)
	yaml = strings.Replace(yaml, "at: timestamp}", "at: timestamp, seen: timestamp}", 1)
	f := &folder{t: t, service: "s"}
	f.write(map[string]string{"selfsame.yaml": yaml, "e.csv": "k,x,at,seen\na,1,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z\n" +
		"b,2,2024-01-01T00:00:00Z,2024-06-01T00:00:00Z\nc,3,2024-01-01T00:00:00Z,\nd,4,2024-03-01T00:00:00Z,2024-01-01T00:00:00Z\n"})
	at := int64(1706745600000000) // 2024-02-01
	for final, want := range map[bool][]string{false: {"1 1 2678400000000"}, true: {"1 1 2678400000000", "1 2 2678400000000", "1 3 2678400000000"}} {
		f.edit = func(cfg *node.TrainConfig) {
			cfg.Rows, cfg.Mode.Final = node.RowsConfig{AllAt: &at}, final
		}
		f.want(want...)
	}
}
