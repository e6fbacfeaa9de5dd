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
	if got, most := len(r.projects.parsed), applies/features+2; got > most {
		t.Errorf("%d versions are rebuilt from %d projects, want at most %d", read, got, most)
	}
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
