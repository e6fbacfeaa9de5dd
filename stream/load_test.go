// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
	"selfsame/plan"
)

// withHistory puts n entries of history before a log that begins at offset 0: known at their event time, which is before the log's.
func withHistory(r *rand.Rand, p *selfsame.Project, log []entry, n int) []entry {
	var all []entry
	for i := range n {
		e := drawEntry(r, p.Sources[r.IntN(len(p.Sources))], 1_700_000_000_000_000-2*selfsame.Hour)
		e.alpha, e.at = e.tau, i
		e.seq = HistorySeq(slices.Index(p.Sources, e.src), int64(i))
		all = append(all, e)
	}
	for _, e := range log {
		e.at += n
		all = append(all, e)
	}
	return all
}

// fillWith hands over entries [lo, hi) of history as the contract resolves it, in a random order.
func fillWith(r *rand.Rand, history []entry, lo, hi int) func(context.Context, []*plan.State, *Sink) error {
	return func(_ context.Context, fresh []*plan.State, to *Sink) error {
		for _, s := range fresh {
			for _, i := range r.Perm(len(history)) {
				if i < lo || i >= hi {
					continue
				}
				if err := to.Events(s, resolved(s, &history[i], history)); err != nil {
					return err
				}
			}
		}
		for _, i := range r.Perm(len(history)) {
			if i < lo || i >= hi {
				continue
			}
			e := &history[i]
			in := &Entries{Source: e.src, Rows: column.NewBatch(e.src.Schema, 0), Seq: []int64{e.seq}, Tau: []int64{e.tau}, Alpha: []int64{e.alpha}}
			if e.src.Operation != "" {
				in.Ops = []eventlog.Op{e.op}
			}
			e.appendTo(in.Rows)
			if i%3 == 0 { // beside one that is to be passed over
				e.appendTo(in.Rows)
				in.Seq, in.Tau, in.Alpha, in.Admitted = append(in.Seq, -1), append(in.Tau, e.tau), append(in.Alpha, e.alpha), []bool{true, false}
				if in.Ops != nil {
					in.Ops = append(in.Ops, e.op)
				}
			}
			if err := to.Remember(in); err != nil {
				return err
			}
		}
		return nil
	}
}

// resolved is an entry of history as one state gets it, empty where it gets none.
func resolved(s *plan.State, e *entry, history []entry) *Events {
	view := s.Use.View.Name
	out := &Events{}
	for _, t := range s.Use.Spec.Columns {
		out.Columns = append(out.Columns, column.New(t, 0))
	}
	if !strings.HasPrefix(view, e.src.Name+"_") || lostOf(e, history) {
		return out
	}
	key, ok := wantOf(view, e)
	if !ok {
		return out
	}
	out.KeyBytes = []byte(keyBytes(key))
	out.KeyEnds, out.Seq, out.Tau, out.Alpha, out.Hash = []int{len(out.KeyBytes)}, []int64{e.seq}, []int64{e.tau}, []int64{e.alpha}, []uint64{0}
	out.UntilSeq, out.UntilAlpha = []int64{selfsame.MaxTime}, []int64{selfsame.MaxTime}
	if s.Use.Spec.AsOf {
		out.Delete = []bool{e.src.Operation != "" && e.op == eventlog.Delete}
	} else if goneOf(e, history, axis{bound: 0}) {
		out.UntilSeq[0] = -1
		for i := range history {
			if a := (axis{byAlpha: true, bound: history[i].alpha}); goneOf(e, history, a) {
				out.UntilAlpha[0] = min(out.UntilAlpha[0], a.bound)
			}
		}
	}
	for _, c := range out.Columns {
		c.AppendStatus(selfsame.Null)
	}
	return out
}

// TestLoadedHistoryIsTheContract: history that was loaded at any cut of the log, and the log from there on, show what the contract says of both; a restart and
// what comes after change nothing.
func TestLoadedHistoryIsTheContract(t *testing.T) {
	p, uses := usesOf(t, fmt.Sprintf(world, viewsOf(worldSources...)))
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 13))
		whole, entries := draw(r, p, 20)
		all := withHistory(r, p, entries, 25)
		l, store := &listLog{}, newMapStore()
		d := openOver(t, store, l, uses, Options{})
		cut := r.IntN(len(whole.blocks))
		for i, b := range whole.blocks {
			if i == cut {
				load := Load{Uses: uses, Again: func(string) bool { return true }, Now: b.Alpha, Fill: fillWith(r, all[:25], 0, 25)}
				if err := d.Load(t.Context(), load); err != nil {
					t.Fatal(err)
				}
			}
			if i == cut+4 {
				d = openOver(t, store, l, uses, Options{})
			}
			l.push(b)
			if _, err := d.Apply(t.Context(), []*eventlog.Block{b}); err != nil {
				t.Fatal(err)
			}
		}
		checkStates(t, d, store, all)
	}
}
