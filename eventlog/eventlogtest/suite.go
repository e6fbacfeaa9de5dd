// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package eventlogtest is the conformance suite of eventlog.Log: what an adapter must do, as tests. An adapter's own test calls Run; the abilities
// of eventlog.Sider, eventlog.SideTrimmer and eventlog.Trimmer are part of it: a log without one fails.
//
// It is not a test of speed and knows no adapter. Run may be called by several tests at once.
package eventlogtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/eventlog"
)

// Place opens the log of one place: an empty log first and, when the last one was closed, what that one held. now is its clock.
type Place func(now func() int64) (eventlog.Log, error)

// Run runs the suite. fresh gives a place for each of its tests.
func Run(t *testing.T, fresh func(t *testing.T) Place) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, place Place)
	}{
		{"RandomAppends", randomAppends},
		{"ArrivalsAscend", arrivalsAscend},
		{"RefusedRowsHaveNoOffset", refusedRowsHaveNoOffset},
		{"SideLogIsOrdered", sideLogIsOrdered},
		{"ReadersSeeWholeAppends", readersSeeWholeAppends},
		{"VisitEndsARead", visitEndsARead},
		{"SideLogForgets", sideLogForgets},
		{"TrimForgets", trimForgets},
		{"ReadersMeetATrim", readersMeetATrim},
		{"ClosedIsRefused", closedIsRefused},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, fresh(t)) })
	}
}

