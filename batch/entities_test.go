// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/plan"
	"selfsame/source"
	"selfsame/source/csv"
)

// fewPays has a user of each kind: known at midnight, later by one microsecond, late, without arrival, without a key.
var fewPays = map[string]string{
	"users.csv": "user_id,age\nzoe,30\n",
	"pays.csv": strings.Join([]string{"id,user_id,n,amount,at,seen",
		"1,bob,11,5,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z",
		"2,ann,2,5,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z",
		"3,bob,2,5,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z",
		"4,ann,2,5,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z",
		"5,tomorrow,2,5,2024-01-01T00:00:00.000001Z,2024-01-01T00:00:00.000001Z",
		"6,told,2,5,2023-12-31T23:00:00Z,2024-01-01T00:00:00.000001Z",
		"7,late,2,5,2023-12-01T00:00:00Z,2023-12-31T00:00:00Z",
		"8,never,2,5,2023-12-31T00:00:00Z,",
		"9,,2,5,2023-12-31T00:00:00Z,2023-12-31T00:00:00Z",
		"10,bob,,5,2023-12-31T00:00:00Z,2023-12-31T00:00:00Z", ""}, "\n"),
}

func shown(b *column.Batch) []string {
	var out []string
	for i := range b.Rows {
		var cells []string
		for _, c := range b.Columns {
			cells = append(cells, batch.Show(c.Value(i)).String())
		}
		out = append(out, strings.Join(cells, " "))
	}
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func TestEntitiesAtAMoment(t *testing.T) {
	_, p, tables := open(t, fewPays)
	at := func(view string, at int64) []string {
		t.Helper()
		rows, err := batch.EntitiesAt(t.Context(), batch.Request{Plan: planned(t, p, plan.Request{View: view}), Tables: tables, Options: batch.Options{Threads: 2}}, at)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows.At) != rows.Batch.Rows || slices.ContainsFunc(rows.At, func(v int64) bool { return v != at }) {
			t.Errorf("the rows ask at %v", rows.At)
		}
		return shown(rows.Batch)
	}
	same(t, "users", at("spend", newYear), []string{"ann 2024-01-01T00:00:00Z", "bob 2024-01-01T00:00:00Z"})
	same(t, "a microsecond later", at("spend", newYear+1), []string{"ann 2024-01-01T00:00:00.000001Z", "bob 2024-01-01T00:00:00.000001Z", "told 2024-01-01T00:00:00.000001Z", "tomorrow 2024-01-01T00:00:00.000001Z"})
	same(t, "pairs, numbers by their value", at("pairs", newYear), []string{"ann 2 2024-01-01T00:00:00Z", "bob 2 2024-01-01T00:00:00Z", "bob 11 2024-01-01T00:00:00Z"})
	same(t, "a static table", at("user", newYear), []string{"zoe 2024-01-01T00:00:00Z"})
	same(t, "before everything", at("spend", newYear-100*selfsame.DayLength), nil)
	same(t, "the source's name as the key", at("by_source", newYear), []string{"pays 2024-01-01T00:00:00Z", "refunds 2024-01-01T00:00:00Z"})
}

func TestEntitiesNeedOneKey(t *testing.T) {
	_, p, tables := open(t, fewPays)
	for want, views := range map[string][]string{
		"its views have different keys: spend by user_id, pairs by user_id, n": {"spend", "pairs"},
		"no view of it has an entity":                                          {"everyone"},
	} {
		var entries []selfsame.ServiceEntry
		for _, v := range views {
			entries = append(entries, selfsame.ServiceEntry{View: v})
		}
		_, err := batch.EntitiesAt(t.Context(), batch.Request{Plan: planned(t, p, plan.Request{Features: entries}), Tables: tables}, newYear)
		if err == nil || !strings.Contains(err.Error(), want) || selfsame.ClassOf(err) != selfsame.ClassUsage {
			t.Errorf("%v: got %v, want %s", views, err, want)
		}
	}
	rows, err := batch.EntitiesAt(t.Context(), batch.Request{Plan: planned(t, p, plan.Request{Features: []selfsame.ServiceEntry{{View: "spend"}, {View: "everyone"}, {View: "asked"}}}), Tables: tables}, newYear)
	if err != nil || rows.Batch.Rows != 2 {
		t.Errorf("views of the whole world and optional request fields fit any key: %v, %v", rows, err)
	}
}

