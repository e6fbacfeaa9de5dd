// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package offline is the contract of files that Selfsame writes: training sets, snapshots, the archive. Formats are
// adapters beneath it (offline/parquet, offline/arrow, offline/csv, offline/jsonl).
//
// A writer writes to a temporary file beside the target and renames it in Close, so that an interrupted run leaves no half
// file. Values whose status is not Present are nulls in files.
package offline

import "selfsame/column"

// Options are the settings of an output file.
type Options struct {
	Compression   string            // parquet: zstd (default), snappy, none; arrow: zstd (default), none
	RowGroupBytes int64             // parquet: uncompressed target of a row group; 0: 64 MiB
	PageBytes     int64             // parquet: target of a data page; 0: 1 MiB
	Casts         map[string]string // column -> float32 or int32: its type at the edge. A value that does not fit is an error
	Threads       int               // goroutines that encode; 0: one a core
}

// Writer takes batches in row order. Every batch has the fields given to Create.
type Writer interface {
	Write(b *column.Batch) error
	// Close finishes the file and publishes it under its name. After an error nothing is published.
	Close() error
	// Abort removes what was written. It does nothing after Close.
	Abort()
}

// Summed is what a writer of one file can do besides: it knows, once it is closed, the size of the file and the two halves of the 128-bit
// xxh3 hash of its bytes.
type Summed interface {
	Written() (size int64, high, low uint64)
}
