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

// copies resolves a source whose rows have an id and no operations: of the rows of one (τ, id) the first by (α, Seq) counts. Entries of the log come in that
// order; what was remembered beside it may have become known later than an entry that comes, or never.
type copies struct {
	src     *selfsame.Source
	facts   factReader
	memory  memory
	ring    keyring
	known   []first            // of each identity of the ring
	made    []made             // in this batch,
	pending map[identity]first // the same, as far as runs of the batch before this one have made it
	recent  recent
	ask     [][]byte // the keys that the store is asked for,
	asked   []int    // and their places in the ring
	buf     []byte
}

// made is a first copy that the batch in the making adds.
type made struct {
	identity identity
	first    first
}

// first is the copy that won.
type first struct {
	there   bool
	seq     int64
	payload xxh3.Uint128
	past    *past // nil: of the log, and α is before that of all that is still to come
}

// past is what is known of a copy that was remembered beside the log.
type past struct {
	alpha int64
	row   []byte // the row as memory has it, where an entry that is still to come may count in its place
}

// newCopies returns a resolver over a namespace that may have facts of events up to floor.
func newCopies(src *selfsame.Source, ns uint32, facts factReader, floor int64) *copies {
	return &copies{src: src, facts: facts, memory: newMemory(src), ring: keyring{ns: ns, timed: true}, pending: map[identity]first{}, recent: newRecent(floor)}
}

func (s *copies) begin() {
	clear(s.made)
	s.made = s.made[:0]
	clear(s.pending)
}

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
		if err := s.settle(g, r, out, c); err != nil {
			return err
		}
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
		f, ok := decodeFirst(value)
		if !ok {
			return corrupted(s.src, errors.New("the first copy of an event"))
		}
		s.known[s.asked[i]] = f
		return nil
	})
	if err != nil || len(s.made)+len(s.pending) == 0 {
		return err
	}
	for i := range s.made { // there is mostly one run in a batch, which needs none of this
		s.pending[s.made[i].identity] = s.made[i].first
	}
	clear(s.made)
	s.made = s.made[:0]
	for _, g := range s.asked { // what a batch in the making adds is recent too
		if f, ok := s.pending[s.ring.rows(g)[0].identity]; ok {
			s.known[g] = f
		}
	}
	return nil
}

// decodeFirst reads a fact: Seq, the payload's hash, and of a copy that was remembered α and, maybe, the row.
func decodeFirst(value []byte) (first, bool) {
	seq, n := binary.Varint(value)
	if n <= 0 || len(value) < n+16 {
		return first{}, false
	}
	f := first{there: true, seq: seq, payload: xxh3.Uint128{Hi: binary.BigEndian.Uint64(value[n:]), Lo: binary.BigEndian.Uint64(value[n+8:])}}
	if value = value[n+16:]; len(value) == 0 {
		return f, true
	}
	alpha, n := binary.Varint(value)
	if n <= 0 {
		return first{}, false
	}
	f.past = &past{alpha, append([]byte(nil), value[n:]...)}
	return f, true
}

// append appends the fact that decodeFirst reads.
func (f *first) append(b []byte) []byte {
	b = appendHash(binary.AppendVarint(b, f.seq), f.payload)
	if f.past != nil {
		b = append(binary.AppendVarint(b, f.past.alpha), f.past.row...)
	}
	return b
}

// of makes row i of a run the first copy.
func (s *copies) of(r *run, i int, payload xxh3.Uint128) first {
	f := first{there: true, seq: r.seqAt(i), payload: payload}
	if r.alps != nil {
		f.past = &past{alpha: r.alps[i]}
		if f.seq < 0 && f.past.alpha > r.final {
			f.past.row = s.memory.append(nil, r.at(i))
		}
	}
	return f
}

// after reports whether row i of a run counts in the place of f.
func (f *first) after(r *run, i int) bool {
	if f.past == nil {
		return before(r.seqAt(i), f.seq)
	}
	return counts(r.alphaAt(i), r.seqAt(i), f.past.alpha, f.seq)
}

// replaced ends a copy of history in whose place entry by of the log counts.
func (s *copies) replaced(f *first, by int64, alpha int64, out *outcome) error {
	if f.past == nil || len(f.past.row) == 0 || !before(f.seq, by) {
		return nil
	}
	s.memory.reset()
	lo, hi, err := s.memory.decode(f.past.row)
	if err != nil || hi != lo+1 {
		return corrupted(s.src, errors.Join(err, errors.New("the first copy of an event")))
	}
	out.ended.add(s.memory.version(lo), end{by, alpha, true})
	return nil
}

// settle decides the rows of identity g.
func (s *copies) settle(g int, r *run, out *outcome, c *changes) error {
	f := s.known[g]
	for _, e := range s.ring.rows(g) {
		i := int(e.row)
		s.buf = appendFields(s.buf[:0], r.fields(), r.arrival, i)
		payload := xxh3.Hash128(s.buf)
		switch {
		case f.there && f.seq == r.seqAt(i): // this very entry
		case !f.there || f.after(r, i): // history may come in any order
			if err := s.replaced(&f, r.seqAt(i), r.alphaAt(i), out); err != nil {
				return err
			}
			f = s.of(r, i, payload)
			s.made = append(s.made, made{e.identity, f})
			s.recent.add(e.identity)
			s.buf = f.append(s.buf[:0])
			c.fact(s.ring.keys[g], s.buf)
		case f.payload == payload:
			out.set(i, r.rows, Duplicate, lost)
		default:
			out.set(i, r.rows, Conflict, lost)
		}
	}
	return nil
}
