// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// fallTree finds the largest fall of any run of events, for drawdown. Falls of two runs, one after the other, make those of both together: the larger of the two, or from the peak
// of the first to the low of the second. As overlapping runs do not, it is a tree over blocks of events, of which a run takes the widest that it holds, some two a level. A block
// that is full never changes, so that an event that comes in makes a block at most.
//
// A deque of a window would forget what was before a new peak, and the fall that was there.
type fallTree[V any] struct {
	numbers fallNumbers[V]
	levels  [][]falls[V] // level l: of 2^l blocks each
}

// fallBlock is the events of a block.
const fallBlock = 32

// falls is what a run of events is to those before and after it.
type falls[V any] struct {
	peak, low, most V
	lost            bool // the largest fall is no number: overflow, or a NaN that is kept
}

// fallNumbers is how numbers of a type compare.
type fallNumbers[V any] struct {
	at    func(c *column.Column, row int32) falls[V] // of one event
	less  func(a, b V) bool
	minus func(a, b V) (d V, ok bool) // a > b; false: overflow
}

// join returns the falls of two runs, b after a.
func (n *fallNumbers[V]) join(a, b *falls[V]) falls[V] {
	out := falls[V]{peak: a.peak, low: a.low, most: a.most, lost: a.lost || b.lost}
	if n.less(out.peak, b.peak) {
		out.peak = b.peak
	}
	if n.less(b.low, out.low) {
		out.low = b.low
	}
	if n.less(out.most, b.most) {
		out.most = b.most
	}
	if n.less(b.low, a.peak) {
		d, ok := n.minus(a.peak, b.low)
		if out.lost = out.lost || !ok; n.less(out.most, d) {
			out.most = d
		}
	}
	return out
}

// cut takes away the blocks that hold an event from a number on.
func (t *fallTree[V]) cut(from int) {
	for l, full := 0, from/fallBlock; l < len(t.levels); l, full = l+1, full/2 {
		t.levels[l] = t.levels[l][:min(full, len(t.levels[l]))]
	}
}

// grow makes the blocks of the events.
func (t *fallTree[V]) grow(p *presence, c *column.Column) {
	if len(t.levels) == 0 {
		t.levels = append(t.levels, nil)
	}
	for b := len(t.levels[0]); b < p.n/fallBlock; b++ {
		t.levels[0] = append(t.levels[0], t.scan(int32(b*fallBlock), int32((b+1)*fallBlock), p, c))
		for l, i := 0, b; i&1 == 1; l, i = l+1, i>>1 {
			if len(t.levels) == l+1 {
				t.levels = append(t.levels, nil)
			}
			t.levels[l+1] = append(t.levels[l+1], t.numbers.join(&t.levels[l][i-1], &t.levels[l][i]))
		}
	}
}

// scan returns the falls of events [a, b), a < b, one by one.
func (t *fallTree[V]) scan(a, b int32, p *presence, c *column.Column) falls[V] {
	out := t.numbers.at(c, p.row(a))
	for k := a + 1; k < b; k++ {
		next := t.numbers.at(c, p.row(k))
		out = t.numbers.join(&out, &next)
	}
	return out
}

// of returns the falls of events [a, b), at least three blocks of them.
func (t *fallTree[V]) of(a, b int32, p *presence, c *column.Column) falls[V] {
	i, end := (a+fallBlock-1)/fallBlock, b/fallBlock
	out, l := t.levels[0][i], 0
	if a < i*fallBlock {
		head := t.scan(a, i*fallBlock, p, c)
		out = t.numbers.join(&head, &out)
	}
	for i++; i < end; i += 1 << l {
		for i>>l&1 == 0 && i+2<<l <= end {
			l++
		}
		for i+1<<l > end {
			l--
		}
		out = t.numbers.join(&out, &t.levels[l][i>>l])
	}
	if end*fallBlock < b {
		tail := t.scan(end*fallBlock, b, p, c)
		out = t.numbers.join(&out, &tail)
	}
	return out
}

