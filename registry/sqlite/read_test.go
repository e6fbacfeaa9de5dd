// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"selfsame"
	"selfsame/registry/registrytest"
)

// nobody is a user that owns no file.
const nobody = 65534

// asAnother runs a function as a user who may read a folder and not write to it, and its files by their mode.
func asAnother(t *testing.T, dir string, files os.FileMode, do func()) {
	t.Helper()
	mode := func(folder, file os.FileMode) {
		t.Helper()
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range names {
			if err := os.Chmod(f, file); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(dir, folder); err != nil {
			t.Fatal(err)
		}
	}
	mode(0o555, files)
	defer mode(0o755, 0o644)
	if os.Getuid() == 0 { // whom no mode keeps out
		for up := dir; up != filepath.Dir(up); up = filepath.Dir(up) { // those that go test makes are its user's own
			if info, err := os.Stat(up); err != nil || info.Mode()&0o001 == 0 && os.Chmod(up, info.Mode()|0o011) != nil {
				t.Fatalf("%s cannot be opened to others: %v", up, err)
			}
		}
		if err := syscall.Seteuid(nobody); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := syscall.Seteuid(0); err != nil {
				t.Fatal(err)
			}
		}()
	}
	do()
}

func filled(t *testing.T) (s *Store, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "registry.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	r, texts := registrytest.Record(1)
	if err := s.Append(t.Context(), r, texts); err != nil {
		t.Fatal(err)
	}
	return s, path
}

// readsOnly opens a file to read and counts its records.
func readsOnly(t *testing.T, path string, want int) {
	t.Helper()
	s, err := OpenToRead(t.Context(), path)
	if err != nil {
		t.Error(err)
		return
	}
	defer s.Close()
	if got, err := s.Load(t.Context(), 0); err != nil || len(got) != want {
		t.Errorf("%d records, %v; want %d", len(got), err, want)
	}
	r, texts := registrytest.Record(int64(want) + 1)
	if err := s.Append(t.Context(), r, texts); selfsame.ClassOf(err) != selfsame.ClassResource {
		t.Errorf("what is read only took a record: %v", err)
	}
}

// TestReadOnly reads a registry that another user owns: at rest, beside a server, and after one that was killed.
func TestReadOnly(t *testing.T) {
	s, path := filled(t)
	dir := filepath.Dir(path)
	asAnother(t, dir, 0o444, func() { readsOnly(t, path, 1) })
	r, texts := registrytest.Record(2)
	if err := s.Append(t.Context(), r, texts); err != nil {
		t.Fatal(err)
	}
	asAnother(t, dir, 0o444, func() { readsOnly(t, path, 2) })
	killed := filepath.Join(t.TempDir(), "registry.db")
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + end)
		if err == nil {
			err = os.WriteFile(killed+end, b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	asAnother(t, dir, 0o444, func() { readsOnly(t, path, 2) })
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 1 {
		t.Errorf("a reader left %v, %v", left, err)
	}
	asAnother(t, filepath.Dir(killed), 0o444, func() {
		_, err := OpenToRead(t.Context(), killed)
		if selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), "registry.db-wal") || !strings.Contains(err.Error(), "runs selfsame list there once") {
			t.Errorf("got %v", err)
		}
	})
	s, err := OpenToRead(t.Context(), killed) // as the owner
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(t.Context(), 0); err != nil || len(got) != 2 {
		t.Errorf("%d records, %v; want 2", len(got), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	asAnother(t, filepath.Dir(killed), 0o444, func() { readsOnly(t, killed, 2) })
}

// TestReadOnlyRefuses: what another user may not read, and an older layout, say so.
func TestReadOnlyRefuses(t *testing.T) {
	s, path := filled(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	asAnother(t, filepath.Dir(path), 0, func() {
		if _, err := OpenToRead(t.Context(), path); selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), "the right to read") {
			t.Errorf("got %v", err)
		}
	})
	old := filepath.Join(t.TempDir(), "registry.db")
	b, err := os.ReadFile("testdata/layout1.db")
	if err == nil {
		err = os.WriteFile(old, b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	asAnother(t, filepath.Dir(old), 0o444, func() {
		if _, err := OpenToRead(t.Context(), old); selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), "older layout 1") {
			t.Errorf("got %v", err)
		}
	})
}
