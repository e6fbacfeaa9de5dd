// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package expr is the expression language: typed SQL scalar expressions with three-valued logic, and the aggregate calls
// inside them. It parses, checks, prints and evaluates over columns; it knows nothing of windows' meaning, of sources or of
// knowledge. The language is described in docs/expressions.md.
//
// Programs are immutable and safe for concurrent use; an Evaluator holds the memory of one goroutine.
package expr
