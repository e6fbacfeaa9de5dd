// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package forecast

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/registry"
)

const (
	mostExamples = 5   // of one feature
	mostText     = 120 // bytes of a value in an example
)

// differenceOf compares the values of a feature as it was and as it will be, row by row.
func differenceOf(rows *batch.EntityRows, before, after *column.Column) *registry.Impact {
	m := &registry.Impact{Rows: int64(rows.Batch.Rows), Since: selfsame.Instant(rows.At[0]), Until: selfsame.Instant(rows.At[len(rows.At)-1]), Before: distributionOf(before), After: distributionOf(after)}
	var found []example
	for i := range rows.Batch.Rows {
		if sameValue(before, after, i) {
			continue
		}
		m.Changed++
		found = append(found, example{row: i, size: distance(before, after, i)})
	}
	// The greatest first, then the newest.
	slices.SortFunc(found, func(a, b example) int { return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(b.row, a.row)) })
	seen := map[string]bool{}
	for _, e := range found {
		if len(m.Examples) == mostExamples {
			break
		}
		key, id := map[string]string{}, ""
		for k, f := range rows.Batch.Fields {
			key[f.Name] = shownText(rows.Batch.Columns[k], e.row)
			id += strconv.Quote(key[f.Name])
		}
		if seen[id] {
			continue // an entity is shown once
		}
		seen[id] = true
		m.Examples = append(m.Examples, registry.ImpactExample{Key: key, At: selfsame.Instant(rows.At[e.row]), Before: shownText(before, e.row), After: shownText(after, e.row)})
	}
	return m
}

// example is a row whose value differs, and by how much.
type example struct {
	row  int
	size float64 // of two numbers; else -1
}

// sameValue reports whether a row has one value and status in both. Numbers of two types are one value where they are equal.
func sameValue(a, b *column.Column, i int) bool {
	if a.Type.Equal(b.Type) {
		return batch.SameBits(a.Value(i), b.Value(i))
	}
	if a.StatusAt(i) != b.StatusAt(i) || a.StatusAt(i) != selfsame.Present {
		return a.StatusAt(i) == b.StatusAt(i)
	}
	x, isNumber := numberAt(a, i)
	y, isToo := numberAt(b, i)
	return isNumber && isToo && x == y
}

// distance is how far two numbers are apart, -1 where one of them is none.
func distance(a, b *column.Column, i int) float64 {
	x, isNumber := numberAt(a, i)
	y, isToo := numberAt(b, i)
	if d := math.Abs(x - y); isNumber && isToo && !math.IsNaN(d) {
		return d
	}
	return -1
}

// numberAt is a value as a number; false where there is none or it is of another kind.
func numberAt(c *column.Column, i int) (float64, bool) {
	if c.StatusAt(i) != selfsame.Present {
		return 0, false
	}
	switch c.Type.Kind {
	case selfsame.Int64:
		return float64(c.Ints[i]), true
	case selfsame.Float64:
		return c.Floats[i], true
	case selfsame.Decimal:
		v, err := strconv.ParseFloat(string(column.AppendText(nil, c, i)), 64)
		return v, err == nil
	}
	return 0, false
}

// distributionOf sums up the values of a column.
func distributionOf(c *column.Column) *registry.Distribution {
	d := &registry.Distribution{}
	different := map[string]bool{}
	var numbers []float64
	var value []byte
	for i := range c.Len() {
		if c.StatusAt(i) != selfsame.Present {
			d.Nulls++
			if c.StatusAt(i).IsError() {
				d.Errors++
			}
			continue
		}
		value = c.AppendFramed(value[:0], i)
		different[string(value)] = true
		if x, ok := numberAt(c, i); ok && !math.IsNaN(x) && !math.IsInf(x, 0) {
			numbers = append(numbers, x)
		}
	}
	d.Distinct = int64(len(different))
	if len(numbers) == 0 {
		return d
	}
	slices.Sort(numbers)
	mean := 0.0
	for i, x := range numbers {
		mean += (x - mean) / float64(i+1)
	}
	if !math.IsInf(mean, 0) && !math.IsNaN(mean) { // numbers of both signs near the end of their range
		d.Mean = &mean
	}
	for _, q := range []int{0, 25, 50, 75, 95, 100} {
		d.Quantiles = append(d.Quantiles, numbers[max(1, (q*len(numbers)+99)/100)-1]) // the nearest rank
	}
	return d
}

// shownText is a value as examples show it: its text, cut where it is long, or why there is none.
func shownText(c *column.Column, i int) string {
	switch s := c.StatusAt(i); {
	case s.IsError():
		return "error " + s.ErrorKind()
	case s != selfsame.Present:
		return s.String()
	}
	text := column.AppendText(nil, c, i)
	if len(text) <= mostText {
		return string(text)
	}
	n := mostText
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return string(text[:n]) + "…"
}
