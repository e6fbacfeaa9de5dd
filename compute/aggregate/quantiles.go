// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"slices"
	"strconv"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// This file is what percentile_cont, percentile_disc and median share: the multiset of the values, up to max_values of them.
// Beyond, the state is the one state "too many", which absorbs all others, so the monoid stays commutative on bytes.
//
// Encoding: byte 1 for too many; else byte 0, uvarint of how many different items, and for each, ascending, the item and the
// uvarint of how often it is there.

// Roles of the family "quantile".
const (
	roleContinuous = iota
	roleDiscrete
)

// parseQuantile reads the q of a call f(x, q) in the decimal digits that were written.
func parseQuantile(name string, v selfsame.Value) (exact.Quantile, error) {
	var q exact.Quantile
	ok := false
	if v.Status == selfsame.Present {
		switch v.Type.Kind {
		case selfsame.Int64:
			q, ok = exact.NewQuantile(exact.FromInt64(v.Int), 0)
		case selfsame.Decimal:
			q, ok = exact.NewQuantile(v.Dec, v.Type.Scale)
		case selfsame.Float64:
			q, ok = exact.ParseQuantile(strconv.FormatFloat(v.Float, 'g', -1, 64))
		}
	}
	if !ok {
		return q, wrongCall("the second argument of "+name+" is not a quantile",
			"write a number from 0 to 1 with at most 18 digits after the point, such as "+name+"(x, 0.95)")
	}
	return q, nil
}

// quantileCall types a call whose arguments have been checked.
func quantileCall(c CallSpec, role int, q exact.Quantile) *Call {
	call := &Call{Result: selfsame.Scalar(selfsame.Float64), Family: "quantile", role: role, quantile: q}
	if role == roleDiscrete {
		call.Result = c.Args[0]
	}
	call.NewState = func() State {
		return &quantileState{t: c.Args[0], role: role, q: q, limit: c.MaxValues, keepNaN: c.KeepNaN}
	}
	call.NewKernel = func(members []*Call) Kernel {
		return &quantileKernel{members: members, limit: c.MaxValues, keepNaN: c.KeepNaN}
	}
	return call
}

// bindContinuous types percentile_cont(x, q), and median(x) where q is fixed.
func bindContinuous(name string, fixed bool, takes string) func(CallSpec) (*Call, error) {
	return func(c CallSpec) (*Call, error) {
		consts := 1
		if fixed {
			consts = 0
		}
		if len(c.Args) != 1 || len(c.Consts) != consts {
			return nil, wrongArguments(name, c, takes)
		}
		switch c.Args[0].Kind {
		case selfsame.Int64, selfsame.Float64, selfsame.Decimal:
		case selfsame.Timestamp, selfsame.Date:
			return nil, wrongCall(name+" does not interpolate between instants",
				"write percentile_disc(x, 0.5), which gives one of the values, or "+name+" of a number, such as a difference of two timestamps")
		default:
			return nil, wrongArguments(name, c, takes)
		}
		q, _ := exact.ParseQuantile("0.5")
		if !fixed {
			var err error
			if q, err = parseQuantile(name, c.Consts[0]); err != nil {
				return nil, err
			}
		}
		return quantileCall(c, roleContinuous, q), nil
	}
}

type quantileState struct {
	t       selfsame.Type
	role    int
	q       exact.Quantile
	limit   int64
	keepNaN bool
	over    bool   // more than limit values
	values  []item // sorted from the start to sorted
	sorted  int
}

func (s *quantileState) Add(e *Event) {
	if !skipped(&e.Args[0], s.keepNaN) && !s.over {
		s.values = append(s.values, itemOf(e.Args[0]))
		s.bound()
	}
}

func (s *quantileState) bound() {
	if s.over || int64(len(s.values)) > s.limit {
		s.over, s.values, s.sorted = true, nil, 0
	}
}

