// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"fmt"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// This file is what first, last and nth_last share: the n foremost values under the total order of events (or under its
// reverse), a bounded selection and a commutative monoid. Each value keeps its whole place in the order, so that states merge in
// any order. `respect nulls` counts events without a value too. Encoding: placed.go.

// Roles of the family "order". The state keeps the newest values in the roles of last, the oldest in those of first.
const (
	roleFirst = iota
	roleLast
	roleFirstN
	roleLastN
	roleNthLast
	roleSinceFirst
	roleSinceLast
)

// maxListed bounds the n of first(x, n), last(x, n) and nth_last(x, n).
const maxListed = 10000

// bindOrdered types a call f(x) or f(x, n).
func bindOrdered(name string, single, list int, takes string) func(CallSpec) (*Call, error) {
	return func(c CallSpec) (*Call, error) {
		if len(c.Args) != 1 || len(c.Consts) > 1 || !isScalar(c.Args[0]) {
			return nil, wrongArguments(name, c, takes)
		}
		role, n := single, 1
		if len(c.Consts) == 1 {
			var err error
			if n, err = countConst(name, c.Consts[0]); err != nil {
				return nil, err
			}
			role = list
		}
		return orderedCall(c, role, n), nil
	}
}

// countConst reads the n of a call f(x, n).
func countConst(name string, v selfsame.Value) (int, error) {
	if v.Type.Kind != selfsame.Int64 || v.Status != selfsame.Present || v.Int < 1 || v.Int > maxListed {
		return 0, wrongCall(fmt.Sprintf("the second argument of %s is not a number of values", name),
			fmt.Sprintf("write an integer from 1 to %d, such as %s(x, 5)", maxListed, name))
	}
	return int(v.Int), nil
}

func orderedCall(c CallSpec, role, n int) *Call {
	call := &Call{Result: c.Args[0], NeedOrder: true, Family: "order", role: role, depth: n}
	if c.RespectNulls {
		call.Family = "order of nulls too"
	}
	if role == roleFirstN || role == roleLastN {
		call.Result = selfsame.ListOf(c.Args[0])
	}
	call.NewState = func() State {
		newestFirst := role != roleFirst && role != roleFirstN
		return &orderedState{listing: listing{t: c.Args[0], limit: int64(n), newestFirst: newestFirst, nulls: c.RespectNulls}, role: role, keepNaN: c.KeepNaN}
	}
	call.NewKernel = newOrderKernel
	return call
}

type orderedState struct {
	listing
	role    int
	keepNaN bool
	kept    []placed // foremost first, at most limit
	spare   []placed
}

func (s *orderedState) Add(e *Event) {
	v := &e.Args[0]
	p := placed{null: skipped(v, s.keepNaN)}
	if p.null && (!s.nulls || v.Status.IsError()) {
		return
	}
	if p.at = placeOf(e); !p.null {
		p.value = itemOf(*v)
	}
	s.kept = s.insert(s.kept, p)
}

func (s *orderedState) Merge(other State) {
	s.kept, s.spare = s.merge(s.spare[:0], s.kept, other.(*orderedState).kept), s.kept
}

func (s *orderedState) AppendTo(b []byte) []byte { return s.appendTo(b, s.kept) }

func (s *orderedState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	kept := s.decode(d)
	if err := d.End(); err != nil {
		return err
	}
	s.kept = kept
	return nil
}

func (s *orderedState) Finish(int64) selfsame.Value {
	list := s.role == roleFirstN || s.role == roleLastN
	switch {
	case len(s.kept) == 0 || (s.role == roleNthLast && int64(len(s.kept)) < s.limit):
		t := s.t
		if list {
			t = selfsame.ListOf(s.t)
		}
		return selfsame.Value{Type: t, Status: selfsame.Null}
	case !list:
		return s.kept[len(s.kept)-1].read(s.t) // one is kept, or the n-th is the last of them
	}
	v := selfsame.Value{Type: selfsame.ListOf(s.t)}
	for i := range s.kept {
		v.Elems = append(v.Elems, s.kept[i].read(s.t))
	}
	return v
}

// orderKernel serves first, last, nth_last and the times since first and last. The events of an entity are sorted, so a run
// answers with its ends; the general path finds the k-th event that is in.
type orderKernel struct {
	members  []*Call
	keepNaN  bool
	presence presence
	source   *column.Column // of the values; nil where the calls have no argument
	tau      []int64
	picked   []int32
	in       rankSet
	ready    bool
}

func newOrderKernel(members []*Call) Kernel {
	spec := &members[0].Spec
	return &orderKernel{members: members, keepNaN: spec.KeepNaN, presence: presence{nulls: spec.RespectNulls}}
}

