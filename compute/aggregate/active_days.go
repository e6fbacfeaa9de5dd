// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"maps"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
	"selfsame/compute/zone"
)

// activeDaysFunc is active_days(), active_days(x) and active_days(x, 'Europe/Berlin'): on how many days there was an event.
//
// Algebra: the set of the days, up to max_values of them; beyond, the one state "too many", which absorbs all others. Encoding: byte 1 for too many;
// else byte 0, uvarint of how many, the varint of the first day since 1970-01-01 and the uvarint of what each is above the one before.
var activeDaysFunc = &Func{
	Name:  "active_days",
	Class: Holistic,
	Summary: "The number of different days with an event where x is not null, of days with any event where no x is given; 0 where there is none. " +
		"Days are those of UTC, or of the zone of active_days(x, 'Europe/Berlin').",
	Example: "active_days() over 30d",
	Bind:    bindActiveDays,
}

const writeActiveDays = "write active_days(), active_days(x) or active_days(x, 'Europe/Berlin')"

func bindActiveDays(c CallSpec) (*Call, error) {
	if len(c.Args) > 1 || len(c.Consts) > len(c.Args) || (len(c.Args) == 1 && !isScalar(c.Args[0])) {
		return nil, wrongArguments("active_days", c, writeActiveDays)
	}
	name := "UTC"
	if len(c.Consts) == 1 {
		if c.Consts[0].Type.Kind != selfsame.String || c.Consts[0].Status != selfsame.Present {
			return nil, wrongCall("the second argument of active_days is not a time zone", writeActiveDays)
		}
		name = c.Consts[0].Str
	}
	days, err := zone.Load(name)
	if err != nil {
		return nil, err
	}
	return &Call{
		Result: selfsame.Scalar(selfsame.Int64), Family: "active_days " + days.Name(),
		NewState: func() State { return &activeDaysState{zone: days, limit: c.MaxValues, keepNaN: c.KeepNaN} },
		NewKernel: func(members []*Call) Kernel {
			return newSlideKernel(members, func() running { return &daySet{zone: days} })
		},
	}, nil
}

type activeDaysState struct {
	zone    *zone.Zone
	limit   int64
	keepNaN bool
	over    bool // more than limit different days
	days    map[int64]struct{}
}

func (s *activeDaysState) Add(e *Event) {
	for i := range e.Args {
		if skipped(&e.Args[i], s.keepNaN) {
			return
		}
	}
	s.offer(s.zone.Date(e.Tau))
}

func (s *activeDaysState) offer(day int64) {
	if s.over {
		return
	}
	if s.days == nil {
		s.days = map[int64]struct{}{}
	}
	s.days[day] = struct{}{}
	if int64(len(s.days)) > s.limit {
		s.over, s.days = true, nil
	}
}

func (s *activeDaysState) Merge(other State) {
	o := other.(*activeDaysState)
	if o.over {
		s.over, s.days = true, nil
	}
	for day := range o.days { // a set does not depend on the order
		s.offer(day)
	}
}

func (s *activeDaysState) AppendTo(b []byte) []byte {
	if s.over {
		return append(b, 1)
	}
	b = exact.AppendUvarint(append(b, 0), uint64(len(s.days)))
	last := int64(0)
	for i, day := range slices.Sorted(maps.Keys(s.days)) {
		if i == 0 {
			b = exact.AppendVarint(b, day)
		} else {
			b = exact.AppendUvarint(b, uint64(day)-uint64(last))
		}
		last = day
	}
	return b
}

func (s *activeDaysState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	o := activeDaysState{limit: s.limit}
	if o.over = decodeFlag(d); !o.over {
		at := d.Offset()
		n := d.Uvarint()
		if n > uint64(s.limit) {
			d.Corrupt(at, "more values than max_values")
		}
		last := int64(0)
		for i := uint64(0); i < n && d.Err() == nil; i++ {
			at = d.Offset()
			day := last
			if i == 0 {
				day = d.Varint()
			} else if day = int64(uint64(last) + d.Uvarint()); d.Err() == nil && day <= last {
				d.Corrupt(at, "a day that is not after the one before")
			}
			o.offer(day)
			last = day
		}
	}
	if err := d.End(); err != nil {
		return err
	}
	s.over, s.days = o.over, o.days
	return nil
}

func (s *activeDaysState) Finish(int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: int64(len(s.days))}
	if s.over {
		v.Status = selfsame.ErrorMaxValues
	}
	return v
}

// daySet counts the events of each day, for slideKernel. Days are numbered in their order.
type daySet struct {
	zone   *zone.Zone
	of     []int32 // of event k: the number of its day
	days   int
	window valueCounts
}

func (s *daySet) load(p *presence, ev *Events) {
	s.of = room(s.of, p.n)
	s.days = 0
	last := int64(0)
	for k := range s.of { // the date never decreases with time
		if day := s.zone.Date(ev.Tau[p.row(int32(k))]); k == 0 || day != last {
			s.days++
			last = day
		}
		s.of[k] = int32(s.days - 1)
	}
	s.reset()
}

func (s *daySet) reset()         { s.window.reset(s.days) }
func (s *daySet) add(k int32)    { s.window.add(s.of[k]) }
func (s *daySet) remove(k int32) { s.window.remove(s.of[k]) }

func (s *daySet) appendValue(c *Call, _ int64, out *column.Column) {
	if s.window.different > c.Spec.MaxValues {
		out.AppendStatus(selfsame.ErrorMaxValues)
		return
	}
	appendInt(out, s.window.different)
}
