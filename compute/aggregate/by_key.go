// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"bytes"
	"maps"
	"slices"

	"selfsame"
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
				return newByExtremes(c, inner == maxFunc)
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
