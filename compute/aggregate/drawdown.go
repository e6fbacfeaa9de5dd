// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// drawdownFunc is drawdown(x): the most by which a value is below one before it. It follows from the sequence (sequence_state.go).
//
// The difference of int64 is int64 and an error beyond it; of decimal(p,s) decimal(38,s), likewise; of float64 it is rounded once. As rounding never
// turns an order around, the greatest rounded difference is the greatest one rounded. A NaN that is kept makes the value NaN.
var drawdownFunc = &Func{
	Name:  "drawdown",
	Class: Holistic,
	Summary: "The largest fall of x from a value to a later one in the order of events, 0 where it never falls: int64 for int64, decimal(38,s) for " +
		"decimal(p,s), float64 for float64; overflow is an error.",
	Example: "drawdown(balance) over 30d",
	Bind:    bindDrawdown,
}

func bindDrawdown(c CallSpec) (*Call, error) {
	const takes = "write drawdown(x) of a number"
	if len(c.Args) != 1 || len(c.Consts) != 0 {
		return nil, wrongArguments("drawdown", c, takes)
	}
	result := c.Args[0]
	switch result.Kind {
	case selfsame.Int64, selfsame.Float64:
	case selfsame.Decimal:
		result = selfsame.DecimalOf(38, result.Scale)
	default:
		return nil, wrongArguments("drawdown", c, takes)
	}
	return &Call{
		Result: result, NeedOrder: true, Family: "drawdown",
		NewState: func() State {
			return newSequence(c, result, func(events []placed) selfsame.Value {
				f := faller{result: result}
				for i := range events {
					v := events[i].value.value(c.Args[0])
					f.next(v.Int, v.Float, v.Dec)
				}
				return f.fall()
			})
		},
		NewKernel: func(members []*Call) Kernel {
			return newScanKernel(members, &drawdownScanner{falls: fallsOf(result.Kind)})
		},
	}, nil
}

// faller takes in values in their order and knows the largest fall. Which of the three forms of a value counts is the result's kind.
type faller struct {
	result   selfsame.Type
	begun    bool
	overflow bool
	peak     selfsame.Value
	mostInt  uint64
	most     selfsame.Value // Float or Dec
}

func (f *faller) next(i int64, x float64, d selfsame.Int128) {
	if !f.begun {
		f.begun, f.peak = true, selfsame.Value{Int: i, Float: x, Dec: d}
		if x != x {
			f.most.Float = exact.NaN()
		}
		return
	}
	switch f.result.Kind {
	case selfsame.Int64:
		f.nextInt(i)
	case selfsame.Float64:
		f.nextFloat(x)
	default:
		f.nextDecimal(d)
	}
}

func (f *faller) nextInt(i int64) {
	if i >= f.peak.Int {
		f.peak.Int = i
		return
	}
	f.mostInt = max(f.mostInt, uint64(f.peak.Int)-uint64(i))
}

func (f *faller) nextFloat(x float64) {
	switch {
	case x != x:
		f.most.Float = exact.NaN()
	case x >= f.peak.Float:
		f.peak.Float = x
	case f.peak.Float-x > f.most.Float: // never where it is NaN already
		f.most.Float = f.peak.Float - x
	}
}

func (f *faller) nextDecimal(d selfsame.Int128) {
	if exact.Cmp(d, f.peak.Dec) >= 0 {
		f.peak.Dec = d
		return
	}
	fall, ok := exact.Sub(f.peak.Dec, d)
	f.overflow = f.overflow || !ok || !exact.Fits(fall, 38)
	if exact.Cmp(fall, f.most.Dec) > 0 {
		f.most.Dec = fall
	}
}

// fall is the largest fall of what has come, which is not nothing.
func (f *faller) fall() selfsame.Value {
	v := selfsame.Value{Type: f.result}
	switch {
	case f.overflow || f.mostInt > math.MaxInt64:
		v.Status = selfsame.ErrorOverflow
	case f.result.Kind == selfsame.Int64:
		v.Int = int64(f.mostInt)
	case f.result.Kind == selfsame.Float64:
		v.Float = f.most.Float
	default:
		v.Dec = f.most.Dec
	}
	return v
}

// drawdownScanner finds the falls of a run of events in a tree; those of another set, and of a short run, one by one.
type drawdownScanner struct {
	presence *presence
	source   *column.Column
	falls    runFalls
}

func (s *drawdownScanner) empty()       { s.falls.empty() }
func (s *drawdownScanner) mark(k int32) { s.falls.mark(k) }

func (s *drawdownScanner) appendSet(c *Call, in *rankSet, out *column.Column) {
	if int64(in.size) > c.Spec.MaxValues {
		out.AppendStatus(selfsame.ErrorMaxValues)
		return
	}
	v := s.falls.fallOfSet(s.presence, s.source, in)
	v.Type = c.Result
	out.Append(v)
}

func (s *drawdownScanner) load(p *presence, ev *Events) { s.resume(p, ev, 0) }

func (s *drawdownScanner) resume(p *presence, ev *Events, from int) {
	s.presence, s.source = p, ev.Args[0]
	s.falls.cut(from)
}

func (s *drawdownScanner) appendValue(c *Call, _ int64, numbers []int32, out *column.Column) {
	n := len(numbers)
	switch {
	case int64(n) > c.Spec.MaxValues:
		out.AppendStatus(selfsame.ErrorMaxValues)
		return
	case n == 0:
		out.AppendStatus(selfsame.Null)
		return
	case n >= 3*fallBlock && int(numbers[n-1]-numbers[0]) == n-1:
		v := s.falls.fall(s.presence, s.source, numbers[0], numbers[n-1]+1)
		v.Type = c.Result
		out.Append(v)
		return
	}
	f := faller{result: c.Result}
	for _, k := range numbers {
		switch row := s.presence.row(k); c.Result.Kind {
		case selfsame.Int64:
			f.next(s.source.Ints[row], 0, selfsame.Int128{})
		case selfsame.Float64:
			f.next(0, s.source.Floats[row], selfsame.Int128{})
		default:
			f.next(0, 0, s.source.Decimals[row])
		}
	}
	out.Append(f.fall())
}
