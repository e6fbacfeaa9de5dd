// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// streakFunc is streak(x): the length of the run of true values that ends at the newest event.
//
// Algebra: the newest false, and the newest max_values+1 of the true values after it: two bounded selections, the second among what the first leaves. A
// false that comes in late ends the run where it stands. Encoding: byte 0, or byte 1 and the moment of the newest false; uvarint of how many true
// values, and the moment of each in their order.
var streakFunc = &Func{
	Name:  "streak",
	Class: Holistic,
	Summary: "The length of the run of true values of x that ends at the newest event, 0 where that is false; nulls do not break a run. " +
		"Only a run of more than max_values is an error, whatever else the window holds.",
	Example: "streak(declined) over 7d",
	Bind:    bindStreak,
}

func bindStreak(c CallSpec) (*Call, error) {
	if len(c.Args) != 1 || len(c.Consts) != 0 || !isBool(c.Args[0]) {
		return nil, wrongArguments("streak", c, "write streak(x) of a condition, such as streak(amount > 100)")
	}
	return &Call{
		Result: selfsame.Scalar(selfsame.Int64), NeedOrder: true, Family: "streak",
		NewState:  func() State { return &streakState{limit: c.MaxValues} },
		NewKernel: func(members []*Call) Kernel { return newScanKernel(members, &streakScanner{}) },
	}, nil
}

type streakState struct {
	limit  int64
	broken bool
	last   moment   // of the newest false, where there is one
	run    []moment // of the true values after it, in their order, the newest limit+1 of them
}

func (s *streakState) Add(e *Event) {
	if skipped(&e.Args[0], false) {
		return
	}
	if at := placeOf(e); e.Args[0].Int == 0 {
		s.breakAt(&at)
	} else {
		s.extend(&at)
	}
}

// breakAt takes in a false.
func (s *streakState) breakAt(at *moment) {
	if s.broken && s.last.compare(at) >= 0 {
		return
	}
	s.broken, s.last = true, *at
	s.run = slices.DeleteFunc(s.run, func(m moment) bool { return m.compare(at) < 0 })
}

// extend takes in a true. One of the very moment of a false stands after it, as true is above false.
func (s *streakState) extend(at *moment) {
	if s.broken && at.compare(&s.last) < 0 {
		return
	}
	i, _ := slices.BinarySearchFunc(s.run, *at, func(a, b moment) int { return a.compare(&b) })
	s.run = slices.Insert(s.run, i, *at)
	if int64(len(s.run)) > s.limit+1 {
		s.run = s.run[1:] // the oldest, without moving the others
	}
}

func (s *streakState) Merge(other State) {
	o := other.(*streakState)
	if o.broken {
		s.breakAt(&o.last)
	}
	for i := range o.run {
		s.extend(&o.run[i])
	}
}

func (s *streakState) AppendTo(b []byte) []byte {
	if s.broken {
		b = appendMoment(append(b, 1), &s.last)
	} else {
		b = append(b, 0)
	}
	b = exact.AppendUvarint(b, uint64(len(s.run)))
	for i := range s.run {
		b = appendMoment(b, &s.run[i])
	}
	return b
}

func (s *streakState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	o := streakState{limit: s.limit}
	if o.broken = decodeFlag(d); o.broken {
		o.last = decodeMoment(d)
	}
	for n := decodeHowMany(d, s.limit+1, "events"); n > 0 && d.Err() == nil; n-- {
		at := d.Offset()
		m := decodeMoment(d)
		if d.Err() == nil && (o.broken && m.compare(&o.last) < 0 || len(o.run) > 0 && o.run[len(o.run)-1].compare(&m) > 0) {
			d.Corrupt(at, "events out of order")
		}
		o.run = append(o.run, m)
	}
	if err := d.End(); err != nil {
		return err
	}
	s.broken, s.last, s.run = o.broken, o.last, o.run
	return nil
}

func (s *streakState) Finish(int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Int64)}
	switch n := int64(len(s.run)); {
	case n > s.limit:
		v.Status = selfsame.ErrorMaxValues
	case n == 0 && !s.broken:
		v.Status = selfsame.Null
	default:
		v.Int = n
	}
	return v
}

// streakScanner looks at the end of a window: at one event of a run of events, at the streak of another set.
type streakScanner struct {
	truths truths
	truthTree
}

func (s *streakScanner) load(p *presence, ev *Events) {
	s.truths.load(p, ev)
	s.of = &s.truths
}

func (s *streakScanner) resume(p *presence, ev *Events, from int) { s.truths.resume(p, ev, from) }

func (s *streakScanner) appendValue(c *Call, _ int64, numbers []int32, out *column.Column) {
	n := len(numbers)
	if n == 0 {
		out.AppendStatus(selfsame.Null)
		return
	}
	streak := 0
	if last := numbers[n-1]; int(last-numbers[0]) == n-1 { // all events from the first to the last
		streak = min(n, int(s.truths.runs[last]))
	} else {
		for streak < n && s.truths.runs[numbers[n-1-streak]] > 0 {
			streak++
		}
	}
	appendStreak(c, int64(streak), out)
}

func (s *streakScanner) appendSet(c *Call, in *rankSet, out *column.Column) {
	appendStreak(c, s.whole(in, &s.truthTree).tail, out)
}

func appendStreak(c *Call, streak int64, out *column.Column) {
	if streak > c.Spec.MaxValues {
		out.AppendStatus(selfsame.ErrorMaxValues)
		return
	}
	appendInt(out, streak)
}