func (s *quantileState) Merge(other State) {
	o := other.(*quantileState)
	s.over = s.over || o.over
	if !s.over {
		s.values = append(s.values, o.values...)
	}
	s.bound()
}

func (s *quantileState) sort() {
	if s.sorted < len(s.values) {
		slices.SortFunc(s.values, item.compare)
		s.sorted = len(s.values)
	}
}

func (s *quantileState) AppendTo(b []byte) []byte {
	if s.over {
		return append(b, 1)
	}
	s.sort()
	different := 0
	for i := range s.values {
		if i == 0 || s.values[i] != s.values[i-1] {
			different++
		}
	}
	b = exact.AppendUvarint(append(b, 0), uint64(different))
	for i := 0; i < len(s.values); {
		from := i
		for i < len(s.values) && s.values[i] == s.values[from] {
			i++
		}
		b = exact.AppendUvarint(appendItem(b, s.t, s.values[from]), uint64(i-from))
	}
	return b
}

func (s *quantileState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	over := decodeFlag(d)
	var values []item
	if !over {
		values = s.decodeValues(d)
	}
	if err := d.End(); err != nil {
		return err
	}
	s.over, s.values, s.sorted = over, values, len(values)
	return nil
}

func (s *quantileState) decodeValues(d *exact.Decoder) (values []item) {
	decodeItems(d, s.t, d.Uvarint(), func(a item) {
		at := d.Offset()
		count := d.Uvarint()
		if d.Err() == nil && (count == 0 || count > uint64(s.limit) || int64(len(values))+int64(count) > s.limit) {
			d.Corrupt(at, "a number of values that is none or beyond max_values")
		}
		for ; count > 0 && d.Err() == nil; count-- {
			values = append(values, a)
		}
	})
	return values
}

func (s *quantileState) Finish(int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Float64)}
	if s.role == roleDiscrete {
		v.Type = s.t
	}
	n := len(s.values)
	switch {
	case s.over:
		v.Status = selfsame.ErrorMaxValues
		return v
	case n == 0:
		v.Status = selfsame.Null
		return v
	}
	s.sort()
	if s.role == roleDiscrete {
		return s.values[s.q.Rank(n)-1].value(s.t)
	}
	i, f := s.q.Position(n)
	a := s.values[i].value(s.t)
	b := a
	if !f.IsZero() {
		b = s.values[i+1].value(s.t)
	}
	switch s.t.Kind {
	case selfsame.Int64:
		v.Float = f.BetweenInt(a.Int, b.Int)
	case selfsame.Decimal:
		v.Float = f.BetweenDecimal(a.Dec, b.Dec, s.t.Scale)
	default:
		v.Float, v.Status = settle(f.Between(a.Float, b.Float), s.keepNaN)
	}
	return v
}

// settle applies the source's policy to a result that may be NaN.
func settle(f float64, keepNaN bool) (float64, selfsame.Status) {
	switch {
	case f == f:
		return f, selfsame.Present
	case keepNaN:
		return exact.NaN(), selfsame.Present
	}
	return 0, selfsame.Null
}

// quantileKernel ranks the entity's values once and moves a set of ranks along with each window.
type quantileKernel struct {
	members  []*Call
	limit    int64
	keepNaN  bool
	presence presence
	keys     keys
	source   *column.Column
	ranking  ranking
	ranked   bool
	window   rankSet // of Ranges
	general  rankSet
	open     bool // general is of this entity
}

func (k *quantileKernel) Load(ev *Events) {
	k.presence.load(ev, k.keepNaN)
	k.source, k.ranked, k.open = ev.Args[0], false, false
}

// Resume implements Resumer. Keys that are ranks are others with each new value: those are made anew.
func (k *quantileKernel) Resume(ev *Events, from int) {
	same := k.presence.resume(ev, k.keepNaN, from)
	k.source, k.open = ev.Args[0], false
	first := int(k.presence.before(int32(from)))
	k.ranked = k.ranked && same && !k.keys.ranked && k.keys.resume(&k.presence, k.source, first)
	if k.ranked {
		k.ranking.resume(k.keys.of, first)
	}
}

