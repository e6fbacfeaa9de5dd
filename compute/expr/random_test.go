// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// naive evaluates a tree for one row: no columns, big rationals for numbers, the rules of the language word by word. The expressions it
// meets take no literal with a point but inside CAST, so that the type of every value is its own.
type naive struct {
	row map[string]selfsame.Value
}

func (e naive) eval(n Node) selfsame.Value {
	switch n := n.(type) {
	case *Literal:
		return n.Value
	case *Ref:
		v := e.row[n.Parts[0]]
		if v.Status == selfsame.NotFound || v.Status == selfsame.Expired {
			v.Status = selfsame.Null
		}
		return v
	case *Unary:
		return e.unary(n)
	case *Binary:
		return e.binary(n.Op, e.eval(n.L), e.eval(n.R))
	case *Case:
		return e.choose(n)
	case *In:
		v := boolValue(false)
		x := e.eval(n.X)
		for _, m := range n.List {
			v = e.binary("or", v, e.binary("=", x, e.eval(m)))
		}
		return e.not(v, n.Not)
	case *Between:
		x := e.eval(n.X)
		return e.not(e.binary("and", e.binary(">=", x, e.eval(n.Low)), e.binary("<=", x, e.eval(n.High))), n.Not)
	case *IsNull:
		x := e.eval(n.X)
		if x.Status.IsError() {
			return selfsame.Value{Type: boolType, Status: x.Status}
		}
		return boolValue((x.Status == selfsame.Null) != n.Not)
	case *Like:
		return e.not(e.like(e.eval(n.X), e.eval(n.Pattern)), n.Not)
	case *Call:
		return e.call(n)
	case *Cast:
		v, _ := Constant(n)
		return v
	}
	panic(fmt.Sprintf("%T", n))
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func boolValue(b bool) selfsame.Value { return selfsame.Value{Type: boolType, Int: int64(bit(b))} }

func (e naive) not(v selfsame.Value, not bool) selfsame.Value {
	if not && v.Status == selfsame.Present {
		v.Int = 1 - v.Int
	}
	return v
}

func (e naive) unary(n *Unary) selfsame.Value {
	x := e.eval(n.X)
	if n.Op == "not" {
		return e.not(x, true)
	}
	zero := selfsame.Value{Type: x.Type}
	v := e.binary("-", zero, x)
	v.Type = x.Type
	return v
}

func (e naive) choose(n *Case) selfsame.Value {
	for _, w := range n.Whens {
		cond := e.eval(w.Cond)
		if n.Operand != nil {
			cond = e.binary("=", e.eval(n.Operand), cond)
		}
		if cond.Status.IsError() {
			return cond
		}
		if cond.Status == selfsame.Present && cond.Int == 1 {
			return e.eval(w.Then)
		}
	}
	if n.Else == nil {
		return testNull
	}
	return e.eval(n.Else)
}

func (e naive) call(n *Call) selfsame.Value {
	args := make([]selfsame.Value, len(n.Args))
	for i, a := range n.Args {
		args[i] = e.eval(a)
	}
	best := selfsame.Value{Type: args[0].Type, Status: selfsame.Null}
	switch n.Name {
	case "coalesce":
		for _, a := range args {
			if a.Status != selfsame.Null {
				return a
			}
		}
		return best
	case "nullif":
		switch eq := e.binary("=", args[0], args[1]); {
		case eq.Status.IsError():
			return eq
		case eq.Status == selfsame.Present && eq.Int == 1:
			return best
		}
		return args[0]
	}
	for _, a := range args {
		switch {
		case a.Status.IsError():
			return a
		case a.Status != selfsame.Present:
		case best.Status != selfsame.Present, e.compare(a, best) > 0 == (n.Name == "greatest") && e.compare(a, best) != 0:
			best = a
		}
	}
	for _, a := range args { // an error after a value counts too
		if a.Status.IsError() {
			return a
		}
	}
	return best
}

func (e naive) like(x, pattern selfsame.Value) selfsame.Value {
	if s := max(x.Status, pattern.Status); s != selfsame.Present {
		return selfsame.Value{Type: boolType, Status: s}
	}
	re := regexp.QuoteMeta(pattern.Str)
	re = strings.ReplaceAll(strings.ReplaceAll(re, "%", "(?s:.*)"), "_", "(?s:.)")
	return boolValue(regexp.MustCompile("^" + re + "$").MatchString(x.Str))
}

func (e naive) binary(op string, x, y selfsame.Value) selfsame.Value {
	status := max(x.Status, y.Status)
	switch op {
	case "and", "or":
		decides := int64(bit(op == "or"))
		if x.Status == selfsame.Present && x.Int == decides || y.Status == selfsame.Present && y.Int == decides {
			return boolValue(op == "or")
		}
		return selfsame.Value{Type: boolType, Status: status, Int: 1 - decides}
	case "is distinct from", "is not distinct from":
		if status.IsError() {
			return selfsame.Value{Type: boolType, Status: status}
		}
		equal := x.Status == y.Status && (x.Status != selfsame.Present || e.compare(x, y) == 0)
		return boolValue(equal == (op == "is not distinct from"))
	}
	if status != selfsame.Present {
		return selfsame.Value{Status: status}
	}
	switch op {
	case "=", "<>", "<", "<=", ">", ">=":
		order := e.compare(x, y)
		return boolValue(order < 0 && strings.Contains(op, "<") || order > 0 && strings.Contains(op, ">") || order == 0 && strings.Contains(op, "="))
	}
	if op == "||" {
		return selfsame.Value{Type: stringType, Str: x.Str + y.Str}
	}
	return e.arithmetic(op, x, y)
}

func (e naive) compare(x, y selfsame.Value) int {
	if x.Type.Kind == selfsame.String {
		return strings.Compare(x.Str, y.Str)
	}
	for _, v := range []selfsame.Value{x, y} {
		if v.Type.Kind == selfsame.Float64 && math.IsInf(v.Float, 0) {
			return cmp.Compare(approximate(x), approximate(y))
		}
	}
	return rational(x).Cmp(rational(y))
}

// rational is the exact value of a number, a bool or a time.
func rational(v selfsame.Value) *big.Rat {
	switch v.Type.Kind {
	case selfsame.Float64:
		return new(big.Rat).SetFloat64(v.Float)
	case selfsame.Decimal:
		den := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Type.Scale)), nil)
		unscaled := new(big.Int).Lsh(big.NewInt(v.Dec.Hi), 64)
		return new(big.Rat).SetFrac(unscaled.Add(unscaled, new(big.Int).SetUint64(v.Dec.Lo)), den)
	}
	return new(big.Rat).SetInt64(v.Int)
}

