// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package window says which events a window holds at a moment T: lower(T) <= τ < upper(T), for every form of window.
//
// Both bounds never decrease with T. They are exact integers, saturated at the ends of int64 once, at the end: an edge that lies
// below the least int64 stays there whatever is added to it. Windows that depend on the events themselves (the last n
// rows, a session) have time bounds too, and a rule that walks back from the upper one: Walk.
//
// Nothing here knows which events are visible; callers hand over the τ of visible ones.
package window

import (
	"selfsame"
	"selfsame/compute/zone"
)

// monday is the first Monday after the epoch: hops of whole weeks count from it.
const monday = 4 * selfsame.DayLength

// Lower returns the least τ inside the window at T. Of rows and session windows it is the bound that `within` and `max`
// set. A window whose zone does not exist has no events: Lower is MaxTime.
func Lower(w selfsame.Window, at int64) int64 {
	b, err := Compile(w)
	if err != nil {
		return selfsame.MaxTime
	}
	return b.Lower(at)
}

// Upper returns the first τ beyond the window at T, MinTime for a window whose zone does not exist.
func Upper(w selfsame.Window, at int64) int64 {
	b, err := Compile(w)
	if err != nil {
		return selfsame.MinTime
	}
	return b.Upper(at)
}

// Bounds is a window ready for evaluation: its zone resolved, its edges and its hop's origin worked out. It is immutable and safe for
// concurrent use.
type Bounds struct {
	w            selfsame.Window
	zone         *zone.Zone // Calendar
	origin       int64      // of hops, 0 <= origin < Hop
	lower, upper int64      // 0 or 1: what `closed` adds to an edge
}

// Compile checks a window and resolves its zone. The error says which part of the window is wrong.
func Compile(w selfsame.Window) (*Bounds, error) {
	b := &Bounds{w: w}
	if err := check(w); err != nil {
		return nil, err
	}
	if w.Kind == selfsame.Calendar {
		name := w.Zone
		if name == "" {
			name = "UTC"
		}
		z, err := zone.Load(name)
		if err != nil {
			return nil, err
		}
		b.zone = z
	}
	if w.Hop > 0 && w.Hop%selfsame.WeekLength == 0 {
		b.origin = monday
	}
	switch w.Closed {
	case selfsame.ClosedRight:
		b.lower, b.upper = 1, 1
	case selfsame.ClosedBoth:
		b.upper = 1
	case selfsame.ClosedNeither:
		b.lower = 1
	}
	return b, nil
}

func check(w selfsame.Window) error {
	fail := func(what string) error {
		return &selfsame.Error{Class: selfsame.ClassDefinition, Message: "window: " + what}
	}
	timed := w.Kind == selfsame.Sliding || w.Kind == selfsame.HopTail || w.Kind == selfsame.CompletedHops || w.Kind == selfsame.Ahead
	switch {
	case w.Kind > selfsame.Ahead:
		return fail("unknown form")
	case timed && w.Length <= 0:
		return fail("its length must be greater than 0")
	case (w.Kind == selfsame.HopTail || w.Kind == selfsame.CompletedHops) && w.Hop <= 0:
		return fail("its hop must be greater than 0")
	case w.Offset < 0:
		return fail("its offset must not be negative")
	case w.Kind == selfsame.LastRows && (w.Rows <= 0 || w.Within < 0 || w.Skip < 0):
		return fail("`n rows within d offset k rows` takes n > 0, d > 0 and k > 0")
	case w.Kind == selfsame.Session && (w.Gap <= 0 || w.Max < 0):
		return fail("`session g max m` takes g > 0 and m > 0")
	}
	return nil
}

// Window returns what b was compiled from.
func (b *Bounds) Window() selfsame.Window { return b.w }

// Timed reports whether the time bounds alone say which events are inside. Of the others Walk has the last word.
func (b *Bounds) Timed() bool { return b.w.Kind != selfsame.LastRows && b.w.Kind != selfsame.Session }

// SameUpper reports whether two windows end at the same event at every T: their upper bounds are equal, and neither passes rows over.
func (b *Bounds) SameUpper(o *Bounds) bool {
	if b.w.Offset != o.w.Offset || b.upper != o.upper || b.w.Skip > 0 || o.w.Skip > 0 {
		return false
	}
	if b.w.Kind == selfsame.Ahead || o.w.Kind == selfsame.Ahead {
		return b.w.Kind == o.w.Kind && b.w.Length == o.w.Length
	}
	hops, others := b.w.Kind == selfsame.CompletedHops, o.w.Kind == selfsame.CompletedHops
	return hops == others && (!hops || b.w.Hop == o.w.Hop)
}

// Lower returns the least τ inside the window at T; see the function Lower.
func (b *Bounds) Lower(at int64) int64 {
	if b.w.Kind == selfsame.Ahead {
		return SatAdd(SatAdd(at, b.w.Offset), b.lower)
	}
	t := point{v: at}.minus(b.w.Offset)
	switch b.w.Kind {
	case selfsame.Lifetime:
		return selfsame.MinTime
	case selfsame.Sliding:
		t = t.minus(b.w.Length)
	case selfsame.HopTail:
		t = t.minus(b.w.Length).floor(b.w.Hop, b.origin)
	case selfsame.CompletedHops:
		t = t.floor(b.w.Hop, b.origin).minus(b.w.Length)
	case selfsame.LastRows:
		if b.w.Within == 0 {
			return selfsame.MinTime
		}
		t = t.minus(b.w.Within)
	case selfsame.Session:
		t = t.minus(b.longest())
	case selfsame.Calendar:
		if !t.below {
			t.v = b.zone.Start(b.w.Unit, t.v)
			t.below = t.v == selfsame.MinTime
		}
	}
	return t.plus(b.lower)
}

