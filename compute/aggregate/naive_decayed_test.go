// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"
	"math/big"

	"selfsame"
)

// naiveWeight is the greatest integer w with w <= 2^62 · 2^(-age/n), that is wⁿ · 2^age <= 2^62n, found by halving.
func naiveWeight(age, n int64) *big.Int {
	low, high := new(big.Int), new(big.Int).Lsh(big.NewInt(1), 62)
	if age > 63*n {
		return low
	}
	bound := new(big.Int).Lsh(big.NewInt(1), uint(62*n))
	for low.Cmp(high) < 0 {
		middle := new(big.Int).Add(low, high)
		middle.Rsh(middle.Add(middle, big.NewInt(1)), 1)
		power := new(big.Int).Exp(middle, big.NewInt(n), nil)
		if power.Lsh(power, uint(age)).Cmp(bound) <= 0 {
			low = middle
		} else {
			high = middle.Sub(middle, big.NewInt(1))
		}
	}
	return low
}

func naiveTile(t, step int64) *big.Int {
	return new(big.Int).Div(big.NewInt(t), big.NewInt(step)) // Euclidean: it floors
}

func naiveDecayed(c *Call, x []selfsame.Value, tau []int64, at int64) selfsame.Value {
	v := selfsame.Value{Type: c.Result}
	sum, weights, special, tiles := new(big.Rat), new(big.Rat), 0.0, map[string]bool{}
	for i := range x {
		if math.IsInf(x[i].Float, 0) || math.IsNaN(x[i].Float) {
			special += x[i].Float
			continue
		}
		tile := naiveTile(tau[i], c.Spec.Step)
		tiles[tile.String()] = true
		age := new(big.Int).Sub(naiveTile(at, c.Spec.Step), tile)
		w := new(big.Rat)
		if age.IsInt64() && age.Int64() < 1000 {
			w.SetFrac(naiveWeight(max(0, age.Int64()), c.Spec.HalfLife/c.Spec.Step), new(big.Int).Lsh(big.NewInt(1), 62))
		}
		weights.Add(weights, w)
		sum.Add(sum, w.Mul(w, naiveRat(x[i])))
	}
	switch {
	case int64(len(tiles)) > c.Spec.MaxValues:
		v.Status = selfsame.ErrorMaxValues
	case len(x) == 0:
		v.Status = selfsame.Null
	case special != 0:
		v.Float = special
		if v = naivelyCanonical(v); math.IsNaN(v.Float) && !c.Spec.KeepNaN {
			v.Status = selfsame.Null
		}
	case c.Func.Name == "decayed_sum":
		v.Float, _ = sum.Float64()
	case weights.Sign() == 0:
		v.Status = selfsame.Null
	default:
		v.Float, _ = sum.Quo(sum, weights).Float64()
	}
	return naivelyCanonical(v)
}
