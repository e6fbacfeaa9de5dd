// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfsame"
)

var rewrite = flag.Bool("rewrite", false, "write what the tests find to their golden files")

// TestErrorMessages checks each file of testdata/errors against the whole text of its mistakes, in the file's .golden twin.
func TestErrorMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.yaml")
	if err != nil || len(files) < 80 {
		t.Fatalf("got %d files, %v, want at least 80", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".yaml"), func(t *testing.T) {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(map[string][]byte{ProjectFile: src}, ".")
			if err == nil {
				t.Fatal("the file has no mistake")
			}
			checkPlaces(t, err, strings.Split(string(src), "\n"))
			golden(t, strings.TrimSuffix(name, ".yaml")+".golden", err.Error()+"\n")
		})
	}
}

// golden compares got with a golden file, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// checkPlaces checks that every mistake names a place that the file has, in order, with an excerpt and a class.
func checkPlaces(t *testing.T, err error, lines []string) {
	t.Helper()
	var list Errors
	if !errors.As(err, &list) {
		t.Fatalf("got a %T, want Errors", err)
	}
	if !slices.IsSortedFunc(list, func(a, b *selfsame.Error) int { return a.Pos.Line - b.Pos.Line }) {
		t.Error("the mistakes are not in the order of their lines")
	}
	for _, e := range list {
		switch {
		case e.Class != selfsame.ClassDefinition:
			t.Errorf("%v: the class is %q", e.Pos, e.Class)
		case e.Pos.File == "" || e.Pos.Line > len(lines):
			t.Errorf("%v is no place of the file", e.Pos)
		case e.Pos.Line > 0 && (e.Pos.Column < 1 || e.Pos.Column > len([]rune(lines[e.Pos.Line-1]))+1 || e.Excerpt == ""):
			t.Errorf("%v is no place of its line, or has no excerpt", e.Pos)
		}
	}
}
