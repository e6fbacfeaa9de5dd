// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"selfsame"
	"selfsame/compute/window"
	"selfsame/internal/shift"
	"selfsame/online"
	"selfsame/plan"
)

const (
	// passEvery is the time between two passes over all entities.
	passEvery = selfsame.Hour
	// slack is how far behind its clock retention stays: cuts that readers hold are younger.
	slack = 10 * selfsame.Minute
	// grace is how long a state that is no longer live stays for readers that hold it.
	grace = selfsame.Minute
	// entitiesAStep and factsAStep bound what one call of Maintain does.
	entitiesAStep = 1024
	factsAStep    = 4096
)

// round is how far the pass over entities and facts has come. A pass that is done rests until the next is due.
type round struct {
	began  int64 // by the clock of Maintain; MinTime: never
	active bool
	states []uint32 // still to do, the first being done
	after  []byte   // entity of the first that was done last
	inlets []*inlet // whose facts are still to be looked at
	fact   []byte   // key of the first that was looked at last
	work   shift.Shift
}

// Maintain does one step of retention as of now, a fraction of a second at most, half of which it rests, and is to be called again and again. It folds and drops rows that no
// question inside the promised range can need one by one (plan.State.Horizon), forgets identities that nothing can meet, and drops states that are no
// longer live. It never changes an answer inside that range.
func (d *Driver) Maintain(ctx context.Context, now int64) error {
	d.keeping.Lock()
	defer d.keeping.Unlock()
	if err := d.buryOld(ctx, now); err != nil {
		return err
	}
	keep, ok := d.store.(keeper)
	if !ok {
		return nil
	}
	now = window.SatSub(d.settledBy(now), slack)
	p := &d.round
	d.mu.Lock()
	begin := !p.active && (p.began == 0 || now >= window.SatAdd(p.began, passEvery))
	if begin {
		*p = round{began: now, active: true}
		for _, s := range d.States().List() {
			p.states = append(p.states, s.ID)
		}
		d.lane.each(func(in *inlet) {
			if in.res != nil {
				p.inlets = append(p.inlets, in)
			}
		})
	}
	d.mu.Unlock()
	if !p.active {
		return nil
	}
	switch {
	case len(p.states) > 0:
		return d.keepStep(ctx, keep)
	case len(p.inlets) > 0:
		return d.forgetStep(ctx)
	}
	p.active = false
	return nil
}

// keeper is a store in which retention can work.
type keeper interface {
	online.Rewriter
	online.Walker
}

// settledBy is now, or where entries of the log wait to be applied the α of the last that was: retention must not be ahead of them.
func (d *Driver) settledBy(now int64) int64 {
	cut := d.Applied()
	if next, _ := d.log.End(); cut.Offset < next {
		return min(now, cut.Alpha)
	}
	return now
}

// buryOld drops the states that have been dead for a while.
func (d *Driver) buryOld(ctx context.Context, now int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	due := false
	for i := range d.catalog.States {
		r := &d.catalog.States[i]
		if r.Phase != dead {
			continue
		}
		if r.Since == 0 {
			r.Since = now
		}
		due = due || now >= window.SatAdd(r.Since, grace)
	}
	if !due {
		return nil
	}
	return d.bury(ctx, func(r *record) bool { return now >= window.SatAdd(r.Since, grace) })
}

// errUnchanged tells a store to leave an entity as it is.
var errUnchanged = errors.New("nothing to fold")

// keepStep folds the next entities of the round.
func (d *Driver) keepStep(ctx context.Context, keep keeper) error {
	p := &d.round
	p.work.Begin()
	f, err := d.note(ctx, p.states[0], p.began)
	if f == nil {
		p.states, p.after = p.states[1:], nil
		return err
	}
	var list [][]byte
	err = keep.Walk(ctx, online.State(f.state.ID), p.after, func(entity []byte) bool {
		list = append(list, bytes.Clone(entity))
		return len(list) < entitiesAStep
	})
	if err != nil {
		return err
	}
	for _, entity := range list {
		p.work.Pause(ctx.Done())
		if going, err := d.keepEntity(ctx, keep, f, entity); err != nil || !going {
			return err
		}
		p.after = append([]byte{}, entity...)
	}
	if len(list) < entitiesAStep {
		p.states, p.after = p.states[1:], nil
	}
	return nil
}

