// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"selfsame"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
	"selfsame/online"
	"selfsame/plan"
)

// Prepared is a plan made ready to be read again and again. It is safe for concurrent use and outlives changes of the live states.
type Prepared struct {
	plan    *plan.Plan
	keys    []keyList // distinct
	keyOf   []int     // use -> its list in keys
	sources []outputSource
	lookups []*lookupUse // per use; nil: it looks nothing up
	fault   error        // what is wrong with a lookup
	bound   atomic.Pointer[binding]
	free    sync.Pool // of *scratch
}

// keyList is what fills a key.
type keyList struct {
	parts []keyPart
	apart bool // every row is asked alone: its own fields have a part in its values
}

// keyPart is what fills a key field: a place in the plan's Requests, or a program over them and T.
type keyPart struct {
	column  int
	program *expr.Program // nil: the column
}

// outputSource says where an output's event times are: cells of a use, or nowhere.
type outputSource struct {
	use   int // -1: none
	cells []int
}

// Prepare makes a plan ready.
func Prepare(p *plan.Plan) *Prepared {
	out, err := prepare(p)
	if err != nil {
		return &Prepared{plan: p, fault: err}
	}
	return out
}

func prepare(p *plan.Plan) (*Prepared, error) {
	out := &Prepared{plan: p}
	byName := map[string]int{}
	for i, f := range p.Requests {
		byName[f.Name] = i
	}
	for i, u := range p.Uses {
		l, err := prepareLookup(u)
		if err != nil {
			return nil, err
		}
		out.lookups = append(out.lookups, l)
		apart := u.AsksRow()
		if j := slices.IndexFunc(p.Uses[:i], func(o *plan.Use) bool { return u.SameKey(o) && o.AsksRow() == apart }); j >= 0 {
			out.keyOf = append(out.keyOf, out.keyOf[j])
			continue
		}
		var parts []keyPart
		for _, k := range u.Fill {
			parts = append(parts, keyPart{column: byName[k.Column], program: k.Program})
		}
		out.keyOf = append(out.keyOf, len(out.keys))
		out.keys = append(out.keys, keyList{parts, apart})
	}
	for _, o := range p.Outputs {
		out.sources = append(out.sources, sourceOf(p, o))
	}
	return out, nil
}

// Plan returns the plan.
func (p *Prepared) Plan() *plan.Plan { return p.plan }

func sourceOf(p *plan.Plan, o plan.Output) outputSource {
	s := p.Slots[o.Slot]
	switch {
	case s.Use < 0 || p.Uses[s.Use].Spec.Static:
		return outputSource{use: -1}
	case p.Uses[s.Use].Spec.AsOf:
		return outputSource{use: s.Use, cells: []int{0}}
	}
	return outputSource{use: s.Use, cells: p.Uses[s.Use].Features[s.Feature].Program.Slots()}
}

func (p *Prepared) take(r *Reader) *scratch {
	if s, ok := p.free.Get().(*scratch); ok {
		return s
	}
	return newScratch(p, r)
}

// liveSet is a set of live states with what reading them needs. It is immutable.
type liveSet struct {
	states *plan.States
	by     map[*plan.State]*liveState
}

// liveState is a live state with what reading it needs. It is safe for concurrent use.
type liveState struct {
	state    *plan.State
	layout   online.Layout
	first    int64            // least bucket to read: what retention folded is needed where a window has no lower end
	lifetime map[string][]int // text of a cell -> the cells over a lifetime window
	prepared *pit.Prepared
	entities sync.Pool // of *pit.Entity; what they hold is to be loaded over
	empty    sync.Pool // of *pit.Entity without events
	uncached bool      // every entity is its reader's alone

	endless func() (*liveState, error) // the same without ttl, for questions about expired rows
}

func newLiveState(s *plan.State) (*liveState, error) {
	l, err := liveStateOf(s, &s.Use.Spec)
	if err != nil {
		return nil, err
	}
	l.endless = sync.OnceValues(func() (*liveState, error) {
		spec := s.Use.Spec
		spec.TTL = -1
		e, err := liveStateOf(s, &spec)
		if err == nil {
			e.uncached = true
		}
		return e, err
	})
	return l, nil
}

