// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/batch"
	"selfsame/monitor"
)

var shop = map[string]string{
	"selfsame.yaml": `
project: shop
entities:
  user: {key: {user_id: string}}
sources:
  orders:
    schema: {user_id: string, n: int64, at: timestamp}
    event_time: at
    on_bad_row: skip
    batch: {path: "orders*.csv"}
views:
  spend:
    entity: user
    source: orders
    features:
      total: sum(n)
      bounded: {value: sum(n), expect: {max: 5, on_failure: block}}
services:
  total: {features: [spend.total]}
  bounded: {features: [spend.bounded]}
`,
	"orders1.csv": "user_id,n,at\nann,1,2024-01-01T00:00:00Z\nbob,2,2024-01-01T12:00:00Z\n",
	"orders2.csv": "user_id,n,at\nann,3,2024-01-02T00:00:00Z\n",
	"labels.csv":  "user_id,asked\nann,2024-01-03T00:00:00Z\nbob,2024-01-03T00:00:00Z\nann,2024-01-02T00:00:00Z\n",
}

func trainIn(dir, service, out string) *TrainConfig {
	return &TrainConfig{Verb: "train", Project: dir, Request: Request{Service: service}, Out: filepath.Join(dir, out),
		Rows: RowsConfig{File: filepath.Join(dir, "labels.csv"), Start: selfsame.MinTime, End: selfsame.MaxTime}, Options: batch.Options{Threads: 2}}
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// names are the files below a folder, hidden ones too.
func names(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if path != dir {
			rel, _ := filepath.Rel(dir, path)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func made(t *testing.T, cfg *TrainConfig) *Trained {
	t.Helper()
	tr, err := Train(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestTrainPublishesThreeFiles(t *testing.T) {
	dir := writeProject(t, shop)
	tr := made(t, trainIn(dir, "total", "train.csv"))
	wantLines(t, names(t, dir), "labels.csv", "orders1.csv", "orders2.csv", "selfsame.yaml", "train.csv", "train.csv.manifest.json", "train.csv.report.json")
	wantLines(t, strings.Fields(get(t, filepath.Join(dir, "train.csv"))), "user_id,asked,spend__total", "ann,2024-01-03T00:00:00.000000Z,4", "bob,2024-01-03T00:00:00.000000Z,2", "ann,2024-01-02T00:00:00.000000Z,1")
	m, err := batch.ReadManifest(ManifestPath(tr.Config.Out))
	if err != nil || m.Output.ValuesChecksum != tr.Manifest.Output.ValuesChecksum || m.Output.Rows != 3 || m.Output.FileSize != int64(len(get(t, tr.Config.Out))) || len(m.Sources) != 1 || len(m.Sources[0].Files) != 2 {
		t.Errorf("the manifest: %v, %+v", err, m)
	}
	var r monitor.Report
	if err := json.Unmarshal([]byte(get(t, ReportPath(tr.Config.Out))), &r); err != nil || r.Rows != 3 || !r.Leak[0].Holds || r.Leak[0].Time != -selfsame.DayLength {
		t.Errorf("the report: %v, %+v", err, r)
	}
}

// TestNothingIsPublishedInPart holds that an earlier run stays as it was where the manifest or the report of a later one cannot be written.
func TestNothingIsPublishedInPart(t *testing.T) {
	dir := writeProject(t, shop)
	cfg := trainIn(dir, "total", "train.csv")
	made(t, cfg)
	before := map[string]string{}
	for _, name := range names(t, dir) {
		before[name] = get(t, filepath.Join(dir, name))
	}
	for _, path := range []string{ManifestPath(cfg.Out), ReportPath(cfg.Out)} {
		if err := os.Mkdir(path+unfinished, 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := Train(t.Context(), trainIn(dir, "bounded", "train.csv")); selfsame.ClassOf(err) != selfsame.ClassResource || !strings.HasPrefix(err.Error(), path+": cannot be written") {
			t.Errorf("got %v", err)
		}
		if err := os.RemoveAll(path + unfinished); err != nil {
			t.Fatal(err)
		}
		after := names(t, dir)
		for _, name := range after {
			if get(t, filepath.Join(dir, name)) != before[name] {
				t.Errorf("%s is not what it was", name)
			}
		}
		if len(after) != len(before) {
			t.Errorf("now there are %v", after)
		}
	}
}

// TestFormatsHoldTheSameValues holds that the checksum of the values is of no file format.
func TestFormatsHoldTheSameValues(t *testing.T) {
	dir := writeProject(t, shop)
	want := made(t, trainIn(dir, "total", "a.csv")).Manifest.Output
	for _, out := range []string{"a.parquet", "a.jsonl"} {
		if got := made(t, trainIn(dir, "total", out)).Manifest.Output; got.ValuesChecksum != want.ValuesChecksum || got.FileChecksum == want.FileChecksum {
			t.Errorf("%s: values %s, file %s; CSV: %s, %s", out, got.ValuesChecksum, got.FileChecksum, want.ValuesChecksum, want.FileChecksum)
		}
	}
}

func TestTrainAgain(t *testing.T) {
	dir := writeProject(t, shop)
	first := made(t, trainIn(dir, "total", "train.csv"))
	bytes := get(t, first.Config.Out)
	again := func(then *batch.Manifest) error {
		cfg := trainIn(dir, "total", "train.csv")
		cfg.Again = then
		_, err := Train(t.Context(), cfg)
		return err
	}
	if err := again(first.Manifest); err != nil || get(t, first.Config.Out) != bytes {
		t.Fatalf("nothing changed: %v", err)
	}
	put(t, dir, "orders3.csv", "user_id,n,at\nann,30,2024-01-02T00:00:00Z\n")
	if err := os.Remove(filepath.Join(dir, "orders1.csv")); err != nil {
		t.Fatal(err)
	}
	err := again(first.Manifest)
	want := "it cannot be made again:\n  orders: file orders1.csv is gone\n  orders: file orders3.csv is new\n  hint: bring these back"
	if err == nil || !strings.Contains(err.Error(), want) || selfsame.ClassOf(err) != selfsame.ClassChanged {
		t.Errorf("got %v\nwant %s", err, want)
	}
	put(t, dir, "orders1.csv", shop["orders1.csv"])
	if err := os.Remove(filepath.Join(dir, "orders3.csv")); err != nil {
		t.Fatal(err)
	}
	other := *first.Manifest
	other.Output.ValuesChecksum, other.Output.Columns = "xxh3:other", slices.Clone(other.Output.Columns)
	other.Output.Columns[2].Checksum, other.Engine.Version = "xxh3:other", "0.0.9"
	err = again(&other)
	if err == nil || !strings.Contains(err.Error(), "the same inputs give other values in: spend__total\n  hint: the manifest is of engine 0.0.9 with") {
		t.Errorf("other values: %v", err)
	}
	if get(t, first.Config.Out) != bytes {
		t.Error("a run that failed changed the training set")
	}
	other = *first.Manifest
	other.Features = append(slices.Clone(other.Features), batch.FeatureRecord{Output: "x", Feature: "v.x"})
	if err := again(&other); err == nil || !strings.Contains(err.Error(), "feature x (v.x) is gone") {
		t.Errorf("a feature that is gone: %v", err)
	}
}

type observerFunc func(*batch.Chunk) error

func (f observerFunc) Observe(c *batch.Chunk) error { return f(c) }

// TestNothingIsPublishedOnError lists the folder after every way to fail: neither a file nor a temporary one is there.
func TestNothingIsPublishedOnError(t *testing.T) {
	stop := errors.New("stop")
	overflow := map[string]string{"orders2.csv": "user_id,n,at\nann,9223372036854775807,2024-01-02T00:00:00Z\n"}
	for _, c := range []struct {
		name   string
		files  map[string]string
		change func(*TrainConfig)
		class  selfsame.ErrorClass
	}{
		{"a blocking bound", map[string]string{"orders2.csv": "user_id,n,at\nann,5,2024-01-02T00:00:00Z\n"}, func(c *TrainConfig) { c.Request.Service = "bounded" }, selfsame.ClassExpectation},
		{"an error value", overflow, func(*TrainConfig) {}, selfsame.ClassValue},
		{"an observer", nil, func(c *TrainConfig) { c.Observers = []Observer{observerFunc(func(*batch.Chunk) error { return stop })} }, selfsame.ClassInternal},
		{"a plan that is not wanted", nil, func(c *TrainConfig) { c.Planned = func(*Prepared) error { return stop } }, selfsame.ClassInternal},
		{"an unreadable source", map[string]string{"orders2.csv": "user_id,n\n"}, func(*TrainConfig) {}, selfsame.ClassInput},
		{"rows without a key", map[string]string{"labels.csv": "who,asked\nann,2024-01-03T00:00:00Z\n"}, func(*TrainConfig) {}, selfsame.ClassInput},
		{"a name without a format", nil, func(c *TrainConfig) { c.Out += ".txt" }, selfsame.ClassUsage},
		{"a label that is not there", nil, func(c *TrainConfig) { c.Report.Label = "late" }, selfsame.ClassUsage},
		{"partitions by a column that is not there", nil, func(c *TrainConfig) { c.PartitionBy, c.Out = "at", strings.TrimSuffix(c.Out, ".csv") }, selfsame.ClassUsage},
		{"a blocking bound in partitions", nil, func(c *TrainConfig) {
			c.Request.Service, c.PartitionBy, c.Out, c.Report.Strict = "bounded", "asked", strings.TrimSuffix(c.Out, ".csv"), true
			c.Observers = []Observer{observerFunc(func(*batch.Chunk) error { return stop })}
		}, selfsame.ClassInternal},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := writeProject(t, shop)
			for name, text := range c.files {
				put(t, dir, name, text)
			}
			before := names(t, dir)
			cfg := trainIn(dir, "total", "train.csv")
			c.change(cfg)
			if _, err := Train(t.Context(), cfg); err == nil || selfsame.ClassOf(err) != c.class {
				t.Errorf("got %v of class %s, want class %s", err, selfsame.ClassOf(err), c.class)
			}
			wantLines(t, names(t, dir), before...)
		})
	}
}

func TestAStoppedRunPublishesNothing(t *testing.T) {
	dir := writeProject(t, shop)
	before := names(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cfg := trainIn(dir, "total", "train.parquet")
	cfg.Planned = func(*Prepared) error {
		cancel()
		return nil
	}
	if _, err := Train(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that is stopped gives %v", err)
	}
	wantLines(t, names(t, dir), before...)
}

func TestBadRowsStandBesideTheirTrainingSet(t *testing.T) {
	dir := writeProject(t, shop)
	put(t, dir, "orders2.csv", "user_id,n,at\nann,3,2024-01-02T00:00:00Z\nann,three,2024-01-02T00:00:00Z\nbob,4,yesterday\n")
	tr := made(t, trainIn(dir, "total", "train.csv"))
	lines := strings.Split(strings.TrimSpace(get(t, BadRowsPath(tr.Config.Out))), "\n")
	if len(lines) != 2 || tr.Report.Sources[0].Schema != 2 || tr.Report.Sources[0].Rows != 5 {
		t.Fatalf("%d bad rows, counts %+v:\n%s", len(lines), tr.Report.Sources[0], strings.Join(lines, "\n"))
	}
	for i, want := range []string{`"three"`, `"yesterday"`} {
		var bad map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &bad); err != nil || !strings.Contains(lines[i], strings.Trim(want, `"`)) || !strings.Contains(lines[i], "orders2.csv") {
			t.Errorf("bad row %d: %v, %s", i, err, lines[i])
		}
	}
	put(t, dir, "orders2.csv", shop["orders2.csv"])
	made(t, trainIn(dir, "total", "train.csv"))
	if slices.Contains(names(t, dir), "train.csv.bad.jsonl") {
		t.Error("the bad rows of an earlier run stand beside a training set that has none")
	}
}

func TestWriteWholeLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "taken", "inside"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeWhole(filepath.Join(dir, "taken"), []byte("x")); selfsame.ClassOf(err) != selfsame.ClassResource {
		t.Errorf("a folder in the way: %v", err)
	}
	wantLines(t, names(t, dir), "taken", "taken/inside")
}

func seriesIn(dir string, days int64) (*SnapshotConfig, *[]string) {
	var said []string
	cfg := &SnapshotConfig{Dir: filepath.Join(dir, "tables"), Version: 1, Start: 19_724 * selfsame.DayLength, End: (19_724 + days) * selfsame.DayLength, Every: selfsame.DayLength,
		Train: TrainConfig{Verb: "snapshot", Project: dir, Request: Request{Service: "total"}, Options: batch.Options{Threads: 2}},
		Done: func(at int64, t *Trained) {
			word := "made"
			if t == nil {
				word = "there"
			}
			said = append(said, instantText(at)+" "+word)
		}}
	return cfg, &said
}

func TestSeriesGoesOnWhereItStopped(t *testing.T) {
	dir := writeProject(t, shop)
	cfg, said := seriesIn(dir, 2)
	if err := Snapshots(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	wantLines(t, *said, "2024-01-02T00:00:00Z made", "2024-01-03T00:00:00Z made")
	first := filepath.Join(dir, "tables", "total", "v1", "date=2024-01-02", "features.parquet")
	bytes := get(t, first)
	if err := os.Remove(ManifestPath(first)); err != nil { // stopped between the file and its manifest
		t.Fatal(err)
	}
	cfg, said = seriesIn(dir, 3)
	if err := Snapshots(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	wantLines(t, *said, "2024-01-02T00:00:00Z made", "2024-01-03T00:00:00Z there", "2024-01-04T00:00:00Z made")
	if get(t, first) != bytes || get(t, ManifestPath(first)) == "" {
		t.Error("a moment that is made again has other bytes")
	}
}

func TestSeriesRefusesOtherDefinitions(t *testing.T) {
	dir := writeProject(t, shop)
	cfg, _ := seriesIn(dir, 1)
	if err := Snapshots(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	before := names(t, dir)
	put(t, dir, "selfsame.yaml", strings.Replace(shop["selfsame.yaml"], "total: sum(n)\n", "total: sum(n + 1)\n", 1))
	cfg, said := seriesIn(dir, 2)
	err := Snapshots(t.Context(), cfg)
	if selfsame.ClassOf(err) != selfsame.ClassChanged || !strings.Contains(err.Error(), "write the changed features as --version 2") || len(*said) != 0 {
		t.Errorf("got %v after %v", err, *said)
	}
	wantLines(t, names(t, dir), before...)
}

func TestSeriesThatFailsLeavesNoFolder(t *testing.T) {
	dir := writeProject(t, shop)
	put(t, dir, "orders2.csv", "user_id,n,at\nann,9223372036854775807,2024-01-02T00:00:00Z\n")
	cfg, said := seriesIn(dir, 3)
	if err := Snapshots(t.Context(), cfg); selfsame.ClassOf(err) != selfsame.ClassValue {
		t.Errorf("got %v", err)
	}
	wantLines(t, *said, "2024-01-02T00:00:00Z made")
	for _, name := range names(t, dir) {
		if strings.Contains(name, "2024-01-03") || strings.HasSuffix(name, ".tmp") {
			t.Errorf("%s is left", name)
		}
	}
}
