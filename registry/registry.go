// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"

	"selfsame"
)

// Registry is the applied definitions of one project. Over makes one on a Store.
type Registry interface {
	// Plan says what Apply would do, and stores nothing.
	Plan(ctx context.Context, c *Change) (*Diff, error)
	// Apply makes the files of a change the applied definitions: all or nothing. Where they mean what is applied already, nothing is stored and
	// Diff.Apply is 0. A change that was planned on another apply than the newest is refused with class changed; one whose request was done before is refused
	// with Answered.
	Apply(ctx context.Context, c *Change) (*Diff, error)
	// Snapshot returns everything that is applied. It is the same pointer until something is applied.
	Snapshot(ctx context.Context) (*Snapshot, error)
	// Act records an action. Where the registry holds it already, nothing is stored and the record is nil. By.Request is as that of Apply.
	Act(ctx context.Context, by By, a Action) (*Record, error)
	Close() error
}

// Newest in Change.Expect accepts whatever apply is the newest.
const Newest int64 = -1

// Change is what an author wants to be applied.
type Change struct {
	// Impacts is what a plan found that the change does to values. Those of changes that are made are recorded with them.
	Impacts []Impact          `json:"impacts,omitempty"`
	Files   map[string][]byte `json:"files"` // the project's definition files, by their path with slashes
	Author  string            `json:"author"`
	Message string            `json:"message,omitempty"`
	Commit  string            `json:"commit,omitempty"` // of git
	Engine  string            `json:"engine,omitempty"` // version of the engine that applies
	Time    int64             `json:"time"`             // microseconds
	Expect  int64             `json:"expect"`           // Diff.On of the plan that the author saw: 0 before the first apply; or Newest
	Draft   bool              `json:"draft,omitempty"`  // new versions are drafts
	Request *Request          `json:"-"`                // nil: it is not recorded by what it was asked for
}

// By is who acts, when and why.
type By struct {
	Author  string `json:"author"`
	Message string `json:"message,omitempty"`
	Engine  string `json:"engine,omitempty"`
	Time    int64  `json:"time"` // microseconds

	Request *Request `json:"-"` // as that of a Change
}

// Found is what the tool found a definition to be, whatever version its author names.
type Found string

// What is found of a feature, against the version that was current.
const (
	FoundNew   Found = "new"   // no version was ever applied
	FoundNone  Found = "none"  // the same definition
	FoundPatch Found = "patch" // description, owner, tags or expectations
	FoundMinor Found = "minor" // the canonical form, by an addition that changes no existing value
	FoundMajor Found = "major" // the canonical form
)

// Status says where a version stands.
type Status string

// The statuses of a version. All of them can be read.
const (
	Current Status = "current" // the project's own
	Earlier Status = "earlier" // another version of the feature is the project's own
	Removed Status = "removed" // the last one of a feature that the project has no more
)

// Version is one applied version of a feature.
type Version struct {
	Version string           `json:"version"` // 1.1.0
	Hash    string           `json:"hash"`    // of the canonical form
	Apply   int64            `json:"apply"`   // that brought it
	Time    selfsame.Instant `json:"time"`    // of that apply
	Author  string           `json:"author"`  // of that apply
	Status  Status           `json:"status"`
	Found   Found            `json:"found"` // when it was applied first

	Stage     Stage            `json:"stage"`
	Successor string           `json:"successor,omitempty"` // view.feature@1.1.0 to use in its place, where it is deprecated or retired
	Until     selfsame.Instant `json:"until,omitempty"`     // the day on which it is to be retired; 0: none is set
	Reason    string           `json:"reason,omitempty"`
}

// Ref is the version of view.feature as references write it.
func (v *Version) Ref(view, feature string) string { return view + "." + feature + "@" + v.Version }

// ServiceVersion is one applied feature list of a service.
type ServiceVersion struct {
	Version int64            `json:"version"`
	Hash    string           `json:"hash"` // of the list
	Apply   int64            `json:"apply"`
	Time    selfsame.Instant `json:"time"`
	Author  string           `json:"author"`
	Status  Status           `json:"status"`
	Entries []Entry          `json:"entries"`
}

// Entry is one output of a service, pinned.
type Entry struct {
	View    string            `json:"view"`
	Feature string            `json:"feature"`
	Version string            `json:"version"`
	Hash    string            `json:"hash"`
	Key     map[string]string `json:"key,omitempty"` // entity key field -> label or request column
	As      string            `json:"as,omitempty"`
	Prefix  *string           `json:"prefix,omitempty"` // nil: view__
}

// entry is the pinned line of a service.
func (e *Entry) entry() selfsame.ServiceEntry {
	out := selfsame.ServiceEntry{View: e.View, Feature: e.Feature, Version: e.Version, Key: e.Key, As: e.As}
	if e.Prefix != nil {
		out.HasPrefix, out.Prefix = true, *e.Prefix
	}
	return out
}
