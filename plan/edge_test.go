// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"math"
	"slices"
	"testing"

	"selfsame"
	"selfsame/column"
)

func TestEdge(t *testing.T) {
	output := func(cast string, k selfsame.Kind) *Output {
		return &Output{Feature: &selfsame.Feature{Cast: cast}, Type: selfsame.Scalar(k)}
	}
	floats := &column.Column{Type: selfsame.Scalar(selfsame.Float64), Floats: []float64{0.1, 1e300, math.Inf(-1), 7, 5e-324},
		Status: []selfsame.Status{0, 0, 0, selfsame.Null, 0}}
	ints := &column.Column{Type: selfsame.Scalar(selfsame.Int64), Ints: []int64{math.MaxInt32, math.MinInt32, math.MaxInt32 + 1, 1<<53 + 1}}

	if o := output("", selfsame.Float64); o.Edge(nil, floats) != floats || o.EdgeType().Kind != selfsame.Float64 {
		t.Error("without a cast the column is the same")
	}
	dst := column.New(selfsame.Scalar(selfsame.Float64), 0)
	for range 2 { // the memory is used again
		got := output("float32", selfsame.Float64).Edge(dst, floats)
		if got.Floats[0] != float64(float32(0.1)) || !math.IsInf(got.Floats[2], -1) || got.Floats[4] != 0 {
			t.Errorf("float32: %v", got.Floats)
		}
		if want := []selfsame.Status{0, selfsame.ErrorOverflow, 0, selfsame.Null, 0}; !slices.Equal(got.Status, want) {
			t.Errorf("float32: statuses %v, want %v", got.Status, want)
		}
	}
	o := output("float32", selfsame.Int64)
	if got := o.Edge(dst, ints); o.EdgeType().Kind != selfsame.Float64 || got.Floats[0] != 1<<31 || got.Floats[3] != 1<<53 || got.Status != nil {
		t.Errorf("float32 of int64: %v %v", got.Floats, got.Status)
	}
	o = output("int32", selfsame.Int64)
	got := o.Edge(column.New(o.EdgeType(), 0), ints)
	if want := []selfsame.Status{0, 0, selfsame.ErrorOverflow, selfsame.ErrorOverflow}; !slices.Equal(got.Status, want) || got.Ints[1] != math.MinInt32 {
		t.Errorf("int32: %v %v", got.Ints, got.Status)
	}
}
