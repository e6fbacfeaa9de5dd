// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"math"

	"selfsame"
	"selfsame/column"
)

// EdgeType is the type of the output's values where they leave Selfsame: a float32 is a float64 that float32 holds, an int32 an int64.
func (o *Output) EdgeType() selfsame.Type {
	if o.Feature.Cast == "float32" {
		return selfsame.Scalar(selfsame.Float64)
	}
	return o.Type
}

// Edge returns a column of the output's values as they leave Selfsame: c itself where the feature declares no cast, else dst, a column of
// EdgeType that shares no memory with c. A value that its cast cannot hold is an error of kind overflow.
func (o *Output) Edge(dst, c *column.Column) *column.Column {
	if o.Feature.Cast == "" {
		return c
	}
	n := c.Len()
	dst.Resize(n)
	if c.Status != nil {
		dst.Status = append(dst.Status, c.Status...)
	}
	for i := range n {
		there := c.StatusAt(i) == selfsame.Present
		if !there && c.StatusAt(i) != selfsame.Expired { // an expired value may be there for those who ask
			continue
		}
		fits := true
		switch {
		case o.Feature.Cast == "int32":
			dst.Ints[i] = c.Ints[i]
			fits = int64(int32(c.Ints[i])) == c.Ints[i]
		case c.Type.Kind == selfsame.Int64:
			dst.Floats[i] = float64(float32(c.Ints[i]))
		default:
			v := c.Floats[i]
			dst.Floats[i] = float64(float32(v))
			fits = !math.IsInf(dst.Floats[i], 0) || math.IsInf(v, 0)
		}
		if there && !fits {
			dst.SetStatus(i, selfsame.ErrorOverflow)
		}
	}
	return dst
}
