// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"sync"

	"selfsame"
	"selfsame/compute/pit"
)

// changes are, of one use that is looked up, the moments of knowledge at which its events begin or cease to be known. Of events that are known
// from their own time on, those moments count only for who knows less than that.
type changes struct {
	early bool     // someone does
	ids   []uint32 // of each row that asks: its entity
	mu    sync.Mutex
	list  []change
	most  []int64 // the greatest moment of the entity's changes up to each
}

type change struct {
	entity uint32
	tau    int64
	at     int64
}

// add takes a block that would go to a sweep.
func (c *changes) add(b *pit.Block) {
	var found []change
	for i, e := range b.Entity {
		if e == pit.NoEntity {
			continue
		}
		from := b.Tau[i]
		if b.From != nil {
			from = b.From[i]
		}
		if from != selfsame.MaxTime && (from > b.Tau[i] || c.early) {
			found = append(found, change{e, b.Tau[i], from})
		}
		if b.Until != nil && b.Until[i] != selfsame.MaxTime && b.Until[i] > from {
			found = append(found, change{e, b.Tau[i], b.Until[i]})
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, found...)
}

// settle is called once all blocks are in.
func (c *changes) settle() {
	slices.SortFunc(c.list, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.entity, b.entity), cmp.Compare(a.tau, b.tau), cmp.Compare(a.at, b.at))
	})
	c.most = make([]int64, len(c.list))
	for i, x := range c.list {
		c.most[i] = x.at
		if i > 0 && c.list[i-1].entity == x.entity {
			c.most[i] = max(x.at, c.most[i-1])
		}
	}
}

// between appends the moments after < κ < before at which an event up to tau of the entity of row i changes.
func (c *changes) between(out []int64, row int, tau, after, before int64) []int64 {
	e := c.ids[row]
	if e == pit.NoEntity {
		return out
	}
	n := sort.Search(len(c.list), func(i int) bool { return c.list[i].entity > e || c.list[i].entity == e && c.list[i].tau > tau })
	for i := n - 1; i >= 0 && c.list[i].entity == e && c.most[i] > after; i-- {
		if at := c.list[i].at; at > after && at < before {
			out = append(out, at)
		}
	}
	return out
}

// changes finds the changes, up to a moment of knowledge, of every use that a use looks up; nil where all that an event may see is known when
// the event is.
func (r *runner) changes(ctx context.Context, u *useRun, h *heldEvents, last int64) ([]*changes, error) {
	event := make([]uint32, len(h.tau))
	known := make([]int64, len(h.tau))
	early := false
	for i := range event {
		event[i], known[i] = uint32(i), last // who is looked up may look up in turn, and changes as late
		early = early || h.fromOf(i) < h.tau[i]
	}
	req := r.asking(u, h, event, known)
	if !early && r.settled(req) {
		return nil, nil
	}
	in := newRunner(*req, r.scope)
	defer in.close()
	if err := in.prepare(); err != nil {
		return nil, err
	}
	var out []*changes
	for i, x := range in.uses {
		x.changes = &changes{early: early, ids: in.ids[i]}
		out = append(out, x.changes)
	}
	if err := in.readSources(ctx); err != nil {
		return nil, err
	}
	for _, c := range out {
		c.settle()
	}
	return out, nil
}

// settled reports whether every row that can be looked up is known from its own event time on, for ever.
func (r *runner) settled(req *Request) bool {
	for _, u := range req.Plan.Uses {
		if u.Lookup != nil {
			return false
		}
		for _, s := range u.Sources {
			if src := s.Source; src.EventTime != "" && (!r.prunable(src) || src.KnowledgeDelay.Or(0) != 0 || src.Operation != "") {
				return false
			}
		}
	}
	return true
}
