// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"selfsame"
)

// fold returns the snapshot after more records, without its project. It shares what they do not touch.
func (s *Snapshot) fold(records ...*Record) (*Snapshot, error) {
	next := &Snapshot{records: slices.Clip(s.records), applied: s.applied, features: maps.Clone(s.features), services: maps.Clone(s.services),
		acts: s.acts.clone(), projects: s.projects}
	for _, r := range records {
		if err := next.add(r); err != nil {
			return nil, err
		}
	}
	next.homes = sync.OnceValue(next.findHomes)
	next.readers = sync.OnceValues(next.findReaders)
	return next, nil
}

// add folds one more record into a snapshot that nobody has yet.
func (s *Snapshot) add(r *Record) error {
	if r.ID != s.ID()+1 {
		return damaged(fmt.Sprintf("apply %d", r.ID), fmt.Sprintf("it follows apply %d", s.ID()), nil)
	}
	s.records = append(s.records, r)
	if r.apply() {
		s.applied = r.ID
	}
	for i := range r.Features {
		f := &r.Features[i]
		name := featureName(f.View, f.Feature)
		h := s.features[name]
		if h == nil && f.Version == "" {
			return damaged(name, fmt.Sprintf("apply %d removes what was never there", r.ID), nil)
		}
		s.features[name] = h.fold(r, f)
	}
	for i := range r.Services {
		v := &r.Services[i]
		h := s.services[v.Name]
		next := int64(1)
		if h != nil {
			next = int64(len(h.versions)) + 1
		}
		if v.Version > next || h == nil && v.Version == 0 {
			return damaged("service "+v.Name, fmt.Sprintf("apply %d skips to version %d", r.ID, v.Version), nil)
		}
		s.services[v.Name] = h.fold(r, v)
	}
	return s.addActs(r)
}

// fold returns the history with one more event. h is nil before the first.
func (h *featureHistory) fold(r *Record, f *FeatureRecord) *featureHistory {
	if h == nil {
		h = &featureHistory{view: f.View, feature: f.Feature, removed: true, settled: -1}
	}
	n := *h
	n.versions, n.since, n.until = slices.Clone(h.versions), slices.Clone(h.since), slices.Clone(h.until)
	if !h.removed {
		n.versions[h.last].Status, n.until[h.last] = Earlier, r.ID-1
	} else if len(n.versions) > 0 {
		n.versions[h.last].Status = Earlier
	}
	if len(n.versions) > 0 && n.versions[h.last].Stage != Draft {
		n.settled = h.last
	}
	if f.Version == "" {
		n.versions[h.last].Status, n.removed = Removed, true
		return &n
	}
	n.removed, n.words = false, f.Words
	n.last = slices.IndexFunc(n.versions, func(v Version) bool { return v.Version == f.Version })
	if n.last < 0 {
		n.last = len(n.versions)
		n.versions = append(n.versions, Version{Version: f.Version, Hash: f.Hash, Apply: r.ID, Time: selfsame.Instant(r.Time), Author: r.Author, Found: f.Found, Stage: Active})
		n.since, n.until = append(n.since, 0), append(n.until, 0)
	}
	if h.removed || n.last != h.last {
		n.since[n.last] = r.ID
	}
	n.versions[n.last].Status, n.until[n.last] = Current, 0
	return &n
}

// fold returns the history with one more event. h is nil before the first.
func (h *serviceHistory) fold(r *Record, v *ServiceRecord) *serviceHistory {
	if h == nil {
		h = &serviceHistory{name: v.Name}
	}
	n := *h
	n.versions = slices.Clone(h.versions)
	if len(n.versions) > 0 {
		n.versions[h.last].Status = Earlier
	}
	if v.Version == 0 {
		n.versions[h.last].Status, n.removed = Removed, true
		return &n
	}
	n.removed, n.last = false, int(v.Version-1)
	if n.last == len(n.versions) {
		n.versions = append(n.versions, ServiceVersion{Version: v.Version, Hash: v.Hash, Apply: r.ID, Time: selfsame.Instant(r.Time), Author: r.Author})
	}
	n.versions[n.last].Status, n.versions[n.last].Entries = Current, v.Entries
	return &n
}
