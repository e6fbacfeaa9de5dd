// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
	offlineparquet "selfsame/offline/parquet"
	"selfsame/source"
	sourceparquet "selfsame/source/parquet"
)

// opened is a file as it is, without what a definition says of it.
type opened struct{ t *source.Table }

func (o opened) Fields() []selfsame.Field { return o.t.Fields() }

func (o opened) Each(ctx context.Context, visit func(*column.Batch) error) error {
	w := source.Want{}
	for _, f := range o.t.Fields() {
		w.Fields = append(w.Fields, f.Name)
	}
	splits, _, err := o.t.Splits(w)
	for _, s := range splits {
		if err == nil {
			err = o.t.Read(ctx, s, w, func(c *source.Chunk) error { return visit(c.Batch) })
		}
	}
	return err
}

func reader(ctx context.Context, path string) (Opened, error) {
	t, err := source.Open(ctx, source.Spec{Name: "file", Dir: filepath.Dir(path), KeepNaN: true, Batch: selfsame.BatchSource{Path: filepath.Base(path), Format: "parquet"}},
		map[string]source.Format{"parquet": sourceparquet.New()})
	return opened{t}, err
}

// kinds has a field of every type.
var kinds = func() *selfsame.Source {
	one := func(k selfsame.Kind) selfsame.Type { return selfsame.Scalar(k) }
	types := []selfsame.Type{one(selfsame.Int64), one(selfsame.Timestamp), one(selfsame.Bool), one(selfsame.Float64), one(selfsame.String), one(selfsame.Bytes), one(selfsame.Date),
		selfsame.DecimalOf(12, 3), selfsame.ListOf(one(selfsame.Float64)), selfsame.MapOf(one(selfsame.Int64))}
	s := &selfsame.Source{Name: "events", EventTime: "at"}
	for i, t := range types {
		s.Schema = append(s.Schema, selfsame.Field{Name: append([]string{"id", "at"}, strings.Fields("b f s y d n l m")...)[i], Type: t})
	}
	return s
}()

func age(t *testing.T, path string, to time.Time) {
	t.Helper()
	if err := os.Chtimes(path, to, to); err != nil {
		t.Fatal(err)
	}
}

