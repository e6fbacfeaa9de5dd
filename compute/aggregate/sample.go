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
		NewState: func() State { return &sampleState{t: c.Args[0], limit: n, keepNaN: c.KeepNaN} },
		NewKernel: func(members []*Call) Kernel {
			return newSlideKernel(members, func() running { return &sampleSet{t: c.Args[0]} })
		},
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

// sampleSet ranks the events of an entity by their hashes.
type sampleSet struct {
	t        selfsame.Type
	presence *presence
	source   *column.Column
	keys     []int64 // of number k: its hash, in the order of integers
	ranking  ranking
	in       rankSet
	members  []int32
	buffer   []byte
}

func (s *sampleSet) load(p *presence, ev *Events) {
	s.draw(p, ev, 0)
	s.ranking.build(s.keys, 0)
	s.settle()
	s.reset()
}

func (s *sampleSet) resume(p *presence, ev *Events, from int) {
	s.members = s.in.appendTo(s.members[:0])
	for i, rank := range s.members {
		s.members[i] = s.ranking.order[rank]
	}
	s.draw(p, ev, from)
	s.ranking.resume(s.keys, from)
	s.settle()
	s.reset()
	for _, k := range s.members {
		s.add(k)
	}
}

// draw makes the keys of the events from a number on.
func (s *sampleSet) draw(p *presence, ev *Events, from int) {
	s.presence, s.source = p, ev.Args[0]
	s.keys = regrow(s.keys, p.n, from)
	for k := from; k < p.n; k++ {
		row := p.row(int32(k))
		var h uint64
		h, s.buffer = drawHash(s.buffer, ev.Tau[row], s.t, itemAt(s.source, int(row)))
		s.keys[k] = int64(h ^ signBit)
	}
}

// settle puts events of one hash in the order of their values.
func (s *sampleSet) settle() {
	order := s.ranking.order
	for i := 0; i < len(order); {
		from := i
		for i++; i < len(order) && s.keys[order[i]] == s.keys[order[from]]; i++ {
		}
		if i-from == 1 {
			continue
		}
		slices.SortFunc(order[from:i], func(a, b int32) int {
			x, y := itemAt(s.source, int(s.presence.row(a))), itemAt(s.source, int(s.presence.row(b)))
			return cmp.Or(x.compare(y), cmp.Compare(a, b))
		})
		for rank := from; rank < i; rank++ {
			s.ranking.rank[order[rank]] = int32(rank)
		}
	}
}

func (s *sampleSet) reset()         { s.in.reset(len(s.ranking.order)) }
func (s *sampleSet) add(k int32)    { s.in.add(s.ranking.rank[k]) }
func (s *sampleSet) remove(k int32) { s.in.remove(s.ranking.rank[k]) }

func (s *sampleSet) appendValue(c *Call, _ int64, out *column.Column) {
	if s.in.size == 0 {
		out.AppendStatus(selfsame.Null)
		return
	}
	for i := range min(c.depth, s.in.size) {
		appendRow(out.Elems, s.source, s.presence.row(s.ranking.order[s.in.pick(i)]))
	}
	closeList(out)
}
