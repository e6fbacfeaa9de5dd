// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfsame"
	"selfsame/definition"
)

var rewrite = flag.Bool("rewrite", false, "write the goldens anew")

// found prints what the lints find in a project.
func found(t *testing.T, yaml []byte) string {
	t.Helper()
	p, err := definition.Parse(map[string][]byte{"selfsame.yaml": yaml}, ".")
	if err != nil {
		t.Fatal(err)
	}
	month := Span{From: 0, To: 30*selfsame.DayLength + 5}
	list, err := Project(p, Facts{Spans: map[string]Span{"receipts": month}, Deprecated: func(view, feature, _ string) string {
		if view+"."+feature == "spend.old" {
			return ": spend.total takes its place"
		}
		return ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintf(&b, "%s: %s: %s (%s)\n  hint: %s\n", f.Place, f.Ref, f.Message, f.Lint, f.Hint)
	}
	return b.String()
}

func TestEveryLintHasItsGolden(t *testing.T) {
	known := map[string]bool{}
	for _, r := range Rules {
		known[r.Name] = true
		t.Run(r.Name, func(t *testing.T) {
			path := filepath.Join("testdata", r.Name)
			yaml, err := os.ReadFile(path + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			got := found(t, yaml)
			if *rewrite {
				if err := os.WriteFile(path+".txt", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if n, all := strings.Count(got, "("+r.Name+")"), strings.Count(got, "hint:"); n == 0 || n != all {
				t.Errorf("%d of %d findings are of this lint, want all of them and one at least", n, all)
			}
		})
	}
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name, _, _ := strings.Cut(f.Name(), "."); !known[name] {
			t.Errorf("testdata/%s is of no lint", f.Name())
		}
	}
}

// Facts that are not known say nothing.
func TestWithoutFacts(t *testing.T) {
	for _, name := range []string{"long-window", "deprecated"} {
		yaml, err := os.ReadFile(filepath.Join("testdata", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := definition.Parse(map[string][]byte{"selfsame.yaml": yaml}, ".")
		if err != nil {
			t.Fatal(err)
		}
		if list, err := Project(p, Facts{}); err != nil || len(list) > 0 {
			t.Errorf("%s: got %v, %v; want nothing", name, list, err)
		}
	}
}
