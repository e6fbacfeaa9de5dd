// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package textual holds what the expression language does with the insides of strings: paths into JSON documents, parts of URLs and
// e-mail addresses, distances of strings. It is functions from bytes to bytes and numbers; it knows nothing of columns, types or nulls.
//
// Every function is total: any bytes give a value or a false, and nothing panics. A byte that is not UTF-8 counts as one code point.
// A Path is immutable and safe for concurrent use; a Comparer holds the memory of one goroutine. The package compute/expr calls it.
package textual
