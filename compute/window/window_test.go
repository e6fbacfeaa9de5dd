// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package window

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"selfsame"
)

const (
	minute = selfsame.Minute
	hour   = selfsame.Hour
	day    = selfsame.DayLength
)

// instants holds the corners and their neighbours: the ends of int64, the epoch, Mondays, midnights.
func instants() []int64 {
	var out []int64
	for _, t := range []int64{selfsame.MinTime, selfsame.MinTime + 2, -day, -1, 0, 4 * day, 11 * day, 1_700_000_000_000_000, selfsame.MaxTime - 2, selfsame.MaxTime} {
		for d := int64(-2); d <= 2; d++ {
			out = append(out, SatAdd(t, d))
		}
	}
	return out
}

func clamp(v *big.Int) int64 {
	switch {
	case v.IsInt64():
		return v.Int64()
	case v.Sign() < 0:
		return selfsame.MinTime
	}
	return selfsame.MaxTime
}

// exactBounds is section 2's table in big integers, rounded to int64 once.
func exactBounds(w selfsame.Window, at int64) (lower, upper int64) {
	n := big.NewInt
	floor := func(a *big.Int) *big.Int {
		origin := n(0)
		if w.Hop%selfsame.WeekLength == 0 {
			origin = n(4 * day)
		}
		q := new(big.Int).Sub(a, origin)
		q.Div(q, n(w.Hop)).Mul(q, n(w.Hop))
		return q.Add(q, origin)
	}
	up := new(big.Int).Sub(n(at), n(w.Offset))
	if w.Kind == selfsame.Ahead {
		up = new(big.Int).Add(n(at), n(w.Offset))
		up.Add(up, n(w.Length))
	}
	if w.Kind == selfsame.CompletedHops {
		up = floor(up)
	}
	low := new(big.Int).Sub(up, n(w.Length))
	if w.Kind == selfsame.HopTail {
		low = floor(low)
	}
	switch w.Closed {
	case selfsame.ClosedRight:
		low.Add(low, n(1))
		up = new(big.Int).Add(up, n(1))
	case selfsame.ClosedBoth:
		up = new(big.Int).Add(up, n(1))
	case selfsame.ClosedNeither:
		low.Add(low, n(1))
	}
	return clamp(low), clamp(up)
}

func TestBoundsAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	sizes := []int64{1, 7, minute, day, selfsame.WeekLength, 2 * selfsame.WeekLength, selfsame.MaxTime - selfsame.MaxTime%selfsame.WeekLength, selfsame.MaxTime}
	pick := func() int64 { return sizes[r.IntN(len(sizes))] }
	for range 3000 {
		w := selfsame.Window{Kind: selfsame.Sliding + selfsame.WindowKind(r.IntN(3)), Length: pick(), Closed: selfsame.Edge(r.IntN(4)), Offset: []int64{0, 1, hour, selfsame.MaxTime}[r.IntN(4)]}
		switch {
		case w.Kind != selfsame.Sliding:
			w.Hop = pick()
		case r.IntN(2) == 0:
			w.Kind = selfsame.Ahead
		}
		b, err := Compile(w)
		if err != nil {
			t.Fatal(err)
		}
		at := instants()
		at = append(at, r.Int64(), -r.Int64())
		lowers, uppers := b.AppendLower(nil, at), b.AppendUpper(nil, at)
		for i, a := range at {
			lower, upper := exactBounds(w, a)
			if b.Lower(a) != lower || b.Upper(a) != upper || lowers[i] != lower || uppers[i] != upper {
				t.Fatalf("%+v at %d: [%d, %d), in bulk [%d, %d), want [%d, %d)", w, a, b.Lower(a), b.Upper(a), lowers[i], uppers[i], lower, upper)
			}
		}
	}
}

