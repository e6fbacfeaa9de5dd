// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"fmt"
	"maps"
	"math/big"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// This file is what decayed_sum and decayed_avg share. Time is cut into steps from 1970-01-01 on; an event of n steps before that of T has the weight
// ⌊2^62 · 2^(-n·step/half_life)⌋ / 2^62: a whole number from a table, halved once for each half-life, so Σwx and Σw are exact and are rounded once.
//
// Algebra: for each step with an event the group of (n, Σx), and the counts of values that are not finite; up to max_values steps, beyond the one state
// "too many", which absorbs all others. Encoding: byte 1 for too many; else byte 0, uvarints of the counts of NaN, +Inf and -Inf, uvarint of how many
// steps, and each by time ascending: varint of its number, uvarint n, Σx. An event whose value is not finite counts in the first three only.

// mostSteps bounds half_life / step.
const mostSteps = 1000

const unitWeight = 1 << 62

// decayWeights are the weights of ages.
type decayWeights struct {
	step  int64
	table []uint64 // of an age of so many steps, less than a half-life
}

// rootBits are the digits after the point that roots of two are made with.
const rootBits = 256

// newDecayWeights makes the table for a half-life of n steps: 2^(-r/n), its exponent in binary digits, is a product of square roots of square roots of 1/2.
func newDecayWeights(step int64, n int) *decayWeights {
	var roots []*big.Int
	for last := new(big.Int).Lsh(big.NewInt(1), rootBits-1); len(roots) < rootBits; {
		last = new(big.Int).Sqrt(new(big.Int).Lsh(last, rootBits))
		roots = append(roots, last)
	}
	w := &decayWeights{step: step, table: []uint64{unitWeight}}
	for r := 1; r < n; r++ {
		digits := new(big.Int).Div(new(big.Int).Lsh(big.NewInt(int64(r)), rootBits), big.NewInt(int64(n)))
		x := new(big.Int).Lsh(big.NewInt(1), rootBits)
		if digits.Bit(rootBits-1) == 1 { // a half of the half-life: √½ is the first root
			x.Set(roots[0])
		}
		for i := 1; i < rootBits; i++ {
			if digits.Bit(rootBits-1-i) == 1 {
				x.Rsh(x.Mul(x, roots[i]), rootBits)
			}
		}
		w.table = append(w.table, x.Rsh(x, rootBits-62).Uint64())
	}
	return w
}

// tile is the number of the step of a time.
func (w *decayWeights) tile(tau int64) int64 {
	t := tau / w.step
	if t*w.step > tau {
		t--
	}
	return t
}

// of is the weight of a step, seen from another one that is not before it.
func (w *decayWeights) of(tile, now int64) uint64 {
	if tile >= now {
		return unitWeight
	}
	age, n := uint64(now)-uint64(tile), uint64(len(w.table))
	if age/n > 62 {
		return 0
	}
	return w.table[age%n] >> (age / n)
}

// bindDecayed types a call f(x, half_life h, step s).
func bindDecayed(name string, average bool) func(CallSpec) (*Call, error) {
	return func(c CallSpec) (*Call, error) {
		takes := "write " + name + "(x, half_life 1d, step 1h) of a number"
		if len(c.Args) != 1 || len(c.Consts) != 0 || c.HalfLife <= 0 || c.Step <= 0 {
			return nil, wrongArguments(name, c, takes)
		}
		switch c.Args[0].Kind {
		case selfsame.Int64, selfsame.Float64, selfsame.Decimal:
		default:
			return nil, wrongArguments(name, c, takes)
		}
		if c.HalfLife%c.Step != 0 || c.HalfLife/c.Step > mostSteps {
			return nil, wrongCall("the half-life of "+name+" is not a number of steps",
				fmt.Sprintf("write a step of which the half-life is a multiple, at most %d times as long, such as half_life 1d, step 1h", mostSteps))
		}
		w := newDecayWeights(c.Step, int(c.HalfLife/c.Step))
		call := &Call{Result: selfsame.Scalar(selfsame.Float64), NeedTime: true, Family: fmt.Sprintf("decayed %d %d", c.HalfLife, c.Step)}
		if average {
			call.role = roleDecayedAvg
		}
		call.NewState = func() State {
			return &decayedState{t: c.Args[0], role: call.role, weights: w, limit: c.MaxValues, keepNaN: c.KeepNaN}
		}
		call.NewKernel = func(members []*Call) Kernel {
			return newScanKernel(members, &decayedScanner{weights: w, total: newDecayedTotal(c.Args[0], c.KeepNaN)})
		}
		return call, nil
	}
}

