// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"bytes"
	"maps"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// This file is what count_by, sum_by, avg_by, min_by and max_by share: one aggregation for each key of a window, a map from the keys that occur to its
// values, keys in byte order. A state is the map of the inner states, up to max_values keys; beyond, it is the one state "too many", which absorbs all
// others. A key whose value is null (Inf - Inf) is left out; a key whose value is an error makes the whole value that error.
//
// Encoding: byte 1 for too many; else byte 0, uvarint of how many keys, and for each, ascending, the key and the encoded inner state, each after its
// length as a uvarint.

// bindBy types a call f(x, key) whose value for one key is that of inner(x); of f(key) where there is no x.
func bindBy(name string, inner *Func, args int, takes string) func(CallSpec) (*Call, error) {
	return func(c CallSpec) (*Call, error) {
		if len(c.Args) != args || len(c.Consts) != 0 || c.Args[args-1].Kind != selfsame.String {
			return nil, wrongArguments(name, c, takes)
		}
		of, err := Bind(inner, CallSpec{Args: c.Args[:1], MaxValues: c.MaxValues, KeepNaN: c.KeepNaN})
		if err != nil {
			return nil, wrongArguments(name, c, takes)
		}
		return &Call{
			Result: selfsame.MapOf(of.Result), Family: name,
			NewState: func() State { return &byState{inner: of, limit: c.MaxValues, keepNaN: c.KeepNaN} },
			NewKernel: func(members []*Call) Kernel {
				if o, sums := momentsByName[inner.Name]; sums {
					return newSlideKernel(members, func() running { return newBySums(c, o) })
				}
				return newByKernel(of, c)
			},
		}, nil
	}
}

type byState struct {
	inner   *Call
	limit   int64
	keepNaN bool
	over    bool // more than limit keys
	groups  map[string]State
}

func (s *byState) Add(e *Event) {
	for i := range e.Args {
		if skipped(&e.Args[i], s.keepNaN) {
			return
		}
	}
	if g := s.group(e.Args[len(e.Args)-1].Str); g != nil {
		one := *e
		one.Args = e.Args[:1]
		g.Add(&one)
	}
}

// group returns the state of a key, or nil where there are too many.
func (s *byState) group(key string) State {
	if s.over {
		return nil
	}
	g := s.groups[key]
	if g != nil {
		return g
	}
	if int64(len(s.groups)) == s.limit {
		s.over, s.groups = true, nil
		return nil
	}
	if s.groups == nil {
		s.groups = map[string]State{}
	}
	g = s.inner.NewState()
	s.groups[key] = g
	return g
}

func (s *byState) Merge(other State) {
	o := other.(*byState)
	if o.over {
		s.over, s.groups = true, nil
	}
	for key, g := range o.groups { // each key by itself
		if mine := s.group(key); mine != nil {
			mine.Merge(g)
		}
	}
}

func (s *byState) AppendTo(b []byte) []byte {
	if s.over {
		return append(b, 1)
	}
	b = exact.AppendUvarint(append(b, 0), uint64(len(s.groups)))
	for _, key := range slices.Sorted(maps.Keys(s.groups)) {
		inner := s.groups[key].AppendTo(nil)
		b = append(exact.AppendUvarint(b, uint64(len(key))), key...)
		b = append(exact.AppendUvarint(b, uint64(len(inner))), inner...)
	}
	return b
}

func (s *byState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	over := decodeFlag(d)
	groups := map[string]State{}
	if !over {
		none := s.inner.NewState().AppendTo(nil)
		last := ""
		for i, n := uint64(0), decodeHowMany(d, s.limit, "keys"); i < n && d.Err() == nil; i++ {
			at := d.Offset()
			key := string(d.Bytes(d.Uvarint()))
			if d.Err() == nil && i > 0 && key <= last {
				d.Corrupt(at, "keys out of order")
			}
			at = d.Offset()
			inner := d.Bytes(d.Uvarint())
			g := s.inner.NewState()
			if d.Err() == nil {
				if err := g.Decode(inner); err != nil {
					d.Corrupt(at, "the state of a key: "+err.Error())
				} else if bytes.Equal(inner, none) {
					d.Corrupt(at, "a key without events")
				}
			}
			groups[key], last = g, key
		}
	}
	if err := d.End(); err != nil {
		return err
	}
	s.over, s.groups = over, groups
	return nil
}

