// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet_test

import (
	"context"
	"path/filepath"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
	offpq "selfsame/offline/parquet"
	"selfsame/source"
)

func TestPruningKeepsEveryRowInside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "events.parquet")
	events(t, path, 100_000, offline.Options{RowGroupBytes: 300_000})
	spec := source.Spec{Batch: selfsame.BatchSource{Path: path}, EventTime: "at",
		Schema: []selfsame.Field{{Name: "at", Type: scalar(selfsame.Timestamp)}, {Name: "user", Type: scalar(selfsame.Int64)}}}
	table, err := source.Open(context.Background(), spec, formats)
	if err != nil {
		t.Fatal(err)
	}
	const first, step = int64(1_700_000_000_000_000), int64(777_777)
	at := func(row int64) int64 { return first + row*step }
	for _, c := range []struct {
		lower, upper int64
		groups       int
	}{
		{0, 0, 7}, {selfsame.MinTime, selfsame.MaxTime, 7}, {at(0), at(1), 1}, {at(16383), at(16384), 1}, {at(16383), at(16384) + 1, 2},
		{at(16384), at(16385), 1}, {at(99_999), selfsame.MaxTime, 1}, {at(99_999) + 1, selfsame.MaxTime, 0}, {selfsame.MinTime, at(0), 0},
	} {
		w := source.Want{Fields: []string{"at"}, Lower: c.lower, Upper: c.upper}
		splits, pruned, err := table.Splits(w)
		if err != nil || len(splits) != c.groups || pruned.Groups != 7 || pruned.GroupsByStatistic != 7-c.groups {
			t.Errorf("[%d, %d): got %d row groups, want %d; %+v, %v", c.lower, c.upper, len(splits), c.groups, pruned, err)
		}
		inside, want := 0, 0
		for row := range int64(100_000) {
			if at(row) >= c.lower && at(row) < c.upper {
				want++
			}
		}
		for _, s := range splits {
			err := table.Read(context.Background(), s, w, func(ch *source.Chunk) error {
				for _, v := range ch.Batch.Columns[0].Ints {
					if v >= c.lower && v < c.upper {
						inside++
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if inside != want {
			t.Errorf("[%d, %d): got %d rows, want %d", c.lower, c.upper, inside, want)
		}
	}
}

func TestGroupsWithNullTimesAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.parquet")
	fields := []selfsame.Field{{Name: "at", Type: scalar(selfsame.Timestamp)}}
	b := column.NewBatch(fields, 2)
	b.Columns[0].Ints = append(b.Columns[0].Ints, 5)
	b.Columns[0].AppendStatus(selfsame.Null)
	b.Rows = 2
	w, err := offpq.Create(path, fields, offline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	table, err := source.Open(context.Background(), source.Spec{Batch: selfsame.BatchSource{Path: path}, EventTime: "at", Schema: fields}, formats)
	if err != nil {
		t.Fatal(err)
	}
	splits, pruned, err := table.Splits(source.Want{Fields: []string{"at"}, Lower: 100, Upper: 200})
	if err != nil || len(splits) != 1 || pruned.GroupsByStatistic != 0 {
		t.Errorf("got %v, %+v, %v", splits, pruned, err)
	}
}
