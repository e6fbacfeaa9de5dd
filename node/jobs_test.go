// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"selfsame"
	"selfsame/api"
	"selfsame/batch"
	"selfsame/monitor"
	"selfsame/offline"
)

func bankWorld(t *testing.T) *liveWorld {
	w := newLiveWorld(t, bank, bankFiles(rand.New(rand.NewPCG(1, 1))))
	w.write("labels.csv", "k,event_time,label\na,2024-03-01T00:00:00Z,true\nb,2024-02-20T12:00:00Z,false\nz,2024-02-28T00:00:00Z,true\n")
	return w
}

// start starts a job and waits until it has ended.
func (w *liveWorld) start(body string) *api.Job {
	w.t.Helper()
	j, err := w.live.jobs.Start(w.t.Context(), []byte(body))
	if err != nil {
		w.t.Fatalf("%s: %v", body, err)
	}
	<-w.live.jobs.list[j.ID].ended
	values := j.Values
	if j, err = w.live.jobs.Job(w.t.Context(), j.ID, false); err != nil {
		w.t.Fatal(err)
	}
	j.Values = values
	return j
}

// TestSmallJob holds that rows of the body are answered at once, with their statuses, as JSON lines of train have them.
func TestSmallJob(t *testing.T) {
	w := bankWorld(t)
	j := w.start(`{"features": ["place.x", "tapped.n"], "rows": [{"k": "a", "event_time": "2024-03-01T00:00:00Z", "label": true}, {"k": "z", "event_time": "2024-03-01T00:00:00Z", "label": false}]}`)
	if j.Status != api.JobDone || j.Rows != 2 {
		t.Fatalf("got %+v", j)
	}
	var rows []map[string]any
	if err := json.Unmarshal(j.Values, &rows); err != nil || len(rows) != 2 || rows[0]["k"] != "a" || rows[0]["place__x"] != 1.0 || rows[0]["place__x__status"] != "present" ||
		rows[1]["place__x"] != nil || rows[1]["place__x__status"] != "not_found" || rows[1]["label"] != false {
		t.Errorf("got %s, %v", j.Values, err)
	}
	if len(w.live.snapshot.Load().Runs()) != 0 {
		t.Error("the run of a small job is recorded")
	}
	_, err := w.live.jobs.Start(t.Context(), []byte(`{"features": ["place.x"], "rows": [{"k": "a", "event_time": "yesterday"}]}`))
	if selfsame.ClassOf(err) != selfsame.ClassInput {
		t.Errorf("a moment that is none: %v", err)
	}
	if len(w.live.jobs.list) != 1 {
		t.Error("a small job that failed is kept")
	}
}

