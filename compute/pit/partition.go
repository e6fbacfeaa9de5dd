// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"selfsame"
	"selfsame/column"
)

// piece is the slice of one block that falls into the partition at hand.
type piece struct {
	*part
	lo, hi int
}

// events are the events of one partition, sorted by entity and, within an entity, by the total order. A row of the partition has two
// numbers: its arrival number, counted over the pieces in the order of blocks, and its place after sorting.
type events struct {
	timeline
	pieces []piece
	starts []int32 // entity e is places [starts[e], starts[e+1]): its events, then its rows that ask as events
	ends   []int32 // where the events of entity e end
	pos    []int32 // arrival number -> place; rows that ask are not among them
	own    []int32 // row of the partition, as asking sorts them -> its place as an event; nil: no window counts it
	isPerm bool    // perm holds arrival numbers

	status [][]selfsame.Status // memory of the columns' statuses

	scratch []*part // of spilled pieces
	buf     []byte
	keys    []tauKey
	ties    ties
	whole   []*column.Column // memory of concat
}

type tauKey struct {
	tau int64
	row int32
}

// load finds the partition's pieces, in memory or in the spill file, in the order of blocks.
func (ev *events) load(s *Sweep, p int) error {
	ev.pieces, ev.n = ev.pieces[:0], 0
	if p >= s.partitions() {
		return nil
	}
	used := 0
	decoded := map[*part]*part{}
	for _, part := range s.parts {
		lo, hi := int(part.starts[p]), int(part.starts[p+1])
		if lo == hi {
			continue
		}
		if part.stored == nil {
			ev.pieces = append(ev.pieces, piece{part, lo, hi})
		} else {
			if decoded[part] == nil {
				var err error
				if used, err = ev.decode(s, part.stored, p, used, decoded); err != nil {
					return err
				}
			}
			ev.pieces = append(ev.pieces, piece{decoded[part], 0, hi - lo})
		}
		ev.n += hi - lo
	}
	if ev.n > math.MaxInt32-1 {
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: s.spec.Name, Message: fmt.Sprintf("%d events in one partition, %d are the most", ev.n, math.MaxInt32-1)}
	}
	return nil
}

// manyEvents is how many events of a partition are worth the memory of a next one.
const manyEvents = 1 << 20

// settle lets what the sorted events were read into go where there are many: what kernels build of them is as large.
func (ev *events) settle() {
	if ev.n > manyEvents {
		ev.pieces, ev.scratch, ev.buf, ev.keys = nil, nil, nil, nil
	}
}

// decode reads one run's slices of partition p into scratch parts.
func (ev *events) decode(s *Sweep, r *run, p, used int, decoded map[*part]*part) (int, error) {
	b, err := s.spill.read(r, p, ev.buf)
	if err != nil {
		return used, err
	}
	ev.buf = b
	for _, of := range r.parts {
		size := binary.NativeEndian.Uint64(b)
		d := decoder{b[8 : 8+size]}
		b = b[8+size:]
		if used == len(ev.scratch) {
			ev.scratch = append(ev.scratch, &part{})
		}
		d.slice(ev.scratch[used], of, s.spec.Columns, int(of.starts[p+1]-of.starts[p]))
		decoded[of] = ev.scratch[used]
		used++
	}
	return used, nil
}

// sort sorts the loaded events of a partition with so many entities, makes room for the rows that ask behind those of theirs, and moves what
// visibility needs to its place.
func (ev *events) sort(s *Sweep, entities int, ask *asking) {
	ev.own = ev.own[:0]
	if s.rows.Request == nil || s.rows.Request.Counts == nil || !s.spec.request {
		ask = nil
	}
	ev.count(entities, ask)
	ev.tau = moveRaw(ev, ev.tau, func(p *part) []int64 { return p.tau })
	ev.isPerm = false
	for e := range entities {
		a, b := int(ev.starts[e]), int(ev.ends[e])
		if !slices.IsSorted(ev.tau[a:b]) {
			ev.sortEntity(a, b)
		}
	}
	if s.spec.canonical {
		ev.breakTies(s, entities)
	}
	ev.from = ev.optional(ev.from, func(p *part) []int64 { return p.from }, func(p *part) []int64 { return p.tau })
	ev.until = ev.optional(ev.until, func(p *part) []int64 { return p.until }, nil)
	if s.spec.arrivals {
		ev.arr = ev.optional(ev.arr, func(p *part) []int64 { return p.arr }, func(p *part) []int64 {
			if p.from != nil {
				return p.from
			}
			return p.tau
		})
	}
	ev.moveDeletes()
}

