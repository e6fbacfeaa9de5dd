// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"selfsame"
	"selfsame/internal/arrowcolumn"
	"selfsame/source"
)

// bounds returns the least and greatest instant of a timestamp column in a row group by its statistics.
func (r *Reader) bounds(group int, w source.Wanted) (least, greatest int64, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false // statistics that cannot be read prune nothing
		}
	}()
	i, found := r.field[w.Column]
	if !found || !r.manifest.Fields[i].IsLeaf() {
		return 0, 0, false
	}
	f := r.manifest.Fields[i]
	chunk, err := r.meta.RowGroup(group).ColumnChunk(f.ColIndex)
	if err != nil {
		return 0, 0, false
	}
	if set, err := chunk.StatsSet(); err != nil || !set {
		return 0, 0, false
	}
	stats, err := chunk.Statistics()
	if err != nil || stats == nil || !stats.HasMinMax() || !stats.HasNullCount() || stats.NullCount() != 0 {
		return 0, 0, false
	}
	var lo, hi int64
	switch s := stats.(type) {
	case *metadata.Int64Statistics:
		lo, hi = s.Min(), s.Max()
	case *metadata.Int32Statistics:
		lo, hi = int64(s.Min()), int64(s.Max())
	default:
		return 0, 0, false
	}
	return r.instants(f.Field.Type, lo, hi)
}

// instants converts counts of a column to instants. A zone keeps the order of naive times only within a day, which is allowed for.
func (r *Reader) instants(t arrow.DataType, lo, hi int64) (least, greatest int64, ok bool) {
	mul, div, naive := r.how.Time.Unit(), int64(1), false
	switch t := t.(type) {
	case *arrow.TimestampType:
		mul, div = arrowcolumn.Micros(t.Unit)
		naive = t.TimeZone == "" && r.how.Zone != nil
	case *arrow.Date32Type:
		mul, naive = selfsame.DayLength, r.how.Zone != nil
	case *arrow.Int64Type, *arrow.Int32Type:
	default:
		return 0, 0, false
	}
	if mul == 0 || lo > hi {
		return 0, 0, false
	}
	least, why := source.Scale(lo, mul, div, true)
	if why != "" {
		return 0, 0, false
	}
	if greatest, why = source.Scale(hi, mul, div, true); why != "" {
		return 0, 0, false
	}
	if naive {
		least, greatest = least-selfsame.DayLength, greatest+selfsame.DayLength
		if least > greatest {
			return 0, 0, false
		}
	}
	return least, greatest, true
}