// keepEntity folds one entity. It reports false where the state has been switched since: what it is asked for may have changed.
func (d *Driver) keepEntity(ctx context.Context, keep keeper, f *folder, entity []byte) (bool, error) {
	if old, err := d.anyOld(ctx, f, entity); err != nil || !old {
		return true, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.States().ByBase(f.state.Base) != f.state {
		return false, nil
	}
	err := keep.Rewrite(ctx, online.State(f.state.ID), entity, f.fold)
	if errors.Is(err, errUnchanged) {
		err = nil
	}
	return true, err
}

// anyOld reports whether an entity has something to look at.
func (d *Driver) anyOld(ctx context.Context, f *folder, entity []byte) (bool, error) {
	if f.state.Width == 0 {
		return true, nil
	}
	old := false
	at := online.Range{State: online.State(f.state.ID), Entity: entity, Lo: online.PrefixBucket + 1, Hi: f.state.Bucket(f.horizon) - 1}
	err := d.store.Read(ctx, at, func(int64, []byte) error {
		old = true
		return nil
	})
	return old, err
}

// note records what the pass may take from a state before it takes it, and returns what takes it; nil where there is nothing to take.
func (d *Driver) note(ctx context.Context, id uint32, now int64) (*folder, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.States().List()
	i := slices.IndexFunc(list, func(s *plan.State) bool { return s.ID == id })
	r := d.catalog.state(id)
	if i < 0 || r == nil {
		return nil, nil
	}
	f := newFolder(list[i], now)
	if f.horizon == selfsame.MinTime {
		return nil, nil
	}
	if f.horizon <= r.Kept && slices.Equal(r.Folded, f.texts()) {
		return f, nil
	}
	was := *r
	if r.Folded = f.texts(); f.horizon > r.Kept {
		r.Kept, r.KeptAt = f.horizon, now
	}
	if err := d.save(ctx); err != nil {
		*r = was
		return nil, err
	}
	d.tellKept(d.States())
	return f, nil
}

// Earliest is the least T about which a use can be asked with what retention has left, of what it looks up too: MinTime where it has taken nothing.
func (d *Driver) Earliest(u *plan.Use) int64 {
	s := d.States().ByBase(u.Kept().Base())
	if s == nil {
		return selfsame.MinTime
	}
	return d.earliestOf(u, s.History())
}

// earliestOf is Earliest for questions that reach that far back: states that are looked up keep what questions about those who do need.
func (d *Driver) earliestOf(u *plan.Use, history int64) int64 {
	earliest := selfsame.MinTime
	if s := d.States().ByBase(u.Kept().Base()); s != nil {
		if at, ok := (*d.keptAt.Load())[s.ID]; ok {
			earliest = window.SatSub(at, history)
		}
	}
	if u.Lookup != nil {
		for _, x := range u.Lookup.Uses {
			earliest = max(earliest, d.earliestOf(x, history))
		}
	}
	return earliest
}

// tellKept publishes what Earliest answers from. The caller holds mu or is alone.
func (d *Driver) tellKept(states *plan.States) {
	at := map[uint32]int64{}
	for _, s := range states.List() {
		if r := d.catalog.state(s.ID); r != nil && r.Kept != selfsame.MinTime {
			at[s.ID] = r.KeptAt
		}
	}
	d.keptAt.Store(&at)
}

// forgetStep removes facts of the next source that nothing can meet any more.
func (d *Driver) forgetStep(ctx context.Context) error {
	p := &d.round
	in := p.inlets[0]
	done, err := true, error(nil)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch res := in.res.(type) {
	case *copies:
		err = res.forget(ctx, d.store, in.ns, window.SatSub(p.began, plan.SettledAfter(in.run.src)))
	case *cancels:
		p.fact, done, err = res.forget(ctx, d.store, in.ns, p.fact, p.began)
	}
	if done {
		p.inlets, p.fact = p.inlets[1:], nil
	}
	return err
}

// forget removes the first copies of events below tau.
func (s *copies) forget(ctx context.Context, store online.Store, ns uint32, tau int64) error {
	drop, ok := store.(online.Dropper)
	if !ok {
		return nil
	}
	return drop.DropFacts(ctx, appendTime(appendNamespace(nil, ns), selfsame.MinTime), appendTime(appendNamespace(nil, ns), tau))
}

// forget removes ids all of whose entries are beyond reach, from the one after `after` on, and returns the last that it looked at and whether
// that was the last of all.
func (s *cancels) forget(ctx context.Context, store online.Store, ns uint32, after []byte, now int64) ([]byte, bool, error) {
	walk, ok := store.(online.FactWalker)
	if !ok {
		return nil, true, nil
	}
	lo := appendNamespace(nil, ns)
	if after != nil {
		lo = append(after, 0)
	}
	var batch online.Batch
	var failed error
	seen, last := 0, after
	err := walk.WalkFacts(ctx, lo, appendNamespace(nil, ns+1), func(key, value []byte) bool {
		seen, last = seen+1, bytes.Clone(key)
		s.memory.reset()
		lo, hi, err := s.memory.decode(value)
		if err != nil {
			failed = corrupted(s.src, err)
			return false
		}
		for i := lo; i < hi; i++ {
			if s.matters(s.memory.version(i), now) {
				return seen < factsAStep
			}
		}
		batch.Facts = append(batch.Facts, online.Fact{Key: bytes.Clone(key)})
		return seen < factsAStep
	})
	if err = errors.Join(err, failed); err != nil || len(batch.Facts) == 0 {
		return last, seen < factsAStep, err
	}
	return last, seen < factsAStep, store.Apply(ctx, &batch)
}