func (k *orderKernel) Load(ev *Events) {
	k.presence.load(ev, k.keepNaN)
	k.tau, k.source, k.ready = ev.Tau, nil, false
	if len(ev.Args) > 0 {
		k.source = ev.Args[0]
	}
}

// Resume implements Resumer.
func (k *orderKernel) Resume(ev *Events, from int) {
	k.presence.resume(ev, k.keepNaN, from)
	k.tau, k.source, k.ready = ev.Tau, nil, false
	if len(ev.Args) > 0 {
		k.source = ev.Args[0]
	}
}

func (k *orderKernel) Ranges(m int, at []int64, lo, hi []int32, out *column.Column) {
	c := k.members[m]
	p := &k.presence
	if c.role == roleFirstN || c.role == roleLastN {
		for i := range at {
			k.appendList(c, p.before(lo[i]), p.before(hi[i]), out)
		}
		return
	}
	k.picked = room(k.picked, len(at))
	depth := int32(c.depth)
	fromStart := c.role == roleFirst || c.role == roleSinceFirst
	for i := range at {
		a, b := p.before(lo[i]), p.before(hi[i])
		switch {
		case b-a < depth:
			k.picked[i] = none
		case fromStart:
			k.picked[i] = p.row(a)
		default:
			k.picked[i] = p.row(b - depth)
		}
	}
	if c.role == roleSinceFirst || c.role == roleSinceLast {
		for i, row := range k.picked {
			k.appendElapsed(row, at[i], out)
		}
		return
	}
	if !k.presence.nulls {
		appendRows(out, k.source, k.picked)
		return
	}
	for _, row := range k.picked {
		k.appendPick(out, row)
	}
}

// appendPick appends the value of a row, a null where it holds none or is none.
func (k *orderKernel) appendPick(out *column.Column, row int32) {
	if row == none || !isDense(k.source, int(row), int(row)+1, k.keepNaN) {
		out.AppendStatus(selfsame.Null)
		return
	}
	appendRow(out, k.source, row)
}

// appendList appends the list of a call over numbers [a, b).
func (k *orderKernel) appendList(c *Call, a, b int32, out *column.Column) {
	if a == b {
		out.AppendStatus(selfsame.Null)
		return
	}
	n := min(b-a, int32(c.depth))
	for i := range n {
		number := a + i
		if c.role == roleLastN {
			number = b - 1 - i
		}
		k.appendPick(out.Elems, k.presence.row(number))
	}
	closeList(out)
}

// closeList ends a list whose elements have been appended.
func closeList(out *column.Column) {
	out.Offsets = append(out.Offsets, uint32(out.Elems.Len()))
	appendPresent(out)
}

func (k *orderKernel) appendElapsed(row int32, at int64, out *column.Column) {
	if row == none {
		out.AppendStatus(selfsame.Null)
		return
	}
	if d, ok := elapsed(at, k.tau[row]); ok {
		appendInt(out, d)
	} else {
		out.AppendStatus(selfsame.ErrorOverflow)
	}
}

func (k *orderKernel) Reset() {
	k.in.reset(k.presence.n)
	k.ready = true
}

// ensure makes the empty set of an entity that is new.
func (k *orderKernel) ensure() {
	if !k.ready {
		k.Reset()
	}
}

func (k *orderKernel) Add(i int32) {
	k.ensure()
	if n, ok := k.presence.number(i); ok {
		k.in.add(n)
	}
}

func (k *orderKernel) Remove(i int32) {
	if n, ok := k.presence.number(i); ok {
		k.in.remove(n)
	}
}

func (k *orderKernel) Value(m int, at int64, out *column.Column) {
	k.ensure()
	c := k.members[m]
	if c.role == roleFirstN || c.role == roleLastN {
		k.appendSetList(c, out)
		return
	}
	row := int32(none)
	if k.in.size >= c.depth {
		pick := k.in.size - c.depth
		if c.role == roleFirst || c.role == roleSinceFirst {
			pick = 0
		}
		row = k.presence.row(k.in.pick(pick))
	}
	if c.role == roleSinceFirst || c.role == roleSinceLast {
		k.appendElapsed(row, at, out)
	} else {
		k.appendPick(out, row)
	}
}

// appendSetList appends the list of a call over the set of the general path.
func (k *orderKernel) appendSetList(c *Call, out *column.Column) {
	if k.in.size == 0 {
		out.AppendStatus(selfsame.Null)
		return
	}
	for i := range min(k.in.size, c.depth) {
		pick := i
		if c.role == roleLastN {
			pick = k.in.size - 1 - i
		}
		k.appendPick(out.Elems, k.presence.row(k.in.pick(pick)))
	}
	closeList(out)
}
