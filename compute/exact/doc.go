// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package exact is the arithmetic that values rest on: 128-bit integers, exact sums, finishers that round once, and the
// canonical codec of all three.
//
// A sum here is an element of an abelian group of integers times a fixed power of two or ten. It has no rounding, so
// it does not matter in which order, in which parts or with which retractions it was made (A1); the finishers round the
// exact result once, to nearest, ties to even (A2). Each finisher has a fast path in 64-bit words and a slow one over
// math/big; tests hold them to the same bits.
//
// # Shapes
//
//	Int128     decimals and sums of int64               (the type is selfsame.Int128; functions here)
//	Wide       320-bit integers: sums and squares of decimals and int64, in states
//	FloatSum   Σx of float64, any exponent, with counters of NaN and the infinities
//	SquareSum  Σx² of float64, any exponent
//	Prefix     prefix sums of one run of values at one exponent: the sum of any range is a difference
//
// Nothing here starts a goroutine or keeps package state; a value is used by one goroutine at a time.
package exact