func approximate(v selfsame.Value) float64 {
	if v.Type.Kind == selfsame.Float64 {
		return v.Float
	}
	f, _ := rational(v).Float64()
	return f
}

func floorRat(r *big.Rat) *big.Int { return new(big.Int).Div(r.Num(), r.Denom()) }

// arithmetic computes on present values; the engine's type decides how the result is rounded.
func (e naive) arithmetic(op string, x, y selfsame.Value) selfsame.Value {
	null := selfsame.Value{Status: selfsame.Null}
	zero := approximate(y) == 0
	if zero && (op == "/" || op == "//" || op == "%") {
		return null
	}
	if x.Type.Kind == selfsame.Float64 || y.Type.Kind == selfsame.Float64 {
		return floatResult(op, approximate(x), approximate(y))
	}
	a, b, r := rational(x), rational(y), new(big.Rat)
	switch op {
	case "+":
		r.Add(a, b)
	case "-":
		r.Sub(a, b)
	case "*":
		r.Mul(a, b)
	case "/":
		f, _ := r.Quo(a, b).Float64()
		return selfsame.Value{Type: floatType, Float: f + 0}
	default:
		q := new(big.Rat).SetInt(floorRat(r.Quo(a, b)))
		if r = q; op == "%" {
			r = new(big.Rat).Sub(a, new(big.Rat).Mul(q, b))
		}
	}
	if x.Type.Kind != selfsame.Decimal && y.Type.Kind != selfsame.Decimal {
		if !r.Num().IsInt64() {
			return selfsame.Value{Status: selfsame.ErrorOverflow}
		}
		t := intType
		if x.Type.Kind == selfsame.Timestamp && y.Type.Kind == selfsame.Int64 {
			t = x.Type
		}
		return selfsame.Value{Type: t, Int: r.Num().Int64()}
	}
	scale := max(x.Type.Scale, y.Type.Scale)
	switch op {
	case "*":
		scale = x.Type.Scale + y.Type.Scale
	case "//":
		scale = 0
	}
	return decimalResult(r, scale)
}

