// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"selfsame"
	"selfsame/plan"
	"selfsame/registry"
)

// liveUses returns what must have online state so that every version that can be asked for answers: the stored views of the newest project, of every
// version of every service, and of every other version of a feature. Views that say `online: false` are left out.
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
		if err := add(plan.Request{View: v.Name}); err != nil {
			return nil, err
		}
	}
	for _, f := range s.Features() {
		for _, v := range f.Versions {
			if v.Status == registry.Current {
				continue
			}
			entry := selfsame.ServiceEntry{View: f.View, Feature: f.Feature, Version: v.Version}
			if err := add(plan.Request{Features: []selfsame.ServiceEntry{entry}}); err != nil {
				return nil, err
			}
		}
	}
	return uses, nil
}
