// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// This file is about one hot key whose events go again, some of them, and windows that are no runs behind the first that goes.

// retractedWindows are forms of window that are walked, over a key with `span` microseconds of events.
func retractedWindows(span int64) []selfsame.Window {
	return []selfsame.Window{
		{Kind: selfsame.Session, Gap: 30, Max: selfsame.DayLength}, {Kind: selfsame.Session, Gap: 2, Max: span / 3}, {Kind: selfsame.LastRows, Rows: span / 4},
		{Kind: selfsame.LastRows, Rows: span / 5, Skip: 7}, {Kind: selfsame.LastRows, Rows: span, Within: span / 6}, {Kind: selfsame.LastRows, Rows: 2},
		{Request: true}, {Kind: selfsame.Sliding, Length: span / 3, Request: true}, {Kind: selfsame.LastRows, Rows: span / 5, Request: true},
		{Kind: selfsame.Session, Gap: 3, Max: span, Request: true}, {Kind: selfsame.Sliding, Length: span, Chosen: "a", Request: true},
	}
}

// retractedWorld is one key with an event a microsecond, about, of which one in so many goes and one in so many comes late, and rows that follow them.
func retractedWorld(r *rand.Rand, events, rows, oneIn int) *world {
	w := &world{spec: Spec{Name: "v", Columns: testColumns, Detail: true, NeedOrder: true, OrderType: selfsame.Scalar(selfsame.Int64)}, rows: Rows{Entities: 1}}
	b := &Block{From: []int64{}, Until: []int64{}, Order: column.New(selfsame.Scalar(selfsame.Int64), 0)}
	for _, t := range testColumns {
		b.Columns = append(b.Columns, column.New(t, 0))
	}
	for i := range events {
		e := &event{tau: int64(i + r.IntN(3)), until: selfsame.MaxTime, hash: r.Uint64(), fromSet: true, untilSet: true, order: selfsame.Value{Type: b.Order.Type}, values: randomValues(r)}
		if e.from = e.tau; r.IntN(oneIn) == 0 {
			e.from += r.Int64N(int64(events) / 4)
		}
		if r.IntN(oneIn) == 0 {
			e.until = e.from + r.Int64N(int64(events)/4)
		}
		w.add(b, e)
	}
	w.blocks = []*Block{b}
	for range rows {
		at := r.Int64N(int64(events) + 20)
		w.rows.Entity, w.rows.At, w.rows.Known = append(w.rows.Entity, 0), append(w.rows.At, at), append(w.rows.Known, at)
	}
	return w
}

// TestRetractionsAreBruteForce compares every form of window of such a key with the contract's own words, for rows that are one chain of cuts and rows that
// are several.
func TestRetractionsAreBruteForce(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 41))
		w := retractedWorld(r, 250, 120, 2+r.IntN(40))
		if seed%3 == 0 { // a lag that changes once
			for i, at := range w.rows.At {
				if at > 100 {
					w.rows.Known[i] -= 40
				}
			}
		}
		for i, win := range retractedWindows(250) {
			if (uint64(i)+seed)%2 > 0 {
				continue
			}
			cell := Cell{Filter: -1, Window: win, Args: []int{0}, Call: digestCall(selfsame.Int64, true, "")}
			if i%3 == 2 {
				cell.Filter = 1
			}
			if i%4 == 0 {
				cell.Call, cell.Args = realCall(r)
			}
			w.spec.Cells = append(w.spec.Cells, cell)
		}
		w.rows.Request = randomRequest(r, &w.spec, len(w.rows.At))
		t.Logf("seed %d", seed)
		w.check(t, w.run(t, Options{Threads: 1}))
	}
}

// countingKernel counts how often an event enters or leaves its set.
type countingKernel struct {
	aggregate.Kernel
	changes *int
}

func (k countingKernel) Add(i int32) {
	*k.changes++
	k.Kernel.Add(i)
}

func (k countingKernel) Remove(i int32) {
	*k.changes++
	k.Kernel.Remove(i)
}