func open(t *testing.T, place Place, now func() int64) eventlog.Log {
	t.Helper()
	l, err := place(now)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// ability returns the log as T.
func ability[T any](t *testing.T, l eventlog.Log) T {
	t.Helper()
	a, ok := l.(T)
	if !ok {
		t.Fatalf("%T is no %s", l, reflect.TypeFor[T]())
	}
	return a
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Lines reads [from, to) as one line a row: offset, α, τ, operation and the row.
func Lines(l eventlog.Log, from, to int64) ([]string, error) {
	var out []string
	err := l.Read(context.Background(), from, to, func(b *eventlog.Block) error {
		if err := b.Rows.Check(); err != nil || len(b.Tau) != b.Rows.Rows || b.Ops != nil && len(b.Ops) != b.Rows.Rows {
			return fmt.Errorf("a block of %d rows has %d times and %d operations, %w", b.Rows.Rows, len(b.Tau), len(b.Ops), err)
		}
		out = append(out, LinesOf(b)...)
		return nil
	})
	return out, err
}

// LinesOf is the lines of one block.
func LinesOf(b *eventlog.Block) []string {
	var out []string
	for i := range b.Rows.Rows {
		op := eventlog.Insert
		if b.Ops != nil {
			op = b.Ops[i]
		}
		var row []string
		for _, c := range b.Rows.Columns {
			row = append(row, fmt.Sprintf("%x", c.AppendFramed(nil, i)))
		}
		out = append(out, fmt.Sprintf("%d %s α=%d τ=%d %s %s", b.First+int64(i), b.Name, b.Alpha, b.Tau[i], op, strings.Join(row, " ")))
	}
	return out
}

// randomAppends appends groups of blocks of two sources and reads ranges, over several openings.
func randomAppends(t *testing.T, place Place) {
	const seed = 5
	rng := rand.New(rand.NewPCG(seed, 0))
	now := Start
	clock := func() int64 { return now }
	l := open(t, place, clock)
	var want []string
	alpha := selfsame.MinTime
	for step := range 120 {
		now += int64(rng.IntN(3))
		group := Group(rng, now)
		must(t, l.Append(context.Background(), group, selfsame.MinTime))
		for _, a := range group {
			if a.Alpha <= alpha {
				t.Fatalf("seed %d, step %d: α %d after %d", seed, step, a.Alpha, alpha)
			}
			if a.Admitted != nil {
				if a.Admitted.First != int64(len(want)) {
					t.Fatalf("seed %d, step %d: offset %d after %d rows", seed, step, a.Admitted.First, len(want))
				}
				want = append(want, LinesOf(a.Admitted)...)
			}
		}
		if len(group) > 0 {
			alpha = group[0].Alpha
		}
		if rng.IntN(20) == 0 {
			must(t, l.Close())
			l = open(t, place, clock)
		}
		if next, _ := l.End(); next != int64(len(want)) {
			t.Fatalf("seed %d, step %d: the log ends at %d, want %d", seed, step, next, len(want))
		}
		from, to := rng.Int64N(int64(len(want)+1)), rng.Int64N(int64(len(want)+3))
		got, err := Lines(l, from, to)
		must(t, err)
		if part := want[from:max(from, min(to, int64(len(want))))]; !slices.Equal(got, part) {
			t.Fatalf("seed %d, step %d: [%d, %d) gives\n%s\nwant\n%s", seed, step, from, to, strings.Join(got, "\n"), strings.Join(part, "\n"))
		}
	}
	if len(want) < 300 {
		t.Fatalf("only %d rows were admitted", len(want))
	}
}

func arrivalsAscend(t *testing.T, place Place) {
	now := Start
	clock := func() int64 { return now }
	l := open(t, place, clock)
	if next, alpha := l.End(); next != 0 || alpha != selfsame.MinTime {
		t.Errorf("an empty log ends at %d, %d", next, alpha)
	}
	for _, c := range []struct{ now, floor, want int64 }{
		{Start, selfsame.MinTime, Start}, {Start, selfsame.MinTime, Start + 1}, {Start - 1000, selfsame.MinTime, Start + 2}, {Start, Start + 100, Start + 100},
		{Start + 200, Start + 100, Start + 200}, {Start + 200, 0, Start + 201},
	} {
		now = c.now
		group := []*eventlog.Append{Row("a", now), Row("b", now)}
		must(t, l.Append(context.Background(), group, c.floor))
		if _, alpha := l.End(); group[0].Alpha != c.want || group[1].Admitted.Alpha != c.want || alpha != c.want {
			t.Errorf("at %d with floor %d: α %d and %d, the end says %d, want %d", c.now, c.floor, group[0].Alpha, group[1].Admitted.Alpha, alpha, c.want)
		}
	}
	must(t, l.Close())
	now = Start
	l = open(t, place, clock)
	a := Row("c", now)
	must(t, l.Append(context.Background(), []*eventlog.Append{a}, 0))
	if a.Alpha != Start+202 {
		t.Errorf("after opening anew, with a clock that went back: α %d, want %d", a.Alpha, Start+202)
	}
}

// readersSeeWholeAppends reads beside an appender whose appends are two blocks of three rows.
func readersSeeWholeAppends(t *testing.T, place Place) {
	now := Start
	l := open(t, place, func() int64 { return now })
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < 60 && err == nil; i++ {
			group := []*eventlog.Append{Rows("x", Start, 3), Rows("y", Start, 3)}
			err = l.Append(context.Background(), group, 0)
		}
		done <- err
	}()
	last := int64(0)
	for writing := true; writing; {
		select {
		case err := <-done:
			must(t, err)
			writing = false
		default:
		}
		next, _ := l.End()
		rows := int64(0)
		must(t, l.Read(context.Background(), 0, selfsame.MaxTime, func(b *eventlog.Block) error {
			if b.First != rows {
				return fmt.Errorf("a block at %d follows %d rows", b.First, rows)
			}
			rows = b.Next()
			return nil
		}))
		if rows < next || next < last || rows%6 != 0 || next%6 != 0 {
			t.Fatalf("a read found %d rows where the log ended at %d before it", rows, next)
		}
		last = next
	}
	if last != 360 {
		t.Errorf("the log ends at %d, want 360", last)
	}
}

func visitEndsARead(t *testing.T, place Place) {
	l := open(t, place, func() int64 { return Start })
	for range 3 {
		must(t, l.Append(context.Background(), []*eventlog.Append{Row("a", Start)}, 0))
	}
	stop := errors.New("enough")
	calls := 0
	if err := l.Read(context.Background(), 0, 3, func(*eventlog.Block) error { calls++; return stop }); !errors.Is(err, stop) || calls != 1 {
		t.Errorf("after %d calls: %v", calls, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := l.Read(ctx, 0, 3, func(*eventlog.Block) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled in the middle: %v", err)
	}
	a := Row("a", Start)
	if err := l.Append(ctx, []*eventlog.Append{a}, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("an append that was canceled before: %v", err)
	}
	if next, _ := l.End(); next != 3 {
		t.Errorf("the log ends at %d", next)
	}
	must(t, l.Append(context.Background(), nil, 0))
}

func closedIsRefused(t *testing.T, place Place) {
	l := open(t, place, func() int64 { return Start })
	must(t, l.Append(context.Background(), []*eventlog.Append{Row("a", Start)}, 0))
	must(t, l.Close())
	must(t, l.Close())
	if l.Append(context.Background(), []*eventlog.Append{Row("a", Start)}, 0) == nil || l.Read(context.Background(), 0, 1, nil) == nil {
		t.Error("a closed log takes calls")
	}
	got, err := Lines(open(t, place, func() int64 { return Start }), 0, 9)
	if err != nil || len(got) != 1 {
		t.Errorf("after closing and opening: %q, %v", got, err)
	}
}
