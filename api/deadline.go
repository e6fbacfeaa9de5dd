// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// deadline is a context with a deadline whose timer is made by the first who waits for it: most reads look whether they may go on, and wait
// for nothing. It is safe for concurrent use.
type deadline struct {
	parent context.Context
	at     time.Time
	once   sync.Once
	timed  atomic.Pointer[timed] // nil: nobody waits
}

// timed is a context with a timer.
type timed struct {
	context.Context
	cancel context.CancelFunc
}

func withDeadline(parent context.Context, timeout time.Duration) *deadline {
	return &deadline{parent: parent, at: time.Now().Add(timeout)}
}

// start makes the timer.
func (d *deadline) start() *timed {
	d.once.Do(func() {
		ctx, cancel := context.WithDeadline(d.parent, d.at)
		d.timed.Store(&timed{ctx, cancel})
	})
	return d.timed.Load()
}

// end ends the context and gives the timer back, if there is one.
func (d *deadline) end() {
	d.once.Do(func() { d.timed.Store(over) })
	d.timed.Load().cancel()
}

// over is a context that has ended.
var over = func() *timed {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return &timed{ctx, cancel}
}()

// Deadline is the earlier one of its own and the caller's.
func (d *deadline) Deadline() (time.Time, bool) {
	if at, ok := d.parent.Deadline(); ok && at.Before(d.at) {
		return at, true
	}
	return d.at, true
}

func (d *deadline) Done() <-chan struct{} { return d.start().Done() }

func (d *deadline) Err() error {
	if t := d.timed.Load(); t != nil {
		return t.Err()
	}
	if err := d.parent.Err(); err != nil {
		return err
	}
	if !time.Now().Before(d.at) {
		return context.DeadlineExceeded
	}
	return nil
}

func (d *deadline) Value(key any) any {
	if t := d.timed.Load(); t != nil && t != over {
		return t.Value(key)
	}
	return d.parent.Value(key)
}
