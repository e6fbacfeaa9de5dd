// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfsame/registry"
	"selfsame/registry/folder"
)

// TestReleasedLayouts opens a file of every layout that was ever released, as the selfsame of then wrote it (testdata/layout*.db). It must read as it
// did then (layout*.jsonl, in the form of an export), resolve every version, and take what is new.
func TestReleasedLayouts(t *testing.T) {
	files, err := filepath.Glob("testdata/layout*.db")
	if err != nil || len(files) != len(migrations) {
		t.Fatalf("there are %d files of released layouts, %v; want %d, one of each: a new layout comes with a file that it wrote", len(files), err, len(migrations))
	}
	for i, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "registry.db")
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if layout := binary.BigEndian.Uint32(b[60:]); layout != uint32(i+1) { // PRAGMA user_version
				t.Fatalf("the file has layout %d", layout)
			}
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
			want := lines(t, strings.TrimSuffix(file, ".db")+".jsonl")
			for range 2 { // brought forward, and as it is then
				s, err := Open(t.Context(), path)
				if err != nil {
					t.Fatal(err)
				}
				reads(t, s, want)
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			s, err := Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Append(t.Context(), &registry.Record{ID: int64(len(want)) + 1, Author: "ann", Acts: []registry.Act{{Kind: "note", Subject: "x", Body: []byte("{}")}}}, nil); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(strings.Lines(string(b)))
}

// reads holds what a store has against the lines of an export.
func reads(t *testing.T, s *Store, want []string) {
	t.Helper()
	dir := t.TempDir()
	if _, err := folder.Write(t.Context(), s, dir); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, lines(t, filepath.Join(dir, "records.jsonl"))); diff != "" {
		t.Errorf("records (-then +now):\n%s", diff)
	}
	snapshot, err := registry.Over(s, ".").Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	resolved := 0
	for _, f := range snapshot.Features() {
		for _, v := range f.Versions {
			if _, _, _, err := snapshot.Resolve(f.View, f.Feature, v.Version); err != nil {
				t.Errorf("%s.%s@%s: %v", f.View, f.Feature, v.Version, err)
			}
			resolved++
		}
	}
	if resolved != 3 {
		t.Errorf("%d versions, want 3", resolved)
	}
}
