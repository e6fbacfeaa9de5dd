// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package folder is a registry as files that can be read, compared and kept in a repository: docs/format/registry.md. Write makes them from any
// store, Open reads them as a store, which takes no records.
//
// Equal registries are equal bytes, and what was written stays the beginning of what is written later. Nothing is believed unread: every file is
// held against its checksum, every text against its hash. The package holds no rules about versions: those are package registry's. node calls it. A
// Store is immutable and safe for concurrent use.
package folder
