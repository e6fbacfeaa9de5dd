// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"context"
	"sync/atomic"
)

// Calls counts the calls that run, so that closing waits for them. A call may be made inside another. It is made by NewCalls.
type Calls struct {
	name string
	n    atomic.Int64 // calls that run; the top bit says closed
	idle chan struct{}
}

const closedBit = -1 << 63

// NewCalls returns the count of a store, whose name is for messages.
func NewCalls(name string) *Calls { return &Calls{name: name, idle: make(chan struct{}, 1)} }

// Enter begins a call, which Leave ends. It is an error, and there is no call to end, where ctx is done or the store is closed.
func (c *Calls) Enter(ctx context.Context) error {
	if err := Canceled(ctx); err != nil {
		return err
	}
	if c.n.Add(1) < 0 {
		c.Leave()
		return Closed(c.name)
	}
	return nil
}

// Leave ends a call.
func (c *Calls) Leave() {
	if c.n.Add(-1) == closedBit {
		select {
		case c.idle <- struct{}{}:
		default:
		}
	}
}

// Close refuses further calls and waits for those that run. It reports whether this was the first Close.
func (c *Calls) Close() bool {
	was := c.n.Or(closedBit)
	if was < 0 {
		return false
	}
	for c.n.Load() != closedBit {
		<-c.idle
	}
	return true
}
