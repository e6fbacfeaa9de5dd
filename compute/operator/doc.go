// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package operator is the kernels of the operators of the expression language: typed loops over columns for arithmetic, comparisons, LIKE
// and CAST, and the texts of values. It knows neither expressions nor names; compute/expr chooses a kernel by types and calls it.
//
// Null is decided before a kernel runs (Scratch.Begin); a domain error makes a null, an overflow an error. Results have the same bits on every
// platform. Kernels and patterns are immutable and safe for concurrent use; a Scratch is the memory of one goroutine.
package operator
