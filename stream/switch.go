// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"slices"

	"selfsame"
	"selfsame/compute/window"
	"selfsame/online"
	"selfsame/plan"
)

// Load is a Switch whose new states begin with history.
type Load struct {
	Uses []*plan.Use // what is live afterwards
	// Again says which live states are built anew, by their base, though their shape is the same; nil: none.
	Again func(base string) bool
	// UpTo is the offset from which on the log is applied on top of what Fill brings: at most Applied().Offset, or where there are no states and nothing is
	// applied the end of the log; Applied moves there then. It is not below the first entry that the log has.
	UpTo int64
	// Now is the time of the load: what Remember is given and no later entry can meet is passed over.
	Now int64
	// Fill hands over history for the new states: rows to Events, and to Remember every entry that is not in the log and that a later one may meet.
	Fill func(ctx context.Context, fresh []*plan.State, to *Sink) error
	// History returns, with Fill, the text that says which history the states hold from then on (Driver.History). It is called after Check. nil: the
	// text stays.
	History func() string
	// Check looks at the new states before they are live: they hold what Fill has brought and the log below the offset of the cut. Its error gives the load
	// up. nil: nothing is looked at.
	Check func(ctx context.Context, fresh []*plan.State, cut Cut) error
}

// Switch makes the live states those of the uses: one for each base. States whose rows hold what their uses ask stay as they are; the others are
// built from the log, beside the live ones, while Apply and readers go on; then all are switched at once. States that are no longer asked for
// are dropped by Maintain, a minute later. An error changes nothing.
func (d *Driver) Switch(ctx context.Context, uses []*plan.Use) error {
	return d.Load(ctx, Load{Uses: uses})
}

// Load is Switch with history. What Fill remembers of a source replaces what the driver remembered of it, so all states that read the source are to be
// loaded together.
func (d *Driver) Load(ctx context.Context, l Load) error {
	d.turn.Lock()
	defer d.turn.Unlock()
	next, err := d.arrange(ctx, &l)
	if err != nil {
		return err
	}
	if err := d.build(ctx, next, &l); err != nil {
		d.giveUp(context.WithoutCancel(ctx), next)
		return err
	}
	if l.Fill != nil { // the log cannot give it again
		if err := d.sync(ctx); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.bury(ctx, func(*record) bool { return false })
}

// sync makes what is stored durable.
func (d *Driver) sync(ctx context.Context) error {
	if s, ok := d.store.(online.Syncer); ok {
		return s.Sync(ctx)
	}
	return nil
}

// succession is a set of states about to become live.
type succession struct {
	list   []*plan.State
	fresh  []*plan.State // those of list that are being built
	lane   *lane         // of fresh
	spaces map[string]uint32

	history string
	cut     Cut // what is applied once the succession is live, where that is more than was
}

// arrange finds the states that stay and numbers the new ones.
func (d *Driver) arrange(ctx context.Context, l *Load) (*succession, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := &succession{spaces: map[string]uint32{}, history: d.catalog.History, cut: Cut{Alpha: selfsame.MinTime}}
	if end, _ := d.log.End(); l.UpTo > d.Applied().Offset && (d.Applied().Offset > 0 || len(d.States().List()) > 0 || l.UpTo > end) {
		return nil, &selfsame.Error{Class: selfsame.ClassInternal, Ref: "stream", Message: "a load up to an offset that is not applied"}
	}
	for _, u := range l.Uses {
		if u.TrainingOnly() {
			return nil, &selfsame.Error{Class: selfsame.ClassDefinition, Ref: "view " + u.View.Name, Message: "live serving does not follow it: it looks forward, or looks its key up in other views",
				Hint: "leave it out of what is served: it is for training"}
		}
	}
	before := len(d.catalog.States)
	for _, group := range byBase(l.Uses) {
		union, _, _, err := plan.Union(group)
		if err != nil {
			d.catalog.States = d.catalog.States[:before]
			return nil, err
		}
		if l.Again == nil || !l.Again(union.Base()) {
			if s := d.staying(union); s != nil {
				next.list = append(next.list, s)
				continue
			}
		}
		s := &plan.State{ID: d.catalog.NextState, Base: union.Base(), Use: union, Width: widthOf(union)}
		d.catalog.NextState++
		d.catalog.States = append(d.catalog.States, record{ID: s.ID, Base: s.Base, Shape: shapeOf(union), Width: s.Width, Phase: building, Kept: selfsame.MinTime})
		next.list, next.fresh = append(next.list, s), append(next.fresh, s)
	}
	next.lane = newLane(next.fresh, &Options{}, d.store.Facts, func(_ *selfsame.Source, text string) place {
		next.spaces[text] = d.newSpace(text)
		return place{next.spaces[text], selfsame.MinTime}
	})
	if len(next.fresh) == 0 {
		return next, nil
	}
	return next, d.save(ctx)
}

func (d *Driver) newSpace(text string) uint32 {
	ns := d.catalog.NextSpace
	d.catalog.NextSpace++
	d.catalog.Spaces = append(d.catalog.Spaces, space{NS: ns, Text: text, Phase: building, Late: selfsame.MinTime})
	return ns
}

// byBase groups uses by their base, in the order of first appearance.
func byBase(uses []*plan.Use) [][]*plan.Use {
	var out [][]*plan.Use
	at := map[string]int{}
	for _, u := range uses {
		i, ok := at[u.Base()]
		if !ok {
			i = len(out)
			at[u.Base()] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], u)
	}
	return out
}

