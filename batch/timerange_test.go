// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"math/rand/v2"
	"testing"

	"selfsame"
	"selfsame/compute/pit"
	"selfsame/compute/window"
	"selfsame/plan"
)

// drawWindow draws a window of any form, some of them as long as int64 allows.
func drawWindow(rng *rand.Rand) selfsame.Window {
	length := func() int64 {
		return []int64{1, 1000, selfsame.Hour, selfsame.DayLength + 7, 30 * selfsame.DayLength, 1 << 62, selfsame.MaxTime}[rng.IntN(7)]
	}
	w := selfsame.Window{Kind: selfsame.WindowKind(rng.IntN(int(selfsame.Calendar) + 1))}
	switch w.Kind {
	case selfsame.Sliding:
		w.Length = length()
	case selfsame.HopTail, selfsame.CompletedHops:
		w.Length, w.Hop = length(), length()
	case selfsame.LastRows:
		w.Rows, w.Within = 3, []int64{0, length()}[rng.IntN(2)]
	case selfsame.Session:
		w.Gap, w.Max = length(), length()
	case selfsame.Calendar:
		w.Unit, w.Zone = selfsame.CalendarUnit(rng.IntN(4)), []string{"UTC", "America/New_York", "Pacific/Apia"}[rng.IntN(3)]
	}
	if w.Kind == selfsame.Sliding || w.Kind == selfsame.HopTail || w.Kind == selfsame.CompletedHops {
		w.Offset, w.Closed = []int64{0, length()}[rng.IntN(2)], selfsame.Edge(rng.IntN(4))
	}
	return w
}

// TestTimeRangeNeverCutsAWindow holds that the range that is read covers [Lower, Upper) of every window at every T.
func TestTimeRangeNeverCutsAWindow(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	base := []int64{selfsame.MinTime, -selfsame.DayLength, 0, 1_704_067_200_000_000, selfsame.MaxTime - 1, selfsame.MaxTime}
	for range 20_000 {
		u := &plan.Use{Spec: pit.Spec{}}
		for range 1 + rng.IntN(3) {
			u.Spec.Cells = append(u.Spec.Cells, pit.Cell{Window: drawWindow(rng)})
		}
		var at []int64
		for range 1 + rng.IntN(4) {
			at = append(at, window.SatAdd(base[rng.IntN(len(base))], rng.Int64N(90*selfsame.DayLength)-45*selfsame.DayLength))
		}
		lower, upper, err := timeRange(u, at)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range u.Spec.Cells {
			for _, T := range at {
				lo, hi := window.Lower(c.Window, T), window.Upper(c.Window, T)
				if lo < hi && (lo < lower || hi > upper) {
					t.Fatalf("%+v at %d is [%d, %d); read is [%d, %d)", c.Window, T, lo, hi, lower, upper)
				}
			}
		}
	}
}

func TestTimeRangeIsNoWiderThanAsked(t *testing.T) {
	const day = selfsame.DayLength
	at := []int64{10 * day, 20 * day}
	for _, c := range []struct {
		w            selfsame.Window
		lower, upper int64
	}{
		{selfsame.Window{Kind: selfsame.Sliding, Length: day}, 9 * day, 20 * day},
		{selfsame.Window{Kind: selfsame.Sliding, Length: day, Closed: selfsame.ClosedBoth}, 9 * day, 20*day + 1},
		{selfsame.Window{Kind: selfsame.Sliding, Length: day, Offset: 2 * day}, 7 * day, 18 * day},
		{selfsame.Window{Kind: selfsame.Lifetime}, selfsame.MinTime, 20 * day},
	} {
		lower, upper, err := timeRange(&plan.Use{Spec: pit.Spec{Cells: []pit.Cell{{Window: c.w}}}}, at)
		if err != nil || lower != c.lower || upper != c.upper {
			t.Errorf("%+v: [%d, %d), %v; want [%d, %d)", c.w, lower, upper, err, c.lower, c.upper)
		}
	}
	asOf := &plan.Use{Spec: pit.Spec{AsOf: true, TTL: day}}
	if lower, upper, _ := timeRange(asOf, at); lower != selfsame.MinTime || upper != 20*day+1 {
		t.Errorf("an as-of view: [%d, %d): the newest row at any age tells expired from not found", lower, upper)
	}
	if lower, upper, _ := timeRange(asOf, nil); lower != 0 || upper != 0 {
		t.Errorf("no rows read [%d, %d)", lower, upper)
	}
}
