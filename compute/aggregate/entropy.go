// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"selfsame"
	"selfsame/compute/exact"
	"selfsame/compute/transcend"
)

// entropyFunc is entropy(x): -Σ p ln p over the shares p of the values, in nats. Each term is rounded, their exact sum once, so the order of the values
// does not matter; no term is negative, so the relative error is that of a term (tally.go).
var entropyFunc = &Func{
	Name:    "entropy",
	Class:   Holistic,
	Summary: "The Shannon entropy of the values of x in nats, -Σ p ln p over the share p of each value; 0 for one value. For bits divide by ln(2).",
	Example: "entropy(merchant_id) over 30d",
	Bind:    bindTally("entropy", ofKind(selfsame.Float64), tallied{number: entropyOf}, false, "write entropy(x) of one scalar"),
}

func entropyOf(counts []int64, _ int) selfsame.Value {
	n := float64(total(counts))
	sum := exact.NewFloatSum()
	for _, c := range counts {
		p := float64(c) / n
		sum.Add(p * -transcend.Log(p))
	}
	return selfsame.Value{Float: sum.Round() + 0}
}
