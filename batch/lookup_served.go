// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"cmp"
	"slices"
	"sort"

	"selfsame"
	"selfsame/compute/pit"
	"selfsame/plan"
)

// Served rows each have a cut of their own, by position, and such cuts form no stretches of knowledge. So each row asks alone, as the online read
// did that it was: the events in its windows, as its cut shows them, look up with that cut, and go to the sweep as events of that row.

// servedPairs is how many events of rows look up in one run, about.
const servedPairs = 1 << 19

// apart is the rows of a served run as entities of their own.
type apart struct {
	entity []uint32   // of each row: its number, or NoEntity
	rowsOf [][]uint32 // of each key: the rows that ask about it, ascending
}

// apart makes the rows entities of their own, where a use looks others up in a served run; nil elsewhere.
func (r *runner) apart(u *plan.Use, i int) *apart {
	if u.Lookup == nil || !r.Mode.Served {
		return nil
	}
	keys := 1
	if r.keys[i] != nil {
		keys = r.keys[i].len()
	}
	a := &apart{rowsOf: make([][]uint32, keys)}
	for row, key := range r.ids[i] {
		if key == pit.NoEntity {
			a.entity = append(a.entity, pit.NoEntity)
			continue
		}
		a.entity = append(a.entity, uint32(row))
		a.rowsOf[key] = append(a.rowsOf[key], uint32(row))
	}
	return a
}

// fanOut gives every row the held events that its windows reach and its cut shows, some rows at a time.
func (r *runner) fanOut(u *useRun, h *heldEvents, give func(*versions) error) error {
	known, err := r.cuts(u.use)
	if err != nil {
		return err
	}
	events := make([][]uint32, len(u.apart.rowsOf))
	for i := range h.tau {
		key := uint32(0)
		if h.key != nil {
			key = h.key[i]
		}
		events[key] = append(events[key], uint32(i))
	}
	v := &versions{}
	for key, rows := range u.apart.rowsOf {
		of := events[key]
		slices.SortStableFunc(of, func(a, b uint32) int { return cmp.Compare(h.tau[a], h.tau[b]) })
		for _, row := range rows {
			lower, upper, err := timeRange(u.use, r.Rows.At[row:row+1])
			if err != nil {
				return err
			}
			first := sort.Search(len(of), func(k int) bool { return h.tau[of[k]] >= lower })
			for _, i := range of[first:] {
				if h.tau[i] >= upper && upper != selfsame.MaxTime {
					break
				}
				if from, until := h.fromOf(int(i)), h.untilOf(int(i)); from <= known[row] && known[row] < until {
					v.event, v.row, v.from, v.until = append(v.event, i), append(v.row, row), append(v.from, from), append(v.until, until)
				}
			}
			if len(v.event) >= servedPairs {
				if err := give(v); err != nil {
					return err
				}
				*v = versions{}
			}
		}
	}
	return give(v)
}

// askServed makes rows that ask for events know what the rows know that ask about those; own is that by α, nil where their cuts alone say it.
func (r *runner) askServed(rows *EntityRows, v *versions, own []int64) {
	rows.Cut = nil
	for _, row := range v.row {
		c := r.Rows.Served[row]
		c.Past = false
		rows.Served = append(rows.Served, c)
		if own != nil {
			rows.most = append(rows.most, own[row])
		}
	}
}

// withLookups appends the uses of a plan and of all that they look up.
func withLookups(out []*plan.Use, p *plan.Plan) []*plan.Use {
	for _, u := range p.Uses {
		if out = append(out, u); u.Lookup != nil {
			out = withLookups(out, u.Lookup)
		}
	}
	return out
}
