// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/compute/window"
	"selfsame/plan"
)

// cancels resolves a source whose rows have an id and operations: of the rows of one (τ, id) the first counts, and a delete ends the rows of
// its id within its bounds, whichever of the two comes first. It remembers rows and deletes, whole, as long as an entry that is admitted can
// still meet them.
type cancels struct {
	src     *selfsame.Source
	facts   factReader
	memory  memory
	ring    keyring
	lists   [][2]int // of each identity: its rows in memory
	pending map[identity][]byte
	entries []version
	buf     []byte
}

func newCancels(src *selfsame.Source, ns uint32, facts factReader) *cancels {
	return &cancels{src: src, facts: facts, memory: newMemory(src), ring: keyring{ns: ns}, pending: map[identity][]byte{}}
}

func (s *cancels) begin() { clear(s.pending) }

func (s *cancels) resolve(ctx context.Context, r *run, out *outcome, c *changes) error {
	s.ring.reset()
	id := r.cols[r.id]
	for i := range r.rows {
		if id.StatusAt(i) != selfsame.Present {
			continue
		}
		s.buf = id.AppendFramed(s.buf[:0], i)
		s.ring.add(identity{hash: xxh3.Hash128(s.buf)}, i)
	}
	if len(s.ring.list) == 0 {
		return nil
	}
	s.ring.seal()
	if err := s.fetch(ctx); err != nil {
		return err
	}
	for g := range s.ring.keys {
		s.settle(g, r, out, c)
	}
	return nil
}

// fetch decodes what is remembered of each identity.
func (s *cancels) fetch(ctx context.Context) error {
	s.lists = append(s.lists[:0], make([][2]int, len(s.ring.keys))...)
	s.memory.reset()
	take := func(g int, value []byte) error {
		lo, hi, err := s.memory.decode(value)
		if err != nil {
			return corrupted(s.src, err)
		}
		s.lists[g] = [2]int{lo, hi}
		return nil
	}
	if err := s.facts(ctx, s.ring.keys, take); err != nil {
		return err
	}
	for g := range s.lists {
		if value, ok := s.pending[s.ring.rows(g)[0].identity]; ok {
			if err := take(g, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// settle follows the rows and deletes of identity g through the run.
func (s *cancels) settle(g int, r *run, out *outcome, c *changes) {
	s.entries = s.entries[:0]
	for i := s.lists[g][0]; i < s.lists[g][1]; i++ {
		s.entries = append(s.entries, s.memory.version(i))
	}
	for _, e := range s.ring.rows(g) {
		v := r.at(int(e.row))
		if !s.known(v) && (v.del && s.cancel(v, out) || !v.del && s.insert(v, r, out)) {
			s.entries = append(s.entries, v)
		}
	}
	s.buf = s.buf[:0]
	last := r.least
	if r.alps == nil {
		last = r.alpha
	}
	for _, e := range s.entries {
		if s.matters(e, last) {
			s.buf = s.memory.append(s.buf, e)
		}
	}
	s.pending[s.ring.rows(g)[0].identity] = append([]byte(nil), s.buf...)
	if len(s.buf) == 0 {
		c.remove(s.ring.keys[g])
		return
	}
	c.fact(s.ring.keys[g], s.buf)
}

// known reports whether this very entry is remembered.
func (s *cancels) known(v version) bool {
	for _, e := range s.entries {
		if e.seq == v.seq {
			return true
		}
	}
	return false
}

// cancel ends the rows that a delete reaches and that no delete known by then has ended before. The delete is to be remembered.
func (s *cancels) cancel(d version, out *outcome) bool {
	for _, e := range s.entries {
		if e.del || !s.reaches(d, e.tau) {
			continue
		}
		if by := s.ender(e); by == nil || by.alpha > d.alpha {
			out.ended.add(e, end{d.seq, d.alpha, false})
		}
	}
	return true
}

// insert decides a row, and reports whether it is to be remembered: whether it is no copy of another.
func (s *cancels) insert(v version, r *run, out *outcome) bool {
	for k, e := range s.entries {
		if e.del || e.tau != v.tau {
			continue
		}
		if counts(v.alpha, v.seq, e.alpha, e.seq) { // history may come in any order
			s.entries[k] = v
			if before(e.seq, v.seq) { // the log's entry, in the place of one of history that became known later or never
				out.ended.add(e, end{v.seq, v.alpha, true})
				s.show(v, r, out)
			}
			return false
		}
		if s.payload(e, r) == s.payload(v, r) {
			out.set(v.i, r.rows, Duplicate, lost)
		} else {
			out.set(v.i, r.rows, Conflict, lost)
		}
		return false
	}
	s.show(v, r, out)
	return true
}

// show ends or hides a row that counts and that a delete has reached before it.
func (s *cancels) show(v version, r *run, out *outcome) {
	switch by := s.ender(v); {
	case by == nil:
	case by.alpha <= v.alpha:
		out.set(v.i, r.rows, Accepted, hidden)
	default: // the delete is known by position only: the row is there for questions by time
		out.ended.add(v, end{by.seq, min(by.alpha, selfsame.MaxTime-1), false})
	}
}

// ender is the delete among the entries that ends v first by time, nil for none.
func (s *cancels) ender(v version) *version {
	var by *version
	for i := range s.entries {
		if d := &s.entries[i]; d.del && s.reaches(*d, v.tau) && (by == nil || d.alpha < by.alpha) {
			by = d
		}
	}
	return by
}

// reaches reports whether delete d touches rows of event time tau.
func (s *cancels) reaches(d version, tau int64) bool {
	if d.alpha == selfsame.MaxTime { // a delete without arrival has no bounds
		return true
	}
	corrections, skew := s.src.Corrections.Or(selfsame.MaxTime), s.src.Skew.Or(selfsame.MaxTime)
	if d.seq >= 0 {
		corrections, skew = correctionsOf(s.src), skewOf(s.src)
	}
	return (corrections == selfsame.MaxTime || tau >= window.SatSub(d.alpha, corrections)) &&
		(skew == selfsame.MaxTime || tau <= window.SatAdd(d.alpha, skew))
}

// matters reports whether an entry that is admitted after `last` can still meet e.
func (s *cancels) matters(e version, last int64) bool {
	reach := e.tau
	if e.del {
		reach = max(reach, window.SatAdd(e.alpha, skewOf(s.src)))
	}
	return reach >= window.SatSub(last, plan.SettledAfter(s.src))
}

func (s *cancels) payload(v version, r *run) xxh3.Uint128 {
	s.buf = appendFields(s.buf[:0], v.cols, r.arrival, v.i)
	return xxh3.Hash128(s.buf)
}
