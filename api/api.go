// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package api is the wire: HTTP/JSON and gRPC over the interfaces below, which node supplies. It turns requests into questions and
// answers into bytes, and errors into one table of statuses; it decides nothing about values.
package api

import (
	"context"
	"time"

	"selfsame"
	"selfsame/column"
)

// Features answers reads.
type Features interface {
	// Features answers a question, whose memory is the caller's again when it returns. The answer belongs to the caller until its Release.
	Features(ctx context.Context, q *Question) (*Answer, error)
}

// Question asks for the vectors of some rows. Exactly one of Service and References is given.
type Question struct {
	Service    string
	Version    int64    // of the service; 0: the applied one
	References []string // view.feature, view.feature@2, view:feature, view.*, or a bare name where it is unambiguous
	// FeatureVersion, as 2 or 1.1.0, is asked of every reference that names none; empty: the applied versions.
	FeatureVersion string
	// Rows are keys and request fields, one column each, of the kinds that the wire knows: bool, int64, float64, string, bytes (null: Unknown). They are
	// converted to the declared types: text to timestamp, date, decimal or int64, int64 to float64.
	Rows *column.Batch
	// EntityID, where not empty, fills the one key that Rows does not.
	EntityID   string
	At         *int64 // T, microseconds; nil: now
	RequestID  string // empty: one is made
	Timing     bool   // fill Milliseconds
	EventTimes bool   // fill AnswerColumn.EventTimes
	Expired    bool   // give values older than their ttl, with status expired
	Received   int64  // when the request came, on the clock of Monotonic, for the queue step; 0: unknown
}

var begun = time.Now()

// Monotonic is a clock that never steps, in nanoseconds since some moment.
func Monotonic() int64 { return int64(time.Since(begun)) }

// Answer is the vectors of a question.
type Answer struct {
	RequestID string
	Service   string
	Version   int64 // of the service; 0 for references, and where the rows are of several
	// Experiment is the one that dealt the rows to versions of the service, Variants the arm of each row; empty: none.
	Experiment string
	Variants   []string
	Rows       int
	Columns    []AnswerColumn
	Schema     *Schema // of Columns; nil: it is made for this answer
	At         int64   // T
	Cut        string  // token, docs/format/cut.md
	Stale      bool
	Warnings   []string
	// Milliseconds of the steps queue, cache, read, compute; the wire adds encode. CacheHits and CacheMisses count entities.
	Milliseconds           []Step
	CacheHits, CacheMisses int64
	release                func()
}

// Step is the duration of one step.
type Step struct {
	Name         string
	Milliseconds float64
}

// AnswerColumn is one feature of an answer.
type AnswerColumn struct {
	Name       string // of the output
	Reference  string // view.feature@1.1.0
	Definition string // hash of the canonical form
	Values     *column.Column
	EventTimes []int64 // of the newest row or event used, MinTime for none; nil: not asked for, or on demand
}

// SetRelease gives an answer what Release calls.
func (a *Answer) SetRelease(f func()) { a.release = f }

// Release gives the answer's memory back. The answer must not be used after.
func (a *Answer) Release() {
	if a.release != nil {
		a.release()
	}
}

// Events takes events in.
type Events interface {
	// Push stores the rows of one call; when it returns they are durable and applied. An error concerns the whole call: nothing of it is stored.
	// Where the queue is full it is of class resource with a RetryAfter in its chain.
	Push(ctx context.Context, p *EventBatch) (*Receipt, error)
}

// EventBatch is the rows of one call: either Body, or Rows.
type EventBatch struct {
	Source string
	Body   []byte        // JSON: one object, an array of objects, or JSON lines; the caller's again when Push returns, as Rows is
	Rows   *column.Batch // columns by name, kinds of the wire as in Question
}

// Fate is what became of one event.
type Fate uint8

// The fates. Accepted, and superseded ones that count for their own time, are in the log; the others are not.
const (
	Accepted Fate = iota
	Duplicate
	Conflict
	Late
	Early
	SchemaMismatch
	Superseded
)

var fateNames = [...]string{"accepted", "duplicate", "conflict", "late", "early", "schema", "superseded"}

// String is the fate's name on the wire, in reports and in metrics.
func (f Fate) String() string { return fateNames[f] }

// Receipt says what became of the rows of a call, in their order.
type Receipt struct {
	Fates   []Fate
	Reasons []string // one sentence a row that was not accepted, else empty; nil: all accepted
	Offset  int64    // next log offset after this call
	Arrival int64    // greatest α of the events, microseconds
}

// Predictions takes what a model made of a vector, and what came of it.
type Predictions interface {
	// Predict stores the predictions of a call, Outcome its outcomes: when they return all of them are durable, or with an error none is.
	Predict(ctx context.Context, list ...*Prediction) error
	Outcome(ctx context.Context, list ...*Outcome) error
}

// Prediction joins a served vector by its request id.
type Prediction struct {
	RequestID    string
	Row          int // of the request
	Model        string
	ModelVersion string
	Score        selfsame.Value // float64, string or bool
	At           int64          // microseconds; 0: now
}

// Outcome is what turned out to be true.
type Outcome struct {
	RequestID string
	Row       int
	Label     selfsame.Value
	At        int64
}

// Admin is what the verbs of the command line ask a running server for, over loopback: the verb's name and its arguments as JSON, and the
// answer as JSON lines, written as they come.
type Admin interface {
	Do(ctx context.Context, verb string, args []byte, line func([]byte) error) error
}

// Catalog says what can be asked for.
type Catalog interface {
	// Services lists the applied services by name.
	Services(ctx context.Context) ([]ServiceInfo, error)
}

// ServiceInfo describes one service.
type ServiceInfo struct {
	Name        string
	Version     int64 // the applied one
	Description string
	Keys        []selfsame.Field // entity keys and request fields that a read gives
	Outputs     []OutputInfo
}

// OutputInfo describes one feature of a service.
type OutputInfo struct {
	Name      string
	Reference string // view.feature@1.1.0
	Type      selfsame.Type
}

// Health says whether the process can serve.
type Health interface {
	// Ready is nil once state is loaded and listeners are up.
	Ready() error
	// Behind says why what is served may not be the newest that is applied; empty: it is, as far as is known. Reads are answered all the same.
	Behind() string
}
