// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
	"selfsame/source"
	"selfsame/stream"
)

// fakeLog admits every row but those whose id is "late", and can be told to fail or to wait.
type fakeLog struct {
	mu      sync.Mutex
	next    int64
	alpha   int64
	blocks  []*eventlog.Block
	refused []eventlog.Refused
	fail    error
	refuses error         // of Refuse
	gate    chan struct{} // nil: open
	floors  []int64
}

func (f *fakeLog) Append(_ context.Context, appends []*eventlog.Append, floor int64) error {
	if f.gate != nil {
		<-f.gate
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.floors = append(f.floors, floor)
	if f.fail != nil {
		return f.fail
	}
	f.alpha = max(f.alpha+1, floor)
	for _, a := range appends {
		admitted := &column.Batch{Fields: a.Rows.Fields, Columns: []*column.Column{column.New(selfsame.Scalar(selfsame.String), 0)}}
		for i := range a.Rows.Rows {
			v, reason := eventlog.OK, ""
			if string(a.Rows.Columns[0].Str(i)) == "late" {
				v, reason = eventlog.Late, "it came late"
			} else {
				admitted.Columns[0].AppendFrom(a.Rows.Columns[0], i)
				admitted.Rows++
			}
			a.Verdicts, a.Reasons = append(a.Verdicts, v), append(a.Reasons, reason)
		}
		if admitted.Rows > 0 {
			a.Admitted = &eventlog.Block{Source: a.Source, Name: a.Name, First: f.next, Alpha: f.alpha, Rows: admitted, Tau: make([]int64, admitted.Rows)}
			f.next += int64(admitted.Rows)
			f.blocks = append(f.blocks, a.Admitted)
		}
	}
	return nil
}

func (f *fakeLog) Read(context.Context, int64, int64, func(*eventlog.Block) error) error { return nil }
func (f *fakeLog) End() (int64, int64)                                                   { return f.next, f.alpha }
func (f *fakeLog) Close() error                                                          { return nil }

func (f *fakeLog) Refuse(_ context.Context, rows []eventlog.Refused) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused = append(f.refused, rows...)
	return f.refuses
}

func (f *fakeLog) RefusedRows(context.Context, int64, func(eventlog.Refused) bool) error { return nil }

// fakeDriver calls rows with the id "twin" conflicts.
type fakeDriver struct {
	applied []string
	fail    error
	gate    chan struct{} // nil: open
}

func (f *fakeDriver) Apply(_ context.Context, blocks []*eventlog.Block) ([][]stream.Fate, error) {
	if f.gate != nil {
		<-f.gate
	}
	if f.fail != nil {
		return nil, f.fail
	}
	var out [][]stream.Fate
	for _, b := range blocks {
		var fates []stream.Fate // as the driver: nil where all are accepted
		for i := range b.Rows.Rows {
			id := string(b.Rows.Columns[0].Str(i))
			f.applied = append(f.applied, id)
			if id == "twin" {
				if fates == nil {
					fates = make([]stream.Fate, b.Rows.Rows)
				}
				fates[i] = stream.Conflict
			}
		}
		out = append(out, fates)
	}
	return out, nil
}

var pushed = &selfsame.Source{Name: "s", Push: true, EventTime: "at", Schema: []selfsame.Field{{Name: "id", Type: selfsame.Scalar(selfsame.String)}}}

func rowsOf(src *selfsame.Source, ids ...string) *Rows {
	b := &column.Batch{Fields: src.Schema, Columns: []*column.Column{column.New(selfsame.Scalar(selfsame.String), 0)}, Rows: len(ids)}
	for _, id := range ids {
		b.Columns[0].AppendBytes([]byte(id))
	}
	return &Rows{Source: src, Batch: b}
}

// running starts a loop and returns what stops it and gives its end.
func running(l *Loop) func() error {
	ctx, stop := context.WithCancel(context.Background())
	end := make(chan error, 1)
	go func() { end <- l.Run(ctx) }()
	return func() error {
		stop()
		return <-end
	}
}

