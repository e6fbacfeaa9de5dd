// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package eventlogtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"selfsame"
	"selfsame/eventlog"
)

func refused(t *testing.T, s eventlog.Sider, from int64, n int) []string {
	t.Helper()
	var out []string
	last := int64(-1)
	must(t, s.RefusedRows(context.Background(), from, func(r eventlog.Refused) bool {
		if r.Seq <= last || r.Seq < from || r.Reason == "" {
			t.Errorf("refused row %d after %d, from %d, reason %q", r.Seq, last, from, r.Reason)
		}
		last = r.Seq
		out = append(out, fmt.Sprintf("%d %s α=%d τ=%d %s %s", r.Seq, r.Source, r.Alpha, r.Tau, r.Verdict, r.Row))
		return len(out) < n
	}))
	return out
}

func refusedRowsHaveNoOffset(t *testing.T, place Place) {
	now := Start
	clock := func() int64 { return now }
	l := open(t, place, clock)
	s := ability[eventlog.Sider](t, l)
	a := Rows("k", now, 4)
	at := a.Rows.Columns[0]
	at.Ints[0] -= eventlog.DefaultLateness + 1
	at.SetStatus(2, selfsame.Null)
	b := Row("late too", now+eventlog.DefaultSkew+1)
	must(t, l.Append(context.Background(), []*eventlog.Append{a, b}, 0))
	if want := []eventlog.Verdict{eventlog.Late, eventlog.OK, eventlog.Schema, eventlog.OK}; !slices.Equal(a.Verdicts, want) || a.Admitted.Rows.Rows != 2 {
		t.Errorf("verdicts %v, want %v", a.Verdicts, want)
	}
	if b.Admitted != nil || b.Verdicts[0] != eventlog.Early {
		t.Errorf("a row from the future: %v, %v", b.Verdicts, b.Admitted)
	}
	for range 2 {
		if next, _ := l.End(); next != 2 {
			t.Errorf("the log ends at %d, want 2", next)
		}
		got := refused(t, s, 0, 100)
		if len(got) != 3 {
			t.Fatalf("refused: %q", got)
		}
		want := fmt.Sprintf("0 %s α=%d τ=%d late ", a.Name, Start, at.Ints[0])
		if got[0][:len(want)] != want {
			t.Errorf("refused %q, want %q …", got[0], want)
		}
		must(t, l.Close())
		l = open(t, place, clock)
		s = ability[eventlog.Sider](t, l)
	}
	c := Row("next", now)
	must(t, l.Append(context.Background(), []*eventlog.Append{c}, 0))
	if c.Admitted.First != 2 || c.Alpha != Start+1 {
		t.Errorf("the next row has offset %d, α %d", c.Admitted.First, c.Alpha)
	}
}

func sideLogIsOrdered(t *testing.T, place Place) {
	l := open(t, place, func() int64 { return Start })
	s := ability[eventlog.Sider](t, l)
	row := func(n int) eventlog.Refused {
		return eventlog.Refused{Seq: 77, Source: "src", Alpha: Start, Tau: int64(n), Verdict: "conflict", Reason: "another came first", Row: fmt.Sprint(n)}
	}
	for n := range 5 {
		must(t, s.Refuse(context.Background(), []eventlog.Refused{row(2 * n), row(2*n + 1)}))
	}
	must(t, s.Refuse(context.Background(), nil))
	whole := refused(t, s, 0, 100)
	if len(whole) != 10 {
		t.Fatalf("refused: %q", whole)
	}
	if got := refused(t, s, 4, 3); !slices.Equal(got, whole[4:7]) {
		t.Errorf("three from 4: %q, want %q", got, whole[4:7])
	}
	if got := refused(t, s, 10, 3); got != nil {
		t.Errorf("from the end: %q", got)
	}
	if got := refused(t, s, -5, 1); !slices.Equal(got, whole[:1]) {
		t.Errorf("from before the beginning: %q", got)
	}
}

