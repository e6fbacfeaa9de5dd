// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"selfsame"
)

// memory is a store for tests of this package.
type memory struct {
	empty
	records []*Record
	texts   map[string][]byte
}

func (m *memory) Load(_ context.Context, after int64) ([]*Record, error) {
	return m.records[after:], nil
}

func (m *memory) Append(_ context.Context, r *Record, texts map[string][]byte) error {
	m.records = append(m.records, r)
	for h, text := range texts {
		m.texts[h] = text
	}
	return nil
}

func (m *memory) Texts(context.Context, []string) (map[string][]byte, error) { return m.texts, nil }

// TestOldVersionsShareProjects: the versions of a long history are rebuilt from few projects.
func TestOldVersionsShareProjects(t *testing.T) {
	const features, applies = 10, 60
	r := Over(&memory{texts: map[string][]byte{}}, ".").(*ledger)
	days := make([]int, features)
	for apply := range applies {
		days[apply%features]++ // one feature changes at a time
		var list []string
		for i, d := range days {
			list = append(list, fmt.Sprintf("f%d: sum(amount) over %dd", i, d+1))
		}
		text := `
project: shop
entities: {user: {key: {user_id: string}}}
sources: {orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, stream: {push: true}}}
views: {spend: {entity: user, source: orders, features: {` + strings.Join(list, ", ") + "}}}\n"
		if _, err := r.Apply(t.Context(), &Change{Files: map[string][]byte{"selfsame.yaml": []byte(text)}, Expect: Newest}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, h := range s.Features() {
		for _, v := range h.Versions {
			if _, _, f, err := s.Resolve(h.View, h.Feature, v.Version); err != nil || f.Version != v.Version {
				t.Errorf("%s@%s: got %+v, %v", h.Feature, v.Version, f, err)
			}
			read++
		}
	}
	if read != features+applies-1 { // the first apply makes all, and one of them changes in every other
		t.Errorf("got %d versions, want %d", read, features+applies-1)
	}
	if got, most := len(r.projects.parsed)+len(r.projects.parts), applies/features+2; got > most {
		t.Errorf("%d versions are rebuilt from %d projects, want at most %d", read, got, most)
	}
}

// TestOldVersionsAreSmall: an earlier version is rebuilt from what its view needs, also where that grows, and an on-demand one from what it reads.
func TestOldVersionsAreSmall(t *testing.T) {
	r := Over(&memory{texts: map[string][]byte{}}, ".").(*ledger)
	files := map[string][]byte{"selfsame.yaml": []byte(`project: shop
entities: {user: {key: {user_id: string}}}
sources: {orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, stream: {push: true}}}
services: {all: {features: [a.x, b.x, ratio.r]}}
`)}
	apply := func(view, body string) {
		t.Helper()
		files["features/"+view+".yaml"] = []byte("views: {" + view + ": " + body + "}\n")
		if len(files) < 4 {
			return
		}
		if _, err := r.Apply(t.Context(), &Change{Files: files, Expect: Newest}); err != nil {
			t.Fatal(err)
		}
	}
	windowed := func(days int) string {
		return fmt.Sprintf("{entity: user, source: orders, features: {x: sum(amount) over %dd}}", days)
	}
	resolve := func(view, feature, version, want string) {
		t.Helper()
		s, err := r.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p, v, f, err := s.Resolve(view, feature, version)
		if err != nil || f.Version != version {
			t.Fatalf("%s.%s@%s: got %+v, %v", view, feature, version, f, err)
		}
		var views []string
		for _, other := range p.Views {
			views = append(views, other.Name)
		}
		if got := strings.Join(views, " "); got != want || p.View(view) != v || p.Source("orders") == nil {
			t.Errorf("%s.%s@%s: the project has views %s, want %s", view, feature, version, got, want)
		}
	}
	apply("a", windowed(1))
	apply("b", windowed(1))
	apply("ratio", "{request: {q: float64}, features: {r: q / a.x}}") // 1
	apply("a", windowed(2))                                           // 2
	resolve("a", "x", "1.0.0", "a ratio")                             // ratio changed with it
	resolve("ratio", "r", "1.0.0", "a ratio")
	apply("a", windowed(3))                                     // 3
	apply("ratio", "{request: {q: float64}, features: {r: q}}") // 4: reads a no more
	apply("a", windowed(4))                                     // 5
	apply("a", windowed(5))                                     // 6
	resolve("a", "x", "4.0.0", "a")
	apply("b", windowed(2)) // 7
	resolve("b", "x", "1.0.0", "a b")
	resolve("b", "x", "2.0.0", "a b ratio")
}

// TestDamagedRecords: records that do not hold together are refused, and nothing of them is shown.
func TestDamagedRecords(t *testing.T) {
	for want, records := range map[string][]*Record{
		"apply 2: the registry is damaged: it follows apply 0":               {{ID: 2}},
		"v.f: the registry is damaged: apply 1 removes what was never there": {{ID: 1, Features: []FeatureRecord{{View: "v", Feature: "f"}}}},
		"service s: the registry is damaged: apply 1 skips to version 2":     {{ID: 1, Services: []ServiceRecord{{Name: "s", Version: 2}}}},
		"service s: the registry is damaged: apply 1 skips to version 0":     {{ID: 1, Services: []ServiceRecord{{Name: "s"}}}},
		"sha256:00: the registry is damaged: a text is not there":            {{ID: 1, Files: []FileRecord{{Path: "selfsame.yaml", Hash: "sha256:00"}}}},
		"apply 1: the registry is damaged: its definitions cannot be read":   {{ID: 1}},
	} {
		r := Over(&memory{records: records}, ".")
		for range 2 { // the second time as the first
			s, err := r.Snapshot(t.Context())
			if selfsame.ClassOf(err) != selfsame.ClassResource || !strings.HasPrefix(fmt.Sprint(err), want) {
				t.Errorf("got %v, %v; want %q", s, err, want)
			}
		}
	}
}
