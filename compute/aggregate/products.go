// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// This file is what the aggregations share that follow from n and exact sums of products of their arguments: skewness and kurtosis from the powers
// of one, covariance, correlation and the line from two. It is an abelian group; the value is rounded once, at the end (compute/exact/shape.go).
//
// Encoding: uvarint(2·zigzag(n) + k), where k = 1 varint of how many events hold a value that is not finite, then the sums that the call needs, in the
// order of the constants. docs/format/exact.md draws it.

// monomial is a product of a's and b's, the values of the first and of the second argument.
type monomial uint8

const (
	ofA monomial = iota
	ofA2
	ofA3
	ofA4
	ofB
	ofB2
	ofAB
	monomials
)

// degrees are the powers of a and b.
var degrees = [monomials][2]int{{1, 0}, {2, 0}, {3, 0}, {4, 0}, {0, 1}, {0, 2}, {1, 1}}

// productMember is one member of the family: what it needs, from how many events on it has a value, and that value; ok is false where it has none.
type productMember struct {
	args   int
	needs  []monomial
	least  int64
	finish func(p *products) (v float64, ok bool)
}

// bindProducts binds a call of one or two numbers. The member is the finisher's, known to the kernel by its role.
func bindProducts(name string, o *productMember, takes string) func(CallSpec) (*Call, error) {
	return func(c CallSpec) (*Call, error) {
		fits := len(c.Args) == o.args && len(c.Consts) == 0
		for _, a := range c.Args {
			fits = fits && a.IsNumber()
		}
		if !fits {
			return nil, wrongArguments(name, c, takes)
		}
		return &Call{
			Result: selfsame.Scalar(selfsame.Float64), Family: "products", product: o,
			NewState: func() State { return &productState{products: *newProducts(c, o.needs), member: o} },
			NewKernel: func(members []*Call) Kernel {
				var needs []monomial
				for _, m := range members {
					needs = append(needs, m.product.needs...)
				}
				return newSlideKernel(members, func() running { return &productSet{products: *newProducts(c, needs)} })
			},
		}, nil
	}
}

// products is n and the sums over a multiset of events; sums that no member needs are nil. It is a group element: n may be below zero.
type products struct {
	args     []selfsame.Type
	keepNaN  bool
	n        int64
	infinite int64 // of the n: those with a value that is not finite, which are in no sum
	sums     [monomials]*exact.ProductSum
}

func newProducts(c CallSpec, needs []monomial) *products {
	p := &products{args: c.Args, keepNaN: c.KeepNaN}
	for _, m := range needs {
		floats, integers := 0, 0
		for i, a := range c.Args {
			if a.Kind == selfsame.Float64 {
				floats += degrees[m][i]
			} else {
				integers += degrees[m][i]
			}
		}
		if p.sums[m] == nil {
			p.sums[m] = exact.NewProductSum(floats, integers)
		}
	}
	return p
}

func (p *products) reset() {
	p.n, p.infinite = 0, 0
	for _, s := range p.sums {
		if s != nil {
			s.Reset()
		}
	}
}

// add adds an event by times; finite tells whether all its values are.
func (p *products) add(values *[2]exact.Factor, finite bool, by int64) {
	p.n += by
	if !finite {
		p.infinite += by
		return
	}
	for m, s := range p.sums {
		if s == nil {
			continue
		}
		var factors [4]exact.Factor
		n := 0
		for arg, degree := range degrees[m] {
			for range degree {
				factors[n] = values[arg]
				n++
			}
		}
		s.Add(by, factors[:n]...)
	}
}

// scale is the scale of argument i where it is a decimal.
func (p *products) scale(i int) uint8 {
	if p.args[i].Kind == selfsame.Decimal {
		return p.args[i].Scale
	}
	return 0
}

// pairs are the sums with y as a and x as b, the order of SQL.
func (p *products) pairs() *exact.Pairs {
	return &exact.Pairs{
		N: uint64(p.n), X: p.sums[ofB], Y: p.sums[ofA], XX: p.sums[ofB2], YY: p.sums[ofA2], XY: p.sums[ofAB], ScaleX: p.scale(1), ScaleY: p.scale(0),
	}
}

