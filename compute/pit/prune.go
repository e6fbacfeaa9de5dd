// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"slices"
	"sort"
	"sync/atomic"

	"selfsame"
	"selfsame/compute/window"
)

// slots are the rows that ask of an as-of view, by entity, each with the greatest τ that it may see. Where α follows τ by the same time for
// every event, two events of one entity between the same two of these bounds are seen by the same rows, all of which take the newer one:
// the older is of no use to anyone.
type slots struct {
	starts []uint32 // entity e has bounds [starts[e], starts[e+1])
	bound  []int64  // sorted within an entity
	newest []atomic.Int64
}

// Pruner leaves out events of an as-of view that no row can get, before they are copied. It is one goroutine's; the pruners of a sweep
// share what they have seen.
type Pruner struct {
	slots *slots
	hint  []uint32 // entity -> the slot of its last event
	at    []uint32 // slot of each row at hand, beyond the last: none sees it
}

// NewPruner returns a pruner for events of which every one has α = τ + delay (where that is beyond the end of time, the end), delay not
// negative; or nil where the view cannot be pruned: a windowed view, a static one.
func (s *Sweep) NewPruner(delay int64) *Pruner {
	if !s.spec.AsOf || s.spec.Static {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.slots[delay]
	if x == nil {
		if s.slots == nil {
			s.slots = map[int64]*slots{}
		}
		x = newSlots(&s.spec.Spec, &s.rows, delay)
		s.slots[delay] = x
	}
	return &Pruner{slots: x, hint: append([]uint32(nil), x.starts[:s.rows.Entities]...)}
}

func newSlots(spec *Spec, rows *Rows, delay int64) *slots {
	x := &slots{starts: make([]uint32, rows.Entities+1)}
	limit := uint32(rows.Entities)
	for _, e := range rows.Entity {
		if e < limit {
			x.starts[e+1]++
		}
	}
	for e := range rows.Entities {
		x.starts[e+1] += x.starts[e]
	}
	n := x.starts[limit]
	x.bound, x.newest = make([]int64, n), make([]atomic.Int64, n)
	next := slices.Clone(x.starts)
	for r, e := range rows.Entity {
		if e >= limit {
			continue
		}
		at := rows.At[r]
		if spec.Closed == selfsame.ClosedLeft {
			at = window.SatSub(at, 1)
		}
		if rows.Known != nil {
			at = min(at, window.SatSub(rows.Known[r], delay))
		}
		x.bound[next[e]] = at
		next[e]++
	}
	for e := range rows.Entities {
		slices.Sort(x.bound[x.starts[e]:x.starts[e+1]])
	}
	for i := range x.newest {
		x.newest[i].Store(selfsame.MinTime)
	}
	return x
}

// Keep removes from idx the rows that no row can get, given all that the sweep's pruners of this delay have seen, and sets their entity to
// NoEntity. Rows of one τ are kept or removed together. Every row that Keep keeps must be added to the sweep.
func (p *Pruner) Keep(entity []uint32, tau []int64, idx []uint32) []uint32 {
	x := p.slots
	p.at = resize(p.at, len(idx))
	for k, i := range idx {
		e, t := entity[i], tau[i]
		slot := x.find(p.hint[e], x.starts[e], x.starts[e+1], t)
		p.at[k], p.hint[e] = slot, slot
		if slot == x.starts[e+1] {
			p.at[k] = NoEntity
			continue
		}
		for newest := &x.newest[slot]; ; {
			have := newest.Load()
			if t <= have || newest.CompareAndSwap(have, t) {
				break
			}
		}
	}
	kept := idx[:0]
	for k, i := range idx {
		if slot := p.at[k]; slot == NoEntity || tau[i] < x.newest[slot].Load() {
			entity[i] = NoEntity
		} else {
			kept = append(kept, i)
		}
	}
	return kept
}

// find returns the first slot of [a, b) whose bound is not below t, b where there is none, looking from hint on.
func (x *slots) find(hint, a, b uint32, t int64) uint32 {
	for step := uint32(1); hint > a && x.bound[hint-1] >= t; step *= 2 { // back
		b = hint - 1
		hint -= min(step, hint-a)
		if hint == a || x.bound[hint-1] < t {
			return hint + x.search(hint, b+1, t)
		}
	}
	for step := uint32(1); hint < b && x.bound[hint] < t; step *= 2 { // on
		a = hint + 1
		hint += min(step, b-hint)
		if hint == b || x.bound[hint] >= t {
			return a + x.search(a, hint, t)
		}
	}
	return hint
}

// search returns how many bounds of [a, b) are below t.
func (x *slots) search(a, b uint32, t int64) uint32 {
	bound := x.bound[a:b]
	return uint32(sort.Search(len(bound), func(i int) bool { return bound[i] >= t }))
}
