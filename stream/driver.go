// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"selfsame"
	"selfsame/eventlog"
	"selfsame/online"
	"selfsame/plan"
)

// Driver turns the log into online state. Its methods are safe for concurrent use.
type Driver struct {
	store online.Store
	log   eventlog.Log
	opt   Options

	turn    sync.Mutex // held by Switch and Load from beginning to end. Taken before mu
	keeping sync.Mutex // held by Maintain, guards round. Taken before mu
	round   round

	mu       sync.Mutex // one writer of the store at a time; guards what follows
	catalog  catalog
	lane     *lane
	switched bool

	states  atomic.Pointer[plan.States]
	applied atomic.Pointer[Cut]
	// keptAt holds, by state, as of when retention last took something from it; states of which nothing was taken are not in it.
	keptAt atomic.Pointer[map[uint32]int64]
}

// Open returns a driver over a store and the log that it follows. It has no live states until Switch. What was not complete when an earlier
// process ended is dropped.
func Open(ctx context.Context, store online.Store, log eventlog.Log, opt Options) (*Driver, error) {
	c, cut, err := readCatalog(ctx, store)
	if err != nil {
		return nil, err
	}
	if next, _ := log.End(); cut.Offset > next {
		return nil, &selfsame.Error{Class: selfsame.ClassInput, Ref: "online state",
			Message: fmt.Sprintf("it has applied the log up to offset %d, the log ends at %d", cut.Offset, next),
			Hint:    "the log is not the one that it was built from: remove the online folder of the data directory"}
	}
	d := &Driver{store: store, log: log, opt: opt, catalog: c}
	d.states.Store(plan.NewStates(nil))
	d.applied.Store(&cut)
	d.tellKept(d.States())
	d.lane = newLane(nil, &d.opt, store.Facts, nil)
	for i := range d.catalog.States {
		if r := &d.catalog.States[i]; r.Phase == building {
			r.Phase = dead
		}
	}
	for i := range d.catalog.Spaces {
		if s := &d.catalog.Spaces[i]; s.Phase == building {
			s.Phase = dead
		}
	}
	return d, d.bury(ctx, func(*record) bool { return true })
}

// Applied returns what has been applied. A reader pins it before it asks for States: then the states hold all that is in the cut.
func (d *Driver) Applied() Cut { return *d.applied.Load() }

// States returns the live states, an immutable set.
func (d *Driver) States() *plan.States { return d.states.Load() }

// Apply adds blocks of the log, in order and without gaps, to the live states, all or nothing, and returns for each block the fate of each row.
// Entries below the applied position have been applied: they are passed over (M1) and accepted. So is an event of a source that no live
// state reads.
func (d *Driver) Apply(ctx context.Context, blocks []*eventlog.Block) ([][]Fate, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.switched {
		return nil, &selfsame.Error{Class: selfsame.ClassInternal, Ref: "stream", Message: "blocks before the first Switch"}
	}
	cut, fates := d.Applied(), make([][]Fate, len(blocks))
	d.lane.begin()
	for i, b := range blocks {
		next := b.First + int64(b.Rows.Rows)
		fates[i] = make([]Fate, b.Rows.Rows)
		switch {
		case next <= cut.Offset:
			continue
		case b.First > cut.Offset:
			return nil, &selfsame.Error{Class: selfsame.ClassInternal, Ref: "stream", Message: fmt.Sprintf("a block begins at offset %d, %d comes next", b.First, cut.Offset)}
		}
		got, err := d.lane.take(ctx, sliced(b, cut.Offset), true)
		if err != nil {
			return nil, err
		}
		copy(fates[i][cut.Offset-b.First:], got)
		cut = Cut{next, b.Alpha}
	}
	return fates, d.publish(ctx, cut)
}

// publish stores the batch of the live lane with its position, tells of it, and moves Applied.
func (d *Driver) publish(ctx context.Context, cut Cut) error {
	c := &d.lane.changes
	if cut == d.Applied() {
		return nil
	}
	c.fact(positionKey, cut.encode())
	if err := d.store.Apply(ctx, c.complete()); err != nil {
		return err
	}
	c.tell(d.opt.Changed)
	d.applied.Store(&cut)
	return nil
}

// Recover applies the log from the applied position to its end.
func (d *Driver) Recover(ctx context.Context) error {
	for {
		from, begin := d.Applied().Offset, begin(d.log)
		to, _ := d.log.End()
		if from >= to {
			return nil
		}
		if from < begin {
			if err := d.jump(ctx, begin); err != nil {
				return err
			}
			continue
		}
		err := d.log.Read(ctx, from, to, func(b *eventlog.Block) error {
			_, err := d.Apply(ctx, []*eventlog.Block{b})
			return err
		})
		if err != nil {
			return err
		}
	}
}

// jump moves a store without states to the first entry that the log still has.
func (d *Driver) jump(ctx context.Context, begin int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	cut := d.Applied()
	if len(d.States().List()) > 0 {
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: "online state",
			Message: fmt.Sprintf("it has applied the log up to offset %d, the log begins at %d", cut.Offset, begin),
			Hint:    "remove the online folder of the data directory: it is built anew from the archive and the log; then bring history back with selfsame backfill"}
	}
	d.lane.begin()
	return d.publish(ctx, Cut{begin, cut.Alpha})
}

// begin is the first offset that a log can give.
func begin(l eventlog.Log) int64 {
	if t, ok := l.(eventlog.Trimmer); ok {
		return t.Begin()
	}
	return 0
}

// bury drops the dead states that may go, and all dead namespaces, and stores the catalog. The caller holds mu or is alone.
func (d *Driver) bury(ctx context.Context, may func(*record) bool) error {
	drop, ok := d.store.(online.Dropper)
	if !ok {
		return nil
	}
	kept, changed := catalog{}, false
	for i := range d.catalog.States {
		if r := &d.catalog.States[i]; r.Phase == dead && may(r) {
			if err := drop.Drop(ctx, online.State(r.ID)); err != nil {
				return err
			}
			changed = true
			continue
		}
		kept.States = append(kept.States, d.catalog.States[i])
	}
	for _, s := range d.catalog.Spaces {
		if s.Phase == dead {
			if err := drop.DropFacts(ctx, appendNamespace(nil, s.NS), appendNamespace(nil, s.NS+1)); err != nil {
				return err
			}
			changed = true
			continue
		}
		kept.Spaces = append(kept.Spaces, s)
	}
	if !changed {
		return nil
	}
	d.catalog.States, d.catalog.Spaces = kept.States, kept.Spaces
	return d.save(ctx)
}

// save stores the catalog. The caller holds mu or is alone.
func (d *Driver) save(ctx context.Context) error { return d.saveAt(ctx, Cut{}) }

// saveAt stores the catalog, and with it a cut that is beyond what is applied.
func (d *Driver) saveAt(ctx context.Context, cut Cut) error {
	f, err := d.catalog.encode()
	if err != nil {
		return err
	}
	facts := []online.Fact{f}
	if cut.Offset > d.Applied().Offset {
		facts = append(facts, online.Fact{Key: positionKey, Value: cut.encode()})
	}
	return d.store.Apply(ctx, &online.Batch{Facts: facts})
}
