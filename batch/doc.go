// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package batch is driver 1: training sets and snapshots from history.
//
// It moves rows: it reads label rows and sources, resolves identities, hands events to the sweep and lays the values beside
// the labels. What a value is, compute decides. A run is deterministic: neither threads nor memory limits nor pruning nor the
// layout of files change a bit of its values (P2).
package batch
