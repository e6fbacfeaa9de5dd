// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// tally is n, Σx and Σx² of a multiset, exact for any values: the sums of a state, and of a kernel whose entity does not fit a
// prefix array. Sums that no member needs stay empty. It is a group element: n may be below zero.
type tally struct {
	family
	sums, squares bool

	n       int64
	special exact.Specials   // float64: those of the n that are not finite
	floatS  *exact.FloatSum  // float64
	floatQ  *exact.SquareSum // float64
	s, q    exact.Wide       // int64 and decimal
}

func newTally(f family, sums, squares bool) *tally {
	t := &tally{family: f, sums: sums, squares: squares}
	if f.arg.Kind == selfsame.Float64 && sums {
		t.floatS = exact.NewFloatSum()
		if squares {
			t.floatQ = exact.NewSquareSum()
		}
	}
	return t
}

func (t *tally) reset() {
	t.n, t.special, t.s, t.q = 0, exact.Specials{}, exact.Wide{}, exact.Wide{}
	if t.floatS != nil {
		t.floatS.Reset()
	}
	if t.floatQ != nil {
		t.floatQ.Reset()
	}
}

// addFloat adds x by times, by = 1 or -1.
func (t *tally) addFloat(x float64, by int64) {
	if x != x && !t.keepNaN {
		return
	}
	t.n += by
	if !t.sums || t.special.Add(x, by) {
		return
	}
	if by < 0 {
		t.floatS.Sub(x)
	} else {
		t.floatS.Add(x)
	}
	switch {
	case !t.squares:
	case by < 0:
		t.floatQ.Sub(x)
	default:
		t.floatQ.Add(x)
	}
}

// addInteger adds an int64 or an unscaled decimal by times, by = 1 or -1.
func (t *tally) addInteger(v selfsame.Int128, by int64) {
	t.n += by
	switch {
	case !t.sums:
	case by < 0:
		t.s.Sub(v)
	default:
		t.s.Add(v)
	}
	switch {
	case !t.squares:
	case by < 0:
		t.q.SubSquare(v)
	default:
		t.q.AddSquare(v)
	}
}

// addFrom adds value i of x, which is present, by times.
func (t *tally) addFrom(x *column.Column, i int, by int64) {
	switch t.arg.Kind {
	case selfsame.Float64:
		t.addFloat(x.Floats[i], by)
	case selfsame.Int64:
		t.addInteger(exact.FromInt64(x.Ints[i]), by)
	case selfsame.Decimal:
		t.addInteger(x.Decimals[i], by)
	default:
		t.n += by
	}
}

// addValue adds v, which is present, by times.
func (t *tally) addValue(v *selfsame.Value, by int64) {
	switch t.arg.Kind {
	case selfsame.Float64:
		t.addFloat(v.Float, by)
	case selfsame.Int64:
		t.addInteger(exact.FromInt64(v.Int), by)
	case selfsame.Decimal:
		t.addInteger(v.Dec, by)
	default:
		t.n += by
	}
}

func (t *tally) merge(o *tally) {
	t.n += o.n
	t.special.Merge(o.special, 1)
	t.s.Merge(&o.s)
	t.q.Merge(&o.q)
	if t.floatS != nil {
		t.floatS.Merge(o.floatS)
	}
	if t.floatQ != nil {
		t.floatQ.Merge(o.floatQ)
	}
}

// finish finishes member o (A2).
func (t *tally) finish(o member) answer {
	n := uint64(t.n)
	switch {
	case o == countOf:
		return answer{i: t.n}
	case o.isNull(t.n):
		return answer{status: selfsame.Null}
	case t.special.Any() && o.needsSquares():
		return t.ofFloat(exact.NaN()) // nΣx² - (Σx)² is Inf - Inf
	case t.special.Any():
		return t.ofFloat(t.special.Sum())
	case t.arg.Kind == selfsame.Float64:
		return answer{f: t.finishFloat(o, n)}
	case o == sumOf:
		return t.ofSum(t.s.Int128())
	case o == meanOf:
		return answer{f: exact.WideMean(n, &t.s, t.arg.Scale)}
	}
	return answer{f: o.deviation(exact.WideVariance(n, &t.s, &t.q, t.arg.Scale, o.isSample()))}
}

