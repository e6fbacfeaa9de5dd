// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/scalar"
)

// evalText compiles and evaluates an expression over literals at T = at.
func evalText(t *testing.T, text string, at int64) selfsame.Value {
	t.Helper()
	n, err := expr.Parse(selfsame.Expr{Text: text})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	p, err := expr.Compile(n, expr.Scope{Now: true, KeepNaN: true})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p.NewEvaluator().Eval(&expr.Input{At: []int64{at}, Rows: 1}).Value(0)
}

// TestFunctionExamples evaluates the example of every function and compares it with its printed result.
func TestFunctionExamples(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range scalar.Functions() {
		if f.Summary == "" || !strings.HasSuffix(f.Summary, ".") || seen[f.Name] {
			t.Errorf("%s: section %q, summary %q, twice %v", f.Name, f.Group, f.Summary, seen[f.Name])
		}
		seen[f.Name] = true
		if got := expr.ValueText(evalText(t, f.Example, 0)); got != f.Result {
			t.Errorf("%s = %s, want %s", f.Example, got, f.Result)
		}
		if !strings.Contains(f.Example, f.Name+"(") || expr.IsAggregate(f.Name) {
			t.Errorf("%s: its example %s does not call it, or an aggregate has its name", f.Name, f.Example)
		}
	}
}

