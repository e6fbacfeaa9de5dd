// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfsame"
	"selfsame/api"
	"selfsame/definition"
	"selfsame/forecast"
	"selfsame/registry"
)

const (
	spentView = "views:\n  spent:\n    entity: user\n    source: pays\n    features: {t: sum(x) over 1d}\n"
	spentWeek = "views:\n  spent:\n    entity: user\n    source: pays\n    features: {t: sum(x) over 7d}\n"
)

func (w *liveWorld) define(d *api.Definitions) (*forecast.Forecast, *api.Changed) {
	w.t.Helper()
	c, err := w.live.Define(w.t.Context(), d)
	if err != nil {
		w.t.Fatal(err)
	}
	return c.Answer.(*forecast.Forecast), c
}

// TestDefine holds what a body does to what is applied: a view comes, is asked for, changes and keeps its versions.
func TestDefine(t *testing.T) {
	w := newLiveWorld(t, bank, bankFiles(rand.New(rand.NewPCG(1, 1))))
	ctx := t.Context()
	f, c := w.define(&api.Definitions{Body: []byte(spentView), DryRun: true, Author: "ann"})
	if c.New || c.Apply != 1 || f.Apply != 0 || len(f.Features) != 1 || f.Features[0].Effect != registry.Added {
		t.Fatalf("a dry run: %+v %+v", c, f.Diff)
	}
	if _, err := w.live.Features(ctx, &api.Question{References: []string{"spent.t"}, Rows: askedFor()}); selfsame.ClassOf(err) != selfsame.ClassNotFound {
		t.Errorf("a dry run applied it: %v", err)
	}
	on := c.Apply
	f, c = w.define(&api.Definitions{Body: []byte(spentView), Author: "ann", Message: "spend", Expect: &on})
	if !c.New || c.Apply != 2 || f.Apply != 2 {
		t.Fatalf("an apply: %+v %+v", c, f.Diff)
	}
	if a, err := w.live.Features(ctx, &api.Question{References: []string{"spent.t"}, Rows: askedFor()}); err != nil || len(a.Columns) != 1 {
		t.Errorf("it is not served: %v", err)
	}
	w.ask(nil) // what was applied before is as it was
	if f, c = w.define(&api.Definitions{Body: []byte(spentView), Expect: &on}); c.New || c.Apply != 2 || !f.Empty() {
		t.Errorf("the same again: %+v %+v", c, f.Diff)
	}
	_, err := w.live.Define(ctx, &api.Definitions{Body: []byte(spentWeek), Expect: &on})
	if selfsame.ClassOf(err) != selfsame.ClassChanged {
		t.Errorf("on an apply that is not the newest: %v", err)
	}
	if _, err = w.live.Define(ctx, &api.Definitions{Body: []byte(spentWeek)}); selfsame.ClassOf(err) != selfsame.ClassUsage || !strings.Contains(err.Error(), "yes=true") {
		t.Errorf("values that change: %v", err)
	}
	if f, c = w.define(&api.Definitions{Body: []byte(spentWeek), Yes: true, Sample: 10}); !c.New || f.Features[0].To != "2.0.0" || f.Values == nil {
		t.Errorf("values that change, and may: %+v %+v", c, f)
	}
	files, err := w.live.snapshot.Load().Files(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 || files[definition.ProjectFile] == nil {
		t.Errorf("the first body is still there beside the second: %d files", len(files))
	}
	r := w.live.snapshot.Load().Records()[1]
	if r.Author != "ann" || r.Message != "spend" {
		t.Errorf("the record is by %q: %q", r.Author, r.Message)
	}
}

// TestDefineNamesPlacesInTheBody holds that all mistakes come at once, with lines and columns of what was sent.
func TestDefineNamesPlacesInTheBody(t *testing.T) {
	w := newLiveWorld(t, bank, bankFiles(rand.New(rand.NewPCG(1, 1))))
	for body, want := range map[string]string{
		"views:\n  spent:\n    entity: user\n    source: pay\n    features: {t: sum(y) over 1d}\n":         "body:4:13",
		`{"views": {"spent": {"entity": "usr", "source": "pays", "features": {"t": "count(*) over 1d"}}}}`: "body:1:33",
		"views: [\n": "body:",
		"view: {}\n": "did you mean views?",
	} {
		_, err := w.live.Define(t.Context(), &api.Definitions{Body: []byte(body)})
		var list definition.Errors
		if selfsame.ClassOf(err) != selfsame.ClassDefinition || !errors.As(err, &list) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", body, err, want)
		}
	}
	if w.live.snapshot.Load().Applied() != 1 {
		t.Error("a mistake was applied")
	}
}

