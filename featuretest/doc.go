// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package featuretest makes the contract executable: scenario scripts, the oracle that says what is right, and the runners
// that put one question to several engines.
//
// A Script (docs/scenarios.md gives its grammar) holds definitions as users write them, events, and rows that ask with the
// values they expect. An Engine answers questions; the oracle is one, the batch driver another. P2 says that all engines give
// identical bits and status, and that is how a script compares.
//
// The oracle is brute force on purpose: for every event it asks whether the event is inside, then it folds with big-integer
// arithmetic. It imports the vocabulary, the identity hash and math/big, and no engine, so that it can be read beside the
// contract and believed.
package featuretest
