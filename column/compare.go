// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package column

import (
	"bytes"
	"cmp"
	"math"

	"selfsame"
)

// Compare orders value i of a against value j of b, columns of one type: -1, 0 or 1. It is total. A value that is not there
// ranks lowest; NaN ranks above +Inf; strings compare by bytes; lists and maps element by element, the shorter first.
func Compare(a *Column, i int, b *Column, j int) int {
	p, q := a.StatusAt(i) == selfsame.Present, b.StatusAt(j) == selfsame.Present
	if !p || !q {
		switch {
		case p:
			return 1
		case q:
			return -1
		}
		return 0
	}
	switch a.Type.Kind {
	case selfsame.Bool:
		return cmp.Compare(bit(a.Bools[i]), bit(b.Bools[j]))
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		return cmp.Compare(a.Ints[i], b.Ints[j])
	case selfsame.Float64:
		return compareFloats(a.Floats[i], b.Floats[j])
	case selfsame.Decimal:
		if c := cmp.Compare(a.Decimals[i].Hi, b.Decimals[j].Hi); c != 0 {
			return c
		}
		return cmp.Compare(a.Decimals[i].Lo, b.Decimals[j].Lo)
	case selfsame.String, selfsame.Bytes:
		return bytes.Compare(a.Str(i), b.Str(j))
	}
	return compareLists(a, i, b, j)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func compareFloats(x, y float64) int {
	switch nx, ny := math.IsNaN(x), math.IsNaN(y); {
	case nx && ny:
		return 0
	case nx:
		return 1
	case ny:
		return -1
	}
	return cmp.Compare(x, y)
}

func compareLists(a *Column, i int, b *Column, j int) int {
	x, y := int(a.Offsets[i]), int(b.Offsets[j])
	for ; x < int(a.Offsets[i+1]) && y < int(b.Offsets[j+1]); x, y = x+1, y+1 {
		if a.Keys != nil {
			if c := Compare(a.Keys, x, b.Keys, y); c != 0 {
				return c
			}
		}
		if c := Compare(a.Elems, x, b.Elems, y); c != 0 {
			return c
		}
	}
	return cmp.Compare(int(a.Offsets[i+1])-x, int(b.Offsets[j+1])-y)
}
