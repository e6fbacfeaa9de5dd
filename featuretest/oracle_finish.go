// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"math"
	"math/big"
	"slices"

	"selfsame"
)

// oracleCall is one aggregate call over one window.
type oracleCall struct {
	fn             string // as written: sum, last, percentile_cont …
	star, distinct bool
	args           []func(e *Event) selfsame.Value // the arguments that vary by event
	types          []selfsame.Type                 // of args
	filter         func(e *Event) selfsame.Value   // nil: none
	n              int64                           // first n, last n, nth_last
	listed         bool                            // n was given: the result of first and last is a list
	q              *big.Rat                        // percentiles
	halfLife, step int64                           // decayed_sum, decayed_avg
	zone           string                          // active_days; "": UTC
	named          []selfsame.Value                // approx_top_k
	nulls          bool                            // respect nulls
	text           string                          // the separator of string_agg
	window         selfsame.Window
	maxValues      int
	keepNaN        bool
}

// taken is one event that an aggregate folds.
type taken struct {
	tau  int64
	x, y selfsame.Value
}

// value folds the events of list that the call's window holds at T; own is the row that asks, where it is an event.
func (c *oracleCall) value(list []*Event, t int64, own *Event) selfsame.Value {
	var rows []taken
	for _, e := range withOwn(list, c.window, t, own) {
		if c.filter != nil {
			f := c.filter(e)
			if f.Status.IsError() {
				return selfsame.Value{Status: f.Status}
			}
			if f.Status != selfsame.Present || f.Int == 0 {
				continue
			}
		}
		r, skip := taken{tau: *e.Tau}, false
		for i, arg := range c.args {
			v := arg(e)
			if v.Status.IsError() {
				return selfsame.Value{Status: v.Status}
			}
			skip = skip || v.Status != selfsame.Present && !c.nulls
			if i == 0 {
				r.x = v
			} else {
				r.y = v
			}
		}
		if !skip {
			rows = append(rows, r)
		}
	}
	return c.finish(rows, t)
}

// finish is one naive finisher per aggregate; rows are in the order of events and hold no nulls.
func (c *oracleCall) finish(rows []taken, t int64) selfsame.Value {
	switch c.fn {
	case "count":
		return c.count(rows)
	case "active_days":
		return c.days(rows)
	case "approx_count_distinct": // of few values, which the oracle's scripts have, it is exact
		different, _ := tally(rows)
		return integer(int64(len(different)))
	case "count_distinct_upto":
		different, _ := tally(rows)
		return integer(min(int64(len(different)), c.n))
	}
	if len(rows) == 0 {
		return null()
	}
	n := int64(len(rows))
	switch c.fn {
	case "sum", "avg", "variance", "variance_pop", "stddev", "stddev_pop":
		return c.moments(rows)
	case "min", "max":
		best := rows[0].x
		for _, r := range rows {
			if d := compareValues(r.x, best); c.fn == "min" && d < 0 || c.fn == "max" && d > 0 {
				best = r.x
			}
		}
		return best
	case "arg_min", "arg_max":
		best := rows[0]
		for _, r := range rows {
			if d := compareValues(r.y, best.y); c.fn == "arg_min" && d < 0 || c.fn == "arg_max" && d > 0 {
				best = r
			}
		}
		return best.x
	case "first", "last", "nth_last":
		return c.pick(rows)
	case "bool_and", "bool_or":
		and, or := int64(1), int64(0)
		for _, r := range rows {
			and, or = and&r.x.Int, or|r.x.Int
		}
		if c.fn == "bool_or" {
			and = or
		}
		return selfsame.Value{Type: selfsame.Scalar(selfsame.Bool), Int: and}
	case "time_since_first":
		return integer(t - rows[0].tau)
	case "time_since_last":
		return integer(t - rows[n-1].tau)
	case "percentile_cont", "percentile_disc", "median":
		return c.quantile(rows)
	case "mode":
		return c.mode(rows)
	case "skewness", "skewness_pop", "kurtosis", "kurtosis_pop":
		return c.shape(rows)
	case "covar_samp", "covar_pop", "corr", "regr_slope", "regr_intercept":
		return c.pair(rows)
	case "geometric_mean":
		return c.geometricMean(rows)
	case "bit_and", "bit_or", "bit_xor":
		return c.bits(rows)
	case "mean_gap", "max_gap":
		return c.gap(rows)
	case "streak", "longest_streak":
		return c.streak(rows)
	case "drawdown":
		return c.drawdown(rows)
	case "count_by", "sum_by", "avg_by", "min_by", "max_by":
		return c.by(rows, t)
	case "collect", "string_agg", "sample", "last_distinct":
		return c.listing(rows)
	case "top_k", "top_k_counts", "mode_count", "top_ratio", "entropy", "collect_distinct":
		return c.frequencies(rows)
	case "approx_top_k":
		return c.namedTop(rows)
	case "approx_percentile":
		return c.bucket(rows)
	case "decayed_sum", "decayed_avg":
		return c.decayed(rows, t)
	case "vector_sum", "vector_avg", "vector_min", "vector_max":
		return c.vector(rows)
	}
	panic("featuretest: the oracle has no finisher for " + c.fn)
}

