// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"math"
	"math/big"
	"strings"

	"selfsame"
	"selfsame/compute/transcend"
)

// twoArguments are the aggregates of two arguments that vary by event.
var twoArguments = map[string]bool{
	"arg_min": true, "arg_max": true, "covar_samp": true, "covar_pop": true, "corr": true, "regr_slope": true, "regr_intercept": true,
}

// isFinite reports whether v is a number with an exact value.
func isFinite(v selfsame.Value) bool {
	return v.Type.Kind != selfsame.Float64 || v.Float-v.Float == 0
}

func whole(n int) *big.Rat { return new(big.Rat).SetInt64(int64(n)) }

// central is Σ (x - mean of x)^i (y - mean of y)^j.
func central(rows []taken, i, j int) *big.Rat {
	n, mx, my := whole(len(rows)), new(big.Rat), new(big.Rat)
	for _, r := range rows {
		mx.Add(mx, rat(r.x))
		my.Add(my, rat(r.y))
	}
	mx.Quo(mx, n)
	my.Quo(my, n)
	out := new(big.Rat)
	for _, r := range rows {
		term, dx, dy := whole(1), new(big.Rat).Sub(rat(r.x), mx), new(big.Rat).Sub(rat(r.y), my)
		for range i {
			term.Mul(term, dx)
		}
		for range j {
			term.Mul(term, dy)
		}
		out.Add(out, term)
	}
	return out
}

// overRoot is x / √square, rounded once from many digits.
func (c *oracleCall) overRoot(x, square *big.Rat) selfsame.Value {
	const digits = 500
	root := new(big.Float).SetPrec(digits).SetRat(square)
	f, _ := new(big.Float).SetPrec(digits).Quo(new(big.Float).SetPrec(digits).SetRat(x), root.Sqrt(root)).Float64()
	return c.number(f)
}

// shape is skewness and kurtosis by their definitions: μ₃/σ³ and μ₄/σ⁴ - 3, and the sample forms √(n(n-1))/(n-2)·g and (n-1)/((n-2)(n-3))·((n+1)g + 6).
func (c *oracleCall) shape(rows []taken) selfsame.Value {
	n := len(rows)
	least := map[string]int{"skewness": 3, "kurtosis": 4, "skewness_pop": 2, "kurtosis_pop": 2}[c.fn]
	if n < least {
		return null()
	}
	for i := range rows {
		if !isFinite(rows[i].x) {
			return c.number(math.NaN())
		}
		rows[i].y = rows[i].x
	}
	variance := central(rows, 2, 0)
	if variance.Sign() == 0 {
		return null()
	}
	variance.Quo(variance, whole(n))
	if c.fn == "skewness" || c.fn == "skewness_pop" {
		third := central(rows, 3, 0)
		third.Quo(third, whole(n)).Quo(third, variance)
		if c.fn == "skewness" {
			variance.Mul(variance, whole((n-2)*(n-2))).Quo(variance, whole(n*(n-1)))
		}
		return c.overRoot(third, variance)
	}
	g := central(rows, 4, 0)
	g.Quo(g, whole(n)).Quo(g, variance).Quo(g, variance).Sub(g, whole(3))
	if c.fn == "kurtosis" {
		g.Mul(g, whole(n+1)).Add(g, whole(6)).Mul(g, whole(n-1)).Quo(g, whole((n-2)*(n-3)))
	}
	return c.rounded(g)
}

// pair is the covariance, the correlation and the line of the first argument over the second, by their definitions with the means.
func (c *oracleCall) pair(rows []taken) selfsame.Value {
	n := len(rows)
	if n < 2 && c.fn != "covar_pop" {
		return null()
	}
	for _, r := range rows {
		if !isFinite(r.x) || !isFinite(r.y) {
			return c.number(math.NaN())
		}
	}
	cross, first, second := central(rows, 1, 1), central(rows, 2, 0), central(rows, 0, 2)
	switch {
	case c.fn == "covar_pop":
		return c.rounded(cross.Quo(cross, whole(n)))
	case c.fn == "covar_samp":
		return c.rounded(cross.Quo(cross, whole(n-1)))
	case second.Sign() == 0 || c.fn == "corr" && first.Sign() == 0:
		return null()
	case c.fn == "corr":
		return c.overRoot(cross, first.Mul(first, second))
	}
	slope := cross.Quo(cross, second)
	if c.fn == "regr_slope" {
		return c.rounded(slope)
	}
	rest := new(big.Rat)
	for _, r := range rows {
		rest.Add(rest, rat(r.x)).Sub(rest, new(big.Rat).Mul(slope, rat(r.y)))
	}
	return c.rounded(rest.Quo(rest, whole(n)))
}

// geometricMean is 2^k · 2^((r + Σlog₂m) / n) of values m·2^e with m in [1, 2) and Σe = kn + r, as the reference says.
func (c *oracleCall) geometricMean(rows []taken) selfsame.Value {
	zero, infinite, exponents, logs := false, false, int64(0), new(big.Rat)
	for _, r := range rows {
		switch x := c.float(r.x).Float; {
		case math.IsNaN(x) || x < 0:
			return c.number(math.NaN())
		case x == 0:
			zero = true
		case math.IsInf(x, 1):
			infinite = true
		default:
			m, e := math.Frexp(x)
			exponents += int64(e) - 1
			logs.Add(logs, new(big.Rat).SetFloat64(transcend.Log2(m*2)))
		}
	}
	switch {
	case zero && infinite:
		return c.number(math.NaN())
	case zero:
		return c.number(0)
	case infinite:
		return c.number(math.Inf(1))
	}
	n := int64(len(rows))
	k := int64(math.Floor(float64(exponents) / float64(n)))
	logs.Add(logs, new(big.Rat).SetInt64(exponents-k*n))
	mean, _ := logs.Quo(logs, whole(len(rows))).Float64()
	return c.number(math.Ldexp(transcend.Exp2(mean), int(k)))
}

// bits folds the words one by one.
func (c *oracleCall) bits(rows []taken) selfsame.Value {
	word := rows[0].x.Int
	for _, r := range rows[1:] {
		switch c.fn {
		case "bit_and":
			word &= r.x.Int
		case "bit_or":
			word |= r.x.Int
		default:
			word ^= r.x.Int
		}
	}
	return integer(word)
}

// vector folds each position of the lists by the scalar aggregate of its name, over the elements that are there.
func (c *oracleCall) vector(rows []taken) selfsame.Value {
	scalar := *c
	scalar.fn = strings.TrimPrefix(c.fn, "vector_")
	scalar.types = []selfsame.Type{*c.types[0].Elem}
	var out selfsame.Value
	for _, r := range rows {
		if len(r.x.Elems) != len(rows[0].x.Elems) {
			return selfsame.Value{Status: selfsame.ErrorOverflow}
		}
	}
	elem := *c.types[0].Elem
	if scalar.fn == "avg" {
		elem = selfsame.Scalar(selfsame.Float64)
	}
	out.Type = selfsame.ListOf(elem)
	for i := range rows[0].x.Elems {
		var there []taken
		for _, r := range rows {
			e := r.x.Elems[i]
			if e.Status == selfsame.Present && (c.keepNaN || e.Type.Kind != selfsame.Float64 || !math.IsNaN(e.Float)) {
				there = append(there, taken{x: e})
			}
		}
		e := selfsame.Value{Type: elem, Status: selfsame.Null}
		if len(there) > 0 {
			if e = scalar.finish(there, 0); e.Status.IsError() {
				return selfsame.Value{Status: e.Status}
			}
			e.Type = elem
		}
		out.Elems = append(out.Elems, e)
	}
	return out
}
