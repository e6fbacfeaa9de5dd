// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"runtime"
	"sync/atomic"
)

// gate lets some requests run at once and some wait; the others are refused at once, so that what is promised to those inside stays true
// under any load.
//
// A read computes and does not block. Without more ado each would run to its end as soon as its goroutine does, and under load requests would
// queue where nobody counts them: in the scheduler and in sockets. So a request that is not alone steps back once after it has been counted; those
// that have come meanwhile are counted too, and the gate knows how many there are.
type gate struct {
	slots  chan struct{}
	inside atomic.Int64 // that run or wait
	most   int64
}

func newGate(running, waiting int) *gate {
	return &gate{slots: make(chan struct{}, running), most: int64(running + waiting)}
}

// enter waits for a slot. It returns errBusy where too many wait, or the context's error.
func (g *gate) enter(ctx context.Context) error {
	switch n := g.inside.Add(1); {
	case n > g.most:
		g.inside.Add(-1)
		return errBusy
	case n > 1:
		runtime.Gosched()
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		g.inside.Add(-1)
		return context.Cause(ctx)
	}
}

// leave gives the slot back.
func (g *gate) leave() {
	<-g.slots
	g.inside.Add(-1)
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

// full reports whether a request that comes now is refused: it need not be read then.
func (g *gate) full() bool { return g.inside.Load() >= g.most }