func TestRegisterModel(t *testing.T) {
	w := newLiveWorld(t, bank, bankFiles(rand.New(rand.NewPCG(1, 1))))
	for _, c := range []struct {
		body  string
		isNew bool
		class selfsame.ErrorClass
		want  string
	}{
		{`{"name": "m", "version": "1", "service": "all@1", "metrics": {"auc": 0.5}, "author": "ann"}`, true, "", ""},
		{`{"name": "m", "version": "1", "service": "all"}`, false, "", ""},
		{`{"name": "m", "version": "1", "notes": "good"}`, true, "", ""},
		{`{"name": "m", "version": "2", "service": "all@x"}`, false, selfsame.ClassUsage, "names no version"},
		{`{"name": "m", "version": "2", "service": "all@2", "service_version": 1}`, false, selfsame.ClassUsage, "than service_version"},
		{`{"name": "m", "version": "2", "service": "al"}`, false, selfsame.ClassNotFound, "did you mean all?"},
		{`{"name": "m", "verson": "2"}`, false, selfsame.ClassUsage, "verson"},
		{`{"name": 5}`, false, selfsame.ClassUsage, "name cannot be of JSON's type number"},
		{`[]`, false, selfsame.ClassUsage, "the body cannot be of JSON's type array"},
		{"", false, selfsame.ClassUsage, "it is empty"},
		{`{"name": `, false, selfsame.ClassUsage, "it ends before the object does"},
		{`{"name": "m"} {}`, false, selfsame.ClassUsage, "behind the object"},
	} {
		out, err := w.live.Register(t.Context(), []byte(c.body), nil)
		if c.class != "" {
			if selfsame.ClassOf(err) != c.class || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %v", c.body, err)
			}
			continue
		}
		if err != nil || out.New != c.isNew {
			t.Errorf("%s: got %+v, %v", c.body, out, err)
		}
	}
	m, err := w.live.snapshot.Load().Model("m", "1")
	if err != nil || m.Service != "all" || m.List != 1 || m.Notes != "good" || m.Metrics["auc"] != 0.5 {
		t.Errorf("got %+v, %v", m, err)
	}
}

// TestTrainingOfAModel holds that what a model names as its training is a run, or the job of one, and that the nearest is named.
func TestTrainingOfAModel(t *testing.T) {
	w := bankWorld(t)
	big := w.start(`{"service": "all", "rows_file": "labels.csv", "format": "csv"}`)
	small := w.start(`{"features": ["place.x"], "rows": [{"k": "a", "event_time": "2024-03-01T00:00:00Z"}]}`)
	w.live.jobs.list["waits"] = &job{Job: api.Job{ID: "waits", Status: api.JobQueued}, ended: make(chan struct{})}
	typo := "0" + big.Run[:len(big.Run)-1]
	for _, c := range []struct {
		training string
		class    selfsame.ErrorClass
		want     string
	}{
		{big.Run, "", ""},
		{big.ID, "", ""},
		{typo, selfsame.ClassNotFound, "did you mean " + big.Run + "?"},
		{"last week", selfsame.ClassNotFound, "GET /v1/runs"},
		{small.ID, selfsame.ClassUsage, "is not recorded"},
		{"waits", selfsame.ClassUsage, "is queued"},
	} {
		_, err := w.live.Register(t.Context(), []byte(`{"name": "m", "version": "`+strings.ReplaceAll(c.training, " ", "")+`", "service": "all", "training": "`+c.training+`"}`), nil)
		if c.class != "" {
			if selfsame.ClassOf(err) != c.class || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %v, want %s", c.training, err, c.want)
			}
			continue
		}
		m, known := w.live.snapshot.Load().Model("m", c.training)
		if err != nil || known != nil || m.Training != big.Run {
			t.Errorf("%s: got %+v, %v, %v", c.training, m, err, known)
		}
	}
	delete(w.live.jobs.list, "waits")
}