func TestFatesStandAtTheirRows(t *testing.T) {
	log, driver := &fakeLog{}, &fakeDriver{}
	l := New(log, driver, Options{Answered: func() int64 { return 41 }})
	stop := running(l)
	rows := rowsOf(pushed, "a", "late", "twin", "b")
	rows.Bad = []source.BadRow{{Row: 1, Reason: "no number", Text: "{bad"}, {Row: 5, Reason: "no time", Text: "{}"}}
	got, err := l.Push(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	want := []Fate{Accepted, SchemaMismatch, Late, Conflict, Accepted, SchemaMismatch}
	if !slices.Equal(got.Fates, want) || got.Reasons[1] != "the row no number: {bad" || got.Reasons[2] != "it came late" || got.Reasons[3] == "" || got.Reasons[4] != "" {
		t.Errorf("fates %v, reasons %q; want fates %v", got.Fates, got.Reasons, want)
	}
	if got.Offset != 3 || got.Arrival != 42 || log.floors[0] != 42 {
		t.Errorf("offset %d, arrival %d, floor %d; want 3, 42, 42", got.Offset, got.Arrival, log.floors[0])
	}
	var verdicts []string
	for _, r := range log.refused {
		verdicts = append(verdicts, r.Verdict+" "+r.Row)
	}
	if want := []string{"schema {bad", "schema {}", `conflict {"id":"twin"}`}; !slices.Equal(verdicts, want) {
		t.Errorf("side log %q, want %q", verdicts, want)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Push(t.Context(), rowsOf(pushed, "x")); selfsame.ClassOf(err) != selfsame.ClassResource {
		t.Errorf("a stopped loop took rows: %v", err)
	}
}

// TestCallsShareAGroup holds what waits while the disk is busy to be one append, in order, each call with its own rows.
func TestCallsShareAGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, driver := &fakeLog{gate: make(chan struct{})}, &fakeDriver{}
		var groups []int
		l := New(log, driver, Options{Grouped: func(g Group) { groups = append(groups, g.Pieces) }})
		stop := running(l)
		other := *pushed
		other.Name = "t"
		var wg sync.WaitGroup
		push := func(src *selfsame.Source, ids ...string) {
			wg.Go(func() {
				rows := rowsOf(src, ids...)
				got, err := l.Push(t.Context(), rows)
				if err != nil || len(got.Fates) != len(ids) {
					t.Errorf("%v: %v, %v", ids, got, err)
					return
				}
				for i, id := range ids {
					if (id == "late") != (got.Fates[i] == Late) {
						t.Errorf("%v: fates %v", ids, got.Fates)
					}
				}
				if string(rows.Batch.Columns[0].Bytes) != fmt.Sprint(joined(ids)) {
					t.Errorf("the rows of a call were changed: %s", rows.Batch.Columns[0].Bytes)
				}
			})
			synctest.Wait()
		}
		push(pushed, "first")
		if !l.Complete(0, 1) && l.Complete(2, 1) {
			t.Error("a group is under way, yet a cut beyond what is applied counts as complete")
		}
		push(pushed, "a", "late")
		push(&other, "u")
		push(pushed, "late", "b")
		log.gate <- struct{}{}
		log.gate <- struct{}{}
		wg.Wait()
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if want := []int{1, 3}; !slices.Equal(groups, want) {
			t.Errorf("groups of %v calls, want %v", groups, want)
		}
		if want := []string{"first", "a", "b", "u"}; !slices.Equal(driver.applied, want) {
			t.Errorf("applied %v, want %v", driver.applied, want)
		}
		if !l.Complete(selfsame.MaxTime, 0) || l.Queued() != 0 {
			t.Error("nothing is under way, yet the loop says so")
		}
	})
}

func joined(ids []string) (out string) {
	for _, id := range ids {
		out += id
	}
	return out
}

func TestAFullQueueRefusesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &fakeLog{gate: make(chan struct{})}
		l := New(log, &fakeDriver{}, Options{Queue: 700})
		stop := running(l)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if _, err := l.Push(t.Context(), rowsOf(pushed, "a")); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		_, err := l.Push(t.Context(), rowsOf(pushed, "b"))
		var full *Full
		if selfsame.ClassOf(err) != selfsame.ClassResource || !errors.As(err, &full) || full.RetryAfter() <= 0 {
			t.Errorf("the queue is full, and Push said %v", err)
		}
		log.gate <- struct{}{} // the first call is stored, and the queue has room for another
		synctest.Wait()
		bad := rowsOf(pushed)
		bad.Bad = []source.BadRow{{Reason: "no number", Whole: strings.Repeat("x", 700)}}
		if _, err := l.Push(t.Context(), bad); !errors.As(err, &full) {
			t.Errorf("the queue has no room for a row that cannot be read, and Push said %v", err)
		}
		close(log.gate)
		wg.Wait()
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestFailures holds that a failed append is the call's error and leaves the loop at work, and that after a failed apply nothing more is taken.
func TestFailures(t *testing.T) {
	log, driver := &fakeLog{fail: errors.New("disk full")}, &fakeDriver{}
	l := New(log, driver, Options{})
	stop := running(l)
	if _, err := l.Push(t.Context(), rowsOf(pushed, "a")); err == nil || err.Error() != "disk full" {
		t.Errorf("the append failed, and Push said %v", err)
	}
	log.fail = nil
	if _, err := l.Push(t.Context(), rowsOf(pushed, "b")); err != nil {
		t.Errorf("after a failed append Push said %v", err)
	}
	driver.fail = errors.New("store gone")
	if err := l.Failed(); err != nil {
		t.Errorf("nothing has failed for good, yet %v", err)
	}
	for range 2 {
		if _, err := l.Push(t.Context(), rowsOf(pushed, "c")); selfsame.ClassOf(err) != selfsame.ClassInternal {
			t.Errorf("the driver failed, and Push said %v", err)
		}
	}
	if l.Failed() == nil {
		t.Error("the driver failed, and the loop does not say so")
	}
	if err := stop(); selfsame.ClassOf(err) != selfsame.ClassInternal {
		t.Errorf("Run ended with %v", err)
	}
}

// TestRowsOfTheLogAreApplied holds that rows which the log has are applied, though the side log could not take the bad ones of their call.
func TestRowsOfTheLogAreApplied(t *testing.T) {
	log, driver := &fakeLog{refuses: errors.New("disk full")}, &fakeDriver{}
	l := New(log, driver, Options{})
	stop := running(l)
	rows := rowsOf(pushed, "a")
	rows.Bad = []source.BadRow{{Row: 1, Reason: "no number", Text: "{bad"}}
	if _, err := l.Push(t.Context(), rows); err == nil || !strings.HasPrefix(err.Error(), "the events are stored: disk full") {
		t.Errorf("the side log failed, and Push said %v", err)
	}
	if _, err := l.Push(t.Context(), rowsOf(pushed, "b")); err != nil {
		t.Error(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "b"}; !slices.Equal(driver.applied, want) {
		t.Errorf("applied %v, want %v", driver.applied, want)
	}
}

func TestSourcesThatTakeNoEvents(t *testing.T) {
	l := New(&fakeLog{}, &fakeDriver{}, Options{})
	for _, s := range []*selfsame.Source{{Name: "files", EventTime: "at"}, {Name: "table", Push: true}} {
		if _, err := l.Push(t.Context(), &Rows{Source: s}); selfsame.ClassOf(err) != selfsame.ClassUsage {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}
