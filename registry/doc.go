// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package registry keeps every definition that was ever applied: versions of features, of services and of the project that holds them,
// with who applied them, when and why.
//
// The unit of versioning is the feature (docs/registry.md). A version names a canonical form by its hash and is immutable; changing one feature
// makes a new version of that feature and of no other. What an apply stores is a Record: the difference from the apply before it. Everything
// else follows from the records: a Snapshot is the records folded up to one apply.
//
// Beside applies the ledger holds acts (Act): the stage of a version, models with the version of a service that they pin, experiments, runs, and what an apply did
// to values. They share the sequence of records with applies, so that each is decided on all that came before: a version is not retired while a model pins it,
// whoever registers that at the same moment.
//
// # Layers
//
// Store is the contract of what keeps records and texts; adapters are beneath it (registry/sqlite, registry/postgres, registry/folder), registry/replica keeps
// one in two places, the conformance suite is registry/registrytest. Over puts the rules of versions on a Store and is the one implementation of Registry.
//
// # Invariants
//
//   - An apply is whole or absent, and stands on the apply that it was planned on.
//   - A version never names another form than its first.
//   - Every version that was applied can be rebuilt as a project. One that is retired is read and trained no more (Snapshot.Standing), and explained still.
//   - Nothing that a current service, a model, an experiment or another feature stands on is retired.
//
// The package decides which version a definition is. What a definition means is package definition's, and what it makes live is node's.
// A Registry is safe for concurrent use, a Snapshot is immutable.
package registry
