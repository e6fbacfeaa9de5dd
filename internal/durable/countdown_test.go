// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// countdown lets n changes pass after start and then fails one and all that follow, until stop.
type countdown struct {
	on   atomic.Bool
	left atomic.Int64
}

func (c *countdown) start(n int64) {
	c.left.Store(n)
	c.on.Store(true)
}

func (c *countdown) stop() { c.on.Store(false) }

func (c *countdown) String() string { return "countdown" }

func (c *countdown) MaybeError(op errorfs.Op) error {
	if !c.on.Load() || op.Kind.ReadOrWrite() != errorfs.OpIsWrite || op.Kind == errorfs.OpFilePreallocate || op.Kind == errorfs.OpRemove {
		return nil
	}
	if c.left.Add(-1) >= 0 {
		return nil
	}
	return errors.New("injected")
}
