// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"selfsame"
)

func TestEveryFuncIsDescribed(t *testing.T) {
	var names []string
	for _, f := range All() {
		names = append(names, f.Name)
		if f.Summary == "" || f.Example == "" || f.Bind == nil {
			t.Errorf("%s has no Summary, no Example or no Bind", f.Name)
		}
		word, _, _ := strings.Cut(f.Name, "(")
		if !strings.HasPrefix(f.Example, word+"(") {
			t.Errorf("the example of %s is %q", f.Name, f.Example)
		}
		if !strings.HasSuffix(f.Summary, ".") {
			t.Errorf("the summary of %s is no sentence: %q", f.Name, f.Summary)
		}
		if Lookup(f.Name) != f {
			t.Errorf("Lookup(%q) is not what All lists", f.Name)
		}
		if hint, ok := Refused(f.Name); ok {
			t.Errorf("%s is both there and refused: %s", f.Name, hint)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("All is not sorted by different names: %v", names)
	}
	for _, want := range strings.Fields("active_days arg_max arg_min avg bit_and bit_or bit_xor bool_and bool_or corr count count(distinct) covar_pop covar_samp decayed_avg decayed_sum drawdown first " +
		"geometric_mean kurtosis kurtosis_pop last longest_streak max max_gap mean_gap median min nth_last " +
		"percentile_cont percentile_disc regr_intercept regr_slope skewness skewness_pop stddev stddev_pop streak sum time_since_first time_since_last variance variance_pop " +
		"vector_avg vector_max vector_min vector_sum") {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestRefusalsNameTheSubstitute(t *testing.T) {
	for name, word := range map[string]string{
		"mean": "avg(", "STDDEV_SAMP": "stddev(", "var_samp": "variance(", "tdigest": "percentile_cont(", "kll": "percentile_disc(",
		"approx_quantile": "approx_percentile(", "reservoir": "sample(", "topk": "top_k(", "approx_distinct": "approx_count_distinct(",
		"count_cate": "count_by(", "sum_map": "sum_by(", "ewma": "decayed_avg(", "skew": "skewness(", "topkweighted": "sum_by(",
		"quantile": "percentile_cont(", "argmax": "arg_max(", "last_n": "last(x, 5)", "collect_list": "collect(",
	} {
		hint, ok := Refused(name)
		if !ok || !strings.Contains(hint, word) {
			t.Errorf("Refused(%q) = %q, %v; it does not say %s", name, hint, ok, word)
		}
	}
	for name, hint := range refusals {
		if name != strings.ToLower(name) || !strings.Contains(hint, "write ") {
			t.Errorf("the refusal of %s says nothing to write: %q", name, hint)
		}
	}
	if hint, ok := Refused("no_such_name"); ok {
		t.Errorf("no_such_name is refused: %s", hint)
	}
}

func TestBindRefuses(t *testing.T) {
	f64, text, stamp, boolean := selfsame.Scalar(selfsame.Float64), selfsame.Scalar(selfsame.String), selfsame.Scalar(selfsame.Timestamp), selfsame.Scalar(selfsame.Bool)
	integer := func(i int64) []selfsame.Value {
		return []selfsame.Value{{Type: selfsame.Scalar(selfsame.Int64), Int: i}}
	}
	float := func(f float64) []selfsame.Value { return []selfsame.Value{{Type: f64, Float: f}} }
	one := func(t selfsame.Type) []selfsame.Type { return []selfsame.Type{t} }
	for _, c := range []struct {
		name, word string
		spec       CallSpec
	}{
		{"min", "bool_and", CallSpec{Args: one(boolean)}},
		{"max", "max(x)", CallSpec{}},
		{"max", "max(x)", CallSpec{Args: one(selfsame.Type{})}},
		{"min", "only count", CallSpec{Star: true}},
		{"sum", "count(distinct x)", CallSpec{Args: one(f64), Distinct: true}},
		{"bool_or", "bool_or(amount", CallSpec{Args: one(f64)}},
		{"first", "first(x)", CallSpec{Args: one(selfsame.ListOf(f64))}},
		{"last", "integer", CallSpec{Args: one(f64), Consts: integer(0)}},
		{"last", "integer", CallSpec{Args: one(f64), Consts: integer(maxListed + 1)}},
		{"last", "integer", CallSpec{Args: one(f64), Consts: float(2)}},
		{"last", "last(x)", CallSpec{Args: []selfsame.Type{f64, f64}}},
		{"nth_last", "nth_last(x, 2)", CallSpec{Args: one(f64)}},
		{"arg_min", "arg_min(x, y)", CallSpec{Args: one(f64), Consts: integer(1)}},
		{"percentile_cont", "percentile_disc", CallSpec{Args: one(stamp), Consts: float(0.5)}},
		{"percentile_cont", "number", CallSpec{Args: one(text), Consts: float(0.5)}},
		{"percentile_cont", "0 to 1", CallSpec{Args: one(f64), Consts: float(1.5)}},
		{"percentile_cont", "0 to 1", CallSpec{Args: one(f64), Consts: float(-0.5)}},
		{"percentile_disc", "0 to 1", CallSpec{Args: one(f64), Consts: integer(95)}},
		{"percentile_disc", "percentile_disc(x, 0.95)", CallSpec{Args: one(f64)}},
		{"median", "percentile_disc", CallSpec{Args: one(stamp)}},
		{"median", "median(x)", CallSpec{Args: one(f64), Consts: float(0.5)}},
		{"time_since_last", "time_since_last()", CallSpec{Args: []selfsame.Type{f64, f64}}},
		{"count", "count(distinct x)", CallSpec{Distinct: true}},
		{"mean_gap", "mean_gap()", CallSpec{Args: []selfsame.Type{f64, f64}}},
		{"max_gap", "max_gap()", CallSpec{Consts: integer(1)}},
		{"active_days", "active_days(x, 'Europe/Berlin')", CallSpec{Args: one(text), Constant: true}},
		{"sum", "first, last and nth_last", CallSpec{Args: one(f64), RespectNulls: true}},
		{"count", "first, last and nth_last", CallSpec{Args: one(f64), RespectNulls: true}},
		{"approx_top_k", "approx_top_k(x, 2, 'a', 'b', 'c')", CallSpec{Args: one(text), Consts: integer(1)}},
		{"approx_top_k", "not a string", CallSpec{Args: one(text), Consts: append(integer(1), integer(1)...)}},
		{"approx_top_k", "twice", CallSpec{Args: one(selfsame.Scalar(selfsame.Int64)), Consts: append(integer(1), append(integer(7), integer(7)...)...)}},
		{"approx_top_k", "constants of the type", CallSpec{Args: one(f64), Consts: append(integer(1), float(2)...)}},
		{"active_days", "time zone", CallSpec{Args: one(f64), Consts: integer(1)}},
		{"active_days", "Europe/Berlin", CallSpec{Args: one(f64), Consts: []selfsame.Value{{Type: text, Str: "Europe/Berln"}}}},
		{"streak", "amount > 100", CallSpec{Args: one(f64)}},
		{"longest_streak", "amount > 100", CallSpec{Args: one(text)}},
		{"drawdown", "number", CallSpec{Args: one(stamp)}},
		{"decayed_sum", "half_life 1d", CallSpec{Args: one(f64)}},
		{"decayed_sum", "multiple", CallSpec{Args: one(f64), HalfLife: 7, Step: 2}},
		{"decayed_avg", "multiple", CallSpec{Args: one(f64), HalfLife: mostSteps + 1, Step: 1}},
		{"decayed_avg", "number", CallSpec{Args: one(text), HalfLife: 2, Step: 1}},
		{"sum", "no half-life", CallSpec{Args: one(f64), HalfLife: 2, Step: 1}},
	} {
		c.spec.MaxValues = 10
		_, err := Bind(Lookup(c.name), c.spec)
		var e *selfsame.Error
		if !errors.As(err, &e) || e.Class != selfsame.ClassDefinition || !strings.Contains(err.Error(), c.word) || e.Hint == "" {
			t.Errorf("%s of %v %v: %v; it does not say %q", c.name, c.spec.Args, c.spec.Consts, err, c.word)
		}
	}
}

func TestBindTypes(t *testing.T) {
	f64, i64, text := selfsame.Scalar(selfsame.Float64), selfsame.Scalar(selfsame.Int64), selfsame.Scalar(selfsame.String)
	five := []selfsame.Value{{Type: i64, Int: 5}}
	half := []selfsame.Value{{Type: f64, Float: 0.5}}
	for _, c := range []struct {
		name   string
		spec   CallSpec
		result selfsame.Type
		time   bool
		order  bool
	}{
		{"min", CallSpec{Args: []selfsame.Type{text}}, text, false, false},
		{"first", CallSpec{Args: []selfsame.Type{text}}, text, false, true},
		{"last", CallSpec{Args: []selfsame.Type{text}, Consts: five}, selfsame.ListOf(text), false, true},
		{"nth_last", CallSpec{Args: []selfsame.Type{text}, Consts: five}, text, false, true},
		{"arg_max", CallSpec{Args: []selfsame.Type{text, f64}}, text, false, true},
		{"count", CallSpec{Args: []selfsame.Type{text}, Distinct: true}, i64, false, false},
		{"percentile_cont", CallSpec{Args: []selfsame.Type{i64}, Consts: half}, f64, false, false},
		{"percentile_disc", CallSpec{Args: []selfsame.Type{text}, Consts: half}, text, false, false},
		{"median", CallSpec{Args: []selfsame.Type{selfsame.DecimalOf(9, 2)}}, f64, false, false},
		{"time_since_last", CallSpec{}, i64, true, false},
	} {
		c.spec.MaxValues = 10
		call, err := Bind(Lookup(c.name), c.spec)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !call.Result.Equal(c.result) || call.NeedTime != c.time || call.NeedOrder != c.order || call.Func == nil {
			t.Errorf("%s binds to %s, time %v, order %v", c.name, call.Result, call.NeedTime, call.NeedOrder)
		}
	}
}

// TestQuantileReadsTheWrittenDigits: 0.1 as a float64 is more than a tenth; rank 1 of 10 must not become 2.
func TestQuantileReadsTheWrittenDigits(t *testing.T) {
	f64 := selfsame.Scalar(selfsame.Float64)
	c, err := Bind(percentileDiscFunc, CallSpec{Args: []selfsame.Type{f64}, MaxValues: 10, Consts: []selfsame.Value{{Type: f64, Float: 0.1}}})
	if err != nil {
		t.Fatal(err)
	}
	s := c.NewState()
	for i := range 10 {
		s.Add(&Event{Args: []selfsame.Value{{Type: f64, Float: float64(i)}}})
	}
	if v := s.Finish(0); v.Float != 0 {
		t.Errorf("the tenth of ten values is %v, want the first", v.Float)
	}
}
