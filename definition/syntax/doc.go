// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package syntax reads definition files as YAML: into nodes that know their place, byte by byte, with all mistakes at once; and lays them out in the canonical way.
//
// It is not the language: which keys there are and what they mean is package definition's, its only user. It decides which parts of YAML definitions do without
// (anchors, aliases, tags, merge keys, several documents), that scalars keep their text, and what is said where YAML took an expression apart that should have
// been quoted.
//
// Invariants: every mistake has a place of the file and an excerpt; reading goes on behind a mistake as far as it can; formatting changes no node.
//
// A File and its nodes are used by one goroutine at a time: places are found on demand. Functions are safe for concurrent use.
package syntax
