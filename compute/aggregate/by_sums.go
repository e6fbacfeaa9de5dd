// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"selfsame"
	"selfsame/column"
)

// bySums is count_by, sum_by and avg_by of a window, for slideKernel: how many events each key has and their n and Σx (moments_state.go), of which an event that
// comes or goes changes one. min_by and max_by cannot forget an event and have byKernel.
type bySums struct {
	countsSet // of the keys
	family    family
	member    member
	presence  *presence
	argument  *column.Column
	sums      []*tally // of a key, by its number; nil where it was not in yet, and for count_by
	answers   []answer // of the keys that are in
}

func newBySums(c CallSpec, o member) *bySums {
	return &bySums{countsSet: countsSet{limit: c.MaxValues}, family: family{arg: c.Args[0], keepNaN: c.KeepNaN}, member: o}
}

// keysOf are the events with their key as the one argument.
func keysOf(ev *Events) *Events {
	keys := *ev
	keys.Args = ev.Args[len(ev.Args)-1:]
	return &keys
}

func (s *bySums) load(p *presence, ev *Events) {
	s.presence, s.argument = p, ev.Args[0]
	s.countsSet.load(p, keysOf(ev))
	s.reset()
}

func (s *bySums) resume(p *presence, ev *Events, from int) {
	s.presence, s.argument = p, ev.Args[0]
	s.countsSet.resume(p, keysOf(ev), from)
	s.room()
}

func (s *bySums) follow(with running) {
	o := with.(*bySums)
	s.presence, s.argument = o.presence, o.argument
	s.followCounts(&o.countsSet)
	s.room()
}

// room gives every key a place for its sums.
func (s *bySums) room() {
	for len(s.sums) < s.values.different() {
		s.sums = append(s.sums, nil)
	}
}

func (s *bySums) reset() {
	s.countsSet.reset()
	for _, t := range s.sums {
		if t != nil {
			t.reset()
		}
	}
	s.room()
}

func (s *bySums) add(k int32) {
	s.countsSet.add(k)
	s.move(k, 1)
}

func (s *bySums) remove(k int32) {
	s.countsSet.remove(k)
	s.move(k, -1)
}

func (s *bySums) move(k int32, by int64) {
	if s.member == countOf {
		return
	}
	t := &s.sums[s.values.of[k]]
	if *t == nil {
		*t = newTally(s.family, true, false)
	}
	(*t).addFrom(s.argument, int(s.presence.row(k)), by)
}

func (s *bySums) appendValue(_ *Call, _ int64, out *column.Column) {
	list := s.counted(out)
	if list == nil {
		return
	}
	s.answers = s.answers[:0]
	some := false
	for _, v := range list {
		a := answer{i: v.count}
		if s.member != countOf {
			a = s.sums[v.number].finish(s.member)
		}
		if a.status.IsError() {
			out.AppendStatus(a.status)
			return
		}
		some = some || a.status == selfsame.Present
		s.answers = append(s.answers, a)
	}
	if !some {
		out.AppendStatus(selfsame.Null)
		return
	}
	for i, a := range s.answers {
		if a.status == selfsame.Present {
			out.Keys.AppendFrom(s.source, int(list[i].row))
			a.appendTo(out.Elems)
		}
	}
	closeList(out)
}
