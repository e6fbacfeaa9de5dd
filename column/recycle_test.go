// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package column_test

import (
	"testing"

	"selfsame"
	"selfsame/column"
)

// TestRecycledStatuses holds that a recycled column says nothing of the statuses that it had, and takes no memory for the next.
func TestRecycledStatuses(t *testing.T) {
	c := column.New(selfsame.Scalar(selfsame.Int64), 8)
	fill := func() {
		c.Ints = append(c.Ints, 1, 2, 3, 4)
		c.SetStatus(3, selfsame.Null)
	}
	fill()
	c.SetStatus(0, selfsame.NotFound)
	c.Recycle()
	if c.Len() != 0 || c.Status != nil {
		t.Fatalf("%d values and statuses %v are left", c.Len(), c.Status)
	}
	c.Recycle() // without statuses in between
	fill()
	for i, want := range []selfsame.Status{selfsame.Present, selfsame.Present, selfsame.Present, selfsame.Null} {
		if got := c.StatusAt(i); got != want {
			t.Errorf("value %d is %v, want %v", i, got, want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { c.Recycle(); fill() }); n != 0 {
		t.Errorf("%v allocations for statuses that were kept", n)
	}
}