func decimalResult(r *big.Rat, scale uint8) selfsame.Value {
	n := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	n.Quo(n.Mul(n, r.Num()), r.Denom())
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil)
	if n.CmpAbs(limit) >= 0 {
		return selfsame.Value{Status: selfsame.ErrorOverflow}
	}
	var b [16]byte
	abs := new(big.Int).Abs(n).FillBytes(b[:])
	v := selfsame.Int128{}
	for _, c := range abs[:8] {
		v.Hi = v.Hi<<8 | int64(c)
	}
	for _, c := range abs[8:] {
		v.Lo = v.Lo<<8 | uint64(c)
	}
	if n.Sign() < 0 {
		v, _ = exact.Neg(v)
	}
	return selfsame.Value{Type: selfsame.DecimalOf(38, scale), Dec: v}
}

func floatResult(op string, x, y float64) selfsame.Value {
	var z float64
	switch op {
	case "+":
		z = x + y
	case "-":
		z = x - y
	case "*":
		z = x * y
	case "/":
		z = x / y
	default:
		if math.IsInf(x, 0) {
			return selfsame.Value{Status: selfsame.Null}
		}
		if math.IsInf(y, 0) {
			away := x != 0 && (x < 0) != (y < 0)
			switch {
			case op == "//":
				z = float64(-bit(away))
			case away:
				z = y
			default:
				z = x
			}
			break
		}
		a, b := new(big.Rat).SetFloat64(x), new(big.Rat).SetFloat64(y)
		r := new(big.Rat).SetInt(floorRat(new(big.Rat).Quo(a, b)))
		if op == "%" {
			r.Sub(a, r.Mul(r, b))
		}
		z, _ = r.Float64()
	}
	if z != z {
		return selfsame.Value{Status: selfsame.Null}
	}
	return selfsame.Value{Type: floatType, Float: z + 0}
}

// writer draws expressions of a type as text.
type writer struct{ t *rapid.T }

func (w writer) pick(s ...string) string { return rapid.SampledFrom(s).Draw(w.t, "part") }

var leaves = map[string][]string{
	"bool":  {"b", "c", "true", "false"},
	"int":   {"i", "j", "0", "1", "-3", "9223372036854775807"},
	"float": {"x", "y", "0e0", "25e-1", "-1e300"},
	"dec":   {"d", "e", "cast(1.25 as decimal(5, 2))", "cast(-3 as decimal(1, 0))"},
	"str":   {"s", "t", "''", "'a%'", "'é_'"},
	"time":  {"ts", "timestamp '2024-01-01'", "timestamp '1969-12-31T23:59:59.999999Z'"},
}

var comparable = []string{"int", "float", "dec"}

