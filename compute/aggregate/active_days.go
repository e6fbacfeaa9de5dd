// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
	"selfsame/compute/zone"
)

// activeDaysFunc is active_days(), active_days(x) and active_days(x, 'Europe/Berlin'): on how many days there was an event.
//
// Algebra: the set of the days since 1970-01-01, up to max_values of them (number_set.go).
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
	if c.Constant {
		return nil, wrongCall("the first argument of active_days is the same for every event",
			"write active_days(x, 'Europe/Berlin') for the days of a zone, x a column that every event has, such as its event time; active_days() are those of UTC")
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
		NewState: func() State {
			return &activeDaysState{zone: days, keepNaN: c.KeepNaN, days: numberSet{limit: c.MaxValues}}
		},
		NewKernel: func(members []*Call) Kernel {
			return newSlideKernel(members, func() running { return &daySet{zone: days} })
		},
	}, nil
}

type activeDaysState struct {
	zone    *zone.Zone
	keepNaN bool
	days    numberSet
}

func (s *activeDaysState) Add(e *Event) {
	for i := range e.Args {
		if skipped(&e.Args[i], s.keepNaN) {
			return
		}
	}
	s.days.offer(s.zone.Date(e.Tau))
}

func (s *activeDaysState) Merge(other State) { s.days.merge(&other.(*activeDaysState).days) }

func (s *activeDaysState) AppendTo(b []byte) []byte { return s.days.appendTo(b) }

func (s *activeDaysState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	days := s.days.decode(d)
	if err := d.End(); err != nil {
		return err
	}
	s.days = days
	return nil
}

func (s *activeDaysState) Finish(int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: int64(len(s.days.numbers))}
	if s.days.over {
		v.Status = selfsame.ErrorMaxValues
	}
	return v
}

// daySet counts the events of each day, for slideKernel. Days are numbered in their order.
type daySet struct {
	small
	zone   *zone.Zone
	of     []int32 // of event k: the number of its day
	days   int
	window valueCounts
}

func (s *daySet) load(p *presence, ev *Events) {
	s.of, s.days = room(s.of, p.n), 0
	s.number(p, ev, 0)
	s.reset()
}

func (s *daySet) resume(p *presence, ev *Events, from int) {
	s.of, s.days = regrow(s.of, p.n, from), int(s.of[from-1])+1
	s.number(p, ev, from)
	s.window.grow(s.days)
}

// number numbers the days of the events from a number on.
func (s *daySet) number(p *presence, ev *Events, from int) {
	last := int64(0)
	if from > 0 {
		last = s.zone.Date(ev.Tau[p.row(int32(from-1))])
	}
	for k := from; k < p.n; k++ { // the date never decreases with time
		if day := s.zone.Date(ev.Tau[p.row(int32(k))]); k == 0 || day != last {
			s.days++
			last = day
		}
		s.of[k] = int32(s.days - 1)
	}
}

func (s *daySet) follow(with running) {
	o := with.(*daySet)
	s.of, s.days = o.of, o.days
	s.window.grow(s.days)
}

func (s *daySet) remembers() {}

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
