// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"cmp"
	"context"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// worker is the memory of one goroutine of Run; it goes from partition to partition.
type worker struct {
	s   *Sweep
	o   *output
	ev  events
	ask asking
	out []column.Column // one an output column: the partition's values

	groups  []groupState
	filters map[int][]bool // filter column -> which rows pass
	visible visibility
	span    ranges
	general general
	asof    asofState
}

// groupState is a kernel with what is known of its events in the partition at hand.
type groupState struct {
	*group
	kernel aggregate.Kernel
	events aggregate.Events
	errs   errorCounts
	used   []int32 // Detail: place -> the last place up to it whose event is used, -1 for none
}

// asking are the rows of one partition, sorted by entity and, within an entity, by (T, κ, number).
type asking struct {
	starts []int32 // entity e is rows [starts[e], starts[e+1])
	at     []int64
	known  []int64 // nil: final
	row    []uint32
	next   []int32
	keys   []askKey
	memory []int64 // of known
}

type askKey struct {
	at, known int64
	row       uint32
}

func newWorker(s *Sweep, o *output) *worker {
	w := &worker{s: s, o: o, out: make([]column.Column, len(o.columns)), filters: map[int][]bool{}}
	for i := range s.spec.groups {
		g := &s.spec.groups[i]
		w.groups = append(w.groups, groupState{group: g, kernel: g.members[0].NewKernel(g.members)})
	}
	w.span.init(s.spec)
	return w
}

// entities returns how many entities fall into partition p; the rows without an entity count as one.
func (s *Sweep) entities(p int) int {
	if p >= s.partitions() {
		return 1
	}
	if p >= s.rows.Entities {
		return 0
	}
	return (s.rows.Entities-1-p)>>s.shift + 1
}

// partition evaluates the rows of one partition.
func (w *worker) partition(ctx context.Context, p int) error {
	if err := canceled(ctx); err != nil {
		return err
	}
	lo, hi := w.o.rowStart[p], w.o.rowStart[p+1]
	for i := range w.out {
		w.o.open(&w.out[i], i, lo, hi)
	}
	if lo < hi {
		if err := w.ev.load(w.s, p); err != nil {
			return err
		}
		n := w.s.entities(p)
		w.ev.sort(w.s, n)
		w.ask.sort(w.o, p, n)
		for i, r := range w.ask.row {
			w.o.place[r] = uint32(lo + i)
		}
		sweep := w.windowed
		if w.s.spec.AsOf {
			sweep = w.latest
		}
		if err := sweep(ctx, n, lo); err != nil {
			return err
		}
	}
	for i := range w.out {
		if err := w.o.close(&w.out[i], i, p); err != nil {
			return err
		}
	}
	w.o.mapped.wrote(int64(hi-lo) * int64(8*len(w.out)+16*len(w.o.newest)))
	return nil
}

// sort takes the rows of partition p from o and sorts them.
func (q *asking) sort(o *output, p, entities int) {
	lo, hi := o.rowStart[p], o.rowStart[p+1]
	q.starts = resize(q.starts, entities+1)
	clear(q.starts)
	ent := o.rows.ent[lo:hi]
	if p >= o.s.partitions() {
		ent = make([]uint32, hi-lo)
	}
	for _, e := range ent {
		q.starts[e+1]++
	}
	for e := range entities {
		q.starts[e+1] += q.starts[e]
	}
	q.next = append(q.next[:0], q.starts[:entities]...)
	q.at, q.row = resize(q.at, hi-lo), resize(q.row, hi-lo)
	q.known = nil
	known := o.rows.known
	if known != nil {
		q.memory = resize(q.memory, hi-lo)
		q.known = q.memory
	}
	for i, e := range ent {
		d := q.next[e]
		q.next[e]++
		q.at[d], q.row[d] = o.rows.at[lo+i], o.rows.row[lo+i]
		if known != nil {
			q.known[d] = known[lo+i]
		}
	}
	for e := range entities {
		q.sortEntity(int(q.starts[e]), int(q.starts[e+1]))
	}
}

