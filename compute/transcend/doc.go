// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package transcend holds the transcendental functions of the expression language: exp, logarithms, powers, hyperbolic and the
// trigonometric functions and their inverses. A function gives the same 64 bits for the same input on every platform.
//
// The functions of package math do not: they are assembly on some architectures, and Go may fuse x*y+z into one rounding on others. Here there are
// only + − × ÷ √ of float64, every product is converted by float64(…) before anything is done with it, which forbids
// the fusion, and the rest is integer arithmetic. The test TestNothingIsFused reads the sources for that.
//
// # How
//
// Each function reduces its argument with a table to a small interval, evaluates a short Taylor polynomial there, and keeps the large
// parts as the unevaluated sum of two float64 (hi + lo, about 106 bits), so that the last addition is the only rounding that
// counts. Angles are reduced by the bits of 2/π in integers, exactly enough for every float64 (Payne and Hanek).
//
// # Bounds
//
// The error, in units in the last place of the exact result, against a reference of 200 and more bits over random, hard, huge, subnormal and
// special arguments is below 0.55 for Exp, Exp2, Log, Log2, Log10, Pow, Cbrt, Asin, Acos, Atan and Atan2, below 0.75 where the result
// is subnormal, below 0.8 for Sin, Cos, Tan and Log1p, 1.6 for Expm1, 3 for Sinh and Cosh, and 4 for Tanh. The tests hold these bounds; they are measured, not proven for every input.
package transcend
