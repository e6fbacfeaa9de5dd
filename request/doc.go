// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package request is the third driver: online state and rows that ask → values, inside one call. It finds the rows of each
// entity in the online store, keeps the entities it has decoded, asks compute/pit for their cells and the plan for their features. It
// decides nothing about a value (P2), writes nothing, and knows neither services nor the wire.
//
// # What a read knows
//
// A read is pinned to a Cut before anything is looked at. What the store or the cache holds beyond it is left out by position, so that
// every view of a call, and every entity, answers for one moment of the log (P1). A view with a declared lag, and a question about the
// past, go by α as well.
//
// # The cache
//
// An entry is an entity of a state, decoded and sorted. It is put into the cache before the store is read, and the writer hands every
// change to Changed after the store has it and before the cut moves. So a change that a reader's cut holds is in what the store
// gave, or waits in the entry: none is lost, and one that is in both counts once, by its place in the log (M1). The writer appends bytes
// to the entry and goes on; decoding is the next reader's work, as is dropping what cannot be joined.
//
//	writer: store.Apply → Changed → cut moves
//	reader: pin the cut → find or put the entry → (read the store) → join what waits → evaluate
//
// Reader, Prepared and the cache are safe for concurrent use. A Result belongs to its caller until Release.
package request
