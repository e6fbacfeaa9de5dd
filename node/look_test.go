// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"selfsame"
	"selfsame/api"
	"selfsame/registry/catalogue"
)

// look asks, and returns the answer as JSON and, of a list, its keys.
func (w *liveWorld) look(q *api.Look) (text, keys string) {
	w.t.Helper()
	answer, err := w.live.Look(w.t.Context(), q)
	if err != nil {
		w.t.Fatalf("%+v: %v", q, err)
	}
	if l, ok := answer.(*api.Listing); ok {
		if len(l.Items) != len(l.Keys) {
			w.t.Errorf("%+v: %d items, %d keys", q, len(l.Items), len(l.Keys))
		}
		return "", strings.Join(l.Keys, " ")
	}
	b, err := json.Marshal(answer)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b), ""
}

type filter = map[string]string

func TestLook(t *testing.T) {
	w := bankWorld(t)
	ctx := t.Context()
	if _, err := w.live.Register(ctx, []byte(`{"name": "m", "version": "1", "service": "all", "author": "ann"}`), nil); err != nil {
		t.Fatal(err)
	}
	w.start(`{"service": "all", "rows_file": "labels.csv", "format": "csv"}`)
	for _, c := range []struct {
		q    api.Look
		want string
	}{
		{api.Look{Kind: "views"}, "fixed home last_pay owned paid place tapped"},
		{api.Look{Kind: "features", Filter: filter{"view": "home"}}, "home.x"},
		{api.Look{Kind: "features", Filter: filter{"query": "tapped"}}, "tapped.n"},
		{api.Look{Kind: "features", Filter: filter{"stage": "draft"}}, ""},
		{api.Look{Kind: "features", Filter: filter{"source": "taps"}}, "tapped.n"},
		{api.Look{Kind: "entities"}, "user"},
		{api.Look{Kind: "sources"}, "fixes homes pays places taps"},
		{api.Look{Kind: "models"}, "m@1"},
		{api.Look{Kind: "experiments"}, ""},
		{api.Look{Kind: "runs", Filter: filter{"kind": "snapshot"}}, ""},
	} {
		if _, keys := w.look(&c.q); keys != c.want {
			t.Errorf("%+v: got %s, want %s", c.q, keys, c.want)
		}
	}
	for _, c := range []struct {
		q    api.Look
		want []string
	}{
		{api.Look{Kind: "features", Name: "place.x"}, []string{`"kind":"feature"`, `"name":"place.x"`, `"version":"1.0.0"`, `"services":["all"]`, `"statistics":{`}},
		{api.Look{Kind: "features", Name: "place.x", Part: "versions"}, []string{`"name":"place.x"`, `"found":"new"`}},
		{api.Look{Kind: "services", Name: "all", Part: "versions"}, []string{`"version":1`, `"entries":[`}},
		{api.Look{Kind: "sources", Name: "pays"}, []string{`"newest":`}},
		{api.Look{Kind: "models", Name: "m@1"}, []string{`"service_version":1`}},
		{api.Look{Kind: "features", Name: "paid.s", Part: "lineage", Filter: filter{"direction": "up"}}, []string{"pays"}},
		{api.Look{Kind: "features", Name: "paid.s", Part: "lineage", Filter: filter{"format": "tree"}}, []string{"pays"}},
		{api.Look{Kind: "features", Name: "paid.s", Part: "lineage", Filter: filter{"entity": "a", "at": "1709251200000000", "limit": "5"}}, []string{`"windows":[`, `"value":"a"`}},
	} {
		text, _ := w.look(&c.q)
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%+v: %s lacks %s", c.q, text, want)
			}
		}
	}
	if _, keys := w.look(&api.Look{Kind: "history", Filter: filter{"ref": "place"}}); !strings.Contains(keys, "place.x") || strings.Contains(keys, "paid") {
		t.Errorf("history: %s", keys)
	}
	if _, keys := w.look(&api.Look{Kind: "history", Filter: filter{"until": "5"}}); keys != "" {
		t.Errorf("history before all: %s", keys)
	}
	if _, keys := w.look(&api.Look{Kind: "runs", Filter: filter{"service": "all"}}); len(keys) != 36 {
		t.Errorf("runs: %s", keys)
	}
	for _, c := range []struct {
		q    api.Look
		want selfsame.ErrorClass
	}{
		{api.Look{Kind: "features", Name: "place.y"}, selfsame.ClassNotFound},
		{api.Look{Kind: "views", Name: "place.x"}, selfsame.ClassNotFound},
		{api.Look{Kind: "features", Filter: filter{"stage": "new"}}, selfsame.ClassUsage},
		{api.Look{Kind: "features", Filter: filter{"unused": "perhaps"}}, selfsame.ClassUsage},
		{api.Look{Kind: "features", Name: "paid.s", Part: "lineage", Filter: filter{"direction": "left"}}, selfsame.ClassUsage},
		{api.Look{Kind: "features", Name: "paid.s", Part: "lineage", Filter: filter{"columns": "no way"}}, selfsame.ClassUsage},
		{api.Look{Kind: "features", Name: "paid.s", Part: "lineage", Filter: filter{"format": "png"}}, selfsame.ClassUsage},
		{api.Look{Kind: "features", Name: "paid.s", Part: "lineage", Filter: filter{"entity": "a", "limit": "x"}}, selfsame.ClassUsage},
	} {
		if _, err := w.live.Look(ctx, &c.q); selfsame.ClassOf(err) != c.want {
			t.Errorf("%+v: got %v, want %s", c.q, err, c.want)
		}
	}
}