// TestKeysOutlastTheServer holds that a request with a key that comes again after a restart gets the answer of then, and undoes nothing of what came between.
func TestKeysOutlastTheServer(t *testing.T) {
	w := bankWorld(t)
	var h *api.HTTP
	post := func(path, body, key string) (int, string, bool) {
		t.Helper()
		r, a := httptest.NewRequest("POST", path, strings.NewReader(body)), httptest.NewRecorder()
		r.Header.Set("Idempotency-Key", key)
		h.ServeHTTP(a, r)
		return a.Code, a.Body.String(), a.Header().Get("Idempotency-Replayed") != ""
	}
	requests := [][3]string{
		{"/v1/features", spentView, "a"},
		{"/v1/models", `{"name": "m", "version": "1", "service": "all", "metrics": {"auc": 0.5}}`, "b"},
		{"/v1/features/batch", `{"features": ["place.x"], "rows": [{"k": "a", "event_time": "2024-03-01T00:00:00Z"}]}`, "c"},
		{"/v1/features/batch", `{"service": "all", "rows_file": "labels.csv", "format": "csv"}`, "d"},
	}
	h = api.New(w.live.options("")).HTTP()
	var answers []string
	for _, r := range requests {
		status, text, replayed := post(r[0], r[1], r[2])
		if status > 202 || replayed {
			t.Fatalf("%s: %d %s", r[0], status, text)
		}
		answers = append(answers, text)
	}
	if status, text, _ := post("/v1/features?yes=true", spentWeek, "e"); status != 201 {
		t.Fatalf("what comes between: %d %s", status, text)
	}
	if status, text, _ := post("/v1/models", `{"name": "m", "version": "1", "metrics": {"auc": 0.75}}`, "f"); status != 201 {
		t.Fatalf("what comes between: %d %s", status, text)
	}
	w.close()
	w.open()
	before := w.live.snapshot.Load().ID()
	h = api.New(w.live.options("")).HTTP()
	for i, r := range requests {
		if status, text, replayed := post(r[0], r[1], r[2]); status > 202 || text != answers[i] || !replayed {
			t.Errorf("%s again: %d %s, want %s", r[0], status, text, answers[i])
		}
	}
	s := w.live.snapshot.Load()
	m, err := s.Model("m", "1")
	v, other := s.Version("spent", "t", "")
	if s.ID() != before || err != nil || m.Metrics["auc"] != 0.75 || other != nil || v.Version != "2.0.0" || len(w.live.jobs.list) != 2 {
		t.Errorf("%d records, want %d; %+v %v; version %s; %d jobs", s.ID(), before, m, err, v.Version, len(w.live.jobs.list))
	}
}

func TestRequestsFolder(t *testing.T) {
	r := requests{filepath.Join(t.TempDir(), "requests")}
	want := map[string][]byte{}
	check := func() {
		t.Helper()
		if all, err := r.All(); err != nil || !maps.EqualFunc(all, want, bytes.Equal) {
			t.Errorf("got %q, want %q; %v", all, want, err)
		}
	}
	check() // before there is a folder
	for _, kept := range [][2]string{{"a", "1"}, {"b", "2"}, {"a", "3"}} {
		if err := r.Keep(kept[0], []byte(kept[1])); err != nil {
			t.Fatal(err)
		}
		want[kept[0]] = []byte(kept[1])
	}
	if err := os.WriteFile(filepath.Join(r.dir, "c"+unfinished), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	check()
	for range 2 {
		if err := r.Drop("a"); err != nil {
			t.Error(err)
		}
	}
	delete(want, "a")
	check()
	if entries, err := os.ReadDir(r.dir); err != nil || len(entries) != 1 {
		t.Errorf("%d files, want one: %v", len(entries), err)
	}
	r.dir = filepath.Join(r.dir, "b") // a file
	if err := r.Keep("x", nil); selfsame.ClassOf(err) != selfsame.ClassResource {
		t.Errorf("got %v", err)
	}
}
