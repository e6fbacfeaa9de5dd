// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// gate lets some requests run at once and some wait for a moment; the others are refused, so that what is promised to those inside stays true under
// any load.
//
// A read computes and does not block. Without more ado each would run to its end as soon as its goroutine does, and under load requests would
// queue where nobody counts them: in the scheduler and in sockets. So a request that is not alone and may run steps back once after it has been counted; those
// that have come meanwhile are counted too, and the gate knows how many there are.
//
// Those that wait are served in the order in which they came while they wait briefly. Once the oldest has waited for longer than fresh, more come than can be
// answered: the newest are served first then, in a time that is of use to them, instead of all of them late. The others keep their place, and are refused when
// they have waited for patience: until then a caller sends no other request in its place, which is what keeps refusals few and cheap.
type gate struct {
	running  int // at most
	waiting  int // at most
	patience time.Duration
	inside   atomic.Int64 // that run or wait
	waiters  sync.Pool    // of *waiter

	mu    sync.Mutex
	runs  int         // guarded by mu
	line  line        // guarded by mu; empty while runs < running
	sweep *time.Timer // refuses those that have waited for patience; runs while the line is not empty
}

// fresh is how long a request may have waited and still be served before newer ones. Answers that are that old are still of use.
const fresh = 10 * time.Millisecond

// tick is how far apart two sweeps are at least: a sweep each waiter would cost as much as the waiters do.
const tick = time.Millisecond

func newGate(running, waiting int, patience time.Duration) *gate {
	g := &gate{running: running, waiting: waiting, patience: patience}
	g.waiters.New = func() any { return &waiter{turn: make(chan error, 1)} }
	g.sweep = time.AfterFunc(time.Hour, g.dismiss)
	g.sweep.Stop()
	return g
}

// enter waits for its turn. It returns errBusy where too many wait or it has waited for too long, or the context's error.
func (g *gate) enter(ctx context.Context) error {
	switch n := g.inside.Add(1); {
	case n > int64(g.running+g.waiting):
		g.inside.Add(-1)
		return errBusy
	case n > 1 && n <= int64(g.running):
		runtime.Gosched()
	}
	g.mu.Lock()
	if g.runs < g.running {
		g.runs++
		g.mu.Unlock()
		return nil
	}
	w := g.waiters.Get().(*waiter)
	w.since = Monotonic()
	if g.line.oldest == nil {
		g.sweep.Reset(g.patience)
	}
	g.line.join(w)
	g.mu.Unlock()
	err := g.await(ctx, w)
	g.waiters.Put(w)
	if err != nil {
		g.inside.Add(-1)
	}
	return err
}

// await waits until a waiter in line is told whether it may run.
func (g *gate) await(ctx context.Context, w *waiter) error {
	select {
	case err := <-w.turn:
		return err
	case <-ended(ctx, g.patience):
	}
	g.mu.Lock()
	if !w.told {
		g.line.part(w)
		g.mu.Unlock()
		return context.Cause(ctx)
	}
	g.mu.Unlock()
	return <-w.turn // it was told in the same moment
}

// ended is closed when a context is done within so long a time, or given up by its caller: where its deadline is further away, no timer is needed.
func ended(ctx context.Context, within time.Duration) <-chan struct{} {
	if d, ok := ctx.(*deadline); ok && time.Until(d.at) > within {
		return d.parent.Done()
	}
	return ctx.Done()
}

// leave gives the place to the next in line.
func (g *gate) leave() {
	g.mu.Lock()
	if w := g.line.next(); w != nil {
		w.tell(nil)
	} else {
		g.runs--
	}
	g.mu.Unlock()
	g.inside.Add(-1)
}

// dismiss refuses those that have waited for too long.
func (g *gate) dismiss() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for now := Monotonic(); g.line.oldest != nil; {
		w := g.line.oldest
		if left := g.patience - time.Duration(now-w.since); left > 0 {
			g.sweep.Reset(max(left, tick))
			return
		}
		g.line.part(w)
		w.tell(errBusy)
	}
}

// full reports whether a request that comes now is refused: it need not be read then.
func (g *gate) full() bool { return g.inside.Load() >= int64(g.running+g.waiting) }

// waiter is a request in line.
type waiter struct {
	older, newer *waiter
	since        int64 // of Monotonic
	told         bool
	turn         chan error // told once: nil is its turn
}

func (w *waiter) tell(err error) {
	w.told = true
	w.turn <- err
}

// line is those who wait, by the time at which they came.
type line struct{ oldest, newest *waiter }

func (l *line) join(w *waiter) {
	w.older, w.newer, w.told = l.newest, nil, false
	if l.newest != nil {
		l.newest.newer = w
	} else {
		l.oldest = w
	}
	l.newest = w
}

func (l *line) part(w *waiter) {
	if w.older != nil {
		w.older.newer = w.newer
	} else {
		l.oldest = w.newer
	}
	if w.newer != nil {
		w.newer.older = w.older
	} else {
		l.newest = w.older
	}
}

// next takes the one whose turn it is, nil for none.
func (l *line) next() *waiter {
	w := l.oldest
	if w == nil {
		return nil
	}
	if Monotonic()-w.since > int64(fresh) {
		w = l.newest
	}
	l.part(w)
	return w
}

// purse is a bound on bytes that many requests share.
type purse struct {
	left atomic.Int64
}

func newPurse(n int64) *purse {
	p := &purse{}
	p.left.Store(n)
	return p
}

// take takes n bytes, or none where there are not as many.
func (p *purse) take(n int64) bool {
	if p.left.Add(-n) >= 0 {
		return true
	}
	p.left.Add(n)
	return false
}

func (p *purse) give(n int64) { p.left.Add(n) }
