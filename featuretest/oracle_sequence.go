// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"math"
	"math/big"
	"time"

	"selfsame"
)

// days counts the dates of rows on the calendar of the call's zone.
func (c *oracleCall) days(rows []taken) selfsame.Value {
	location, err := time.LoadLocation(c.zone)
	if err != nil {
		panic("featuretest: " + err.Error())
	}
	dates := map[string]bool{}
	for _, r := range rows {
		dates[time.UnixMicro(r.tau).In(location).Format("2006-01-02")] = true
	}
	if len(dates) > c.maxValues {
		return selfsame.Value{Status: selfsame.ErrorMaxValues}
	}
	return integer(int64(len(dates)))
}

// gap is the greatest or the mean gap: the sum of the gaps over their number.
func (c *oracleCall) gap(rows []taken) selfsame.Value {
	different, most, sum := 1, int64(0), new(big.Rat)
	for i := 1; i < len(rows); i++ {
		gap := rows[i].tau - rows[i-1].tau
		if gap > 0 {
			different++
		}
		most = max(most, gap)
		sum.Add(sum, new(big.Rat).SetInt64(gap))
	}
	switch {
	case c.fn == "max_gap" && different > c.maxValues:
		return selfsame.Value{Status: selfsame.ErrorMaxValues}
	case len(rows) < 2:
		return null()
	case c.fn == "max_gap":
		return integer(most)
	}
	return c.rounded(sum.Quo(sum, new(big.Rat).SetInt64(int64(len(rows)-1))))
}

// streak counts true rows since the last false one; longest_streak the most of them at any row.
func (c *oracleCall) streak(rows []taken) selfsame.Value {
	now, longest := 0, 0
	for _, r := range rows {
		if now++; r.x.Int == 0 {
			now = 0
		}
		longest = max(longest, now)
	}
	bounded := now
	if c.fn == "longest_streak" {
		now, bounded = longest, len(rows)
	}
	if bounded > c.maxValues {
		return selfsame.Value{Status: selfsame.ErrorMaxValues}
	}
	return integer(int64(now))
}

// drawdown is the greatest difference of a row and a later one.
func (c *oracleCall) drawdown(rows []taken) selfsame.Value {
	if len(rows) > c.maxValues {
		return selfsame.Value{Status: selfsame.ErrorMaxValues}
	}
	most, special := new(big.Rat), 0.0
	for i, high := range rows {
		if math.IsNaN(high.x.Float) {
			special = math.NaN()
		}
		for _, low := range rows[i+1:] {
			switch h, l := high.x, low.x; {
			case compareValues(h, l) <= 0 || math.IsNaN(h.Float):
			case math.IsInf(h.Float, 0) || math.IsInf(l.Float, 0):
				special += math.Inf(1)
			default:
				if fall := new(big.Rat).Sub(rat(h), rat(l)); fall.Cmp(most) > 0 {
					most = fall
				}
			}
		}
	}
	if special != 0 {
		return c.number(special)
	}
	return c.sum(most)
}
