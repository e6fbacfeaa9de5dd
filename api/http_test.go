// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"selfsame"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files")

// golden compares a text with a file of testdata.
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

// session sends the requests of a script, one a paragraph: a line METHOD PATH [Header: value], then the body, and writes what came back and what the
// fake was asked.
func session(t *testing.T, s *store, script string) string {
	t.Helper()
	h := New(s.options()).HTTP()
	var out strings.Builder
	for request := range strings.SplitSeq(strings.TrimSpace(script), "\n\n") {
		head, body, _ := strings.Cut(request, "\n")
		out.WriteString("> " + head + "\n" + body)
		if body != "" {
			out.WriteString("\n")
		}
		words := strings.Fields(head)
		r := httptest.NewRequest(words[0], words[1], strings.NewReader(body))
		r.RemoteAddr = "127.0.0.1:4711"
		for i := 2; i+1 < len(words); i += 2 {
			r.Header.Set(strings.TrimSuffix(words[i], ":"), strings.ReplaceAll(words[i+1], "_", " "))
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Fprintf(&out, "< %d %s", w.Code, w.Header().Get("Content-Type"))
		for _, k := range []string{"Allow", "Retry-After", "WWW-Authenticate"} {
			if v := w.Header().Get(k); v != "" {
				out.WriteString(" " + k + "=" + v)
			}
		}
		out.WriteString("\n" + w.Body.String())
		for _, q := range append(append(s.questions, s.events...), s.records...) {
			out.WriteString("! " + q + "\n")
		}
		s.questions, s.events, s.records = nil, nil, nil
		out.WriteString("\n")
		if strings.Contains(w.Header().Get("Content-Type"), "json") && words[0] != "HEAD" && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: the answer is no JSON: %s", head, w.Body)
		}
	}
	return out.String()
}

func TestSessions(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.http")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no sessions", err)
	}
	for _, path := range scripts {
		script, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := &store{}
		if filepath.Base(path) == "one.http" {
			s.answer = func(q *Question) *Answer {
				return &Answer{RequestID: "r2", Service: q.Service, Version: 1, Rows: 1, Cut: "c", Columns: []AnswerColumn{
					{Name: "user_spend__txns_1h", Reference: "user_spend.txns_1h@1.0.0", Definition: "ab12", Values: of(selfsame.Int64, num(3))}}}
			}
		}
		golden(t, strings.TrimSuffix(filepath.Base(path), ".http")+".golden", session(t, s, string(script)))
	}
}

func call(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:4711"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const question = `{"service":"fraud","rows":[{"user_id":"u1"}]}`

func TestPackedBodies(t *testing.T) {
	s := &store{}
	o := s.options()
	o.MaxBytes = 2000
	h := New(o).HTTP()
	pack := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write([]byte(text))
		z.Close()
		return b.String()
	}
	for _, c := range []struct {
		body, encoding string
		status         int
	}{
		{pack(question), "gzip", 200},
		{pack(question), "GZIP", 200},
		{question, "identity", 200},
		{pack(question)[:30], "gzip", 400},
		{question, "gzip", 400},
		{question, "br", 400},
		{pack(strings.Repeat(" ", 1<<20) + question), "gzip", 413},
		{strings.Repeat(" ", 3000) + question, "", 413},
	} {
		if w := call(h, "POST", "/v1/features/online", c.body, "Content-Encoding", c.encoding); w.Code != c.status {
			t.Errorf("%s of %d bytes: got %d %s, want %d", c.encoding, len(c.body), w.Code, w.Body, c.status)
		}
	}
	if got := h.purse.left.Load(); got != o.withDefaults().BodyBytes {
		t.Errorf("%d bytes are left for bodies, want all", got)
	}
}