// expr draws an expression of a type; dec is of one type with e and of another with d, so it stands in no CASE.
func (w writer) expr(typ string, depth int) string {
	if depth == 0 || w.pick("leaf", "", "", "") == "leaf" {
		return w.pick(leaves[typ]...)
	}
	sub := func(t string) string { return w.expr(t, depth-1) }
	if typ != "dec" && w.pick("", "", "choose") == "choose" {
		return w.choose(typ, sub)
	}
	switch typ {
	case "bool":
		return w.condition(sub)
	case "int":
		return w.pick("("+sub("int")+w.pick(" + ", " - ", " * ", " // ", " % ")+sub("int")+")", "-"+sub("int"), "("+sub("time")+" - "+sub("time")+")")
	case "float":
		op := w.pick(" + ", " - ", " * ", " / ", " // ", " % ")
		return w.pick("("+sub("float")+op+sub(w.pick("int", "float", "dec"))+")", "(i / "+sub("int")+")", "(d / "+sub("dec")+")", "-"+sub("float"))
	case "dec":
		return "(" + w.pick(leaves["dec"]...) + w.pick(" + ", " - ", " * ", " // ", " % ") + w.pick(leaves["dec"]...) + ")"
	case "time":
		return "(" + sub("time") + w.pick(" + ", " - ") + sub("int") + ")"
	}
	return "(" + sub("str") + " || " + sub("str") + ")"
}

func (w writer) choose(typ string, sub func(string) string) string {
	switch w.pick("case", "simple", "coalesce", "nullif", "extreme") {
	case "case":
		return "case when " + sub("bool") + " then " + sub(typ) + " when " + sub("bool") + " then " + sub(typ) + w.pick("", " else "+sub(typ)) + " end"
	case "simple":
		return "case " + sub("int") + " when " + sub("int") + " then " + sub(typ) + " when " + sub("float") + " then " + sub(typ) + " end"
	case "coalesce":
		return "coalesce(" + sub(typ) + ", " + sub(typ) + ", " + sub(typ) + ")"
	case "nullif":
		return "nullif(" + sub(typ) + ", " + sub(typ) + ")"
	}
	return w.pick("greatest", "least") + "(" + sub(typ) + ", " + sub(typ) + ", " + sub(typ) + ")"
}

func (w writer) condition(sub func(string) string) string {
	number := func() string { return sub(w.pick(comparable...)) }
	not := w.pick("", "not ")
	relation := w.pick(" = ", " <> ", " < ", " <= ", " > ", " >= ", " is distinct from ", " is not distinct from ")
	switch w.pick("and", "or", "not", "number", "string", "time", "bool", "null", "in", "texts", "between", "like") {
	case "and":
		return "(" + sub("bool") + " and " + sub("bool") + ")"
	case "or":
		return "(" + sub("bool") + " or " + sub("bool") + ")"
	case "not":
		return "(not " + sub("bool") + ")"
	case "number":
		return "(" + number() + relation + number() + ")"
	case "string":
		return "(" + sub("str") + relation + sub("str") + ")"
	case "time":
		return "(" + sub("time") + relation + sub("time") + ")"
	case "bool":
		return "(" + sub("bool") + relation + sub("bool") + ")"
	case "null":
		return "(" + sub(w.pick("bool", "int", "float", "dec", "str", "time")) + w.pick(" is null", " is not null") + ")"
	case "in":
		return "(" + number() + " " + not + "in (" + number() + ", " + number() + "))"
	case "texts":
		return "(" + sub("str") + " " + not + "in ('apple', '', " + w.pick("null", "'x'") + "))"
	case "between":
		return "(" + number() + " " + not + "between " + number() + " and " + number() + ")"
	}
	return "(" + sub("str") + " " + not + "like " + sub("str") + ")"
}

