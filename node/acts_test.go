// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/json"
	"strings"
	"testing"

	"selfsame"
	"selfsame/api"
	"selfsame/registry"
)

// till is a project whose view selects rows of one source by a condition: another condition is another state.
const till = `project: till
entities:
  user: {key: {k: string}}
sources:
  pays:
    schema: {k: string, x: int64, id: string, at: timestamp}
    event_time: at
    id: id
    batch: {path: pays.csv}
    stream: {push: true}
views:
  paid: {entity: user, source: pays, where: x > 10, features: {s: sum(x)}}
  same: {entity: user, source: pays, where: x > 10, features: {n: count(*)}}
services:
  all: {features: [paid.s]}
`

func (w *liveWorld) act(a *ActArgs) (*Acted, error) {
	w.t.Helper()
	b, err := json.Marshal(a)
	if err != nil {
		w.t.Fatal(err)
	}
	var out *Acted
	err = w.live.Do(w.t.Context(), "act", b, func(line []byte) error { return json.Unmarshal(line, &out) })
	return out, err
}

func (w *liveWorld) acts(a *ActArgs) *Acted {
	w.t.Helper()
	out, err := w.act(a)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// sum is what a version of the service answers for user a.
func (w *liveWorld) sum(version int64) (int64, error) {
	a, err := w.live.Features(w.t.Context(), &api.Question{Service: "all", Version: version, EntityID: "a"})
	if err != nil {
		return 0, err
	}
	defer a.Release()
	return a.Columns[0].Values.Ints[0], nil
}

func (w *liveWorld) sums(version, want int64) {
	w.t.Helper()
	if got, err := w.sum(version); err != nil || got != want {
		w.t.Errorf("version %d: got %d, %v; want %d", version, got, err, want)
	}
}

// TestStatesOfRetiredVersions: the state of a retired version goes, one that another feature shares stays, and a version that comes back has all of its
// events again, those of files and those that were pushed while it was away. All of it holds over a restart.
func TestStatesOfRetiredVersions(t *testing.T) {
	w := newLiveWorld(t, till, map[string]string{"pays.csv": "k,x,id,at\na,100,f1,2024-02-20T00:00:00Z\na,5,f2,2024-02-21T00:00:00Z\n"})
	w.must("backfill", &LoadArgs{})
	w.push("pays", `{"k":"a","x":20,"id":"p1","at":"2024-02-29T00:00:00Z"}`)
	w.sums(1, 120)
	w.write("selfsame.yaml", strings.Replace(till, "paid: {entity: user, source: pays, where: x > 10", "paid: {entity: user, source: pays, where: x > 50", 1))
	if _, err := ApplyProject(t.Context(), w.live, &ChangeConfig{Project: w.project, Author: "ann", Expect: registry.Newest}); err != nil {
		t.Fatal(err)
	}
	w.sums(1, 120)
	w.sums(2, 100)
	states := func() int { return len(w.live.driver.States().List()) }
	if states() != 2 {
		t.Fatalf("%d states are live, want one for each condition", states())
	}
	retire := func(ref string) *ActArgs {
		return &ActArgs{Staging: &registry.Staging{Stage: registry.Retired}, Ref: ref}
	}
	if out := w.acts(retire("paid.s@1")); out.Record == 0 || out.Staging.Version != "1.0.0" {
		t.Errorf("got %+v", out)
	}
	if states() != 2 {
		t.Errorf("%d states are live: the one that same.n reads is not to go", states())
	}
	if _, err := w.sum(1); selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "paid.s@1.0.0: it is retired") {
		t.Errorf("a retired version answers: %v", err)
	}
	w.acts(retire("same.n@1"))
	if states() != 1 {
		t.Errorf("%d states are live after the last reader of one went", states())
	}
	w.push("pays", `{"k":"a","x":30,"id":"p2","at":"2024-02-29T00:00:00Z"}`)
	w.close()
	w.open()
	if states() != 1 {
		t.Errorf("%d states are live after a restart", states())
	}
	w.sums(2, 100)
	w.acts(&ActArgs{Staging: &registry.Staging{Stage: registry.Active}, Ref: "paid.s@1"})
	w.sums(1, 150)
	if states() != 2 {
		t.Errorf("%d states are live after a version came back", states())
	}
}

// TestActsWaitForNoLoad: while states are being built, which may take hours, what moves none is recorded and read.
func TestActsWaitForNoLoad(t *testing.T) {
	w := newLiveWorld(t, till, map[string]string{"pays.csv": "k,x,id,at\n"})
	w.live.applying.try("a backfill")
	out := w.acts(&ActArgs{Model: &registry.Model{Name: "m", Version: "1", Service: "all"}})
	if out.Record == 0 || out.Model.List != 1 {
		t.Errorf("a model: got %+v", out)
	}
	out = w.acts(&ActArgs{Staging: &registry.Staging{Stage: registry.Deprecated, Reason: "because"}, Ref: "paid.s@1"})
	if len(out.Users.Models) != 1 || !out.Users.Services[0].Current {
		t.Errorf("users of a version: got %+v", out.Users)
	}
	a, err := w.live.Features(t.Context(), &api.Question{Service: "all", EntityID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "paid.s@1.0.0 is deprecated (because)"; len(a.Warnings) != 1 || a.Warnings[0] != want {
		t.Errorf("warnings %q, want %q", a.Warnings, want)
	}
	a.Release()
	w.live.applying.end()
	if out := w.acts(&ActArgs{}); len(out.Models) != 1 || len(out.Experiments) != 0 {
		t.Errorf("what is recorded: got %+v", out)
	}
	other := registry.Model{Name: "other", Version: "1", Service: "all"}
	if out := w.acts(&ActArgs{Model: &other}); len(out.Warnings) != 1 {
		t.Errorf("a model: warnings %q, want one of a deprecated feature", out.Warnings)
	}
	if other.Retired = true; len(w.acts(&ActArgs{Model: &other}).Warnings) != 0 {
		t.Error("a model that is used no more is warned of")
	}
	for ref, want := range map[string]string{"paid.s": "it names no version", "paid.*": "names no single feature", "paid.t@1": "no feature t", "paid.s@7": "there is no such version", "all@1": "it is a service"} {
		if _, err := w.act(&ActArgs{Staging: &registry.Staging{Stage: registry.Deprecated}, Ref: ref}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", ref, err, want)
		}
	}
}
