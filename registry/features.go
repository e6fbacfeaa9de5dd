// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"cmp"
	"slices"
)

// FeatureVersions is one feature with what was applied of it, oldest first.
type FeatureVersions struct {
	View     string    `json:"view"`
	Feature  string    `json:"feature"`
	Versions []Version `json:"versions"`
}

// Features returns every feature that was ever applied, by view and name.
func (s *Snapshot) Features() []FeatureVersions {
	var out []FeatureVersions
	for _, h := range s.features {
		out = append(out, FeatureVersions{View: h.view, Feature: h.feature, Versions: slices.Clone(h.versions)})
	}
	slices.SortFunc(out, func(a, b FeatureVersions) int {
		return cmp.Or(cmp.Compare(a.View, b.View), cmp.Compare(a.Feature, b.Feature))
	})
	return out
}
