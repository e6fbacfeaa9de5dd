// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"path/filepath"
	"testing"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/definition"
	"selfsame/offline"
	parquetout "selfsame/offline/parquet"
	"selfsame/plan"
	"selfsame/source"
	parquetin "selfsame/source/parquet"
)

const hotYAML = `project: hot
entities:
  k: {key: {k: int64}}
sources:
  e:
    schema: {k: int64, x: int64, at: timestamp, seen: timestamp}
    event_time: at
    arrival: seen
    batch: {path: e.parquet}
views:
  v:
    entity: k
    source: e
    features:
      n: count(*) over [1h, 30d, lifetime]
      s: sum(x) over [1h]
      top: max(x) over [1h, lifetime]
      rows: sum(x) over [10 rows]
      open: count(*) over [session 2s max 1d]
      mid: median(x) over [1h]
  r:
    entity: k
    source: e
    features: [x]
`

const (
	hotEvents = 300_000 // of key 0, one a second, x = the second
	coldKeys  = 100_000 // one event each, at second 1
	lateEvery = 1000    // each such event arrives a day late
)

// hotTable writes the events. Event i of the hot key happens at second i.
func hotTable(t *testing.T, src *selfsame.Source) *source.Table {
	t.Helper()
	path := filepath.Join(t.TempDir(), "e.parquet")
	w, err := parquetout.Create(path, src.Schema, offline.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	b := column.NewBatch(src.Schema, hotEvents+coldKeys)
	add := func(key, second, seen int64) {
		for i, v := range []int64{key, second, second * selfsame.Second, seen} {
			b.Columns[i].Ints = append(b.Columns[i].Ints, v)
		}
		b.Rows++
	}
	for i := range int64(hotEvents) {
		seen := i * selfsame.Second
		if i%lateEvery == 0 {
			seen += selfsame.DayLength
		}
		add(0, i, seen)
		if i < coldKeys {
			add(1+i, 1, selfsame.Second)
		}
	}
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	table, err := source.Open(t.Context(), source.Spec{Name: "e", Batch: selfsame.BatchSource{Path: path}, Schema: src.Schema, EventTime: src.EventTime},
		map[string]source.Format{"parquet": parquetin.Format{}})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// hotRow are the values of the hot key at second T, by counting: events before T, those of the last day that are multiples of
// lateEvery left out.
func hotRow(second int64) []int64 {
	const hour, day, month = 3600, 86400, 30 * 86400
	hidden := func(from, to int64) (n, sum int64) { // late events of [from, to) that are not known at T
		from = max(from, second-day+1, 0)
		for i := (from + lateEvery - 1) / lateEvery * lateEvery; i < to; i += lateEvery {
			n, sum = n+1, sum+i
		}
		return n, sum
	}
	count := func(from int64) int64 {
		n, _ := hidden(from, second)
		return second - max(from, 0) - n
	}
	total := func(from int64) int64 {
		_, sum := hidden(from, second)
		return (max(from, 0)+second-1)*(second-max(from, 0))/2 - sum
	}
	known := func(i int64) bool { return i%lateEvery != 0 || i <= second-day }
	newest := second - 1
	if !known(newest) {
		newest--
	}
	rows, sum := 0, int64(0)
	for i := second - 1; rows < 10; i-- {
		if known(i) {
			rows, sum = rows+1, sum+i
		}
	}
	at := second // the as-of view takes the row of T itself
	if !known(at) {
		at--
	}
	return []int64{count(second - hour), count(second - month), count(0), total(second - hour), newest, newest, sum, count(second - day), at}
}

// TestHotKey asks a key with hundreds of thousands of events, some late, beside as many of other keys.
func TestHotKey(t *testing.T) {
	t.Parallel()
	p, err := definition.Parse(map[string][]byte{definition.ProjectFile: []byte(hotYAML)}, ".")
	if err != nil {
		t.Fatal(err)
	}
	pl, err := plan.Build(p, plan.Request{Features: []selfsame.ServiceEntry{{View: "v"}, {View: "r"}}})
	if err != nil {
		t.Fatal(err)
	}
	rows := &batch.EntityRows{Batch: column.NewBatch([]selfsame.Field{{Name: "k", Type: selfsame.Scalar(selfsame.Int64)}}, 0)}
	for i := range int64(900) {
		key, second := int64(0), 100_000+i*222
		if i%3 == 2 {
			key, second = i*99, 100_000
		}
		rows.Batch.Columns[0].Ints = append(rows.Batch.Columns[0].Ints, key)
		rows.At = append(rows.At, second*selfsame.Second)
		rows.Batch.Rows++
	}
	res, err := batch.Run(t.Context(), batch.Request{Plan: pl, Rows: rows, Tables: map[string]*source.Table{"e": hotTable(t, p.Source("e"))}, Options: batch.Options{Threads: 2}})
	if err != nil {
		t.Fatal(err)
	}
	medians := 0
	err = res.Each(t.Context(), func(c *batch.Chunk) error {
		for i := range c.Rows {
			second := rows.At[i] / selfsame.Second
			want := hotRow(second)
			if rows.Batch.Columns[0].Ints[i] != 0 {
				want = []int64{0, 1, 1, 0, 0, 1, 1, 0, 1}
			}
			k := 0
			for j, col := range c.Features.Columns {
				if col.Type.Kind == selfsame.Float64 { // the median: between the bounds of its hour
					if v := col.Value(i); v.Status == selfsame.Present {
						medians++
						if v.Float < float64(second-3600) || v.Float >= float64(second) {
							t.Errorf("row %d: the median is %v", i, v.Float)
						}
					}
					continue
				}
				if got := col.Value(i); got.Int != want[k] {
					t.Errorf("row %d (key %d, second %d), %s: got %s, want %d", i, rows.Batch.Columns[0].Ints[i], second, c.Features.Fields[j].Name, Format(got), want[k])
				}
				k++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if medians != 600 {
		t.Errorf("%d medians, want one for each row of the hot key", medians)
	}
}