// count computes places by entity alone, stable, and those of the rows that ask, nil for none.
func (ev *events) count(entities int, ask *asking) {
	ev.starts = resize(ev.starts, entities+1)
	clear(ev.starts)
	for _, p := range ev.pieces {
		for _, e := range p.ent[p.lo:p.hi] {
			ev.starts[e+1]++
		}
	}
	for e := range entities {
		if ask != nil {
			ev.starts[e+1] += ask.starts[e+1] - ask.starts[e]
		}
		ev.starts[e+1] += ev.starts[e]
	}
	ev.ends = append(ev.ends[:0], ev.starts[:entities]...)
	ev.pos = resize(ev.pos, ev.n)
	i := 0
	for _, p := range ev.pieces {
		for _, e := range p.ent[p.lo:p.hi] {
			ev.pos[i] = ev.ends[e]
			ev.ends[e]++
			i++
		}
	}
	if ask == nil {
		return
	}
	ev.n += len(ask.row)
	for e := range entities {
		for k := range ask.starts[e+1] - ask.starts[e] {
			ev.own = append(ev.own, ev.ends[e]+k)
		}
	}
}

// invert makes perm, once for a partition.
func (ev *events) invert() {
	if ev.isPerm {
		return
	}
	ev.isPerm = true
	ev.perm = resize(ev.perm, ev.n)
	for i, d := range ev.pos {
		ev.perm[d] = int32(i)
	}
	for k, d := range ev.own {
		ev.perm[d] = int32(len(ev.pos) + k)
	}
}

// sortEntity sorts places [a, b) by τ, stable. Files are mostly about in order of time, so that few steps of insertion suffice; where
// they do not, the rest is sorted.
func (ev *events) sortEntity(a, b int) {
	ev.invert()
	tau, perm := ev.tau[a:b], ev.perm[a:b]
	if !insertNear(tau, perm, insertSteps*len(tau)) {
		ev.keys = resize(ev.keys, b-a)
		for i := range ev.keys {
			ev.keys[i] = tauKey{tau[i], perm[i]}
		}
		slices.SortFunc(ev.keys, func(x, y tauKey) int {
			if c := cmp.Compare(x.tau, y.tau); c != 0 {
				return c
			}
			return cmp.Compare(x.row, y.row)
		})
		for i, k := range ev.keys {
			tau[i], perm[i] = k.tau, k.row
		}
	}
	for i, r := range perm {
		ev.pos[r] = int32(a + i)
	}
}

// insertSteps is how many steps an event insertion may take on average.
const insertSteps = 8

// insertNear sorts by insertion, stable, and reports whether it came to the end within so many steps. Where it did not, the pairs are all
// there in some order.
func insertNear(tau []int64, perm []int32, steps int) bool {
	for i := 1; i < len(tau); i++ {
		t, r := tau[i], perm[i]
		j := i
		for j > 0 && tau[j-1] > t {
			tau[j], perm[j] = tau[j-1], perm[j-1]
			j--
		}
		tau[j], perm[j] = t, r
		if steps -= i - j; steps < 0 {
			return false
		}
	}
	return true
}

// moveRaw moves a slice that every piece has to its places.
func moveRaw[T any](ev *events, dst []T, of func(*part) []T) []T {
	dst = resize(dst, ev.n)
	pos := ev.pos
	for _, p := range ev.pieces {
		src := of(p.part)[p.lo:p.hi]
		for i, d := range pos[:len(src)] {
			dst[d] = src[i]
		}
		pos = pos[len(src):]
	}
	return dst
}

