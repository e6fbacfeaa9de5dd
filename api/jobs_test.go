// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfsame"
)

// shelf is a fake of jobs: those that were started, newest first.
type shelf struct {
	list []*Job
	fail error
}

func (s *shelf) Start(_ context.Context, body []byte) (*Job, error) {
	if s.fail != nil {
		return nil, s.fail
	}
	j := &Job{ID: fmt.Sprintf("job-%02d", len(s.list)), Status: JobQueued, Format: "csv"}
	if strings.Contains(string(body), "small") {
		j.Status, j.Format, j.Values, j.Rows = JobDone, "json", json.RawMessage(`[{"a":1}]`), 1
	}
	s.list = slices.Insert(s.list, 0, j)
	return j, nil
}

func (s *shelf) Job(_ context.Context, id string, end bool) (*Job, error) {
	for _, j := range s.list {
		if j.ID == id {
			if end {
				j.Status = JobCanceled
			}
			return j, nil
		}
	}
	return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "job " + id, Message: "there is no such job"}
}

func (s *shelf) Jobs(context.Context) ([]*Job, error) { return s.list, s.fail }

func TestJobs(t *testing.T) {
	s := &shelf{}
	h := New(Options{Jobs: s}).HTTP()
	doc := loadOpenAPI(t)
	ask := func(method, path, body string, status int, schema string, header ...string) map[string]any {
		t.Helper()
		w := call(h, method, path, body, header...)
		var v map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != status {
			t.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, status)
		}
		for _, p := range doc.check(doc.Components.Schemas[schema], v, schema) {
			t.Errorf("%s %s: %s", method, path, p)
		}
		return v
	}
	if v := ask("POST", "/v1/features/batch", `small`, 200, "job"); v["values"] == nil {
		t.Errorf("a small job: %v", v)
	}
	if w := call(h, "POST", "/features/batch", `{}`); w.Code != 202 || w.Header().Get("Location") != "/v1/jobs/job-01" {
		t.Errorf("a job: %d %v", w.Code, w.Header())
	}
	for range 2 {
		ask("POST", "/v1/features/batch", `{}`, 202, "job", "Idempotency-Key", "k")
	}
	if len(s.list) != 3 {
		t.Errorf("%d jobs with one key", len(s.list)-2)
	}
	one := ask("GET", "/v1/jobs?page_size=1", "", 200, "list_jobs")
	if one["total"].(float64) != 3 || fmt.Sprint(one["jobs"]) == "" {
		t.Errorf("a page: %v", one)
	}
	token := one["next_page_token"].(string)
	s.list = s.list[1:] // it is gone
	if next := ask("GET", "/v1/jobs?page_size=1&page_token="+token, "", 200, "list_jobs"); !strings.Contains(fmt.Sprint(next["jobs"]), "job-01") {
		t.Errorf("the next page: %v", next)
	}
	if w := call(h, "GET", "/v1/jobs/job-01", "", "If-None-Match", call(h, "GET", "/v1/jobs/job-01", "").Header().Get("ETag")); w.Code != 304 {
		t.Errorf("what the caller has: %d", w.Code)
	}
	ask("GET", "/v1/jobs/job-77", "", 404, "problem")
	ask("GET", "/v1/jobs?page=1", "", 400, "problem")
	if v := ask("DELETE", "/v1/jobs/job-01", "", 200, "job"); v["status"] != "canceled" {
		t.Errorf("canceled: %v", v)
	}
	ask("GET", "/v1/jobs/job-01/result", "", 404, "problem")
	ask("GET", "/v1/features/batch", "", 405, "problem")
	ask("POST", "/v1/jobs/job-01", "{}", 405, "problem")
	s.fail = errQueue
	if w := call(h, "POST", "/v1/features/batch", `{}`); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("too many: %d", w.Code)
	}
}

func TestJobResult(t *testing.T) {
	path := filepath.Join(t.TempDir(), "result.csv")
	if err := os.WriteFile(path, []byte("k,x\na,1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := &shelf{list: []*Job{{ID: "j", Status: JobDone, Path: path, Checksum: "abc", Bytes: 8}, {ID: "gone", Status: JobDone, Path: path + "x"}}}
	var reports []RequestReport
	h := New(Options{Jobs: s, Hooks: Hooks{Request: func(r RequestReport) { reports = append(reports, r) }}}).HTTP()
	for _, c := range []struct {
		header []string
		status int
		want   string
	}{
		{nil, 200, "k,x\na,1\n"},
		{[]string{"Range", "bytes=2-4"}, 206, "x\na"},
		{[]string{"Range", "bytes=2-4", "If-Range", `"other"`}, 200, "k,x\na,1\n"},
		{[]string{"If-None-Match", `"abc"`}, 304, ""},
		{[]string{"Range", "bytes=9-"}, 416, "invalid range: failed to overlap\n"},
	} {
		w := call(h, "GET", "/v1/jobs/j/result", "", c.header...)
		if w.Code != c.status || w.Body.String() != c.want {
			t.Errorf("%v: %d %q", c.header, w.Code, w.Body)
		}
		if r := reports[len(reports)-1]; r.Status != c.status || r.Out != int64(len(c.want)) || r.Route != "/v1/jobs/{id}/result" {
			t.Errorf("%v: reported as %+v", c.header, r)
		}
	}
	w := call(h, "GET", "/v1/jobs/j/result", "")
	if w.Header().Get("ETag") != `"abc"` || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") || !strings.Contains(w.Header().Get("Content-Disposition"), "j.csv") {
		t.Errorf("headers: %v", w.Header())
	}
	if w := call(h, "GET", "/v1/jobs/gone/result", ""); w.Code != 404 {
		t.Errorf("a result that is gone: %d", w.Code)
	}
}
