// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package compute is the core: what a feature value is exists below this folder and nowhere else. It holds no code itself.
//
// # Layers
//
//	exact      integers wide enough, exact float sums, one rounding, canonical bytes
//	transcend  exp, ln, sin … of our own, the same bits on every processor
//	zone       the one zone database
//	expr       typed SQL expressions over columns; knows no windows' meaning and no knowledge
//	aggregate  one aggregation a file: state, kernel, encoding, algebra
//	window     lower(T), upper(T), rows and sessions
//	pit        events × rows that ask → values: a sweep over many entities, or one entity that is kept
//
// # Invariants
//
//	P1  pit selects an event only if the window's bounds hold its event time and the row's cut holds its arrival;
//	    both comparisons are in one place, and the leak proof of every run measures them on the events that were used.
//	P2  every driver hands the same Spec to the same kernels; a driver that asks which aggregation it has is wrong.
//	A1  aggregate.State encodes equal sets of events to equal bytes; laws_test.go holds every function to it.
//	A2  State.Finish and Kernel.Ranges read the state, T and nothing else.
//
// # Rules of value code
//
// Only + − × ÷ √ on floats, each product that feeds a sum rounded by an explicit conversion; no function of package math that is
// not exact; no order of a map; no comparison that is not total. internal/arch enforces it. Nothing here logs, reads files other
// than pit's own spill, or starts a goroutine that it does not join.
package compute