func null() selfsame.Value { return selfsame.Value{Status: selfsame.Null} }

func integer(v int64) selfsame.Value {
	return selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: v}
}

func (c *oracleCall) number(f float64) selfsame.Value { return number(f, c.keepNaN) }

// number is a float64 result: -0 is +0, and what is not a number follows the source's policy, one bit pattern for all.
func number(f float64, keepNaN bool) selfsame.Value {
	switch {
	case !math.IsNaN(f):
		return selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Float: f + 0}
	case keepNaN:
		return selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Float: math.NaN()}
	}
	return null()
}

func (c *oracleCall) rounded(r *big.Rat) selfsame.Value {
	f, _ := r.Float64() // to nearest, ties to even; ±Inf beyond float64
	return c.number(f)
}

func (c *oracleCall) count(rows []taken) selfsame.Value {
	if !c.distinct {
		return integer(int64(len(rows)))
	}
	var seen []selfsame.Value
	for _, r := range rows {
		if !slices.ContainsFunc(seen, func(v selfsame.Value) bool { return compareValues(v, r.x) == 0 }) {
			seen = append(seen, r.x)
		}
	}
	if len(seen) > c.maxValues {
		return selfsame.Value{Status: selfsame.ErrorMaxValues}
	}
	return integer(int64(len(seen)))
}

func (c *oracleCall) pick(rows []taken) selfsame.Value {
	n := int64(len(rows))
	at := func(i int64) selfsame.Value { // the i-th from this end, from 0
		if c.fn == "first" {
			return rows[i].x
		}
		return rows[n-1-i].x
	}
	switch {
	case c.fn == "nth_last" && c.n > n:
		return null()
	case c.fn == "nth_last":
		return at(c.n - 1)
	case !c.listed:
		return at(0)
	}
	out := selfsame.Value{Type: selfsame.ListOf(c.types[0])}
	for i := int64(0); i < min(n, c.n); i++ {
		out.Elems = append(out.Elems, at(i))
	}
	return out
}

// mode is the value with the most rows, the least of several.
func (c *oracleCall) mode(rows []taken) selfsame.Value {
	best, most, different := rows[0].x, 0, 0
	for i, r := range rows {
		n := 0
		for _, other := range rows {
			if compareValues(r.x, other.x) == 0 {
				n++
			}
		}
		if !slices.ContainsFunc(rows[:i], func(t taken) bool { return compareValues(t.x, r.x) == 0 }) {
			different++
		}
		if n > most || n == most && compareValues(r.x, best) < 0 {
			best, most = r.x, n
		}
	}
	if different > c.maxValues {
		return selfsame.Value{Status: selfsame.ErrorMaxValues}
	}
	return best
}

// rat is the exact value of a finite number.
func rat(v selfsame.Value) *big.Rat {
	switch v.Type.Kind {
	case selfsame.Float64:
		return new(big.Rat).SetFloat64(v.Float)
	case selfsame.Decimal:
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Type.Scale)), nil)
		return new(big.Rat).SetFrac(bigInt(v.Dec), scale)
	}
	return new(big.Rat).SetInt64(v.Int)
}

