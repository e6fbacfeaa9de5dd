// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"slices"

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

// daySet counts the events of each day, for slideKernel. Days are numbered as they first occur: that of events never decreases, and rows that ask,
// which may be of any day, stand behind them.
type daySet struct {
	small
	zone   *zone.Zone
	of     []int32 // of event k: the number of its day
	dates  []int64 // by number
	first  []int32 // by number: the first event of the day
	sorted int     // so many of dates ascend, from the first on
	window valueCounts
}

func (s *daySet) load(p *presence, ev *Events) {
	s.of, s.dates, s.first, s.sorted = room(s.of, p.n), s.dates[:0], s.first[:0], 0
	s.number(p, ev, 0)
	s.reset()
}

func (s *daySet) resume(p *presence, ev *Events, from int) {
	n := len(s.dates)
	for n > 0 && int(s.first[n-1]) >= from {
		n--
	}
	s.of, s.dates, s.first, s.sorted = regrow(s.of, p.n, from), s.dates[:n], s.first[:n], min(s.sorted, n)
	s.number(p, ev, from)
	s.window.grow(len(s.dates))
}

// number numbers the days of the events from a number on.
func (s *daySet) number(p *presence, ev *Events, from int) {
	for k := from; k < p.n; k++ {
		if s.of[k] = s.numberOf(s.zone.Date(ev.Tau[p.row(int32(k))])); int(s.of[k]) == len(s.first) {
			s.first = append(s.first, int32(k))
		}
	}
}

// numberOf returns the number of a day, a new one where it has none.
func (s *daySet) numberOf(day int64) int32 {
	n := len(s.dates)
	if n > 0 && s.dates[n-1] == day {
		return int32(n - 1)
	}
	if s.sorted == n && (n == 0 || s.dates[n-1] < day) {
		s.dates, s.sorted = append(s.dates, day), n+1
		return int32(n)
	}
	if i, ok := slices.BinarySearch(s.dates[:s.sorted], day); ok {
		return int32(i)
	}
	if i := slices.Index(s.dates[s.sorted:], day); i >= 0 {
		return int32(s.sorted + i)
	}
	s.dates = append(s.dates, day)
	return int32(n)
}

func (s *daySet) follow(with running) {
	o := with.(*daySet)
	s.of, s.dates = o.of, o.dates
	s.window.grow(len(s.dates))
}

func (s *daySet) remembers() {}

func (s *daySet) reset()         { s.window.reset(len(s.dates)) }
func (s *daySet) add(k int32)    { s.window.add(s.of[k]) }
func (s *daySet) remove(k int32) { s.window.remove(s.of[k]) }

func (s *daySet) appendValue(c *Call, _ int64, out *column.Column) {
	if s.window.different > c.Spec.MaxValues {
		out.AppendStatus(selfsame.ErrorMaxValues)
		return
	}
	appendInt(out, s.window.different)
}
