// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"fmt"

	"selfsame"
)

// hottest counts the events of every entity, where memory is limited: those of one are evaluated at once.
type hottest struct {
	events []uint32 // by entity
	bytes  int64    // of all events
}

// tally counts the events of p.
func (h *hottest) tally(s *Sweep, p *part) {
	if h.events == nil {
		h.events = make([]uint32, s.rows.Entities)
	}
	h.bytes += p.size()
	for q := range s.partitions() {
		for _, local := range p.ent[p.starts[q]:p.starts[q+1]] {
			h.events[local<<s.shift|uint32(q)]++
		}
	}
}

// What an event takes while its entity is evaluated, about.
const (
	copies      = 2  // of its values: as they were read, and sorted
	sortedBytes = 24 // places, and what is sorted
	kernelShare = 48 // what the kernel of a group builds of it, unless it counts every event
)

// beside is what a sweep may take beside its limit for the greatest entity.
const beside = 256 << 20

// HotKey says that the events of one entity do not fit in the memory that a limit leaves.
type HotKey struct {
	Entity        uint32
	Events        int64
	Bytes, Enough int64 // that they take, about; a limit that leaves as much
}

// Error says how large the entity is.
func (h *HotKey) Error() string {
	return fmt.Sprintf("%d events, which take about %d MiB at once", h.Events, h.Bytes>>20)
}

// Fits reports, when every block is added, whether the events of the greatest entity fit in the limit and 256 MiB more: they stand in memory
// together, with what is built of them, and no spilling helps. The error is of class resource and wraps a HotKey.
func (s *Sweep) Fits() error {
	if s.events == 0 || s.hottest.events == nil {
		return nil
	}
	each := copies*s.hottest.bytes/s.events + sortedBytes
	for _, g := range s.spec.groups {
		if len(g.args) > 0 || g.filter >= 0 {
			each += kernelShare
		}
	}
	h := &HotKey{}
	for e, n := range s.hottest.events {
		if int64(n) > h.Events {
			h.Entity, h.Events = uint32(e), int64(n)
		}
	}
	if h.Bytes = each * h.Events; h.Bytes <= s.opt.Memory+beside {
		return nil
	}
	h.Enough = (h.Bytes - beside + 1<<20 - 1) >> 20 << 20
	return &selfsame.Error{Class: selfsame.ClassResource, Ref: s.spec.Name, Err: h, Message: "one key is too large for the memory limit",
		Hint: fmt.Sprintf("raise the limit to %dMiB (--memory), or leave the key out with the view's `where`", h.Enough>>20)}
}
