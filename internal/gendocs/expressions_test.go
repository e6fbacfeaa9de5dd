// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package gendocs

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/compute/expr"
	"selfsame/compute/scalar"
)

// groups are the sections of functions, in the order of the page.
var groups = []struct{ name, title string }{
	{"conditional", "Conditional"}, {"math", "Numbers"}, {"string", "Strings"}, {"pattern", "Patterns, documents and addresses"}, {"time", "Dates and times"},
	{"geo", "Places"}, {"list", "Lists and maps"}, {"hash", "Hashes"},
}

func TestExpressionsPage(t *testing.T) {
	template, err := os.ReadFile("expressions.md")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	parts := strings.Split(string(template), "```")
	for i, part := range parts {
		if i%2 == 0 {
			b.WriteString(strings.TrimPrefix(part, "\n"))
			continue
		}
		lines, ok := strings.CutPrefix(part, "examples\n")
		if !ok {
			t.Fatalf("the template holds a block that is not of examples: %q", part)
		}
		b.WriteString(head("expression", "value", "type"))
		for line := range strings.Lines(lines) {
			src := strings.TrimSpace(line)
			v := evaluate(t, src)
			b.WriteString(row(code(src), code(expr.ValueText(v)), v.Type.String()))
		}
	}
	page(t, "expressions.md", b.String()+functionTables(t))
}

func functionTables(t *testing.T) string {
	var b strings.Builder
	written := 0
	for _, g := range groups {
		b.WriteString("\n### " + g.title + "\n\n" + head("function", "gives", "example", "value"))
		for _, f := range scalar.Functions() {
			if f.Group != g.name {
				continue
			}
			written++
			v := evaluate(t, f.Example)
			if got := expr.ValueText(v); got != f.Result {
				t.Errorf("%s: %s is %s, the table says %s", f.Name, f.Example, got, f.Result)
			}
			b.WriteString(row(signatures(f), cell(f.Summary), code(f.Example), code(f.Result)))
		}
	}
	if n := len(scalar.Functions()); written != n {
		t.Errorf("the page has %d functions of %d: a group is missing", written, n)
	}
	b.WriteString("\n### Names of other systems\n\nEach thing has one name here; the error for another one says which.\n\n" + head("name", "here"))
	for _, name := range scalar.OtherNames() {
		write, _ := scalar.OtherName(name)
		b.WriteString(row(code(name), code(write)))
	}
	return b.String()
}

// signatures are the ways to call a function, as its error for a wrong call gives them.
func signatures(f scalar.Function) string {
	plain := code(f.Name + "(" + f.Params + ")")
	if f.Bind == nil {
		return plain
	}
	wrong := scalar.Arg{Type: selfsame.MapOf(selfsame.MapOf(selfsame.Scalar(selfsame.Bytes)))}
	_, err := f.Bind(slices.Repeat([]scalar.Arg{wrong}, 9))
	var e *selfsame.Error
	if !errors.As(err, &e) || f.Params == "" || strings.Contains(f.Params, "…") {
		return plain
	}
	ways, ok := strings.CutPrefix(e.Hint, "it takes ")
	if !ok {
		return plain
	}
	var typed []string
	for _, way := range strings.Split(ways, " or ") {
		typed = append(typed, code(way))
	}
	return plain + ": " + strings.Join(typed, ", ")
}

// evaluate computes an expression without columns; T is the epoch.
func evaluate(t *testing.T, src string) selfsame.Value {
	t.Helper()
	n, err := expr.Parse(selfsame.Expr{Text: src})
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	p, err := expr.Compile(n, expr.Scope{Now: true})
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	v := p.NewEvaluator().Eval(&expr.Input{Rows: 1, At: []int64{0}}).Value(0)
	v.Type = p.Type()
	return v
}
