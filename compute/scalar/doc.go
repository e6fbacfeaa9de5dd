// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package scalar is the scalar functions of the expression language, one table: names, arguments, a sentence, an example and a kernel over
// columns each. It knows nothing of expressions: compute/expr parses calls, converts arguments and settles statuses around the kernels.
//
// A function is pure and has the same bits on every platform; a null argument makes a null, a domain error is null and an int64
// overflow an error (see Bound.Lenient and Eval). The tables are immutable and safe for concurrent use; a kernel is one goroutine's.
// The tests evaluate every example, and thousands of expressions that other implementations computed.
package scalar
