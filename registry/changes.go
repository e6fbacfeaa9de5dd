// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"

	"selfsame/definition/canonical"
)

// VersionChange is a version of a feature with why it came and in what it differs from the version before it.
type VersionChange struct {
	Version
	Message     string                 `json:"message,omitempty"` // of the apply that brought it
	Commit      string                 `json:"commit,omitempty"`
	Differences []canonical.Difference `json:"differences,omitempty"`
}

// Changes returns the versions of a feature, oldest first, each against the one before it.
func (s *Snapshot) Changes(ctx context.Context, view, feature string) ([]VersionChange, error) {
	h, err := s.feature(view, feature)
	if err != nil {
		return nil, err
	}
	var hashes []string
	for i := range h.versions {
		hashes = append(hashes, h.versions[i].Hash)
	}
	forms, err := Texts(ctx, s.projects.store, hashes)
	if err != nil {
		return nil, err
	}
	out := make([]VersionChange, len(h.versions))
	for i, v := range h.versions {
		r := s.records[v.Apply-1]
		out[i] = VersionChange{Version: v, Message: r.Message, Commit: r.Commit}
		if i > 0 && v.Hash != h.versions[i-1].Hash {
			out[i].Differences = canonical.Differences(forms[h.versions[i-1].Hash], forms[v.Hash])
		}
	}
	return out, nil
}