// staying returns the live state whose rows hold all that the union reads, nil for none. Where nothing about it is new it is the very State that is
// live, so that caches keep what they have of it.
func (d *Driver) staying(u *plan.Use) *plan.State {
	shape := shapeOf(u)
	for i := range d.catalog.States {
		r := &d.catalog.States[i]
		if r.Phase != live || r.Base != u.Base() || r.Shape != shape || !r.holds(u) {
			continue
		}
		if s := d.States().ByBase(r.Base); s != nil && s.ID == r.ID && sameAsk(s.Use, u) {
			return s
		}
		return &plan.State{ID: r.ID, Base: r.Base, Use: u, Width: r.Width}
	}
	return nil
}

// holds reports whether retention has left everything that u asks for.
func (r *record) holds(u *plan.Use) bool {
	if r.Kept == selfsame.MinTime {
		return true
	}
	for i, c := range u.Spec.Cells {
		if c.Window.Kind == selfsame.Lifetime && !slices.Contains(r.Folded, u.CellText(i)) {
			return false
		}
	}
	s := plan.State{Use: u}
	return s.Horizon(r.KeptAt) >= r.Kept
}

// sameAsk reports whether two uses of one base and shape ask for the same and keep it as long.
func sameAsk(a, b *plan.Use) bool {
	if len(a.Spec.Cells) != len(b.Spec.Cells) || a.Retained() != b.Retained() || a.Spec.Detail != b.Spec.Detail {
		return false
	}
	for i := range a.Spec.Cells {
		if a.CellText(i) != b.CellText(i) || !a.Spec.Cells[i].Call.SameBound(b.Spec.Cells[i].Call) {
			return false
		}
	}
	return true
}

// flip makes the succession live. The caller holds mu, and its fresh states hold all that is applied.
func (d *Driver) flip(ctx context.Context, next *succession, loaded bool) error {
	was := d.catalog.clone()
	used := map[uint32]bool{}
	lane := newLane(next.list, &d.opt, d.store.Facts, func(src *selfsame.Source, text string) place {
		ns := d.spaceFor(text, next.spaces[text], loaded)
		used[ns] = true
		late := window.SatAdd(max(d.Applied().Alpha, next.cut.Alpha), skewOf(src))
		if s := d.catalog.space(ns); s != nil {
			late = max(late, s.Late)
		}
		return place{ns, late}
	})
	for i := range d.catalog.States {
		r := &d.catalog.States[i]
		r.Phase = dead
		if slices.ContainsFunc(next.list, func(s *plan.State) bool { return s.ID == r.ID }) {
			r.Phase, r.Since = live, 0
		}
	}
	for i := range d.catalog.Spaces {
		s := &d.catalog.Spaces[i]
		s.Phase = dead
		if used[s.NS] {
			s.Phase = live
		}
	}
	d.catalog.History = next.history
	if err := d.saveAt(ctx, next.cut); err != nil {
		d.catalog = was
		return err
	}
	if next.cut.Offset > d.Applied().Offset {
		d.applied.Store(&next.cut)
	}
	d.lane, d.switched = lane, true
	states := plan.NewStates(next.list).WithHistory(next.history)
	d.tellKept(states)
	d.states.Store(states)
	return nil
}

// spaceFor chooses the namespace of a definition: the live one, which knows all that was applied, or where there is none or history was loaded the
// one that was built.
func (d *Driver) spaceFor(text string, built uint32, loaded bool) uint32 {
	if built != 0 && loaded {
		return built
	}
	for _, s := range d.catalog.Spaces {
		if s.Text == text && s.Phase == live {
			return s.NS
		}
	}
	if built != 0 {
		return built
	}
	return d.newSpace(text)
}

// giveUp drops what was built of a succession; what cannot be dropped now is dropped by the next Open.
func (d *Driver) giveUp(ctx context.Context, next *succession) {
	d.mu.Lock()
	defer d.mu.Unlock()
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
	_ = d.bury(ctx, func(r *record) bool {
		return slices.ContainsFunc(next.fresh, func(s *plan.State) bool { return s.ID == r.ID })
	})
}
