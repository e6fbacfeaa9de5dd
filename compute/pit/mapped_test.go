// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"selfsame"
)

// TestLargeResults holds that a result beyond its share of the limit stands in a file without a name, with the same values, however often
// its memory is let go.
func TestLargeResults(t *testing.T) {
	w := hotWorld(rand.New(rand.NewPCG(7, 9)), 20000, 2000, 200, true)
	want := inRowOrder(w.run(t, Options{Threads: 1}))
	o := Options{Threads: 2, Memory: 1 << 12, SpillDir: t.TempDir()}
	r := w.run(t, o)
	if (r.mapped != nil) != canMap {
		t.Fatalf("mapped %v on a system that can map: %v", r.mapped != nil, canMap)
	}
	for range 2 {
		r.mapped.release()
		if !reflect.DeepEqual(inRowOrder(r), want) {
			t.Error("a mapped result has other values")
		}
	}
	if left, err := os.ReadDir(o.SpillDir); err != nil || len(left) != 0 {
		t.Errorf("left in the spill folder: %v, %v", left, err)
	}
	s, err := New(w.spec, w.rows, Options{Memory: 1 << 12, SpillDir: filepath.Join(o.SpillDir, "none")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = s.Run(t.Context()); selfsame.ClassOf(err) != selfsame.ClassResource && canMap {
		t.Errorf("a missing spill folder gives %v", err)
	}
}
