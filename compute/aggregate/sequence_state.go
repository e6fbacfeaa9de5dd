// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"slices"

	"selfsame"
	"selfsame/compute/exact"
)

// This file is what the aggregations share whose value follows from the sequence of the values: longest_streak, drawdown. An event may come between any
// two, so their state is all of them with their moments, up to max_values; beyond, it is the one state "too many", which absorbs all others.
//
// Encoding: byte 1 for too many; else byte 0, uvarint of how many events, and each with its moment and its item, in their order.

// sequenceState is the State of a call whose value follows from the values of x in the order of events.
type sequenceState struct {
	t       selfsame.Type
	result  selfsame.Type
	limit   int64
	keepNaN bool
	over    bool     // more than limit events
	events  []placed // in their order up to sorted
	sorted  int
	finish  func(events []placed) selfsame.Value // never of none
}

func (s *sequenceState) Add(e *Event) {
	if !s.over && !skipped(&e.Args[0], s.keepNaN) {
		s.events = append(s.events, placed{placeOf(e), itemOf(e.Args[0])})
		s.bound()
	}
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
	b = exact.AppendUvarint(append(b, 0), uint64(len(s.events)))
	for i := range s.events {
		b = appendItem(appendMoment(b, &s.events[i].at), s.t, s.events[i].value)
	}
	return b
}

func (s *sequenceState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	over := decodeFlag(d)
	var events []placed
	if !over {
		events = decodePlaced(d, s.t, s.limit)
	}
	if err := d.End(); err != nil {
		return err
	}
	s.over, s.events, s.sorted = over, events, len(events)
	return nil
}

// decodePlaced reads how many events there are, at most limit, and then each, in their order.
func decodePlaced(d *exact.Decoder, t selfsame.Type, limit int64) (events []placed) {
	at := d.Offset()
	n := d.Uvarint()
	if n > uint64(limit) {
		d.Corrupt(at, "more events than the call keeps")
	}
	for ; n > 0 && d.Err() == nil; n-- {
		at = d.Offset()
		p := placed{at: decodeMoment(d)}
		p.value = decodeItem(d, t)
		if d.Err() == nil && len(events) > 0 && events[len(events)-1].compare(&p) > 0 {
			d.Corrupt(at, "events out of order")
		}
		events = append(events, p)
	}
	return events
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
