// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"testing"

	"selfsame/column"
)

// TestFunctionsOverRows evaluates functions of lists and maps over columns with nulls and errors: a row is what it is alone.
func TestFunctionsOverRows(t *testing.T) {
	b, scope := testColumns(t)
	for _, text := range []string{
		"map_keys(m)", "map_values(m)", "list_reverse(map_keys(m))", "list_sum(map_values(m))", "list_avg(l)", "list_sum(l)", "list_max(l)", "list_slice(l, i, 2)",
		"list_concat(l, list_of(i, j))", "one_hot(i, j, 0, 1)", "list_of(s, t)", "list_of(i, j)", "list_join(list_of(s, t), s)", "list_distinct(list_of(i, j, i))", "list_sort(list_of(x, y))",
		"list_position(l, i)", "jaccard(l, list_of(i, 10))", "list_has_any(l, list_of(i))", "list_has_all(l, list_of(i))", "list_dot(l, map_values(m))", "list_cosine(l, l)", "list_distance(l, map_values(m))",
		"split(s, 'p')", "regexp_extract_all(s, '(p)|(a)', 1)", "regexp_extract(s, 'p+')", "regexp_replace(s, 'p', t)", "regexp_replace(s, 'p', 'q')", "regexp_count(s, 'p')", "regexp_matches(s, 'p')",
		"json_list(s, '$')", "json_extract(s, '$')", "levenshtein(s, t)", "jaro_winkler(s, t)", "md5(s)", "url_host(s)", "geohash(x, y, 3)", "geohash_neighbors(geohash(x, y, 3))", "geohash_lat(s)", "geodesic_km(x, y, 1, 2)",
		"date_add('month', i, ts)", "last_day(ts)", "is_weekend(ts)", "min_max_scale(x, 0, 10)", "standard_scale(x, y, 2)", "sigmoid(x)",
	} {
		n := mustParse(t, text)
		p, err := Compile(n, scope)
		if text == "regexp_replace(s, 'p', t)" {
			if err == nil {
				t.Errorf("%s compiles: its replacement is no constant", text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		evaluator := p.NewEvaluator()
		for range 2 { // the second time with memory that was used
			col := evaluator.Eval(&Input{Columns: b.Columns, Rows: b.Rows, At: make([]int64, b.Rows)})
			if col.Len() != b.Rows {
				t.Fatalf("%s gives %d values", text, col.Len())
			}
			for i := range b.Rows {
				alone := &Input{Rows: 1, At: []int64{0}}
				for _, c := range b.Columns {
					one := cloneRow(c, i)
					alone.Columns = append(alone.Columns, one)
				}
				want := p.NewEvaluator().Eval(alone)
				if got, want := ValueText(col.Value(i)), ValueText(want.Value(0)); got != want {
					t.Errorf("%s: row %d is %s, alone %s", text, i, got, want)
				}
			}
		}
	}
	for text, want := range map[string]string{"map_keys(m)": "[a, b, c]", "map_values(m)": "[0.0, 0.5, 1.0]", "list_sum(l)": "30", "m['b']": "0.5"} {
		p, err := Compile(mustParse(t, text), scope)
		if err != nil {
			t.Fatal(err)
		}
		if got := ValueText(p.NewEvaluator().Eval(&Input{Columns: b.Columns, Rows: b.Rows}).Value(3)); got != want {
			t.Errorf("%s = %s, want %s", text, got, want)
		}
	}
}

// cloneRow is a column of row i alone.
func cloneRow(c *column.Column, i int) *column.Column {
	one := column.New(c.Type, 1)
	one.AppendFrom(c, i)
	return one
}
