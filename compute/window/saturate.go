// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package window

import "selfsame"

// FloorDiv returns the greatest integer not above a/b; b > 0. Go's own division rounds towards zero, which is wrong before 1970.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// SatAdd returns a + b, saturated at the ends of int64.
func SatAdd(a, b int64) int64 {
	s := a + b
	switch {
	case b > 0 && s < a:
		return selfsame.MaxTime
	case b < 0 && s > a:
		return selfsame.MinTime
	}
	return s
}

// SatSub returns a - b, saturated at the ends of int64.
func SatSub(a, b int64) int64 {
	d := a - b
	switch {
	case b > 0 && d > a:
		return selfsame.MinTime
	case b < 0 && d < a:
		return selfsame.MaxTime
	}
	return d
}

// point is an instant that may lie below the least int64. No bound is above the greatest before its last step.
type point struct {
	v     int64
	below bool
}

// minus moves p back by d >= 0.
func (p point) minus(d int64) point {
	if v := p.v - d; v <= p.v && !p.below {
		p.v = v
		return p
	}
	return point{selfsame.MinTime, true}
}

// floor moves p back to a multiple of g counted from origin, 0 <= origin < g.
func (p point) floor(g, origin int64) point {
	r := p.v % g
	if r < 0 {
		r += g
	}
	if r -= origin; r < 0 {
		r += g
	}
	return p.minus(r)
}

// plus is the last step of a bound: one microsecond up or none.
func (p point) plus(d int64) int64 {
	if p.below {
		return selfsame.MinTime
	}
	return SatAdd(p.v, d)
}
