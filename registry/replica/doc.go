// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package replica keeps one registry in two places: Copy brings a store up to another one, as an import does; a Mirror copies what it reads, and
// answers from the copy while the first store is away.
//
// A copy has the ids, versions and bytes of the first store or is refused: nothing is appended to a store with another past. The package holds no rules about
// versions: those are package registry's. node opens a Mirror, which is safe for concurrent use.
package replica
