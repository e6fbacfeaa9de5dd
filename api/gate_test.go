// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// arrivals lets requests come to a gate and notes what became of each.
type arrivals struct {
	g     *gate
	mu    sync.Mutex
	fates []string // in the order in which they became known
}

func (a *arrivals) note(format string, args ...any) {
	a.mu.Lock()
	a.fates = append(a.fates, fmt.Sprintf(format, args...))
	a.mu.Unlock()
}

// come is one request, which stays inside until ctx of its own is done by the caller.
func (a *arrivals) come(ctx context.Context, name string) (done func()) {
	stay := make(chan struct{})
	go func() {
		switch err := a.g.enter(ctx); {
		case err == nil:
			a.note("%s in", name)
			<-stay
			a.g.leave()
		case errors.Is(err, errBusy):
			a.note("%s refused", name)
		default:
			a.note("%s %v", name, err)
		}
	}()
	synctest.Wait()
	return func() {
		close(stay)
		synctest.Wait()
	}
}

func (a *arrivals) want(t *testing.T, fates string) {
	t.Helper()
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	if got := fmt.Sprint(a.fates); got != fates {
		t.Errorf("got %s, want %s", got, fates)
	}
	a.fates = nil
}

// empty holds that nothing is left inside.
func (a *arrivals) empty(t *testing.T) {
	t.Helper()
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	if n := a.g.inside.Load(); n != 0 || a.g.runs != 0 || a.g.line.oldest != nil || a.g.line.newest != nil {
		t.Errorf("%d inside, %d run, line %+v", n, a.g.runs, a.g.line)
	}
}

// TestGateServesInOrder holds that those who wait briefly are served as they came, and that one too many is refused at once.
func TestGateServesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &arrivals{g: newGate(1, 3, time.Second)}
		var done []func()
		for _, name := range []string{"a", "b", "c", "d"} {
			done = append(done, a.come(t.Context(), name))
			time.Sleep(time.Millisecond)
		}
		a.want(t, "[a in]")
		if !a.g.full() {
			t.Error("four of four are inside, and it is not full")
		}
		a.come(t.Context(), "e")
		a.want(t, "[e refused]")
		for _, leave := range done {
			leave()
		}
		a.want(t, "[b in c in d in]")
		a.empty(t)
	})
}

// TestGateServesTheNewestInOverload holds that newer ones go first once the oldest has waited for too long to be of use, and that the old ones are
// refused when their patience ends.
func TestGateServesTheNewestInOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &arrivals{g: newGate(1, 10, 100*time.Millisecond)}
		first := a.come(t.Context(), "a")
		second := a.come(t.Context(), "b")
		time.Sleep(2 * fresh)
		third := a.come(t.Context(), "c")
		fourth := a.come(t.Context(), "d")
		first()
		a.want(t, "[a in d in]")
		fourth()
		a.want(t, "[c in]")
		time.Sleep(100*time.Millisecond - 2*fresh - time.Microsecond)
		a.want(t, "[]")
		time.Sleep(2 * tick)
		a.want(t, "[b refused]")
		third()
		second()
		a.empty(t)
		a.come(t.Context(), "e")()
		a.want(t, "[e in]")
		a.empty(t)
	})
}

// TestGateSweeps holds that each of many waiters is refused when its own patience ends, at most a tick later.
func TestGateSweeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const patience = 50 * time.Millisecond
		a := &arrivals{g: newGate(1, 1000, patience)}
		first := a.come(t.Context(), "a")
		var group sync.WaitGroup
		for range 500 {
			group.Go(func() {
				begin := time.Now()
				err := a.g.enter(t.Context())
				if took := time.Since(begin); !errors.Is(err, errBusy) || took < patience || took > patience+tick {
					t.Errorf("%v after %v", err, took)
				}
			})
			time.Sleep(70 * time.Microsecond)
		}
		group.Wait()
		first()
		a.empty(t)
	})
}

// TestGateIsLeft holds that a waiter goes when its caller gives up or its deadline passes, and takes no turn with it.
func TestGateIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &arrivals{g: newGate(1, 10, time.Second)}
		first := a.come(t.Context(), "a")
		caller, leave := context.WithCancelCause(t.Context())
		far, near := withDeadline(caller, time.Hour), withDeadline(t.Context(), time.Millisecond)
		a.come(far, "b")
		a.come(near, "c")
		last := a.come(t.Context(), "d")
		leave(errors.New("gave up"))
		a.want(t, "[a in b gave up]")
		time.Sleep(time.Millisecond)
		a.want(t, "[c context deadline exceeded]")
		far.end()
		near.end()
		first()
		a.want(t, "[d in]")
		last()
		a.empty(t)
	})
}

// TestGateKeepsCount lets many come, wait, give up and go at once: never more run than may, and nothing is left.
func TestGateKeepsCount(t *testing.T) {
	const running = 3
	a := &arrivals{g: newGate(running, 20, time.Millisecond)}
	var group sync.WaitGroup
	inside := make(chan struct{}, running)
	for i := range 64 {
		group.Go(func() {
			for k := range 200 {
				ctx := context.Context(t.Context())
				if (i+k)%5 == 0 {
					d := withDeadline(ctx, time.Duration(k)*time.Microsecond)
					defer d.end()
					ctx = d
				}
				if a.g.enter(ctx) != nil {
					continue
				}
				select {
				case inside <- struct{}{}:
					<-inside
				default:
					t.Error("more run than may")
				}
				a.g.leave()
			}
		})
	}
	group.Wait()
	a.empty(t)
}
