// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"cmp"
	"maps"
	"slices"
)

// stay is a stretch of applies, both ends inclusive, in which a version was the project's own: the last one of that version.
type stay struct {
	name         string // view.feature
	at           int    // index of the version
	since, until int64
}

// homes says from which applies earlier versions are rebuilt.
type homes struct {
	of    map[string][]int64        // view.feature -> apply of each version; 0: it is current
	views map[int64]map[string]bool // apply -> views that are rebuilt from it
}

// findHomes chooses the apply from whose project each version is rebuilt that is not current: one that had it. Few applies are chosen, because a
// project has to be parsed and kept for each: the least number that meets every stay, found by taking, in the order of their ends, the end of each
// stay that no apply chosen before is in. A later apply ends its stays later, so it leaves these choices as they are.
func (s *Snapshot) findHomes() *homes {
	var stays []stay
	found := &homes{of: map[string][]int64{}, views: map[int64]map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(s.features)) {
		h := s.features[name]
		found.of[name] = make([]int64, len(h.versions))
		for at := range h.versions {
			if h.versions[at].Status != Current {
				stays = append(stays, stay{name: name, at: at, since: h.since[at], until: h.until[at]})
			}
		}
	}
	slices.SortStableFunc(stays, func(a, b stay) int { return cmp.Compare(a.until, b.until) })
	chosen := int64(0)
	for _, st := range stays {
		if st.since > chosen {
			chosen = st.until
		}
		found.of[st.name][st.at] = chosen
		if found.views[chosen] == nil {
			found.views[chosen] = map[string]bool{}
		}
		found.views[chosen][s.features[st.name].view] = true
	}
	return found
}