// Roles of decayed calls.
const (
	roleDecayedSum = iota
	roleDecayedAvg
)

// decayedTotal is Σwx and Σw of what has come.
type decayedTotal struct {
	t        selfsame.Type
	keepNaN  bool
	events   bool
	specials exact.Specials
	sum      *exact.Scaled
	weight   selfsame.Int128
}

func newDecayedTotal(t selfsame.Type, keepNaN bool) *decayedTotal {
	return &decayedTotal{t: t, keepNaN: keepNaN, sum: exact.NewScaled()}
}

func (d *decayedTotal) reset() {
	d.events, d.specials, d.weight = false, exact.Specials{}, selfsame.Int128{}
	d.sum.Reset()
}

// weigh adds n events of weight w to Σw: n < 2^62, and what does not fit 127 bits is more events than there can be.
func (d *decayedTotal) weigh(n int64, w uint64) {
	d.events = true
	more, _ := exact.Mul(exact.FromInt64(n), exact.FromInt64(int64(w)))
	if sum, ok := exact.Add(d.weight, more); ok {
		d.weight = sum
	}
}

func (d *decayedTotal) value(role int) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Float64)}
	switch {
	case !d.events:
		v.Status = selfsame.Null
	case d.specials.Any():
		if v.Float = d.specials.Sum(); v.Float != v.Float && !d.keepNaN {
			v.Status = selfsame.Null
		}
	case role == roleDecayedSum:
		v.Float = d.sum.Quotient(selfsame.Int128{Lo: unitWeight}, d.t.Scale)
	case exact.Sign(d.weight) == 0:
		v.Status = selfsame.Null
	default:
		v.Float = d.sum.Quotient(d.weight, d.t.Scale)
	}
	return v
}

type decayedState struct {
	t        selfsame.Type
	role     int
	weights  *decayWeights
	limit    int64
	keepNaN  bool
	over     bool // more than limit steps
	specials exact.Specials
	steps    map[int64]*decayedStep
}

// decayedStep is the finite values of a step.
type decayedStep struct {
	n   int64
	sum *exact.Scaled
}

func (s *decayedState) Add(e *Event) {
	v := &e.Args[0]
	if s.over || skipped(v, s.keepNaN) || (s.t.Kind == selfsame.Float64 && s.specials.Add(v.Float, 1)) {
		return
	}
	step := s.step(s.weights.tile(e.Tau))
	if step == nil {
		return
	}
	step.n++
	switch s.t.Kind {
	case selfsame.Float64:
		step.sum.AddFloat(v.Float, 1)
	case selfsame.Int64:
		step.sum.AddInt(exact.FromInt64(v.Int), 1)
	default:
		step.sum.AddInt(v.Dec, 1)
	}
}

// step returns the step of a number; nil: it is one too many.
func (s *decayedState) step(tile int64) *decayedStep {
	if s.steps == nil {
		s.steps = map[int64]*decayedStep{}
	}
	if s.steps[tile] == nil {
		if int64(len(s.steps)) == s.limit {
			s.tooMany()
			return nil
		}
		s.steps[tile] = &decayedStep{sum: exact.NewScaled()}
	}
	return s.steps[tile]
}

