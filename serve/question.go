// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"selfsame"
	"selfsame/column"
	"selfsame/request"
)

// Request asks for the vectors of some rows. Exactly one of Service and References is given.
type Request struct {
	Service    string
	Version    int64 // of the service; 0: the applied one
	References []string
	// FeatureVersion is asked of every reference that names no version, as 2 or 1.1.0; empty: the applied ones.
	FeatureVersion string
	// Given are keys and request fields, one column each, of whatever kinds the wire has: text is read as a timestamp, a date, a decimal
	// or an int64 where such is declared, an int64 as a float64. They are read until Vector.Release. nil: one row without columns.
	Given *column.Batch
	// EntityID, where not empty, fills the one key that Given does not.
	EntityID   string
	At         *int64 // T, microseconds; nil: now
	RequestID  string // empty: one is made
	Timing     bool
	EventTimes bool
	Expired    bool // give values older than their ttl, with status expired
}

// Output is what one column of an answer is. It belongs to the server and does not change.
type Output struct {
	Name       string
	Reference  string // view.feature@1.1.0; without @ where no version is known
	Version    string // of the feature, 1.1.0
	Definition string // hash of the canonical form, empty where it is not known
	Type       selfsame.Type
}

// Vector is the answer to a Request: one column an output, in the service's order, with a status beside every value. Its slices are valid
// until Release.
type Vector struct {
	RequestID  string
	Service    string   // empty for references
	Version    int64    // of the service; 0 where rows are of several, by an experiment
	Experiment string   // that runs on the service and dealt the rows; empty: none, or a version was asked for
	Variants   []string // with it: the arm of each row
	Rows       int
	Outputs    []Output
	Columns    []*column.Column
	EventTimes [][]int64 // per output: of the newest row or event used, MinTime for none; nil: not asked for, static or on demand
	At         int64     // T
	Past       bool      // T was asked for: the answer is as_of T
	Cut        request.Cut
	Token      string // of the cut, docs/format/cut.md
	Stale      bool
	Warnings   []string
	// Milliseconds of the steps, where Timing was asked for: finding entities, reading and decoding them, evaluating.
	Milliseconds           Milliseconds
	CacheHits, CacheMisses int64

	result *request.Result
	work   *work
	parts  []*Vector // of an answer that was put together: by arms of an experiment
}

// Milliseconds are the durations of the steps of an answer.
type Milliseconds struct{ Cache, Read, Compute float64 }

// Release gives the vector's memory back. It must not be used after.
func (v *Vector) Release() {
	for _, part := range v.parts {
		part.Release()
	}
	v.parts = nil
	if v.work == nil {
		return
	}
	w := v.work
	v.work = nil
	v.result.Release()
	w.plan.free.Put(w)
}

// Record is what a journal keeps of an answer, or of those rows of it that are in one arm of an experiment. It is valid during the call.
type Record struct {
	*Vector
	Variant string           // arm of every row of the vector; empty: there is no experiment
	Numbers []int            // of the request, of each row; nil: 0, 1, 2 …
	Fields  []selfsame.Field // the keys and request fields that the plan reads
	Given   []*column.Column // their values, of the declared types
}

func usage(ref, message, hint string) error {
	return &selfsame.Error{Class: selfsame.ClassUsage, Ref: ref, Message: message, Hint: hint}
}
