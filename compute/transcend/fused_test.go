// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package transcend

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// portable are the functions of package math that give the same bits on every platform: they are exact, or correctly rounded by IEEE 754.
var portable = map[string]bool{
	"Abs": true, "Ceil": true, "Copysign": true, "Float64bits": true, "Float64frombits": true, "Float32bits": true, "Float32frombits": true,
	"Floor": true, "Frexp": true, "Inf": true, "IsInf": true, "IsNaN": true, "Ldexp": true, "Max": true, "Min": true, "Mod": true, "Modf": true, "NaN": true,
	"Nextafter": true, "Round": true, "RoundToEven": true, "Signbit": true, "Sqrt": true, "Trunc": true,
}

// unportable reports, for the Go files of one package outside tests, what may give other bits on another platform: a product of floats
// that is not at once converted by float64(…) or float32(…), compared, multiplied or divided on (Go may fuse it with an addition, also one in another
// statement or in a function that it inlines), and a function of package math that is not in portable.
func unportable(dir string) ([]string, error) {
	fset := token.NewFileSet()
	pkg, err := build.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range pkg.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	if _, err := conf.Check(dir, fset, files, info); err != nil {
		return nil, err
	}
	c := fuseCheck{fset: fset, info: info}
	for _, f := range files {
		c.file(f)
	}
	return c.found, nil
}

type fuseCheck struct {
	fset  *token.FileSet
	info  *types.Info
	found []string
}

func (c *fuseCheck) file(f *ast.File) {
	var stack []ast.Node
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.MUL && c.float(n) && !c.rounded(n, stack) {
				c.report(n, "a product of floats that is not converted by float64(…)")
			}
		case *ast.AssignStmt:
			if n.Tok == token.MUL_ASSIGN && c.float(n.Lhs[0]) {
				c.report(n, "*= of floats: the product is not converted by float64(…)")
			}
		case *ast.SelectorExpr:
			if fn, ok := c.info.Uses[n.Sel].(*types.Func); ok && fn.Pkg() != nil && fn.Pkg().Path() == "math" && !portable[fn.Name()] {
				c.report(n, "math."+fn.Name())
			}
		}
		stack = append(stack, n)
		return true
	})
}

func (c *fuseCheck) report(n ast.Node, what string) {
	c.found = append(c.found, fmt.Sprintf("%s: %s", c.fset.Position(n.Pos()), what))
}

// float reports whether e is a float that is computed when the program runs.
func (c *fuseCheck) float(e ast.Expr) bool {
	tv := c.info.Types[e]
	if tv.Type == nil || tv.Value != nil {
		return false
	}
	switch t := tv.Type.Underlying().(type) {
	case *types.Basic:
		return t.Info()&(types.IsFloat|types.IsComplex) != 0
	case *types.Interface: // the type parameter of a generic function
		return true
	}
	return false
}

// rounded reports whether what is done with the product cannot be fused with it.
func (c *fuseCheck) rounded(e ast.Expr, stack []ast.Node) bool {
	for i := len(stack) - 1; i >= 0; i-- {
		switch p := stack[i].(type) {
		case *ast.ParenExpr:
		case *ast.UnaryExpr: // -(x*y) is fused like x*y
		case *ast.CallExpr:
			return len(p.Args) == 1 && c.info.Types[p.Fun].IsType()
		case *ast.BinaryExpr:
			switch p.Op {
			case token.MUL, token.QUO, token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
				return true
			}
			return false
		default:
			return false
		}
	}
	return false
}

// TestNothingIsFused reads this package, and a sample of what is not allowed.
func TestNothingIsFused(t *testing.T) {
	found, err := unportable(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

func TestUnportableIsFound(t *testing.T) {
	dir := t.TempDir()
	sample := `package sample

import "math"

const c = 1.5 * 2

func bad(x, y, z float64, k int) float64 {
	a := x*y + z         // 1
	b := x * y           // 2
	b *= z               // 3
	a -= -(x * y)        // 4
	a += math.Exp(x)     // 5
	a += math.FMA(x, y, z) // 6
	return a + b*c       // 7
}

func good(x, y, z float64, k int) float64 {
	a := float64(x*y) + z
	b := float64(x*y*z) / 2
	if x*y < z {
		k = k*3 + 1
	}
	return a + b + math.Sqrt(x) + float64(k*k) + 2*3.5
}
`
	if err := os.WriteFile(filepath.Join(dir, "sample.go"), []byte(sample), 0o644); err != nil {
		t.Fatal(err)
	}
	found, err := unportable(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 7 {
		t.Errorf("found %d, want 7:\n%s", len(found), strings.Join(found, "\n"))
	}
	for i, f := range found {
		if !strings.Contains(f, fmt.Sprintf("sample.go:%d:", 8+i)) {
			t.Errorf("%s is not on line %d", f, 8+i)
		}
	}
}
