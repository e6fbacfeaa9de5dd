// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"math/rand/v2"
	"slices"
	"testing"

	"selfsame"
)

// TestEntityPrefix folds the oldest events of lifetime cells away and gets the values of all events.
func TestEntityPrefix(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 9))
		w := newEntityWorld(r, []knowledge{inTime, late, retracted}[r.IntN(3)], false)
		for i := range w.spec.Cells {
			if c := &w.spec.Cells[i]; c.Call.NewState == nil {
				c.Call, c.Args = realCall(r)
			}
			if r.IntN(3) > 0 {
				w.spec.Cells[i].Window = selfsame.Window{Request: r.IntN(2) == 0}
			}
		}
		w.spec.Cells[0].Window = selfsame.Window{}
		slices.SortStableFunc(w.rows, func(a, b entityRow) int { return compareEvents(a.event, b.event, false) })
		cut := r.IntN(len(w.rows) + 1)
		all := w.rows
		for i := range all[:cut] { // what is folded is long known, never ends and is no error
			e := *all[i].event
			e.from, e.until = selfsame.MinTime, selfsame.MaxTime
			e.values = slices.Clone(e.values)
			for c := range e.values {
				if e.values[c].Status.IsError() {
					e.values[c] = selfsame.Value{Type: testColumns[c], Status: selfsame.Null}
				}
			}
			all[i] = entityRow{event: &e, seq: -1 - int64(i), untilSeq: selfsame.MaxTime}
		}
		e := newTestEntity(t, w.spec)
		n := cut + r.IntN(len(all)-cut+1)
		e.Load(w.bring(all[cut:n]))
		var cells []int
		for i, c := range w.spec.Cells {
			state := c.Call.NewState()
			for _, row := range all[:cut] {
				filter := selfsame.Value{Int: 1}
				if c.Filter >= 0 {
					filter = row.values[c.Filter]
				}
				if filter.Status != selfsame.Present || filter.Int != 1 {
					continue
				}
				f := fold{}
				state.Add(f.event(&c, w.bring([]entityRow{row}), 0))
			}
			if err := e.SetPrefix(i, state.AppendTo(nil)); err != nil {
				t.Fatal(err)
			}
			if c.Window.Kind == selfsame.Lifetime {
				cells = append(cells, i)
			}
		}
		w.rows = slices.Clone(all[:n])
		w.askFolded(t, r, e, cells, all[:cut])
		for ; n < len(all); n++ {
			e.Append(w.bring(all[n : n+1]))
			w.rows = append(w.rows, all[n])
			if r.IntN(3) == 0 && n > cut {
				w.end(t, r, e, cut)
			}
			w.askFolded(t, r, e, cells, all[:cut])
		}
	}
}

// end retracts a random row behind the first cut ones.
func (w *entityWorld) end(t *testing.T, r *rand.Rand, e *Entity, cut int) {
	t.Helper()
	row := &w.rows[cut+r.IntN(len(w.rows)-cut)]
	if row.untilSeq != selfsame.MaxTime {
		return
	}
	ended := *row.event
	ended.until = saturated(max(ended.from, ended.tau), r.Int64N(5))
	row.event, row.untilSeq = &ended, int64(len(w.rows))
	if !e.Retract(row.seq, row.untilSeq, ended.until) {
		t.Fatal("the event is not there")
	}
}

// askFolded asks about the lifetime cells at times behind the folded events.
func (w *entityWorld) askFolded(t *testing.T, r *rand.Rand, e *Entity, cells []int, folded []entityRow) {
	t.Helper()
	a := w.question(r)
	a.Cells = cells
	for i := range a.At {
		for _, f := range folded {
			if a.At[i] <= f.tau {
				a.At[i] = saturated(f.tau, 1)
			}
		}
	}
	if len(folded) > 0 && slices.Contains(a.At, selfsame.MaxTime) {
		return
	}
	out, _ := w.answer(t, e, a)
	for k := range a.At {
		values, _ := w.oracle(a, k)
		for i, c := range cells {
			w.equal(t, a, k, c, out[i].Value(k), values[c])
		}
	}
}
