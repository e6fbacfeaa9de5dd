// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package source is the contract of raw rows: which files a source has, which of them a question needs, and their rows as
// batches of the declared schema. Formats are adapters beneath it (source/parquet, source/arrow, source/avro, source/csv, source/jsonl).
//
// It conforms what files hold to what definitions declare (renames, widening without loss, zones, time formats, partition
// columns) and it never decides admission or visibility.
package source

import (
	"selfsame"
	"selfsame/column"
)

// ReasonSchema is the reason of a row that is refused whatever the policy: its event time lies outside its folder's date.
const ReasonSchema = "schema"

// Spec says what to open.
type Spec struct {
	Name  string // of the source, for messages
	Dir   string // relative paths start here
	Batch selfsame.BatchSource
	// Schema is the declared schema; nil: infer it from the files (label files).
	Schema     []selfsame.Field
	EventTime  string            // field whose partition folder may prune; may be empty
	Rename     map[string]string // column in the file -> field
	Timezone   string            // of naive timestamps; "" is UTC
	TimeFormat string
	Floor      bool
	KeepNaN    bool
	SkipBad    bool
	Omit       []string // columns of the files that are left out where the schema is inferred
	Absent     bool     // a declared field that a file does not have is null in its rows
	// Skip leaves out files of a folder by their name in it, slashes; nil: none.
	Skip func(name string) bool
}

// File is one file of a table, in manifest order: by path below the source's path, bytewise.
type File struct {
	Path     string `json:"-"`    // as opened
	Name     string `json:"name"` // below the source's path, slashes
	Size     int64  `json:"size"`
	Checksum string `json:"checksum"` // "xxh3:" and 32 hex digits of the 128-bit hash of its bytes; empty until Table.Checksums
	Rows     int64  `json:"rows"`     // -1: not known before it is read (CSV, JSON lines)
}

// Want is what a scan asks for.
type Want struct {
	Fields []string // schema fields, in the order of the batch's columns; no others are read
	// Lower and Upper bound the event time, [Lower, Upper): rows outside may be left out where that costs nothing to know, never
	// rows inside, and never a row whose event time is null, unless its folder's date is outside. Both 0: no bounds; Upper MaxTime: no upper bound.
	Lower, Upper int64
}

// Split is a part of a table that is read in one go: a row group, a file, a range of a file. Splits come in manifest order.
type Split struct {
	File  int   // index into Files
	Group int   // row group, or 0
	Rows  int64 // -1: not known
	Bytes int64 // of the wanted columns on disk, about
}

// Pruned counts what Splits left out, and why.
type Pruned struct {
	FilesByPartition  int // folder date outside the wanted range
	GroupsByStatistic int // row-group statistics outside the wanted range
	Files, Groups     int // files in all, and row groups of the files that are left
}

// Position of a row in a source's history: file index << 40 | row number in the file, from 0. Positions order rows as the manifest does.
type Position = int64

// Chunk is a batch of rows of one split, in order. It belongs to the reader again when yield returns.
type Chunk struct {
	Batch *column.Batch
	First Position   // of the batch's first row
	Pos   []Position // of each row; nil: First, First+1, …
	Bad   []BadRow   // rows of this chunk that could not be read as declared (SkipBad), or whose reason is "schema"; not in Batch
	// Repeated and Skipped count naive local times of this chunk that occur twice, or not at all, in Spec.Timezone.
	Repeated, Skipped int64
	Undeclared        int64 // naive times read as UTC because no zone is declared
}

// BadRow is a row that could not be read as declared.
type BadRow struct {
	File   string `json:"file"`
	Row    int64  `json:"row"`            // from 0
	Line   int64  `json:"line,omitempty"` // from 1, text formats; 0: none
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Text   string `json:"text,omitempty"` // the row as found, shortened to 200 bytes
	Whole  string `json:"-"`              // of a pushed row: all of it, as JSON
}
