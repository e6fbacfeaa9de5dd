// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"selfsame/api"
	"selfsame/internal/postgresql"
)

// posts sends a request with a key to a server as if it had just been started.
func (m *member) posts(path, body, key string) *httptest.ResponseRecorder {
	o := m.options("")
	r, a := httptest.NewRequest("POST", path, strings.NewReader(body)), httptest.NewRecorder()
	r.Header.Set("Idempotency-Key", key)
	api.New(o).HTTP().ServeHTTP(a, r)
	return a
}

// TestKeysOfAllServers sends requests with a key again at another server of the registry, after others have changed what they changed: the answer is that of
// the first server, byte for byte, nothing is undone, and the other server serves what is answered.
func TestKeysOfAllServers(t *testing.T) {
	project, url := writeProject(t, map[string]string{"selfsame.yaml": sharedShop}), postgresql.URL(t)
	a := join(t, project, t.TempDir(), url, true, time.Hour) // told of nothing: what it knows it has asked for
	if _, err := a.ApplyFirst(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := join(t, project, t.TempDir(), url, true, time.Hour)
	const sum, least = "views:\n  orders: {entity: user, source: orders, features: {n: sum(amount)}}\n", "views:\n  orders: {entity: user, source: orders, features: {n: min(amount)}}\n"
	requests := [][3]string{
		{"/v1/features?yes=true&message=%3C%26%3E", sum, "a"},
		{"/v1/features", sum, "nothing to do"},
		{"/v1/models", `{"name": "m", "version": "1", "service": "fraud", "metrics": {"auc": 0.5}, "notes": "<&>"}`, "b"},
		{"/v1/models", `{"name": "m", "version": "1", "metrics": {"auc": 0.5}}`, "nothing to add"},
	}
	var first []*httptest.ResponseRecorder
	for i, r := range requests {
		w := a.posts(r[0], r[1], r[2])
		if w.Code != 201-i%2 {
			t.Fatalf("%s: %d %s", r[0], w.Code, w.Body)
		}
		first = append(first, w)
	}
	again := func(m *member) {
		t.Helper()
		for i, r := range requests {
			w := m.posts(r[0], r[1], r[2])
			if w.Code != first[i].Code || w.Body.String() != first[i].Body.String() || w.Header().Get("ETag") != first[i].Header().Get("ETag") || w.Header().Get("Idempotency-Replayed") != "true" {
				t.Errorf("%s again: %d %v %s\nwant %d %v %s", r[2], w.Code, w.Header(), w.Body, first[i].Code, first[i].Header(), first[i].Body)
			}
		}
	}
	again(b)
	b.asks("2.0.0", 0)
	if w := b.posts("/v1/features?yes=true", least, "c"); w.Code != 201 {
		t.Fatalf("what comes between: %d %s", w.Code, w.Body)
	}
	if w := b.posts("/v1/models", `{"name": "m", "version": "1", "metrics": {"auc": 0.75}}`, "d"); w.Code != 201 {
		t.Fatalf("what comes between: %d %s", w.Code, w.Body)
	}
	for _, m := range []*member{a, b} {
		again(m)
		if w := m.posts("/v1/models", "{}", "a"); w.Code != 409 || !strings.Contains(w.Body.String(), "another request") {
			t.Errorf("the key of another request: %d %s", w.Code, w.Body)
		}
	}
	s, err := a.registry.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v, missing := s.Version("orders", "n", "")
	m, unknown := s.Model("m", "1")
	if missing != nil || unknown != nil || v.Version != "3.0.0" || m.Metrics["auc"] != 0.75 || s.ID() != 7 {
		t.Errorf("version %s, %v; %+v, %v; %d records", v.Version, missing, m, unknown, s.ID())
	}
	for _, e := range s.History(0, time.Now().UnixMicro()) {
		if e.Record == 3 || e.Record == 5 {
			t.Errorf("a request without a change is told as one: %+v", e)
		}
	}
}