// TestJobWithLabels holds that a job writes what looks forward behind the features, as far as it is known, and again from its manifest.
func TestJobWithLabels(t *testing.T) {
	w := newLiveWorld(t, strings.Replace(bank, "services:\n", "  soon: {entity: user, source: pays, features: {n: count(*) over next 7d, s: sum(x) over next 1d}}\nservices:\n", 1),
		map[string]string{"pays.csv": "k,x,id,at\na,1,i,2024-02-01T00:00:00Z\na,2,j,2024-02-02T00:00:00Z\nb,4,k,2024-02-20T00:00:00Z\n", "fixes.csv": "k,x,id,op,at\n",
			"homes.csv": "k,x,pk,op,seq,at\n", "places.csv": "k,x\n"})
	rows := `"rows": [{"k": "a", "event_time": "2024-02-01T00:00:00Z"}, {"k": "a", "event_time": "2024-02-19T00:00:00Z"}]`
	j := w.start(`{"service": "all", "labels": ["soon.*"], ` + rows + `}`)
	var values []map[string]any
	if err := json.Unmarshal(j.Values, &values); err != nil || len(values) != 2 || values[0]["soon__n"] != 1.0 || values[0]["soon__s"] != 2.0 || values[1]["soon__n"] != nil ||
		values[1]["soon__n__status"] != "null" || values[0]["paid__n_lifetime"] != 0.0 || len(j.Labels) != 1 || j.Version != 1 {
		t.Errorf("got %s, %v, %+v", j.Values, err, j)
	}
	j = w.start(`{"service": "all", "labels": ["soon.n"], "format": "csv", ` + rows + `}`)
	m, err := batch.ReadManifest(ManifestPath(j.Path))
	if err != nil {
		t.Fatal(err)
	}
	trained := TrainedAs(m.Features)
	if version, err := w.live.snapshot.Load().AgreesWith("all", 0, trained); err != nil || version != 1 || !trained[len(trained)-1].Label || trained[0].Label {
		t.Errorf("a model of the training set with labels: %d, %v, %+v", version, err, trained)
	}
	j = w.start(`{"features": ["paid.s"], "labels": ["soon.n@1"], "format": "csv", ` + rows + `}`)
	first, err := os.ReadFile(j.Path)
	if err != nil || string(first) != "k,event_time,paid__s,soon__n\na,2024-02-01T00:00:00.000000Z,,1\na,2024-02-19T00:00:00.000000Z,,\n" {
		t.Fatalf("got %s, %v", first, err)
	}
	for body, class := range map[string]selfsame.ErrorClass{
		`{"service": "all", "labels": ["soon.m"], ` + rows + `}`:              selfsame.ClassNotFound,
		`{"features": ["soon.n"], "labels": ["soon.n"], ` + rows + `}`:        selfsame.ClassUsage,
		`{"service": "all", "labels": ["paid.s"], ` + rows + `}`:              selfsame.ClassUsage,
		`{"service": "all", "labels": [7], ` + rows + `}`:                     selfsame.ClassUsage,
		`{"labels": ["soon.n"], ` + rows + `}`:                                selfsame.ClassUsage,
		`{"service": "all", "labels": ["soon.n"], "mode": "x", ` + rows + `}`: selfsame.ClassUsage,
	} {
		if _, err := w.live.jobs.Start(t.Context(), []byte(body)); selfsame.ClassOf(err) != class {
			t.Errorf("%s: %v, want %s", body, err, class)
		}
	}
}