func (s *decayedState) tooMany() { s.over, s.steps, s.specials = true, nil, exact.Specials{} }

func (s *decayedState) Merge(other State) {
	o := other.(*decayedState)
	if s.over = s.over || o.over; s.over {
		s.tooMany()
		return
	}
	s.specials.Merge(o.specials, 1)
	for tile, from := range o.steps { // sums do not depend on the order
		step := s.step(tile)
		if step == nil {
			return
		}
		step.n += from.n
		step.sum.Merge(from.sum)
	}
}

func (s *decayedState) AppendTo(b []byte) []byte {
	if s.over {
		return append(b, 1)
	}
	b = exact.AppendUvarint(append(b, 0), uint64(s.specials.NaN))
	b = exact.AppendUvarint(exact.AppendUvarint(b, uint64(s.specials.Pos)), uint64(s.specials.Neg))
	b = exact.AppendUvarint(b, uint64(len(s.steps)))
	for _, tile := range slices.Sorted(maps.Keys(s.steps)) {
		step := s.steps[tile]
		b = step.sum.AppendTo(exact.AppendUvarint(exact.AppendVarint(b, tile), uint64(step.n)))
	}
	return b
}

func (s *decayedState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	o := decayedState{limit: s.limit}
	if o.over = decodeFlag(d); !o.over {
		o.specials = exact.Specials{NaN: decodeCount(d, 0), Pos: decodeCount(d, 0), Neg: decodeCount(d, 0)}
		last := int64(0)
		for i, n := uint64(0), decodeHowMany(d, s.limit, "steps"); i < n && d.Err() == nil; i++ {
			at := d.Offset()
			tile := d.Varint()
			if d.Err() == nil && i > 0 && tile <= last {
				d.Corrupt(at, "steps out of order")
				break
			}
			step := o.step(tile)
			step.n = decodeCount(d, 1)
			step.sum.Decode(d)
			last = tile
		}
	}
	if err := d.End(); err != nil {
		return err
	}
	s.over, s.specials, s.steps = o.over, o.specials, o.steps
	return nil
}

// decodeCount reads a number of events.
func decodeCount(d *exact.Decoder, least uint64) int64 {
	at := d.Offset()
	n := d.Uvarint()
	if d.Err() == nil && (n < least || n > 1<<61) {
		d.Corrupt(at, "a count that is none")
	}
	return int64(n)
}

func (s *decayedState) Finish(at int64) selfsame.Value {
	if s.over {
		return selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Status: selfsame.ErrorMaxValues}
	}
	total, now := newDecayedTotal(s.t, s.keepNaN), s.weights.tile(at)
	total.specials, total.events = s.specials, s.specials.Any()
	for tile, step := range s.steps { // an exact sum
		w := s.weights.of(tile, now)
		total.weigh(step.n, w)
		total.sum.AddScaled(step.sum, w)
	}
	return total.value(s.role)
}

// decayedScanner adds up the events of a window. Those of one step stand next to each other and have one weight: a run of them that is in as a whole is added at
// once.
type decayedScanner struct {
	weights  *decayWeights
	presence *presence
	source   *column.Column
	runs     []int32 // of number k: its run
	starts   []int32 // of a run: its first number
	tiles    []int64 // of a run
	sums     []*decayedSum
	total    *decayedTotal
}

// decayedSum is the events of a run, made when it is first asked for.
type decayedSum struct {
	decayedStep
	specials exact.Specials
}

// leastRun is the number of events from which on a run has a sum.
const leastRun = 8

func (s *decayedScanner) load(p *presence, ev *Events) {
	s.runs = room(s.runs, p.n)
	s.starts, s.tiles, s.sums = s.starts[:0], s.tiles[:0], s.sums[:0]
	s.follow(p, ev, 0)
}

