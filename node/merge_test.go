// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"selfsame"
	"selfsame/source"
)

// TestMergedArchiveIsTheSame: once files of the archive are merged, answers, those that were given, and the names of the files in the record of a training set are what
// they were, for those too who knew the archive up to an earlier offset.
func TestMergedArchiveIsTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 14))
	w := newLiveWorld(t, bank, bankFiles(r))
	var cuts []int64
	for range 12 {
		w.pushAll(bankEvents(r, 4))
		p, err := w.live.pin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		cuts = append(cuts, p.Complete)
	}
	_, early := w.ask(nil)
	earlier := bitsOf(w.again(early, false))
	w.pushAll(bankEvents(r, 4))
	w.clock.Add(2 * selfsame.Hour)
	want, _ := w.ask(nil)
	snapshot := w.live.snapshot.Load()
	named := func() (out [][]source.File) {
		t.Helper()
		for _, name := range []string{"pays", "taps"} {
			for _, cut := range cuts {
				table, err := OpenArchive(t.Context(), filepath.Join(w.data, archiveFolder), cut, snapshot.Project().Source(name))
				if err != nil {
					t.Fatal(err)
				}
				if table == nil {
					out = append(out, nil)
					continue
				}
				in, err := inputRecord(t.Context(), name, "", table)
				if err == nil {
					in.Files, err = unmerged(in.Files, cut)
				}
				if err != nil {
					t.Fatal(err)
				}
				for i := range in.Files {
					in.Files[i].Path = ""
				}
				out = append(out, in.Files)
			}
		}
		return out
	}
	names := named()
	folders := func() int {
		files, err := filepath.Glob(filepath.Join(w.data, archiveFolder, "*", "date=*", "*.parquet"))
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	before := folders()
	for _, later := range []time.Duration{25 * time.Hour, 50 * time.Hour} { // merged, and then rid of what was
		if err := w.live.archive.Merge(t.Context(), readArchived, time.Now().Add(later)); err != nil {
			t.Fatal(err)
		}
		if got, _ := w.ask(nil); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		if got := bitsOf(w.again(early, false)); got != earlier {
			t.Errorf("an earlier answer is now\n%swant\n%s", got, earlier)
		}
		if !slices.EqualFunc(named(), names, slices.Equal) {
			t.Errorf("the files are named %v, were %v", named(), names)
		}
	}
	if after := folders(); after >= before/2 {
		t.Errorf("%d files of %d are left", after, before)
	}
	w.trimAll()
	w.must("backfill", &LoadArgs{})
	w.ask(nil)
}
