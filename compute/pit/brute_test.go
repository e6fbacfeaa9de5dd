// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"cmp"
	"math/big"
	"slices"

	"selfsame"
)

// event is one event of a test world in the slow shape, with every field that a Block can bring.
type event struct {
	entity            uint32
	tau, from, until  int64
	order             selfsame.Value
	place             uint8
	hash              uint64
	del               bool
	values            []selfsame.Value // one a column
	fromSet, untilSet bool
}

// visibleTo follows the words of the contract, one event and one row at a time.
func (e *event) visibleTo(known *int64) bool {
	until := e.until
	if !e.untilSet {
		until = selfsame.MaxTime
	}
	if known == nil {
		return until == selfsame.MaxTime
	}
	from := e.tau
	if e.fromSet {
		from = e.from
		if from == selfsame.MaxTime {
			return false
		}
	}
	return from <= *known && (until == selfsame.MaxTime || *known < until)
}

func (e *event) alpha() int64 {
	if e.fromSet {
		return e.from
	}
	return e.tau
}

func compareEvents(a, b *event, asOf bool) int {
	rank := func(e *event) int64 {
		if e.order.Status != selfsame.Present {
			return selfsame.MinTime
		}
		return e.order.Int
	}
	if c := cmp.Or(cmp.Compare(a.tau, b.tau), cmp.Compare(rank(a), rank(b))); c != 0 {
		return c
	}
	if asOf && a.alpha() != b.alpha() {
		switch selfsame.MaxTime {
		case a.alpha():
			return -1
		case b.alpha():
			return 1
		}
		return cmp.Compare(a.alpha(), b.alpha())
	}
	return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.hash, b.hash))
}

// withOwn is inWindow with the row that asks, nil where it is no event, as the newest event of a window with request.
func withOwn(w selfsame.Window, events []*event, at int64, own *event) []*event {
	if !w.Request || own == nil {
		return inWindow(w, events, at)
	}
	w.Rows--
	return append(inWindow(w, events, at), own)
}

// inWindow selects from sorted visible events those inside w at T, in big integers and by the words of section 2.
func inWindow(w selfsame.Window, events []*event, at int64) []*event {
	n := func(v int64) *big.Int { return big.NewInt(v) }
	sub := func(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }
	floor := func(a *big.Int) *big.Int {
		origin := n(0)
		if w.Hop%(7*86400e6) == 0 {
			origin = n(4 * 86400e6)
		}
		q := new(big.Int).Div(sub(a, origin), n(w.Hop)) // Euclidean; the divisor is positive: floor
		return q.Mul(q, n(w.Hop)).Add(q, origin)
	}
	t := sub(n(at), n(w.Offset))
	lower, upper := n(0), t
	switch w.Kind {
	case selfsame.Lifetime:
		lower = n(selfsame.MinTime)
	case selfsame.Sliding:
		lower = sub(t, n(w.Length))
	case selfsame.HopTail:
		lower = floor(sub(t, n(w.Length)))
	case selfsame.CompletedHops:
		upper = floor(t)
		lower = sub(upper, n(w.Length))
	case selfsame.LastRows:
		lower = n(selfsame.MinTime)
		if w.Within > 0 {
			lower = sub(t, n(w.Within))
		}
	case selfsame.Session:
		lower = sub(t, n(w.Max))
	case selfsame.Calendar:
		day := n(86400e6)
		lower = new(big.Int).Mul(new(big.Int).Div(t, day), day) // `today` in UTC is the only one these tests use
	}
	one := n(1)
	if w.Closed == selfsame.ClosedRight || w.Closed == selfsame.ClosedNeither {
		lower = new(big.Int).Add(lower, one)
	}
	if w.Closed == selfsame.ClosedRight || w.Closed == selfsame.ClosedBoth {
		upper = new(big.Int).Add(upper, one)
	}
	var before []*event
	for _, e := range events {
		if n(e.tau).Cmp(upper) < 0 {
			before = append(before, e)
		}
	}
	start := 0
	switch w.Kind {
	case selfsame.LastRows:
		before = before[:max(0, len(before)-int(w.Skip))]
		start = max(0, len(before)-int(w.Rows))
	case selfsame.Session:
		start = len(before)
		for newer := t; start > 0 && sub(newer, n(before[start-1].tau)).Cmp(n(w.Gap)) <= 0; start-- {
			newer = n(before[start-1].tau)
		}
	}
	return slices.DeleteFunc(slices.Clone(before[start:]), func(e *event) bool { return n(e.tau).Cmp(lower) < 0 })
}
