// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/compute/transcend"
)

// by is f_by(x, key): f(x) over the rows of each key, keys in byte order.
func (c *oracleCall) by(rows []taken, t int64) selfsame.Value {
	groups := map[string][]taken{}
	var names []string
	for _, r := range rows {
		key := r.y.Str
		if len(c.types) == 1 {
			key = r.x.Str
		}
		if groups[key] == nil {
			names = append(names, key)
		}
		groups[key] = append(groups[key], r)
	}
	if len(names) > c.maxValues {
		return selfsame.Value{Status: selfsame.ErrorMaxValues}
	}
	slices.Sort(names)
	one := *c
	one.fn, _ = strings.CutSuffix(c.fn, "_by")
	one.types = c.types[:1]
	var out selfsame.Value
	for _, name := range names {
		v := one.finish(groups[name], t)
		if v.Status.IsError() {
			return v
		}
		if v.Status == selfsame.Present {
			out.Type = selfsame.MapOf(v.Type)
			out.Keys, out.Elems = append(out.Keys, name), append(out.Elems, v)
		}
	}
	if len(out.Keys) == 0 {
		return null()
	}
	return out
}

// tally returns the different values of rows, ascending, and how often each occurs.
func tally(rows []taken) (different []selfsame.Value, counts []int) {
	var all []selfsame.Value
	for _, r := range rows {
		all = append(all, r.x)
	}
	slices.SortStableFunc(all, compareValues)
	for i, v := range all {
		if i == 0 || compareValues(all[i-1], v) != 0 {
			different, counts = append(different, v), append(counts, 0)
		}
		counts[len(counts)-1]++
	}
	return different, counts
}

// frequencies is what follows from how often each value occurs.
func (c *oracleCall) frequencies(rows []taken) selfsame.Value {
	different, counts := tally(rows)
	if len(different) > c.maxValues {
		return selfsame.Value{Status: selfsame.ErrorMaxValues}
	}
	most := slices.Max(counts)
	switch c.fn {
	case "mode_count":
		return integer(int64(most))
	case "top_ratio":
		return c.rounded(big.NewRat(int64(most), int64(len(rows))))
	case "entropy":
		sum := new(big.Rat)
		for _, n := range counts {
			p := float64(n) / float64(len(rows))
			sum.Sub(sum, new(big.Rat).SetFloat64(p*transcend.Log(p)))
		}
		return c.rounded(sum)
	case "collect_distinct":
		return selfsame.Value{Type: selfsame.ListOf(c.types[0]), Elems: different}
	}
	out := selfsame.Value{Type: selfsame.ListOf(c.types[0])}
	if c.fn == "top_k_counts" {
		out.Type = selfsame.ListOf(selfsame.Scalar(selfsame.Int64))
	}
	for n := most; n > 0; n-- {
		for i := range different {
			switch {
			case counts[i] != n || int64(len(out.Elems)) == c.n:
			case c.fn == "top_k":
				out.Elems = append(out.Elems, different[i])
			default:
				out.Elems = append(out.Elems, integer(int64(n)))
			}
		}
	}
	return out
}

// namedTop is the top of the rows whose value the call names.
func (c *oracleCall) namedTop(rows []taken) selfsame.Value {
	rows = slices.DeleteFunc(rows, func(r taken) bool {
		return !slices.ContainsFunc(c.named, func(v selfsame.Value) bool { return compareValues(v, r.x) == 0 })
	})
	if len(rows) == 0 {
		return null()
	}
	top := *c
	top.fn, top.maxValues = "top_k", len(rows)
	return top.frequencies(rows)
}

// listing is what is said of single rows in some order.
func (c *oracleCall) listing(rows []taken) selfsame.Value {
	out := selfsame.Value{Type: selfsame.ListOf(c.types[0])}
	switch c.fn {
	case "last_distinct":
		for _, r := range slices.Backward(rows) {
			seen := slices.ContainsFunc(out.Elems, func(v selfsame.Value) bool { return compareValues(v, r.x) == 0 })
			if !seen && int64(len(out.Elems)) < c.n {
				out.Elems = append(out.Elems, r.x)
			}
		}
		return out
	case "sample":
		hash := func(r taken) uint64 { // of xf, a float64: its bits in the order of numbers
			bits := math.Float64bits(r.x.Float)
			if bits>>63 != 0 {
				bits = ^bits
			} else {
				bits |= 1 << 63
			}
			return xxh3.Hash(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(r.tau)), bits))
		}
		slices.SortStableFunc(rows, func(a, b taken) int { return cmp.Compare(hash(a), hash(b)) })
		rows = rows[:min(int64(len(rows)), c.n)]
	default:
		if len(rows) > c.maxValues {
			return selfsame.Value{Status: selfsame.ErrorMaxValues}
		}
	}
	var texts []string
	for _, r := range rows {
		texts, out.Elems = append(texts, r.x.Str), append(out.Elems, r.x)
	}
	if c.fn == "string_agg" {
		return selfsame.Value{Type: c.types[0], Str: strings.Join(texts, c.text)}
	}
	return out
}

// bucket is the middle of the 128th of a power of two in which the value of the nearest rank lies.
func (c *oracleCall) bucket(rows []taken) selfsame.Value {
	exactly := *c
	exactly.fn, exactly.maxValues = "percentile_disc", len(rows)
	f := c.float(exactly.quantile(rows)).Float
	switch {
	case math.Abs(f) < 0x1p-1022:
		f = 0
	case !math.IsInf(f, 0) && !math.IsNaN(f):
		mantissa, exponent := math.Frexp(f)
		f = math.Ldexp((math.Trunc(mantissa*256)+math.Copysign(0.5, f))/256, exponent)
	}
	return c.number(f)
}
