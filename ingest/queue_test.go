// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"selfsame"
	"selfsame/source"
)

// numbered are n ids from a prefix, of which every 100th comes late and every 150th twice with other content.
func numbered(prefix string, n int) []string {
	var out []string
	for i := range n {
		switch {
		case i%100 == 99:
			out = append(out, "late")
		case i%150 == 149:
			out = append(out, "twin")
		default:
			out = append(out, fmt.Sprintf("%s-%04d", prefix, i))
		}
	}
	return out
}

// TestAFewRowsGoBeforeMany holds that a call of a few rows is in the group after the one under way, whatever waits before it, that large calls take turns, and
// that each call gets the fates of its own rows, bad ones between them.
func TestAFewRowsGoBeforeMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, driver := &fakeLog{gate: make(chan struct{}), alpha: -1_000_000}, &fakeDriver{} // before 1970
		var groups []Group
		l := New(log, driver, Options{Grouped: func(g Group) { groups = append(groups, g) }})
		stop := running(l)
		var wg sync.WaitGroup
		push := func(prefix string, n int) {
			wg.Go(func() {
				ids := numbered(prefix, n)
				rows := rowsOf(pushed, ids...)
				rows.Bad = []source.BadRow{{Row: 1, Reason: "no number", Text: "{bad"}}
				got, err := l.Push(t.Context(), rows)
				if err != nil {
					t.Errorf("%s: %v", prefix, err)
					return
				}
				if got.Offset < int64(len(ids))/2 || got.Arrival >= 0 || got.Arrival < -1_000_000 {
					t.Errorf("%s: offset %d, α %d", prefix, got.Offset, got.Arrival)
				}
				want := []Fate{}
				for i, id := range ids {
					f := map[string]Fate{"late": Late, "twin": Conflict}[id]
					if want = append(want, f); i == 0 {
						want = append(want, SchemaMismatch)
					}
				}
				for i, f := range got.Fates {
					if f != want[i] {
						t.Errorf("%s: row %d is %s, want %s", prefix, i, f, want[i])
					}
					if (f == Accepted) != (got.Reasons[i] == "") {
						t.Errorf("%s: row %d is %s because %q", prefix, i, f, got.Reasons[i])
					}
				}
			})
			synctest.Wait()
		}
		push("first", 1)
		push("large", 8000)
		push("other", 6000)
		push("few", 20)
		log.gate <- struct{}{}
		log.gate <- struct{}{}
		synctest.Wait()
		if i := slices.Index(driver.applied, "few-0000"); i != 1 {
			t.Errorf("the few rows are applied at place %d", i)
		}
		close(log.gate)
		wg.Wait()
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		rows := 0
		for _, g := range groups {
			if rows += g.Rows; g.Rows > 2*backlogGroup {
				t.Errorf("a group has %d rows", g.Rows)
			}
		}
		if rows != 1+8000+6000+20 || l.Queued() != 0 || l.queue.rows != 0 {
			t.Errorf("%d rows in %d groups; %d bytes and %d rows still wait", rows, len(groups), l.Queued(), l.queue.rows)
		}
		at := func(id string) int { return slices.Index(driver.applied, id) }
		if !(at("large-0000") < at("other-0000") && at("other-0000") < at("large-7998") && at("other-5998") < at("large-7998")) {
			t.Error("the large calls did not take turns")
		}
		for _, prefix := range []string{"large", "other"} {
			var own []string
			for _, id := range driver.applied {
				if strings.HasPrefix(id, prefix) {
					own = append(own, id)
				}
			}
			if !slices.IsSorted(own) {
				t.Errorf("the rows of %s are not in their order", prefix)
			}
		}
	})
}

