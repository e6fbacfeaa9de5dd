// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfsame"
)

func openData(t *testing.T, dir string) *Data {
	t.Helper()
	d, err := OpenData(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func closeData(t *testing.T, d *Data) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func TestDataDirectoryHasOneOwner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "data")
	d := openData(t, dir)
	for name, want := range map[string]string{"FORMAT": "selfsame data 1\n", ".gitignore": "*\n", "LOCK": fmt.Sprintf("pid %d\n", os.Getpid())} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
		}
	}
	refused := func(want string) {
		t.Helper()
		second, err := OpenData(dir)
		if err == nil {
			second.Close()
		}
		if selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), want) {
			t.Errorf("a second owner: got %v, want a refusal with %q", err, want)
		}
	}
	refused(fmt.Sprintf("process %d owns the data directory", os.Getpid()))
	if got, _ := FindServer(dir); got != "" {
		t.Errorf("an owner that does not listen: got %q", got)
	}
	if err := d.SetAddress("127.0.0.1:8620"); err != nil {
		t.Fatal(err)
	}
	refused("a server at 127.0.0.1:8620")
	if got, _ := FindServer(dir); got != "127.0.0.1:8620" {
		t.Errorf("a server: got %q", got)
	}
	if err := d.SetServer("x:1", "secret"); err != nil {
		t.Fatal(err)
	}
	if got, token := FindServer(dir); got != "x:1" || token != "secret" {
		t.Errorf("another address: got %q with %q", got, token)
	}
	if info, err := os.Stat(filepath.Join(dir, "LOCK")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the lock file holds a token and has mode %v, %v", info.Mode(), err)
	}
	closeData(t, d)
	if got, _ := FindServer(dir); got != "" {
		t.Errorf("a server that ended: got %q", got)
	}
	closeData(t, openData(t, dir))
}

func TestAddressOfAProcessThatDied(t *testing.T) {
	dir := t.TempDir()
	closeData(t, openData(t, dir))
	if err := os.WriteFile(filepath.Join(dir, "LOCK"), []byte("pid 999999\naddress 127.0.0.1:8620\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, _ := FindServer(dir); got != "" {
		t.Errorf("nobody holds the lock: got %q", got)
	}
	closeData(t, openData(t, dir))
	if got, _ := FindServer(filepath.Join(dir, "nowhere")); got != "" {
		t.Errorf("no directory: got %q", got)
	}
}

func TestDataDirectoryRefusals(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"newer":       {"FORMAT", "selfsame data 2\n", "has format 2, and selfsame " + Version + " reads up to 1\n  hint: use the newer selfsame"},
		"newer, told": {"FORMAT", "selfsame data 7\nneeds selfsame 3.1.0\n", "hint: use selfsame 3.1.0 or newer"},
		"other":       {"FORMAT", "something\n", "its FORMAT file is not one of Selfsame"},
		"empty":       {"FORMAT", "", "its FORMAT file is not one of Selfsame"},
		"zero":        {"FORMAT", "selfsame data 0\n", "its FORMAT file is not one of Selfsame"},
		"foreign":     {"thesis.txt", "text", "it holds thesis.txt and no FORMAT"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		d, err := OpenData(dir)
		if err == nil {
			d.Close()
		}
		if selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error of class resource with %q", name, err, c.want)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("%s: the refused folder has %d entries, %v; want 1", name, len(entries), err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if d, err := OpenData(file); selfsame.ClassOf(err) != selfsame.ClassResource {
		t.Errorf("a file: got %v, %v", d, err)
	}
	// What an interrupted start left behind is no obstacle.
	dir := t.TempDir()
	for _, name := range []string{"FORMAT.tmp", "LOCK", ".gitignore"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	closeData(t, openData(t, dir))
}