// moments is sum, avg, variance and stddev: S and Q are exact, the quotient is rounded once.
func (c *oracleCall) moments(rows []taken) selfsame.Value {
	s, q, special := new(big.Rat), new(big.Rat), 0.0 // special: ±Inf or NaN, added as floats are
	infinite := false
	for _, r := range rows {
		if r.x.Type.Kind == selfsame.Float64 && (math.IsInf(r.x.Float, 0) || math.IsNaN(r.x.Float)) {
			special, infinite = special+r.x.Float, true
			continue
		}
		x := rat(r.x)
		s.Add(s, x)
		q.Add(q, new(big.Rat).Mul(x, x))
	}
	n := new(big.Rat).SetInt64(int64(len(rows)))
	switch {
	case c.fn == "sum" && !infinite:
		return c.sum(s)
	case c.fn == "sum" || c.fn == "avg" && infinite:
		return c.number(special)
	case c.fn == "avg":
		return c.rounded(s.Quo(s, n))
	}
	divisor := n
	if c.fn == "variance" || c.fn == "stddev" {
		if len(rows) == 1 {
			return null()
		}
		divisor = new(big.Rat).SetInt64(int64(len(rows)) - 1)
	}
	if infinite {
		return c.number(math.NaN())
	}
	v := q.Mul(n, q)
	v.Sub(v, s.Mul(s, s))
	v.Quo(v, n).Quo(v, divisor)
	out := c.rounded(v)
	if c.fn == "stddev" || c.fn == "stddev_pop" {
		out.Float = math.Sqrt(out.Float)
	}
	return out
}

// sum rounds, or fits, an exact sum into the type of the result.
func (c *oracleCall) sum(s *big.Rat) selfsame.Value {
	switch t := c.types[0]; t.Kind {
	case selfsame.Int64:
		if !s.Num().IsInt64() {
			return selfsame.Value{Status: selfsame.ErrorOverflow}
		}
		return integer(s.Num().Int64())
	case selfsame.Decimal:
		ten := big.NewInt(10)
		unscaled := new(big.Rat).Mul(s, new(big.Rat).SetInt(new(big.Int).Exp(ten, big.NewInt(int64(t.Scale)), nil))).Num()
		if unscaled.CmpAbs(new(big.Int).Exp(ten, big.NewInt(38), nil)) >= 0 {
			return selfsame.Value{Status: selfsame.ErrorOverflow}
		}
		return selfsame.Value{Type: selfsame.DecimalOf(38, t.Scale), Dec: int128(unscaled)}
	}
	return c.rounded(s)
}

// quantile is the nearest rank max(1, ⌈qn⌉), or the line between the two values around (n-1)q, rounded once.
func (c *oracleCall) quantile(rows []taken) selfsame.Value {
	if len(rows) > c.maxValues {
		return selfsame.Value{Status: selfsame.ErrorMaxValues}
	}
	var xs []selfsame.Value
	for _, r := range rows {
		xs = append(xs, r.x)
	}
	slices.SortStableFunc(xs, compareValues)
	n := int64(len(xs))
	if c.fn == "percentile_disc" {
		p := new(big.Rat).Mul(c.q, new(big.Rat).SetInt64(n))
		rank := new(big.Int).Div(new(big.Int).Add(p.Num(), new(big.Int).Sub(p.Denom(), big.NewInt(1))), p.Denom()).Int64()
		return xs[max(1, rank)-1]
	}
	p := new(big.Rat).Mul(c.q, new(big.Rat).SetInt64(n-1))
	k := new(big.Int).Div(p.Num(), p.Denom()).Int64()
	f := p.Sub(p, new(big.Rat).SetInt64(k))
	if f.Sign() == 0 {
		return c.float(xs[k])
	}
	a, b := c.float(xs[k]).Float, c.float(xs[k+1]).Float
	if a-a != 0 || b-b != 0 { // an end is not finite: add as floats do
		return c.number(a + b)
	}
	lo, hi := rat(xs[k]), rat(xs[k+1])
	return c.rounded(lo.Add(lo, f.Mul(f, hi.Sub(hi, lo))))
}

// float is v as float64.
func (c *oracleCall) float(v selfsame.Value) selfsame.Value {
	if v.Type.Kind == selfsame.Float64 {
		return c.number(v.Float)
	}
	return c.rounded(rat(v))
}
