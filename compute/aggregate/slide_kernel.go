// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "selfsame/column"

// running is a multiset of the events of one entity that a slideKernel keeps. Events are known by their numbers (presence).
type running interface {
	// load takes the next entity, and empties the set. It may share what it derives from the entity with others that are loaded from the same one.
	load(p *presence, ev *Events)
	reset()
	add(k int32)
	remove(k int32)
	// appendValue appends the value of a call over the set at T.
	appendValue(c *Call, at int64, out *column.Column)
}

// slideKernel makes a Kernel of a running set: a window that moves takes in what enters and gives out what leaves. It serves every aggregation whose set
// can forget an event: power sums, counts by value. A value costs what the set's appendValue does, a window the events by which it moved.
type slideKernel struct {
	members  []*Call
	keepNaN  bool
	presence presence
	window   running // of Ranges: the events [a, b)
	a, b     int32
	general  running
	events   Events // of the entity
	open     bool   // general is of this entity
}

func newSlideKernel(members []*Call, set func() running) Kernel {
	return &slideKernel{members: members, keepNaN: members[0].Spec.KeepNaN, window: set(), general: set()}
}

func (k *slideKernel) Load(ev *Events) {
	k.presence.load(ev, k.keepNaN)
	k.events, k.a, k.b, k.open = *ev, 0, 0, false
	k.window.load(&k.presence, ev)
}

// resumable is a running set or a scanner that follows an entity whose events come in. resume is load where the events before number `from`, which is not 0,
// are those of the last; the set is as it was and has none from there on. Without it each change is a load.
type resumable interface {
	resume(p *presence, ev *Events, from int)
}

// Resume implements Resumer.
func (k *slideKernel) Resume(ev *Events, from int) {
	first := k.presence.before(int32(from))
	if k.b > first {
		k.window.reset()
		k.a, k.b = 0, 0
	}
	k.events, k.open = *ev, false
	same := k.presence.resume(ev, k.keepNaN, from)
	if r, ok := k.window.(resumable); ok && same && first > 0 {
		r.resume(&k.presence, ev, int(first))
		return
	}
	k.window.load(&k.presence, ev)
	k.a, k.b = 0, 0
}

func (k *slideKernel) Ranges(m int, at []int64, lo, hi []int32, out *column.Column) {
	for i := range at {
		k.move(k.presence.before(lo[i]), k.presence.before(hi[i]))
		k.window.appendValue(k.members[m], at[i], out)
	}
}

// move makes the window the events [a, b).
func (k *slideKernel) move(a, b int32) {
	if a >= k.b || b <= k.a || int64(b)-int64(a) < int64(max(k.a, a)-min(k.a, a)+max(k.b, b)-min(k.b, b)) {
		k.window.reset() // less is in it than would have to move
		k.a, k.b = a, a
	}
	for ; k.a > a; k.a-- {
		k.window.add(k.a - 1)
	}
	for ; k.b < b; k.b++ {
		k.window.add(k.b)
	}
	for ; k.a < a; k.a++ {
		k.window.remove(k.a)
	}
	for ; k.b > b; k.b-- {
		k.window.remove(k.b - 1)
	}
}

func (k *slideKernel) Reset() {
	k.ensure()
	k.general.reset()
}

// ensure gives the general path the entity.
func (k *slideKernel) ensure() {
	if !k.open {
		k.general.load(&k.presence, &k.events)
		k.open = true
	}
}

func (k *slideKernel) Add(i int32) {
	k.ensure()
	if n, ok := k.presence.number(i); ok {
		k.general.add(n)
	}
}

func (k *slideKernel) Remove(i int32) {
	if n, ok := k.presence.number(i); ok {
		k.general.remove(n)
	}
}

func (k *slideKernel) Value(m int, at int64, out *column.Column) {
	k.ensure()
	k.general.appendValue(k.members[m], at, out)
}