func TestFunctionValues(t *testing.T) {
	for text, want := range map[string]string{
		"abs(-9223372036854775807)": "9223372036854775807", "abs(-9223372036854775807 - 1)": "error: overflow", "abs(-2.5)": "2.5",
		"sign(-7)": "-1", "sign(0.0)": "0.0", "floor(3)": "3", "floor(-0.5)": "-1.0", "ceil(-0.5)": "0.0", "trunc(2.7)": "2.0",
		"round(-2.5)": "-3.0", "round(2.675, 2)": "2.67", "round(0.125, 2)": "0.13", "round(-0.125, 2)": "-0.13", "round(1234.5, -2)": "1200.0",
		"round(1250.0, -2)": "1300.0", "round(1249.9, -2)": "1200.0", "round(0.1, 22)": "0.1", "round(1.0, 23)": "null", "round(1.005, 2)": "1.0",
		"round(15, -1)": "20", "round(-15, -1)": "-20", "round(14, -1)": "10", "round(5, 3)": "5", "round(9223372036854775807, -1)": "error: overflow",
		"round(9223372036854775807, -20)": "0", "round(-9223372036854775807, -18)": "-9000000000000000000", "round(1e300, 5)": "1e+300", "round(123456789.125, 2)": "123456789.13",
		"clip(5, -3, 3)": "3", "clip(-5.5, -3, 3)": "-3.0", "clip(1, 3, 2)": "null", "clip(2, 1, 3)": "2",
		"sqrt(-1.0)": "null", "sqrt(2)": "1.4142135623730951", "exp(1)": "2.718281828459045", "exp(1000)": "+Inf", "ln(0)": "null", "ln(-1)": "null", "ln(10)": "2.302585092994046",
		"log10(0.001)": "-3.0", "log2(0)": "null", "pow(2, 0.5)": "1.4142135623730951", "pow(0, -1)": "null", "pow(-8, 0.5)": "null", "pow(-2, 3)": "-8.0",
		"asin(2)": "null", "acos(-1)": "3.141592653589793", "atan2(0, 0)": "0.0", "atan2(-1, -1)": "-2.356194490192345", "degrees(pi())": "180.0", "radians(180)": "3.141592653589793",
		"sin(1)": "0.8414709848078965", "cos(1)": "0.5403023058681398", "tan(1)": "1.5574077246549023", "abs(null)": "null",
		"width_bucket(-1, 0, 10, 5)": "0", "width_bucket(0, 0, 10, 5)": "1", "width_bucket(10, 0, 10, 5)": "6", "width_bucket(9.999, 0, 10, 5)": "5", "width_bucket(8, 10, 0, 5)": "2", "width_bucket(1, 2, 2, 5)": "null",
		"width_bucket(1, 0, 2, 0)": "null", "width_bucket(0, -1.7e308, 1.7e308, 4)": "3",

		"length('')": "0", "length('ñandú')": "5", "upper('straße')": "STRAßE", "lower('ÀÉ')": "àé", "trim('xyaxy', 'yx')": "a", "ltrim('  a ')": "a ", "rtrim(' a  ')": " a", "trim('   ')": "",
		"substr('feature', 2)": "eature", "substr('feature', 0, 3)": "fe", "substr('feature', -2, 3)": "", "substr('feature', -1, 4)": "fe", "substr('feature', 9, 3)": "", "substr('abc', 1, -1)": "null", "substr('añb', 2, 1)": "ñ",
		"substr('abc', -9223372036854775807, 9223372036854775807)": "", "substr('abc', 2, 9223372036854775807)": "bc",
		"left('añb', 2)": "añ", "left('abc', -1)": "ab", "left('abc', -9)": "", "left('abc', 9)": "abc", "right('añb', 2)": "ñb", "right('abc', -1)": "bc", "right('abc', 9)": "abc", "right('abc', 0)": "",
		"concat('a', null)": "null", "replace('aaa', 'aa', 'b')": "ba", "replace('abc', '', 'x')": "abc", "replace('abc', 'c', '')": "ab", "reverse('añb')": "bña", "reverse('')": "",
		"repeat('ab', -1)": "", "repeat('', 99999999)": "", "repeat('ab', 5001)": "null", "split_part('a.b.c', '.', -1)": "c", "split_part('a.b.c', '.', -3)": "a", "split_part('a.b.c', '.', -4)": "", "split_part('a.b.c', '.', 4)": "",
		"split_part('a', '.', 0)": "null", "split_part('a', '', 1)": "a", "split_part('a', '', 2)": "", "split_part('a--b', '--', 2)": "b", "split_part('a.b', '.', 2)": "b",
		"lpad('abc', 2)": "ab", "lpad('a', 4, 'xy')": "xyxa", "rpad('a', 4, 'xy')": "axyx", "lpad('a', 3, '')": "a", "lpad('a', 10001)": "null", "lpad('a', -1)": "", "lpad('ñ', 3, 'é')": "ééñ",
		"strpos('añb', 'b')": "3", "strpos('abc', 'x')": "0", "strpos('abc', '')": "1", "starts_with('abc', 'b')": "false", "ends_with('abc', 'bc')": "true", "contains('abc', 'd')": "false",

		"year(timestamp '1969-12-31 23:59:59.999999')": "1969", "month(timestamp '2024-02-29 23:00:00', 'Asia/Tokyo')": "3", "day(timestamp '2024-02-29 23:00:00', 'America/New_York')": "29",
		"hour(timestamp '1969-12-31 23:59:59.999999')": "23", "second(timestamp '1969-12-31 23:59:59.999999')": "59", "hour(timestamp '2024-03-10 07:00:00', 'America/New_York')": "3",
		"day_of_week(timestamp '2024-01-01 00:00:00')": "1", "day_of_week(timestamp '2024-01-07 23:00:00', 'Europe/Berlin')": "1", "week(date '2021-01-03')": "53", "iso_year(date '2021-01-03')": "2020", "quarter(date '2024-12-31')": "4",
		"date(timestamp '1969-12-31 23:59:59')": "1969-12-31", "epoch_ms(timestamp '1969-12-31 23:59:59.9999')": "-1", "epoch_s(timestamp '1970-01-01 00:00:01.9')": "1",
		"timestamp_s(9223372036854775807)": "error: overflow", "date_diff('day', date '2024-03-01', date '2024-02-28')": "-2", "date_diff('year', date '2023-12-31', date '2024-01-01')": "1",
		"date_diff('week', date '2024-01-07', date '2024-01-08')": "1", "date_diff('week', date '2024-01-01', date '2024-01-07')": "0", "date_diff('quarter', date '2024-03-31', date '2024-04-01')": "1",
		"date_diff('day', timestamp '2024-01-01 22:00:00', timestamp '2024-01-01 23:30:00', 'Europe/Berlin')":                         "1",
		"epoch_s(date_trunc('day', timestamp '2024-03-31 12:00:00', 'Europe/Berlin')) - epoch_s(timestamp '2024-03-30 23:00:00')":     "0",
		"epoch_s(date_trunc('hour', timestamp '2024-03-31 12:40:00', 'Asia/Kolkata')) - epoch_s(timestamp '2024-03-31 12:30:00')":     "0",
		"epoch_s(date_trunc('year', timestamp '2024-01-01 04:00:00', 'America/New_York')) - epoch_s(timestamp '2023-01-01 05:00:00')": "0",
		"epoch_s(date_trunc('quarter', timestamp '2024-05-01 00:00:00')) - epoch_s(timestamp '2024-04-01 00:00:00')":                  "0",
		"epoch_s(date_trunc('minute', timestamp '1969-12-31 23:59:59')) ":                                                             "-60", "date_trunc('week', date '2024-01-07')": "2024-01-01",
		"epoch_us(now())": "77",

		"haversine_km(0, 0, 0, 0)": "0.0", "haversine_km(91, 0, 0, 0)": "null", "round(haversine_km(0, 0, 0, 180), 3)": "20015.114", "round(haversine_km(90, 0, -90, 0), 3)": "20015.114",
		"geohash(42.605, -5.603, 5)": "ezs42", "geohash(0, 0, 1)": "s", "geohash(90, 180, 12)": "zzzzzzzzzzzz", "geohash(-90, -180)": "000000000000", "geohash(91, 0, 3)": "null", "geohash(0, 0, 13)": "null", "geohash(0, 0, 0)": "null",

		"json_extract(' [1, 2] ', '$')": "[1, 2]", "json_extract('{\"a\":{\"b\":true}}', 'a.b')": "true", "json_extract('[[0,7]]', '[0][1]')": "7", "json_extract(null, '$')": "null",
		"json_extract('{\"a]b\":1}', '$[\"a]b\"]')": "1", "cast(json_extract('{\"n\":-1.5e2}', '$.n') as float64)": "-150.0", "json_list('{}', '$')": "null", "regexp_replace('aéa', 'a*', '-')": "-é-",
		"email_domain(null)": "null", "levenshtein(repeat('a', 4096), '')": "4096", "levenshtein(repeat('a', 4097), '')": "null", "jaro_winkler('', repeat('a', 4097))": "null", "jaro_winkler('', '')": "1.0",

		"list_of(9223372036854775807 + 1, 2)": "error: overflow", "list_of(null)": "[null]", "list_sum(list_of(9223372036854775807, 1))": "error: overflow", "list_sum(list_of(null))": "null",
		"list_avg(list_of(cast(1.5 as decimal(3,1)), cast(2 as decimal(3,1))))": "1.75", "list_sum(list_of(1e308, 1e308))": "+Inf", "list_max(null)": "null",
		"list_sort(null)": "null", "list_slice(list_of(1, 2, 3), -9223372036854775807, 9223372036854775807)": "[1, 2, 3]", "list_slice(list_of(1, 2), 0, 0)": "[]", "jaccard(list_of(null), list_of(null))": "null",
		"jaccard(null, list_of('a'))": "null", "list_cosine(list_of(0, 0), list_of(1, 1))": "null", "list_dot(list_of(1), list_of(1, 2))": "null", "list_dot(list_of(1, null), list_of(1, 2))": "null", "list_position(null, 1)": "null",
		"one_hot(null, 'a')": "null", "one_hot(2, 1, 2.0)": "[0, 1]", "list_concat(null, list_of('a'))": "null", "list_length(list_distinct(list_of(0.0, -0.0)))": "1",
		"cbrt(-0.0)": "0.0", "log1p(-1)": "null", "expm1(1000)": "+Inf", "expm1(-1000)": "-1.0", "tanh(1e300)": "1.0", "tanh(-30)": "-1.0", "sigmoid(-1e300)": "0.0", "sigmoid(1e300)": "1.0", "sinh(-710)": "-1.1169973830808557e+308", "cosh(711)": "+Inf",
		"min_max_scale(5, 0, 0)": "null", "standard_scale(1, 2, 0)": "null", "standard_scale(1, 2, -1)": "null",
		"date_add('day', 9223372036854775807, now())": "error: overflow", "date_add('year', 300000, now())": "error: overflow", "date_add('hour', 9223372036854775807, now())": "error: overflow", "date_add('year', 1, date '2024-02-29')": "2025-02-28",
		"date_add('second', -1, timestamp '1970-01-01')": "1969-12-31T23:59:59Z", "date_add('day', 1, timestamp '2024-03-30T01:30:00Z', 'Europe/Berlin')": "2024-03-31T01:30:00Z", "last_day(date '1900-02-01')": "1900-02-28", "is_weekend(date '2024-05-20')": "false",
		"geodesic_km(91, 0, 0, 0)": "null", "geodesic_km(0, 361, 0, 0)": "null", "geohash_neighbors('')": "null", "geohash_neighbors('a')": "null", "geohash_lat('EZS42')": "null", "geohash_lon('0123456789bcd')": "null",
		"geohash_neighbors(geohash(90, 180, 2))[1]": "null", "geohash_neighbors('z')[3]": "b",

		"min_max_scale(0, -1.7e308, 1.7e308)": "0.5", "min_max_scale(1.7e308, -1.7e308, 0)": "2.0", "bin_index(17, 0, 18)": "1", "bin_index(-1, 0, 18)": "0", "bin_index(18, 0, 18)": "2", "bin_index(null, 0)": "null",
		"bin_index('m', 'a', 'n')": "1", "bin_index(9007199254740993, 9007199254740992, 9007199254740994)": "1", "bin_index(date '2024-02-01', date '2024-01-01', date '2024-03-01')": "1", "bin_index(0.0 / 1e-320, 0)": "1",
		"map_of('b', null, 'a', 'x')": "{a: x, b: null}", "map_of('k', 9223372036854775807 + 1)": "error: overflow", "map_of('', 1)['']": "1", "list_length(map_of('a', 1))": "1",
		"make_date(2023, 2, 29)": "null", "make_date(2024, 13, 1)": "null", "make_date(2024, 12, 31)": "2024-12-31", "make_date(0, 0, 0)": "null", "make_date(9223372036854775807, 1, 1)": "null", "make_date(2024, 4, -9223372036854775807)": "null",
		"elapsed('month', date '2024-01-31', date '2024-02-29')": "1", "elapsed('month', date '2024-03-31', date '2024-02-29')": "-1", "elapsed('month', date '2024-03-31', date '2024-03-01')": "0", "elapsed('year', date '2024-02-29', date '2025-02-28')": "1",
		"elapsed('hour', timestamp '2024-01-01 00:59:00', timestamp '2024-01-01 02:00:00')": "1", "elapsed('hour', timestamp '2024-01-01 02:00:00', timestamp '2024-01-01 00:59:00')": "-1",
		"elapsed('day', timestamp '2024-03-30T12:00:00Z', timestamp '2024-03-31T11:00:00Z', 'Europe/Berlin')": "1", "elapsed('day', timestamp '2024-03-30T12:00:00Z', timestamp '2024-03-31T11:00:00Z')": "0", "elapsed('second', now(), now())": "0",
		"strftime(date '0005-01-02', '%Y|%y|%-d|%j|%-j|%u|%G-%V|%A %B%%')": "0005|05|2|002|2|7|0004-53|Sunday January%", "strftime(timestamp '1969-12-31 23:59:59.000007', '%F %T.%f %I %p')": "1969-12-31 23:59:59.000007 11 PM",
		"strftime(timestamp '2024-01-01 00:05:00', '%-I:%M %p', 'America/St_Johns')": "8:35 PM", "strftime(timestamp '2024-01-01 00:00:00', '%z', 'America/St_Johns')": "-0330", "strftime(timestamp '2024-01-01 12:00:00', '%I%%F')": "12%F", "strftime(date '2024-01-01', '')": "",
		"strftime(null, '%Y')": "null", "strftime(timestamp '1900-01-01', 'é %Y')": "é 1900", "strftime(date '2024-01-01' - 800000, '%Y')": "-0167",

		"bucket('a', 0)": "null", "bucket(null, 7)": "null", "bucket('user_17', 10) = hash64('user_17') % 10": "true", "hash64(1) = hash64('1')": "false", "hash64(-0.0) = hash64(0.0)": "true",
		"list_length(split('', ','))": "1", "split('a', '')": "[a]", "split(',', ',')": "[, ]", "list_contains(split('a,b', ','), 'c')": "false", "list_length(null)": "null",
	} {
		if got := expr.ValueText(evalText(t, text, 77)); got != want {
			t.Errorf("%s = %s, want %s", text, got, want)
		}
	}
}