func (p *products) answer(o *productMember) answer {
	v, ok := 0.0, p.n >= o.least
	if ok && p.infinite == 0 {
		v, ok = o.finish(p)
	} else if ok {
		v, ok = exact.NaN(), p.keepNaN
	}
	if !ok {
		return answer{status: selfsame.Null}
	}
	return answer{f: v}
}

// floatFactor is x as a factor; finite is false where it has none.
func floatFactor(x float64) (f exact.Factor, finite bool) {
	if x-x != 0 {
		return f, false
	}
	return exact.FloatFactor(x), true
}

type productState struct {
	products
	member *productMember
}

func (s *productState) Add(e *Event) { s.apply(e, 1) }

// Remove implements Inverter.
func (s *productState) Remove(e *Event) { s.apply(e, -1) }

func (s *productState) apply(e *Event, by int64) {
	var values [2]exact.Factor
	finite := true
	for i := range e.Args {
		v := &e.Args[i]
		if skipped(v, s.keepNaN) {
			return
		}
		switch v.Type.Kind {
		case selfsame.Float64:
			var ok bool
			values[i], ok = floatFactor(v.Float)
			finite = finite && ok
		case selfsame.Decimal:
			values[i] = exact.IntegerFactor(v.Dec)
		default:
			values[i] = exact.IntegerFactor(exact.FromInt64(v.Int))
		}
	}
	s.add(&values, finite, by)
}

func (s *productState) Merge(other State) {
	o := other.(*productState)
	s.n += o.n
	s.infinite += o.infinite
	for m, sum := range s.sums {
		if sum != nil {
			sum.Merge(o.sums[m])
		}
	}
}

func (s *productState) AppendTo(b []byte) []byte {
	head := exact.Zigzag(s.n) << 1
	if s.infinite == 0 {
		b = exact.AppendUvarint(b, head)
	} else {
		b = exact.AppendVarint(exact.AppendUvarint(b, head|1), s.infinite)
	}
	for _, sum := range s.sums {
		if sum != nil {
			b = sum.AppendTo(b)
		}
	}
	return b
}

// Decode implements State. After an error the state is empty.
func (s *productState) Decode(b []byte) error {
	s.reset()
	d := exact.NewDecoder(b)
	head := d.Uvarint()
	s.n = exact.Unzigzag(head >> 1)
	if head&1 != 0 {
		at := d.Offset()
		if s.infinite = d.Varint(); s.infinite == 0 {
			d.Corrupt(at, "a count of values that are not finite that is zero")
		}
	}
	for _, sum := range s.sums {
		if sum != nil {
			sum.Decode(d)
		}
	}
	if err := d.End(); err != nil {
		s.reset()
		return err
	}
	return nil
}

func (s *productState) Finish(int64) selfsame.Value {
	a := s.answer(s.member)
	return selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Status: a.status, Float: a.f}
}

// productSet is products over the columns of an entity, for slideKernel.
type productSet struct {
	small
	products
	presence *presence
	columns  []*column.Column
}

func (s *productSet) load(p *presence, ev *Events) {
	s.presence, s.columns = p, ev.Args
	s.reset()
}

func (s *productSet) resume(p *presence, ev *Events, _ int) { s.presence, s.columns = p, ev.Args }

func (s *productSet) follow(with running) {
	o := with.(*productSet)
	s.presence, s.columns = o.presence, o.columns
}

func (s *productSet) add(k int32)    { s.apply(k, 1) }
func (s *productSet) remove(k int32) { s.apply(k, -1) }

func (s *productSet) apply(k int32, by int64) {
	var values [2]exact.Factor
	finite := true
	row := s.presence.row(k)
	for i, c := range s.columns {
		switch c.Type.Kind {
		case selfsame.Float64:
			var ok bool
			values[i], ok = floatFactor(c.Floats[row])
			finite = finite && ok
		case selfsame.Decimal:
			values[i] = exact.IntegerFactor(c.Decimals[row])
		default:
			values[i] = exact.IntegerFactor(exact.FromInt64(c.Ints[row]))
		}
	}
	s.products.add(&values, finite, by)
}

func (s *productSet) appendValue(c *Call, _ int64, out *column.Column) {
	s.answer(c.product).appendTo(out)
}
