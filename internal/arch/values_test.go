// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

// platformMath are functions whose bits differ between processors. Value code has its own in compute/transcend.
var platformMath = []string{"Exp", "Exp2", "Expm1", "Log", "Log2", "Log10", "Log1p", "Pow", "Sin", "Cos", "Tan", "Sincos", "Asin", "Acos", "Atan",
	"Atan2", "Sinh", "Cosh", "Tanh", "Asinh", "Acosh", "Atanh", "Cbrt", "Hypot", "Gamma", "Lgamma", "Erf", "Erfc", "Pow10", "J0", "J1", "Y0", "Y1"}

// valueRoom tells the rooms whose arithmetic ends up in values.
func valueRoom(room string) bool {
	return within(room, "compute") || room == "column" || room == "batch"
}

func TestValueCodeUsesNoPlatformMath(t *testing.T) {
	for _, f := range production(parse(t)) {
		if !valueRoom(f.room) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "math" && pkg.Obj == nil && slices.Contains(platformMath, sel.Sel.Name) {
				t.Errorf("%s:%d: math.%s has other bits on other processors: use compute/transcend", f.path, line(sel.Pos()), sel.Sel.Name)
			}
			return true
		})
	}
}

// checker types the repository's own packages from their parsed files and the standard library from its sources. Other modules
// are empty packages: what the rule cannot see it does not accuse.
type checker struct {
	rooms map[string][]*file
	done  map[string]*types.Package
	std   types.Importer
	info  *types.Info
}

// Import implements types.Importer.
func (c *checker) Import(path string) (*types.Package, error) {
	if p, ok := c.done[path]; ok {
		return p, nil
	}
	if path == module || strings.HasPrefix(path, module+"/") {
		room := strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
		var parsed []*ast.File
		for _, f := range c.rooms[room] {
			parsed = append(parsed, f.ast)
		}
		conf := types.Config{Importer: c, Error: func(error) {}} // errors come from the empty packages
		p, _ := conf.Check(path, fset, parsed, c.info)
		c.done[path] = p
		return p, nil
	}
	if !strings.Contains(top(path), ".") {
		return c.std.Import(path)
	}
	p := types.NewPackage(path, path[strings.LastIndexByte(path, '/')+1:])
	p.MarkComplete()
	c.done[path] = p
	return p, nil
}

func TestValueCodeFusesNothing(t *testing.T) {
	c := &checker{rooms: map[string][]*file{}, done: map[string]*types.Package{}, std: importer.ForCompiler(fset, "source", nil),
		info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}}
	for _, f := range production(parse(t)) {
		c.rooms[f.room] = append(c.rooms[f.room], f)
	}
	for room, files := range c.rooms {
		if !valueRoom(room) {
			continue
		}
		if _, err := c.Import(module + "/" + room); err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			for _, pos := range fused(f.ast, c.info) {
				t.Errorf("%s:%d: x*y+z may be fused into one rounding: write float64(x*y)+z", f.path, line(pos))
			}
		}
	}
}

// fused finds x*y+z on floats: a compiler may fuse it, and then it rounds once instead of twice.
func fused(file *ast.File, info *types.Info) (found []token.Pos) {
	product := func(e ast.Expr) bool {
		for {
			switch x := e.(type) {
			case *ast.ParenExpr:
				e = x.X
				continue
			case *ast.UnaryExpr:
				e = x.X
				continue
			case *ast.BinaryExpr:
				return x.Op == token.MUL && isFloat(info, x)
			}
			return false
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.BinaryExpr:
			if (x.Op == token.ADD || x.Op == token.SUB) && info.Types[x].Value == nil && (product(x.X) || product(x.Y)) {
				found = append(found, x.Pos())
			}
		case *ast.AssignStmt:
			if (x.Tok == token.ADD_ASSIGN || x.Tok == token.SUB_ASSIGN) && product(x.Rhs[0]) {
				found = append(found, x.Pos())
			}
		}
		return true
	})
	return found
}

func isFloat(info *types.Info, e ast.Expr) bool {
	tv := info.Types[e]
	if tv.Type == nil || tv.Value != nil {
		return false
	}
	b, ok := tv.Type.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsFloat != 0
}

// TestFusedRuleSees shows that the rule above finds what it looks for.
func TestFusedRuleSees(t *testing.T) {
	cases := map[string]int{
		"func f(x, y, z float64) float64 { return x*y + z }":          1,
		"func f(x, y, z float64) float64 { return z - (x * y) }":      1,
		"func f(x, y, z float64) float64 { z += x * y; return z }":    1,
		"func f(x, y, z float64) float64 { return float64(x*y) + z }": 0,
		"func f(x, y, z int64) int64 { return x*y + z }":              0,
		"const c = 2.0*3.0 + 1":                                       0,
	}
	for src, want := range cases {
		file, err := parser.ParseFile(fset, "fused.go", "package p\n"+src, 0)
		if err != nil {
			t.Fatal(err)
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
		if _, err := new(types.Config).Check("p", fset, []*ast.File{file}, info); err != nil {
			t.Fatal(err)
		}
		if got := len(fused(file, info)); got != want {
			t.Errorf("%s: got %d reports, want %d", src, got, want)
		}
	}
}
