// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"sort"

	"selfsame"
	"selfsame/column"
)

// byExtremes is min_by and max_by. The events of each key stand next to each other in a line of their own, so that those of a window are a run of it, whose extreme
// a table finds. An event that comes in is the last of one line. The general path keeps the ranks of the values that are in, a line at a time.
//
// Sums by key are kept for a window and changed by what enters and leaves (bySums). An extreme cannot forget an event.
type byExtremes struct {
	keepNaN  bool
	greatest bool
	presence presence
	names    countsSet // the different keys, and for the general path how many events of each are in
	keys     keys      // of x
	lines    []*byLine // by the number of the key
	places   []int32   // of event k: its place in its line
	found    byFound
	open     bool // the general path is of this entity
}

// byLine is the events of one key.
type byLine struct {
	numbers []int32
	of      runTable // keys of x
	general rankedSet
}

// byFound is what Ranges finds, a key at a time: its values in the windows in which it occurs.
type byFound struct {
	a, b    []int32 // the windows as numbers
	windows []int32 // of value i
	rows    []int32 // an event that has its key
	keys    []int64 // of x
	first   []int32 // where the values of a window start in order
	order   []int32
}

func newByExtremes(c CallSpec, greatest bool) *byExtremes {
	return &byExtremes{keepNaN: c.KeepNaN, greatest: greatest, names: countsSet{limit: c.MaxValues}}
}

func (k *byExtremes) Load(ev *Events) {
	k.presence.load(ev, k.keepNaN)
	k.begin(ev)
}

func (k *byExtremes) begin(ev *Events) {
	k.names.load(&k.presence, keysOf(ev))
	k.keys.load(&k.presence, ev.Args[0])
	for _, l := range k.lines {
		l.cut(0)
	}
	k.open = false
	k.enter(0)
}

// Resume implements Resumer.
func (k *byExtremes) Resume(ev *Events, from int) {
	before := k.presence.n
	same := k.presence.resume(ev, k.keepNaN, from)
	first := int(k.presence.before(int32(from)))
	if !same || first == 0 || !k.keys.resume(&k.presence, ev.Args[0], first) {
		k.begin(ev)
		return
	}
	for e := first; e < before; e++ { // its line has none but such from there on
		k.lines[k.names.values.of[e]].cut(int(k.places[e]))
	}
	k.names.resume(&k.presence, keysOf(ev), first)
	k.open = false
	k.enter(first)
}

// enter puts the events from a number on at the ends of their lines.
func (k *byExtremes) enter(from int) {
	for len(k.lines) < k.names.values.different() {
		l := &byLine{}
		if k.greatest {
			l.of.mask = -1
		}
		k.lines = append(k.lines, l)
	}
	k.places = regrow(k.places, k.presence.n, from)
	for e := from; e < k.presence.n; e++ {
		l := k.lines[k.names.values.of[e]]
		k.places[e] = int32(len(l.numbers))
		l.numbers = append(l.numbers, int32(e))
		l.of.append(k.keys.of[e])
		l.general.stale()
	}
}

func (l *byLine) cut(from int) {
	l.numbers = l.numbers[:min(from, len(l.numbers))]
	l.of.cut(from)
	l.general.stale()
}

func (k *byExtremes) Ranges(_ int, at []int64, lo, hi []int32, out *column.Column) {
	f := &k.found
	f.a, f.b = room(f.a, len(at)), room(f.b, len(at))
	for i := range at {
		f.a[i], f.b[i] = k.presence.before(lo[i]), k.presence.before(hi[i])
	}
	f.windows, f.rows, f.keys = f.windows[:0], f.rows[:0], f.keys[:0]
	for _, name := range k.names.sorted {
		f.find(k.lines[name.number], k.names.values.firsts[name.number])
	}
	f.sort(len(at))
	for w := range at {
		k.append(f.order[f.first[w]:f.first[w+1]], out)
	}
}

// find appends the values of one key, which the event in some row has, in the windows in which it occurs.
func (f *byFound) find(l *byLine, row int32) {
	from, to := 0, 0 // events [from, to) of the line are in the window
	for w := 0; w < len(f.a) && from < len(l.numbers); w++ {
		if from = reach(l.numbers, from, f.a[w]); from == len(l.numbers) {
			return
		}
		if f.b[w] <= l.numbers[from] { // on to the next window that reaches the first event
			w += sort.Search(len(f.b)-w, func(i int) bool { return f.b[w+i] > l.numbers[from] }) - 1
			continue
		}
		to = reach(l.numbers, max(from, to), f.b[w])
		f.windows, f.rows = append(f.windows, int32(w)), append(f.rows, row)
		f.keys = append(f.keys, l.of.best(int32(from), int32(to)))
	}
}

// reach returns the first place from i on whose number is not below n: some steps, then strides that double, then a search between the last two.
func reach(numbers []int32, i int, n int32) int {
	step := 1
	for i+step <= len(numbers) && numbers[i+step-1] < n {
		i += step
		step *= 2
	}
	end := min(i+step-1, len(numbers))
	return i + sort.Search(end-i, func(k int) bool { return numbers[i+k] >= n })
}

// sort orders the values by window; those of one window stay in the order of the keys.
func (f *byFound) sort(windows int) {
	f.first = zeroed(f.first, windows+2)
	for _, w := range f.windows {
		f.first[w+2]++
	}
	for w := 2; w < len(f.first); w++ {
		f.first[w] += f.first[w-1]
	}
	f.order = room(f.order, len(f.windows))
	for i, w := range f.windows {
		f.order[f.first[w+1]] = int32(i)
		f.first[w+1]++
	}
}

// append appends the map of the values at places.
func (k *byExtremes) append(places []int32, out *column.Column) {
	switch n := len(places); {
	case int64(n) > k.names.limit:
		out.AppendStatus(selfsame.ErrorMaxValues)
		return
	case n == 0:
		out.AppendStatus(selfsame.Null)
		return
	}
	for _, p := range places {
		out.Keys.AppendFrom(k.names.source, int(k.found.rows[p]))
		k.keys.appendTo(out.Elems, k.found.keys[p])
	}
	closeList(out)
}

func (k *byExtremes) Reset() {
	k.names.reset()
	for _, l := range k.lines {
		l.general.reset()
	}
	k.open = true
}

// ensure makes the empty set of an entity that is new.
func (k *byExtremes) ensure() {
	if !k.open {
		k.Reset()
	}
}

func (k *byExtremes) Add(i int32) {
	k.ensure()
	if e, ok := k.presence.number(i); ok {
		l := k.lines[k.names.values.of[e]]
		l.general.ensure(l.of.keys, l.of.mask)
		l.general.add(k.places[e])
		k.names.add(e)
	}
}

func (k *byExtremes) Remove(i int32) {
	if e, ok := k.presence.number(i); ok {
		k.lines[k.names.values.of[e]].general.remove(k.places[e])
		k.names.remove(e)
	}
}

func (k *byExtremes) Value(_ int, _ int64, out *column.Column) {
	k.ensure()
	list := k.names.counted(out)
	if list == nil {
		return
	}
	for _, v := range list {
		l := k.lines[v.number]
		out.Keys.AppendFrom(k.names.source, int(v.row))
		k.keys.appendTo(out.Elems, l.of.keys[l.general.pick(0)])
	}
	closeList(out)
}