// TestJobIsTrain holds that a job makes the bytes that train makes, of versions that are applied whatever the files say meanwhile, and that it can be made again.
func TestJobIsTrain(t *testing.T) {
	w := bankWorld(t)
	ctx := t.Context()
	w.push("taps", `{"k": "a", "x": 4, "at": "2024-02-28T00:00:00Z"}`)
	j := w.start(`{"service": "all", "rows_file": "labels.csv", "format": "parquet", "with": ["status"]}`)
	if j.Status != api.JobDone || j.Service != "all" || j.Version != 1 || j.Rows != 3 || j.Result != "/v1/jobs/"+j.ID+"/result" || len(j.Manifest) == 0 || len(j.Report) == 0 {
		t.Fatalf("got %+v %s", j, j.Error)
	}
	pinned, err := w.live.pin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	log, err := pinned.Log()
	if err != nil {
		t.Fatal(err)
	}
	cfg := &TrainConfig{Verb: "train", Project: w.project, Request: Request{Service: "all"}, Log: log, Rows: RowsConfig{File: filepath.Join(w.project, "labels.csv"), Start: selfsame.MinTime, End: selfsame.MaxTime},
		Out: filepath.Join(t.TempDir(), "t.parquet"), With: []string{"status"}, Report: monitor.Config{Nulls: 0.1, AUC: 0.95},
		Write: offline.Options{RowGroupBytes: 64 << 20, PageBytes: 1 << 20, Compression: "zstd", Threads: 1}}
	cfg.Options.Threads = 1
	if _, err := Train(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(cfg.Out)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(j.Path); err != nil || string(got) != string(want) {
		t.Errorf("%d bytes, train has %d: %v", len(got), len(want), err)
	}
	s, err := w.live.registry.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	runs := s.Runs()
	if len(runs) != 1 || runs[0].ID != j.Run || runs[0].Service != "all" {
		t.Errorf("recorded as %+v", runs)
	}
	w.write("selfsame.yaml", strings.Replace(bank, "features: [x]}\nservices", "features: []}\nservices", 1))
	if again := w.start(`{"features": ["place.x"], "rows_file": "labels.csv", "format": "csv"}`); again.Status != api.JobDone {
		t.Errorf("by what is applied: %s", again.Error)
	}
}

func TestJobsRefused(t *testing.T) {
	w := bankWorld(t)
	secret := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(secret, []byte("k,event_time\na,2024-03-01\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(w.project, "link.csv")); err != nil {
		t.Fatal(err)
	}
	w.write(".hidden.csv", "k,event_time\na,2024-03-01\n")
	for body, want := range map[string]string{
		`{}`:                             "exactly one of rows",
		`{"service": "all"}`:             "exactly one of rows",
		`{"service": "all", "rows": []}`: "exactly one of rows",
		`{"service": "all", "features": ["a.b"], "rows": [{}]}`: "a service, or features",
		`{"rows": [{}]}`:                                                       "a service, or features",
		`{"service": "al", "rows": [{}]}`:                                      "did you mean all?",
		`{"service": "all@7", "rows": [{}]}`:                                   "no such version",
		`{"service": "all@x", "rows": [{}]}`:                                   "names no version",
		`{"features": ["paid.q"], "rows": [{}]}`:                               "no feature q",
		`{"service": "all", "rows": [5]}`:                                      "rows[0]",
		`{"service": "all", "rows_file": "labels.csv", "format": "json"}`:      "json holds up to",
		`{"service": "all", "rows_file": "labels.csv", "format": "xml"}`:       "parquet, arrow, csv, jsonl",
		`{"service": "all", "rows_file": "labels.csv", "as_of": "soon"}`:       "is not a duration",
		`{"service": "all", "rows_file": "labels.csv", "start": "2024-13-01"}`: "is not a moment",
		`{"service": "all", "entities": [{"k": "a"}]}`:                         "needs the moments",
		`{"service": "all", "rows_file": "none.csv"}`:                          "there is no file",
		`{"service": "all", "rows_file": "../x.csv"}`:                          "below the project's folder",
		`{"service": "all", "rows_file": "/etc/passwd"}`:                       "below the project's folder",
		`{"service": "all", "rows_file": ".hidden.csv"}`:                       "below the project's folder",
		`{"service": "all", "rows_file": "link.csv"}`:                          "below the project's folder",
		`{"service": "all", "rows_file": "*.csv"}`:                             "below the project's folder",
		`{"service": "all", "rows_file": "labels.csv", "threads": 5}`:          "threads",
		`{"service": "all", "rows": [{"k": "a"}]}`:                             "name it with time COLUMN", // no flag
	} {
		if _, err := w.live.jobs.Start(t.Context(), []byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", body, err, want)
		}
	}
	if entries, err := os.ReadDir(filepath.Join(w.data, jobsFolder)); err == nil && len(entries) > 0 {
		t.Errorf("%d folders of jobs that were refused", len(entries))
	}
	if j := w.start(`{"service": "all", "rows_file": "labels.csv", "omit": ["none"], "format": "csv"}`); j.Status != api.JobFailed || !strings.Contains(string(j.Error), `"status":4`) || j.Path != "" {
		t.Errorf("a job that fails: %+v %s", j, j.Error)
	}
}

// TestJobsEnd holds what becomes of jobs that wait and are canceled, are too many, or see the server end.
func TestJobsEnd(t *testing.T) {
	w := bankWorld(t)
	ctx := t.Context()
	done := w.start(`{"features": ["place.x"], "entities": [{"k": "a"}, {"k": "b"}], "start": "2024-02-01", "end": "2024-02-03", "format": "jsonl"}`)
	if done.Status != api.JobDone || done.Rows != 4 {
		t.Fatalf("got %+v %s", done, done.Error)
	}
	w.close()

	// A server that does not run takes jobs, and none of them is made.
	l, err := OpenLive(ctx, LiveConfig{Config: w.live.Config, Project: w.project, Now: w.clock.Load})
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"features": ["place.x"], "rows_file": "labels.csv"}`)
	var waiting []*api.Job
	for range jobsWaiting {
		j, err := l.jobs.Start(ctx, body)
		if err != nil || j.Status != api.JobQueued {
			t.Fatalf("got %+v, %v", j, err)
		}
		waiting = append(waiting, j)
	}
	var full interface{ RetryAfter() time.Duration }
	if _, err := l.jobs.Start(ctx, body); !errors.As(err, &full) || selfsame.ClassOf(err) != selfsame.ClassResource {
		t.Errorf("one too many: %v", err)
	}
	first := waiting[0].ID
	if j, err := l.jobs.Job(ctx, first, true); err != nil || j.Status != api.JobCanceled {
		t.Errorf("canceled: %+v, %v", j, err)
	}
	second := l.jobs.list[waiting[1].ID]
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	l.jobs.run(canceled, second)
	if second.Status != api.JobFailed {
		t.Errorf("the server ended while it ran: %+v", second.Job)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	w.open()
	list, err := w.live.jobs.Jobs(ctx)
	if err != nil || len(list) != jobsWaiting+1 {
		t.Fatalf("%d jobs, %v", len(list), err)
	}
	want := map[string]api.JobStatus{first: api.JobCanceled, done.ID: api.JobDone}
	for _, j := range list {
		status, ok := want[j.ID]
		if !ok {
			status = api.JobFailed
		}
		if j.Status != status || (status == api.JobFailed) != strings.Contains(string(j.Error), "interrupted") {
			t.Errorf("after the start: %+v %s", j, j.Error)
		}
	}
	if b, err := os.ReadFile(list[len(list)-1].Path); err != nil || strings.Count(string(b), "\n") != 4 {
		t.Errorf("the result of before: %q, %v", b, err)
	}
	if _, err := w.live.jobs.Job(ctx, done.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := w.live.jobs.Job(ctx, done.ID, false); selfsame.ClassOf(err) != selfsame.ClassNotFound {
		t.Errorf("taken away: %v", err)
	}
	w.clock.Add(8 * selfsame.DayLength)
	last := w.start(string(body))
	if entries, err := os.ReadDir(filepath.Join(w.data, jobsFolder)); err != nil || len(entries) != 1 || entries[0].Name() != last.ID {
		t.Errorf("a week later: %v, %v", entries, err)
	}
}

// TestFilesOfAProject refuses rows that lie outside the project, are hidden, or belong to a data directory within it.
func TestFilesOfAProject(t *testing.T) {
	dir := writeProject(t, map[string]string{"rows.csv": "k\n", ".hidden.csv": "k\n"})
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "state"), "rows.csv", "k\n")
	outside := writeProject(t, map[string]string{"rows.csv": "k\n"})
	if err := os.Symlink(filepath.Join(outside, "rows.csv"), filepath.Join(dir, "link.csv")); err != nil {
		t.Fatal(err)
	}
	l := &Live{Project: dir, data: &Data{Dir: filepath.Join(dir, "state")}}
	for name, want := range map[string]selfsame.ErrorClass{"rows.csv": "", "state/rows.csv": selfsame.ClassUsage, "link.csv": selfsame.ClassUsage, ".hidden.csv": selfsame.ClassUsage,
		"../rows.csv": selfsame.ClassUsage, filepath.Join(outside, "rows.csv"): selfsame.ClassUsage, "*.csv": selfsame.ClassUsage, "none.csv": selfsame.ClassNotFound} {
		path, err := l.inProject("rows_file", name)
		if err == nil && want == "" {
			if path != filepath.Join(dir, name) {
				t.Errorf("%s is at %s", name, path)
			}
		} else if err == nil || selfsame.ClassOf(err) != want {
			t.Errorf("%s: got %v, want class %q", name, err, want)
		}
	}
}