// TestMergeKeepsEveryRow: the files of closed days become one each, of the same rows and columns; a reader that knew the archive before reads the same; the small
// files go a day later; late events make a file that is merged in turn.
func TestMergeKeepsEveryRow(t *testing.T) {
	ctx, l, dir := context.Background(), openLog(t), t.TempDir()
	a := open(t, dir)
	advance := func() {
		t.Helper()
		if err := a.Advance(ctx, l, selfsame.MaxTime); err != nil {
			t.Fatal(err)
		}
	}
	for range 9 {
		push(t, l, kinds, 30)
		advance()
	}
	push(t, l, wider, 30)
	advance()
	before, known := rows(t, a, kinds), a.Complete()
	files, err := a.Files("events")
	if err != nil {
		t.Fatal(err)
	}
	names := fileNames(t, files)
	now := time.UnixMicro(start).Add(48 * time.Hour)
	for _, f := range files {
		age(t, f.Path, now.Add(-time.Minute))
	}
	merge := func(at time.Time, want int) {
		t.Helper()
		if err := a.Merge(ctx, reader, at); err != nil {
			t.Fatal(err)
		}
		got, err := a.Files("events")
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != want {
			t.Errorf("%d files are left, want %d: %v", len(got), want, got)
		}
		if now := rows(t, a, kinds); !slices.Equal(now, before) {
			t.Errorf("rows are %v, want %v", now, before)
		}
		older, err := Below(dir, "events", known)
		if err != nil || len(older) == 0 {
			t.Errorf("who knew the archive up to %d finds %v, %v", known, older, err)
		}
	}
	merge(time.UnixMicro(start).Add(time.Hour/2), len(files)-9+1) // of the day that has just ended and that before it, the latter is closed
	merge(now, 4)                                                 // of each day one of each schema
	if have := onDisk(t, dir); have < len(files) {
		t.Errorf("%d files are on the disk: what was merged is gone before a reader can be done", have)
	}
	push(t, l, kinds, 30) // late
	advance()
	before = rows(t, a, kinds)
	files, _ = a.Files("events")
	for _, f := range files {
		age(t, f.Path, now)
	}
	merge(now.Add(time.Hour), len(files)) // a few small ones wait
	merge(now.Add(25*time.Hour), len(files))
	if again, _ := a.Files("events"); fileNames(t, again)[0] == "" || onDisk(t, dir) != len(again) {
		t.Errorf("%d files are on the disk, %d count", onDisk(t, dir), len(again))
	}
	if got := fileNames(t, must(a.Files("events"))); !slices.Equal(got[:len(names)], names) {
		t.Errorf("the files are named %v, were %v", got, names)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func onDisk(t *testing.T, dir string) int {
	t.Helper()
	files, err := list(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// fileNames names files as they were before some were merged, by first offset.
func fileNames(t *testing.T, files []File) []string {
	t.Helper()
	var parts []Part
	for _, f := range files {
		p, err := Parts(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if p == nil {
			one, err := describe(f)
			if err != nil {
				t.Fatal(err)
			}
			p = []Part{one}
		}
		parts = append(parts, p...)
	}
	slices.SortStableFunc(parts, func(x, y Part) int { return int(x.First - y.First) })
	var out []string
	for _, p := range parts {
		out = append(out, p.Name+" "+p.Checksum)
	}
	return out
}

// TestMergeStopsAnywhere: a merge that ends at any step leaves the archive as it was, and the next one does it.
func TestMergeStopsAnywhere(t *testing.T) {
	ctx, l, dir := context.Background(), openLog(t), t.TempDir()
	a := open(t, dir)
	for range 9 {
		push(t, l, static, 2)
		push(t, l, events, 1)
		if err := a.Advance(ctx, l, selfsame.MaxTime); err != nil {
			t.Fatal(err)
		}
	}
	want := rows(t, a, events)
	now := time.UnixMicro(start).Add(72 * time.Hour)
	stop := errors.New("stopped")
	whole := a.create
	reads := 0
	for _, at := range []struct {
		name   string
		create offline.Creator
		read   Reader
	}{
		{"before a file is written", func(string, []selfsame.Field, offline.Options) (offline.Writer, error) { return nil, stop }, reader},
		{"while it is read", whole, func(ctx context.Context, path string) (Opened, error) {
			if reads++; reads == 5 {
				return nil, stop
			}
			return reader(ctx, path)
		}},
		{"when it is read back", whole, func(ctx context.Context, path string) (Opened, error) {
			if strings.Contains(path, mergeFolder) {
				return nil, stop
			}
			return reader(ctx, path)
		}},
	} {
		a.create = at.create
		if err := a.Merge(ctx, at.read, now); !errors.Is(err, stop) {
			t.Errorf("%s: %v", at.name, err)
		}
		if got := rows(t, a, events); !slices.Equal(got, want) || len(must(a.Files("events"))) != 9 {
			t.Errorf("%s: %v", at.name, got)
		}
	}
	a.create = func(path string, fields []selfsame.Field, o offline.Options) (offline.Writer, error) {
		w, err := offlineparquet.Create(path, fields, o)
		return &lossy{Writer: w}, err
	}
	if err := a.Merge(ctx, reader, now); selfsame.ClassOf(err) != selfsame.ClassInternal {
		t.Errorf("a file that reads otherwise: %v", err)
	}
	if got := rows(t, a, events); !slices.Equal(got, want) {
		t.Errorf("after a file that reads otherwise: %v", got)
	}
	files := must(a.Files("events"))
	if err := os.WriteFile(partsOf(filepath.Join(filepath.Dir(files[0].Path), strings.Repeat("0", digits)+"-"+filepath.Base(files[8].Path)[digits+1:])), []byte("{}"), 0o644); err != nil {
		t.Fatal(err) // the record of a merge that was killed before its file was there
	}
	a = open(t, dir)
	if err := a.Merge(ctx, reader, now); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, a, events); !slices.Equal(got, want) || len(must(a.Files("events"))) != 1 {
		t.Errorf("merged: %v", got)
	}
	if files, err := a.Files("static"); err != nil || len(files) != 9 {
		t.Errorf("files without a day are %v, %v", files, err)
	}
	if _, err := os.Stat(filepath.Join(dir, mergeFolder)); err != nil {
		t.Fatal(err)
	}
	if err := a.Merge(ctx, reader, now); err != nil { // there is nothing to do
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, mergeFolder)); err == nil && len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// lossy leaves out the second batch that it is given.
type lossy struct {
	offline.Writer
	n int
}

func (l *lossy) Write(b *column.Batch) error {
	if l.n++; l.n == 2 {
		return nil
	}
	return l.Writer.Write(b)
}
