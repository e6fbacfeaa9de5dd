// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// This file is what collect and string_agg share: all values with their places in the total order of events, up to max_values of them; a commutative
// monoid under union. Beyond, the state is the one state "too many", which absorbs all others.
//
// Encoding: byte 1 for too many; else byte 0, uvarint of how many, and for each, oldest first, its moment and its item.

type listedState struct {
	t       selfsame.Type
	result  selfsame.Type
	limit   int64
	keepNaN bool
	over    bool     // more than limit values
	kept    []placed // oldest first
	finish  func(kept []placed) selfsame.Value
}

func comparePlaced(a, b placed) int { return a.compare(&b) }

func (s *listedState) Add(e *Event) {
	if s.over || skipped(&e.Args[0], s.keepNaN) {
		return
	}
	if int64(len(s.kept)) == s.limit {
		s.over, s.kept = true, nil
		return
	}
	p := placed{placeOf(e), itemOf(e.Args[0])}
	i := len(s.kept)
	if i > 0 && s.kept[i-1].compare(&p) > 0 {
		i, _ = slices.BinarySearchFunc(s.kept, p, comparePlaced)
	}
	s.kept = slices.Insert(s.kept, i, p)
}

func (s *listedState) Merge(other State) {
	o := other.(*listedState)
	if s.over || o.over || int64(len(s.kept)+len(o.kept)) > s.limit {
		s.over, s.kept = true, nil
		return
	}
	a, b := s.kept, o.kept
	out := make([]placed, 0, len(a)+len(b))
	for len(a)+len(b) > 0 {
		if len(b) == 0 || (len(a) > 0 && a[0].compare(&b[0]) <= 0) {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	s.kept = out
}

func (s *listedState) AppendTo(b []byte) []byte {
	if s.over {
		return append(b, 1)
	}
	b = exact.AppendUvarint(append(b, 0), uint64(len(s.kept)))
	for i := range s.kept {
		b = appendItem(appendMoment(b, &s.kept[i].at), s.t, s.kept[i].value)
	}
	return b
}

func (s *listedState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	over := decodeFlag(d)
	var kept []placed
	if !over {
		at := d.Offset()
		n := d.Uvarint()
		if n > uint64(s.limit) {
			d.Corrupt(at, "more values than max_values")
		}
		for i := uint64(0); i < n && d.Err() == nil; i++ {
			at = d.Offset()
			p := placed{at: decodeMoment(d)}
			p.value = decodeItem(d, s.t)
			if d.Err() == nil && i > 0 && kept[i-1].compare(&p) > 0 {
				d.Corrupt(at, "values out of order")
			}
			kept = append(kept, p)
		}
	}
	if err := d.End(); err != nil {
		return err
	}
	s.over, s.kept = over, kept
	return nil
}

func (s *listedState) Finish(int64) selfsame.Value {
	switch {
	case s.over:
		return selfsame.Value{Type: s.result, Status: selfsame.ErrorMaxValues}
	case len(s.kept) == 0:
		return selfsame.Value{Type: s.result, Status: selfsame.Null}
	}
	return s.finish(s.kept)
}

// listedScanner hands the values of a window, oldest first, to the call.
type listedScanner struct {
	limit    int64
	presence *presence
	source   *column.Column
	text     []byte
}

func (s *listedScanner) load(p *presence, ev *Events) { s.presence, s.source = p, ev.Args[0] }

func (s *listedScanner) appendValue(c *Call, _ int64, numbers []int32, out *column.Column) {
	switch {
	case int64(len(numbers)) > s.limit:
		out.AppendStatus(selfsame.ErrorMaxValues)
	case len(numbers) == 0:
		out.AppendStatus(selfsame.Null)
	case out.Type.Kind == selfsame.List:
		for _, k := range numbers {
			appendRow(out.Elems, s.source, s.presence.row(k))
		}
		closeList(out)
	default:
		s.text = s.text[:0]
		for i, k := range numbers {
			if i > 0 {
				s.text = append(s.text, c.Spec.Consts[0].Str...)
			}
			s.text = append(s.text, s.source.Str(int(s.presence.row(k)))...)
		}
		out.AppendBytes(s.text)
	}
}

// listedCall types a call of which the arguments have been checked.
func listedCall(c CallSpec, result selfsame.Type, finish func(kept []placed) selfsame.Value) *Call {
	return &Call{
		Result: result, NeedOrder: true, Family: "listed",
		NewState: func() State {
			return &listedState{t: c.Args[0], result: result, limit: c.MaxValues, keepNaN: c.KeepNaN, finish: finish}
		},
		NewKernel: func(members []*Call) Kernel { return newScanKernel(members, &listedScanner{limit: c.MaxValues}) },
	}
}
