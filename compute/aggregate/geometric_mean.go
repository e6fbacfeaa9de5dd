// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
	"selfsame/compute/transcend"
)

// geometricMeanFunc is geometric_mean(x), the n-th root of the product. A value is m·2^e with m in [1, 2): the state is n, the exact Σe and the exact
// Σlog₂m of the rounded logarithms, an abelian group, so the value does not depend on any order. With Σe = kn + r it is 2^k · 2^((r + Σlog₂m) / n), which
// is within a few units in the last place of the exact mean, however many values there are and whatever their size. As in SciPy, a zero
// makes it 0, and below zero there is no mean: null, or NaN where the source keeps them.
//
// Encoding: varint of n, of Σe, and of how many values are 0, negative, infinite and NaN, then Σlog₂m.
var geometricMeanFunc = &Func{
	Name:    "geometric_mean",
	Class:   Group,
	Summary: "The geometric mean of x, the n-th root of the product; 0 where a value is 0, null where one is negative.",
	Example: "geometric_mean(amount) over 30d",
	Bind:    bindGeometricMean,
}

func bindGeometricMean(c CallSpec) (*Call, error) {
	if len(c.Args) != 1 || len(c.Consts) != 0 || !c.Args[0].IsNumber() {
		return nil, wrongArguments("geometric_mean", c, "write geometric_mean(x), x of type int64, float64 or decimal")
	}
	return &Call{
		Result: selfsame.Scalar(selfsame.Float64), Family: "geometric_mean",
		NewState: func() State { return &geometricState{newLogSum(c.KeepNaN)} },
		NewKernel: func(members []*Call) Kernel {
			return newSlideKernel(members, func() running { return &geometricSet{logSum: newLogSum(c.KeepNaN)} })
		},
	}, nil
}

// logSum is the sum of the logarithms of a multiset.
type logSum struct {
	keepNaN  bool
	n        int64
	exponent int64 // Σe of the positive finite values
	special  [4]int64
	logs     *exact.FloatSum // Σlog₂m of them
}

// Places in special.
const (
	zeros = iota
	negatives
	infinities
	nans
)

func newLogSum(keepNaN bool) logSum { return logSum{keepNaN: keepNaN, logs: exact.NewFloatSum()} }

func (s *logSum) reset() {
	s.n, s.exponent, s.special = 0, 0, [4]int64{}
	s.logs.Reset()
}

// add adds x by times, by = 1 or -1.
func (s *logSum) add(x float64, by int64) {
	s.n += by
	switch {
	case x != x:
		s.special[nans] += by
	case x < 0:
		s.special[negatives] += by
	case x == 0:
		s.special[zeros] += by
	case x > math.MaxFloat64:
		s.special[infinities] += by
	default:
		m, e := math.Frexp(x) // m in [1/2, 1)
		s.exponent += by * int64(e-1)
		if l := transcend.Log2(2 * m); by < 0 {
			s.logs.Sub(l)
		} else {
			s.logs.Add(l)
		}
	}
}

func (s *logSum) finish() answer {
	switch {
	case s.n < 1:
		return answer{status: selfsame.Null}
	case s.special[nans] != 0 || s.special[negatives] != 0 || (s.special[zeros] != 0 && s.special[infinities] != 0):
		if s.keepNaN {
			return answer{f: exact.NaN()}
		}
		return answer{status: selfsame.Null}
	case s.special[zeros] != 0:
		return answer{}
	case s.special[infinities] != 0:
		return answer{f: math.Inf(1)}
	}
	k, rest := s.exponent/s.n, s.exponent%s.n
	if rest < 0 {
		k, rest = k-1, rest+s.n
	}
	s.logs.Add(float64(rest)) // below 2^53: exact
	mean := s.logs.Mean(uint64(s.n))
	s.logs.Sub(float64(rest))
	return answer{f: math.Ldexp(transcend.Exp2(mean), int(k))}
}

// numberOf is a present number as the float64 nearest to it.
func numberOf(v *selfsame.Value) float64 {
	switch v.Type.Kind {
	case selfsame.Float64:
		return v.Float
	case selfsame.Decimal:
		return exact.DecimalToFloat(v.Dec, v.Type.Scale)
	}
	return float64(v.Int)
}

type geometricState struct{ logSum }

func (s *geometricState) Add(e *Event) { s.apply(e, 1) }

// Remove implements Inverter.
func (s *geometricState) Remove(e *Event) { s.apply(e, -1) }

func (s *geometricState) apply(e *Event, by int64) {
	if !skipped(&e.Args[0], s.keepNaN) {
		s.add(numberOf(&e.Args[0]), by)
	}
}

func (s *geometricState) Merge(other State) {
	o := other.(*geometricState)
	s.n += o.n
	s.exponent += o.exponent
	for i, n := range o.special {
		s.special[i] += n
	}
	s.logs.Merge(o.logs)
}

func (s *geometricState) AppendTo(b []byte) []byte {
	b = exact.AppendVarint(exact.AppendVarint(b, s.n), s.exponent)
	for _, n := range s.special {
		b = exact.AppendVarint(b, n)
	}
	return s.logs.AppendTo(b)
}

// Decode implements State. After an error the state is empty.
func (s *geometricState) Decode(b []byte) error {
	s.reset()
	d := exact.NewDecoder(b)
	s.n, s.exponent = d.Varint(), d.Varint()
	for i := range s.special {
		s.special[i] = d.Varint()
	}
	s.logs.Decode(d)
	if err := d.End(); err != nil {
		s.reset()
		return err
	}
	return nil
}

func (s *geometricState) Finish(int64) selfsame.Value {
	a := s.finish()
	return selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Status: a.status, Float: a.f}
}

// geometricSet is logSum over the column of an entity, for slideKernel.
type geometricSet struct {
	columnSet
	logSum
}

func (s *geometricSet) load(p *presence, ev *Events) {
	s.resume(p, ev, 0)
	s.reset()
}

func (s *geometricSet) follow(with running) { s.columnSet = with.(*geometricSet).columnSet }

func (s *geometricSet) add(k int32)    { s.logSum.add(s.at(k), 1) }
func (s *geometricSet) remove(k int32) { s.logSum.add(s.at(k), -1) }

func (s *geometricSet) at(k int32) float64 {
	row := s.presence.row(k)
	switch c := s.column; c.Type.Kind {
	case selfsame.Float64:
		return c.Floats[row]
	case selfsame.Decimal:
		return exact.DecimalToFloat(c.Decimals[row], c.Type.Scale)
	default:
		return float64(c.Ints[row])
	}
}

func (s *geometricSet) appendValue(_ *Call, _ int64, out *column.Column) { s.finish().appendTo(out) }
