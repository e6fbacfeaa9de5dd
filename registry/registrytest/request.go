// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registrytest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"selfsame"
	"selfsame/registry"
)

// request is one that may be sent again, whose answer is its record.
func request(name, sum string) *registry.Request {
	return &registry.Request{Name: name, Sum: sum, Answer: func(record int64, _ *registry.Diff, _ *registry.Snapshot) ([]byte, error) {
		return fmt.Append(nil, record), nil
	}}
}

// testRequests sends requests again, at another server and at once: each is done once, and undoes nothing of what came between.
func testRequests(t *testing.T, open Open) {
	a, b := registry.Over(opened(t, open, "a"), "."), registry.Over(opened(t, open, "a"), ".")
	apply := func(r registry.Registry, window string, q *registry.Request) (*registry.Diff, error) {
		return r.Apply(t.Context(), &registry.Change{Files: project(window), Author: "ann", Expect: registry.Newest, Request: q})
	}
	answered := func(err error, record int64, answer string) {
		t.Helper()
		var done *registry.Answered
		if !errors.As(err, &done) || done.Record != record || string(done.Answer) != answer {
			t.Errorf("got %+v, %v; want record %d and %s", done, err, record, answer)
		}
	}
	if d, err := apply(a, "1d", request("k", "one")); err != nil || d.Apply != 1 {
		t.Fatalf("%+v, %v", d, err)
	}
	if d, err := apply(a, "1d", request("same", "one")); err != nil || d.Apply != 0 {
		t.Fatalf("what is applied already: %+v, %v", d, err)
	}
	model := func(r registry.Registry, notes string, q *registry.Request) (*registry.Record, error) {
		return r.Act(t.Context(), registry.By{Author: "ann", Request: q}, &registry.Model{Name: "m", Version: "1", Service: "shop", Notes: notes})
	}
	if r, err := model(a, "first", request("m", "one")); err != nil || r.ID != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err := model(a, "first", request("again", "one")); err != nil || r != nil {
		t.Fatalf("what is registered already: %+v, %v", r, err)
	}
	if d, err := apply(b, "2d", nil); err != nil || d.Apply != 5 {
		t.Fatalf("what comes between: %+v, %v", d, err)
	}
	if r, err := model(b, "second", nil); err != nil || r.ID != 6 {
		t.Fatalf("what comes between: %+v, %v", r, err)
	}
	for _, r := range []registry.Registry{b, a} {
		_, err := apply(r, "1d", request("k", "one"))
		answered(err, 1, "1")
		_, err = apply(r, "1d", request("same", "one"))
		answered(err, 2, "0")
		_, err = model(r, "first", request("m", "one"))
		answered(err, 3, "3")
		_, err = model(r, "first", request("again", "one"))
		answered(err, 4, "0")
		if _, err = apply(r, "3d", request("k", "another")); selfsame.ClassOf(err) != selfsame.ClassChanged {
			t.Errorf("another request with the key: got %v", err)
		}
	}
	forgotten := request("k", "another")
	forgotten.Since = 1 // the time of the records is 0
	if d, err := apply(b, "3d", forgotten); err != nil || d.Apply != 7 {
		t.Errorf("a key of long ago: %+v, %v", d, err)
	}
	racingRequests(t, []registry.Registry{a, b})
}

// racingRequests sends one request to two registries many times at once, while others apply.
func racingRequests(t *testing.T, registries []registry.Registry) {
	before, err := registries[0].Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const racers = 6
	var wg sync.WaitGroup
	done := make([]int64, racers)
	for i := range racers {
		wg.Go(func() {
			d, err := registries[i%2].Apply(t.Context(), &registry.Change{Files: project("4d"), Author: "ann", Expect: registry.Newest, Request: request("race", "one")})
			var was *registry.Answered
			switch {
			case errors.As(err, &was):
				done[i] = was.Record
			case err != nil:
				t.Errorf("racer %d: %v", i, err)
			default:
				done[i] = d.Apply
			}
		})
	}
	wg.Wait()
	s, err := registries[1].Snapshot(t.Context())
	if err != nil || s.ID() != before.ID()+1 {
		t.Fatalf("%d records, %v; want one more than %d", s.ID(), err, before.ID())
	}
	for i, record := range done {
		if record != s.ID() {
			t.Errorf("racer %d: record %d, want %d", i, record, s.ID())
		}
	}
}
