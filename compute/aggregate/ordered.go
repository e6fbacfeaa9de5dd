// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"fmt"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// This file is what first, last and nth_last share: the n foremost values under the total order of events (or under its
// reverse), a bounded selection and a commutative monoid. Each value keeps its whole place in the order, so that states merge in
// any order; events of one place, which only a collision of hashes makes, are told apart by their value.
//
// Encoding: uvarint of how many, then for each, foremost first, its moment and its item.

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
	if role == roleFirstN || role == roleLastN {
		call.Result = selfsame.ListOf(c.Args[0])
	}
	call.NewState = func() State {
		return &orderedState{t: c.Args[0], role: role, limit: n, keepNaN: c.KeepNaN}
	}
	call.NewKernel = newOrderKernel
	return call
}

type placed struct {
	at    moment
	value item
}

func (a *placed) compare(b *placed) int {
	if c := a.at.compare(&b.at); c != 0 {
		return c
	}
	return a.value.compare(b.value)
}

type orderedState struct {
	t       selfsame.Type
	role    int
	limit   int
	keepNaN bool
	kept    []placed // foremost first, at most limit
	spare   []placed
}

// ahead orders values by which is kept: negative where a goes before b.
func (s *orderedState) ahead(a, b *placed) int {
	if s.role == roleFirst || s.role == roleFirstN {
		return a.compare(b)
	}
	return b.compare(a)
}

func (s *orderedState) Add(e *Event) {
	if skipped(&e.Args[0], s.keepNaN) {
		return
	}
	p := placed{placeOf(e), itemOf(e.Args[0])}
	i, _ := slices.BinarySearchFunc(s.kept, p, func(a, b placed) int { return s.ahead(&a, &b) })
	if i == s.limit {
		return
	}
	if len(s.kept) == s.limit {
		s.kept = s.kept[:s.limit-1]
	}
	s.kept = slices.Insert(s.kept, i, p)
}

func (s *orderedState) Merge(other State) {
	a, b := s.kept, other.(*orderedState).kept
	out := s.spare[:0]
	for len(out) < s.limit && len(a)+len(b) > 0 {
		if len(b) == 0 || (len(a) > 0 && s.ahead(&a[0], &b[0]) <= 0) {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	s.kept, s.spare = out, s.kept
}

func (s *orderedState) AppendTo(b []byte) []byte {
	b = exact.AppendUvarint(b, uint64(len(s.kept)))
	for i := range s.kept {
		b = appendItem(appendMoment(b, &s.kept[i].at), s.t, s.kept[i].value)
	}
	return b
}

func (s *orderedState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	n := d.Uvarint()
	if n > uint64(s.limit) {
		d.Corrupt(0, "more values than the call keeps")
	}
	var kept []placed
	for i := uint64(0); i < n && d.Err() == nil; i++ {
		at := d.Offset()
		p := placed{at: decodeMoment(d)}
		p.value = decodeItem(d, s.t)
		if d.Err() == nil && i > 0 && s.ahead(&kept[i-1], &p) > 0 {
			d.Corrupt(at, "values out of order")
		}
		kept = append(kept, p)
	}
	if err := d.End(); err != nil {
		return err
	}
	s.kept = kept
	return nil
}

func (s *orderedState) Finish(int64) selfsame.Value {
	list := s.role == roleFirstN || s.role == roleLastN
	switch {
	case len(s.kept) == 0 || (s.role == roleNthLast && len(s.kept) < s.limit):
		t := s.t
		if list {
			t = selfsame.ListOf(s.t)
		}
		return selfsame.Value{Type: t, Status: selfsame.Null}
	case !list:
		return s.kept[len(s.kept)-1].value.value(s.t) // one is kept, or the n-th is the last of them
	}
	v := selfsame.Value{Type: selfsame.ListOf(s.t)}
	for i := range s.kept {
		v.Elems = append(v.Elems, s.kept[i].value.value(s.t))
	}
	return v
}

// orderKernel serves first, last, nth_last and the times since first and last. The events of an entity are sorted, so a run
// answers with its ends; the general path finds the k-th event that is in.
type orderKernel struct {
	members  []*Call
	presence presence
	source   *column.Column // of the values; nil where the calls have no argument
	tau      []int64
	picked   []int32
	in       rankSet
	ready    bool
}

func newOrderKernel(members []*Call) Kernel { return &orderKernel{members: members} }

func (k *orderKernel) Load(ev *Events) {
	k.presence.load(ev, k.members[0].Spec.KeepNaN)
	k.tau, k.source, k.ready = ev.Tau, nil, false
	if len(ev.Args) > 0 {
		k.source = ev.Args[0]
	}
}

// Resume implements Resumer.
func (k *orderKernel) Resume(ev *Events, from int) {
	k.presence.resume(ev, k.members[0].Spec.KeepNaN, from)
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
	appendRows(out, k.source, k.picked)
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
		appendRow(out.Elems, k.source, k.presence.row(number))
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
	switch {
	case c.role == roleSinceFirst || c.role == roleSinceLast:
		k.appendElapsed(row, at, out)
	case row == none:
		out.AppendStatus(selfsame.Null)
	default:
		appendRow(out, k.source, row)
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
		appendRow(out.Elems, k.source, k.presence.row(k.in.pick(pick)))
	}
	closeList(out)
}