// impatient ends after it was asked some times.
type impatient struct {
	context.Context
	left int
}

func (c *impatient) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestUsageCounter holds that reads are counted by day from where counting stood, and leave the count when they are old.
func TestUsageCounter(t *testing.T) {
	w := bankWorld(t)
	ctx := t.Context()
	w.close()
	c := *w.live.Config
	c.JournalSample = 1
	l, err := OpenLive(ctx, LiveConfig{Config: &c, Project: w.project, Now: w.clock.Load, Notify: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	read := func(q *api.Question, n int) {
		t.Helper()
		q.Rows = askedFor()
		for range n {
			a, err := l.Features(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			a.Release()
		}
		// A prediction is durable when it is taken, and so is what came before it.
		if err := l.journal.Predict(ctx, &api.Prediction{RequestID: "r", Model: "m", Score: selfsame.Value{Type: selfsame.Scalar(selfsame.Float64)}}); err != nil {
			t.Fatal(err)
		}
	}
	count := func(name string, want catalogue.Usage) {
		t.Helper()
		got, err := l.looking.usage.count(ctx, w.clock.Load())
		if err != nil || got[name] != want {
			t.Errorf("%s: got %+v, want %+v, %v", name, got[name], want, err)
		}
	}
	at := w.clock.Load()
	read(&api.Question{Service: "all"}, 2)
	count("all", catalogue.Usage{Requests: 2, Rows: 8, Last: selfsame.Instant(at)})
	count("place.x", catalogue.Usage{Requests: 2, Rows: 8, Last: selfsame.Instant(at)})
	w.clock.Add(10 * selfsame.DayLength)
	read(&api.Question{References: []string{"place.x"}}, 1)
	count("all", catalogue.Usage{Requests: 2, Rows: 8, Last: selfsame.Instant(at)})
	count("place.x", catalogue.Usage{Requests: 3, Rows: 12, Last: selfsame.Instant(w.clock.Load())})
	last := w.clock.Load()
	w.clock.Add(25 * selfsame.DayLength)
	count("all", catalogue.Usage{})
	count("place.x", catalogue.Usage{Requests: 1, Rows: 4, Last: selfsame.Instant(last)})
	var got map[string]catalogue.Usage
	for c, left := (&usageCounter{dir: l.looking.usage.dir}), 1; got == nil; left++ {
		was := c.from
		if got, err = c.count(&impatient{t.Context(), left}, last); err != nil && (left > 50 || left > 5 && c.from == was) {
			t.Fatalf("a count that was stopped is no further: %v at %v", err, was)
		}
	}
	if want := (catalogue.Usage{Requests: 3, Rows: 12, Last: selfsame.Instant(last)}); got["place.x"] != want {
		t.Errorf("counted in parts: %+v, want %+v", got["place.x"], want)
	}
	l.looking.usage.dir += "-none"
	if got, err := l.looking.usage.count(ctx, last); got != nil || err != nil {
		t.Errorf("without a journal: %v, %v", got, err)
	}
}