func TestFunctionErrors(t *testing.T) {
	for text, want := range map[string]string{
		"abs('a')":                              "abs(x) does not take (string)",
		"round(1.5, 2, 3)":                      "it takes round(int64[, int64]) or round(float64[, int64])",
		"concat('a')":                           "concat(s, …) does not take (string)",
		"year(now(), 'Europe/Berln')":           "Europe/Berlin",
		"year(now(), upper('x') || 'y' || 'z')": "unknown time zone",
		"hour(date '2024-01-01')":               "hour(ts, zone) does not take (date)",
		"date_trunc('fortnight', now())":        `unknown unit "fortnight"; the units are second, minute, hour, day`,
		"date_trunc('hour', date '2024-01-01')": "the units are day, week",
		"list_length('a')":                      "its first argument is a list",
		"list_contains(split('a', ','), 1)":     "has no elements of type int64",
		"hash64()":                              "one argument of any type",
		"bucket('a', 'b')":                      "the number of buckets",
		"list_of()":                             "list_of(x, …) does not take ()",
		"list_of('a', 1)":                       "its arguments are scalars of one type",
		"one_hot('a')":                          "one_hot(x, v, …) does not take (string)",
		"list_sort('a')":                        "its first argument is a list",
		"list_slice(list_of(1), 'a', 2)":        "argument 2 is int64, not string",
		"list_sum(split('a', ','))":             "the elements of a list<string> are no numbers",
		"list_concat(list_of(1))":               "list_concat(l, …) does not take (list<int64>)",
		"list_concat(list_of(1), list_of('a'))": "lists of type list<int64> and list<string> stand together",
		"jaccard(list_of(1), list_of('a'))":     "two lists of one type",
		"list_dot(list_of(1), list_of('a'))":    "two lists of numbers",
		"list_position(list_of(1), 'a')":        "has no elements of type string",
		"map_keys(list_of(1))":                  "map_keys(m) takes one map",
		"map_of('a', 1, 'a', 2)":                "the key \"a\" stands twice",
		"map_of('a')":                           "keys and values in turn, not 1",
		"map_of()":                              "keys and values in turn, not 0",
		"map_of(null, 1)":                       "its key is a constant string",
		"map_of('a', 1, 'b', 'x')":              "map_of(key, x, …) does not take (int64, string)",
		"bin_index(1)":                          "bin_index(x, edge, …) does not take (int64)",
		"strftime(now(), '%Q')":                 "its pattern has %Q, which is none of",
		"strftime(now(), '%')":                  "its pattern has %, which",
		"strftime(date '2024-01-01', '%H')":     "its pattern has %H",
		"strftime(now(), '%-%')":                "its pattern has %%",
		"elapsed('hour', date '2024-01-01', date '2024-01-01')": "the units are day, week",
		"date_add('hour', 1, date '2024-01-01')":                "the units are day, week",
		"regexp_matches('a', '(')":                              "regexp_matches: missing closing )",
		"regexp_matches('a', '(?=a)')":                          "patterns are RE2, without back-references",
		"regexp_extract('a', 'a', 1)":                           "its group is a constant from 0 to 0",
		`regexp_replace('a', 'a', '\1')`:                        "a group of the pattern, 0 to 0",
		`regexp_replace('a', 'a', '\')`:                         "or a backslash",
		"json_extract('1', '$.a[*]')":                           "a path is written $.name",
		"json_extract('1', '$[-1]')":                            "a path is written $.name",
		"json_list('1', '$..a')":                                "a path is written $.name",
	} {
		n, err := expr.Parse(selfsame.Expr{Text: text})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		_, err = expr.Compile(n, expr.Scope{Now: true})
		var e *selfsame.Error
		if !errors.As(err, &e) || e.Class != selfsame.ClassDefinition || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// TestLargeTexts: what a function makes of a long text is bounded, and right.
func TestLargeTexts(t *testing.T) {
	typ := selfsame.Scalar(selfsame.String)
	scope := expr.Scope{Column: func(*expr.Ref) (int, selfsame.Type, error) { return 0, typ, nil }}
	in := column.New(typ, 3)
	for _, size := range []int{1 << 20, 2048, 0} {
		in.AppendBytes(bytes.Repeat([]byte{'a'}, size))
	}
	input := &expr.Input{Columns: []*column.Column{in}, Rows: 3}
	for text, want := range map[string]string{
		"length(replace(s, 'a', s))":                             "null 4194304 0",
		"length(list_join(split(s, 'a'), s))":                    "null 4194304 0",
		"regexp_count(s, 'a')":                                   "1048576 2048 0",
		"regexp_count(s, 'a*')":                                  "1 1 1",
		"regexp_count(s, '(a?)(a?)(a?)(a?)')":                    "262144 512 1",
		"length(regexp_replace(s, '(a)(a)', '\\2$1${1}\\\\'))":   "4194304 8192 0",
		"list_length(regexp_extract_all(s, 'aaaa'))":             "262144 512 0",
		"list_length(regexp_extract_all(s, '(a)', 1))":           "error: max_values 2048 0",
		"json_extract(s, '$')":                                   "null null null",
		"levenshtein(s, '')":                                     "null 2048 0",
		"length(upper(s)) + length(reverse(s)) + strpos(s, 'b')": "2097152 4096 0",
		"list_length(list_distinct(split(s, 'a')))":              "1 1 1",
	} {
		n, err := expr.Parse(selfsame.Expr{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		p, err := expr.Compile(n, scope)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		out := p.NewEvaluator().Eval(input)
		for i := range 3 {
			got = append(got, expr.ValueText(out.Value(i)))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", text, got, want)
		}
	}
	deep := strings.Repeat("[", 10000) + strings.Repeat("]", 10000)
	for doc, want := range map[string]string{deep: deep[1 : len(deep)-1], "[" + deep + "]": "null", `["\ud83d\ude00\ud83d"]`: "😀�"} {
		if got := expr.ValueText(evalText(t, "json_extract('"+doc+"', '$[0]')", 0)); got != want {
			t.Errorf("a document of %d bytes: got %.40s", len(doc), got)
		}
	}
}

// TestOtherNames: a name of another system is none here, and what is to be written begins with one of here or parses.
func TestOtherNames(t *testing.T) {
	for _, name := range scalar.OtherNames() {
		write, _ := scalar.OtherName(name)
		if scalar.Lookup(name) != nil || expr.IsAggregate(name) {
			t.Errorf("%s is a function of its own", name)
		}
		if f, _, call := strings.Cut(write, "("); call && f != "cast" && !strings.ContainsRune(f, ' ') && scalar.Lookup(f) == nil {
			t.Errorf("%s: there is no %s", name, f)
		}
		n, err := expr.Parse(selfsame.Expr{Text: name + "(1)"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = expr.Compile(n, expr.Scope{})
		if err == nil || !strings.Contains(err.Error(), "write "+write) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
