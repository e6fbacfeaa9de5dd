// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"selfsame"
	"selfsame/compute/exact"
)

// This file is what time_since_first and time_since_last share: the least or the greatest τ of a set, a semilattice. Events of one
// τ give one answer, so their order does not matter.
//
// Encoding: byte 0 for the empty set, else byte 1 and the varint of τ.

// bindElapsed types a call f() or f(x).
func bindElapsed(name string, role int, takes string) func(CallSpec) (*Call, error) {
	return func(c CallSpec) (*Call, error) {
		if len(c.Args) > 1 || len(c.Consts) != 0 || (len(c.Args) == 1 && !isScalar(c.Args[0])) {
			return nil, wrongArguments(name, c, takes)
		}
		return &Call{
			Result: selfsame.Scalar(selfsame.Int64), NeedTime: true, Family: "order", role: role, depth: 1,
			NewState:  func() State { return &elapsedState{newest: role == roleSinceLast, keepNaN: c.KeepNaN} },
			NewKernel: newOrderKernel,
		}, nil
	}
}

type elapsedState struct {
	newest  bool
	keepNaN bool
	have    bool
	tau     int64
}

func (s *elapsedState) Add(e *Event) {
	for i := range e.Args {
		if skipped(&e.Args[i], s.keepNaN) {
			return
		}
	}
	s.offer(e.Tau)
}

func (s *elapsedState) offer(tau int64) {
	if !s.have || (tau > s.tau) == s.newest {
		s.have, s.tau = true, tau
	}
}

func (s *elapsedState) Merge(other State) {
	if o := other.(*elapsedState); o.have {
		s.offer(o.tau)
	}
}

func (s *elapsedState) AppendTo(b []byte) []byte {
	if !s.have {
		return append(b, 0)
	}
	return exact.AppendVarint(append(b, 1), s.tau)
}

func (s *elapsedState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	have, tau := decodeFlag(d), int64(0)
	if have {
		tau = d.Varint()
	}
	if err := d.End(); err != nil {
		return err
	}
	s.have, s.tau = have, tau
	return nil
}

func (s *elapsedState) Finish(at int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Int64)}
	if !s.have {
		v.Status = selfsame.Null
		return v
	}
	d, ok := elapsed(at, s.tau)
	if !ok {
		v.Status = selfsame.ErrorOverflow
		return v
	}
	v.Int = d
	return v
}

// elapsed returns at - tau; ok is false where it does not fit an int64.
func elapsed(at, tau int64) (d int64, ok bool) {
	d = at - tau
	return d, (at >= tau) == (d >= 0)
}
