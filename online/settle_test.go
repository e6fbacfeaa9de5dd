// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package online

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"selfsame"
	"selfsame/column"
)

// twin says of each row, by its place, when its visibility ends: the naive reading of a set of rows and retractions.
type twin struct {
	tau  map[place]int64
	ends []Retraction
}

func (w *twin) lines() []string {
	var out []string
	for at, tau := range w.tau {
		seq, alpha := selfsame.MaxTime, selfsame.MaxTime
		for _, x := range w.ends {
			if x.Target == at.seq {
				seq, alpha = min(seq, x.Seq), min(alpha, x.Alpha)
			}
		}
		out = append(out, fmt.Sprint(at, tau, seq, alpha))
	}
	slices.Sort(out)
	return out
}

func (r *Rows) lines() []string {
	var out []string
	for i, s := range r.Seq {
		seq, alpha := selfsame.MaxTime, selfsame.MaxTime
		if r.UntilSeq != nil {
			seq, alpha = r.UntilSeq[i], r.UntilAlpha[i]
		}
		if tau := r.Columns[0].Ints[i]; tau != r.Tau[i] {
			return []string{fmt.Sprintf("row %d: its column holds %d, its τ is %d", i, tau, r.Tau[i])}
		}
		out = append(out, fmt.Sprint(place{s, r.Place[i]}, r.Tau[i], seq, alpha))
	}
	slices.Sort(out)
	return out
}

// TestSettle gives rows and retractions in random order, many of them twice, in several runs with a Settle after each (M1).
func TestSettle(t *testing.T) {
	l := &Layout{Hash: true, Order: selfsame.Scalar(selfsame.Int64), Columns: []selfsame.Type{selfsame.Scalar(selfsame.Int64)}}
	var r Rows
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(9, seed))
		w := &twin{tau: map[place]int64{}}
		r.Reset()
		r.Settle()
		for run := range 3 {
			b := drawnRun(rng, l, w)
			if err := l.Decode(&r, b); err != nil {
				t.Fatal(err)
			}
			r.Settle()
			if got, want := r.lines(), w.lines(); !slices.Equal(got, want) {
				t.Fatalf("seed %d, run %d:\n got %v\nwant %v", seed, run, got, want)
			}
			if r.UntilSeq != nil && len(r.UntilSeq) != r.Len() || len(r.Hash) != r.Len() || r.Order.Len() != r.Len() {
				t.Fatalf("seed %d: slices of different length", seed)
			}
		}
	}
}

func drawnRun(rng *rand.Rand, l *Layout, w *twin) []byte {
	var b []byte
	c := column.New(l.Columns[0], 1)
	next := int64(rng.IntN(10))
	for range rng.IntN(12) {
		if rng.IntN(4) == 0 {
			x := Retraction{Target: int64(rng.IntN(24) - 6), Seq: int64(rng.IntN(50)), Alpha: int64(rng.IntN(50))}
			w.ends = append(w.ends, x)
			b = AppendRetraction(b, x.Target, x.Seq, x.Alpha)
			continue
		}
		at := place{seq: next, place: uint8(rng.IntN(5) / 4)}
		if next++; rng.IntN(3) == 0 {
			at.seq = int64(rng.IntN(18) - 6)
		}
		tau := at.seq*2 + int64(at.place)
		w.tau[at] = tau
		c.Reset()
		c.Append(selfsame.Value{Type: c.Type, Int: tau})
		b = l.AppendRow(b, Head{Seq: at.seq, Tau: tau, Alpha: tau, Place: at.place}, c, []*column.Column{c}, 0)
	}
	return b
}

func TestRowsInTheOrderOfTheLogAreNotLookedUp(t *testing.T) {
	l := &Layout{}
	var r Rows
	var b []byte
	for _, seq := range []int64{-1, 0, -2, 1, 5, -9} {
		b = l.AppendRow(b, Head{Seq: seq}, nil, nil, 0)
	}
	if err := l.Decode(&r, b); err != nil {
		t.Fatal(err)
	}
	if r.Settle(); r.seen != nil || r.Len() != 6 {
		t.Errorf("%d rows, looked up %v", r.Len(), slices.Collect(maps.Keys(r.seen)))
	}
}
