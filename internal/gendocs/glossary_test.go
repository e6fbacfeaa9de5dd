// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package gendocs

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"selfsame"
	"selfsame/compute/expr"
	"selfsame/compute/scalar"
)

// libraries have names that are no calls of SQL.
var libraries = map[string]bool{"pandas": true, "NumPy": true, "SciPy": true, "scikit-learn": true, "Python": true, "Excel": true}

// refused are names of functions elsewhere that mean something that is not here at all.
var refused = map[string]bool{"editdist3": true, "Bucketizer": true}

var quoted = regexp.MustCompile("`([^`]+)`")

// TestGlossaryOfFunctions resolves every name of the glossary's scalar functions: ours are functions, and those of other systems are ours as well or are
// refused with something of their row to write.
func TestGlossaryOfFunctions(t *testing.T) {
	page, err := os.ReadFile("../../docs/glossary.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "## Scalar functions\n")
	section, _, closed := strings.Cut(section, "\n## ")
	if !found || !closed {
		t.Fatal("the glossary has no section of scalar functions")
	}
	rows := 0
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 3 || !strings.Contains(cells[0], "`") {
			continue
		}
		rows++
		ours := map[string]bool{}
		for _, m := range quoted.FindAllStringSubmatch(cells[0], -1) {
			if ours[m[1]] = true; scalar.Lookup(m[1]) == nil {
				t.Errorf("there is no function %s", m[1])
			}
		}
		for part := range strings.SplitSeq(cells[2], ";") {
			system, names, _ := strings.Cut(part, ":")
			for _, m := range quoted.FindAllStringSubmatch(names, -1) {
				if !libraries[strings.TrimSpace(system)] && !refused[m[1]] {
					resolve(t, m[1], ours)
				}
			}
		}
	}
	if rows < 20 {
		t.Errorf("the glossary has %d rows of scalar functions", rows)
	}
}

// resolve checks that a call of a name is either one here or refused with one of ours.
func resolve(t *testing.T, name string, ours map[string]bool) {
	t.Helper()
	if scalar.Lookup(name) != nil {
		return
	}
	n, err := expr.Parse(selfsame.Expr{Text: name + "(1)"})
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if _, err = expr.Compile(n, expr.Scope{}); err == nil {
		t.Errorf("%s compiles", name)
		return
	}
	for f := range ours {
		if strings.Contains(err.Error(), f+"(") {
			return
		}
	}
	t.Errorf("%s is refused with nothing of its row: %v", name, err)
}
