// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfsame/internal/postgresql"
	"selfsame/registry"
	"selfsame/registry/folder"
)

// TestReleasedLayouts restores a dump of every layout that was ever released (testdata/layout*.sql). It must read as it did then (layout*.jsonl, in
// the form of an export) and take what is new.
func TestReleasedLayouts(t *testing.T) {
	dumps, err := filepath.Glob("testdata/layout*.sql")
	if err != nil || len(dumps) != len(migrations) {
		t.Fatalf("there are %d dumps of released layouts, %v; want %d, one of each: a new layout comes with a dump of it", len(dumps), err, len(migrations))
	}
	for _, dump := range dumps {
		t.Run(filepath.Base(dump), func(t *testing.T) {
			s := opened(t, postgresql.URL(t))
			defer s.Close()
			conn, err := s.pool.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = conn.Conn().PgConn().Exec(t.Context(), strings.ReplaceAll(text(t, dump), "released", s.schema)).ReadAll()
			conn.Release()
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			w, err := folder.Write(t.Context(), s, dir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(text(t, strings.TrimSuffix(dump, ".sql")+".jsonl"), text(t, filepath.Join(dir, "records.jsonl"))); diff != "" {
				t.Errorf("records (-then +now):\n%s", diff)
			}
			if err := s.Append(t.Context(), &registry.Record{ID: int64(w.Records) + 1, Author: "ann", Acts: []registry.Act{{Kind: "note", Subject: "x", Body: []byte("{}")}}}, nil); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
