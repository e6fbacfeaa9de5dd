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

// requestCells are cells of every aggregate that takes a number or two, over windows that count the row that asks.
func requestCells(t *testing.T) []Cell {
	t.Helper()
	floats := selfsame.Scalar(selfsame.Float64)
	var cells []Cell
	for _, f := range aggregate.All() {
		for args := range 3 {
			for _, c := range []aggregate.CallSpec{{Star: args == 0}, {}, {HalfLife: 7 * selfsame.Hour, Step: selfsame.Hour}, {Distinct: true},
				{Consts: []selfsame.Value{{Type: selfsame.Scalar(selfsame.Int64), Int: 2}}}} {
				c.Args, c.MaxValues = []selfsame.Type{floats, floats}[:args], 1000
				call, err := aggregate.Bind(f, c)
				if err != nil {
					continue // it takes others
				}
				for _, w := range []selfsame.Window{{Request: true}, {Kind: selfsame.Sliding, Length: 90 * selfsame.Hour, Request: true},
					{Kind: selfsame.LastRows, Rows: 40, Request: true}, {Kind: selfsame.Session, Gap: 2 * selfsame.Hour, Max: 100 * selfsame.Hour, Request: true}} {
					cells = append(cells, Cell{Call: call, Args: []int{0, 1}[:args], Filter: -1, Window: w})
				}
			}
		}
	}
	if len(cells) < 150 {
		t.Fatalf("only %d cells", len(cells))
	}
	return cells
}

// ownRow is a question at T whose row is an event where counts says so; k makes its fields.
func ownRow(at int64, counts bool, k int) *Ask {
	floats := selfsame.Scalar(selfsame.Float64)
	return &Ask{At: []int64{at}, Request: &RequestRows{Counts: []bool{counts}, Columns: []*column.Column{{Type: floats, Floats: []float64{float64(k) + 0.5}},
		{Type: floats, Floats: []float64{float64(7 - k)}}}}}
}

// TestRowsThatCountAndDoNot asks one entity again and again, with rows that are events of their question and rows that are none, at times with
// and without events behind them, and holds its answers to those of an entity that has no event behind T and is asked for the first time (P1,
// P2): what a row put into a kernel goes with it, and it stands behind the events before it alone.
func TestRowsThatCountAndDoNot(t *testing.T) {
	floats := selfsame.Scalar(selfsame.Float64)
	spec := Spec{Name: "v", Columns: []selfsame.Type{floats, floats}, Cells: requestCells(t)}
	for _, events := range []int{0, 1, 2, 200} {
		e := newTestEntity(t, spec)
		e.Load(historyOf(events))
		for k, counts := range []bool{true, false, true, true, false, false, true, false, true, true, true, false, true} {
			before := events
			if k > 5 {
				before = events * ((k * 5) % 7) / 7
			}
			fresh := newTestEntity(t, spec)
			fresh.Load(historyOf(before))
			ask := ownRow(int64(before)*selfsame.Hour, counts, k)
			got, want := answers(t, e, ask, spec), answers(t, fresh, ask, spec)
			for c := range want {
				if got[c] != want[c] {
					t.Errorf("%d events, question %d behind %d, %s%v over %+v: got %s, want %s", events, k, before, spec.Cells[c].Call.Func.Name, spec.Cells[c].Call.Spec.Args,
						spec.Cells[c].Window, got[c], want[c])
				}
			}
		}
	}
}

// historyOf is n events, one an hour.
func historyOf(n int) *EntityEvents {
	floats := selfsame.Scalar(selfsame.Float64)
	out := &EntityEvents{Columns: []*column.Column{column.New(floats, n), column.New(floats, n)}}
	for i := range n {
		out.Tau, out.Seq = append(out.Tau, int64(i)*selfsame.Hour), append(out.Seq, int64(i))
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