func TestBoundsOfExamples(t *testing.T) {
	sunday := int64(3 * day)
	midnight := 1729980000 * selfsame.Second // 2024-10-27 in Berlin, the day on which clocks go back
	for _, c := range []struct {
		name         string
		w            selfsame.Window
		at           int64
		lower, upper int64
	}{
		{"lifetime", selfsame.Window{}, 5, selfsame.MinTime, 5},
		{"lifetime closed both", selfsame.Window{Closed: selfsame.ClosedBoth}, 5, selfsame.MinTime, 6},
		{"sliding", selfsame.Window{Kind: selfsame.Sliding, Length: 10}, 3, -7, 3},
		{"offset", selfsame.Window{Kind: selfsame.Sliding, Length: 7 * day, Offset: day}, 8 * day, 0, 7 * day},
		{"hop before the epoch", selfsame.Window{Kind: selfsame.HopTail, Length: 10, Hop: 4}, 3, -8, 3},
		{"completed days", selfsame.Window{Kind: selfsame.CompletedHops, Length: 7 * day, Hop: day}, 10*day + hour, 3 * day, 10 * day},
		{"a week ends on Monday", selfsame.Window{Kind: selfsame.CompletedHops, Length: selfsame.WeekLength, Hop: selfsame.WeekLength}, sunday, -10 * day, -3 * day},
		{"rows", selfsame.Window{Kind: selfsame.LastRows, Rows: 3}, 3, selfsame.MinTime, 3},
		{"rows within", selfsame.Window{Kind: selfsame.LastRows, Rows: 3, Within: 2}, 3, 1, 3},
		{"session of at most a day", selfsame.Window{Kind: selfsame.Session, Gap: 1}, 0, -day, 0},
		{"today", selfsame.Window{Kind: selfsame.Calendar}, day + hour, day, day + hour},
		{"this week", selfsame.Window{Kind: selfsame.Calendar, Unit: selfsame.Week}, sunday, -3 * day, sunday},
		{"this month in Berlin", selfsame.Window{Kind: selfsame.Calendar, Unit: selfsame.Month, Zone: "Europe/Berlin"}, 31*day - 30*minute, 31*day - hour, 31*day - 30*minute},
		{"this year", selfsame.Window{Kind: selfsame.Calendar, Unit: selfsame.Year, Closed: selfsame.ClosedNeither}, 31 * day, 1, 31 * day},
		{"a day with an hour more", selfsame.Window{Kind: selfsame.Calendar, Zone: "Europe/Berlin"}, midnight + 25*hour - 1, midnight, midnight + 25*hour - 1},
		{"the day after", selfsame.Window{Kind: selfsame.Calendar, Zone: "Europe/Berlin"}, midnight + 25*hour, midnight + 25*hour, midnight + 25*hour},
	} {
		if l, u := Lower(c.w, c.at), Upper(c.w, c.at); l != c.lower || u != c.upper {
			t.Errorf("%s: [%d, %d), want [%d, %d)", c.name, l, u, c.lower, c.upper)
		}
	}
}

func TestBoundsNeverDecrease(t *testing.T) {
	at := instants()
	slices.Sort(at)
	for _, w := range []selfsame.Window{{Kind: selfsame.Calendar, Unit: selfsame.Month, Zone: "America/Sao_Paulo", Offset: day},
		{Kind: selfsame.HopTail, Length: 3, Hop: selfsame.WeekLength}, {Kind: selfsame.CompletedHops, Length: day, Hop: hour, Closed: selfsame.ClosedRight}} {
		b, err := Compile(w)
		if err != nil {
			t.Fatal(err)
		}
		if l, u := b.AppendLower(nil, at), b.AppendUpper(nil, at); !slices.IsSorted(l) || !slices.IsSorted(u) {
			t.Errorf("%+v: lower %v upper %v", w, l, u)
		}
	}
}

func TestSaturation(t *testing.T) {
	for _, a := range instants() {
		for _, b := range instants() {
			sum, diff := new(big.Int).Add(big.NewInt(a), big.NewInt(b)), new(big.Int).Sub(big.NewInt(a), big.NewInt(b))
			if SatAdd(a, b) != clamp(sum) || SatSub(a, b) != clamp(diff) {
				t.Fatalf("%d and %d: sum %d, difference %d", a, b, SatAdd(a, b), SatSub(a, b))
			}
			if q := new(big.Int); b > 0 && q.Div(big.NewInt(a), big.NewInt(b)).Int64() != FloorDiv(a, b) {
				t.Fatalf("FloorDiv(%d, %d) = %d, want %d", a, b, FloorDiv(a, b), q)
			}
		}
	}
}

