// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/zeebo/xxh3"

	"selfsame"
)

// copies resolves a source whose rows have an id and no operations: of the rows of one (τ, id) the first in the log counts.
type copies struct {
	src     *selfsame.Source
	facts   factReader
	ring    keyring
	known   []first // of each identity of the ring
	pending map[identity]first
	recent  recent
	ask     [][]byte // the keys that the store is asked for,
	asked   []int    // and their places in the ring
	buf     []byte
}

// first is the copy that won.
type first struct {
	there   bool
	seq     int64
	payload xxh3.Uint128
}

// newCopies returns a resolver over a namespace that may have facts of events up to floor.
func newCopies(src *selfsame.Source, ns uint32, facts factReader, floor int64) *copies {
	return &copies{src: src, facts: facts, ring: keyring{ns: ns, timed: true}, pending: map[identity]first{}, recent: newRecent(floor)}
}

func (s *copies) begin() { clear(s.pending) }

func (s *copies) resolve(ctx context.Context, r *run, out *outcome, c *changes) error {
	s.ring.reset()
	id := r.cols[r.id]
	for i := range r.rows {
		if id.StatusAt(i) != selfsame.Present {
			continue
		}
		s.buf = id.AppendBare(s.buf[:0], i)
		s.ring.add(identity{tau: r.tau[i], hash: xxh3.Hash128(s.buf)}, i)
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

// fetch fills known.
func (s *copies) fetch(ctx context.Context) error {
	s.known = append(s.known[:0], make([]first, len(s.ring.keys))...)
	s.ask, s.asked = s.ask[:0], s.asked[:0]
	for g, key := range s.ring.keys {
		if !s.recent.absent(s.ring.rows(g)[0].identity) {
			s.ask, s.asked = append(s.ask, key), append(s.asked, g)
		}
	}
	if len(s.ask) == 0 {
		return nil
	}
	err := s.facts(ctx, s.ask, func(i int, value []byte) error {
		seq, n := binary.Varint(value)
		if n <= 0 || len(value) != n+16 {
			return corrupted(s.src, errors.New("the first copy of an event"))
		}
		s.known[s.asked[i]] = first{true, seq, xxh3.Uint128{Hi: binary.BigEndian.Uint64(value[n:]), Lo: binary.BigEndian.Uint64(value[n+8:])}}
		return nil
	})
	if err != nil || len(s.pending) == 0 {
		return err
	}
	for _, g := range s.asked { // what a batch in the making adds is recent too
		if f, ok := s.pending[s.ring.rows(g)[0].identity]; ok {
			s.known[g] = f
		}
	}
	return nil
}

// settle decides the rows of identity g.
func (s *copies) settle(g int, r *run, out *outcome, c *changes) {
	f := s.known[g]
	for _, e := range s.ring.rows(g) {
		i := int(e.row)
		s.buf = appendFields(s.buf[:0], r.fields(), r.arrival, i)
		payload := xxh3.Hash128(s.buf)
		switch {
		case !f.there || before(r.seqAt(i), f.seq): // history may come in any order
			f = first{true, r.seqAt(i), payload}
			s.pending[e.identity] = f
			s.recent.add(e.identity)
			s.buf = appendHash(binary.AppendVarint(s.buf[:0], f.seq), payload)
			c.fact(s.ring.keys[g], s.buf)
		case f.seq == r.seqAt(i): // this very entry
		case f.payload == payload:
			out.set(i, r.rows, Duplicate, lost)
		default:
			out.set(i, r.rows, Conflict, lost)
		}
	}
}
