// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package stream is driver 2: the log → online state. It resolves what a log cannot decide alone (duplicates, conflicts, deletes and
// superseded versions), fans every entry out to the states that read its source, and stores rows, facts and position in one batch.
// It never decides what a value is: it writes rows with the interval of knowledge in which each is visible, and request reads them.
//
// Invariants. M1: entries below the applied position are skipped, and position and rows become visible together, so that an entry
// counts once however often it comes. P2: the resolution of entry n is a function of the entries up to n, with the outcome that the batch
// engine finds over the same entries. A state never changes its shape: a change of a definition builds another state beside it, from the
// log, and then all states are switched at once.
//
// ingest calls Apply, Recover and Maintain; node calls Switch and Load. All methods are safe for concurrent use: writers exclude each
// other step by step, so that building a state stalls neither ingest nor readers.
package stream
