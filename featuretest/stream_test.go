// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"errors"
	"path/filepath"
	"testing"

	"selfsame/definition"
)

// TestScriptsOnline puts every script to the stream and request drivers: events as they became known, questions at their cuts.
func TestScriptsOnline(t *testing.T) {
	t.Parallel()
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

// TestScriptsServed puts every script to a running server. What only a file can say, or no online read asks, is declined by name and counted.
func TestScriptsServed(t *testing.T) {
	t.Parallel()
	refused, checked, open := map[string]int{}, 0, 0
	for file, text := range scripts(t) {
		s, err := Parse(file, text)
		if err != nil {
			t.Fatal(err)
		}
		e := &server{seed: 3, count: map[string]int{}}
		r := &Runner{Define: e.define, Engine: e}
		res := &Result{}
		err = r.each(t.Context(), s, func(sc *Scenario, q *question, c *Case, a *Answer, askErr error) error {
			var d declined
			if errors.As(askErr, &d) || q.fails != "" {
				refused[d.why]++
				return nil
			}
			return res.check(s, sc, q, c, a, askErr)
		}, res)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range res.Failures {
			t.Error(f)
		}
		checked += res.Checked
		open += res.Open
		t.Log(file, e.count)
	}
	t.Log(checked, "values,", refused)
	if checked < 300 || open > 0 {
		t.Errorf("%d values were checked, %d not answered", checked, open)
	}
}