func liveStateOf(s *plan.State, spec *pit.Spec) (*liveState, error) {
	l := &liveState{state: s, first: online.PrefixBucket + 1, lifetime: map[string][]int{},
		layout: online.Layout{Hash: spec.NeedOrder, Order: spec.OrderType, Columns: spec.Columns}}
	for i := range spec.Cells {
		if spec.Cells[i].Window.Kind == selfsame.Lifetime {
			l.first = online.PrefixBucket
			text := s.Use.CellText(i)
			l.lifetime[text] = append(l.lifetime[text], i)
		}
	}
	var err error
	l.prepared, err = pit.Prepare(*spec)
	return l, err
}

// entity returns an entity to be loaded.
func (l *liveState) entity() *pit.Entity {
	if e, ok := l.entities.Get().(*pit.Entity); ok {
		return e
	}
	return l.prepared.NewEntity()
}

// nobody returns an entity without events; it goes back to l.empty.
func (l *liveState) nobody() *pit.Entity {
	if e, ok := l.empty.Get().(*pit.Entity); ok {
		return e
	}
	return l.prepared.NewEntity()
}

// fold gives an entity what retention folded.
func (l *liveState) fold(e *pit.Entity, folded []byte) error {
	cells := 0
	err := online.Folded(folded, func(text, state []byte) error {
		for _, i := range l.lifetime[string(text)] {
			cells++
			if err := e.SetPrefix(i, state); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for text, list := range l.lifetime {
		if cells -= len(list); cells < 0 {
			return &selfsame.Error{Class: selfsame.ClassInternal, Ref: "view " + l.state.Use.View.Name, Message: "what retention folded holds no " + text,
				Hint: "remove the online folder of the data directory and start again; it is built anew from the log"}
		}
	}
	return nil
}

// current returns the live states of the moment.
func (r *Reader) current() (*liveSet, error) {
	for {
		old, states := r.live.Load(), r.states()
		if old != nil && old.states == states {
			return old, nil
		}
		set := &liveSet{states: states, by: map[*plan.State]*liveState{}}
		for _, s := range states.List() {
			if old != nil && old.by[s] != nil {
				set.by[s] = old.by[s]
				continue
			}
			live, err := newLiveState(s)
			if err != nil {
				return nil, err
			}
			set.by[s] = live
		}
		if r.live.CompareAndSwap(old, set) {
			r.cache.keep(set)
			return set, nil
		}
	}
}

// binding is a plan over a set of live states. It is immutable.
type binding struct {
	set  *liveSet
	uses []boundUse
}

// boundUse is a use over its live state.
type boundUse struct {
	live  *liveState
	cells []int // place of each cell (as-of: column) in the union of the state
	event []int // place of each event column there
	lag   selfsame.Duration
}

// bind finds the live state of every use.
func (p *Prepared) bind(set *liveSet) (*binding, error) {
	if b := p.bound.Load(); b != nil && b.set == set {
		return b, nil
	}
	b := &binding{set: set}
	for _, u := range p.plan.Uses {
		s := set.states.ByBase(u.Kept().Base())
		if s == nil || u.TrainingOnly() { // the rows that another view keeps are not enough
			return nil, notBuilt(u)
		}
		cells, columns, err := placesIn(s.Use, u.Kept())
		if err != nil {
			return nil, err
		}
		b.uses = append(b.uses, boundUse{live: set.by[s], cells: cells, event: columns, lag: u.View.AsOf})
	}
	p.bound.Store(b)
	return b, nil
}

// placesIn returns where the union that a state keeps has the cells of u, or, of an as-of use, its columns, and where it has its event columns.
func placesIn(kept, u *plan.Use) (places, columns []int, err error) {
	cells, columns := kept.Places(u)
	places, text := cells, u.CellText
	if u.Spec.AsOf || len(cells) == 0 { // rows as they came have columns alone
		places, text = columns, u.ColumnText
	}
	var missing []string
	for i, at := range places {
		if at < 0 {
			missing = append(missing, text(i))
		}
	}
	if len(missing) > 0 {
		return nil, nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "view " + u.View.Name, Message: "its online state does not hold " + strings.Join(missing, ", "),
			Hint: "apply the project, which builds what its features and services need"}
	}
	return places, columns, nil
}
