// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"context"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/window"
)

// asofState is the memory of the as-of join.
type asofState struct {
	pick   []int32           // row -> arrival number of its event, -1 for none
	status []selfsame.Status // row -> of every gathered value that its event does not decide
	tree   minTree
}

// latest finds for every row of the partition the newest visible event at or before T and gathers its columns.
func (w *worker) latest(ctx context.Context, entities int) error {
	w.asof.reset(len(w.ask.at))
	w.room(len(w.ask.at))
	w.events.invert()
	for n := range entities {
		a, b := int(w.ask.starts[n]), int(w.ask.starts[n+1])
		if a == b {
			continue
		}
		x := subject{lo: int(w.events.starts[n]), hi: int(w.events.starts[n+1]), first: a, at: w.ask.at[a:b]}
		if w.ask.known != nil {
			x.known = w.ask.known[a:b]
		}
		w.asof.tree.ready = false
		w.latestOf(&x)
	}
	for c, out := range w.out {
		if err := canceled(ctx); err != nil {
			return err
		}
		w.gather(out, w.events.concat(c, w.spec.Columns[c]))
	}
	return nil
}

// reset makes room for so many rows.
func (m *asofState) reset(rows int) {
	m.pick, m.status = resize(m.pick, rows), resize(m.status, rows)
}

// latestOf picks the events of one entity's rows.
func (e *evaluator) latestOf(x *subject) {
	tau := e.ev.tau[x.lo:x.hi]
	i := 0
	for k, at := range x.at {
		switch {
		case e.spec.Static:
			i = len(tau)
		case e.spec.Closed == selfsame.ClosedLeft:
			i = advance(tau, i, at)
		case at == selfsame.MaxTime:
			i = len(tau)
		default:
			i = advance(tau, i, at+1)
		}
		place := x.lo + i - 1
		if x.known != nil && !e.spec.Static {
			place = e.newestKnown(x, place, x.known[k])
		}
		e.decide(x.first+k, place, x.lo, at)
	}
}

// newestKnown returns the last place up to `place` whose event is in the cut, x.lo - 1 for none. Events that end are fewer still.
func (e *evaluator) newestKnown(x *subject, place int, known int64) int {
	place = e.lastKnown(x, place, known)
	for until := e.ev.until; until != nil && place >= x.lo && until[place] <= known && until[place] != selfsame.MaxTime; {
		place = e.lastKnown(x, place-1, known)
	}
	return place
}

// lastKnown is newestKnown without regard to ends. Late events are few, so that a few steps back mostly find it; where they do not, a tree
// of minima does in O(log n).
func (e *evaluator) lastKnown(x *subject, place int, known int64) int {
	from := e.ev.from
	if from == nil {
		from = e.ev.tau
	}
	for range 32 {
		if place < x.lo || from[place] <= known {
			return place
		}
		place--
	}
	t := &e.asof.tree
	if !t.ready {
		t.build(from[x.lo:x.hi])
	}
	return x.lo + t.lastUpTo(place-x.lo, known)
}

// decide writes what row gets from the event at place; below first there is none.
func (e *evaluator) decide(row, place, first int, at int64) {
	m, spec := &e.asof, e.spec
	status, pick := selfsame.NotFound, int32(-1)
	found := place >= first && (e.ev.del == nil || !e.ev.del[place])
	if found {
		status, pick = selfsame.Present, e.ev.rowOf(place)
		if spec.TTL >= 0 && !spec.Static && e.ev.tau[place] < window.SatSub(at, spec.TTL) {
			status, pick = selfsame.Expired, -1
		}
	}
	m.status[row], m.pick[row] = status, pick
	if e.detail {
		if !found {
			place = -1
		}
		e.trace(0, row, place)
	}
}

// rowOf returns the row of the gathered columns that the event at a place is.
func (ev *timeline) rowOf(place int) int32 {
	if ev.perm == nil {
		return int32(place)
	}
	return ev.perm[place]
}

// gather appends the picked values of src to out.
func (e *evaluator) gather(out, src *column.Column) {
	m := &e.asof
	first := out.Len()
	if fixed(out.Type.Kind) && out.Status != nil {
		out.Status = append(out.Status, make([]selfsame.Status, len(m.pick))...)
	}
	switch out.Type.Kind {
	case selfsame.Bool:
		out.Bools = gatherPicked(out.Bools, src.Bools, m.pick)
	case selfsame.Float64:
		out.Floats = gatherPicked(out.Floats, src.Floats, m.pick)
	case selfsame.Decimal:
		out.Decimals = gatherPicked(out.Decimals, src.Decimals, m.pick)
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		out.Ints = gatherPicked(out.Ints, src.Ints, m.pick)
	default:
		for i, p := range m.pick {
			if p < 0 {
				out.AppendStatus(m.status[i])
			} else {
				out.AppendFrom(src, int(p))
			}
		}
		return
	}
	for i, p := range m.pick {
		if p < 0 {
			out.SetStatus(first+i, m.status[i])
		} else if src.Status != nil {
			out.SetStatus(first+i, src.Status[p])
		}
	}
}

// gatherPicked appends src[pick[i]] for each i, zero where nothing was picked.
func gatherPicked[T any](dst, src []T, pick []int32) []T {
	var zero T
	for _, p := range pick {
		if p < 0 {
			dst = append(dst, zero)
		} else {
			dst = append(dst, src[p])
		}
	}
	return dst
}

// minTree finds the last value up to a place that is not above a bound: a complete binary tree of minima over the leaves.
type minTree struct {
	ready bool
	size  int // leaves, a power of two
	least []int64
}

func (t *minTree) build(s []int64) {
	t.ready, t.size = true, 1
	for t.size < len(s) {
		t.size *= 2
	}
	t.least = resize(t.least, 2*t.size)
	leaves := t.least[t.size:]
	for i := range leaves[copy(leaves, s):] {
		leaves[len(s)+i] = selfsame.MaxTime
	}
	for i := t.size - 1; i > 0; i-- {
		t.least[i] = min(t.least[2*i], t.least[2*i+1])
	}
}

// lastUpTo returns the last place i <= place with a value <= bound, -1 for none.
func (t *minTree) lastUpTo(place int, bound int64) int {
	if place < 0 {
		return -1
	}
	i := t.size + place
	for t.least[i] > bound {
		for i&1 == 0 { // a left child: what lies before it is beside an ancestor
			i /= 2
		}
		if i == 1 || i == 0 {
			return -1
		}
		i--
	}
	for i < t.size {
		i = 2*i + 1
		if t.least[i] > bound {
			i--
		}
	}
	return i - t.size
}
