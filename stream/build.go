// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"fmt"

	"selfsame"
	"selfsame/eventlog"
)

// lastRows is how many entries are left for the moment of the switch, in which nothing is applied.
const lastRows = 10_000

// build fills the fresh states of a succession and switches to it.
func (d *Driver) build(ctx context.Context, next *succession, l *Load) error {
	at := begin(d.log)
	if len(next.fresh) > 0 && at > l.UpTo {
		return trimmed(at)
	}
	if l.Fill != nil {
		if err := d.fill(ctx, next, l, at); err != nil {
			return err
		}
		at = max(at, l.UpTo)
	}
	for len(next.fresh) > 0 {
		to := d.Applied().Offset
		if to-at <= lastRows {
			break
		}
		if err := d.replay(ctx, next, at, to, d.storeBeside); err != nil {
			return err
		}
		at = to
	}
	if l.Check != nil {
		if err := l.Check(ctx, next.fresh, Cut{at, d.Applied().Alpha}); err != nil {
			return err
		}
	}
	if l.History != nil {
		next.history = l.History()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if to := d.Applied().Offset; len(next.fresh) > 0 && at < to {
		if err := d.replay(ctx, next, at, to, d.storeHeld); err != nil {
			return err
		}
	}
	if l.UpTo > d.Applied().Offset {
		alpha, err := d.alphaBefore(ctx, l.UpTo)
		if err != nil {
			return err
		}
		next.cut = Cut{l.UpTo, alpha}
	}
	return d.flip(ctx, next, l.Fill != nil)
}

// trimmed is the error of a state that is to be built from a log that has let go of its first entries.
func trimmed(begin int64) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Ref: "online state",
		Message: fmt.Sprintf("a state cannot be built from the log alone: it begins at offset %d", begin),
		Hint:    "start again: it is built with what the archive has of the log before that"}
}

// fill lets the caller bring history, and then resolves what of the log that history holds already.
func (d *Driver) fill(ctx context.Context, next *succession, l *Load, begin int64) error {
	final, err := d.alphaAt(ctx, l.UpTo)
	if err != nil {
		return err
	}
	s := &Sink{d: d, ctx: ctx, lane: next.lane, first: d.firstAlpha(ctx, begin, l.Now), final: final}
	if err := l.Fill(ctx, next.fresh, s); err != nil {
		return err
	}
	if begin >= l.UpTo {
		return nil
	}
	return d.log.Read(ctx, begin, l.UpTo, func(b *eventlog.Block) error {
		next.lane.begin()
		if _, err := next.lane.take(ctx, b, false); err != nil {
			return err
		}
		return d.storeBeside(ctx, next.lane)
	})
}

// alphaAt is the α of an entry of the log, or where it is not there yet that of the last one.
func (d *Driver) alphaAt(ctx context.Context, offset int64) (int64, error) {
	end, alpha := d.log.End()
	if offset >= end {
		return alpha, nil
	}
	err := d.log.Read(ctx, offset, offset+1, func(b *eventlog.Block) error {
		alpha = b.Alpha
		return nil
	})
	return alpha, err
}

// alphaBefore is the α of the last entry below an offset. Where the log has let go of that entry it is the greatest that it can be.
func (d *Driver) alphaBefore(ctx context.Context, offset int64) (int64, error) {
	if end, alpha := d.log.End(); offset >= end {
		return alpha, nil
	}
	if offset > begin(d.log) {
		return d.alphaAt(ctx, offset-1)
	}
	alpha, err := d.alphaAt(ctx, offset)
	return alpha - 1, err
}

// replay adds the log's entries in [from, to) to the fresh states.
func (d *Driver) replay(ctx context.Context, next *succession, from, to int64, store func(context.Context, *lane) error) error {
	return d.log.Read(ctx, from, to, func(b *eventlog.Block) error {
		next.lane.begin()
		if _, err := next.lane.take(ctx, b, true); err != nil {
			return err
		}
		if d.opt.Built != nil {
			d.opt.Built(b.First+int64(b.Rows.Rows), d.Applied().Offset)
		}
		return store(ctx, next.lane)
	})
}

// storeBeside stores the batch of a lane that is not live, between two batches of the live one.
func (d *Driver) storeBeside(ctx context.Context, l *lane) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.storeHeld(ctx, l)
}

// storeHeld is storeBeside for a caller that holds mu.
func (d *Driver) storeHeld(ctx context.Context, l *lane) error {
	return d.store.Apply(ctx, l.changes.complete())
}
