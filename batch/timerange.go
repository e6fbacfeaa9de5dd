// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"selfsame"
	"selfsame/compute/window"
	"selfsame/plan"
)

// timeRange returns [lower, upper) such that an event with τ outside it is in no window of the use at any T of at.
func timeRange(u *plan.Use, at []int64) (lower, upper int64, err error) {
	if len(at) == 0 {
		return 0, 0, nil
	}
	first, last := at[0], at[0]
	for _, t := range at {
		first, last = min(first, t), max(last, t)
	}
	if u.Spec.AsOf {
		// However old the newest row is, it tells expired from not found.
		return selfsame.MinTime, satAdd(last, 1), nil
	}
	lower, upper = selfsame.MaxTime, selfsame.MinTime
	for _, c := range u.Spec.Cells {
		lo, hi, err := cellRange(c.Window, first, last)
		if err != nil {
			return 0, 0, err
		}
		lower, upper = min(lower, lo), max(upper, hi)
	}
	return lower, upper, nil
}

func cellRange(w selfsame.Window, first, last int64) (lower, upper int64, err error) {
	switch w.Kind {
	case selfsame.LastRows:
		if w.Within == 0 {
			return selfsame.MinTime, satAdd(last, 1), nil
		}
		return satAdd(satAdd(first, -w.Within), -w.Offset-1), satAdd(last, 1), nil
	case selfsame.Session:
		return satAdd(first, -w.Max-w.Offset-1), satAdd(last, 1), nil
	}
	b, err := window.Compile(w)
	if err != nil {
		return 0, 0, err
	}
	if w.Kind == selfsame.Ahead { // the newest event of all says which windows are over
		return b.Lower(first), selfsame.MaxTime, nil
	}
	return b.Lower(first), b.Upper(last), nil
}
