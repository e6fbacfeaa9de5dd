// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"selfsame"
)

// index is a fake registry: a list of features, and one answer for everything else.
type index struct {
	names []string
	asked []string
	text  bool
}

func (r *index) Look(_ context.Context, q *Look) (any, error) {
	var filter []string
	for _, k := range slices.Sorted(maps.Keys(q.Filter)) {
		filter = append(filter, k+"="+q.Filter[k])
	}
	r.asked = append(r.asked, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", q.Kind, q.Name, q.Part, strings.Join(filter, " "))))
	switch {
	case q.Name == "none":
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: q.Name, Message: "there is no such thing"}
	case r.text && q.Part == "lineage":
		return "a tree\n", nil
	case q.Name != "":
		return map[string]any{"kind": "feature", "name": q.Name}, nil
	}
	l := &Listing{}
	for _, n := range r.names {
		l.Items, l.Keys = append(l.Items, map[string]any{"kind": "feature", "name": n}), append(l.Keys, n)
	}
	return l, nil
}

func TestLook(t *testing.T) {
	r := &index{}
	h := New(Options{Registry: r}).HTTP()
	for _, c := range []struct {
		path   string
		status int
		want   string // what was asked, or of the problem
	}{
		{"/v1/features", 200, "features"},
		{"/features?query=a+b&owner=o&tag=t&entity=e&view=v&source=s&service=x&stage=draft&unused=true", 200, "features   entity=e owner=o query=a b service=x source=s stage=draft tag=t unused=true view=v"},
		{"/v1/features/v.f%401", 200, "features v.f@1"},
		{"/v1/features/v.f/versions", 200, "features v.f versions"},
		{"/v1/features/v.f/lineage?direction=up&at=1970-01-01T00:00:01Z", 200, "features v.f lineage at=1000000 direction=up"},
		{"/v1/features/v.f/lineage?entity=u1&amount=5", 200, "features v.f lineage amount=5 entity=u1"},
		{"/v1/views/v/lineage?format=tree", 200, "views v lineage format=tree"},
		{"/v1/entities/e", 200, "entities e"},
		{"/v1/sources/s/lineage", 200, "sources s lineage"},
		{"/v1/services/s", 200, "services s"},
		{"/v1/services/s/versions", 200, "services s versions"},
		{"/v1/models?stage=retired", 200, "models   stage=retired"},
		{"/v1/models/m%401", 200, "models m@1"},
		{"/v1/experiments", 200, "experiments"},
		{"/v1/experiments/fraud", 200, "experiments fraud"},
		{"/v1/runs?kind=train", 200, "runs   kind=train"},
		{"/v1/history?since=5&ref=v.f", 200, "history   ref=v.f since=5"},
		{"/v1/features/none", 404, "there is no such thing"},
		{"/v1/features?quer=a", 400, "did you mean query?"},
		{"/v1/features?query=a&query=b", 400, "2 times"},
		{"/v1/views/v/lineage?entity=u1&amount=5", 400, "there is no such parameter"},
		{"/v1/history?since=yesterday", 400, "yesterday"},
		{"/v1/features?page_size=0", 400, "is not from 1 to 1000"},
		{"/v1/features?page_size=1001", 400, "is not from 1 to 1000"},
		{"/v1/features?page_token=xyz", 400, "next_page_token"},
		{"/v1/runs/5", 404, "there is no such path"},
	} {
		w := call(h, "GET", c.path, "")
		got := w.Body.String()
		if c.status == 200 {
			got = r.asked[len(r.asked)-1]
		}
		if w.Code != c.status || (c.status == 200 && got != c.want) || !strings.Contains(got, c.want) {
			t.Errorf("%s: %d %q, want %d %q", c.path, w.Code, got, c.status, c.want)
		}
	}
	r.text = true
	if w := call(h, "GET", "/v1/features/v.f/lineage?format=tree", ""); w.Body.String() != "a tree\n" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("a text: %q %v", w.Body, w.Header())
	}
	if w := call(New(Options{}).HTTP(), "GET", "/v1/features", ""); w.Code != 404 {
		t.Errorf("without a registry: %d", w.Code)
	}
}

// TestPages holds that every item comes once however large pages are, and that what comes and goes between two pages repeats nothing and passes nothing over.
func TestPages(t *testing.T) {
	r := &index{}
	for i := range 7 {
		r.names = append(r.names, fmt.Sprintf("f%d", i))
	}
	h := New(Options{Registry: r}).HTTP()
	page := func(size int, token string) (names []string, next string) {
		t.Helper()
		var p struct {
			Features []struct{ Name string }
			Total    int
			Next     string `json:"next_page_token"`
		}
		w := call(h, "GET", fmt.Sprintf("/v1/features?page_size=%d&page_token=%s", size, token), "")
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Total != len(r.names) {
			t.Fatalf("%s: %v", w.Body, err)
		}
		for _, f := range p.Features {
			names = append(names, f.Name)
		}
		return names, p.Next
	}
	for size := 1; size <= 8; size++ {
		var all []string
		for names, token := page(size, ""); ; names, token = page(size, token) {
			if all = append(all, names...); token == "" {
				break
			}
		}
		if !slices.Equal(all, r.names) {
			t.Errorf("pages of %d: %q", size, all)
		}
	}
	_, token := page(3, "")
	r.names = slices.Insert(slices.Delete(r.names, 2, 3), 0, "a") // f2, the last seen, goes, and one comes before
	if names, _ := page(3, token); !slices.Equal(names, []string{"f3", "f4", "f5"}) {
		t.Errorf("after a change: %q", names)
	}
	slices.Reverse(r.names)
	if w := call(h, "GET", "/v1/features?page_token="+token, ""); w.Code != 400 || !strings.Contains(w.Body.String(), "not in the list any more") {
		t.Errorf("in a list that does not go by name: %d %s", w.Code, w.Body)
	}
}

func TestETags(t *testing.T) {
	r := &index{names: []string{"a"}}
	h := New(Options{Registry: r}).HTTP()
	tag := call(h, "GET", "/v1/features", "").Header().Get("ETag")
	for _, c := range []struct {
		header string
		status int
	}{{tag, 304}, {"W/" + tag, 304}, {`"x", ` + tag, 304}, {"*", 304}, {`"x"`, 200}} {
		if w := call(h, "GET", "/v1/features", "", "If-None-Match", c.header); w.Code != c.status || (c.status == 304) != (w.Body.Len() == 0) {
			t.Errorf("%s: %d %s", c.header, w.Code, w.Body)
		}
	}
	services := New((&store{}).options()).HTTP()
	if w := call(services, "GET", "/v1/services", "", "If-None-Match", call(services, "GET", "/v1/services", "").Header().Get("ETag")); w.Code != 304 {
		t.Errorf("services: %d", w.Code)
	}
	r.names = []string{"b"}
	if w := call(h, "GET", "/v1/features", "", "If-None-Match", tag); w.Code != 200 || w.Header().Get("ETag") == tag {
		t.Errorf("after a change: %d %v", w.Code, w.Header())
	}
}
