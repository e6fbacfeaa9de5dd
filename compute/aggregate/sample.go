// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// sampleFunc is sample(x, n): the n events with the least hashes of their time and value, a bounded selection that no order of arrival changes. A window
// that moves keeps of its sample what stays in it. Events of one time and value have one hash: they come in together.
//
// Encoding: uvarint of how many, then for each, ascending, its hash (8 bytes) and its item.
var sampleFunc = &Func{
	Name:    "sample",
	Class:   Ordered,
	Summary: "n values of x that are not null, chosen by a hash of the event's time and value and listed in the order of the hashes: the same ones whenever it is asked.",
	Example: "sample(amount, 20) over 30d",
	Bind:    bindSample,
}

func bindSample(c CallSpec) (*Call, error) {
	if len(c.Args) != 1 || len(c.Consts) != 1 || !isScalar(c.Args[0]) {
		return nil, wrongArguments("sample", c, "write sample(x, 20) of one scalar")
	}
	n, err := countConst("sample", c.Consts[0])
	if err != nil {
		return nil, err
	}
	return &Call{
		Result: selfsame.ListOf(c.Args[0]), Family: "sample", depth: n,
		NewState:  func() State { return &sampleState{t: c.Args[0], limit: n, keepNaN: c.KeepNaN} },
		NewKernel: newSampleKernel,
	}, nil
}

// drawn is a value with the hash by which it is chosen.
type drawn struct {
	hash  uint64
	value item
}

func (a drawn) compare(b drawn) int {
	switch {
	case a.hash < b.hash:
		return -1
	case a.hash > b.hash:
		return 1
	}
	return a.value.compare(b.value)
}

// drawHash is the xxh3 of τ, big-endian, and the bytes of the item.
func drawHash(buffer []byte, tau int64, t selfsame.Type, a item) (uint64, []byte) {
	buffer = appendItem(binary.BigEndian.AppendUint64(buffer[:0], uint64(tau)), t, a)
	return xxh3.Hash(buffer), buffer
}

type sampleState struct {
	t       selfsame.Type
	limit   int
	keepNaN bool
	kept    []drawn // ascending, at most limit
}

func (s *sampleState) Add(e *Event) {
	if skipped(&e.Args[0], s.keepNaN) {
		return
	}
	a := itemOf(e.Args[0])
	h, _ := drawHash(nil, e.Tau, s.t, a)
	s.offer(drawn{h, a})
}

func (s *sampleState) offer(a drawn) {
	i, _ := slices.BinarySearchFunc(s.kept, a, drawn.compare)
	if i == s.limit {
		return
	}
	s.kept = slices.Insert(s.kept, i, a)
	s.kept = s.kept[:min(len(s.kept), s.limit)]
}

func (s *sampleState) Merge(other State) {
	for _, a := range other.(*sampleState).kept {
		s.offer(a)
	}
}

func (s *sampleState) AppendTo(b []byte) []byte {
	b = exact.AppendUvarint(b, uint64(len(s.kept)))
	for _, a := range s.kept {
		b = appendItem(binary.BigEndian.AppendUint64(b, a.hash), s.t, a.value)
	}
	return b
}

func (s *sampleState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	var kept []drawn
	for n := decodeHowMany(d, int64(s.limit), "values"); n > 0 && d.Err() == nil; n-- {
		at := d.Offset()
		a := drawn{hash: d.Uint64()}
		a.value = decodeItem(d, s.t)
		if d.Err() == nil && len(kept) > 0 && kept[len(kept)-1].compare(a) > 0 {
			d.Corrupt(at, "values out of order")
		}
		kept = append(kept, a)
	}
	if err := d.End(); err != nil {
		return err
	}
	s.kept = kept
	return nil
}

func (s *sampleState) Finish(int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.ListOf(s.t)}
	if len(s.kept) == 0 {
		v.Status = selfsame.Null
	}
	for _, a := range s.kept {
		v.Elems = append(v.Elems, a.value.value(s.t))
	}
	return v
}

// sampleKernel finds the least hash of a run of events in a table of their places, and then the least on either side of it; a short run is looked through. The general path keeps
// the ranks of the events that are in.
type sampleKernel struct {
	members  []*Call
	keepNaN  bool
	presence presence
	source   *column.Column
	keys     []int64 // of number k: its hash, in the order of integers
	buffer   []byte
	table    argTable
	built    int // the table is of so many
	parts    []part
	few      []int32
	general  rankedSet
}

// part is a run of events whose first place of the least is known.
type part struct{ a, b, least int32 }

func newSampleKernel(members []*Call) Kernel {
	k := &sampleKernel{members: members, keepNaN: members[0].Spec.KeepNaN}
	k.table.tie = k.less
	return k
}

func (k *sampleKernel) Load(ev *Events) {
	k.presence.load(ev, k.keepNaN)
	k.draw(ev, 0)
}

// Resume implements Resumer.
func (k *sampleKernel) Resume(ev *Events, from int) {
	first := 0
	if k.presence.resume(ev, k.keepNaN, from) {
		first = int(k.presence.before(int32(from)))
	}
	k.draw(ev, first)
}

