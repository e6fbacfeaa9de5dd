// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"math"
	"sort"
	"strconv"

	"selfsame"
)

// Cast is the type of a column at the edge.
type Cast uint8

// The casts. NoCast writes a column as its own type.
const (
	NoCast Cast = iota
	Float32
	Int32
)

// ParseCasts returns the cast of each field. A cast that names no field, or that its type does not allow, is an error of class
// usage: float32 takes float64 and int64 columns, int32 takes int64 columns.
func ParseCasts(casts map[string]string, fields []selfsame.Field) ([]Cast, error) {
	out := make([]Cast, len(fields))
	seen := 0
	for i, f := range fields {
		name, ok := casts[f.Name]
		if !ok {
			continue
		}
		seen++
		switch {
		case name == "float32" && (f.Type.Kind == selfsame.Float64 || f.Type.Kind == selfsame.Int64):
			out[i] = Float32
		case name == "int32" && f.Type.Kind == selfsame.Int64:
			out[i] = Int32
		default:
			return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "column " + f.Name,
				Message: "a column of " + f.Type.String() + " cannot be cast to " + name,
				Hint:    "float32 takes float64 and int64, int32 takes int64"}
		}
	}
	if seen == len(casts) {
		return out, nil
	}
	var unknown []string
	for name := range casts {
		found := false
		for _, f := range fields {
			found = found || f.Name == name
		}
		if !found {
			unknown = append(unknown, name)
		}
	}
	sort.Strings(unknown)
	return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "column " + unknown[0], Message: "a cast names a column that the output does not have"}
}

// FitsFloat32 reports whether v has a float32: rounding is allowed, a finite value that becomes infinite is not.
func FitsFloat32(v float64) bool {
	return !math.IsInf(float64(float32(v)), 0) || math.IsInf(v, 0)
}

// FitsInt32 reports whether v is an int32.
func FitsInt32(v int64) bool { return int64(int32(v)) == v }

// CastError is the error of a value that its cast cannot hold. row counts from 0 in the output.
func CastError(field string, row int64, value, cast string) error {
	return &selfsame.Error{Class: selfsame.ClassValue, Ref: "column " + field + ", row " + strconv.FormatInt(row, 10),
		Message: "the value " + value + " does not fit " + cast, Hint: "leave the cast of this column out"}
}