// sortEntity sorts rows [a, b), which are in the order of their numbers.
func (q *asking) sortEntity(a, b int) {
	sorted := true
	for i := a + 1; i < b && sorted; i++ {
		sorted = q.at[i-1] < q.at[i] || (q.at[i-1] == q.at[i] && (q.known == nil || q.known[i-1] <= q.known[i]))
	}
	if sorted {
		return
	}
	q.keys = resize(q.keys, b-a)
	for i := range q.keys {
		q.keys[i] = askKey{at: q.at[a+i], row: q.row[a+i]}
		if q.known != nil {
			q.keys[i].known = q.known[a+i]
		}
	}
	slices.SortFunc(q.keys, func(x, y askKey) int {
		switch {
		case x.at != y.at:
			return cmp.Compare(x.at, y.at)
		case x.known != y.known:
			return cmp.Compare(x.known, y.known)
		}
		return cmp.Compare(x.row, y.row)
	})
	for i, k := range q.keys {
		q.at[a+i], q.row[a+i] = k.at, k.row
		if q.known != nil {
			q.known[a+i] = k.known
		}
	}
}

// windowed evaluates the cells of a windowed view for every entity of the partition.
func (w *worker) windowed(ctx context.Context, entities, base int) error {
	w.ev.moveColumns(w.s.spec.Columns)
	w.prepareGroups()
	for e := range entities {
		a, b := int(w.ask.starts[e]), int(w.ask.starts[e+1])
		if a == b {
			continue
		}
		x := subject{lo: int(w.ev.starts[e]), hi: int(w.ev.starts[e+1]), base: base, first: a, at: w.ask.at[a:b]}
		if w.ask.known != nil {
			x.known = w.ask.known[a:b]
		}
		if w.visible.prefix(&w.ev, &x) {
			w.inOrder(&x)
		} else {
			w.outOfOrder(&x)
		}
		if x.hi-x.lo > 1<<16 || e&255 == 255 {
			if err := canceled(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// subject is one entity: its events, places [lo, hi), and its rows, which begin at row `first` of the partition.
type subject struct {
	lo, hi int
	base   int // sweep position of the partition's first row
	first  int
	at     []int64
	known  []int64 // nil: final
}

// prepareGroups gives every kernel the partition's columns and finds the events that are errors.
func (w *worker) prepareGroups() {
	clear(w.filters)
	for i := range w.groups {
		g := &w.groups[i]
		g.events.Tau, g.events.Args, g.events.Pass = w.ev.tau, g.events.Args[:0], nil
		for _, a := range g.args {
			g.events.Args = append(g.events.Args, w.ev.cols[a])
		}
		if g.filter >= 0 {
			g.events.Pass = w.pass(g.filter)
		}
		g.errs.find(g, w.ev.cols)
		if w.s.spec.Detail {
			g.findUsed(w.ev.n)
		}
	}
}

// pass returns which rows a filter lets through: those for which it is true, neither false nor null nor an error.
func (w *worker) pass(filter int) []bool {
	c := w.ev.cols[filter]
	if c.Status == nil {
		return c.Bools
	}
	if p, ok := w.filters[filter]; ok {
		return p
	}
	p := make([]bool, w.ev.n)
	for i, s := range c.Status {
		p[i] = s == selfsame.Present && c.Bools[i]
	}
	w.filters[filter] = p
	return p
}

// findUsed fills used: an event is used where the filter lets it pass and its first argument is no null.
func (g *groupState) findUsed(n int) {
	g.used = resize(g.used, n)
	last := int32(-1)
	for i := range n {
		pass := g.events.Pass == nil || g.events.Pass[i]
		if pass && (len(g.events.Args) == 0 || g.events.Args[0].StatusAt(i) != selfsame.Null) || g.errs.code(i) != 0 {
			last = int32(i)
		}
		g.used[i] = last
	}
}
