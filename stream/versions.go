// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
	"selfsame/online"
)

// versions resolves a source with a primary key: of the versions of one live row the last in the declared order, then in the log, is current. It
// remembers every key's current version, whole: what it takes to find it again in every state.
type versions struct {
	src     *selfsame.Source
	facts   factReader
	fields  []int // of the primary key
	order   int   // field, -1 for none
	memory  memory
	ring    keyring
	current []version
	pending map[identity][]byte
	buf     []byte
}

func newVersions(src *selfsame.Source, ns uint32, facts factReader) *versions {
	v := &versions{src: src, facts: facts, order: fieldIndex(src, src.Order), memory: newMemory(src), ring: keyring{ns: ns}, pending: map[identity][]byte{}}
	for _, name := range src.PrimaryKey {
		v.fields = append(v.fields, fieldIndex(src, name))
	}
	return v
}

func (s *versions) begin() { clear(s.pending) }

func (s *versions) resolve(ctx context.Context, r *run, out *outcome, c *changes) error {
	s.ring.reset()
	for i := range r.rows {
		if key, named := s.key(r, i); named {
			s.ring.add(identity{hash: xxh3.Hash128(key)}, i)
		}
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

// key is the framed primary key of row i, false where a field of it is null: then no key names the row.
func (s *versions) key(r *run, i int) ([]byte, bool) {
	s.buf = s.buf[:0]
	for _, k := range s.fields {
		if r.cols[k].StatusAt(i) != selfsame.Present {
			return nil, false
		}
		s.buf = r.cols[k].AppendFramed(s.buf, i)
	}
	return s.buf, true
}

// fetch fills current: the version of each identity that came last in the order, cols nil where there is none.
func (s *versions) fetch(ctx context.Context) error {
	s.current = append(s.current[:0], make([]version, len(s.ring.keys))...)
	s.memory.reset()
	take := func(g int, value []byte) error {
		lo, hi, err := s.memory.decode(value)
		if err == nil && hi != lo+1 {
			err = errors.New("the current version of a key")
		}
		if err != nil {
			return corrupted(s.src, err)
		}
		s.current[g] = version{i: lo}
		return nil
	}
	for g := range s.current {
		s.current[g].i = -1
	}
	if err := s.facts(ctx, s.ring.keys, take); err != nil {
		return err
	}
	for g := range s.current {
		if value, ok := s.pending[s.ring.rows(g)[0].identity]; ok {
			if err := take(g, value); err != nil {
				return err
			}
		}
	}
	for g := range s.current { // the columns do not move any more
		if i := s.current[g].i; i >= 0 {
			s.current[g] = s.memory.version(i)
		}
	}
	return nil
}

// settle follows the versions of identity g through the run.
func (s *versions) settle(g int, r *run, out *outcome, c *changes) {
	cur, changed := s.current[g], false
	for _, e := range s.ring.rows(g) {
		v := r.at(int(e.row))
		switch {
		case cur.cols != nil && cur.seq == v.seq: // this very entry
		case cur.cols != nil && s.compare(v, cur) < 0:
			s.supersede(v, cur, r, out)
		default:
			if cur.cols != nil && !cur.del {
				out.ended.add(cur, end{v.seq, v.alpha, false})
			}
			cur, changed = v, true
		}
	}
	if !changed {
		return
	}
	s.buf = s.memory.append(s.buf[:0], cur)
	c.fact(s.ring.keys[g], s.buf)
	s.pending[s.ring.rows(g)[0].identity] = append([]byte(nil), s.buf...)
}

// supersede hides a version that comes after a later one. Where the later one is known by position only, the row is there for questions by time.
func (s *versions) supersede(v, cur version, r *run, out *outcome) {
	if cur.alpha <= v.alpha {
		out.set(v.i, r.rows, Superseded, hidden)
		return
	}
	out.set(v.i, r.rows, Superseded, shown)
	if !v.del {
		out.ended.add(v, end{cur.seq, min(cur.alpha, selfsame.MaxTime-1), false})
	}
}

// compare orders two versions of a key: by the declared order, then as they count.
func (s *versions) compare(a, b version) int {
	if s.order >= 0 {
		if c := column.Compare(a.cols[s.order], a.i, b.cols[s.order], b.i); c != 0 {
			return c
		}
	}
	if before(a.seq, b.seq) {
		return -1
	}
	return 1
}

// memory holds whole rows of a source as facts keep them.
type memory struct {
	layout online.Layout
	rows   online.Rows
}

func newMemory(src *selfsame.Source) memory {
	var m memory
	for _, f := range src.Schema {
		m.layout.Columns = append(m.layout.Columns, f.Type)
	}
	return m
}

func (m *memory) reset() { m.rows.Reset() }

// decode adds the rows of a fact and returns where they are.
func (m *memory) decode(value []byte) (lo, hi int, err error) {
	lo = m.rows.Len()
	err = m.layout.Decode(&m.rows, value)
	return lo, m.rows.Len(), err
}

// append appends a version as decode reads it.
func (m *memory) append(b []byte, v version) []byte {
	return m.layout.AppendRow(b, online.Head{Seq: v.seq, Tau: v.tau, Alpha: v.alpha, Delete: v.del}, nil, v.cols, v.i)
}

// version is row i.
func (m *memory) version(i int) version {
	r := &m.rows
	return version{cols: r.Columns, i: i, seq: r.Seq[i], tau: r.Tau[i], alpha: r.Alpha[i], del: r.Delete != nil && r.Delete[i]}
}
