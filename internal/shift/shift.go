// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package shift paces work that nobody waits for: slices of it, with a rest behind each. It is not a scheduler: whoever works says where it may pause.
//
// To step back without a rest, as runtime.Gosched does, helps those who wait for a place in this process; a thread that never sleeps keeps others, the caller's
// among them, from its core for as long as the system's own slices are.
//
// Any room may call it. A Shift is one goroutine's.
package shift

import "time"

const (
	// Slice is how long work goes on at least before it rests: shorter, and the rests cost more than they give.
	Slice = 250 * time.Microsecond
	// Longest bounds a rest: a slice that took longer has itself waited for a processor, or for the disk.
	Longest = 5 * time.Millisecond
)

// Shift is some work. Begin begins it.
type Shift struct {
	Rests int // how many times as long as a slice took the rest behind it is; 0: once

	resumed time.Time
	timer   *time.Timer
}

// Begin begins a slice.
func (s *Shift) Begin() { s.resumed = time.Now() }

// Pause rests where a slice is over, until hurry is closed at most, and begins the next.
func (s *Shift) Pause(hurry <-chan struct{}) {
	worked := time.Since(s.resumed)
	if worked < Slice {
		return
	}
	rest := min(time.Duration(max(s.Rests, 1))*worked, Longest)
	if s.timer == nil {
		s.timer = time.NewTimer(rest)
	} else {
		s.timer.Reset(rest)
	}
	select {
	case <-s.timer.C:
	case <-hurry:
		s.timer.Stop()
	}
	s.Begin()
}
