// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"math"
	"sync"
	"sync/atomic"

	"selfsame"
	"selfsame/column"
)

// bringInOrder moves the values of a result from sweep order to the order of the rows.
//
// The places of neighbouring rows are far apart, so that gathering column by column takes a line of memory for each value. Eight columns are
// therefore laid side by side first, a line a row: a row then takes one line for eight values.
func (o *output) bringInOrder(r *Result) {
	threads := o.s.opt.Threads
	var numbers []series
	for _, c := range r.Columns {
		switch c.Type.Kind {
		case selfsame.Float64:
			numbers = append(numbers, series{floats: c.Floats})
		case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
			numbers = append(numbers, series{ints: c.Ints})
		}
	}
	for t := range o.newest {
		numbers = append(numbers, series{ints: o.newest[t]})
		if len(o.place) > 0 && &o.newest[t][0] != &o.arrival[t][0] {
			numbers = append(numbers, series{ints: o.arrival[t]})
		}
	}
	var lines []line
	if len(numbers) > 0 {
		lines = make([]line, len(o.place))
	}
	for len(numbers) > 0 {
		n := min(len(numbers), lineWidth)
		reorder(numbers[:n], lines, o.place, threads)
		numbers = numbers[n:]
	}
	sideBySide(threads, len(r.Columns), func(i int) { r.Columns[i] = inOrder(r.Columns[i], o.place) })
	for i := range o.place {
		o.place[i] = uint32(i)
	}
	r.InOrder = true
}

// inOrder brings in order what bringInOrder has not moved of a column: other kinds than numbers, and statuses.
func inOrder(c *column.Column, place []uint32) *column.Column {
	switch c.Type.Kind {
	case selfsame.Bool:
		c.Bools = gathered(c.Bools, place)
	case selfsame.Decimal:
		c.Decimals = gathered(c.Decimals, place)
	case selfsame.Float64, selfsame.Int64, selfsame.Timestamp, selfsame.Date:
	default:
		out := column.New(c.Type, c.Len())
		out.AppendGather(c, place)
		return out
	}
	if c.Status != nil {
		c.Status = gathered(c.Status, place)
	}
	return c
}

func gathered[T any](values []T, place []uint32) []T {
	out := make([]T, len(place))
	for i, p := range place {
		out[i] = values[p]
	}
	return out
}

// lineWidth is how many numbers a line of a cache holds.
const lineWidth = 8

type line [lineWidth]uint64

// series is a slice of numbers: integers or floats.
type series struct {
	ints   []int64
	floats []float64
}

// moveRows is how many rows are moved in one go: their lines fit into the first cache.
const moveRows = 256

// reorder moves up to eight series in place, by way of lines.
func reorder(s []series, lines []line, place []uint32, threads int) {
	blocks := (len(place) + moveRows - 1) / moveRows
	bounds := func(b int) (int, int) { return b * moveRows, min(len(place), (b+1)*moveRows) }
	sideBySide(threads, blocks, func(b int) {
		lo, hi := bounds(b)
		for k := range s {
			s[k].spread(lines[lo:hi], k, lo)
		}
	})
	sideBySide(threads, blocks, func(b int) {
		lo, hi := bounds(b)
		var here [moveRows]line
		for i, p := range place[lo:hi] {
			here[i] = lines[p]
		}
		for k := range s {
			s[k].take(here[:hi-lo], k, lo)
		}
	})
}

// spread writes values from lo on into number k of the lines.
func (s *series) spread(lines []line, k, lo int) {
	k &= lineWidth - 1
	if s.floats != nil {
		for i, v := range s.floats[lo : lo+len(lines)] {
			lines[i][k] = math.Float64bits(v)
		}
		return
	}
	for i, v := range s.ints[lo : lo+len(lines)] {
		lines[i][k] = uint64(v)
	}
}

// take reads values from lo on out of number k of the lines.
func (s *series) take(lines []line, k, lo int) {
	k &= lineWidth - 1
	if s.floats != nil {
		out := s.floats[lo : lo+len(lines)]
		for i := range lines {
			out[i] = math.Float64frombits(lines[i][k])
		}
		return
	}
	out := s.ints[lo : lo+len(lines)]
	for i := range lines {
		out[i] = int64(lines[i][k])
	}
}

// sideBySide calls do for 0 to n-1 on so many goroutines and waits for them.
func sideBySide(threads, n int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(threads, n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}
