// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "selfsame/column"

// scanner computes a value from the events of a window in their order. Events are known by their numbers (presence).
type scanner interface {
	load(p *presence, ev *Events)
	// appendValue appends the value of a call over the events `numbers`, ascending, at T.
	appendValue(c *Call, at int64, numbers []int32, out *column.Column)
}

// setScanner is a scanner that keeps what the set of the general path is worth, and does not look through its events for each value.
type setScanner interface {
	// empty says that the set is, mark that the event of a number came into it or went.
	empty()
	mark(k int32)
	// appendSet appends the value of a call over the set, of more than shortRun events.
	appendSet(c *Call, in *rankSet, out *column.Column)
}

// scanKernel makes a Kernel of a scanner: it hands over the events of a window in their order. It serves the aggregations whose value follows from the
// sequence and from nothing less: streaks, gaps, drawdowns, texts put together. A value costs the events of its window, unless the scanner looks at fewer.
type scanKernel struct {
	members  []*Call
	keepNaN  bool
	presence presence
	scanner  scanner
	set      setScanner // scanner, nil where it is none
	all      []int32    // 0, 1, 2 …
	in       rankSet
	picked   []int32
	ready    bool
}

func newScanKernel(members []*Call, s scanner) Kernel {
	set, _ := s.(setScanner)
	return &scanKernel{members: members, keepNaN: members[0].Spec.KeepNaN, scanner: s, set: set}
}

func (k *scanKernel) Load(ev *Events) {
	k.presence.load(ev, k.keepNaN)
	k.count()
	k.scanner.load(&k.presence, ev)
}

// count makes the numbers of the events.
func (k *scanKernel) count() {
	for n := len(k.all); n < k.presence.n; n++ {
		k.all = append(k.all, int32(n))
	}
	k.ready = false
}

// Resume implements Resumer.
func (k *scanKernel) Resume(ev *Events, from int) {
	first := k.presence.before(int32(from))
	same := k.presence.resume(ev, k.keepNaN, from)
	k.count()
	if r, ok := k.scanner.(resumable); ok && same && first > 0 {
		r.resume(&k.presence, ev, int(first))
		return
	}
	k.scanner.load(&k.presence, ev)
}

func (k *scanKernel) Ranges(m int, at []int64, lo, hi []int32, out *column.Column) {
	for i := range at {
		k.scanner.appendValue(k.members[m], at[i], k.all[k.presence.before(lo[i]):k.presence.before(hi[i])], out)
	}
}

func (k *scanKernel) Reset() {
	k.in.reset(k.presence.n)
	k.ready = true
	if k.set != nil {
		k.set.empty()
	}
}

// ensure makes the empty set of an entity that is new.
func (k *scanKernel) ensure() {
	if !k.ready {
		k.Reset()
	}
}

func (k *scanKernel) Add(i int32) {
	k.ensure()
	if n, ok := k.presence.number(i); ok {
		k.in.add(n)
		k.note(n)
	}
}

func (k *scanKernel) Remove(i int32) {
	if n, ok := k.presence.number(i); ok {
		k.in.remove(n)
		k.note(n)
	}
}

// note tells the scanner that an event came or went.
func (k *scanKernel) note(n int32) {
	if k.set != nil {
		k.set.mark(n)
	}
}

func (k *scanKernel) Value(m int, at int64, out *column.Column) {
	k.ensure()
	if k.set != nil && k.in.size > shortRun {
		k.set.appendSet(k.members[m], &k.in, out)
		return
	}
	k.picked = k.in.appendTo(k.picked[:0])
	k.scanner.appendValue(k.members[m], at, k.picked, out)
}
