// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"fmt"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// This file is what min, max, bool_and and bool_or share: the extreme item of a set, a semilattice.
//
// Encoding: byte 0 for the empty set, else byte 1 and the item.

// bindExtreme types a call f(x) that picks the least (or the greatest) value of x.
func bindExtreme(name string, greatest bool, accepts func(selfsame.Type) bool, takes string) func(CallSpec) (*Call, error) {
	return func(c CallSpec) (*Call, error) {
		if len(c.Args) != 1 || len(c.Consts) != 0 || !accepts(c.Args[0]) {
			return nil, wrongArguments(name, c, takes)
		}
		call := &Call{Result: c.Args[0], Family: "extreme"}
		if greatest {
			call.role = roleGreatest
		}
		call.NewState = func() State { return &extremeState{t: c.Args[0], greatest: greatest, keepNaN: c.KeepNaN} }
		call.NewKernel = func(members []*Call) Kernel { return &extremeKernel{members: members, keepNaN: c.KeepNaN} }
		return call, nil
	}
}

// wrongArguments says what was given and what the function takes.
func wrongArguments(name string, c CallSpec, takes string) error {
	given := ""
	for i, t := range c.Args {
		if i > 0 {
			given += ", "
		}
		given += t.String()
	}
	for i := range c.Consts {
		if given != "" {
			given += ", "
		}
		given += "constant " + c.Consts[i].Type.String()
	}
	if given == "" {
		given = "nothing"
	}
	return wrongCall(fmt.Sprintf("%s of %s is not a call", name, given), takes)
}

func isOrdered(t selfsame.Type) bool { return isScalar(t) && t.Kind != selfsame.Bool }

func isBool(t selfsame.Type) bool { return t.Kind == selfsame.Bool }

type extremeState struct {
	t        selfsame.Type
	greatest bool
	keepNaN  bool
	have     bool
	best     item
}

func (s *extremeState) Add(e *Event) {
	if !skipped(&e.Args[0], s.keepNaN) {
		s.offer(itemOf(e.Args[0]))
	}
}

func (s *extremeState) offer(a item) {
	if !s.have || (a.compare(s.best) < 0) != s.greatest {
		s.have, s.best = true, a
	}
}

func (s *extremeState) Merge(other State) {
	if o := other.(*extremeState); o.have {
		s.offer(o.best)
	}
}

func (s *extremeState) AppendTo(b []byte) []byte {
	if !s.have {
		return append(b, 0)
	}
	return appendItem(append(b, 1), s.t, s.best)
}

func (s *extremeState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	have, best := decodeFlag(d), item{}
	if have {
		best = decodeItem(d, s.t)
	}
	if err := d.End(); err != nil {
		return err
	}
	s.have, s.best = have, best
	return nil
}

// decodeFlag reads a byte that is 0 or 1.
func decodeFlag(d *exact.Decoder) bool {
	at := d.Offset()
	x := d.Byte()
	if x > 1 {
		d.Corrupt(at, "a flag that is neither 0 nor 1")
	}
	return x == 1
}

func (s *extremeState) Finish(int64) selfsame.Value {
	if !s.have {
		return selfsame.Value{Type: s.t, Status: selfsame.Null}
	}
	return s.best.value(s.t)
}

// Roles of the family "extreme".
const (
	roleLeast = iota
	roleGreatest
)

// extremeKernel answers a run of events from a table of minima; the general path keeps the ranks of the values that are in.
type extremeKernel struct {
	members  []*Call
	keepNaN  bool
	presence presence
	keys     keys
	tables   [2]minTable // by role
	built    [2]bool
	general  rankedSet
}

func (k *extremeKernel) Load(ev *Events) {
	k.presence.load(ev, k.keepNaN)
	k.keys.load(&k.presence, ev.Args[0])
	k.built = [2]bool{}
	k.general.stale()
}

// Resume implements Resumer.
func (k *extremeKernel) Resume(ev *Events, from int) {
	k.general.stale()
	numbers := k.presence.resume(ev, k.keepNaN, from)
	first := int(k.presence.before(int32(from)))
	if !numbers {
		k.keys.load(&k.presence, ev.Args[0])
	} else if numbers = k.keys.resume(&k.presence, ev.Args[0], first); numbers {
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

func (k *extremeKernel) Ranges(m int, at []int64, lo, hi []int32, out *column.Column) {
	role := k.members[m].role
	t := &k.tables[role]
	if !k.built[role] {
		t.build(k.keys.of, -int64(role))
		k.built[role] = true
	}
	if out.Type.Kind == selfsame.Float64 && k.presence.all {
		k.floatRanges(t, lo, hi, out)
		return
	}
	for i := range at {
		a, b := k.presence.before(lo[i]), k.presence.before(hi[i])
		if a == b {
			out.AppendStatus(selfsame.Null)
			continue
		}
		k.keys.appendTo(out, t.least(a, b))
	}
}

// floatRanges is the case that matters: every event contributes, and a key is a float.
func (k *extremeKernel) floatRanges(t *minTable, lo, hi []int32, out *column.Column) {
	first, base := out.Len(), k.presence.lo
	extend(out, len(lo))
	values := out.Floats[first:]
	hi = hi[:len(lo)]
	for i := range lo {
		if lo[i] == hi[i] {
			values[i] = 0
			out.SetStatus(first+i, selfsame.Null)
			continue
		}
		values[i] = keyFloat(t.least(lo[i]-base, hi[i]-base))
	}
}

func (k *extremeKernel) Reset() { k.general.reset() }

func (k *extremeKernel) Add(i int32) {
	if n, ok := k.presence.number(i); ok {
		k.general.ensure(k.keys.of, 0)
		k.general.add(n)
	}
}

func (k *extremeKernel) Remove(i int32) {
	if n, ok := k.presence.number(i); ok {
		k.general.remove(n)
	}
}

func (k *extremeKernel) Value(m int, _ int64, out *column.Column) {
	k.general.ensure(k.keys.of, 0)
	size := k.general.size()
	if size == 0 {
		out.AppendStatus(selfsame.Null)
		return
	}
	pick := 0
	if k.members[m].role == roleGreatest {
		pick = size - 1
	}
	k.keys.appendTo(out, k.keys.of[k.general.pick(pick)])
}
