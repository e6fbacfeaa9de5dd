// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// This file is what arg_min(x, y) and arg_max(x, y) share: x at the event with the extreme y, among equal y at the earliest event
// in the total order. Events whose x or y is null are skipped, as everywhere. It is a bounded selection, of one.
//
// Encoding: byte 0 for the empty set, else byte 1, the item of y, the moment, the item of x.

// bindArgument types a call f(x, y).
func bindArgument(name string, greatest bool, takes string) func(CallSpec) (*Call, error) {
	return func(c CallSpec) (*Call, error) {
		if len(c.Args) != 2 || len(c.Consts) != 0 || !isScalar(c.Args[0]) || !isScalar(c.Args[1]) {
			return nil, wrongArguments(name, c, takes)
		}
		call := &Call{Result: c.Args[0], NeedOrder: true, Family: "argument"}
		if greatest {
			call.role = roleGreatest
		}
		call.NewState = func() State {
			return &argumentState{x: c.Args[0], y: c.Args[1], greatest: greatest, keepNaN: c.KeepNaN}
		}
		call.NewKernel = func(members []*Call) Kernel { return &argumentKernel{members: members, keepNaN: c.KeepNaN} }
		return call, nil
	}
}

type argumentState struct {
	x, y     selfsame.Type
	greatest bool
	keepNaN  bool
	have     bool
	extreme  item // y
	found    placed
}

func (s *argumentState) Add(e *Event) {
	if skipped(&e.Args[0], s.keepNaN) || skipped(&e.Args[1], s.keepNaN) {
		return
	}
	s.offer(itemOf(e.Args[1]), placed{at: placeOf(e), value: itemOf(e.Args[0])})
}

func (s *argumentState) offer(y item, p placed) {
	if s.have {
		c := y.compare(s.extreme)
		if s.greatest {
			c = -c
		}
		if c > 0 || (c == 0 && p.compare(&s.found) >= 0) {
			return
		}
	}
	s.have, s.extreme, s.found = true, y, p
}

func (s *argumentState) Merge(other State) {
	if o := other.(*argumentState); o.have {
		s.offer(o.extreme, o.found)
	}
}

func (s *argumentState) AppendTo(b []byte) []byte {
	if !s.have {
		return append(b, 0)
	}
	b = appendItem(append(b, 1), s.y, s.extreme)
	return appendItem(appendMoment(b, &s.found.at), s.x, s.found.value)
}

func (s *argumentState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	have := decodeFlag(d)
	var y item
	var p placed
	if have {
		y = decodeItem(d, s.y)
		p.at = decodeMoment(d)
		p.value = decodeItem(d, s.x)
	}
	if err := d.End(); err != nil {
		return err
	}
	s.have, s.extreme, s.found = have, y, p
	return nil
}

func (s *argumentState) Finish(int64) selfsame.Value {
	if !s.have {
		return selfsame.Value{Type: s.x, Status: selfsame.Null}
	}
	return s.found.value.value(s.x)
}

// argumentKernel answers a run of events from a table of the places of minima; the general path keeps the ranks of the y that are
// in. Greatest and least need a ranking each, because the earliest of equals wins in both.
type argumentKernel struct {
	members  []*Call
	keepNaN  bool
	presence presence
	keys     keys // of y
	source   *column.Column
	tables   [2]argTable // by role
	built    [2]bool
	general  [2]rankedSet
}

func (k *argumentKernel) Load(ev *Events) {
	k.presence.load(ev, k.keepNaN)
	k.keys.load(&k.presence, ev.Args[1])
	k.source = ev.Args[0]
	k.built = [2]bool{}
	for role := range k.general {
		k.general[role].stale()
	}
}

// Resume implements Resumer.
func (k *argumentKernel) Resume(ev *Events, from int) {
	k.source = ev.Args[0]
	for role := range k.general {
		k.general[role].stale()
	}
	numbers := k.presence.resume(ev, k.keepNaN, from)
	first := int(k.presence.before(int32(from)))
	if !numbers {
		k.keys.load(&k.presence, ev.Args[1])
	} else if numbers = k.keys.resume(&k.presence, ev.Args[1], first); numbers {
		for role := range k.tables {
			if k.built[role] {
				k.tables[role].resume(k.keys.of, first)
			}
		}
	}
	if !numbers {
		k.built = [2]bool{}
	}
}

func (k *argumentKernel) Ranges(m int, at []int64, lo, hi []int32, out *column.Column) {
	role := k.members[m].role
	t := &k.tables[role]
	if !k.built[role] {
		t.build(k.keys.of, -int64(role))
		k.built[role] = true
	}
	for i := range at {
		a, b := k.presence.before(lo[i]), k.presence.before(hi[i])
		if a == b {
			out.AppendStatus(selfsame.Null)
			continue
		}
		appendRow(out, k.source, k.presence.row(t.least(a, b)))
	}
}

func (k *argumentKernel) Reset() {
	for role := range k.general {
		k.general[role].reset()
	}
}

// ensure ranks the entity's values for the roles that the members have.
func (k *argumentKernel) ensure() {
	for _, c := range k.members {
		k.general[c.role].ensure(k.keys.of, -int64(c.role))
	}
}

func (k *argumentKernel) Add(i int32) {
	n, ok := k.presence.number(i)
	if !ok {
		return
	}
	k.ensure()
	for role := range k.general {
		if k.general[role].ready {
			k.general[role].add(n)
		}
	}
}

func (k *argumentKernel) Remove(i int32) {
	n, ok := k.presence.number(i)
	if !ok {
		return
	}
	for role := range k.general {
		if k.general[role].ready {
			k.general[role].remove(n)
		}
	}
}

func (k *argumentKernel) Value(m int, _ int64, out *column.Column) {
	k.ensure()
	g := &k.general[k.members[m].role]
	if g.size() == 0 {
		out.AppendStatus(selfsame.Null)
		return
	}
	appendRow(out, k.source, k.presence.row(g.pick(0)))
}
