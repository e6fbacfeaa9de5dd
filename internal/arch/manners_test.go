// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const header = "// Copyright 2026 The Selfsame Authors\n// SPDX-License-Identifier: Apache-2.0\n\n"

const (
	maxFileLines     = 700
	maxFunctionLines = 90
)

var bannedNames = []string{"util", "utils", "common", "helper", "helpers", "misc", "base", "shared", "types", "models", "manager", "pkg"}

func TestHeaders(t *testing.T) {
	for _, f := range parse(t) {
		if strings.HasPrefix(f.source, "// Code generated ") {
			continue
		}
		if !strings.HasPrefix(f.source, header) {
			t.Errorf("%s: begin the file with the two header lines (copyright, SPDX) and an empty line", f.path)
		}
	}
}

func TestNames(t *testing.T) {
	for _, f := range parse(t) {
		stem := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.path), ".go"), "_test")
		for _, name := range append(strings.Split(f.room, "/"), stem, f.ast.Name.Name) {
			if slices.Contains(bannedNames, name) {
				t.Errorf("%s: the name %q says nothing: name it for what it does", f.path, name)
			}
		}
	}
}

func TestSizes(t *testing.T) {
	for _, f := range parse(t) {
		if f.lines > maxFileLines {
			t.Errorf("%s has %d lines, more than %d: split it by topic", f.path, f.lines, maxFileLines)
		}
		if f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := line(fn.End()) - line(fn.Pos()) + 1; n > maxFunctionLines {
				t.Errorf("%s:%d: %s has %d lines, more than %d: split it by step", f.path, line(fn.Pos()), fn.Name.Name, n, maxFunctionLines)
			}
		}
	}
}

func TestPackageComments(t *testing.T) {
	comments := map[string][]string{}
	for _, f := range production(parse(t)) {
		if f.ast.Doc != nil {
			comments[f.room] = append(comments[f.room], f.path)
		} else if comments[f.room] == nil {
			comments[f.room] = []string{}
		}
	}
	for room, files := range comments {
		if len(files) == 0 {
			t.Errorf("package %s has no package comment: say in doc.go what it is, what it is not, and who may call it", room)
		}
		if len(files) > 1 {
			t.Errorf("package %s has %d package comments (%s): keep one", room, len(files), strings.Join(files, ", "))
		}
	}
}

// obvious are methods whose meaning their interface states.
var obvious = []string{"String", "Error", "Unwrap", "Is", "As", "Len", "Less", "Swap", "MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText"}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, f := range production(parse(t)) {
		if f.ast.Name.Name == "main" {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && exportedReceiver(d) && d.Doc == nil && !(d.Recv != nil && slices.Contains(obvious, d.Name.Name)) {
					t.Errorf("%s:%d: %s has no comment: state its contract (units, bounds, errors, ownership)", f.path, line(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				undocumented(t, f, d)
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	x := d.Recv.List[0].Type
	for {
		switch y := x.(type) {
		case *ast.StarExpr:
			x = y.X
		case *ast.IndexExpr:
			x = y.X
		case *ast.IndexListExpr:
			x = y.X
		case *ast.Ident:
			return y.IsExported()
		default:
			return false
		}
	}
}

func undocumented(t *testing.T, f *file, d *ast.GenDecl) {
	t.Helper()
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
				t.Errorf("%s:%d: type %s has no comment", f.path, line(s.Pos()), s.Name.Name)
			}
		case *ast.ValueSpec:
			for _, n := range s.Names {
				if n.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					t.Errorf("%s:%d: %s has no comment", f.path, line(n.Pos()), n.Name)
				}
			}
		}
	}
}

// reminder is written in parts so that it does not find itself.
var reminder = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX)\b`)

func TestNoReminders(t *testing.T) {
	for _, f := range parse(t) {
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				if word := reminder.FindString(c.Text); word != "" {
					t.Errorf("%s:%d: %s in a comment: do it now, or write an issue and say what holds today", f.path, line(c.Pos()), word)
				}
			}
		}
	}
}

func TestNoPathsOfOneMachine(t *testing.T) {
	for _, f := range parse(t) {
		for _, p := range []string{"/wo" + "rk/", "../sha" + "red"} {
			if strings.Contains(f.source, p) {
				t.Errorf("%s mentions %s: the project knows no path of one machine", f.path, p)
			}
		}
	}
}