// TestEntitiesBesideKeysOfT lists entities beside seasons and keys that are computed from T: what those hold are no entities.
func TestEntitiesBesideKeysOfT(t *testing.T) {
	_, p, tables := open(t, fewPays)
	for _, views := range [][]string{{"spend", "hourly", "usual", "today"}, {"today", "usual", "hourly", "spend"}, {"usual", "hourly"}} {
		var entries []selfsame.ServiceEntry
		for _, v := range views {
			entries = append(entries, selfsame.ServiceEntry{View: v})
		}
		rows, err := batch.EntitiesAt(t.Context(), batch.Request{Plan: planned(t, p, plan.Request{Features: entries}), Tables: tables}, newYear)
		if err != nil {
			t.Fatal(err)
		}
		same(t, strings.Join(views, ", "), shown(rows.Batch), []string{"ann 2024-01-01T00:00:00Z", "bob 2024-01-01T00:00:00Z"})
	}
}

func TestCrossRows(t *testing.T) {
	b := column.NewBatch([]selfsame.Field{{Name: "k", Type: selfsame.Scalar(selfsame.String)}}, 0)
	b.Columns[0].AppendBytes([]byte("b"))
	b.Columns[0].AppendStatus(selfsame.Null)
	b.Rows = 2
	rows := batch.CrossRows(b, "at", 10, 31, 10)
	same(t, "entity after entity", shown(rows.Batch), []string{"b 1970-01-01T00:00:00.00001Z", "b 1970-01-01T00:00:00.00002Z", "b 1970-01-01T00:00:00.00003Z",
		"null 1970-01-01T00:00:00.00001Z", "null 1970-01-01T00:00:00.00002Z", "null 1970-01-01T00:00:00.00003Z"})
	if !slices.Equal(rows.At, []int64{10, 20, 30, 10, 20, 30}) || rows.Batch.Check() != nil {
		t.Errorf("they ask at %v", rows.At)
	}
	if rows := batch.CrossRows(b, "at", 10, 30, 10); len(rows.At) != 4 { // the end is not a moment
		t.Errorf("below the end: %v", rows.At)
	}
	if rows := batch.CrossRows(b, "at", 10, 10, 10); len(rows.At) != 0 || rows.Batch.Rows != 0 {
		t.Errorf("an empty range: %v", rows.At)
	}
}

func readRows(t *testing.T, text string, o batch.RowOptions) (*batch.EntityRows, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	table, err := source.Open(t.Context(), source.Spec{Name: "rows", Batch: selfsame.BatchSource{Path: path}}, map[string]source.Format{"csv": csv.New()})
	if err != nil {
		t.Fatal(err)
	}
	return batch.ReadRows(t.Context(), table, o)
}

var all = batch.RowOptions{Start: selfsame.MinTime, End: selfsame.MaxTime}

func TestRowsKeepTheirOrderAndTheirCopies(t *testing.T) {
	text := "k,asked,cut\nb,2024-01-02T00:00:00Z,2024-01-01T00:00:00Z\na,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z\nb,2024-01-02T00:00:00Z,2024-01-01T00:00:00Z\nc,2024-01-03T00:00:00Z,2024-01-05T00:00:00Z\n"
	o := all
	o.Time, o.Cut = "asked", "cut"
	rows, err := readRows(t, text, o)
	const day = selfsame.DayLength
	if err != nil || !slices.Equal(rows.At, []int64{newYear + day, newYear, newYear + day, newYear + 2*day}) || !slices.Equal(rows.Cut, []int64{newYear, newYear, newYear, newYear + 4*day}) {
		t.Fatalf("%v, %v", rows, err)
	}
	o.Start, o.End = newYear+day, newYear+2*day // the start is in, the end is out
	rows, err = readRows(t, text, o)
	if err != nil || !slices.Equal(rows.At, []int64{newYear + day, newYear + day}) || len(rows.Cut) != 2 || rows.Batch.Check() != nil || string(rows.Batch.Columns[0].Str(1)) != "b" {
		t.Errorf("a range of the rows: %v, %v", rows, err)
	}
}
