// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"selfsame"
	"selfsame/compute/window"
)

// State is what live serving keeps for every use of one base: the raw rows of its entities. It is immutable.
type State struct {
	ID   uint32 // in the online store; never used again for another state
	Base string // Use.Base
	Use  *Use   // the union of the uses: all their columns and cells
	// Width is the span of event time of one bucket, microseconds; 0: all rows of an entity are one bucket (as-of views).
	Width int64
}

// Bucket returns the number of the bucket that holds rows of event time tau.
func (s *State) Bucket(tau int64) int64 {
	if s.Width == 0 {
		return 0
	}
	return window.FloorDiv(tau, s.Width)
}

// States is the set of states that are live at one moment. It is immutable.
type States struct {
	byBase  map[string]*State
	list    []*State
	history string
}

// NewStates returns a set of states of distinct bases, in the given order.
func NewStates(list []*State) *States {
	s := &States{byBase: map[string]*State{}, list: list}
	for _, st := range list {
		s.byBase[st.Base] = st
	}
	return s
}

// ByBase returns the state of a base, or nil.
func (s *States) ByBase(base string) *State { return s.byBase[base] }

// WithHistory returns the set with the text that says which history its states hold; empty: none. The text is its owner's: it travels with the set so
// that whoever has pinned the set knows what it has pinned.
func (s *States) WithHistory(text string) *States {
	out := *s
	out.history = text
	return &out
}

// History returns the text of WithHistory.
func (s *States) History() string { return s.history }

// List returns the states in their order. The slice belongs to the set.
func (s *States) List() []*State { return s.list }

// Reading returns the states that a source feeds.
func (s *States) Reading(source *selfsame.Source) []*State {
	var out []*State
	for _, st := range s.list {
		for _, u := range st.Use.Sources {
			if u.Source.Name == source.Name {
				out = append(out, st)
				break
			}
		}
	}
	return out
}
