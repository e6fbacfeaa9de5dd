// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package eventlogtest

import (
	"math"
	"math/rand/v2"
	"strings"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
)

// Start is a moment at which the suite's clocks begin.
const Start int64 = 1_700_000_000_000_000

// Source is a source of inserts with a field of every kind.
var Source = &selfsame.Source{Name: "events", EventTime: "at", Schema: []selfsame.Field{
	{Name: "at", Type: selfsame.Scalar(selfsame.Timestamp)}, {Name: "k", Type: selfsame.Scalar(selfsame.String)},
	{Name: "f", Type: selfsame.Scalar(selfsame.Float64)}, {Name: "n", Type: selfsame.Scalar(selfsame.Int64)},
	{Name: "d", Type: selfsame.DecimalOf(38, 3)}, {Name: "b", Type: selfsame.Scalar(selfsame.Bool)}, {Name: "day", Type: selfsame.Scalar(selfsame.Date)},
	{Name: "x", Type: selfsame.Scalar(selfsame.Bytes)}, {Name: "l", Type: selfsame.ListOf(selfsame.ListOf(selfsame.Scalar(selfsame.String)))},
	{Name: "m", Type: selfsame.MapOf(selfsame.Scalar(selfsame.Timestamp))},
}}

// Table is a source with operations.
var Table = &selfsame.Source{Name: "table", EventTime: "day", Operation: "op", PrimaryKey: []string{"k"}, Schema: []selfsame.Field{
	{Name: "k", Type: selfsame.Scalar(selfsame.Int64)}, {Name: "op", Type: selfsame.Scalar(selfsame.String)}, {Name: "day", Type: selfsame.Scalar(selfsame.Date)}}}

// Row is an append of one row of Source.
func Row(k string, at int64) *eventlog.Append { return Rows(k, at, 1) }

// Rows is an append of n rows of Source whose other fields are null.
func Rows(k string, at int64, n int) *eventlog.Append {
	a := &eventlog.Append{Block: eventlog.Block{Source: Source, Rows: column.NewBatch(Source.Schema, n)}}
	for range n {
		for i, c := range a.Rows.Columns {
			switch i {
			case 0:
				c.Append(selfsame.Value{Type: c.Type, Int: at})
			case 1:
				c.Append(selfsame.Value{Type: c.Type, Str: k})
			default:
				c.AppendStatus(selfsame.Null)
			}
		}
		a.Rows.Rows++
	}
	return a
}

// Group draws the blocks of one append, some of whose rows are late, early or of a wrong shape.
func Group(rng *rand.Rand, now int64) []*eventlog.Append {
	var out []*eventlog.Append
	for range rng.IntN(4) {
		src := Source
		if rng.IntN(3) == 0 {
			src = Table
		}
		a := &eventlog.Append{Block: eventlog.Block{Source: src, Rows: column.NewBatch(src.Schema, 8)}}
		for range rng.IntN(8) {
			for i, c := range a.Rows.Columns {
				c.Append(drawn(rng, src.Schema[i], now))
			}
			a.Rows.Rows++
		}
		out = append(out, a)
	}
	return out
}

func drawn(rng *rand.Rand, f selfsame.Field, now int64) selfsame.Value {
	v := selfsame.Value{Type: f.Type}
	switch f.Name {
	case "at":
		v.Int = now - rng.Int64N(eventlog.DefaultLateness+eventlog.DefaultLateness/10)
	case "op":
		v.Str = []string{"insert", "upsert", "delete", "delete", "truncate"}[rng.IntN(5)]
	case "day":
		v.Int = now/selfsame.DayLength - rng.Int64N(35)
	default:
		return value(rng, f.Type)
	}
	if rng.IntN(20) == 0 {
		v.Status = selfsame.Null
	}
	return v
}

func value(rng *rand.Rand, t selfsame.Type) selfsame.Value {
	v := selfsame.Value{Type: t}
	if rng.IntN(5) == 0 {
		v.Status = selfsame.Null
		return v
	}
	extreme := []int64{0, 1, -1, math.MaxInt64, math.MinInt64, rng.Int64N(1000)}[rng.IntN(6)]
	switch t.Kind {
	case selfsame.Bool:
		v.Int = int64(rng.IntN(2))
	case selfsame.Float64:
		v.Float = []float64{0, math.Inf(-1), math.NaN(), 5e-324, rng.NormFloat64()}[rng.IntN(5)]
	case selfsame.Decimal:
		v.Dec = selfsame.Int128{Hi: extreme >> 63, Lo: uint64(extreme)}
	case selfsame.String, selfsame.Bytes:
		v.Str = strings.Repeat("é\x00", rng.IntN(4)*rng.IntN(40))
	case selfsame.List, selfsame.Map:
		for k := range rng.IntN(4) {
			if t.Kind == selfsame.Map {
				v.Keys = append(v.Keys, string(rune('a'+k)))
			}
			v.Elems = append(v.Elems, value(rng, *t.Elem))
		}
	default:
		v.Int = extreme
	}
	return v
}
