// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"selfsame"
	offlineparquet "selfsame/offline/parquet"
)

// written is an archive of three runs over two sources of two days.
func written(t *testing.T) (*Archive, func()) {
	t.Helper()
	l, a := openLog(t), open(t, t.TempDir())
	more := func() {
		t.Helper()
		push(t, l, kinds, 30)
		push(t, l, table, 3)
		if err := a.Advance(context.Background(), l, selfsame.MaxTime); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		more()
	}
	return a, more
}

func filesOf(t *testing.T, a *Archive) []string {
	t.Helper()
	var paths []string
	for _, source := range []string{"events", "table"} {
		files, err := a.Files(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// noticed holds that a file which is not as it was is named wherever the archive is read, and is not hidden by a merge.
func noticed(t *testing.T, a *Archive, path string, change func() error) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := change(); err != nil {
		t.Fatal(err)
	}
	source, _, _ := strings.Cut(strings.TrimPrefix(path, a.dir+"/"), "/")
	_, reading := a.Files(source)
	for what, err := range map[string]error{"reading": reading, "looking": a.Check(), "merging": a.Merge(context.Background(), reader, time.UnixMicro(start).Add(480*time.Hour))} {
		if selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(fmt.Sprint(err), filepath.Base(path)) {
			t.Errorf("%s without %s gives %v", what, path, err)
		}
	}
	if err := os.WriteFile(path, before, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := a.Check(); err != nil {
		t.Errorf("with %s again: %v", path, err)
	}
}

// TestALostFileIsNoticed removes and cuts each file, before and after they are merged.
func TestALostFileIsNoticed(t *testing.T) {
	a, _ := written(t)
	each := func(want int) {
		t.Helper()
		paths := filesOf(t, a)
		if len(paths) != want {
			t.Fatalf("there are %d files, want %d: %q", len(paths), want, paths)
		}
		for _, path := range append(paths, filepath.Join(a.dir, "events", listFile)) {
			noticed(t, a, path, func() error { return os.Remove(path) })
		}
		for _, path := range paths {
			noticed(t, a, path, func() error { return os.Truncate(path, 9) })
		}
	}
	each(9)
	now := time.UnixMicro(start).Add(96 * time.Hour)
	for _, path := range filesOf(t, a) {
		age(t, path, now.Add(-48*time.Hour))
	}
	before := rows(t, a, kinds)
	if err := a.Merge(context.Background(), reader, now); err != nil {
		t.Fatal(err)
	}
	for _, path := range filesOf(t, a) {
		age(t, path, now.Add(-48*time.Hour))
	}
	if err := a.Merge(context.Background(), reader, now); err != nil { // removes what was merged
		t.Fatal(err)
	}
	each(3)
	if got := rows(t, a, kinds); !slices.Equal(got, before) {
		t.Errorf("rows are %q, want %q", got, before)
	}
	if err := os.RemoveAll(filepath.Join(a.dir, "table")); err != nil {
		t.Fatal(err)
	}
	if err := open(t, a.dir).Check(); selfsame.ClassOf(err) != selfsame.ClassResource {
		t.Errorf("without a source's folder: %v", err)
	}
}

// TestAnEarlierReaderNeedsNoLaterFile: what lies beyond the offset up to which one reads may be lost.
func TestAnEarlierReaderNeedsNoLaterFile(t *testing.T) {
	a, more := written(t)
	known := a.Complete()
	more()
	paths := filesOf(t, a)
	last := slices.MaxFunc(paths, func(x, y string) int { return strings.Compare(filepath.Base(x), filepath.Base(y)) })
	if err := os.Remove(last); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"events", "table"} {
		if files, err := Below(a.dir, source, known); err != nil || len(files) == 0 {
			t.Errorf("%s before the file that is lost: %v, %v", source, files, err)
		}
	}
	if a.Check() == nil {
		t.Error("the loss is not noticed")
	}
}

// TestAnArchiveWithoutListsGetsThem: one of before there were lists is read as it is, and listed by the next run.
func TestAnArchiveWithoutListsGetsThem(t *testing.T) {
	l, dir := openLog(t), t.TempDir()
	push(t, l, events, 30)
	if err := open(t, dir).Advance(context.Background(), l, 30); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "events", listFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, stateFile), []byte(`{"version": 1, "complete": 30}`), 0o644); err != nil {
		t.Fatal(err)
	}
	a := open(t, dir)
	if got := rows(t, a, events); len(got) != 30 || a.Check() != nil {
		t.Fatalf("%d rows, %v", len(got), a.Check())
	}
	for range 2 { // once more, with nothing to copy
		if err := a.Advance(context.Background(), l, 30); err != nil {
			t.Fatal(err)
		}
	}
	if a, err := Open(dir, offlineparquet.Create); err != nil || a.Check() != nil {
		t.Fatal(err, a.Check())
	}
	files, err := a.Files("events")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	noticed(t, a, files[0].Path, func() error { return os.Remove(files[0].Path) })
}

// TestAListThatCannotBeRead: of a later version, or damaged, it is an error, never guessed at.
func TestAListThatCannotBeRead(t *testing.T) {
	a, _ := written(t)
	for text, want := range map[string]string{`{"version": 2}`: "is of version 2", `nonsense`: "is damaged", `{}`: "is damaged"} {
		if err := os.WriteFile(filepath.Join(a.dir, "events", listFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := a.Check(); selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v", text, err)
		}
	}
}

// TestAListAheadOfTheState: a run that ends between a list and the state leaves names in the list that the next run has not.
func TestAListAheadOfTheState(t *testing.T) {
	l, dir := openLog(t), t.TempDir()
	for range 3 {
		push(t, l, events, 10)
	}
	a := open(t, dir)
	if err := a.Advance(context.Background(), l, 10); err != nil {
		t.Fatal(err)
	}
	state, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Advance(context.Background(), l, 25); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, stateFile), state, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, to := range []int64{10, 20, 30} {
		a = open(t, dir)
		if err := a.Advance(context.Background(), l, to); err != nil {
			t.Fatal(err)
		}
		if got := rows(t, a, events); int64(len(got)) != to || a.Check() != nil {
			t.Fatalf("up to %d: %d rows, %v", to, len(got), a.Check())
		}
	}
}
