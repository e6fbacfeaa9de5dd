// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"fmt"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// TestRowsThatCountAndDoNot asks one entity again and again, with rows that are events of their question and rows that are none, and holds its
// answers to those of an entity that is asked for the first time (P2): what a row put into a kernel goes with it.
func TestRowsThatCountAndDoNot(t *testing.T) {
	floats := selfsame.Scalar(selfsame.Float64)
	for _, events := range []int{0, 1, 2, 200} {
		spec := Spec{Name: "v", Columns: []selfsame.Type{floats, floats}}
		for _, f := range aggregate.All() {
			for args := 1; args <= 2; args++ {
				call, err := aggregate.Bind(f, aggregate.CallSpec{Args: []selfsame.Type{floats, floats}[:args], MaxValues: 1000})
				if err != nil {
					continue // it takes others
				}
				for _, w := range []selfsame.Window{{Request: true}, {Kind: selfsame.Sliding, Length: 150, Request: true}, {Kind: selfsame.LastRows, Rows: 100, Request: true}} {
					spec.Cells = append(spec.Cells, Cell{Call: call, Args: []int{0, 1}[:args], Filter: -1, Window: w})
				}
			}
		}
		if len(spec.Cells) < 60 {
			t.Fatalf("only %d cells", len(spec.Cells))
		}
		e := newTestEntity(t, spec)
		history := historyOf(events)
		e.Load(history)
		for k, counts := range []bool{true, false, true, true, false, false, true, false} {
			fresh := newTestEntity(t, spec)
			fresh.Load(historyOf(events))
			ask := &Ask{At: []int64{int64(events)}, Request: &RequestRows{Counts: []bool{counts}, Columns: []*column.Column{{Type: floats, Floats: []float64{float64(k) + 0.5}},
				{Type: floats, Floats: []float64{float64(7 - k)}}}}}
			got, want := answers(t, e, ask, spec), answers(t, fresh, ask, spec)
			for c := range want {
				if got[c] != want[c] {
					t.Fatalf("%d events, question %d, %s over %+v: got %s, want %s", events, k, spec.Cells[c].Call.Func.Name, spec.Cells[c].Window, got[c], want[c])
				}
			}
		}
	}
}

// historyOf is n events at 0, 1, 2, …
func historyOf(n int) *EntityEvents {
	floats := selfsame.Scalar(selfsame.Float64)
	out := &EntityEvents{Columns: []*column.Column{column.New(floats, n), column.New(floats, n)}}
	for i := range n {
		out.Tau, out.Seq = append(out.Tau, int64(i)), append(out.Seq, int64(i))
		out.Columns[0].Floats, out.Columns[1].Floats = append(out.Columns[0].Floats, float64(i%13)), append(out.Columns[1].Floats, float64(i%7))
	}
	return out
}

// answers are the values of every cell, framed.
func answers(t *testing.T, e *Entity, ask *Ask, spec Spec) []string {
	t.Helper()
	var out []*column.Column
	for i := range spec.Cells {
		out = append(out, column.New(spec.Cells[i].Call.Result, 1))
	}
	if err := e.Eval(ask, out, nil); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, c := range out {
		texts = append(texts, fmt.Sprintf("%x", c.AppendFramed(nil, 0)))
	}
	return texts
}
