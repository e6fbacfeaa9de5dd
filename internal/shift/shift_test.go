// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package shift

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestWorkRests(t *testing.T) {
	for _, c := range []struct {
		rests      int
		work, rest time.Duration
	}{
		{0, Slice - 1, 0}, {0, Slice, Slice}, {0, time.Millisecond, time.Millisecond}, {0, time.Second, Longest},
		{3, Slice - 1, 0}, {3, time.Millisecond, 3 * time.Millisecond}, {3, Longest / 2, Longest},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := Shift{Rests: c.rests}
			for range 3 { // what is rested is no work of the next slice
				s.Begin()
				time.Sleep(c.work)
				before := time.Now()
				s.Pause(nil)
				if rested := time.Since(before); rested != c.rest {
					t.Errorf("%d: work of %v rests for %v, want %v", c.rests, c.work, rested, c.rest)
				}
			}
		})
	}
}

func TestSomebodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Shift
		hurry := make(chan struct{})
		s.Begin()
		time.Sleep(Longest)
		time.AfterFunc(Longest/2, func() { close(hurry) })
		for range 3 {
			before := time.Now()
			s.Pause(hurry)
			if rested := time.Since(before); rested > Longest/2 {
				t.Errorf("it rests for %v though somebody waits since %v", rested, Longest/2)
			}
			time.Sleep(Longest)
		}
	})
}
