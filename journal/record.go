// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"selfsame"
	"selfsame/column"
)

// Shape is what the vectors of one service version share. It is immutable; equal vectors are best given one Shape, which is then written once
// a segment.
type Shape struct {
	Service string // empty: the request named references
	Version int64  // of the service; 0 for references
	Given   []selfsame.Field
	Outputs []Output
}

// Output is one value of a vector.
type Output struct {
	Name    string
	Ref     string // view.feature
	Version string // of the feature, x.y.z; empty: not applied
	Hash    string // of its canonical form
	Type    selfsame.Type
}

// Served is an answered request: one vector for each of its rows. Of one whose rows an experiment dealt to several versions, it is the rows of one arm.
type Served struct {
	RequestID  string
	Shape      *Shape
	At         int64  // T, microseconds
	Cut        string // token (docs/format/cut.md)
	Stale      bool
	Past       bool   // T was asked for: the answer is as_of T
	Experiment string // that dealt the rows to a version of the service; empty: none
	Variant    string // its arm that all rows are in
	Rows       int
	Numbers    []int            // of the request, of each row, ascending; nil: 0, 1, 2 …
	Given      []*column.Column // beside Shape.Given
	Values     []*column.Column // beside Shape.Outputs
	EventTimes [][]int64        // beside Shape.Outputs: of the newest row or event used, MinTime for none; nil, also as an element: not kept
}

// Number is the row of the request that row i is.
func (s *Served) Number(i int) int {
	if s.Numbers == nil {
		return i
	}
	return s.Numbers[i]
}

// Prediction is what a model made of a vector.
type Prediction struct {
	RequestID    string
	Row          int // of the request
	Model        string
	ModelVersion string
	Score        selfsame.Value
	At           int64 // microseconds
}

// Outcome is what turned out to be true.
type Outcome struct {
	RequestID string
	Row       int
	Label     selfsame.Value
	At        int64
}

// Record is one entry of the journal. Exactly one of the pointers is set; what they point to belongs to whoever reads.
type Record struct {
	Position   Position // of this record
	Time       int64    // when it was written, microseconds, never less than that of the record before
	Served     *Served
	Prediction *Prediction
	Outcome    *Outcome
}

// RequestID is the request that the record belongs to.
func (r *Record) RequestID() string {
	switch {
	case r.Served != nil:
		return r.Served.RequestID
	case r.Prediction != nil:
		return r.Prediction.RequestID
	}
	return r.Outcome.RequestID
}

// kind is the first byte of a frame's content. Its values are stored.
type kind byte

const (
	shapeKind kind = iota + 1
	servedKind
	predictionKind
	outcomeKind
)
