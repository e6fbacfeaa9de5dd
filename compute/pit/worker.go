// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"

	"selfsame/column"
)

// worker is one goroutine of Run; it goes from partition to partition.
type worker struct {
	evaluator
	s      *Sweep
	o      *output
	events events
	ask    asking

	p      int       // the partition
	start  int       // sweep position of the first row that out and the traces hold
	rows   int       // how many they hold
	series [][]int64 // memory of flush
}

// batchRows is how many rows are evaluated, about, before they go to the output: so many stay in the caches.
const batchRows = 1 << 11

// asking are the rows of one partition, sorted by entity and, within an entity, by (T, κ, number).
type asking struct {
	starts []int32 // entity e is rows [starts[e], starts[e+1])
	at     []int64
	known  []int64 // nil: final
	row    []uint32
	next   []int32
	keys   []askKey
	memory []int64   // of known
	chosen [][]int64 // lengths of windows, by compiled.chosen; nil: none are chosen
	packed []uint64
	moved  asked
}

// asked are rows on their way.
type asked struct {
	row   []uint32
	known []int64
}

type askKey struct {
	at, known int64
	row       uint32
}

func newWorker(s *Sweep, o *output) *worker {
	w := &worker{s: s, o: o}
	w.evaluator.init(s.spec)
	sel := *s.spec.all
	sel.traces = o.kept
	w.sel, w.ev = &sel, &w.events.timeline
	w.detail = s.spec.Detail
	w.newest = make([][]int64, len(s.spec.traces)+1)
	w.arrival = w.newest
	if s.known {
		w.arrival = make([][]int64, len(w.newest))
	}
	for _, t := range o.types {
		w.out = append(w.out, column.New(t, 0))
	}
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
	defer w.o.supply.done(p)
	if lo == hi {
		return nil
	}
	w.o.supply.provide(lo, hi)
	w.p, w.start, w.rows = p, lo, 0
	if err := w.events.load(w.s, p); err != nil {
		return err
	}
	n := w.s.entities(p)
	w.ask.sort(w.o, p, n)
	w.ask.takeLengths(w.spec, w.s.rows.Request)
	w.events.sort(w.s, n, &w.ask)
	for i, r := range w.ask.row {
		w.o.place[r] = uint32(lo + i)
	}
	sweep := w.windowed
	if w.spec.AsOf {
		sweep = w.latest
	}
	if err := sweep(ctx, n); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	if w.start != hi {
		return fault(w.spec.Name, fmt.Sprintf("a partition gave %d values for %d rows", w.start-lo, hi-lo))
	}
	return nil
}

// room makes room for n rows more and returns how many there are so far.
func (w *worker) room(n int) int {
	have := w.rows
	w.rows += n
	if w.detail {
		for _, t := range w.o.kept {
			w.newest[t] = slices.Grow(w.newest[t][:have], n)[:have+n]
			if w.s.known {
				w.arrival[t] = slices.Grow(w.arrival[t][:have], n)[:have+n]
			}
		}
	}
	return have
}

// flush hands the evaluated rows to the output.
func (w *worker) flush() error {
	n := w.rows
	if n == 0 {
		return nil
	}
	w.series = w.series[:0]
	for _, of := range [][][]int64{w.newest, w.arrival} {
		for _, t := range w.o.kept {
			w.series = append(w.series, of[t])
		}
	}
	kept := len(w.o.kept)
	if err := w.o.table.put(w.start, n, w.out, w.series[:kept], w.series[kept:]); err != nil {
		return err
	}
	for i, c := range w.out {
		if parts := w.o.apart[i]; parts != nil {
			if parts[w.p] == nil {
				parts[w.p] = column.New(c.Type, 0)
			}
			parts[w.p].AppendRange(c, 0, n)
		}
		c.Recycle()
	}
	w.start, w.rows = w.start+n, 0
	w.o.mapped.wrote(int64(n) * int64(8*w.o.table.width))
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
	at, known := o.s.rows.At, o.s.rows.Known
	same := known != nil && hi > lo && &known[0] == &at[0] // κ of every row is its T
	q.known = nil
	if known != nil && !same {
		q.memory = resize(q.memory, hi-lo)
		q.known = q.memory
	}
	for i, e := range ent {
		d, row := q.next[e], o.rows.row[lo+i]
		q.next[e]++
		q.at[d], q.row[d] = at[row], row
		if q.known != nil {
			q.known[d] = known[row]
		}
	}
	for e := range entities {
		q.sortEntity(int(q.starts[e]), int(q.starts[e+1]))
	}
	if same {
		q.known = q.at
	}
}

