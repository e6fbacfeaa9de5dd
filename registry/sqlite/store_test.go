// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfsame"
	"selfsame/registry"
	"selfsame/registry/registrytest"
)

func TestConformance(t *testing.T) {
	folders := map[*testing.T]string{}
	registrytest.Run(t, func(t *testing.T, name string) registry.Store {
		if folders[t] == "" {
			folders[t] = t.TempDir()
		}
		s, err := Open(t.Context(), filepath.Join(folders[t], name+" %?#.db")) // no part of a path is a query
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, statements ...string) string {
		path := filepath.Join(dir, name)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, s := range statements {
			if _, err := db.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database ", 300)), 0o644); err != nil {
		t.Fatal(err)
	}
	fresh, err := Open(t.Context(), filepath.Join(dir, "newer.db"))
	if err != nil {
		t.Fatal(err)
	}
	fresh.Close()
	for path, want := range map[string]string{
		write("other.db", "CREATE TABLE notes (text)"): "no registry",
		write("newer.db", "PRAGMA user_version = 99"):  "layout 99, and this selfsame reads up to",
		text: "damaged or no registry",
		filepath.Join(dir, "no", "folder", "x.db"): "cannot be written",
	} {
		s, err := Open(t.Context(), path)
		if err == nil {
			s.Close()
		}
		if selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error of class resource with %q", filepath.Base(path), err, want)
		}
	}
}

func TestDamagedTextIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "registry.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"selfsame.yaml": []byte("project: shop\nentities: {user: {key: {user_id: string}}}\n")}
	r := registry.Over(s, ".")
	if _, err := r.Apply(t.Context(), &registry.Change{Files: files, Author: "ann"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Exec(`UPDATE texts SET content = CAST(replace(CAST(content AS TEXT), 'shop', 'shoq') AS BLOB)`); err != nil {
		t.Fatal(err)
	}
	again := registry.Over(s, ".")
	if _, err := again.Snapshot(t.Context()); selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), "is not the one that its hash names") {
		t.Errorf("got %v, want an error that says that the registry is damaged", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
