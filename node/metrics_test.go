// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"selfsame/api"
)

func TestMetrics(t *testing.T) {
	m := NewMetrics()
	var told error
	hooks := m.Hooks(func(_ string, err error) { told = err })
	read := api.RequestReport{Protocol: "http", Route: "/v1/services/{service}/features", Status: 200, Took: 3 * time.Millisecond, Rows: 2, In: 10, Out: 100}
	hooks.Request(read)
	hooks.Request(read)
	read.Status = 429
	hooks.Request(read)
	hooks.Steps("http", []api.Step{{Name: "read", Milliseconds: 0.25}, {Name: "encode", Milliseconds: 2}})
	hooks.Cache(3, 1)
	hooks.Pushed("clicks", &[api.FateCount]int64{api.Accepted: 7, api.Late: 2}, 300)
	hooks.Failed("/v1/events/{source}", errors.New("a fault"))
	if err := m.Gauge("applied_offset", "Next offset that is not applied.", func() float64 { return 42 }); err != nil {
		t.Fatal(err)
	}
	if err := m.Gauge("applied_offset", "Twice.", func() float64 { return 43 }); err == nil {
		t.Error("a name is taken twice")
	}
	if err := m.Total("journal_dropped_total", "Served vectors that were not journaled.", func() float64 { return 5 }); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`selfsame_requests_total{protocol="http",route="/v1/services/{service}/features",status="200"} 2`,
		`selfsame_requests_total{protocol="http",route="/v1/services/{service}/features",status="429"} 1`,
		`selfsame_refused_total{protocol="http",route="/v1/services/{service}/features"} 1`,
		`selfsame_rows_total{protocol="http",route="/v1/services/{service}/features"} 6`,
		`selfsame_bytes_total{direction="out",protocol="http"} 300`,
		`selfsame_request_seconds_bucket{protocol="http",route="/v1/services/{service}/features",le="0.003"} 3`,
		`selfsame_step_seconds_bucket{protocol="http",step="read",le="0.0002"} 0`,
		`selfsame_step_seconds_bucket{protocol="http",step="read",le="0.0003"} 1`,
		`selfsame_step_seconds_sum{protocol="http",step="encode"} 0.002`,
		`selfsame_cache_entities_total{outcome="hit"} 3`,
		`selfsame_cache_entities_total{outcome="miss"} 1`,
		`selfsame_events_total{fate="accepted",source="clicks"} 7`,
		`selfsame_events_total{fate="late",source="clicks"} 2`,
		`selfsame_events_total{fate="conflict",source="clicks"} 0`,
		`selfsame_event_bytes_total{source="clicks"} 300`,
		`selfsame_faults_total{route="/v1/events/{source}"} 1`,
		`selfsame_applied_offset 42`,
		`selfsame_journal_dropped_total 5`,
		`go_goroutines `,
	} {
		if !strings.Contains(w.Body.String(), "\n"+want) {
			t.Errorf("there is no line %s", want)
		}
	}
	if told == nil {
		t.Error("a fault is counted and not told")
	}
	if t.Failed() {
		t.Log(w.Body.String())
	}
}

// TestMetricsMakeNothingARequest holds the path of a request to memory that is there already.
func TestMetricsMakeNothingARequest(t *testing.T) {
	hooks := NewMetrics().Hooks(nil)
	read := api.RequestReport{Protocol: "http", Route: "/v1/features/online", Status: 200, Took: time.Millisecond, Rows: 1}
	steps := []api.Step{{Name: "read", Milliseconds: 1}}
	fates := &[api.FateCount]int64{1}
	got := testing.AllocsPerRun(100, func() {
		hooks.Request(read)
		hooks.Steps("grpc", steps)
		hooks.Pushed("clicks", fates, 10)
	})
	if got > 3 { // the keys of three look-ups
		t.Errorf("a request makes %v allocations", got)
	}
}
