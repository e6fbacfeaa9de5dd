// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"slices"

	"selfsame"
	"selfsame/registry"
)

// removed are the features that the project has no more, by name: each as its last version, with the words, entity and sources that it had.
func removed(s *registry.Snapshot) ([]Item, error) {
	var out []Item
	builders := map[*selfsame.Project]*builder{}
	for _, h := range s.Features() {
		at := slices.IndexFunc(h.Versions, func(v registry.Version) bool { return v.Status == registry.Removed })
		if at < 0 {
			continue
		}
		last := &h.Versions[at]
		p, view, feature, err := s.Resolve(h.View, h.Feature, last.Version)
		if err != nil {
			return nil, err
		}
		b := builders[p]
		if b == nil {
			b = newBuilder(p, s)
			builders[p] = b
		}
		if _, planned := b.sources[view.Name]; !planned {
			if err := b.plan(view); err != nil {
				return nil, err
			}
		}
		it := b.feature(view, feature)
		it.Version, it.Stage, it.Removed = last.Version, last.Stage, true
		out = append(out, it)
	}
	return out, nil
}
