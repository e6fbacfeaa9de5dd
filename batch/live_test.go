// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

const liveWorld = `
project: p
entities: {user: {key: {user_id: string}}}
sources:
  pays:
    schema: {id: string, user_id: string, amount: float64, at: timestamp, note: string}
    event_time: at
    id: id
    stream: {push: true}
views:
  spend: {entity: user, source: pays, features: {total: sum(amount) over 7d, notes: count(note) over 7d}}
  soon: {entity: user, source: pays, features: {sum: sum(amount) over next 1h, more: count(*) over next 2h}}
  grown: {features: {by: soon.sum / spend.total}}
`

const day = int64(1_704_067_200_000_000) // 2024-01-01

// logRow is a row of the archive; fields that it does not have are absent from its file.
type logRow map[string]any

// writeLog writes a file of the archive.
func writeLog(t *testing.T, dir string, fields []selfsame.Field, rows ...logRow) string {
	t.Helper()
	dir = filepath.Join(dir, "date=2024-01-01")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	first := max(rows[0][batch.ArchiveOffset].(int), 0)
	path := filepath.Join(dir, fmt.Sprintf("%020d-%020d.parquet", first, first+len(rows)))
	w, err := parquetout.Create(path, fields, offline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := column.NewBatch(fields, len(rows))
	for _, row := range rows {
		for i, f := range fields {
			v := selfsame.Value{Type: f.Type}
			switch x := row[f.Name].(type) {
			case string:
				v.Str = x
			case int:
				v.Int = int64(x)
			case int64:
				v.Int = x
			case float64:
				v.Float = x
			default:
				v.Status = selfsame.Null
			}
			b.Columns[i].Append(v)
		}
		b.Rows++
	}
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func paid(offset int, id string, amount float64, note any) logRow {
	return logRow{"id": id, "user_id": "ann", "amount": amount, "at": day + selfsame.Hour, "note": note,
		batch.ArchiveOffset: offset, batch.ArchiveArrival: day + 2*selfsame.Hour + int64(offset), batch.ArchiveOp: "insert"}
}

// runLog asks for ann at the end of the day over an archive alone.
func runLog(t *testing.T, dir string, edit func(*batch.Request)) ([]string, error) {
	t.Helper()
	p, err := definition.Parse(map[string][]byte{"selfsame.yaml": []byte(liveWorld)}, dir)
	if err != nil {
		t.Fatal(err)
	}
	pays := p.Source("pays")
	log, err := source.Open(t.Context(), batch.ArchiveSpec(pays, dir, selfsame.MaxTime), map[string]source.Format{"parquet": parquetin.Format{}})
	if err != nil {
		return nil, err
	}
	rows := &batch.EntityRows{Batch: column.NewBatch([]selfsame.Field{{Name: "user_id", Type: selfsame.Scalar(selfsame.String)}}, 1), At: []int64{day + selfsame.DayLength}}
	rows.Batch.Columns[0].AppendBytes([]byte("ann"))
	rows.Batch.Rows = 1
	req := batch.Request{Plan: planned(t, p, plan.Request{View: "spend"}), Rows: rows, Archive: map[string]*source.Table{"pays": log}}
	if edit != nil {
		edit(&req)
	}
	res, err := batch.Run(t.Context(), req)
	if err != nil {
		return nil, err
	}
	var out []string
	err = res.Each(t.Context(), func(c *batch.Chunk) error {
		out = append(out, shown(c.Features)...)
		return nil
	})
	return out, err
}

func paySchema(t *testing.T) []selfsame.Field {
	p, err := definition.Parse(map[string][]byte{"selfsame.yaml": []byte(liveWorld)}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return batch.ArchiveFields(p.Source("pays"))
}

// without leaves a field out.
func without(fields []selfsame.Field, name string) []selfsame.Field {
	var out []selfsame.Field
	for _, f := range fields {
		if f.Name != name {
			out = append(out, f)
		}
	}
	return out
}

// TestArchiveOfAnOlderSchema reads a file that was written before a field was added.
func TestArchiveOfAnOlderSchema(t *testing.T) {
	dir, fields := t.TempDir(), paySchema(t)
	writeLog(t, dir, without(fields, "note"), paid(0, "a", 1, nil), paid(1, "b", 2, nil))
	writeLog(t, dir, fields, paid(2, "c", 4, "x"), paid(3, "c", 4, "x"), paid(4, "d", 8, nil))
	got, err := runLog(t, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "ann", got, []string{"15 1"})
	got, err = runLog(t, dir, func(r *batch.Request) { r.Before = 3 })
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the log's first three rows", got, []string{"7 1"})
}

// TestArchiveOfAnotherType refuses a file whose field has a type that the schema's does not hold, by name.
func TestArchiveOfAnotherType(t *testing.T) {
	dir, fields := t.TempDir(), paySchema(t)
	fields[2].Type = selfsame.Scalar(selfsame.String)
	row := paid(0, "a", 0, nil)
	row["amount"] = "one"
	path := writeLog(t, dir, fields, row)
	_, err := runLog(t, dir, nil)
	var e *selfsame.Error
	if !errors.As(err, &e) || e.Class != selfsame.ClassInput || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an input error that names %s", err, path)
	}
}

// TestArchiveBeyondItsState leaves out what an archiver did not finish.
func TestArchiveBeyondItsState(t *testing.T) {
	for name, want := range map[string]bool{"date=2024-01-01/00000000000000000000-00000000000000000005.parquet": true, "00000000000000000004-00000000000000000006.parquet": false,
		"00000000000000000000-00000000000000000005.csv": false, "x.parquet": false, "a-b.parquet": false} {
		if got := batch.Archived(name, 5); got != want {
			t.Errorf("%s belongs to an archive up to 5: %v, want %v", name, got, want)
		}
	}
}

// TestDamagedArchive refuses offsets that are not those of a log.
func TestDamagedArchive(t *testing.T) {
	for name, rows := range map[string][]logRow{
		"an offset twice":   {paid(0, "a", 1, nil), paid(0, "b", 1, nil)},
		"a negative offset": {paid(-1, "a", 1, nil)},
		"no arrival":        {func() logRow { r := paid(0, "a", 1, nil); delete(r, batch.ArchiveArrival); return r }()},
	} {
		dir := t.TempDir()
		writeLog(t, dir, paySchema(t), rows...)
		if got, err := runLog(t, dir, nil); selfsame.ClassOf(err) != selfsame.ClassInput || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestBoundsDoNotApplyAgain keeps a row that was admitted when the source knew other bounds.
func TestBoundsDoNotApplyAgain(t *testing.T) {
	dir := t.TempDir()
	writeLog(t, dir, paySchema(t), paid(0, "a", 1, nil))
	got, err := runLog(t, dir, func(r *batch.Request) {
		r.Plan.Sources()[0].Lateness = selfsame.Duration{Set: true, Micros: 1}
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "ann", got, []string{"1 0"})
}

// TestServedBesideLabels asks at the cuts of online reads for what was served and what came of it: labels know the whole log, and no cut of a row.
func TestServedBesideLabels(t *testing.T) {
	dir := t.TempDir()
	later := paid(2, "z", 8, nil)
	later["at"], later[batch.ArchiveArrival] = day+3*selfsame.Hour, day+5*selfsame.Hour
	writeLog(t, dir, paySchema(t), paid(0, "a", 1, nil), paid(1, "b", 3, nil), later)
	for _, offsets := range [][]int64{{1}, {2}, {0, 2, 1}, {3, 3}} {
		got, err := runLog(t, dir, func(r *batch.Request) {
			r.Mode.Served = true
			r.Plan = planned(t, r.Plan.Project, plan.Request{Features: []selfsame.ServiceEntry{{View: "spend", Feature: "total"}, {View: "soon"}, {View: "grown"}}})
			r.Rows.At, r.Rows.Served, r.Rows.Batch.Rows = nil, nil, len(offsets)
			r.Rows.Batch.Columns[0].Reset()
			for _, o := range offsets {
				r.Rows.At, r.Rows.Served = append(r.Rows.At, day+2*selfsame.Hour), append(r.Rows.Served, batch.ServedCut{Offset: o})
				r.Rows.Batch.Columns[0].AppendBytes([]byte("ann"))
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, o := range offsets {
			want = append(want, []string{"null 8 null null", "1 8 null 8", "4 8 null 2", "4 8 null 2"}[o])
		}
		same(t, fmt.Sprint("cuts ", offsets), got, want)
	}
}

func TestServedNeedsCuts(t *testing.T) {
	dir := t.TempDir()
	writeLog(t, dir, paySchema(t), paid(0, "a", 1, nil), paid(1, "b", 2, nil))
	if _, err := runLog(t, dir, func(r *batch.Request) { r.Mode.Served = true }); selfsame.ClassOf(err) != selfsame.ClassUsage {
		t.Errorf("without cuts: %v", err)
	}
	for offset, want := range []string{"null 0", "1 0", "3 0"} {
		got, err := runLog(t, dir, func(r *batch.Request) {
			r.Mode.Served = true
			r.Rows.Served = []batch.ServedCut{{Offset: int64(offset)}}
		})
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprint("cut ", offset), got, []string{want})
	}
}

// TestCutColumnOfTokens reads cuts from a text column.
func TestCutColumnOfTokens(t *testing.T) {
	fields := []selfsame.Field{{Name: "event_time", Type: selfsame.Scalar(selfsame.Timestamp)}, {Name: "cut", Type: selfsame.Scalar(selfsame.String)},
		{Name: batch.PastColumn, Type: selfsame.Scalar(selfsame.Bool)}}
	token := func(text string) (batch.ServedCut, error) {
		if text == "bad" {
			return batch.ServedCut{}, errors.New("no token")
		}
		return batch.ServedCut{Offset: int64(len(text))}, nil
	}
	o := batch.RowOptions{Cut: "cut", Token: token, Start: 1, End: 3}
	read := func(texts ...string) (*batch.EntityRows, error) {
		b := column.NewBatch(fields, 0)
		for i, text := range texts {
			b.Columns[0].Ints = append(b.Columns[0].Ints, int64(i))
			b.Columns[1].AppendBytes([]byte(text))
			b.Columns[2].Bools = append(b.Columns[2].Bools, i == 2)
			b.Rows++
		}
		return batch.RowsOf(b, o)
	}
	rows, err := read("a", "bb", "ccc", "dddd")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows.Served) != 2 || rows.Served[0].Offset != 2 || rows.Served[0].Past || rows.Served[1].Offset != 3 || !rows.Served[1].Past || rows.Cut != nil {
		t.Errorf("cuts %+v", rows.Served)
	}
	if _, err := read("a", "bad"); selfsame.ClassOf(err) != selfsame.ClassInput || !strings.Contains(err.Error(), "row 1, column cut") {
		t.Errorf("a text that is no token: %v", err)
	}
}
