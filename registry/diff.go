// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import "selfsame/definition/canonical"

// Effect is what a change does to what is served.
type Effect string

// The effects of a change.
const (
	Added      Effect = "added"
	Compatible Effect = "compatible"       // no existing value changes
	Behaviour  Effect = "behaviour change" // values change
	Gone       Effect = "removed"
)

// Diff is what a change does. Its lists are in the order of their names.
type Diff struct {
	Project  string          `json:"project"`
	On       int64           `json:"on"`    // the apply that it is against; 0: none
	Apply    int64           `json:"apply"` // its own, once applied; 0: nothing was stored
	Features []FeatureChange `json:"features"`
	Services []ServiceChange `json:"services"`
	Others   []OtherChange   `json:"others"` // settings that are no part of a feature's form, among others
	// Files that changed. Where nothing else is listed they mean what they meant before.
	Files []string `json:"files"`
	// Warnings name what services of the project answer with although it is deprecated, and experiments that answer in the place of what is applied.
	Warnings []string `json:"warnings,omitempty"`
	// Impacts is what the change does to values, as far as that was looked at (Change.Impacts).
	Impacts []Impact `json:"impacts,omitempty"`
}

// Empty reports whether the files mean what is applied.
func (d *Diff) Empty() bool { return len(d.Features)+len(d.Services)+len(d.Others) == 0 }

// Breaking reports whether a value that can be read now without naming a version changes or goes.
func (d *Diff) Breaking() bool {
	for _, f := range d.Features {
		if f.Effect == Behaviour && f.Stage != Draft || f.Effect == Gone {
			return true
		}
	}
	for _, s := range d.Services {
		if s.Effect == Behaviour || s.Effect == Gone {
			return true
		}
	}
	return false
}

// FeatureChange is what becomes of one feature.
type FeatureChange struct {
	View        string                 `json:"view"`
	Feature     string                 `json:"feature"`
	Effect      Effect                 `json:"effect"`
	From        string                 `json:"from,omitempty"`     // version that was current; empty: none
	To          string                 `json:"to,omitempty"`       // version that is; empty: none
	Proposed    string                 `json:"proposed,omitempty"` // where the author named another
	Found       Found                  `json:"found,omitempty"`
	Restored    bool                   `json:"restored,omitempty"` // To was applied before
	Hash        string                 `json:"hash,omitempty"`     // of To; of From where it is removed
	Stage       Stage                  `json:"stage,omitempty"`    // of To; empty where it is removed
	Differences []canonical.Difference `json:"differences,omitempty"`
	Services    []string               `json:"services,omitempty"` // whose answer it changes, or is taken out of
	// Equal are the project's other features of the same form, as view.feature@1.1.0: those that were applied before, else those that come with it.
	Equal       []string `json:"equal,omitempty"`
	RenamedFrom string   `json:"renamed_from,omitempty"` // of one that comes: the feature of the same form that goes, as view.feature
	RenamedTo   string   `json:"renamed_to,omitempty"`   // of one that goes: the feature of the same form that comes
}

// ServiceChange is what becomes of one service.
type ServiceChange struct {
	Name     string `json:"name"`
	Effect   Effect `json:"effect"`
	From     int64  `json:"from,omitempty"`
	To       int64  `json:"to,omitempty"`
	Restored bool   `json:"restored,omitempty"`
	// Outputs, by name. Changed ones read another version, or their key from another column.
	Added   []string `json:"added,omitempty"`
	Changed []string `json:"changed,omitempty"`
	Removed []string `json:"removed,omitempty"`
	Order   bool     `json:"order,omitempty"` // the outputs stand in another order
}

// OtherChange is an entity, a source, a view or a service whose own settings change.
type OtherChange struct {
	Kind     string   `json:"kind"`
	Name     string   `json:"name"`
	Effect   Effect   `json:"effect"`             // Compatible: what it does to values is told by the features
	Settings []string `json:"settings,omitempty"` // that differ
}
