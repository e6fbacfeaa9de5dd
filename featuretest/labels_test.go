// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"testing"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
)

// TestLabelDates: a date is its first instant; one that no instant can be is an error that names its row, never a time that wrapped.
func TestLabelDates(t *testing.T) {
	at := func(days ...int64) (*column.Column, error) {
		b := column.NewBatch([]selfsame.Field{{Name: "d", Type: selfsame.Scalar(selfsame.Date)}}, 0)
		b.Columns[0].Ints, b.Rows = days, len(days)
		return batch.LabelColumn(b, selfsame.Field{Name: "d", Type: selfsame.Scalar(selfsame.Timestamp)}, "time of the rows")
	}
	last, first := selfsame.MaxTime/selfsame.DayLength, selfsame.MinTime/selfsame.DayLength
	c, err := at(0, -1, last, first)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int64{0, -selfsame.DayLength, last * selfsame.DayLength, first * selfsame.DayLength} {
		if c.Ints[i] != want {
			t.Errorf("day %d: got %d, want %d", i, c.Ints[i], want)
		}
	}
	for _, day := range []int64{last + 1, first - 1, 1<<31 - 1, -1 << 31} {
		_, err := at(0, day)
		if selfsame.ClassOf(err) != selfsame.ClassInput || err.Error()[:5] != "row 1" {
			t.Errorf("day %d: got %v, want an error of row 1", day, err)
		}
	}
}
