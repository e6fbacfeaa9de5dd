// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package canonical writes and reads the canonical forms of features and of services' lists: the texts by whose hashes versions are told apart
// (docs/format/canonical.md).
//
// What is in a form is everything that can change a value, and nothing else: equal bytes mean equal values. A change of the bytes of a form
// makes a new version of every feature, so its goldens never change. The package checks nothing: definition.Load made the project. registry, node and lints call
// it; all of it is safe for concurrent use.
package canonical