// TestWalkAgreesWithNarrow selects rows and sessions both ways over every prefix of a short history.
func TestWalkAgreesWithNarrow(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 2000 {
		tau := make([]int64, r.IntN(12))
		for i := range tau {
			tau[i] = r.Int64N(30)
		}
		slices.Sort(tau)
		w := selfsame.Window{Kind: selfsame.LastRows, Rows: 1 + r.Int64N(4), Within: r.Int64N(10), Skip: r.Int64N(3), Offset: r.Int64N(3)}
		if r.IntN(2) == 0 {
			w = selfsame.Window{Kind: selfsame.Session, Gap: 1 + r.Int64N(4), Max: 1 + r.Int64N(20)}
		}
		b, err := Compile(w)
		if err != nil {
			t.Fatal(err)
		}
		starts := b.AppendSessions(nil, tau)
		at := r.Int64N(40)
		hi, _ := slices.BinarySearch(tau, b.Upper(at))
		lo, _ := slices.BinarySearch(tau, b.Lower(at))
		var want []int64
		for walk, i := b.Walk(at), hi-1; i >= 0; i-- {
			if walk.Skip() {
				continue
			}
			if !walk.Take(tau[i]) {
				break
			}
			want = append([]int64{tau[i]}, want...)
		}
		if first, end := b.Narrow(at, tau, starts, min(lo, hi), hi); !slices.Equal(tau[first:end], want) {
			t.Fatalf("%+v at %d over %v: [%d, %d), the walk says %v", w, at, tau, first, end, want)
		}
	}
}

func TestSession(t *testing.T) {
	b, err := Compile(selfsame.Window{Kind: selfsame.Session, Gap: 30, Max: 100})
	if err != nil {
		t.Fatal(err)
	}
	tau := []int64{0, 31, 61, 91}
	for _, c := range []struct{ at, from int64 }{{92, 1}, {121, 1}, {122, 4}, {62, 1}} {
		hi, _ := slices.BinarySearch(tau, c.at)
		if got, _ := b.Narrow(c.at, tau, b.AppendSessions(nil, tau), 0, hi); got != min(int(c.from), hi) {
			t.Errorf("at %d the session begins at %d, want %d", c.at, got, c.from)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, w := range []selfsame.Window{{Kind: 99}, {Kind: selfsame.Sliding}, {Kind: selfsame.HopTail, Length: 1}, {Kind: selfsame.Sliding, Length: 1, Offset: -1},
		{Kind: selfsame.LastRows}, {Kind: selfsame.Session}, {Kind: selfsame.Calendar, Zone: "Mars/Olympus"}} {
		if _, err := Compile(w); err == nil {
			t.Errorf("%+v compiles", w)
		}
		if Lower(w, 0) != selfsame.MaxTime || Upper(w, 0) != selfsame.MinTime {
			t.Errorf("%+v holds events", w)
		}
	}
}

func TestSameUpper(t *testing.T) {
	of := func(w selfsame.Window) *Bounds {
		b, err := Compile(w)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	life, slide := of(selfsame.Window{}), of(selfsame.Window{Kind: selfsame.Sliding, Length: 4})
	hops := of(selfsame.Window{Kind: selfsame.CompletedHops, Length: 4, Hop: 2})
	others := of(selfsame.Window{Kind: selfsame.CompletedHops, Length: 8, Hop: 3})
	if !life.SameUpper(slide) || slide.SameUpper(hops) || hops.SameUpper(others) || slide.SameUpper(of(selfsame.Window{Offset: 1})) {
		t.Error("windows are taken to share an upper bound, or not to, wrongly")
	}
}
