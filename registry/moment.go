// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import "context"

// AtTime returns the snapshot as it was at a moment, in microseconds: the records up to the first that is later. It is s itself where none is.
func (s *Snapshot) AtTime(ctx context.Context, t int64) (*Snapshot, error) {
	n := len(s.records)
	for i, r := range s.records {
		if r.Time > t {
			n = i
			break
		}
	}
	if n == len(s.records) {
		return s, nil
	}
	then := empties(s.projects)
	if n == 0 {
		return then, nil
	}
	then, err := then.fold(s.records[:n]...)
	if err != nil {
		return nil, err
	}
	if then.applied != 0 { // not kept: nobody may ask again
		then.project, err = s.projects.build(ctx, then, then.applied)
	}
	return then, err
}
