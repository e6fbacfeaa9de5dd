// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	"selfsame"
	v1 "selfsame/api/selfsamev1"
)

// ledger is a fake of what stands behind changes.
type ledger struct {
	mu    sync.Mutex
	asked []string
	fail  error
	hold  chan struct{}
	in    chan struct{}
	late  error               // of what is recorded
	done  map[string]*Changed // by the key of a request, as a registry records it
}

func (l *ledger) Define(_ context.Context, d *Definitions) (*Changed, error) {
	if l.in != nil {
		l.in <- struct{}{}
		<-l.hold
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	expect := int64(-1)
	if d.Expect != nil {
		expect = *d.Expect
	}
	l.asked = append(l.asked, fmt.Sprintf("%s by %s: %s expect=%d %v %v %v sample=%d", d.Body, d.Author, d.Message, expect, d.DryRun, d.Draft, d.Yes, d.Sample))
	if l.fail != nil {
		return nil, l.fail
	}
	n := int64(len(l.asked))
	c := &Changed{Answer: map[string]any{"project": "p", "on": n - 1, "apply": n, "features": []any{}, "services": []any{}, "others": []any{}, "files": []any{}}, New: !d.DryRun, Apply: n}
	if d.Once == nil {
		return c, nil
	}
	if was := l.done[d.Once.Key+d.Once.Sum]; was != nil {
		again := *was
		again.Replayed = true
		return &again, nil
	}
	if l.done == nil {
		l.done = map[string]*Changed{}
	}
	l.done[d.Once.Key+d.Once.Sum] = c
	return c, l.late
}

func (l *ledger) Register(_ context.Context, body []byte, _ *Once) (*Changed, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, string(body))
	return &Changed{Answer: map[string]any{"record": 7}, New: true, Apply: 3}, l.fail
}

func TestDefine(t *testing.T) {
	l := &ledger{}
	doc := loadOpenAPI(t)
	h := New(Options{Changes: l}).HTTP()
	for _, c := range []struct {
		path, header string
		status       int
		want         string // what was asked, or part of the answer
	}{
		{"/v1/features", "", 201, "views: {} by :  expect=-1 false false false sample=0"},
		{"/features?dry_run=true&sample=5&author=ann&message=why", "", 200, "views: {} by ann: why expect=-1 true false false sample=5"},
		{"/v1/features?draft=1&yes=true&expect=3", "", 201, "views: {} by :  expect=3 false true true sample=0"},
		{"/v1/features", `"apply-12"`, 201, "views: {} by :  expect=12 false false false sample=0"},
		{"/v1/features", `*`, 201, "views: {} by :  expect=-1 false false false sample=0"},
		{"/v1/features", `"abc"`, 412, "is not what a change answered with"},
		{"/v1/features?dryrun=true", "", 400, "did you mean dry_run?"},
		{"/v1/features?yes=perhaps", "", 400, "is not true or false"},
		{"/v1/features?sample=1000000", "", 400, "is not from 0 to"},
		{"/v1/features?expect=-1", "", 400, "is not the number of an apply"},
	} {
		w := call(h, "POST", c.path, "views: {}", "If-Match", c.header)
		schema := "forecast"
		text := w.Body.String()
		if c.status >= 400 {
			schema = "problem"
		} else {
			text = l.asked[len(l.asked)-1]
			if want := fmt.Sprintf(`"apply-%d"`, len(l.asked)); w.Header().Get("ETag") != want {
				t.Errorf("%s: ETag %s, want %s", c.path, w.Header().Get("ETag"), want)
			}
		}
		if w.Code != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s %s: got %d %s", c.path, c.header, w.Code, text)
		}
		var v any
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		for _, p := range doc.check(doc.Components.Schemas[schema], v, schema) {
			t.Errorf("%s: %s", c.path, p)
		}
	}
	if w := call(h, "POST", "/v1/features", " "); w.Code != 400 {
		t.Errorf("an empty body: %d", w.Code)
	}
	if w := call(h, "POST", "/v1/features", "views: {}", "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Errorf("another site's page: %d", w.Code)
	}
	if w := call(h, "POST", "/v1/features/batch", "{}"); w.Code == 201 {
		t.Error("batch is taken for the name of something")
	}
	if w := call(New(Options{}).HTTP(), "POST", "/v1/models", "{}"); w.Code != 404 {
		t.Errorf("without a registry: %d", w.Code)
	}
}