// ensure ranks the values when they are first needed.
func (k *quantileKernel) ensure() {
	if !k.ranked {
		k.keys.load(&k.presence, k.source)
		k.ranking.build(k.keys.of, 0)
		k.ranked = true
	}
}

func (k *quantileKernel) Ranges(m int, at []int64, lo, hi []int32, out *column.Column) {
	if len(at) == 1 {
		from, to := k.presence.before(lo[0]), k.presence.before(hi[0])
		if n := int(to - from); int64(n) <= k.limit && n >= k.presence.n/scanShare {
			k.ensure()
			k.append(k.members[m], n, func(i int) int32 { return k.ranking.pick(from, to, i) }, out)
			return
		}
	}
	ready := false
	var a, b int32 // numbers [a, b) are in
	for i := range at {
		from, to := k.presence.before(lo[i]), k.presence.before(hi[i])
		if int64(to-from) > k.limit {
			out.AppendStatus(selfsame.ErrorMaxValues) // before anything is ranked
			continue
		}
		if !ready {
			ready = true
			k.ensure()
			k.window.reset(k.presence.n)
		}
		rank := k.ranking.rank
		for ; a < min(from, b); a++ {
			k.window.remove(rank[a])
		}
		if a < from {
			a, b = from, from
		}
		for ; b < to; b++ {
			k.window.add(rank[b])
		}
		k.appendOf(k.members[m], &k.window, out)
	}
}

// scanShare is the part of an entity's events from which on one window is looked for among all of them in their order: to make a set of it costs more.
const scanShare = 8

// appendOf appends the value of a call over a set of ranks.
func (k *quantileKernel) appendOf(c *Call, set *rankSet, out *column.Column) {
	k.append(c, set.size, func(i int) int32 { return k.ranking.order[set.pick(i)] }, out)
}

// append appends the value of a call over n events, pick giving the number of that with the i-th value.
func (k *quantileKernel) append(c *Call, n int, pick func(i int) int32, out *column.Column) {
	switch {
	case int64(n) > k.limit:
		out.AppendStatus(selfsame.ErrorMaxValues)
		return
	case n == 0:
		out.AppendStatus(selfsame.Null)
		return
	case c.role == roleDiscrete:
		appendRow(out, k.source, k.presence.row(pick(c.quantile.Rank(n)-1)))
		return
	}
	i, f := c.quantile.Position(n)
	a := k.presence.row(pick(i))
	b := a
	if !f.IsZero() {
		b = k.presence.row(pick(i + 1))
	}
	var v float64
	status := selfsame.Present
	switch k.source.Type.Kind {
	case selfsame.Int64:
		v = f.BetweenInt(k.source.Ints[a], k.source.Ints[b])
	case selfsame.Decimal:
		v = f.BetweenDecimal(k.source.Decimals[a], k.source.Decimals[b], k.source.Type.Scale)
	default:
		v, status = settle(f.Between(k.source.Floats[a], k.source.Floats[b]), k.keepNaN)
	}
	if status != selfsame.Present {
		out.AppendStatus(status)
		return
	}
	appendFloat(out, v)
}

func (k *quantileKernel) Reset() {
	k.ensure()
	k.general.reset(k.presence.n)
	k.open = true
}

func (k *quantileKernel) Add(i int32) {
	if !k.open {
		k.Reset()
	}
	if n, ok := k.presence.number(i); ok {
		k.general.add(k.ranking.rank[n])
	}
}

func (k *quantileKernel) Remove(i int32) {
	if n, ok := k.presence.number(i); ok {
		k.general.remove(k.ranking.rank[n])
	}
}

func (k *quantileKernel) Value(m int, _ int64, out *column.Column) {
	if !k.open {
		k.Reset()
	}
	k.appendOf(k.members[m], &k.general, out)
}