// TestRetractionsMoveLittle counts what enters and leaves: about what there is, not that again for every row.
func TestRetractionsMoveLittle(t *testing.T) {
	const n = 8000
	sum, err := aggregate.Bind(aggregate.Lookup("sum"), aggregate.CallSpec{Args: testColumns[:1], MaxValues: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, win := range retractedWindows(n) {
		w := retractedWorld(rand.New(rand.NewPCG(5, 42)), n, n, 100)
		w.rows.Request = &RequestRows{Counts: slices.Repeat([]bool{true}, n), Lengths: map[string][]int64{"a": slices.Repeat([]int64{n / 3}, n)}, Columns: make([]*column.Column, len(testColumns))}
		w.rows.Request.Columns[0] = column.Make(testColumns[0], n)
		changes := 0
		call := *sum
		call.NewKernel = func(members []*aggregate.Call) aggregate.Kernel {
			return countingKernel{sum.NewKernel(members), &changes}
		}
		w.spec.Detail, w.spec.Cells = false, []Cell{{Call: &call, Args: []int{0}, Filter: -1, Window: win}}
		w.run(t, Options{Threads: 1})
		if changes > 20*n {
			t.Errorf("over %+v: %d events entered or left, of %d", win, changes, n)
		}
	}
}

// TestRetractionsBehindAFilter looks for the newest used event of windows in which a filter lets nothing pass. It would take many minutes, were each row to go back over its window.
func TestRetractionsBehindAFilter(t *testing.T) {
	const n = 100_000
	w := retractedWorld(rand.New(rand.NewPCG(5, 43)), n, n, 100)
	w.blocks[0].Columns[1] = column.Make(testColumns[1], n)
	w.blocks[0].Columns[0].Status = nil
	sum, err := aggregate.Bind(aggregate.Lookup("sum"), aggregate.CallSpec{Args: testColumns[:1], MaxValues: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, win := range []selfsame.Window{{}, {Kind: selfsame.LastRows, Rows: n / 2}, {Kind: selfsame.Session, Gap: 30, Max: selfsame.DayLength}} {
		w.spec.Cells = append(w.spec.Cells, Cell{Call: sum, Args: []int{0}, Filter: 1, Window: win})
	}
	for i, newest := range everything(w.run(t, Options{Threads: 1})).Newest {
		if k := slices.IndexFunc(newest, func(tau int64) bool { return tau != selfsame.MinTime }); k >= 0 {
			t.Errorf("%s: row %d used an event at %d", w.describe(i), k, newest[k])
		}
	}
}

// BenchmarkRetractions is one key, as many rows as events, one event in a hundred deleted: nanoseconds an event for windows of sessions and of rows.
func BenchmarkRetractions(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		for _, of := range []struct {
			name, call string
			window     selfsame.Window
		}{
			{"session/sum", "sum", selfsame.Window{Kind: selfsame.Session, Gap: 30, Max: selfsame.DayLength}}, {"rows/sum", "sum", selfsame.Window{Kind: selfsame.LastRows, Rows: int64(n) / 4}},
			{"rows/max_gap", "max_gap", selfsame.Window{Kind: selfsame.LastRows, Rows: int64(n) / 4}}, {"rows/drawdown", "drawdown", selfsame.Window{Kind: selfsame.LastRows, Rows: int64(n) / 4}},
		} {
			b.Run(fmt.Sprint(of.name, "/", n), func(b *testing.B) {
				w := retractedWorld(rand.New(rand.NewPCG(5, 42)), n, n, 100)
				call, err := aggregate.Bind(aggregate.Lookup(of.call), aggregate.CallSpec{Args: testColumns[:1], MaxValues: 1 << 40})
				if err != nil {
					b.Fatal(err)
				}
				w.spec.Detail, w.spec.Cells = false, []Cell{{Call: call, Args: []int{0}, Filter: -1, Window: of.window}}
				rows := w.rows
				for b.Loop() {
					s, err := New(w.spec, rows, Options{Threads: 1})
					if err != nil {
						b.Fatal(err)
					}
					if err := s.Add(0, w.blocks[0]); err != nil {
						b.Fatal(err)
					}
					if _, err := s.Run(b.Context()); err != nil {
						b.Fatal(err)
					}
					if err := s.Close(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/event")
			})
		}
	}
}
