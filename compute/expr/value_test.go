// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
)

// testFields are the columns that the tests' expressions read.
var testFields = []struct {
	name string
	typ  string
	rows [4]string // as CAST reads them; "" is null, "!" an error, "?" not found
}{
	{"b", "bool", [4]string{"true", "false", "", "true"}},
	{"c", "bool", [4]string{"true", "true", "false", "!"}},
	{"i", "int64", [4]string{"7", "-7", "", "9223372036854775807"}},
	{"j", "int64", [4]string{"2", "2", "3", "0"}},
	{"x", "float64", [4]string{"2.5", "-0.5", "?", "1e300"}},
	{"y", "float64", [4]string{"0.5", "0", "4", "-1e300"}},
	{"d", "decimal(10,2)", [4]string{"1.25", "-2.50", "", "99999999.99"}},
	{"e", "decimal(38,0)", [4]string{"3", "-2", "0", "99999999999999999999999999999999999999"}},
	{"s", "string", [4]string{"apple", "Äpfel", "", "it's"}},
	{"t", "string", [4]string{"app%", "_pfel", "x", "%"}},
	{"ts", "timestamp", [4]string{"2024-01-02T03:04:05Z", "1969-12-31T23:59:59.999999Z", "", "2024-06-30"}},
	{"dt", "date", [4]string{"2024-01-02", "1969-12-31", "", "2024-06-30"}},
}

var testNull = selfsame.Value{Status: selfsame.Null}

// testColumns builds the columns; beside those of testFields a list l and a map m.
func testColumns(t testing.TB) (*column.Batch, Scope) {
	b := &column.Batch{Rows: 4}
	for _, f := range testFields {
		typ, err := selfsame.ParseType(f.typ)
		if err != nil {
			t.Fatal(err)
		}
		col := column.New(typ, 4)
		for _, s := range f.rows {
			switch s {
			case "":
				col.AppendStatus(selfsame.Null)
			case "?":
				col.AppendStatus(selfsame.NotFound)
			case "!":
				col.AppendStatus(selfsame.ErrorOverflow)
			default:
				v, ok := Constant(mustParse(t, fmt.Sprintf("cast('%s' as %s)", strings.ReplaceAll(s, "'", "''"), f.typ)))
				if !ok {
					t.Fatalf("%s: %s", f.name, s)
				}
				col.Append(v)
			}
		}
		b.Fields, b.Columns = append(b.Fields, selfsame.Field{Name: f.name, Type: typ}), append(b.Columns, col)
	}
	list := column.New(selfsame.ListOf(intType), 4)
	dict := column.New(selfsame.MapOf(floatType), 4)
	number := func(n int64) selfsame.Value { return selfsame.Value{Type: intType, Int: n} }
	for n := range 4 {
		v := selfsame.Value{Type: list.Type}
		m := selfsame.Value{Type: dict.Type}
		for k := range n {
			v.Elems = append(v.Elems, number(int64(10*k)))
			m.Keys = append(m.Keys, string(rune('a'+k)))
			m.Elems = append(m.Elems, selfsame.Value{Type: floatType, Float: float64(k) / 2})
		}
		list.Append(v)
		dict.Append(m)
	}
	b.Fields = append(b.Fields, selfsame.Field{Name: "l", Type: list.Type}, selfsame.Field{Name: "m", Type: dict.Type})
	b.Columns = append(b.Columns, list, dict)
	return b, Scope{Now: true, Column: func(ref *Ref) (int, selfsame.Type, error) {
		i := b.Index(strings.Join(ref.Parts, "."))
		if i < 0 {
			return 0, selfsame.Type{}, errors.New("unknown column " + strings.Join(ref.Parts, "."))
		}
		return i, b.Fields[i].Type, nil
	}}
}

// TestValues gives the type and the values of expressions over testColumns, one value where it is a constant, and the errors of
// expressions whose types do not fit. A leading "nan: keep" sets that policy.
func TestValues(t *testing.T) {
	b, scope := testColumns(t)
	golden(t, "testdata/values", func(input string) string {
		s := scope
		input, s.KeepNaN = strings.CutPrefix(input, "nan: keep\n")
		n, err := Parse(selfsame.Expr{Text: input})
		if err != nil {
			return err.Error()
		}
		p, err := Compile(n, s)
		if err != nil {
			return err.Error()
		}
		in := &Input{Columns: b.Columns, Rows: b.Rows, At: []int64{0, 1, 2, 3}}
		ev := p.NewEvaluator()
		var first string
		for range 2 { // the second run reuses the memory of the first
			col := ev.Eval(in)
			if col.Len() != in.Rows || col.Status != nil && len(col.Status) != in.Rows {
				return "wrong length"
			}
			rows := make([]string, in.Rows)
			for i := range rows {
				rows[i] = ValueText(col.Value(i))
			}
			if len(p.Slots()) == 0 && !p.UsesNow() {
				rows = rows[:1]
			}
			text := p.Type().String() + ": " + strings.Join(rows, " | ")
			if first != "" && text != first {
				return first + "\nat the second run: " + text
			}
			first = text
		}
		return first
	})
}

func TestFailedCastsAreCounted(t *testing.T) {
	b, scope := testColumns(t)
	for text, want := range map[string]int64{
		"cast(s as int64)":                     3, // apple, Äpfel, it's; the null is none
		"coalesce(cast(s as int64), 0)":        3,
		"cast(y as decimal(3,1))":              1,
		"cast(i as string)":                    0,
		"cast(cast(i as string) as int64) + j": 0,
		"case when c then cast(t as date) end": 4,
		"cast('x' as int64)":                   0, // a constant is not data
		"cast(s as int64) = cast(t as int64)":  7,
	} {
		n, err := Parse(selfsame.Expr{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(n, scope)
		if err != nil {
			t.Fatal(err)
		}
		ev := p.NewEvaluator()
		for range 2 {
			ev.Eval(&Input{Columns: b.Columns, Rows: b.Rows, At: make([]int64, b.Rows)})
		}
		if got := ev.FailedCasts(); got != 2*want {
			t.Errorf("%s: %d failed casts in two runs, want %d", text, got, 2*want)
		}
	}
}
