// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "selfsame/column"

// running is a multiset of the events of one entity that a slideKernel keeps. Events are known by their numbers (presence).
type running interface {
	// load takes the next entity, and empties the set.
	load(p *presence, ev *Events)
	reset()
	add(k int32)
	remove(k int32)
	// appendValue appends the value of a call over the set at T.
	appendValue(c *Call, at int64, out *column.Column)
}

// resumable is a running set or a scanner that follows an entity whose events come in. resume is load where the events before number `from`, which is not 0,
// are those of the last; the set is as it was and has none from there on. Without it each change is a load.
type resumable interface {
	resume(p *presence, ev *Events, from int)
}

// following is a running set of which several are kept of one entity. One is loaded and resumed, and the others follow it.
type following interface {
	running
	resumable
	// follow takes over what another set, of its type, has derived of the entity by now. What is in the set stays, by its numbers.
	follow(with running)
	// large reports whether sets of the entity are too large for several to be kept.
	large() bool
}

// small are sets that take little beside their entity.
type small struct{}

func (small) large() bool { return false }

// columnSet is what sets over one column know of an entity, from which they derive nothing.
type columnSet struct {
	small
	presence *presence
	column   *column.Column
}

func (s *columnSet) resume(p *presence, ev *Events, _ int) { s.presence, s.column = p, ev.Args[0] }

// remembering is a running set that can remove an event after the columns have changed: it has its own notes of each.
type remembering interface{ remembers() }

// slideKernel makes a Kernel of a running set: a window that moves takes in what enters and gives out what leaves. It serves every aggregation whose set
// can forget an event: power sums, counts by value. A value costs what the set's appendValue does, a window the events by which it moved.
type slideKernel struct {
	members  []*Call
	keepNaN  bool
	presence presence
	set      func() running
	window   slide // of Ranges
	general  running
	events   Events // of the entity
	open     bool   // general is of this entity
	kept     []slide
	used     int // of kept
	turn     int // counts what they were asked for
}

// slide is a set that holds the events [a, b). An entity that is asked again and again has windows that move little: for each of them one is kept.
type slide struct {
	running
	a, b int32
	turn int // when it was asked for last
}

// leastSlide is the events of a window from which on its set is kept; at most mostSpans are.
const leastSlide = 64

func newSlideKernel(members []*Call, set func() running) Kernel {
	return &slideKernel{members: members, keepNaN: members[0].Spec.KeepNaN, set: set, window: slide{running: set()}, general: set()}
}

func (k *slideKernel) Load(ev *Events) {
	k.presence.load(ev, k.keepNaN)
	k.begin(ev)
}

func (k *slideKernel) begin(ev *Events) {
	k.window.load(&k.presence, ev)
	k.window.a, k.window.b = 0, 0
	k.events, k.open, k.used = *ev, false, 0
}

// Resume implements Resumer.
func (k *slideKernel) Resume(ev *Events, from int) {
	first := k.presence.before(int32(from))
	k.window.cut(first)
	for i := range k.kept[:k.used] {
		k.kept[i].cut(first)
	}
	r, ok := k.window.running.(resumable)
	if same := k.presence.resume(ev, k.keepNaN, from); !ok || !same || first == 0 {
		k.begin(ev)
		return
	}
	r.resume(&k.presence, ev, int(first))
	k.events, k.open = *ev, false
}

// cut takes the events from a number on out.
func (s *slide) cut(first int32) {
	if s.b <= first {
		return
	}
	if _, ok := s.running.(remembering); !ok || s.a >= first {
		s.reset()
		s.a, s.b = first, first
		return
	}
	for ; s.b > first; s.b-- {
		s.remove(s.b - 1)
	}
}

func (k *slideKernel) Ranges(m int, at []int64, lo, hi []int32, out *column.Column) {
	for i := range at {
		a, b := k.presence.before(lo[i]), k.presence.before(hi[i])
		s := &k.window
		if len(at) == 1 && b-a >= leastSlide {
			s = k.near(a, b)
		}
		s.move(a, b)
		s.appendValue(k.members[m], at[i], out)
	}
}

// near returns the set that is least away from events [a, b).
func (k *slideKernel) near(a, b int32) *slide {
	if f, ok := k.window.running.(following); !ok || f.large() {
		return &k.window
	}
	best, way := -1, b-a
	for i := range k.kept[:k.used] {
		if s := &k.kept[i]; s.a < b && a < s.b {
			if d := distance(s.a, a) + distance(s.b, b); d < way {
				best, way = i, d
			}
		}
	}
	if best < 0 {
		best = k.free()
	}
	k.turn++
	s := &k.kept[best]
	s.turn = k.turn
	s.running.(following).follow(k.window.running)
	return s
}

func distance(a, b int32) int32 { return max(a, b) - min(a, b) }

// free returns the place of an empty set: of a new one, else of that which was not asked for the longest.
func (k *slideKernel) free() int {
	at := k.used
	if k.used < mostSpans {
		if k.used++; at == len(k.kept) {
			k.kept = append(k.kept, slide{running: k.set()})
		}
	} else {
		at = 0
		for i := range k.kept {
			if k.kept[i].turn < k.kept[at].turn {
				at = i
			}
		}
	}
	k.kept[at].a, k.kept[at].b = 0, 0 // so that the move begins with a reset
	return at
}

// move makes the set that of the events [a, b).
func (s *slide) move(a, b int32) {
	if a >= s.b || b <= s.a || int64(b)-int64(a) < int64(distance(s.a, a))+int64(distance(s.b, b)) {
		s.reset() // less is in it than would have to move
		s.a, s.b = a, a
	}
	for ; s.a > a; s.a-- {
		s.add(s.a - 1)
	}
	for ; s.b < b; s.b++ {
		s.add(s.b)
	}
	for ; s.a < a; s.a++ {
		s.remove(s.a)
	}
	for ; s.b > b; s.b-- {
		s.remove(s.b - 1)
	}
}

func (k *slideKernel) Reset() {
	k.ensure()
	k.general.reset()
}

// ensure gives the general path the entity.
func (k *slideKernel) ensure() {
	if k.open {
		return
	}
	if f, ok := k.general.(following); ok {
		f.follow(k.window.running)
		f.reset()
	} else {
		k.general.load(&k.presence, &k.events)
	}
	k.open = true
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
