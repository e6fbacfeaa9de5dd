// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"slices"

	"selfsame"
	"selfsame/compute/exact"
)

// This file is what the aggregations share whose value follows from the sequence of the values: longest_streak, drawdown, collect, string_agg. An event may
// come between any two, so their state is all of them with their moments, up to max_values; beyond, it is the one state "too many", which absorbs all others.
//
// Encoding: byte 1 for too many; else byte 0 and the events in their order (placed.go).

// sequenceState is the State of a call whose value follows from the values of x in the order of events.
type sequenceState struct {
	listing
	result  selfsame.Type
	keepNaN bool
	over    bool     // more than limit events
	events  []placed // in their order up to sorted
	sorted  int
	finish  func(events []placed) selfsame.Value // never of none
}

// newSequence returns the empty state of a call with one argument.
func newSequence(c CallSpec, result selfsame.Type, finish func(events []placed) selfsame.Value) State {
	return &sequenceState{listing: listing{t: c.Args[0], limit: c.MaxValues}, result: result, keepNaN: c.KeepNaN, finish: finish}
}

func (s *sequenceState) Add(e *Event) {
	if s.over || skipped(&e.Args[0], s.keepNaN) {
		return
	}
	p := placed{at: placeOf(e), value: itemOf(e.Args[0])}
	if n := len(s.events); s.sorted == n && (n == 0 || s.events[n-1].compare(&p) <= 0) {
		s.sorted++
	}
	s.events = append(s.events, p)
	s.bound()
}

func (s *sequenceState) bound() {
	if s.over || int64(len(s.events)) > s.limit {
		s.over, s.events, s.sorted = true, nil, 0
	}
}

func (s *sequenceState) Merge(other State) {
	o := other.(*sequenceState)
	s.over = s.over || o.over
	if !s.over {
		s.events = append(s.events, o.events...)
	}
	s.bound()
}

func (s *sequenceState) sort() {
	if s.sorted < len(s.events) {
		slices.SortFunc(s.events, func(a, b placed) int { return a.compare(&b) })
		s.sorted = len(s.events)
	}
}

func (s *sequenceState) AppendTo(b []byte) []byte {
	if s.over {
		return append(b, 1)
	}
	s.sort()
	return s.appendTo(append(b, 0), s.events)
}

func (s *sequenceState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	over := decodeFlag(d)
	var events []placed
	if !over {
		events = s.decode(d)
	}
	if err := d.End(); err != nil {
		return err
	}
	s.over, s.events, s.sorted = over, events, len(events)
	return nil
}

func (s *sequenceState) Finish(int64) selfsame.Value {
	switch {
	case s.over:
		return selfsame.Value{Type: s.result, Status: selfsame.ErrorMaxValues}
	case len(s.events) == 0:
		return selfsame.Value{Type: s.result, Status: selfsame.Null}
	}
	s.sort()
	return s.finish(s.events)
}