// TestRandom holds the vector kernels to the naive interpreter, and the printer to the parser.
func TestRandom(t *testing.T) {
	b, scope := testColumns(t)
	rapid.Check(t, func(t *rapid.T) {
		w := writer{t}
		text := w.expr(w.pick("bool", "int", "float", "dec", "str", "time"), rapid.IntRange(1, 4).Draw(t, "depth"))
		n, err := Parse(selfsame.Expr{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		printed := Print(n)
		again, err := Parse(selfsame.Expr{Text: printed})
		if err != nil || Print(again) != printed {
			t.Fatalf("%s\nprints as %s\nand again as %v, %v", text, printed, again, err)
		}
		if got, want := shape(again), shape(n); got != want {
			t.Fatalf("%s\nis %s\nand after printing %s", text, want, got)
		}
		p, err := Compile(n, scope)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		col := p.NewEvaluator().Eval(&Input{Columns: b.Columns, Rows: b.Rows})
		for i := range b.Rows {
			row := map[string]selfsame.Value{}
			for k, f := range b.Fields {
				row[f.Name] = b.Columns[k].Value(i)
			}
			want, got := naive{row}.eval(n), col.Value(i)
			if !sameValue(got, want) {
				t.Fatalf("%s\nrow %d: %s, naive %s", text, i, ValueText(got), ValueText(want))
			}
		}
	})
}

// sameValue compares status, and number or text; the precision of a decimal's type does not count.
func sameValue(a, b selfsame.Value) bool {
	if a.Status != selfsame.Present || b.Status != selfsame.Present {
		return a.Status == b.Status
	}
	k := a.Type.Kind
	return k == b.Type.Kind && a.Type.Scale == b.Type.Scale && a.Int == b.Int && a.Str == b.Str && a.Dec == b.Dec &&
		(k != selfsame.Float64 || math.Float64bits(a.Float) == math.Float64bits(b.Float))
}

// shape prints a tree with all its parentheses.
func shape(n Node) string {
	var b strings.Builder
	Walk(n, func(n Node) bool {
		fmt.Fprintf(&b, "%T/", n)
		switch n := n.(type) {
		case *Binary:
			b.WriteString(n.Op)
		case *Literal:
			b.WriteString(literalText(n.Value))
		case *Ref:
			b.WriteString(strings.Join(n.Parts, "."))
		}
		count := 0
		children(n, func(Node) { count++ })
		fmt.Fprintf(&b, "%d ", count)
		return true
	})
	return b.String()
}

// FuzzCompile feeds any text to the parser, the printer and the checker. Nothing panics; what parses prints and parses again.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{"a + 1 * 'x'", "count(distinct x) filter (where y) over [7d hop 1h, today in 'UTC']", "case x when 1 then null end",
		"cast(m['k'] as list<decimal(3, 2)>)", "x not like '%' escape '!'", "l[-1] is not distinct from 1e3", "regexp_extract_all(s, '(a)|b', 1)[1] || regexp_replace(s, '.', '\\0\\\\')",
		"json_extract(s, '$.a[0][''b'']') || json_list(t, '$')[1]", "levenshtein(s, t) + regexp_count(s, '[a')",
		"list_sum(list_sort(list_of(i, j, null)))", "jaccard(split(s, 'a'), list_distinct(split(t, 'a')))", "date_add('month', i, ts, 'Europe/Berlin')", "geohash_neighbors(geohash(x, y, i))[j]", "geodesic_km(x, y, x, 2)", "list_slice(list_of(x, y), i, j)[1]", strings.Repeat("(", 500), strings.Repeat("-", 500)} {
		f.Add(s)
	}
	b, scope := testColumns(f)
	scope.Aggregate = func(*Aggregate) (int, selfsame.Type, error) { return 3, intType, nil }
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(selfsame.Expr{Text: s})
		if err != nil {
			return
		}
		printed := Print(n)
		again, err := Parse(selfsame.Expr{Text: printed})
		if err != nil {
			t.Fatalf("%q prints as %q: %v", s, printed, err)
		}
		if second := Print(again); second != printed {
			t.Fatalf("%q prints as %q, then as %q", s, printed, second)
		}
		if _, err := Expand(n); err != nil {
			return
		}
		Constant(n)
		if p, err := Compile(n, scope); err == nil {
			var col *column.Column = p.NewEvaluator().Eval(&Input{Columns: b.Columns, Rows: b.Rows, At: make([]int64, b.Rows)})
			if col.Len() != b.Rows {
				t.Fatalf("%q gives %d values", s, col.Len())
			}
			_ = bytes.Compare(nil, col.AppendFramed(nil, 0))
		}
	})
}
