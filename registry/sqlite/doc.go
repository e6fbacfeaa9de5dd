// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package sqlite keeps a registry in one SQLite file.
//
// An apply is one transaction, durable when Append returns. The file is opened in WAL mode, so readers never wait for a writer, and holds a
// number of its own layout: an older one is brought forward when it is opened, a newer one is refused. docs/registry.md describes the tables.
//
// The package holds no rules about versions: those are package registry's. node opens it. A Store is safe for concurrent use, also by
// several processes.
package sqlite
