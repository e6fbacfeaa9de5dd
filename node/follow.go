// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// following says whether a server is at the newest definitions, and keeps it there where others apply too.
type following struct {
	failures atomic.Int64
	behind   atomic.Pointer[string] // why the last try failed; nil: it did not

	told  bool          // that it fails, until it works again
	pause time.Duration // after a failure that is not the registry's; doubled each time
	until time.Time     // no try before
}

// note keeps why a try failed, until one does not.
func (f *following) note(err error) {
	if err == nil {
		f.behind.Store(nil)
		return
	}
	why := err.Error()
	f.behind.Store(&why)
}

// Pauses after definitions that cannot be made live, such as those whose history files are away.
const (
	leastPause = time.Second
	mostPause  = time.Minute
)

// followLoop follows the registry until ctx ends: at once when it is told of a record, and every registry.poll beside that.
func (l *Live) followLoop(ctx context.Context) error {
	wake := make(chan struct{}, 1)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		l.watchLoop(ctx, wake)
	}()
	tick := time.NewTicker(l.Config.RegistryPoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			<-watched
			return nil
		case <-wake:
			l.following.until = time.Time{} // something is new
		case <-tick.C:
		}
		if err := l.followRegistry(ctx); ctx.Err() == nil {
			l.followed(err)
		}
	}
}

// watchLoop wakes the loop when the registry tells of a record, and listens again where the connection is lost.
func (l *Live) watchLoop(ctx context.Context, wake chan<- struct{}) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		// Its error is not told: the next poll meets the same one.
		l.watcher.Watch(ctx, func() {
			select {
			case wake <- struct{}{}:
			default: // it is awake already
			}
		})
		pause.Reset(l.Config.RegistryPoll)
	}
}

// followRegistry makes the newest definitions the live ones, where they are not.
func (l *Live) followRegistry(ctx context.Context) error {
	s, err := l.registry.Snapshot(ctx)
	if err != nil {
		return err
	}
	have := l.snapshot.Load()
	if s.ID() == have.ID() || time.Now().Before(l.following.until) {
		return nil
	}
	if s.ID() > have.ID() && s.Applied() == have.Applied() && !movesStates(have, s) {
		return l.readBy(ctx)
	}
	if err := l.applying.take(ctx, fmt.Sprintf("record %d of another server", s.ID()), func(why string) error {
		l.following.note(errors.New(why)) // /readyz says so
		return nil
	}); err != nil {
		return err
	}
	defer l.applying.end()
	before := l.snapshot.Load()
	if s.ID() == before.ID() {
		return nil // an apply of this server came between
	}
	if err := l.follow(ctx); err != nil {
		f := &l.following
		f.pause = min(max(2*f.pause, leastPause), mostPause)
		f.until = time.Now().Add(f.pause)
		return err
	}
	l.following.pause = 0
	if now := l.snapshot.Load(); now.Applied() != before.Applied() {
		r := now.Newest()
		l.notify(fmt.Sprintf("apply %d by %s is served", r.ID, r.Author))
	}
	return nil
}

// followed notes how a try ended, and tells of the first of several that fail.
func (l *Live) followed(err error) {
	f := &l.following
	switch {
	case err != nil:
		f.failures.Add(1)
		f.note(err)
		if !f.told {
			l.notify("the registry is not followed; what was applied before is served meanwhile: " + err.Error())
		}
		f.told = true
	case time.Now().Before(f.until): // the last failure stands
	default:
		f.note(nil)
		if f.told {
			l.notify("the registry is followed again")
		}
		f.told = false
	}
}
