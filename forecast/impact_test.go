// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package forecast

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
)

// numbers is a column of floats; NaN stands for a null, +Inf for an error.
func numbers(values ...float64) *column.Column {
	c := column.New(selfsame.Scalar(selfsame.Float64), 0)
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			c.AppendStatus(selfsame.Null)
		case math.IsInf(v, 1):
			c.AppendStatus(selfsame.ErrorOverflow)
		default:
			c.Append(selfsame.Value{Type: c.Type, Status: selfsame.Present, Float: v})
		}
	}
	return c
}

func whole(values ...int64) *column.Column {
	c := column.New(selfsame.Scalar(selfsame.Int64), 0)
	for _, v := range values {
		c.Append(selfsame.Value{Type: c.Type, Status: selfsame.Present, Int: v})
	}
	return c
}

func texts(values ...string) *column.Column {
	c := column.New(selfsame.Scalar(selfsame.String), 0)
	for _, v := range values {
		c.AppendBytes([]byte(v))
	}
	return c
}

// asked are rows of some users, a second apart.
func asked(users ...string) *batch.EntityRows {
	rows := &batch.EntityRows{Batch: column.NewBatch([]selfsame.Field{{Name: "user_id", Type: selfsame.Scalar(selfsame.String)}}, 0)}
	rows.Batch.Columns[0] = texts(users...)
	rows.Batch.Rows = len(users)
	for i := range users {
		rows.At = append(rows.At, int64(i)*selfsame.Second)
	}
	return rows
}

// TestExamples holds that the largest differences come first, of equal ones the newest, those that are no numbers last, and an entity once.
func TestExamples(t *testing.T) {
	none := math.NaN()
	m := differenceOf(asked("a", "b", "c", "d", "a", "e", "f", "g", "h"), numbers(1, 2, 3, 4, 5, none, 7, 8, 9), numbers(1, 4, 13, 6, 105, 6, none, 8, 9.5))
	var got []string
	for _, e := range m.Examples {
		got = append(got, fmt.Sprintf("%s at %s: %s -> %s", e.Key["user_id"], e.At, e.Before, e.After))
	}
	want := []string{"a at 1970-01-01T00:00:04Z: 5 -> 105", "c at 1970-01-01T00:00:02Z: 3 -> 13", "d at 1970-01-01T00:00:03Z: 4 -> 6", "b at 1970-01-01T00:00:01Z: 2 -> 4",
		"h at 1970-01-01T00:00:08Z: 9 -> 9.5"}
	if diff := cmp.Diff(want, got); diff != "" || m.Rows != 9 || m.Changed != 7 || m.Since != 0 || int64(m.Until) != 8*selfsame.Second {
		t.Errorf("%+v\n-want +got\n%s", m, diff)
	}
	m = differenceOf(asked("a", "a", "b"), numbers(1, 2, 3), numbers(3, 9, 4))
	if len(m.Examples) != 2 || m.Examples[0].After != "9" || m.Examples[1].After != "4" {
		t.Errorf("an entity is shown more than once: %+v", m.Examples)
	}
	if m := differenceOf(asked("a", "b"), numbers(1, none), numbers(none, 5)); m.Changed != 2 || m.Examples[0].Key["user_id"] != "b" || m.Examples[0].Before != "null" {
		t.Errorf("a value that comes and one that goes: %+v", m)
	}
}

// TestSameValue compares rows of one type by their bits, of two types as numbers.
func TestSameValue(t *testing.T) {
	none := math.NaN()
	for _, c := range []struct {
		a, b *column.Column
		want bool
	}{
		{numbers(1), numbers(1), true}, {numbers(0), numbers(math.Copysign(0, -1)), false}, {numbers(none), numbers(none), true}, {numbers(none), numbers(1), false},
		{numbers(none), numbers(math.Inf(1)), false}, {numbers(3), whole(3), true}, {numbers(3.5), whole(3), false}, {numbers(none), whole(3), false},
		{texts("3"), whole(3), false}, {texts("x"), texts("x"), true},
	} {
		if got := sameValue(c.a, c.b, 0); got != c.want {
			t.Errorf("%v and %v: got %t", c.a.Value(0), c.b.Value(0), got)
		}
	}
}

// TestDistribution sums up values, nulls and errors; quantiles are the nearest rank.
func TestDistribution(t *testing.T) {
	d := distributionOf(numbers(4, 1, math.NaN(), 3, 2, math.Inf(1), 2))
	if d.Nulls != 2 || d.Errors != 1 || d.Distinct != 4 || *d.Mean != 2.4 {
		t.Errorf("got %+v", d)
	}
	if diff := cmp.Diff([]float64{1, 2, 2, 3, 4, 4}, d.Quantiles); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if d := distributionOf(texts("a", "b", "a")); d.Distinct != 2 || d.Mean != nil || d.Quantiles != nil {
		t.Errorf("of texts: %+v", d)
	}
	if d := distributionOf(numbers(math.MaxFloat64, -math.MaxFloat64)); d.Mean != nil && math.IsInf(*d.Mean, 0) {
		t.Errorf("at the end of the range: %v", *d.Mean)
	}
	if text := shownText(texts(strings.Repeat("é", 100)), 0); text != strings.Repeat("é", 60)+"…" {
		t.Errorf("a long text: %q", text)
	}
}
