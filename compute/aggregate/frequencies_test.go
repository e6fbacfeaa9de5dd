// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"

	"selfsame"
)

// frequencyCase is what testdata/frequencies.py wrote.
type frequencyCase struct {
	Keys            []string           `json:"keys"`
	X               []float64          `json:"x"`
	Entropy         float64            `json:"entropy"`
	TopRatio        float64            `json:"top_ratio"`
	ModeCount       int64              `json:"mode_count"`
	TopK            []string           `json:"top_k"`
	TopKCounts      []int64            `json:"top_k_counts"`
	CollectDistinct []string           `json:"collect_distinct"`
	CountBy         map[string]int64   `json:"count_by"`
	AvgBy           map[string]float64 `json:"avg_by"`
	MaxBy           map[string]float64 `json:"max_by"`
	Percentile      map[string]float64 `json:"percentile"`
}

// fold is the value of f over the case's keys, or its values and keys.
func (c *frequencyCase) fold(t *testing.T, f *Func, args string, consts ...selfsame.Value) selfsame.Value {
	t.Helper()
	text, number := selfsame.Scalar(selfsame.String), selfsame.Scalar(selfsame.Float64)
	spec := CallSpec{Consts: consts}
	for _, a := range args {
		spec.Args = append(spec.Args, map[rune]selfsame.Type{'k': text, 'x': number}[a])
	}
	s := bound(t, f, spec).NewState()
	for i := range c.Keys {
		e := &Event{}
		for _, a := range args {
			e.Args = append(e.Args, map[rune]selfsame.Value{'k': {Type: text, Str: c.Keys[i]}, 'x': {Type: number, Float: c.X[i]}}[a])
		}
		s.Add(e)
	}
	return s.Finish(0)
}

func texts(v selfsame.Value) (out []string) {
	for _, e := range v.Elems {
		out = append(out, e.Str)
	}
	return out
}

// near reports whether two numbers are at most n ulps of the greater apart.
func near(a, b, n float64) bool {
	return math.Abs(a-b) <= n*0x1p-52*math.Max(math.Abs(a), math.Abs(b))
}

// TestFrequenciesOfOthers compares with NumPy, SciPy and Counter.
func TestFrequenciesOfOthers(t *testing.T) {
	b, err := os.ReadFile("testdata/frequencies.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []frequencyCase
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 30 {
		t.Fatalf("only %d cases", len(cases))
	}
	three := selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: 3}
	for i := range cases {
		c := &cases[i]
		if got := c.fold(t, entropyFunc, "k").Float; !near(got, c.Entropy, 8) {
			t.Errorf("case %d: entropy is %v, SciPy has %v", i, got, c.Entropy)
		}
		if got := c.fold(t, topRatioFunc, "k").Float; got != c.TopRatio {
			t.Errorf("case %d: top_ratio is %v, not %v", i, got, c.TopRatio)
		}
		if got := c.fold(t, modeCountFunc, "k").Int; got != c.ModeCount {
			t.Errorf("case %d: mode_count is %v, not %v", i, got, c.ModeCount)
		}
		if got := texts(c.fold(t, topKFunc, "k", three)); !slices.Equal(got, c.TopK) {
			t.Errorf("case %d: top_k is %v, not %v", i, got, c.TopK)
		}
		if got := texts(c.fold(t, collectDistinctFunc, "k")); !slices.Equal(got, c.CollectDistinct) {
			t.Errorf("case %d: collect_distinct is %v, not %v", i, got, c.CollectDistinct)
		}
		for j, e := range c.fold(t, topKCountsFunc, "k", three).Elems {
			if e.Int != c.TopKCounts[j] {
				t.Errorf("case %d: top_k_counts has %d at %d, not %d", i, e.Int, j, c.TopKCounts[j])
			}
		}
		c.checkMaps(t, i)
		for text, want := range c.Percentile {
			q, _ := strconv.ParseFloat(text, 64)
			got := c.fold(t, approxPercentileFunc, "x", selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Float: q}).Float
			if math.Abs(got-want) > want/256 {
				t.Errorf("case %d: approx_percentile at %s is %v, NumPy has %v", i, text, got, want)
			}
		}
	}
}

func (c *frequencyCase) checkMaps(t *testing.T, i int) {
	t.Helper()
	counts, means, most := c.fold(t, countByFunc, "k"), c.fold(t, avgByFunc, "xk"), c.fold(t, maxByFunc, "xk")
	if len(counts.Keys) != len(c.CountBy) || !slices.Equal(counts.Keys, means.Keys) || !slices.Equal(counts.Keys, most.Keys) || !slices.IsSorted(counts.Keys) {
		t.Fatalf("case %d: the keys are %v, %v and %v", i, counts.Keys, means.Keys, most.Keys)
	}
	for j, key := range counts.Keys {
		if counts.Elems[j].Int != c.CountBy[key] || most.Elems[j].Float != c.MaxBy[key] || !near(means.Elems[j].Float, c.AvgBy[key], 1) {
			t.Errorf("case %d, %s: %d, %v and %v, not %d, %v and %v", i, key, counts.Elems[j].Int, most.Elems[j].Float, means.Elems[j].Float,
				c.CountBy[key], c.MaxBy[key], c.AvgBy[key])
		}
	}
}
