// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package featuretest makes the contract executable: scenario scripts, the oracle that says what is right, and the runners
// that put one question to several engines.
//
// A Script (docs/scenarios.md gives its grammar) holds definitions as users write them, events, and rows that ask with the
// values they expect. An Engine answers questions: the oracle, the batch driver, the stream and request drivers, and in tests a running server.
// P2 says that all engines give identical bits and status, and that is how a script compares.
//
// Stream replays what became known into a log in memory and asks at cuts, while it crashes, rebuilds, retains and compacts: the triangle draws
// definitions, logs and questions and holds all drivers to the oracle, and a golden log is reproduced to the byte.
//
// The oracle is brute force on purpose: for every event it asks whether the event is inside, then it folds with big-integer
// arithmetic. It imports the vocabulary, the identity hash, math/big and the logarithms of compute/transcend, and no engine, so that it can be read beside the
// contract and believed.
package featuretest
