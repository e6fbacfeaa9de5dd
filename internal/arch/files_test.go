// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const module = "selfsame"

// file is one Go file of the repository.
type file struct {
	path   string // below the root, slashes
	room   string // its folder below the root; "" is the root package
	test   bool
	lines  int
	source string
	ast    *ast.File
}

var fset = token.NewFileSet()

// parse reads every Go file of the repository.
func parse(t *testing.T) []*file {
	t.Helper()
	root := filepath.Join("..", "..")
	var out []*file
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "vendor" || name == "node_modules" || name == "bin") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.Contains(string(src), "\n// Code generated ") && strings.HasSuffix(name, ".pb.go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		room := strings.TrimSuffix(strings.TrimSuffix(rel, name), "/")
		parsed, err := parser.ParseFile(fset, path, src, parser.ParseComments)
		if err != nil {
			t.Fatalf("%s: %v", rel, err)
		}
		out = append(out, &file{path: rel, room: room, test: strings.HasSuffix(name, "_test.go"),
			lines: strings.Count(string(src), "\n"), source: string(src), ast: parsed})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("found %d Go files below %s: the tests look in the wrong place", len(out), root)
	}
	return out
}

// production leaves tests out.
func production(files []*file) []*file {
	var out []*file
	for _, f := range files {
		if !f.test {
			out = append(out, f)
		}
	}
	return out
}

// line is the line of a position.
func line(p token.Pos) int { return fset.Position(p).Line }
