// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"encoding/json"
	"slices"

	"selfsame"
)

// After returns the snapshot that applying a change would give, and the diff. Nothing is stored. Where the files mean what is applied it is s itself.
func (s *Snapshot) After(ctx context.Context, c *Change) (*Snapshot, *Diff, error) {
	d, err := s.decide(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	if err := s.expected(c, d.diff); err != nil {
		return nil, nil, err
	}
	if d.diff.Empty() {
		return s, d.diff, nil
	}
	next, err := d.next()
	return next, d.diff, err
}

// next is the snapshot with the change.
func (d *decision) next() (*Snapshot, error) {
	next, err := d.before.fold(d.record)
	if err != nil {
		return nil, err
	}
	next.project = next.stamp(d.after, next.ID())
	return next, nil
}

// equal notes at features that come, or get another form, which others of the project have the same one. A feature that comes where one of the same form
// goes has a new name.
func (d *decision) equal() {
	byHash := map[string][]string{}
	for name, f := range d.forms {
		byHash[f.hash] = append(byHash[f.hash], name)
	}
	gone := map[string][]*FeatureChange{}
	changes := map[string]*FeatureChange{}
	for i := range d.diff.Features {
		f := &d.diff.Features[i]
		changes[featureName(f.View, f.Feature)] = f
		if f.Effect == Gone {
			gone[f.Hash] = append(gone[f.Hash], f)
		}
	}
	for i := range d.diff.Features {
		f := &d.diff.Features[i]
		if f.Effect != Added && f.Effect != Behaviour {
			continue
		}
		if left := gone[f.Hash]; f.Effect == Added && len(left) > 0 {
			gone[f.Hash] = left[1:]
			f.RenamedFrom, left[0].RenamedTo = featureName(left[0].View, left[0].Feature), featureName(f.View, f.Feature)
			continue
		}
		f.Equal = d.equals(featureName(f.View, f.Feature), byHash[f.Hash], changes)
	}
}

// equals are the references of the other features of a form: those that were applied before, or, where there are none, those that come as well.
func (d *decision) equals(name string, all []string, changes map[string]*FeatureChange) []string {
	var before, coming []string
	slices.Sort(all)
	for _, other := range all {
		c := changes[other]
		switch {
		case other == name:
		case c == nil:
			h := d.before.features[other]
			before = append(before, other+"@"+h.versions[h.last].Version)
		case c.Effect == Compatible:
			before = append(before, other+"@"+c.To)
		default:
			coming = append(coming, other+"@"+c.To)
		}
	}
	if len(before) > 0 {
		return before
	}
	return coming
}

// impacts takes over what was found about values of the changes that are made.
func (d *decision) impacts(found []Impact) error {
	for i := range found {
		m := &found[i]
		made := slices.ContainsFunc(d.diff.Features, func(f FeatureChange) bool {
			return f.View == m.View && f.Feature == m.Feature && f.From == m.From && f.To == m.To && f.From != ""
		})
		if !made {
			continue
		}
		body, err := json.Marshal(m)
		if err != nil {
			return &selfsame.Error{Class: selfsame.ClassInternal, Ref: featureName(m.View, m.Feature), Message: "what it does to values cannot be written", Err: err}
		}
		d.diff.Impacts = append(d.diff.Impacts, *m)
		d.record.Acts = append(d.record.Acts, Act{Kind: KindImpact, Subject: featureName(m.View, m.Feature) + "@" + m.To, Body: body})
	}
	return nil
}
