// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
	"selfsame/eventlog/local"
	"selfsame/offline"
	offlineparquet "selfsame/offline/parquet"
	"selfsame/source"
	sourceparquet "selfsame/source/parquet"
)

const start int64 = 1_700_000_000_000_000

var (
	events = &selfsame.Source{Name: "events", EventTime: "at", Schema: []selfsame.Field{
		{Name: "id", Type: selfsame.Scalar(selfsame.Int64)}, {Name: "at", Type: selfsame.Scalar(selfsame.Timestamp)}, {Name: "tags", Type: selfsame.ListOf(selfsame.Scalar(selfsame.String))}}}
	wider = &selfsame.Source{Name: "events", EventTime: "at", Schema: append(slices.Clone(events.Schema), selfsame.Field{Name: "more", Type: selfsame.Scalar(selfsame.Bool)})}
	table = &selfsame.Source{Name: "table", EventTime: "at", Operation: "op", PrimaryKey: []string{"id"}, Schema: []selfsame.Field{
		{Name: "id", Type: selfsame.Scalar(selfsame.Int64)}, {Name: "at", Type: selfsame.Scalar(selfsame.Timestamp)}, {Name: "op", Type: selfsame.Scalar(selfsame.String)}}}
	static = &selfsame.Source{Name: "static", Schema: []selfsame.Field{{Name: "id", Type: selfsame.Scalar(selfsame.Int64)}}}
)