func (s *decayedScanner) resume(p *presence, ev *Events, from int) {
	last := s.runs[from-1] // it may go on
	s.runs = regrow(s.runs, p.n, from)
	s.starts, s.tiles, s.sums = s.starts[:last+1], s.tiles[:last+1], s.sums[:last+1]
	s.sums[last] = nil
	s.follow(p, ev, from)
}

func (s *decayedScanner) follow(p *presence, ev *Events, from int) {
	s.presence, s.source = p, ev.Args[0]
	for k := from; k < p.n; k++ {
		if tile := s.weights.tile(ev.Tau[p.row(int32(k))]); len(s.tiles) == 0 || tile != s.tiles[len(s.tiles)-1] {
			s.starts, s.tiles, s.sums = append(s.starts, int32(k)), append(s.tiles, tile), append(s.sums, nil)
		}
		s.runs[k] = int32(len(s.tiles) - 1)
	}
}

func (s *decayedScanner) appendValue(c *Call, at int64, numbers []int32, out *column.Column) {
	s.total.reset()
	now, steps, last := s.weights.tile(at), int64(0), int64(0)
	for len(numbers) > 0 && steps <= c.Spec.MaxValues {
		run := s.runs[numbers[0]]
		from, to := s.starts[run], int32(len(s.runs))
		if int(run)+1 < len(s.starts) {
			to = s.starts[run+1]
		}
		n, _ := slices.BinarySearch(numbers, to)
		w, finite := s.weights.of(s.tiles[run], now), false
		if n >= leastRun && n == int(to-from) {
			finite = s.addRun(run, numbers[:n], w)
		} else {
			finite = s.addEach(numbers[:n], w)
		}
		if tile := s.tiles[run]; finite && (steps == 0 || tile != last) { // a row that asks has a run of its own
			steps, last = steps+1, tile
		}
		numbers = numbers[n:]
	}
	if steps > c.Spec.MaxValues {
		out.AppendStatus(selfsame.ErrorMaxValues)
		return
	}
	v := s.total.value(c.role)
	if v.Status != selfsame.Present {
		out.AppendStatus(v.Status)
		return
	}
	appendFloat(out, v.Float)
}

// addRun adds all events of a run and reports whether a value among them is finite.
func (s *decayedScanner) addRun(run int32, numbers []int32, w uint64) bool {
	sum := s.sums[run]
	if sum == nil {
		sum = &decayedSum{decayedStep: decayedStep{sum: exact.NewScaled()}}
		for _, k := range numbers {
			if row := s.presence.row(k); !s.special(row, &sum.specials) {
				sum.n++
				s.addTo(sum.sum, row, 1)
			}
		}
		s.sums[run] = sum
	}
	if sum.specials.Any() {
		s.total.events = true
		s.total.specials.Merge(sum.specials, 1)
	}
	if sum.n == 0 {
		return false
	}
	s.total.weigh(sum.n, w)
	s.total.sum.AddScaled(sum.sum, w)
	return true
}

// addEach adds events of a run one by one and reports whether a value among them is finite.
func (s *decayedScanner) addEach(numbers []int32, w uint64) (finite bool) {
	for _, k := range numbers {
		row := s.presence.row(k)
		if s.special(row, &s.total.specials) {
			s.total.events = true
			continue
		}
		finite = true
		s.total.weigh(1, w)
		s.addTo(s.total.sum, row, w)
	}
	return finite
}

// special counts a value that is not finite and reports whether it is one.
func (s *decayedScanner) special(row int32, specials *exact.Specials) bool {
	return s.source.Type.Kind == selfsame.Float64 && specials.Add(s.source.Floats[row], 1)
}

func (s *decayedScanner) addTo(sum *exact.Scaled, row int32, w uint64) {
	switch s.source.Type.Kind {
	case selfsame.Float64:
		sum.AddFloat(s.source.Floats[row], w)
	case selfsame.Int64:
		sum.AddInt(exact.FromInt64(s.source.Ints[row]), w)
	default:
		sum.AddInt(s.source.Decimals[row], w)
	}
}