func (s *byState) Finish(at int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.MapOf(s.inner.Result)}
	if s.over {
		v.Status = selfsame.ErrorMaxValues
		return v
	}
	for _, key := range slices.Sorted(maps.Keys(s.groups)) {
		e := s.groups[key].Finish(at)
		switch {
		case e.Status.IsError():
			return selfsame.Value{Type: v.Type, Status: e.Status}
		case e.Status == selfsame.Present:
			v.Keys, v.Elems = append(v.Keys, key), append(v.Elems, e)
		}
	}
	if len(v.Keys) == 0 {
		v.Status = selfsame.Null
	}
	return v
}

// byKernel gathers the events of each key next to each other, in a partition of its own, where the inner kernel takes a key as it takes an entity.
type byKernel struct {
	limit    int64
	keepNaN  bool
	inner    func() Kernel
	presence presence
	source   *column.Column // of the keys
	keys     keys
	ranks    []int32 // rank of the key of event k
	starts   []int32 // where the events of a rank start in the own partition; one more than there are ranks
	places   []int32 // row of event k in the own partition
	numbers  []int32 // the inverse
	events   Events
	argument *column.Column
	rows     []uint32

	shared Kernel   // of Ranges
	kept   []Kernel // of Ranges, by rank, where there are few keys: loaded when they are first asked
	fresh  []bool   // of kept: it has the entity's events
	runs   byRuns

	pool   []Kernel // of the general path, by rank
	loaded []bool   // of pool: it has the entity's events
	in     valueCounts
	open   bool // in is of this entity
	values *column.Column
}

// byRuns is what Ranges gathers, a key at a time: the windows in which a key occurs, and its values there.
type byRuns struct {
	a, b    []int32 // the windows as numbers
	windows []int32 // of value i
	ranks   []int32
	first   []int32 // where the values of a window start in order
	order   []int32
	at      []int64
	lo, hi  []int32
	values  *column.Column
}

func newByKernel(of *Call, c CallSpec) Kernel {
	k := &byKernel{limit: c.MaxValues, keepNaN: c.KeepNaN, inner: func() Kernel { return of.NewKernel([]*Call{of}) }}
	k.argument, k.values, k.runs.values = column.New(c.Args[0], 0), column.New(of.Result, 0), column.New(of.Result, 0)
	k.shared = k.inner()
	return k
}

func (k *byKernel) Load(ev *Events) {
	k.presence.load(ev, k.keepNaN)
	k.source, k.open = ev.Args[len(ev.Args)-1], false
	clear(k.fresh)
	k.keys.load(&k.presence, k.source)
	n := k.presence.n
	k.ranks = room(k.ranks, n)
	k.starts = zeroed(k.starts, len(k.keys.rowOf)+1)
	for e, key := range k.keys.of {
		k.ranks[e] = int32(key)
		k.starts[key+1]++
	}
	for r := range len(k.starts) - 1 {
		k.starts[r+1] += k.starts[r]
	}
	k.places, k.numbers, k.rows = room(k.places, n), room(k.numbers, n), room(k.rows, n)
	k.events.Tau = room(k.events.Tau, n)
	next := room(k.runs.order, len(k.starts))
	copy(next, k.starts)
	for e, r := range k.ranks {
		at, row := next[r], k.presence.row(int32(e))
		next[r]++
		k.places[e], k.numbers[at], k.rows[at], k.events.Tau[at] = at, int32(e), uint32(row), ev.Tau[row]
	}
	k.runs.order = next
	k.argument.Gather(ev.Args[0], k.rows)
	k.events.Args = append(k.events.Args[:0], k.argument)
}

// of returns the events of the key of a rank, as those of an entity.
func (k *byKernel) of(rank int32) *Events {
	k.events.Lo, k.events.Hi = int(k.starts[rank]), int(k.starts[rank+1])
	return &k.events
}

func (k *byKernel) Ranges(_ int, at []int64, lo, hi []int32, out *column.Column) {
	r := &k.runs
	r.a, r.b = room(r.a, len(at)), room(r.b, len(at))
	for i := range at {
		r.a[i], r.b[i] = k.presence.before(lo[i]), k.presence.before(hi[i])
	}
	r.windows, r.ranks = r.windows[:0], r.ranks[:0]
	r.values.Reset()
	for rank := range int32(len(k.starts) - 1) {
		k.evaluate(rank, at)
	}
	r.sort(len(at))
	for w := range at {
		k.append(r.ranks, r.order[r.first[w]:r.first[w+1]], r.values, out)
	}
}

