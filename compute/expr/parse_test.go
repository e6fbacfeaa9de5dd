// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"selfsame"
)

var rewriteGolden = flag.Bool("rewrite", false, "rewrite the expected results in testdata")

// golden reads a file of cases, blank-line separated: the input lines, a line ----, the result. It compares each result with what
// run gives for the input.
func golden(t *testing.T, file string, run func(input string) string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cases := 0
	for i, block := range strings.Split(strings.TrimRight(string(data), "\n"), "\n\n") {
		if i > 0 {
			out.WriteString("\n\n")
		}
		input, want, ok := strings.Cut(block, "\n----\n")
		if !ok && strings.HasPrefix(block, "#") {
			out.WriteString(block)
			continue
		}
		input = strings.TrimSuffix(input, "\n----")
		got := strings.TrimRight(run(input), "\n")
		cases++
		if !*rewriteGolden && got != want {
			t.Errorf("%s: case %d\n%s\ngot:\n%s\nwant:\n%s", file, i+1, input, got, want)
		}
		out.WriteString(input + "\n----\n" + got)
	}
	if cases == 0 {
		t.Fatalf("%s holds no case", file)
	}
	if *rewriteGolden {
		if err := os.WriteFile(file, []byte(out.String()+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func mustParse(t testing.TB, s string) Node {
	t.Helper()
	n, err := Parse(selfsame.Expr{Text: s})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestParse gives the normal text of expressions, the outputs of those with windows, and the errors of wrong ones.
func TestParse(t *testing.T) {
	golden(t, "testdata/parse", func(input string) string {
		n, err := Parse(selfsame.Expr{Text: input, Pos: selfsame.Pos{File: "f.yaml", Line: 10, Column: 5}})
		if err != nil {
			return err.Error()
		}
		text := Print(n)
		again, err := Parse(selfsame.Expr{Text: text})
		if err != nil {
			return fmt.Sprintf("%s\ndoes not parse again: %v", text, err)
		}
		if second := Print(again); second != text {
			return fmt.Sprintf("%s\nis printed again as\n%s", text, second)
		}
		if !HasAggregate(n) {
			return text
		}
		all, err := Expand(n)
		if err != nil {
			return text + "\n" + err.Error()
		}
		for _, e := range all {
			text += fmt.Sprintf("\n[%s] %s", e.Suffix, Print(e.Node))
		}
		return text
	})
}
