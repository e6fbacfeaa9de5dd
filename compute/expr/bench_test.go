// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"testing"

	"selfsame"
	"selfsame/column"
)

// benchColumns are int64, float64 and string columns of many rows; every eighth float is null where nulls is set.
func benchColumns(rows int, nulls bool) ([]*column.Column, Scope) {
	names := []string{"i", "j", "x", "y", "s"}
	types := []selfsame.Type{intType, intType, floatType, floatType, stringType}
	cols := make([]*column.Column, len(types))
	for k, t := range types {
		cols[k] = column.New(t, rows)
		for i := range rows {
			v := selfsame.Value{Type: t, Int: int64(i%1000 + k), Float: float64(i%777) + 0.5, Str: []string{"approved", "declined"}[i%3/2]}
			if nulls && t.Kind == selfsame.Float64 && i%8 == 0 {
				v.Status = selfsame.Null
			}
			cols[k].Append(v)
		}
	}
	return cols, Scope{Column: func(r *Ref) (int, selfsame.Type, error) {
		for k, n := range names {
			if n == r.Parts[0] {
				return k, types[k], nil
			}
		}
		return 0, selfsame.Type{}, nil
	}}
}

// TestAllocations: once the scratch columns have grown, a run allocates nothing.
func TestAllocations(t *testing.T) {
	cols, scope := benchColumns(1000, true)
	for _, s := range []string{"x * 2 + y / (i + 1)", "s = 'approved' and x > 3", "case when x > y then i else j end", "s || '!'", "s in ('a', 'b')",
		"coalesce(x, 0)", "greatest(i, j)", "x between 1 and 5 or s like 'a%'", "cast(i as string)", "x is null", "i // 7 + i % 7"} {
		p, err := Compile(mustParse(t, s), scope)
		if err != nil {
			t.Fatal(err)
		}
		ev, in := p.NewEvaluator(), &Input{Columns: cols, Rows: 1000}
		ev.Eval(in)
		if n := testing.AllocsPerRun(10, func() { ev.Eval(in) }); n > 0 {
			t.Errorf("%s: %v allocations for 1000 rows", s, n)
		}
	}
}

func BenchmarkEval(b *testing.B) {
	const rows = 8192
	for _, nulls := range []bool{false, true} {
		cols, scope := benchColumns(rows, nulls)
		for _, s := range []string{"x + y", "x * y", "x / y", "i + j", "i * j", "i / j", "i // j", "x > y", "i = 5", "s = 'approved'", "x > 1 and i < 5",
			"case when x > y then x else y end", "coalesce(x, 0)", "x * 2 + y / (i + 1)", "sqrt(x)", "s like 'a%d'", "s in ('a', 'approved')"} {
			name := s
			if nulls {
				name += " with nulls"
			}
			p, err := Compile(mustParse(b, s), scope)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(name, func(b *testing.B) {
				ev, in := p.NewEvaluator(), &Input{Columns: cols, Rows: rows}
				for b.Loop() {
					ev.Eval(in)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
			})
		}
	}
}
