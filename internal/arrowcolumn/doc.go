// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package arrowcolumn appends arrays of Arrow to columns: numbers are widened, units and zones of timestamps become microseconds UTC, and a
// value that would lose something is reported with its place. The readers of Parquet and of Arrow files share it.
//
// A Converter is used by one goroutine. Nothing here keeps an array.
package arrowcolumn
