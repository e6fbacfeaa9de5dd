// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
)

func TestCompactionChangesFilesAndNoAnswer(t *testing.T) {
	w := newLiveWorld(t, bank, bankFiles(rand.New(rand.NewPCG(1, 1))))
	r := rand.New(rand.NewPCG(2, 2))
	for range 40 {
		source, row := bankEvent(r)
		w.push(source, row)
	}
	at := w.clock.Load()
	want, _ := w.read(&at)
	tables := func() []string {
		t.Helper()
		list, err := filepath.Glob(filepath.Join(w.data, onlineFolder, "*.sst"))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for range 3 { // the second finds all in one piece
		before := tables()
		if err := w.live.Do(t.Context(), "compact", []byte("{}"), func([]byte) error { return nil }); err != nil {
			t.Fatal(err)
		}
		after := tables()
		if len(after) == 0 || slices.Equal(before, after) {
			t.Errorf("compaction left the tables %v", before)
		}
		if got, _ := w.ask(&at); got != want {
			t.Errorf("after a compaction\n%swant\n%s", got, want)
		}
	}
}