// evaluate appends the values of the key of a rank in the windows where it occurs.
func (k *byKernel) evaluate(rank int32, at []int64) {
	r := &k.runs
	r.at, r.lo, r.hi = r.at[:0], r.lo[:0], r.hi[:0]
	from, to := k.starts[rank], k.starts[rank+1]
	end := from // [from, end) are in, or before the window
	for w := 0; w < len(at) && from < to; {
		if k.numbers[from] < r.a[w] {
			from++
			continue
		}
		if r.b[w] <= k.numbers[from] { // the next window that reaches the first event
			next, _ := slices.BinarySearch(r.b[w:], k.numbers[from]+1)
			w += next
			continue
		}
		for end = max(end, from); end < to && k.numbers[end] < r.b[w]; {
			end++
		}
		r.windows, r.ranks = append(r.windows, int32(w)), append(r.ranks, rank)
		r.at, r.lo, r.hi = append(r.at, at[w]), append(r.lo, from), append(r.hi, end)
		w++
	}
	if len(r.at) > 0 {
		k.kernelOf(rank).Ranges(0, r.at, r.lo, r.hi, r.values)
	}
}

// keptKernels is the number of keys up to which each keeps a kernel of its own from one question to the next.
const keptKernels = 64

// kernelOf returns a kernel that has the events of the key of a rank.
func (k *byKernel) kernelOf(rank int32) Kernel {
	if len(k.starts)-1 > keptKernels {
		k.shared.Load(k.of(rank))
		return k.shared
	}
	for len(k.kept) <= int(rank) {
		k.kept = append(k.kept, nil)
		k.fresh = append(k.fresh, false)
	}
	if k.kept[rank] == nil {
		k.kept[rank] = k.inner()
	}
	if !k.fresh[rank] {
		k.kept[rank].Load(k.of(rank))
		k.fresh[rank] = true
	}
	return k.kept[rank]
}

// sort orders the values by window; those of one window stay by rank.
func (r *byRuns) sort(windows int) {
	r.first = zeroed(r.first, windows+2)
	for _, w := range r.windows {
		r.first[w+2]++
	}
	for w := 2; w < len(r.first); w++ {
		r.first[w] += r.first[w-1]
	}
	r.order = room(r.order, len(r.windows))
	for i, w := range r.windows {
		r.order[r.first[w+1]] = int32(i)
		r.first[w+1]++
	}
}

// append appends the map of the values at places, those of ranks[place], by rank.
func (k *byKernel) append(ranks, places []int32, values, out *column.Column) {
	status := selfsame.Null
	if int64(len(places)) > k.limit {
		status = selfsame.ErrorMaxValues
	}
	for _, p := range places {
		if s := values.StatusAt(int(p)); s == selfsame.Present && status == selfsame.Null {
			status = selfsame.Present
		} else if s.IsError() && !status.IsError() {
			status = s
		}
	}
	if status != selfsame.Present {
		out.AppendStatus(status)
		return
	}
	for _, p := range places {
		if values.StatusAt(int(p)) == selfsame.Present {
			out.Keys.AppendFrom(k.source, int(k.keys.rowOf[ranks[p]]))
			out.Elems.AppendFrom(values, int(p))
		}
	}
	closeList(out)
}

func (k *byKernel) Reset() {
	ranks := len(k.starts) - 1
	k.in.reset(ranks)
	k.loaded = zeroed(k.loaded, ranks)
	k.open = true
}

// ensure makes the empty set of an entity that is new.
func (k *byKernel) ensure() {
	if !k.open {
		k.Reset()
	}
}

func (k *byKernel) Add(i int32) {
	k.ensure()
	e, ok := k.presence.number(i)
	if !ok {
		return
	}
	rank := k.ranks[e]
	for len(k.pool) <= int(rank) {
		k.pool = append(k.pool, nil)
	}
	if k.pool[rank] == nil {
		k.pool[rank] = k.inner()
	}
	if !k.loaded[rank] {
		k.loaded[rank] = true
		k.pool[rank].Load(k.of(rank))
		k.pool[rank].Reset()
	}
	k.pool[rank].Add(k.places[e])
	k.in.add(rank)
}

func (k *byKernel) Remove(i int32) {
	if e, ok := k.presence.number(i); ok {
		k.pool[k.ranks[e]].Remove(k.places[e])
		k.in.remove(k.ranks[e])
	}
}

func (k *byKernel) Value(_ int, at int64, out *column.Column) {
	k.ensure()
	k.values.Reset()
	k.runs.ranks, k.runs.order = k.runs.ranks[:0], k.runs.order[:0]
	for rank, n := range k.in.counts {
		if n > 0 {
			k.pool[rank].Value(0, at, k.values)
			k.runs.order = append(k.runs.order, int32(len(k.runs.ranks)))
			k.runs.ranks = append(k.runs.ranks, int32(rank))
		}
	}
	k.append(k.runs.ranks, k.runs.order, k.values, out)
}