func (t *tally) finishFloat(o member, n uint64) float64 {
	switch o {
	case sumOf:
		return t.floatS.Round()
	case meanOf:
		return t.floatS.Mean(n)
	}
	return o.deviation(exact.FloatVariance(n, t.floatS, t.floatQ, o.isSample()))
}

// momentState is the State of one member. docs/format/exact.md draws its bytes:
//
//	count            varint(n)
//	int64, decimal   varint(n) Σx [Σx²]
//	float64          uvarint(zigzag(n) * 2 + special) [varint(NaN) varint(+Inf) varint(-Inf)] Σx [Σx²]
//
// Σx² is there for the variances and deviations, the three counts where one of them is not zero (special = 1).
type momentState struct {
	tally
	member member
}

func newMomentState(f family, o member) *momentState {
	return &momentState{tally: *newTally(f, o.needsSum(), o.needsSquares()), member: o}
}

// Add implements State.
func (s *momentState) Add(e *Event) { s.apply(e, 1) }

// Remove implements Inverter.
func (s *momentState) Remove(e *Event) { s.apply(e, -1) }

func (s *momentState) apply(e *Event, by int64) {
	switch {
	case len(e.Args) == 0:
		s.n += by
	case e.Args[0].Status == selfsame.Present:
		s.addValue(&e.Args[0], by)
	}
}

// Merge implements State.
func (s *momentState) Merge(other State) { s.merge(&other.(*momentState).tally) }

// AppendTo implements State.
func (s *momentState) AppendTo(b []byte) []byte {
	if !s.sums {
		return exact.AppendVarint(b, s.n)
	}
	if s.arg.Kind != selfsame.Float64 {
		b = s.s.AppendTo(exact.AppendVarint(b, s.n))
		if s.squares {
			b = s.q.AppendTo(b)
		}
		return b
	}
	head := exact.Zigzag(s.n) << 1
	if s.special.Any() {
		b = exact.AppendUvarint(b, head|1)
		b = exact.AppendVarint(b, s.special.NaN)
		b = exact.AppendVarint(b, s.special.Pos)
		b = exact.AppendVarint(b, s.special.Neg)
	} else {
		b = exact.AppendUvarint(b, head)
	}
	b = s.floatS.AppendTo(b)
	if s.squares {
		b = s.floatQ.AppendTo(b)
	}
	return b
}

// Decode implements State. After an error the state is empty.
func (s *momentState) Decode(b []byte) error {
	s.reset()
	d := exact.NewDecoder(b)
	switch {
	case !s.sums:
		s.n = d.Varint()
	case s.arg.Kind == selfsame.Float64:
		s.decodeFloats(d)
	default:
		s.n = d.Varint()
		s.s.Decode(d)
		if s.squares {
			s.q.Decode(d)
		}
	}
	if err := d.End(); err != nil {
		s.reset()
		return err
	}
	return nil
}

func (s *momentState) decodeFloats(d *exact.Decoder) {
	head := d.Uvarint()
	s.n = exact.Unzigzag(head >> 1)
	if head&1 != 0 {
		at := d.Offset()
		s.special.NaN, s.special.Pos, s.special.Neg = d.Varint(), d.Varint(), d.Varint()
		if !s.special.Any() {
			d.Corrupt(at, "counts of infinities and NaN that are all zero")
		}
	}
	s.floatS.Decode(d)
	if s.squares {
		s.floatQ.Decode(d)
	}
}

// Finish implements State.
func (s *momentState) Finish(int64) selfsame.Value {
	a := s.finish(s.member)
	return selfsame.Value{Type: s.result(s.member), Status: a.status, Int: a.i, Float: a.f, Dec: a.d}
}
