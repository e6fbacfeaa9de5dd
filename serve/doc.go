// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package serve answers questions about services: it turns a service or a list of references into a plan, pins T and the cut,
// converts what was given to the declared types, lets request evaluate, and says which versions, which T, which cut and whether more may
// come (stale). It knows no wire and no store.
//
// # The moment of an answer
//
// Without `at`, T = max(now, α of the last applied entry) and everything applied is in the cut. `at` in the past is as_of: what was
// known then; `at` later than now, or from before what retention still holds, is refused. The cut is pinned before anything is read,
// and T is noted as answered before that, so that no entry can slip under it (the writer stamps α above Answered).
//
// A position cut is complete by itself. An answer that goes by α (a past T, a view with a lag) says stale where a later entry
// could still get an α that it covers, and so does any answer from a history of which only a part was loaded.
//
// # What is kept
//
// Plans are built once per definitions and question, up to a bound; they hold no values. Server is safe for concurrent use; a Vector
// belongs to its caller until Release.
package serve