// optional moves a slice that some pieces have. A piece without it takes what instead gives, or the end of time. The
// result is nil where no piece has it.
func (ev *events) optional(dst []int64, of, instead func(*part) []int64) []int64 {
	if !slices.ContainsFunc(ev.pieces, func(p piece) bool { return of(p.part) != nil }) {
		return nil
	}
	dst = resize(dst, ev.n)
	pos := ev.pos
	for _, p := range ev.pieces {
		src := of(p.part)
		if src == nil && instead != nil {
			src = instead(p.part)
		}
		here := pos[:p.hi-p.lo]
		pos = pos[len(here):]
		if src == nil {
			for _, d := range here {
				dst[d] = selfsame.MaxTime
			}
			continue
		}
		src = src[p.lo:p.hi]
		for i, d := range here {
			dst[d] = src[i]
		}
	}
	return dst
}

func (ev *events) moveDeletes() {
	if !slices.ContainsFunc(ev.pieces, func(p piece) bool { return p.del != nil }) {
		ev.del = nil
		return
	}
	ev.del = resize(ev.del, ev.n)
	pos := ev.pos
	for _, p := range ev.pieces {
		for i, d := range pos[:p.hi-p.lo] {
			ev.del[d] = p.del != nil && p.del[p.lo+i]
		}
		pos = pos[p.hi-p.lo:]
	}
}

// moveColumns moves the event columns to their places, and those of the rows that ask.
func (ev *events) moveColumns(types []selfsame.Type, ask *asking, request *RequestRows) {
	if ev.cols == nil {
		for _, t := range types {
			ev.cols = append(ev.cols, column.New(t, 0))
		}
		ev.status = make([][]selfsame.Status, len(types))
	}
	for k, place := range ev.own {
		ev.tau[place] = ask.at[k]
	}
	for c, dst := range ev.cols {
		var own *column.Column
		if len(ev.own) > 0 {
			own = request.Columns[c]
		}
		if !fixed(dst.Type.Kind) {
			ev.invert()
			whole := ev.concat(c, dst.Type)
			for k := range ev.own {
				appendOwn(whole, own, int(ask.row[k]))
			}
			dst.Reset()
			for _, i := range ev.perm {
				dst.AppendFrom(whole, int(i))
			}
			continue
		}
		dst.Resize(ev.n)
		ev.moveColumn(dst, c)
		if own != nil {
			ev.moveOwn(dst, own, ask.row)
		} else if dst.Status != nil {
			for _, place := range ev.own {
				dst.Status[place] = selfsame.Present
			}
		}
	}
}

// concat returns the values of event column c by arrival number.
func (ev *events) concat(c int, t selfsame.Type) *column.Column {
	for len(ev.whole) <= c {
		ev.whole = append(ev.whole, nil)
	}
	if ev.whole[c] == nil {
		ev.whole[c] = column.New(t, 0)
	}
	whole := ev.whole[c]
	whole.Reset()
	for _, p := range ev.pieces {
		whole.AppendRange(p.cols[c], p.lo, p.hi)
	}
	return whole
}

func (ev *events) moveColumn(dst *column.Column, c int) {
	switch dst.Type.Kind {
	case selfsame.Bool:
		moveRaw(ev, dst.Bools, func(p *part) []bool { return p.cols[c].Bools })
	case selfsame.Float64:
		moveRaw(ev, dst.Floats, func(p *part) []float64 { return p.cols[c].Floats })
	case selfsame.Decimal:
		moveRaw(ev, dst.Decimals, func(p *part) []selfsame.Int128 { return p.cols[c].Decimals })
	default:
		moveRaw(ev, dst.Ints, func(p *part) []int64 { return p.cols[c].Ints })
	}
	if !slices.ContainsFunc(ev.pieces, func(p piece) bool { return p.cols[c].Status != nil }) {
		return
	}
	ev.status[c] = resize(ev.status[c], ev.n)
	dst.Status = ev.status[c]
	pos := ev.pos
	for _, p := range ev.pieces {
		for i, d := range pos[:p.hi-p.lo] {
			dst.Status[d] = p.cols[c].StatusAt(p.lo + i)
		}
		pos = pos[p.hi-p.lo:]
	}
}