// TestRecordsOfACallAreStoredTogether holds that a list is one call of what stores it, and that a list with a fault stores nothing.
func TestRecordsOfACallAreStoredTogether(t *testing.T) {
	s := &store{}
	h := New(s.options()).HTTP()
	for path, value := range map[string]string{"/v1/predictions": "score", "/v1/outcomes": "label"} {
		s.calls, s.records = 0, nil
		list := fmt.Sprintf(`[{"request_id":"r1","%[1]s":1},{"request_id":"r2","%[1]s":"x","row":3},{"request_id":"r3","%[1]s":true}]`, value)
		if w := call(h, "POST", path, list); w.Code != 200 || s.calls != 1 || len(s.records) != 3 || !strings.HasPrefix(s.records[1], "r2[3]") {
			t.Errorf("%s: got %d %s, %d calls with %q", path, w.Code, w.Body, s.calls, s.records)
		}
		if w := call(h, "POST", path, list[:len(list)-1]+`,{"request_id":"r4"}]`); w.Code != 400 || s.calls != 1 {
			t.Errorf("%s: got %d %s, %d calls", path, w.Code, w.Body, s.calls)
		}
		if w := call(h, "POST", path, `[]`); w.Code != 200 || s.calls != 1 {
			t.Errorf("%s: got %d %s for nothing, %d calls", path, w.Code, w.Body, s.calls)
		}
	}
}

func TestPanicIsAnError(t *testing.T) {
	var failed error
	s := &store{panic: true}
	o := s.options()
	o.Hooks.Failed = func(_ string, err error) { failed = err }
	h := New(o).HTTP()
	for _, path := range []string{"/v1/features/online", "/v1/events/clicks"} {
		w := call(h, "POST", path, question)
		if w.Code != 500 || strings.Contains(w.Body.String(), "goroutine") || !strings.Contains(w.Body.String(), `"type":"internal"`) {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
		if failed == nil || len(Stack(failed)) == 0 {
			t.Errorf("%s: the hook was told %v", path, failed)
		}
		failed = nil
	}
	if n := h.gate.runs; n != 0 {
		t.Errorf("%d slots are not given back", n)
	}
}

func TestBusyIsSaidAtOnce(t *testing.T) {
	s := &store{hold: make(chan struct{}), in: make(chan struct{}, 10)}
	o := s.options()
	o.Running, o.Waiting, o.Patience = 2, 1, time.Minute
	h := New(o).HTTP()
	answers := make(chan int, 3)
	for range 3 {
		go func() { answers <- call(h, "POST", "/v1/features/online", question).Code }()
	}
	<-s.in
	<-s.in
	for h.gate.inside.Load() < 3 {
		runtime.Gosched() // the third is on its way to the queue; it can do nothing else
	}
	w := call(h, "POST", "/v1/features/online", question)
	if w.Code != 429 || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), `"retry_after_ms":100`) {
		t.Errorf("got %d %v %s, want 429 with Retry-After", w.Code, w.Header(), w.Body)
	}
	close(s.hold)
	for range 3 {
		if code := <-answers; code != 200 {
			t.Errorf("got %d for a request that was let in", code)
		}
	}
	if s.free != 3 || h.gate.runs != 0 || h.gate.inside.Load() != 0 {
		t.Errorf("%d answers are given back, %d slots are taken, %d inside", s.free, h.gate.runs, h.gate.inside.Load())
	}
}

func TestDeadlines(t *testing.T) {
	s := &store{hold: make(chan struct{})}
	h := New(s.options()).HTTP()
	w := call(h, "POST", "/v1/features/online", question, "Selfsame-Timeout", "1ms")
	if w.Code != 504 || !strings.Contains(w.Body.String(), `"type":"canceled"`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := call(h, "POST", "/v1/features/online", question, "Selfsame-Timeout", "soon"); w.Code != 400 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "POST", "/v1/features/online", strings.NewReader(question))
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if rec.Code != 499 {
		t.Errorf("got %d %s, want 499", rec.Code, rec.Body)
	}
}