// TestMistakesHaveTheirPlaces holds that every mistake of definitions is told with its place, and that a registry that moved is 412 or 409.
func TestMistakesHaveTheirPlaces(t *testing.T) {
	one := &selfsame.Error{Class: selfsame.ClassDefinition, Pos: selfsame.Pos{File: "body", Line: 3, Column: 7}, Message: "no such field", Excerpt: "x", Hint: "did you mean y?"}
	two := &selfsame.Error{Class: selfsame.ClassDefinition, Pos: selfsame.Pos{File: "body", Line: 9}, Ref: "view v", Message: "no source"}
	l := &ledger{fail: errors.Join(one, two)}
	h := New(Options{Changes: l}).HTTP()
	w := call(h, "POST", "/v1/features", "views: {}")
	var p struct {
		Status int
		Errors []struct {
			File, Ref, Detail, Excerpt, Hint string
			Line, Column                     int
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 422 || len(p.Errors) != 2 || p.Errors[0].Line != 3 || p.Errors[0].Column != 7 || p.Errors[0].Hint != "did you mean y?" ||
		p.Errors[1].Ref != "view v" || p.Errors[1].Detail != "no source" {
		t.Errorf("%d %s: %v", w.Code, w.Body, err)
	}
	_, err := v1.NewRegistryClient(dial(t, Options{Changes: l})).Define(t.Context(), &v1.DefineRequest{Definitions: []byte("views: {}")})
	var places []string
	for _, d := range status.Convert(err).Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, f := range bad.FieldViolations {
				places = append(places, f.Field+": "+f.Description)
			}
		}
	}
	if want := []string{"body:3:7: no such field\nx\n  hint: did you mean y?", "body:9: view v: no source"}; !slices.Equal(places, want) {
		t.Errorf("over gRPC: got %q, want %q", places, want)
	}
	l.fail = &selfsame.Error{Class: selfsame.ClassChanged, Message: "the newest is 4"}
	if w := call(h, "POST", "/v1/features", "views: {}", "If-Match", `"apply-3"`); w.Code != 412 {
		t.Errorf("If-Match: %d %s", w.Code, w.Body)
	}
	if w := call(h, "POST", "/v1/features?expect=3", "views: {}"); w.Code != 409 {
		t.Errorf("expect: %d %s", w.Code, w.Body)
	}
}

func TestIdempotencyKeys(t *testing.T) {
	l := &ledger{fail: errBusy}
	h := New(Options{Changes: l}).HTTP()
	post := func(path, body, key string) (int, string, http.Header) {
		w := call(h, "POST", path, body, "Idempotency-Key", key)
		return w.Code, w.Body.String(), w.Header()
	}
	if status, _, _ := post("/v1/features", "a", "k"); status != 429 {
		t.Errorf("the first try: %d", status)
	}
	l.fail = nil
	status, first, header := post("/v1/features", "a", "k")
	if status != 201 || header.Get("Idempotency-Replayed") != "" {
		t.Errorf("what failed is not done again: %d %s", status, first)
	}
	status, again, replayed := post("/v1/features", "a", "k")
	if status != 201 || again != first || replayed.Get("Idempotency-Replayed") != "true" || replayed.Get("ETag") != header.Get("ETag") || replayed.Get("Content-Type") != "application/json" || len(l.asked) != 2 {
		t.Errorf("the same request: %d %s %v", status, again, replayed)
	}
	for _, other := range [][2]string{{"/v1/features", "b"}, {"/v1/features?dry_run=true", "a"}, {"/v1/models", "a"}} {
		if status, text, _ := post(other[0], other[1], "k"); status != 409 || !strings.Contains(text, "another request") {
			t.Errorf("%v: %d %s", other, status, text)
		}
	}
	for name, key := range map[string]string{"a long key": strings.Repeat("k", 256), "an empty key": ""} {
		if status, _, _ := post("/v1/features", "a", key); status != 400 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, text, _ := post("/v1/models", `{"name":"m"}`, "m"); status != 201 || text != "{\"record\":7}\n" {
		t.Errorf("a model: %d %s", status, text)
	}
	for i := range mostKeys + 1 {
		post("/v1/features", "c", fmt.Sprint(i))
	}
	if status, text, _ := post("/v1/features", "b", "k"); status != 201 {
		t.Errorf("the oldest key is not forgotten: %d %s", status, text)
	}
}

// drawer is a fake of what keeps requests over a restart.
type drawer struct {
	mu   sync.Mutex
	all  map[string][]byte
	fail error
}

func (d *drawer) Keep(name string, b []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = map[string][]byte{}
	}
	if d.fail == nil {
		d.all[name] = slices.Clone(b)
	}
	return d.fail
}

func (d *drawer) Drop(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.all, name)
	return nil
}

func (d *drawer) All() (map[string][]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.all), d.fail
}

