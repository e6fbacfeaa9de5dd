// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package gendocs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfsame/definition/lint"
)

func TestLintsPage(t *testing.T) {
	template, err := os.ReadFile("lints.md")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(string(template) + head("lint", "finds", "why it matters"))
	for _, r := range lint.Rules {
		b.WriteString(row(code(r.Name), cell(r.Says), cell(r.Why)))
	}
	b.WriteString("\n## What they say\n\n```\n")
	for _, r := range lint.Rules {
		golden, err := os.ReadFile(filepath.Join("..", "..", "definition", "lint", "testdata", r.Name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		first := strings.SplitAfterN(string(golden), "\n", 3)
		b.WriteString(strings.Join(first[:2], ""))
	}
	b.WriteString("```\n")
	page(t, "lints.md", b.String())
}
