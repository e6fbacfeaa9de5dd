// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// lastDistinctFunc is last_distinct(x, n): of each value its newest event, and of those the n newest, a bounded selection. What one part drops has n other
// values after it, and these only get newer in a union, so the monoid is commutative.
//
// Encoding: placed.go, newest first.
var lastDistinctFunc = &Func{
	Name:    "last_distinct",
	Class:   Ordered,
	Summary: "The n different values of x that occurred last, newest first: last(x, n) that names each value once.",
	Example: "last_distinct(merchant_id, 5) over 30d",
	Bind:    bindLastDistinct,
}

func bindLastDistinct(c CallSpec) (*Call, error) {
	if len(c.Args) != 1 || len(c.Consts) != 1 || !isScalar(c.Args[0]) {
		return nil, wrongArguments("last_distinct", c, "write last_distinct(x, 5) of one scalar")
	}
	n, err := countConst("last_distinct", c.Consts[0])
	if err != nil {
		return nil, err
	}
	return &Call{
		Result: selfsame.ListOf(c.Args[0]), NeedOrder: true, Family: "last_distinct", depth: n,
		NewState: func() State {
			return &recentState{listing: listing{t: c.Args[0], limit: int64(n), newestFirst: true}, keepNaN: c.KeepNaN}
		},
		NewKernel: func(members []*Call) Kernel { return newScanKernel(members, &recentScanner{}) },
	}, nil
}

type recentState struct {
	listing
	keepNaN bool
	kept    []placed // newest first, at most limit, each value once
}

func (s *recentState) Add(e *Event) {
	if !skipped(&e.Args[0], s.keepNaN) {
		s.offer(placed{at: placeOf(e), value: itemOf(e.Args[0])})
	}
}

func (s *recentState) offer(p placed) {
	if same := slices.IndexFunc(s.kept, func(k placed) bool { return k.value == p.value }); same >= 0 {
		if s.kept[same].compare(&p) >= 0 {
			return
		}
		s.kept = slices.Delete(s.kept, same, same+1)
	}
	s.kept = s.insert(s.kept, p)
}

func (s *recentState) Merge(other State) {
	for _, p := range other.(*recentState).kept {
		s.offer(p)
	}
}

func (s *recentState) AppendTo(b []byte) []byte { return s.appendTo(b, s.kept) }

func (s *recentState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	at := d.Offset()
	kept := s.decode(d)
	seen := map[item]bool{}
	for i := range kept {
		if seen[kept[i].value] && d.Err() == nil {
			d.Corrupt(at, "a value that is there twice")
		}
		seen[kept[i].value] = true
	}
	if err := d.End(); err != nil {
		return err
	}
	s.kept = kept
	return nil
}

func (s *recentState) Finish(int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.ListOf(s.t)}
	if len(s.kept) == 0 {
		v.Status = selfsame.Null
	}
	for i := range s.kept {
		v.Elems = append(v.Elems, s.kept[i].value.value(s.t))
	}
	return v
}

// recentScanner reads a window from its newest event on until it has seen as many values as are asked for, or all that the entity has.
type recentScanner struct {
	presence *presence
	source   *column.Column
	values   valueNumbers
	seen     []int32 // the turn in which a value was seen last
	turn     int32
	tail     []int32 // numbers
	rows     []int32
}

func (s *recentScanner) load(p *presence, ev *Events) {
	s.presence, s.source = p, ev.Args[0]
	s.values.load(p, s.source)
	s.seen, s.turn = zeroed(s.seen, s.values.different()), 0
}

func (s *recentScanner) resume(p *presence, ev *Events, from int) {
	s.presence, s.source = p, ev.Args[0]
	s.values.resume(p, s.source, from)
	for len(s.seen) < s.values.different() {
		s.seen = append(s.seen, 0) // no turn
	}
}

func (s *recentScanner) appendValue(c *Call, _ int64, numbers []int32, out *column.Column) {
	if len(numbers) == 0 {
		out.AppendStatus(selfsame.Null)
		return
	}
	s.find(c, numbers)
	appendRows(out.Elems, s.source, s.rows)
	closeList(out)
}

// find makes rows those of the newest different values among numbers, and reports whether older ones would give no more.
func (s *recentScanner) find(c *Call, numbers []int32) bool {
	s.turn++
	s.rows = s.rows[:0]
	most := min(c.depth, s.values.different())
	for i := len(numbers) - 1; i >= 0 && len(s.rows) < most; i-- {
		if v := s.values.of[numbers[i]]; s.seen[v] != s.turn {
			s.seen[v] = s.turn
			s.rows = append(s.rows, s.presence.row(numbers[i]))
		}
	}
	return len(s.rows) == most
}

func (s *recentScanner) empty()     {}
func (s *recentScanner) mark(int32) {}

// appendSet looks at the newest events of the set, and at four times as many until they are enough.
func (s *recentScanner) appendSet(c *Call, in *rankSet, out *column.Column) {
	for n := 2 * shortRun; ; n *= 4 {
		s.tail = in.appendFrom(s.tail[:0], in.pick(max(0, in.size-n)))
		if s.find(c, s.tail) || n >= in.size {
			break
		}
	}
	appendRows(out.Elems, s.source, s.rows)
	closeList(out)
}
