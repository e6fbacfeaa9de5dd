// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"sync/atomic"
)

// gate lets some requests run at once and some wait; the others are refused at once, so that what is promised to those inside stays true
// under any load.
type gate struct {
	slots   chan struct{}
	waiting atomic.Int64
	most    int64
}

func newGate(running, waiting int) *gate {
	return &gate{slots: make(chan struct{}, running), most: int64(waiting)}
}

// enter waits for a slot. It returns errBusy where too many wait, or the context's error.
func (g *gate) enter(ctx context.Context) error {
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	if g.waiting.Add(1) > g.most {
		g.waiting.Add(-1)
		return errBusy
	}
	defer g.waiting.Add(-1)
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// leave gives the slot back.
func (g *gate) leave() { <-g.slots }

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
func (g *gate) full() bool { return len(g.slots) == cap(g.slots) && g.waiting.Load() >= g.most }
