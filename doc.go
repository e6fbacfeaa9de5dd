// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package selfsame is the vocabulary of the Selfsame feature store: the names that every other package speaks in.
//
// A definition says what a feature value is: entities with typed keys, sources of raw events, views that compute
// features from a source, services that list the features a model consumes. The one promise of the system is that
// one definition gives the selfsame bits offline, in streaming and online:
//
//	value = F(definition@version, entity key k, time T, cut C)
//
// # Invariants
//
// Comments and tests elsewhere cite these labels.
//
//	P1  no value depends on an event that its window or its cut excludes
//	P2  batch, stream and request give identical bits and status for the same (definition, k, T, C)
//	A1  an aggregate's state is a commutative monoid on its encoded bytes
//	A2  finish is a pure function of the encoded state (and T)
//	M1  applying the same log entries twice equals applying them once
//	L1  an acknowledged event is never lost, an unacknowledged one never half-applied
//
// # Units
//
// Every instant is an int64 count of microseconds since the Unix epoch, UTC; every duration is an int64 count of
// microseconds. A date is an int64 count of days since 1970-01-01. Nothing runs in this package: it holds plain
// data, imports the standard library only, and is safe for concurrent reading.
package selfsame
