// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"
	"math/big"
	"testing"

	"selfsame"
)

// naiveSequence is naively for the functions of the order and of the times of the events; tau and x are theirs, in order.
func naiveSequence(c *Call, x []selfsame.Value, tau []int64) (v selfsame.Value, ok bool) {
	v = selfsame.Value{Type: c.Result}
	limit := int(c.Spec.MaxValues)
	switch name := c.Func.Name; {
	case name == "active_days":
		if v.Int = naiveDays(c, tau); v.Int > c.Spec.MaxValues {
			v.Status = selfsame.ErrorMaxValues
		}
	case name == "max_gap" && naiveDifferent(tau) > limit:
		v.Status = selfsame.ErrorMaxValues
	case name == "longest_streak" && len(x) > limit, name == "drawdown" && len(x) > limit:
		v.Status = selfsame.ErrorMaxValues
	case name == "mean_gap" && len(tau) < 2, name == "max_gap" && len(tau) < 2:
		v.Status = selfsame.Null
	case name == "mean_gap" || name == "max_gap":
		return naiveGap(c, tau), true
	case name == "streak" || name == "longest_streak":
		return naiveStreak(c, x), true
	case name == "drawdown":
		return naiveDrawdown(c, x), true
	default:
		return v, false
	}
	return v, true
}

func naiveDifferent(list []int64) int {
	set := map[int64]bool{}
	for _, v := range list {
		set[v] = true
	}
	return len(set)
}

// naiveDays counts dates. Berlin is an hour ahead in winter; before 1893 it was 53 minutes and 28 seconds ahead.
func naiveDays(c *Call, tau []int64) int64 {
	var days []int64
	for _, t := range tau {
		local := big.NewInt(t)
		if len(c.Spec.Consts) > 0 && t > -1000 {
			local.Add(local, big.NewInt(selfsame.Hour))
		} else if len(c.Spec.Consts) > 0 {
			local.Add(local, big.NewInt(53*selfsame.Minute+28*selfsame.Second))
		}
		days = append(days, new(big.Int).Div(local, big.NewInt(selfsame.DayLength)).Int64()) // Euclidean: it floors
	}
	return int64(naiveDifferent(days))
}

func naiveGap(c *Call, tau []int64) selfsame.Value {
	v := selfsame.Value{Type: c.Result}
	total, most := new(big.Rat), new(big.Int)
	for i := 1; i < len(tau); i++ {
		gap := new(big.Int).Sub(big.NewInt(tau[i]), big.NewInt(tau[i-1]))
		total.Add(total, new(big.Rat).SetInt(gap))
		if gap.Cmp(most) > 0 {
			most = gap
		}
	}
	switch {
	case c.Func.Name == "mean_gap":
		v.Float, _ = total.Quo(total, big.NewRat(int64(len(tau)-1), 1)).Float64()
	case !most.IsInt64():
		v.Status = selfsame.ErrorOverflow
	default:
		v.Int = most.Int64()
	}
	return v
}

func naiveStreak(c *Call, x []selfsame.Value) selfsame.Value {
	v := selfsame.Value{Type: c.Result}
	if len(x) == 0 {
		v.Status = selfsame.Null
		return v
	}
	for i := range x { // every run that begins at i
		n := 0
		for i+n < len(x) && x[i+n].Int == 1 {
			n++
		}
		if n > 0 && (c.Func.Name == "longest_streak" || i+n == len(x)) {
			v.Int = max(v.Int, int64(n))
		}
	}
	if v.Int > c.Spec.MaxValues {
		v.Int, v.Status = 0, selfsame.ErrorMaxValues
	}
	return v
}

func naiveDrawdown(c *Call, x []selfsame.Value) selfsame.Value {
	v := selfsame.Value{Type: c.Result}
	if len(x) == 0 {
		v.Status = selfsame.Null
		return v
	}
	most := new(big.Rat)
	for i, high := range x {
		if math.IsNaN(high.Float) {
			return selfsame.Value{Type: c.Result, Float: math.NaN()}
		}
		for _, low := range x[i+1:] {
			switch {
			case math.IsNaN(low.Float):
				return selfsame.Value{Type: c.Result, Float: math.NaN()}
			case naiveCompare(high, low) <= 0:
			case math.IsInf(high.Float, 0) || math.IsInf(low.Float, 0):
				v.Float = math.Inf(1)
			default:
				if fall := new(big.Rat).Sub(naiveRat(high), naiveRat(low)); fall.Cmp(most) > 0 {
					most = fall
				}
			}
		}
	}
	return naiveFall(v, most)
}

