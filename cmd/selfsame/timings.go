// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"sync"
	"time"

	"selfsame"
	"selfsame/batch"
)

// timings notes when the stages of a run begin.
type timings struct {
	path  string // empty: nobody asked
	began time.Time

	mu   sync.Mutex
	from map[batch.Stage]time.Time
}

// planned is the end of the preparation, which has no stage.
const planned batch.Stage = "planned"

func newTimings(path string) *timings {
	return &timings{path: path, began: time.Now(), from: map[batch.Stage]time.Time{}}
}

// note is told of progress.
func (t *timings) note(s batch.Stage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.from[s]; !ok {
		t.from[s] = time.Now()
	}
}

// seconds are the wall-clock seconds of the parts of a run, each up to the beginning of the next.
type seconds struct {
	Prepare float64 `json:"prepare"` // definitions, plan, footers, and the rows that ask
	Read    float64 `json:"read"`    // sources: decoded, admitted, resolved, handed to the sweeps
	Compute float64 `json:"compute"` // the sweeps
	Write   float64 `json:"write"`   // rows laid together, checked, encoded, written; manifest and report
	Total   float64 `json:"total"`
}

// write writes the seconds to the file that was asked for.
func (t *timings) write() error {
	if t.path == "" {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	end := time.Now()
	start := func(stages ...batch.Stage) time.Time {
		for _, s := range stages {
			if at, ok := t.from[s]; ok {
				return at
			}
		}
		return end
	}
	write := start(batch.StageWrite)
	compute := start(batch.StageCompute, batch.StageWrite)
	read := start(planned)
	s := seconds{Prepare: read.Sub(t.began).Seconds(), Read: compute.Sub(read).Seconds(), Compute: write.Sub(compute).Seconds(),
		Write: end.Sub(write).Seconds(), Total: end.Sub(t.began).Seconds()}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(t.path, append(b, '\n'), 0o644); err != nil {
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: "--timings " + t.path, Message: "cannot write the file", Err: err}
	}
	return nil
}
