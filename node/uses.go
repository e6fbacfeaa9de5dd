// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"slices"

	"selfsame"
	"selfsame/plan"
	"selfsame/registry"
)

// liveUses returns what must have online state so that every version that can be asked for answers: every version of every feature that is not retired, and
// what it reads. Views that say `online: false` are left out.
func liveUses(s *registry.Snapshot) ([]*plan.Use, error) {
	p := s.Project()
	if p == nil {
		return nil, nil
	}
	var uses []*plan.Use
	add := func(r plan.Request) error {
		r.Resolver = s
		pl, err := plan.Build(p, r)
		if err != nil {
			return err
		}
		for _, u := range pl.Uses {
			if !u.View.Offline {
				uses = append(uses, u)
			}
		}
		return nil
	}
	for _, v := range p.Views {
		if v.Kind == selfsame.OnDemandView || v.Offline {
			continue
		}
		var entries []selfsame.ServiceEntry
		for i := range v.Features {
			if s.StageOf(v.Name, v.Features[i].Name, v.Features[i].Version) != registry.Retired {
				entries = append(entries, selfsame.ServiceEntry{View: v.Name, Feature: v.Features[i].Name})
			}
		}
		if len(entries) == 0 {
			continue
		}
		if err := add(plan.Request{Features: entries}); err != nil {
			return nil, err
		}
	}
	var earlier []selfsame.ServiceEntry
	for _, f := range s.Features() {
		for _, v := range f.Versions {
			if v.Status != registry.Current && v.Stage != registry.Retired {
				earlier = append(earlier, selfsame.ServiceEntry{View: f.View, Feature: f.Feature, Version: v.Version})
			}
		}
	}
	for some := range slices.Chunk(earlier, plannedAtOnce) {
		if err := add(plan.Request{Features: some}); err != nil {
			return nil, err
		}
	}
	return uses, nil
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
