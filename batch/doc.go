// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package batch is driver 1: training sets, snapshots, backfills and audits from history and the archive of the live log.
//
// It moves rows: it reads label rows and sources, resolves identities, hands events to the sweep and lays the values beside
// the labels. What a value is, compute decides. A run is deterministic: neither threads nor memory limits nor pruning nor the
// layout of files change a bit of its values (P2).
//
// A row sees a cut by arrival (α <= κ) or, in served mode, by position: the rows of the log below the offset of an online read, and the
// history that was loaded then. Both are axes on which an event has a beginning and perhaps an end (lens); the sweep knows no difference.
package batch
