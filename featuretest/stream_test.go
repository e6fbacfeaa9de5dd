// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"path/filepath"
	"testing"

	"selfsame/definition"
)

// TestScriptsOnline puts every script to the stream and request drivers: events as they became known, questions at their cuts.
func TestScriptsOnline(t *testing.T) {
	for file, text := range scripts(t) {
		for _, seed := range []uint64{0, 7} {
			e := Stream{Seed: seed, Counts: map[string]int{}}
			t.Run(filepath.Base(file)+"/"+itoa(int(seed)), func(t *testing.T) {
				s, err := Parse(file, text)
				if err != nil {
					t.Fatal(err)
				}
				res, err := (&Runner{Define: definition.Parse, Engine: e}).Run(t.Context(), s)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range res.Failures {
					t.Error(f)
				}
				if res.Open > 0 || res.Checked == 0 {
					t.Errorf("%d values were checked, %d not answered", res.Checked, res.Open)
				}
				t.Log(e.Counts)
			})
		}
	}
}