// runFalls is the falls of some type. fall gives the value of drawdown of events [a, b), at least three blocks of them, and fallOfSet that of the set of the general path.
type runFalls interface {
	cut(from int)
	fall(p *presence, c *column.Column, a, b int32) selfsame.Value
	empty()
	mark(k int32)
	fallOfSet(p *presence, c *column.Column, in *rankSet) selfsame.Value
}

// typedFalls is a fallTree with how its falls are a value.
type typedFalls[V any] struct {
	fallTree[V]
	value func(f *falls[V]) selfsame.Value
	joinTree[someFalls[V]]
	presence *presence
	column   *column.Column
}

// someFalls is the falls of events, if there are any.
type someFalls[V any] struct {
	falls[V]
	some bool
}

func (t *typedFalls[V]) one(k int32) someFalls[V] {
	return someFalls[V]{t.numbers.at(t.column, t.presence.row(k)), true}
}

func (t *typedFalls[V]) join(a, b *someFalls[V]) someFalls[V] {
	switch {
	case !a.some:
		return *b
	case !b.some:
		return *a
	}
	return someFalls[V]{t.numbers.join(&a.falls, &b.falls), true}
}

func (t *typedFalls[V]) fallOfSet(p *presence, c *column.Column, in *rankSet) selfsame.Value {
	t.presence, t.column = p, c
	return t.value(&t.whole(in, t).falls)
}

func (t *typedFalls[V]) fall(p *presence, c *column.Column, a, b int32) selfsame.Value {
	t.grow(p, c)
	f := t.of(a, b, p, c)
	return t.value(&f)
}

// fallsOf returns the tree for a kind of numbers.
func fallsOf(kind selfsame.Kind) runFalls {
	switch kind {
	case selfsame.Int64:
		return &typedFalls[int64]{fallTree: fallTree[int64]{numbers: intFalls}, value: func(f *falls[int64]) selfsame.Value {
			return lostAs(f.lost, selfsame.Value{Int: f.most})
		}}
	case selfsame.Float64:
		return &typedFalls[float64]{fallTree: fallTree[float64]{numbers: floatFalls}, value: func(f *falls[float64]) selfsame.Value {
			if f.lost {
				return selfsame.Value{Float: exact.NaN()}
			}
			return selfsame.Value{Float: f.most}
		}}
	default:
		return &typedFalls[selfsame.Int128]{fallTree: fallTree[selfsame.Int128]{numbers: decimalFalls}, value: func(f *falls[selfsame.Int128]) selfsame.Value {
			return lostAs(f.lost, selfsame.Value{Dec: f.most})
		}}
	}
}

// lostAs makes a fall that is lost an overflow.
func lostAs(lost bool, v selfsame.Value) selfsame.Value {
	if lost {
		return selfsame.Value{Status: selfsame.ErrorOverflow}
	}
	return v
}

var intFalls = fallNumbers[int64]{
	at: func(c *column.Column, row int32) falls[int64] {
		return falls[int64]{peak: c.Ints[row], low: c.Ints[row]}
	},
	less:  func(a, b int64) bool { return a < b },
	minus: func(a, b int64) (int64, bool) { return a - b, a-b >= 0 },
}

// A NaN is below every peak and above every low.
var floatFalls = fallNumbers[float64]{
	at: func(c *column.Column, row int32) falls[float64] {
		x := c.Floats[row]
		if x != x {
			return falls[float64]{peak: math.Inf(-1), low: math.Inf(1), lost: true}
		}
		return falls[float64]{peak: x, low: x}
	},
	less:  func(a, b float64) bool { return a < b },
	minus: func(a, b float64) (float64, bool) { return a - b, true },
}

var decimalFalls = fallNumbers[selfsame.Int128]{
	at: func(c *column.Column, row int32) falls[selfsame.Int128] {
		return falls[selfsame.Int128]{peak: c.Decimals[row], low: c.Decimals[row]}
	},
	less: func(a, b selfsame.Int128) bool { return exact.Cmp(a, b) < 0 },
	minus: func(a, b selfsame.Int128) (selfsame.Int128, bool) {
		d, ok := exact.Sub(a, b)
		return d, ok && exact.Fits(d, 38)
	},
}
