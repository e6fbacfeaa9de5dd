// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package eventlog is the contract of the truth: what came in live, in one order, never changed (L1). Adapters are beneath it
// (eventlog/local on Pebble), the conformance suite is eventlog/eventlogtest.
//
// A log is a sequence of blocks. A block is a run of rows of one source that became durable at one moment: it has one arrival α
// and consecutive offsets. Admission (late, early, schema) is decided once, when a block is appended, and depends on each row
// alone; rows that are refused go to the side log and have no offset. Duplicates, conflicts and superseded versions are not decided here:
// they follow from the cut, and whoever reads the log works them out.
package eventlog

import (
	"context"

	"selfsame"
	"selfsame/column"
)

// Op is what an entry does.
type Op uint8

// The operations.
const (
	Insert Op = iota
	Delete
	Upsert
)

// Verdict is the admission of one row (semantics, section 4). Its values are stored.
type Verdict uint8

// The verdicts.
const (
	OK Verdict = iota
	Late
	Early
	Schema
)

// Block is a run of rows of one source. An appender fills Source and Rows; the log fills the rest. A block that a log returns
// holds admitted rows only and is read-only.
type Block struct {
	Source *selfsame.Source // of a block that is read: only Name and Schema are there, as they were when it was appended
	Name   string           // of the source
	First  int64            // offset of row 0; row i has First+i
	Alpha  int64            // α of every row, microseconds. Strictly greater than that of every earlier append
	Rows   *column.Batch    // fields of the source's schema, in schema order
	Tau    []int64          // event time of each row, microseconds
	Ops    []Op             // nil: every row is an insert
}

// Refused is a row that was not admitted, or that a reader of the log found to be a conflict.
type Refused struct {
	Seq     int64  // place in the side log, ascending
	Source  string //
	Alpha   int64  // when it came
	Tau     int64  // MinTime where it has none
	Verdict string // late, early, schema, conflict
	Reason  string // one sentence for people
	Row     string // the row as JSON, its fields by name, or the text as it came
}

// Append is what one call to Append asks for and, filled by the log, what became of it.
type Append struct {
	Block
	Readmit  bool      // rows of the side log that come in again: they are neither late nor early
	Verdicts []Verdict // filled: one a row of the block as given
	Reasons  []string  // filled: one a row, empty where OK; nil where all are
	Admitted *Block    // filled: the rows with verdict OK; nil where there are none
}

// Log is the truth. All methods are safe for concurrent use, but appends are one at a time: the caller is the log's only writer.
type Log interface {
	// Append stamps, admits and stores blocks, all or nothing; when it returns they are durable. α is max(now, last α + 1, floor):
	// floor is one more than the latest T that a read was answered with, so that no entry slips under a cut already answered.
	Append(ctx context.Context, blocks []*Append, floor int64) error
	// Read visits the blocks that hold offsets in [from, to), in order, cut to that range. A block is valid until visit returns.
	Read(ctx context.Context, from, to int64, visit func(*Block) error) error
	// End returns the offset that the next row gets and the α of the last.
	End() (next, alpha int64)
	Close() error
}

// Sider is a log with a side log of refused rows. Append stores there what it refuses.
type Sider interface {
	// Refuse stores rows; Seq is ignored.
	Refuse(ctx context.Context, rows []Refused) error
	// RefusedRows visits the refused rows with Seq >= from in order until visit returns false.
	RefusedRows(ctx context.Context, from int64, visit func(Refused) bool) error
}

// SideTrimmer is a side log that can forget.
type SideTrimmer interface {
	// TrimRefused drops the refused rows before the first whose Alpha is not below alpha. The numbers of the others stay, and none is used again.
	TrimRefused(ctx context.Context, alpha int64) error
}

// Trimmer is a log that can forget.
type Trimmer interface {
	// Trim drops blocks all of whose offsets are below before. Read of a dropped offset is an error of class resource.
	Trim(ctx context.Context, before int64) error
	// Begin is the first offset that Read can give.
	Begin() int64
}
