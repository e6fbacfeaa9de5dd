// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package gendocs

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the pages")

// page compares a page of docs with what the code says, or writes it.
func page(t *testing.T, name, want string) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", name)
	if *rewrite {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) == want {
		return
	}
	have, lines := strings.Split(string(got), "\n"), strings.Split(want, "\n")
	for i, line := range lines {
		if i >= len(have) || have[i] != line {
			t.Fatalf("docs/%s is stale from line %d on: run `make gen`\ncode says: %s", name, i+1, line)
		}
	}
	t.Fatalf("docs/%s is stale: it has %d lines, the code says %d: run `make gen`", name, len(have), len(lines))
}

// cell makes a text fit into a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// code is a text set as code in a cell.
func code(s string) string { return "`" + cell(s) + "`" }

// row is a line of a table.
func row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// head is the head of a table.
func head(cells ...string) string {
	return row(cells...) + "|" + strings.Repeat("---|", len(cells)) + "\n"
}