// TestIdempotencyKeysOutlastTheServer holds that a server that is started again answers as the one before it, and does nothing twice of what that one had begun.
func TestIdempotencyKeysOutlastTheServer(t *testing.T) {
	d, l, s := &drawer{}, &ledger{}, &shelf{}
	o := Options{Changes: l, Jobs: s, Kept: d}
	h := New(o).HTTP()
	post := func(path, key string, status int, want string) string {
		t.Helper()
		w := call(h, "POST", path, "views: {}", "Idempotency-Key", key)
		if w.Code != status || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s %s: got %d %s, want %d %s", path, key, w.Code, w.Body, status, want)
		}
		return w.Body.String()
	}
	key := "k\xff\"" // bytes of any kind
	first := post("/v1/features", key, 201, "apply")
	model := post("/v1/models", "m", 201, "record")
	job := post("/v1/features/batch", "j", 202, "job-00")
	l.fail = &selfsame.Error{Class: selfsame.ClassUsage, Message: "no"}
	post("/v1/features", "refused", 400, "no")
	l.fail = nil
	// The server ends while it does one more.
	l.in, l.hold = make(chan struct{}), make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		call(h, "POST", "/v1/features", "views: {}", "Idempotency-Key", "torn")
	}()
	<-l.in
	then, _ := d.All()
	close(l.hold)
	<-done
	l.in, d.all = nil, then
	if len(d.all) != 4 {
		t.Errorf("%d requests are kept, want 3 that were answered and one that was begun", len(d.all))
	}
	for range 2 {
		l.asked = nil
		h = New(o).HTTP()
		if again := post("/v1/features", key, 201, ""); again != first || len(l.asked) != 0 {
			t.Errorf("the same request after a restart: %s, asked %q", again, l.asked)
		}
		if post("/v1/models", "m", 201, "") != model || post("/v1/features/batch", "j", 202, "") != job || len(l.asked) != 0 || len(s.list) != 1 {
			t.Errorf("a model and a job after a restart: asked %q, %d jobs", l.asked, len(s.list))
		}
		post("/v1/models", key, 409, "another request")
	}
	// What was begun was recorded: it is answered as it was, by whatever server; one that was canceled too.
	replayed := func(key string) {
		t.Helper()
		for _, o := range []Options{o, {Changes: l}, o} {
			w := call(New(o).HTTP(), "POST", "/v1/features", "views: {}", "Idempotency-Key", key)
			if w.Code != 201 || w.Header().Get("Idempotency-Replayed") != "true" || w.Body.String() != string(mustJSON(t, l.done[onceKey(key)].Answer))+"\n" {
				t.Errorf("%s: got %d %v %s", key, w.Code, w.Header(), w.Body)
			}
		}
	}
	replayed("torn")
	l.late = context.Canceled
	h = New(o).HTTP()
	if w := call(h, "POST", "/v1/features", "views: {}", "Idempotency-Key", "left"); w.Code < 400 {
		t.Errorf("what was canceled: %d", w.Code)
	}
	l.late = nil
	replayed("left")
	if post("/v1/features", "refused", 201, "apply"); l.done[onceKey("refused")] == nil {
		t.Error("what was refused is taken for done")
	}
	d.fail = &selfsame.Error{Class: selfsame.ClassResource, Message: "the disk is full"}
	before := len(l.asked)
	post("/v1/features", "full", 503, "the disk is full")
	if h = New(o).HTTP(); len(l.asked) != before {
		t.Error("it was done, and is not kept")
	}
	post("/v1/features", "full", 503, "the disk is full")
	d.fail, d.all = nil, map[string][]byte{"broken": []byte("{")}
	h = New(o).HTTP()
	if post("/v1/features", "new", 201, "apply"); len(d.all) != 1 {
		t.Errorf("what cannot be read is still there: %d", len(d.all))
	}
}

// onceKey is what the fake of a registry knows a request of these tests by.
func onceKey(key string) string {
	x := &exchange{r: httptest.NewRequest("POST", "/v1/features", nil), body: []byte("views: {}")}
	sum := requestSum(x)
	return (&keyed{key: key}).name() + hex.EncodeToString(sum[:])
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestARunningRequestIsNotForgotten holds that however many keys come while a request runs, it is done once.
func TestARunningRequestIsNotForgotten(t *testing.T) {
	l := &ledger{in: make(chan struct{}), hold: make(chan struct{})}
	h := New(Options{Changes: l}).HTTP()
	var wg sync.WaitGroup
	answers := make([]string, 2)
	ask := func(i int) {
		wg.Go(func() { answers[i] = call(h, "POST", "/v1/features", "a", "Idempotency-Key", "k").Body.String() })
	}
	ask(0)
	<-l.in
	for i := range mostKeys + 2 {
		call(h, "POST", "/v1/models", "c", "Idempotency-Key", fmt.Sprint(i))
	}
	ask(1)
	close(l.hold)
	wg.Wait()
	if answers[0] != answers[1] {
		t.Errorf("got %s and %s", answers[0], answers[1])
	}
}

// TestIdempotencyKeysAtOnce holds that of requests of one key that come together one is done, and all get its answer.
func TestIdempotencyKeysAtOnce(t *testing.T) {
	l := &ledger{in: make(chan struct{}), hold: make(chan struct{})}
	h := New(Options{Changes: l}).HTTP()
	var wg sync.WaitGroup
	answers := make([]string, 8)
	for i := range answers {
		wg.Go(func() { answers[i] = call(h, "POST", "/v1/features", "a", "Idempotency-Key", "k").Body.String() })
	}
	<-l.in
	close(l.hold)
	wg.Wait()
	for _, a := range answers {
		if a != answers[0] || !strings.Contains(a, `"apply":1`) {
			t.Errorf("got %s and %s", answers[0], a)
		}
	}
	if len(l.asked) != 1 {
		t.Errorf("it was done %d times", len(l.asked))
	}
}