// draw makes the keys of the events from a number on.
func (k *sampleKernel) draw(ev *Events, from int) {
	k.source, k.built = ev.Args[0], min(k.built, from)
	k.general.stale()
	k.keys = regrow(k.keys, k.presence.n, from)
	k.table.keys = k.keys
	for i := from; i < len(k.keys); i++ {
		row := k.presence.row(int32(i))
		var h uint64
		h, k.buffer = drawHash(k.buffer, ev.Tau[row], k.source.Type, itemAt(k.source, int(row)))
		k.keys[i] = int64(h ^ signBit)
	}
}

// less reports whether the value of event i is below that of j, an event with the same hash.
func (k *sampleKernel) less(i, j int32) bool { return k.compare(i, j) < 0 }

func (k *sampleKernel) compare(i, j int32) int {
	a, b := itemAt(k.source, int(k.presence.row(i))), itemAt(k.source, int(k.presence.row(j)))
	return a.compare(b)
}

func (k *sampleKernel) Ranges(m int, at []int64, lo, hi []int32, out *column.Column) {
	depth := k.members[m].depth
	for i := range at {
		a, b := k.presence.before(lo[i]), k.presence.before(hi[i])
		switch {
		case a == b:
			out.AppendStatus(selfsame.Null)
			continue
		case int(b-a) <= min(shortSample, 16*depth):
			k.choose(a, b, depth)
		default:
			k.split(a, b, depth)
		}
		for _, n := range k.few {
			appendRow(out.Elems, k.source, k.presence.row(n))
		}
		closeList(out)
	}
}

// shortSample is the length up to which a run may be looked through.
const shortSample = 512

// choose makes few the n least of events [a, b), one after the other put into its place.
func (k *sampleKernel) choose(a, b int32, n int) {
	few := k.few[:0]
	for i := a; i < b; i++ {
		at := len(few)
		if at < n {
			few = append(few, i)
		} else if at--; k.table.lesser(few[at], i) != i {
			continue
		}
		for ; at > 0 && k.table.lesser(few[at-1], i) == i; at-- {
			few[at] = few[at-1]
		}
		few[at] = i
	}
	k.few = few
}

// split makes few the n least of events [a, b), from a run to what is left of it on either side of its least.
func (k *sampleKernel) split(a, b int32, n int) {
	if k.built < len(k.keys) {
		k.table.resume(k.keys, k.built)
		k.built = len(k.keys)
	}
	k.few, k.parts = k.few[:0], k.parts[:0]
	k.push(a, b)
	for ; n > 0 && len(k.parts) > 0; n-- {
		p := k.pop()
		k.few = append(k.few, p.least)
		k.push(p.a, p.least)
		k.push(p.least+1, p.b)
	}
}

// push puts a run of events among the parts, a heap by their least.
func (k *sampleKernel) push(a, b int32) {
	if a == b {
		return
	}
	p := part{a, b, k.table.least(a, b)}
	i := len(k.parts)
	k.parts = append(k.parts, p)
	for ; i > 0; i = (i - 1) / 2 {
		up := k.parts[(i-1)/2]
		if k.table.lesser(up.least, p.least) == up.least {
			break
		}
		k.parts[i] = up
	}
	k.parts[i] = p
}

// pop takes out the part with the least.
func (k *sampleKernel) pop() part {
	top, n := k.parts[0], len(k.parts)-1
	p := k.parts[n]
	k.parts = k.parts[:n]
	i := 0
	for child := 1; child < n; child = 2*i + 1 {
		if child+1 < n && k.table.lesser(k.parts[child].least, k.parts[child+1].least) != k.parts[child].least {
			child++
		}
		if k.table.lesser(p.least, k.parts[child].least) == p.least {
			break
		}
		k.parts[i] = k.parts[child]
		i = child
	}
	if n > 0 {
		k.parts[i] = p
	}
	return top
}

func (k *sampleKernel) Reset() { k.general.reset() }

// ensure ranks the events of the entity.
func (k *sampleKernel) ensure() {
	if k.general.ready {
		return
	}
	k.general.ensure(k.keys, 0)
	r := &k.general.ranking
	for i := 0; i < len(r.order); { // events of one hash, in the order of their values
		from := i
		for i++; i < len(r.order) && k.keys[r.order[i]] == k.keys[r.order[from]]; i++ {
		}
		if i-from == 1 {
			continue
		}
		slices.SortFunc(r.order[from:i], func(a, b int32) int { return cmp.Or(k.compare(a, b), cmp.Compare(a, b)) })
		for rank := from; rank < i; rank++ {
			r.rank[r.order[rank]] = int32(rank)
		}
	}
}

func (k *sampleKernel) Add(i int32) {
	if n, ok := k.presence.number(i); ok {
		k.ensure()
		k.general.add(n)
	}
}

func (k *sampleKernel) Remove(i int32) {
	if n, ok := k.presence.number(i); ok {
		k.general.remove(n)
	}
}

func (k *sampleKernel) Value(m int, _ int64, out *column.Column) {
	k.ensure()
	if k.general.size() == 0 {
		out.AppendStatus(selfsame.Null)
		return
	}
	for i := range min(k.members[m].depth, k.general.size()) {
		appendRow(out.Elems, k.source, k.presence.row(k.general.pick(i)))
	}
	closeList(out)
}