// TestACallThatFailsInTheMiddle says how many of its rows are stored, and no more of them are.
func TestACallThatFailsInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, driver := &fakeLog{gate: make(chan struct{})}, &fakeDriver{}
		l := New(log, driver, Options{})
		stop := running(l)
		var failed error
		var wg sync.WaitGroup
		wg.Go(func() {
			var ids []string
			for i := range 10000 {
				ids = append(ids, fmt.Sprint(i))
			}
			_, failed = l.Push(t.Context(), rowsOf(pushed, ids...))
		})
		synctest.Wait()
		log.gate <- struct{}{}
		synctest.Wait()
		log.mu.Lock()
		log.fail = &selfsame.Error{Class: selfsame.ClassResource, Message: "the disk is full"}
		stored := log.next
		log.mu.Unlock()
		log.gate <- struct{}{}
		wg.Wait()
		want := fmt.Sprintf("the first %d of the 10000 events are stored, the others are not", stored)
		if e := new(selfsame.Error); !errors.As(failed, &e) || e.Class != selfsame.ClassResource || e.Message != want || !strings.Contains(failed.Error(), "the disk is full") {
			t.Errorf("Push said %v, want %s", failed, want)
		}
		log.mu.Lock()
		log.fail = nil
		log.mu.Unlock()
		close(log.gate)
		if _, err := l.Push(t.Context(), rowsOf(pushed, "next")); err != nil {
			t.Error(err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if n := len(driver.applied); int64(n) != stored+1 || l.Queued() != 0 || l.queue.rows != 0 {
			t.Errorf("%d rows are applied of %d that were stored; %d bytes and %d rows wait", n-1, stored, l.Queued(), l.queue.rows)
		}
	})
}

// TestACallWhoseRowsAreNotApplied says how many are in the log though none is applied, those of the group behind the one that failed with them.
func TestACallWhoseRowsAreNotApplied(t *testing.T) {
	for _, n := range []int{10, 10000} {
		synctest.Test(t, func(t *testing.T) {
			log, driver := &fakeLog{}, &fakeDriver{fail: errors.New("store gone"), gate: make(chan struct{})}
			l := New(log, driver, Options{})
			stop := running(l)
			var failed error
			var wg sync.WaitGroup
			wg.Go(func() {
				var ids []string
				for i := range n {
					ids = append(ids, fmt.Sprint(i))
				}
				_, failed = l.Push(t.Context(), rowsOf(pushed, ids...))
			})
			synctest.Wait()
			close(driver.gate)
			wg.Wait()
			want := fmt.Sprintf("the first %d of the %d events are stored, the others are not", log.next, n)
			if log.next == int64(n) {
				want = "the events are stored"
			}
			if e := new(selfsame.Error); !errors.As(failed, &e) || e.Class != selfsame.ClassInternal || e.Message != want || !strings.Contains(failed.Error(), "store gone") {
				t.Errorf("Push said %v, want %s", failed, want)
			}
			if n > wholeRows && log.next <= backlogGroup {
				t.Errorf("%d rows are stored: no group waits behind the one that fails", log.next)
			}
			if err := stop(); err == nil || l.Queued() != 0 {
				t.Errorf("the loop ends with %v, and %d bytes wait", err, l.Queued())
			}
		})
	}
}

// TestTheSizeOfAGroup follows what the disk takes and what a row takes.
func TestTheSizeOfAGroup(t *testing.T) {
	var p pace
	if got := p.room(100, 50_000); got != leastGroup {
		t.Errorf("room of %d before anything was measured", got)
	}
	p.appended(10 * time.Millisecond)
	p.applied(1000, 2*time.Millisecond)
	p.applied(1, time.Second) // says nothing about a row
	if got := p.room(100, 50_000); got != 5000 {
		t.Errorf("room of %d where a sync takes as long as 5,000 rows", got)
	}
	p.appended(50 * time.Millisecond)
	if got := p.room(100, 50_000); got < 5000 || got > 6000 {
		t.Errorf("room of %d after one long sync", got)
	}
	p.appended(100 * time.Microsecond)
	for waiting, want := range map[int]int{100: leastGroup, 8000: 1000, 1_000_000: backlogGroup} {
		if got := p.room(waiting, 50_000); got != want {
			t.Errorf("room of %d where %d wait, want %d", got, waiting, want)
		}
	}
	if got := p.room(1_000_000, 500); got != 500 {
		t.Errorf("room of %d, at most 500 were asked for", got)
	}
}
