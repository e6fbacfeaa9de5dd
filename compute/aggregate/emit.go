// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"slices"

	"selfsame"
	"selfsame/column"
)

// appendRow appends value i of src to out, a column of the same type, floats in canonical form.
func appendRow(out, src *column.Column, i int32) {
	if src.Type.Kind != selfsame.Float64 {
		out.AppendFrom(src, int(i))
		return
	}
	appendFloat(out, keyFloat(floatKey(src.Floats[i])))
}

func appendFloat(out *column.Column, f float64) {
	out.Floats = append(out.Floats, f)
	appendPresent(out)
}

func appendInt(out *column.Column, v int64) {
	out.Ints = append(out.Ints, v)
	appendPresent(out)
}

// appendPresent records that the value appended last is there.
func appendPresent(out *column.Column) {
	if out.Status != nil {
		out.Status = append(out.Status, selfsame.Present)
	}
}

// none marks a window without a value in a list of rows.
const none = -1

// appendRows appends the values of src at rows to out; a row none is a null.
func appendRows(out, src *column.Column, rows []int32) {
	if slices.Contains(rows, none) {
		for _, i := range rows {
			if i == none {
				out.AppendStatus(selfsame.Null)
			} else {
				appendRow(out, src, i)
			}
		}
		return
	}
	switch src.Type.Kind {
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		out.Ints = slices.Grow(out.Ints, len(rows))
		for _, i := range rows {
			out.Ints = append(out.Ints, src.Ints[i])
		}
	case selfsame.Float64:
		out.Floats = slices.Grow(out.Floats, len(rows))
		for _, i := range rows {
			f := src.Floats[i] + 0
			if f != f {
				f = keyFloat(nanKey)
			}
			out.Floats = append(out.Floats, f)
		}
	default:
		for _, i := range rows {
			out.AppendFrom(src, int(i))
		}
		return
	}
	if out.Status != nil {
		out.Status = append(out.Status, make([]selfsame.Status, len(rows))...)
	}
}