func openLog(t *testing.T) eventlog.Log {
	t.Helper()
	l, err := local.Open("log", local.Options{FS: vfs.NewMem(), Now: func() int64 { return start }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// push appends n rows of a source, an hour apart, the newest first; ids count on.
func push(t *testing.T, l eventlog.Log, src *selfsame.Source, n int) {
	t.Helper()
	next, _ := l.End()
	a := &eventlog.Append{Block: eventlog.Block{Source: src, Rows: column.NewBatch(src.Schema, n)}}
	for i := range int64(n) {
		for k, f := range src.Schema {
			v := selfsame.Value{Type: f.Type}
			switch f.Name {
			case "id":
				v.Int = next + i
			case "at":
				v.Int = start - i*3_600_000_000
			case "op":
				v.Str = []string{"insert", "upsert", "delete"}[i%3]
			case "tags":
				v.Elems = []selfsame.Value{{Type: *f.Type.Elem, Str: "a"}, {Type: *f.Type.Elem, Status: selfsame.Null}}
			}
			a.Rows.Columns[k].Append(v)
		}
		a.Rows.Rows++
	}
	if err := l.Append(context.Background(), []*eventlog.Append{a}, 0); err != nil || a.Admitted == nil || a.Admitted.Rows.Rows != n {
		t.Fatalf("append: %v, %v", a.Reasons, err)
	}
}

func open(t *testing.T, dir string) *Archive {
	t.Helper()
	a, err := Open(dir, offlineparquet.Create)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// rows reads a source's part of the archive as one line a row, by offset, and checks names and order of the files.
func rows(t *testing.T, a *Archive, src *selfsame.Source) []string {
	t.Helper()
	files, err := a.Files(src.Name)
	if err != nil {
		t.Fatal(err)
	}
	byOffset := map[int64]string{}
	for _, f := range files {
		path := f.Path
		last := int64(-1)
		for _, b := range read(t, path, fieldsOf(src.Schema)) {
			for i := range b.Rows {
				offset := b.Column("_offset").Ints[i]
				if _, twice := byOffset[offset]; twice || offset <= last || offset < f.First || offset >= f.Next {
					t.Fatalf("offset %d in %s, after %d; there before: %v", offset, path, last, twice)
				}
				if at := b.Column("at"); at != nil && !strings.Contains(path, "date="+string(column.AppendDate(nil, dayOf(at.Ints[i])))+"/") {
					t.Errorf("event time %d in %s", at.Ints[i], path)
				}
				last = offset
				byOffset[offset] = fmt.Sprintf("%d id %d %s α+%d", offset, b.Column("id").Ints[i], b.Column("_op").Str(i), b.Column("_arrival").Ints[i]-start)
			}
		}
	}
	var out []string
	for offset := range a.Complete() {
		if line, ok := byOffset[offset]; ok {
			out = append(out, line)
		}
	}
	if len(out) != len(byOffset) {
		t.Fatalf("%d rows lie beyond offset %d", len(byOffset)-len(out), a.Complete())
	}
	return out
}

func read(t *testing.T, path string, fields []selfsame.Field) []*column.Batch {
	t.Helper()
	table, err := source.Open(context.Background(), source.Spec{Name: "x", Batch: selfsame.BatchSource{Path: path, Format: "parquet"}, Schema: fields, Absent: true},
		map[string]source.Format{"parquet": sourceparquet.New()})
	if err != nil {
		t.Fatal(err)
	}
	var want source.Want
	for _, f := range fields {
		want.Fields = append(want.Fields, f.Name)
	}
	splits, _, err := table.Splits(want)
	if err != nil {
		t.Fatal(err)
	}
	var out []*column.Batch
	for _, s := range splits {
		err := table.Read(context.Background(), s, want, func(c *source.Chunk) error {
			b := column.NewBatch(fields, 0)
			b.Append(c.Batch)
			out = append(out, b)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestTheLogBecomesFiles(t *testing.T) {
	l, dir := openLog(t), t.TempDir()+"/archive"
	a := open(t, dir)
	if err := a.Advance(context.Background(), l, 100); err != nil || a.Complete() != 0 {
		t.Fatalf("of an empty log: %v, complete to %d", err, a.Complete())
	}
	push(t, l, events, 30) // two days
	push(t, l, table, 4)
	push(t, l, static, 2)
	push(t, l, wider, 3)
	push(t, l, events, 1)
	for _, to := range []int64{10, 10, 33, 5, 1000} {
		if err := a.Advance(context.Background(), l, to); err != nil {
			t.Fatalf("to %d: %v", to, err)
		}
		if a = open(t, dir); a.Complete() < min(to, 40) {
			t.Fatalf("complete to %d after %d", a.Complete(), to)
		}
	}
	ids := rows(t, a, wider)
	if len(ids) != 34 || ids[9] != "9 id 9 insert α+0" || ids[33] != "39 id 39 insert α+4" {
		t.Errorf("events: %q", ids)
	}
	if got, want := rows(t, a, table), []string{"30 id 30 insert α+1", "31 id 31 upsert α+1", "32 id 32 delete α+1", "33 id 33 insert α+1"}; !slices.Equal(got, want) {
		t.Errorf("table: %q, want %q", got, want)
	}
	files, err := a.Files("static")
	if err != nil || len(files) != 1 || files[0].Path != filepath.Join(dir, "static", "date=__HIVE_DEFAULT_PARTITION__", "00000000000000000033-00000000000000000039.parquet") {
		t.Errorf("static: %v, %v", files, err)
	}
	if got := rows(t, a, static); len(got) != 2 {
		t.Errorf("static: %q", got)
	}
	if files, err := a.Files("nothing"); err != nil || files != nil {
		t.Errorf("a source without rows: %v, %v", files, err)
	}
}

func TestAChunkHoldsALittle(t *testing.T) {
	l, dir := openLog(t), t.TempDir()
	a := open(t, dir)
	a.limit = 1000
	for range 20 {
		push(t, l, events, 5)
	}
	largest := int64(0)
	a.create = func(path string, fields []selfsame.Field, o offline.Options) (offline.Writer, error) {
		f, _ := named(path)
		largest = max(largest, f.Next-f.First)
		return offlineparquet.Create(path, fields, o)
	}
	if err := a.Advance(context.Background(), l, 100); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, a, events); len(got) != 100 || largest > 20 {
		t.Errorf("%d rows, %d offsets in one file", len(got), largest)
	}
}

// TestARunMayEndAnywhere stops runs at every step, before and after it, and goes on with another archive of the same folder: each row is there once.
func TestARunMayEndAnywhere(t *testing.T) {
	broken := errors.New("the process ends here")
	for step := 0; ; step++ {
		l, dir := openLog(t), t.TempDir()
		push(t, l, events, 60)
		push(t, l, table, 6)
		push(t, l, events, 60)
		a := open(t, dir)
		a.limit = 1
		left := step
		a.create = func(path string, fields []selfsame.Field, o offline.Options) (offline.Writer, error) {
			w, err := offlineparquet.Create(path, fields, o)
			return &dying{Writer: w, left: &left, broken: broken}, err
		}
		err := a.Advance(context.Background(), l, 110)
		if err != nil && !errors.Is(err, broken) {
			t.Fatalf("step %d: %v", step, err)
		}
		again := open(t, dir)
		if got := rows(t, again, events); err != nil && int64(len(got)) != min(again.Complete(), 60) {
			t.Fatalf("step %d: %d rows below offset %d", step, len(got), again.Complete())
		}
		if err := again.Advance(context.Background(), l, 126); err != nil {
			t.Fatal(err)
		}
		if e, o := rows(t, again, events), rows(t, again, table); len(e) != 120 || len(o) != 6 {
			t.Fatalf("step %d: %d and %d rows, want 120 and 6", step, len(e), len(o))
		}
		if stale, _ := filepath.Glob(filepath.Join(dir, "*", "*", ".*")); len(stale) > 0 {
			t.Fatalf("step %d leaves %q", step, stale)
		}
		if err == nil {
			if step < 10 {
				t.Fatalf("only %d steps", step)
			}
			return
		}
	}
}

// dying is a writer whose process ends at some step: nothing is tidied up.
type dying struct {
	offline.Writer
	left   *int
	broken error
}

func (d *dying) step(do func() error) error {
	if *d.left--; *d.left < 0 {
		return d.broken
	}
	if err := do(); err != nil {
		return err
	}
	if *d.left--; *d.left < 0 {
		return d.broken
	}
	return nil
}

func (d *dying) Write(b *column.Batch) error {
	return d.step(func() error { return d.Writer.Write(b) })
}
func (d *dying) Close() error { return d.step(d.Writer.Close) }
func (d *dying) Abort()       {}

func TestWhatCannotGoOnIsSaid(t *testing.T) {
	l, dir := openLog(t), t.TempDir()
	push(t, l, events, 5)
	for text, class := range map[string]string{
		`{"version": 2, "complete": 1}`: "is of version 2", `nonsense`: "is damaged", `{"version": 1, "complete": -1}`: "is damaged",
	} {
		if err := os.WriteFile(filepath.Join(dir, stateFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, offlineparquet.Create); selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), class) {
			t.Errorf("%s gives %v", text, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, stateFile), []byte(`{"version": 1, "complete": 9}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).Advance(context.Background(), l, 100); selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), "ends at 5") {
		t.Errorf("an archive ahead of its log gives %v", err)
	}
	if err := os.Remove(filepath.Join(dir, stateFile)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := open(t, dir).Advance(ctx, l, 100); selfsame.ClassOf(err) != selfsame.ClassCanceled {
		t.Errorf("a canceled run gives %v", err)
	}
}
