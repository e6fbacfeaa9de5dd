// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"path/filepath"
	"strings"
	"testing"

	"selfsame/registry"
	"selfsame/registry/sqlite"
)

// newStore is an empty one.
func newStore(t testing.TB) registry.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), registryFile))
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// newRegistry is an empty one.
func newRegistry(t *testing.T) registry.Registry {
	t.Helper()
	r := registry.Over(newStore(t), "")
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// TestPastOfABareName finds what a name without its view, and a version in another form, name.
func TestPastOfABareName(t *testing.T) {
	r := newRegistry(t)
	for i, text := range []string{valuesProject, strings.Replace(valuesProject, "sum(amount) over 1d", "sum(amount) over 2d", 1)} {
		c := &registry.Change{Files: map[string][]byte{"selfsame.yaml": []byte(text)}, Author: "ann", Time: int64(i + 1), Expect: registry.Newest}
		if _, err := r.Apply(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	s, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]int{"total": 2, "spend.total": 2, "total@1": 2, "spend.total==2.0.0": 1, "life": 1, "spend": 4} {
		if list, err := (&PastArgs{Ref: ref}).find(s); err != nil || len(list) != want {
			t.Errorf("%s: got %d changes, %v; want %d", ref, len(list), err, want)
		}
	}
	if _, err := (&PastArgs{Ref: "totl"}).find(s); err == nil || !strings.Contains(err.Error(), "did you mean total?") {
		t.Errorf("a misspelt name: got %v", err)
	}
}

func TestPastFindsWhatIsMeant(t *testing.T) {
	for _, c := range []struct {
		ref  string
		e    registry.HistoryEntry
		want bool
	}{
		{"spend", registry.HistoryEntry{Kind: registry.HistoryFeature, Subject: "spend.total", To: "1.0.0"}, true},
		{"spend.*", registry.HistoryEntry{Kind: registry.HistoryFeature, Subject: "spend.total", To: "1.0.0"}, true},
		{"spend.total", registry.HistoryEntry{Kind: registry.HistoryFeature, Subject: "spend.total", To: "1.0.0"}, true},
		{"spend:total", registry.HistoryEntry{Kind: registry.HistoryStage, Subject: "spend.total@1.0.0", To: "retired"}, true},
		{"spend.total@1", registry.HistoryEntry{Kind: registry.HistoryStage, Subject: "spend.total@1.0.0", To: "retired"}, true},
		{"spend.total@2", registry.HistoryEntry{Kind: registry.HistoryStage, Subject: "spend.total@1.0.0", To: "retired"}, false},
		{"spend.total@v1.0", registry.HistoryEntry{Kind: registry.HistoryFeature, Subject: "spend.total", From: "1.0.0", To: "2.0.0"}, true},
		{"spend.total@1", registry.HistoryEntry{Kind: registry.HistoryFeature, Subject: "spend.total", From: "10.0.0", To: "11.0.0"}, false},
		{"spend.tot", registry.HistoryEntry{Kind: registry.HistoryFeature, Subject: "spend.total", To: "1.0.0"}, false},
		{"spend", registry.HistoryEntry{Kind: registry.HistoryService, Subject: "spending", To: "1"}, false},
		{"risk@2", registry.HistoryEntry{Kind: registry.HistoryService, Subject: "risk", From: "1", To: "2"}, true},
		{"risk@3", registry.HistoryEntry{Kind: registry.HistoryService, Subject: "risk", From: "1", To: "2"}, false},
		{"fraud", registry.HistoryEntry{Kind: registry.HistoryModel, Subject: "fraud@5", To: "risk@1"}, true},
		{"fraud@5", registry.HistoryEntry{Kind: registry.HistoryModel, Subject: "fraud@5", To: "risk@1"}, true},
		{"fraud@1", registry.HistoryEntry{Kind: registry.HistoryModel, Subject: "fraud@5", To: "risk@1"}, false},
		{"features/a.yaml", registry.HistoryEntry{Kind: registry.HistoryFile, Subject: "features/a.yaml"}, true},
	} {
		if got := meant(c.ref, &c.e); got != c.want {
			t.Errorf("%s of %s %s %s -> %s: got %t", c.ref, c.e.Kind, c.e.Subject, c.e.From, c.e.To, got)
		}
	}
}
