// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"math"
	"math/big"

	"selfsame"
)

// decayWeight is ⌊2^62 · 2^(-age/n)⌋ / 2^62, found digit by digit: w <= 2^62 · 2^(-age/n) is wⁿ · 2^age <= 2^62n.
func decayWeight(age, n int64) *big.Rat {
	bound, w := new(big.Int).Lsh(big.NewInt(1), uint(62*n)), new(big.Int)
	for bit := 62; bit >= 0 && age <= 63*n; bit-- {
		try := new(big.Int).SetBit(w, bit, 1)
		power := new(big.Int).Exp(try, big.NewInt(n), nil)
		if power.Lsh(power, uint(age)).Cmp(bound) <= 0 {
			w = try
		}
	}
	return new(big.Rat).SetFrac(w, new(big.Int).Lsh(big.NewInt(1), 62))
}

// decayed is Σwx, or Σwx / Σw.
func (c *oracleCall) decayed(rows []taken, t int64) selfsame.Value {
	stepOf := func(t int64) int64 { return new(big.Int).Div(big.NewInt(t), big.NewInt(c.step)).Int64() }
	steps, special, weights, sum := map[int64]bool{}, 0.0, new(big.Rat), new(big.Rat)
	for _, r := range rows {
		if math.IsInf(r.x.Float, 0) || math.IsNaN(r.x.Float) {
			special += r.x.Float
			continue
		}
		steps[stepOf(r.tau)] = true
		w := decayWeight(max(0, stepOf(t)-stepOf(r.tau)), c.halfLife/c.step) // what comes after T has no age
		weights.Add(weights, w)
		sum.Add(sum, w.Mul(w, rat(r.x)))
	}
	switch {
	case len(steps) > c.maxValues:
		return selfsame.Value{Status: selfsame.ErrorMaxValues}
	case special != 0:
		return c.number(special)
	case c.fn == "decayed_sum":
		return c.rounded(sum)
	case weights.Sign() == 0:
		return null()
	}
	return c.rounded(sum.Quo(sum, weights))
}
