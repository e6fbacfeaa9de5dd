// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import "selfsame"

// The kinds of runs.
const (
	RunTrain       = "train"
	RunSnapshot    = "snapshot"
	RunBackfill    = "backfill"
	RunMaterialize = "materialize"
)

// Loads reports whether the run brought history into online states.
func (r *Run) Loads() bool { return r.Kind == RunBackfill || r.Kind == RunMaterialize }

func (r *Run) subject() string { return r.ID }

// decide records a run. One that is recorded already stays as it is.
func (r *Run) decide(s *Snapshot) ([]Act, error) {
	if r.ID == "" || r.Kind == "" {
		return nil, &selfsame.Error{Class: selfsame.ClassInternal, Ref: "run", Message: "it has no id or no kind"}
	}
	for i := range s.acts.runs {
		if s.acts.runs[i].ID == r.ID {
			return nil, nil
		}
	}
	a, err := act(KindRun, r.ID, r)
	return []Act{a}, err
}