func TestManyNamesAreRefused(t *testing.T) {
	var row strings.Builder
	for i := range 1001 {
		fmt.Fprintf(&row, `,"k%d":1`, i)
	}
	if w := call(New((&store{}).options()).HTTP(), "POST", "/v1/features/online", `{"service":"a","entity":{`+row.String()[1:]+`}}`); w.Code != 413 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestReadiness(t *testing.T) {
	s := &store{ready: errOrdinary}
	h := New(s.options()).HTTP()
	if w := call(h, "GET", "/readyz", ""); w.Code != 503 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := call(h, "GET", "/healthz", ""); w.Code != 200 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	for behind, want := range map[string]string{"": `{"status":"ready"}`, "the \"registry\" is away": `{"status":"ready","behind":"the \"registry\" is away"}`} {
		s.ready, s.behind = nil, behind
		if w := call(h, "GET", "/readyz", ""); w.Code != 200 || w.Body.String() != want+"\n" {
			t.Errorf("got %d %s, want %s", w.Code, w.Body, want)
		}
	}
}

func TestRequestsOfOtherSites(t *testing.T) {
	h := New((&store{}).options()).HTTP()
	if w := call(h, "POST", "/v1/events/clicks", `{}`, "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := call(h, "POST", "/v1/events/clicks", `{}`, "Sec-Fetch-Site", "same-origin"); w.Code != 200 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestAdminIsGuarded(t *testing.T) {
	s := &store{}
	h := New(s.options()).HTTP()
	bearer := []string{"Authorization", "Bearer secret"}
	if w := call(h, "POST", "/admin/audit", "{}", bearer...); w.Code != 200 || strings.Count(w.Body.String(), "\n") != 2 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := call(h, "POST", "/admin/nothing", "", bearer...); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	for _, token := range []string{"", "Bearer", "Bearer secret2", "secret", "Basic secret"} {
		if w := call(h, "POST", "/admin/audit", "{}", "Authorization", token); w.Code != 401 {
			t.Errorf("%q: got %d", token, w.Code)
		}
	}
	r := httptest.NewRequest("POST", "/admin/audit", nil)
	r.RemoteAddr = "10.0.0.7:1"
	r.Header.Set("Authorization", "Bearer secret")
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != 403 {
		t.Errorf("from another machine: got %d", w.Code)
	}
	s.fail = &selfsame.Error{Class: selfsame.ClassNotFound, Message: "there is no prediction p1"}
	if w := call(h, "POST", "/admin/explain", "{}", bearer...); w.Code != 404 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	w = call(h, "POST", "/admin/half", "{}", bearer...)
	lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
	if w.Code != 200 || len(lines) != 3 || !strings.HasPrefix(lines[2], `{"error":{"type":"not_found"`) || !json.Valid([]byte(lines[2])) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestHooksAreTold(t *testing.T) {
	s := &store{}
	var reports []RequestReport
	var steps []string
	var fates int64
	var hits int64
	o := s.options()
	o.Hooks = Hooks{
		Request: func(r RequestReport) { r.Took = 0; reports = append(reports, r) },
		Steps: func(protocol string, list []Step) {
			for _, x := range list {
				steps = append(steps, protocol+" "+x.Name)
			}
		},
		Cache:  func(h, _ int64) { hits += h },
		Pushed: func(_ string, n *[FateCount]int64, _ int64) { fates += n[Accepted]*10 + n[Late] },
	}
	h := New(o).HTTP()
	out := call(h, "POST", "/services/fraud/features", `{"entity":{"user_id":1}}`).Body.Len()
	call(h, "POST", "/v1/events/clicks", `[{},{},{}]`)
	call(h, "GET", "/wherever", "")
	want := []RequestReport{
		{Protocol: "http", Route: "/v1/services/{service}/features", Status: 200, Rows: 2, In: 24, Out: int64(out)},
		{Protocol: "http", Route: "/v1/events/{source}", Status: 200, Rows: 3, In: 10, Out: reports[1].Out},
		{Protocol: "http", Route: "other", Status: 404, Out: reports[2].Out},
	}
	if fmt.Sprint(reports) != fmt.Sprint(want) || fmt.Sprint(steps) != "[http queue http read http encode]" || fates != 21 || hits != 2 {
		t.Errorf("got %+v, %v, %d, %d; want %+v", reports, steps, fates, hits, want)
	}
}
