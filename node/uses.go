// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"sync"

	"selfsame"
	"selfsame/plan"
	"selfsame/registry"
)

// liveUses returns what must have online state so that every version that can be asked for answers: every version of every feature that is not retired, and
// what it reads or looks up. Views that say `online: false` are left out.
func liveUses(s *registry.Snapshot) ([]*plan.Use, error) { return new(keptUses).of(s) }

// keptUses are the uses of the last snapshot: those of views that stayed, and of versions that are rebuilt from the same definitions, serve the next one. It is
// safe for concurrent use.
type keptUses struct {
	mu      sync.Mutex // guards what follows
	current map[*selfsame.FeatureView]plannedUses
	earlier map[group]plannedUses
	sources []*selfsame.Source // of the project; earlier versions read them where their rows are the same
}

// group is a part of the earlier versions of a view.
type group struct {
	view string
	part int
}

// plannedUses are the uses of some versions, and the views that they were planned from.
type plannedUses struct {
	entries []selfsame.ServiceEntry
	from    []*selfsame.FeatureView
	uses    []*plan.Use
}

// of is liveUses.
func (k *keptUses) of(s *registry.Snapshot) (uses []*plan.Use, err error) {
	p := s.Project()
	if p == nil {
		return nil, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	current, earlier := map[*selfsame.FeatureView]plannedUses{}, map[group]plannedUses{}
	for _, v := range p.Views {
		entries := currentEntries(s, v)
		if len(entries) == 0 {
			continue
		}
		if current[v], err = k.current[v].again(s, plannedUses{entries: entries}); err != nil {
			return nil, err
		}
		uses = append(uses, current[v].uses...)
	}
	known := k.earlier
	if !slices.Equal(k.sources, p.Sources) {
		known = nil
	}
	for g, entries := range earlierEntries(s) {
		want := plannedUses{entries: entries, from: make([]*selfsame.FeatureView, len(entries))}
		for i, e := range entries {
			if _, want.from[i], _, err = s.Resolve(e.View, e.Feature, e.Version); err != nil {
				return nil, err
			}
		}
		if earlier[g], err = known[g].again(s, want); err != nil {
			return nil, err
		}
		uses = append(uses, earlier[g].uses...)
	}
	k.current, k.earlier, k.sources = current, earlier, p.Sources
	return uses, nil
}

// again is have where it is of what is wanted, else what is wanted with its uses.
func (have plannedUses) again(s *registry.Snapshot, want plannedUses) (plannedUses, error) {
	same := func(a, b selfsame.ServiceEntry) bool {
		return a.View == b.View && a.Feature == b.Feature && a.Version == b.Version
	}
	if have.entries != nil && slices.EqualFunc(have.entries, want.entries, same) && slices.Equal(have.from, want.from) {
		return have, nil
	}
	pl, err := plan.Build(s.Project(), plan.Request{Features: want.entries, Resolver: s})
	if err != nil {
		return plannedUses{}, err
	}
	for _, u := range pl.LiveUses() {
		if !u.View.Offline {
			want.uses = append(want.uses, u)
		}
	}
	return want, nil
}

// currentEntries are the features of a view of the project that are not retired; none where the view has no state of its own. Such a view reads its sources, its
// entity and what it looks up only, and none of it has changed where it was not checked anew, so that it is what it was where it is the same pointer.
func currentEntries(s *registry.Snapshot, v *selfsame.FeatureView) (entries []selfsame.ServiceEntry) {
	if v.Kind == selfsame.OnDemandView || v.Offline {
		return nil
	}
	for i := range v.Features {
		if s.StageOf(v.Name, v.Features[i].Name, v.Features[i].Version) != registry.Retired {
			entries = append(entries, selfsame.ServiceEntry{View: v.Name, Feature: v.Features[i].Name})
		}
	}
	return entries
}

// earlierEntries visits the versions that are not the project's own and not retired, view by view in the order in which they came, some at once: those that come
// later leave the groups before as they are.
func earlierEntries(s *registry.Snapshot) iter.Seq2[group, []selfsame.ServiceEntry] {
	type earlier struct {
		entry selfsame.ServiceEntry
		apply int64
	}
	views := map[string][]earlier{}
	for _, f := range s.Features() {
		for _, v := range f.Versions {
			if v.Status != registry.Current && v.Stage != registry.Retired {
				views[f.View] = append(views[f.View], earlier{selfsame.ServiceEntry{View: f.View, Feature: f.Feature, Version: v.Version}, v.Apply})
			}
		}
	}
	return func(yield func(group, []selfsame.ServiceEntry) bool) {
		for _, view := range slices.Sorted(maps.Keys(views)) {
			list := views[view]
			slices.SortStableFunc(list, func(a, b earlier) int { return cmp.Compare(a.apply, b.apply) })
			part := 0
			for some := range slices.Chunk(list, plannedAtOnce) {
				entries := make([]selfsame.ServiceEntry, len(some))
				for i := range some {
					entries[i] = some[i].entry
				}
				if !yield(group{view, part}, entries) {
					return
				}
				part++
			}
		}
	}
}

// plannedAtOnce is how many earlier versions are planned together: those of a view share a use, and looking for each other in it takes time.
const plannedAtOnce = 200

// deprecatedIn are the warnings that answers of a version of a service carry; 0: the applied one.
func deprecatedIn(s *registry.Snapshot, service string, version int64) ([]string, error) {
	list, _, err := s.Service(service, version)
	if err != nil {
		return nil, err
	}
	p, err := plan.Build(s.Project(), plan.Request{Features: list.Features, Resolver: s})
	if err != nil {
		return nil, err
	}
	return s.Standing(p)
}