func sideLogForgets(t *testing.T, place Place) {
	now := Start
	clock := func() int64 { return now }
	l := open(t, place, clock)
	s, r := ability[eventlog.Sider](t, l), ability[eventlog.SideTrimmer](t, l)
	ctx := context.Background()
	row := func(n int64) []eventlog.Refused {
		return []eventlog.Refused{{Source: "src", Alpha: Start + n, Tau: n, Verdict: "late", Reason: "too old", Row: fmt.Sprint(n)}}
	}
	must(t, r.TrimRefused(ctx, Start+1)) // of nothing
	for n := range int64(6) {
		must(t, s.Refuse(ctx, row(n)))
	}
	whole := refused(t, s, 0, 10)
	for _, c := range []struct{ before, left int64 }{{Start, 6}, {Start + 2, 4}, {Start + 1, 4}, {Start + 100, 0}, {Start + 100, 0}} {
		must(t, r.TrimRefused(ctx, c.before))
		if got := refused(t, s, 0, 10); !slices.Equal(got, whole[6-c.left:]) {
			t.Errorf("trimmed before α %d: %q, want %q", c.before, got, whole[6-c.left:])
		}
	}
	for range 2 { // numbers go on, in this process and in the next
		must(t, s.Refuse(ctx, row(7)))
		must(t, l.Close())
		l = open(t, place, clock)
		s, r = ability[eventlog.Sider](t, l), ability[eventlog.SideTrimmer](t, l)
	}
	var numbers []int64
	must(t, s.RefusedRows(ctx, 0, func(r eventlog.Refused) bool {
		numbers = append(numbers, r.Seq)
		return true
	}))
	if !slices.Equal(numbers, []int64{6, 7}) {
		t.Errorf("after a trim of all the next numbers are %v", numbers)
	}
	must(t, r.TrimRefused(ctx, Start+100))
	must(t, l.Close())
	l = open(t, place, clock)
	a := Row("b", Start)
	must(t, l.Append(ctx, []*eventlog.Append{a}, 0))
	if a.Alpha <= Start+7 {
		t.Errorf("α %d is not above that of the refused rows", a.Alpha)
	}
}

func trimForgets(t *testing.T, place Place) {
	clock := func() int64 { return Start }
	l := open(t, place, clock)
	r := ability[eventlog.Trimmer](t, l)
	ctx := context.Background()
	for range 5 {
		must(t, l.Append(ctx, []*eventlog.Append{Rows("a", Start, 4)}, 0))
	}
	for _, c := range []struct{ before, begin int64 }{{3, 0}, {4, 4}, {2, 4}, {11, 8}, {8, 8}} {
		must(t, r.Trim(ctx, c.before))
		if r.Begin() != c.begin {
			t.Fatalf("trimmed before %d, the log begins at %d, want %d", c.before, r.Begin(), c.begin)
		}
		if got, err := Lines(l, c.begin, 20); err != nil || int64(len(got)) != 20-c.begin {
			t.Errorf("trimmed before %d, reading gives %d rows, %v", c.before, len(got), err)
		}
		if _, err := Lines(l, c.begin-1, 20); selfsame.ClassOf(err) != selfsame.ClassResource {
			t.Errorf("trimmed before %d, reading what was dropped gives %v", c.before, err)
		}
	}
	must(t, r.Trim(ctx, 1000)) // everything
	must(t, l.Close())
	l = open(t, place, clock)
	r = ability[eventlog.Trimmer](t, l)
	if next, alpha := l.End(); next != 20 || alpha != Start+4 || r.Begin() != 20 {
		t.Errorf("with all trimmed and opened anew the log is [%d, %d), α %d", r.Begin(), next, alpha)
	}
	a := Row("b", Start)
	must(t, l.Append(ctx, []*eventlog.Append{a}, 0))
	if got, err := Lines(l, 20, 30); err != nil || len(got) != 1 || a.Admitted.First != 20 {
		t.Errorf("a row after that: %q, %v", got, err)
	}
}

// readersMeetATrim reads from the beginning while the log is trimmed: what a reader asks for is there, or was dropped. It is never taken for damage.
func readersMeetATrim(t *testing.T, place Place) {
	l := open(t, place, func() int64 { return Start })
	r := ability[eventlog.Trimmer](t, l)
	ctx := context.Background()
	must(t, l.Append(ctx, []*eventlog.Append{Rows("a", Start, 3)}, 0))
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < 60 && err == nil; i++ {
			err = errors.Join(l.Append(ctx, []*eventlog.Append{Rows("a", Start, 3)}, 0), r.Trim(ctx, int64(3*i+3)))
		}
		done <- err
	}()
	for writing := true; writing; {
		select {
		case err := <-done:
			must(t, err)
			writing = false
		default:
		}
		begin := r.Begin()
		err := l.Read(ctx, begin, begin+1, func(b *eventlog.Block) error {
			if b.First != begin {
				return fmt.Errorf("offset %d is asked for, and a block at %d comes", begin, b.First)
			}
			return nil
		})
		if err != nil && selfsame.ClassOf(err) != selfsame.ClassResource {
			t.Fatalf("a read from offset %d beside a trim gives %v", begin, err)
		}
	}
}