// naiveFall gives a difference the type of v; v is infinite already where one was.
func naiveFall(v selfsame.Value, most *big.Rat) selfsame.Value {
	switch v.Type.Kind {
	case selfsame.Float64:
		if f, _ := most.Float64(); v.Float == 0 {
			v.Float = f
		}
	case selfsame.Int64:
		if v.Int = most.Num().Int64(); !most.Num().IsInt64() {
			v.Int, v.Status = 0, selfsame.ErrorOverflow
		}
	default:
		unscaled := new(big.Rat).Mul(most, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Type.Scale)), nil))).Num()
		if unscaled.CmpAbs(new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil)) >= 0 {
			v.Status = selfsame.ErrorOverflow
			return v
		}
		v.Dec.Lo = new(big.Int).And(unscaled, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
		v.Dec.Hi = new(big.Int).Rsh(unscaled, 64).Int64()
	}
	return v
}

// TestActiveDaysMeetsTheEdgesOfDays: midnight belongs to the day that begins, in the zone that is asked for.
func TestActiveDaysMeetsTheEdgesOfDays(t *testing.T) {
	text := selfsame.Scalar(selfsame.String)
	midnight := int64(1_711_839_600_000_000) // 2024-03-31 00:00 in Berlin, an hour before it is in London
	for _, c := range []struct {
		zone string
		taus []int64
		want int64
	}{
		{"", []int64{midnight - 1, midnight, midnight + selfsame.Hour - 1}, 1},
		{"", []int64{midnight, midnight + selfsame.Hour}, 2},
		{"Europe/Berlin", []int64{midnight - 1, midnight}, 2},
		{"Europe/Berlin", []int64{midnight, midnight + 23*selfsame.Hour - 1}, 1}, // a day of 23 hours
		{"Europe/Berlin", []int64{midnight, midnight + 23*selfsame.Hour}, 2},
	} {
		spec := CallSpec{Args: []selfsame.Type{text}, MaxValues: 10}
		if c.zone != "" {
			spec.Consts = []selfsame.Value{{Type: text, Str: c.zone}}
		}
		call, err := Bind(activeDaysFunc, spec)
		if err != nil {
			t.Fatal(err)
		}
		s := call.NewState()
		for _, tau := range c.taus {
			s.Add(&Event{Tau: tau, Args: []selfsame.Value{{Type: text, Str: "x"}}})
		}
		if v := s.Finish(0); v.Int != c.want || v.Status != selfsame.Present {
			t.Errorf("%v in %q are on %d days, want %d", c.taus, c.zone, v.Int, c.want)
		}
	}
}

// TestStreakIsBoundedByItself: events beyond max_values are no error while the streak is not.
func TestStreakIsBoundedByItself(t *testing.T) {
	boolean := selfsame.Scalar(selfsame.Bool)
	call, err := Bind(streakFunc, CallSpec{Args: []selfsame.Type{boolean}, MaxValues: 3})
	if err != nil {
		t.Fatal(err)
	}
	add := func(s State, tau, x int64) {
		s.Add(&Event{Tau: tau, Args: []selfsame.Value{{Type: boolean, Int: x}}})
	}
	s := call.NewState()
	for tau := range int64(10) {
		add(s, tau, 1)
	}
	if v := s.Finish(0); v.Status != selfsame.ErrorMaxValues {
		t.Errorf("a streak of ten is %+v", v)
	}
	add(s, 7, 0) // late: the streak is of what comes after
	if v := s.Finish(0); v.Status != selfsame.Present || v.Int != 3 {
		t.Errorf("of ten, broken at the eighth, the streak is %+v", v) // the true one of that moment, and two more
	}
}
