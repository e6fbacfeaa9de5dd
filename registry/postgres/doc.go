// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package postgres keeps a registry in a schema of a PostgreSQL database, which many servers share.
//
// A record is one transaction, durable when Append returns, and told to whoever watches in that transaction (LISTEN, NOTIFY). The tables are those of
// the file of one machine (docs/registry.md); the schema holds a number of its own layout: an older one is brought forward by whoever comes first, under an
// advisory lock, a newer one is refused. Nothing is asked of the database before the first call, so that a Store can be opened while it is away.
//
// Errors of connections have registry.ErrAway in their chain. No error shows a password.
//
// The package holds no rules about versions: those are package registry's. node opens it. A Store is safe for concurrent use, also by
// several processes.
package postgres