// LowerOf is Lower of a sliding window whose length the row that asks has chosen.
func (b *Bounds) LowerOf(at, length int64) int64 {
	return point{v: at}.minus(b.w.Offset).minus(length).plus(b.lower)
}

// longest is the greatest length of a session.
func (b *Bounds) longest() int64 {
	if b.w.Max == 0 {
		return selfsame.DayLength
	}
	return b.w.Max
}

// Upper returns the first τ beyond the window at T.
func (b *Bounds) Upper(at int64) int64 {
	if b.w.Kind == selfsame.Ahead {
		return SatAdd(SatAdd(SatAdd(at, b.w.Offset), b.w.Length), b.upper)
	}
	t := point{v: at}.minus(b.w.Offset)
	if b.w.Kind == selfsame.CompletedHops {
		t = t.floor(b.w.Hop, b.origin)
	}
	return t.plus(b.upper)
}

// AppendLower appends Lower of each T to out.
func (b *Bounds) AppendLower(out, at []int64) []int64 {
	if b.w.Kind == selfsame.Sliding && b.w.Offset == 0 && b.lower == 0 {
		for _, t := range at {
			out = append(out, SatSub(t, b.w.Length))
		}
		return out
	}
	for _, t := range at {
		out = append(out, b.Lower(t))
	}
	return out
}

// AppendUpper appends Upper of each T to out.
func (b *Bounds) AppendUpper(out, at []int64) []int64 {
	if b.w.Kind != selfsame.CompletedHops && b.w.Kind != selfsame.Ahead && b.w.Offset == 0 && b.upper == 0 {
		return append(out, at...)
	}
	for _, t := range at {
		out = append(out, b.Upper(t))
	}
	return out
}

// Walk selects events one by one from the newest visible one before Upper backwards. It serves every form of window.
type Walk struct {
	lower, skip, left, gap, newer int64
}

// Walk starts a selection at T.
func (b *Bounds) Walk(at int64) Walk {
	w := Walk{lower: b.Lower(at), left: selfsame.MaxTime, gap: selfsame.MaxTime}
	switch b.w.Kind {
	case selfsame.LastRows:
		w.skip, w.left = b.w.Skip, b.w.Rows
	case selfsame.Session:
		w.gap, w.newer = b.w.Gap, SatSub(at, b.w.Offset)
	}
	return w
}

// Skip reports whether the next older visible event is one of the newest that the window passes over. Ask it before Take, and take none
// that is.
func (w *Walk) Skip() bool {
	if w.skip == 0 {
		return false
	}
	w.skip--
	return true
}

// Take reports whether the next older visible event is inside. After the first that is not, none is.
func (w *Walk) Take(tau int64) bool {
	if w.left == 0 || tau < w.lower {
		return false
	}
	if w.gap != selfsame.MaxTime {
		if !w.Reaches(tau) {
			return false
		}
		w.newer = tau
	}
	w.left--
	return true
}

// Narrow returns where the window at T begins and ends among the visible events tau[lo:hi], which are sorted and lie between the time
// bounds of a rows or session window. starts is what AppendSessions gave for a session window; its entries stand beside tau.
func (b *Bounds) Narrow(at int64, tau []int64, starts []int32, lo, hi int) (first, end int) {
	w := b.Walk(at)
	return w.Rest(tau, starts, lo, hi)
}

// Rest returns which events a walk that has taken or passed over every event so far takes, were it to go on through the events tau[lo:hi],
// as Narrow does.
func (w *Walk) Rest(tau []int64, starts []int32, lo, hi int) (first, end int) {
	first, end, session := w.Counted(lo, hi)
	switch {
	case !session:
		return first, end
	case !w.Reaches(tau[end-1]):
		return end, end
	}
	return max(first, int(starts[end-1])), end
}

// Counted is Rest as far as counting goes, of visible events lo … hi-1. Where it says session, event end-1, the newest, is in if the walk Reaches it, and then those
// of its session are.
func (w *Walk) Counted(lo, hi int) (first, end int, session bool) {
	if n := max(hi-lo, 0); w.skip >= int64(n) {
		hi = min(lo, hi)
	} else {
		hi -= int(w.skip)
	}
	switch {
	case lo >= hi:
		return hi, hi, false
	case int64(hi-lo) > w.left:
		return hi - int(w.left), hi, false
	}
	return lo, hi, w.gap != selfsame.MaxTime
}

// Reaches reports whether the session of a walk goes on with an event.
func (w *Walk) Reaches(tau int64) bool { return SatSub(w.newer, tau) <= w.gap }

// AppendSessions appends, for each of the sorted events behind those that out has already, the place in tau of the first event of its
// session.
func (b *Bounds) AppendSessions(out []int32, tau []int64) []int32 {
	start := int32(0)
	if n := len(out); n > 0 {
		start = out[n-1]
	}
	for i := len(out); i < len(tau); i++ {
		if i > 0 && SatSub(tau[i], tau[i-1]) > b.w.Gap {
			start = int32(i)
		}
		out = append(out, start)
	}
	return out
}
