// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"selfsame/column"
)

// Not is NOT x.
func Not(s *Scratch, a, _ *column.Column, rows int) {
	x, out := a.Bools[:rows], s.Out.Bools[:rows]
	for i := range x {
		out[i] = !x[i]
	}
}

// Combine is x AND y or, where and is false, x OR y, of values that are all there. It computes with bits: conditions are hard to predict, and a branch for each row would cost ten times as much.
func Combine(out, x, y []bool, and bool) {
	x, y = x[:len(out)], y[:len(out)]
	if and {
		for i := range out {
			out[i] = bit(x[i])&bit(y[i]) != 0
		}
		return
	}
	for i := range out {
		out[i] = bit(x[i])|bit(y[i]) != 0
	}
}