// sortEntity sorts rows [a, b), which are in the order of their numbers.
func (q *asking) sortEntity(a, b int) {
	sorted := true
	for i := a + 1; i < b && sorted; i++ {
		sorted = q.at[i-1] < q.at[i] || (q.at[i-1] == q.at[i] && (q.known == nil || q.known[i-1] <= q.known[i]))
	}
	if sorted || q.sortPacked(a, b) {
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

// sortPacked is sortEntity by numbers that hold a T and the place of its row. It reports false, and does nothing, where these do not fit into
// a word, or where the cuts of rows with one T are not in order.
func (q *asking) sortPacked(a, b int) bool {
	at := q.at[a:b]
	low, shift := slices.Min(at), uint(bits.Len(uint(b-a-1)))
	if bits.Len64(uint64(slices.Max(at))-uint64(low))+int(shift) > 64 {
		return false
	}
	q.packed = resize(q.packed, b-a)
	for i, t := range at {
		q.packed[i] = (uint64(t)-uint64(low))<<shift | uint64(i)
	}
	slices.Sort(q.packed)
	mask := uint64(1)<<shift - 1
	if q.known != nil {
		known := q.known[a:b]
		for i := 1; i < len(q.packed); i++ {
			if x, y := q.packed[i-1], q.packed[i]; x>>shift == y>>shift && known[x&mask] > known[y&mask] {
				return false
			}
		}
		q.moved.known = append(q.moved.known[:0], known...)
		for i, k := range q.packed {
			known[i] = q.moved.known[k&mask]
		}
	}
	q.moved.row = append(q.moved.row[:0], q.row[a:b]...)
	for i, k := range q.packed {
		at[i], q.row[a+i] = int64(uint64(low)+k>>shift), q.moved.row[k&mask]
	}
	return true
}

// windowed evaluates the cells of a windowed view for every entity of the partition.
func (w *worker) windowed(ctx context.Context, entities int) error {
	w.events.moveColumns(w.spec.Columns, &w.ask, w.s.rows.Request)
	w.events.settle()
	w.changed(0)
	w.prepare()
	for e := range entities {
		a, b := int(w.ask.starts[e]), int(w.ask.starts[e+1])
		if a == b {
			continue
		}
		x := subject{lo: int(w.events.starts[e]), hi: int(w.events.ends[e]), end: int(w.events.starts[e+1]), at: w.ask.at[a:b]}
		x.own = w.ownOf(a, b)
		x.lengths = between(w.ask.chosen, a, b)
		if w.ask.known != nil {
			x.known = w.ask.known[a:b]
		}
		w.fresh()
		if err := w.entity(&x); err != nil {
			return err
		}
		if x.hi-x.lo > 1<<16 || e&255 == 255 {
			if err := canceled(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// entity evaluates the rows of one entity, those of the fast path in batches.
func (w *worker) entity(x *subject) error {
	known := w.visible.survey(w.ev, x)
	if !w.visible.prefix(w.ev, x, &known) {
		x.first = w.room(len(x.at))
		w.outOfOrder(x)
		return w.flush()
	}
	caps := w.visible.caps
	for lo := 0; lo < len(x.at); lo += batchRows {
		hi := min(lo+batchRows, len(x.at))
		some := *x
		some.at, some.first = x.at[lo:hi], w.room(hi-lo)
		if x.known != nil {
			some.known = x.known[lo:hi]
		}
		if x.own != nil {
			some.own = x.own[lo:hi]
		}
		some.lengths = between(x.lengths, lo, hi)
		w.inOrder(&some, caps[min(lo, len(caps)):min(hi, len(caps))])
		if w.rows >= batchRows {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}
