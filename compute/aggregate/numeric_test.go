// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"selfsame"
)

// numericValue folds a call over rows of float64 arguments.
func numericValue(t *testing.T, name string, keepNaN bool, columns ...[]float64) selfsame.Value {
	t.Helper()
	f64 := selfsame.Scalar(selfsame.Float64)
	spec := CallSpec{KeepNaN: keepNaN, MaxValues: 10}
	for range columns {
		spec.Args = append(spec.Args, f64)
	}
	c, err := Bind(Lookup(name), spec)
	if err != nil {
		t.Fatal(err)
	}
	s := c.NewState()
	for i := range columns[0] {
		e := &Event{}
		for _, column := range columns {
			e.Args = append(e.Args, selfsame.Value{Type: f64, Float: column[i]})
		}
		s.Add(e)
	}
	return s.Finish(0)
}

// TestNumericValuesOfSciPy holds the numeric aggregates to what NumPy and SciPy say, up to the error of their double arithmetic. testdata/numeric.py
// wrote the file. That the values here are exact and rounded once is for the tests of compute/exact.
func TestNumericValuesOfSciPy(t *testing.T) {
	b, err := os.ReadFile("testdata/numeric.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Name string
			X, Y []float64
			Want map[string]*float64
		}
		Bits []struct {
			X    []int64
			Want map[string]int64
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 20 || len(file.Bits) < 4 {
		t.Fatalf("%d and %d cases", len(file.Cases), len(file.Bits))
	}
	for _, c := range file.Cases {
		for name, want := range c.Want {
			columns := [][]float64{c.X, c.Y}[:len(productArguments(name))]
			got := numericValue(t, name, false, columns...)
			room := 1e-15
			if name == "regr_intercept" { // a difference of values as large as x
				for _, x := range c.X {
					room = max(room, 1e-13*math.Abs(x))
				}
			}
			switch {
			case want == nil:
				if got.Status != selfsame.Null {
					t.Errorf("%s: %s is %v, want null", c.Name, name, got.Float)
				}
			case got.Status != selfsame.Present || math.Abs(got.Float-*want) > 1e-11*math.Abs(*want)+room:
				t.Errorf("%s: %s is %v, %v, SciPy says %v", c.Name, name, got.Float, got.Status, *want)
			}
		}
	}
	for _, c := range file.Bits {
		for name, want := range c.Want {
			call, err := Bind(Lookup(name), CallSpec{Args: []selfsame.Type{selfsame.Scalar(selfsame.Int64)}})
			if err != nil {
				t.Fatal(err)
			}
			s := call.NewState()
			for _, x := range c.X {
				s.Add(&Event{Args: []selfsame.Value{{Type: selfsame.Scalar(selfsame.Int64), Int: x}}})
			}
			if got := s.Finish(0); got.Int != want || got.Status != selfsame.Present {
				t.Errorf("%s of %v is %v, NumPy says %d", name, c.X, got, want)
			}
		}
	}
}

// productArguments are the names of the arguments of a numeric aggregate.
func productArguments(name string) []string {
	switch name {
	case "skewness", "skewness_pop", "kurtosis", "kurtosis_pop", "geometric_mean":
		return []string{"x"}
	}
	return []string{"x", "y"}
}

// TestNumericValuesAtTheEdges are values by hand: what is not finite, what does not vary, what double arithmetic cannot do.
func TestNumericValuesAtTheEdges(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	null := math.Inf(-1) // no case has this value
	for _, c := range []struct {
		name    string
		keep    bool
		want    float64
		columns [][]float64
	}{
		{"skewness", false, null, [][]float64{{1, 2}}},
		{"skewness", false, null, [][]float64{{1, 2, inf}}},
		{"skewness", true, nan, [][]float64{{1, 2, inf}}},
		{"skewness_pop", false, null, [][]float64{{4, 4, 4}}},
		{"skewness_pop", false, 0, [][]float64{{-1e300, 0, 1e300}}},
		{"skewness_pop", false, math.Sqrt2 / 2, [][]float64{{1e16, 1e16, 1e16 + 2}}},
		{"kurtosis_pop", false, -2, [][]float64{{5e-324, -5e-324}}},
		{"kurtosis", false, null, [][]float64{{1, 2, 3}}},
		{"kurtosis", true, nan, [][]float64{{1, 2, 3, nan}}},
		{"covar_pop", false, 0, [][]float64{{3}, {4}}},
		{"covar_samp", false, null, [][]float64{{3}, {4}}},
		{"covar_pop", false, inf, [][]float64{{1e300, -1e300}, {1e300, -1e300}}},
		{"corr", false, 1, [][]float64{{1e300, -1e300}, {1e-300, -1e-300}}},
		{"corr", false, null, [][]float64{{1, 2}, {3, nan}}},
		{"corr", true, nan, [][]float64{{1, 2}, {3, nan}}},
		{"regr_slope", false, 1, [][]float64{{1, 3}, {1e16, 1e16 + 2}}},
		{"regr_intercept", false, null, [][]float64{{1, 3}, {7, 7}}},
		{"geometric_mean", false, 4, [][]float64{{2, 8}}},
		{"geometric_mean", false, 1, [][]float64{{math.Ldexp(1, -1074), math.Ldexp(1, 1000), math.Ldexp(1, 74)}}},
		{"geometric_mean", false, math.MaxFloat64, [][]float64{{math.MaxFloat64, math.MaxFloat64, math.MaxFloat64}}},
		{"geometric_mean", false, 0, [][]float64{{0, 5}}},
		{"geometric_mean", false, null, [][]float64{{-1, 5}}},
		{"geometric_mean", true, nan, [][]float64{{-1, 0}}},
		{"geometric_mean", false, inf, [][]float64{{inf, 5}}},
		{"geometric_mean", true, nan, [][]float64{{inf, 0}}},
		{"geometric_mean", false, 5, [][]float64{{nan, 5}}},
	} {
		got := numericValue(t, c.name, c.keep, c.columns...)
		want := c.want
		is := got.Status == selfsame.Null && want == null || got.Status == selfsame.Present &&
			(got.Float == want || got.Float != got.Float && want != want || math.Abs(got.Float-want) <= 4e-16*math.Abs(want))
		if !is {
			t.Errorf("%s of %v (nan: keep %v) is %v, %v, want %v", c.name, c.columns, c.keep, got.Float, got.Status, want)
		}
	}
}
