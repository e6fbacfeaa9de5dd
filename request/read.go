// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request

import (
	"context"
	"slices"
	"time"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
	"selfsame/plan"
)

// scratch is the memory of one read of one plan, and of its result until that is released.
type scratch struct {
	prepared *Prepared
	result   Result
	eval     *plan.Evaluator
	load     *loader
	keys     []keySet
	columns  []*column.Column
	uses     []useScratch
	cells    [][]*column.Column // per use, in row order
	at       []int64
	times    [][]int64 // memory of EventTimes, per output
	pending  []byte
	keyed    map[[2]int]*expr.Evaluator // of keys that are computed: list and part

	query *Query
	set   *liveSet
	given func(f selfsame.Field) (*column.Column, error)

	ask    pit.Ask
	atOne  [1]int64
	known  [1]int64
	knows  []int64 // κ of each row of ask
	loaded time.Duration
	began  time.Time
}

// useScratch is the memory of one use.
type useScratch struct {
	values []*column.Column // per cell, in the order of entities
	inRows []*column.Column // per cell, in row order
	newest [][]int64        // per cell (as-of: one), in the order of entities
	order  []uint32         // of each row: its place in those
	asker  *plan.Asker      // nil: no window takes anything from the row that asks
	own    pit.RequestRows  // what it takes, in the columns of the state
}

func newScratch(p *Prepared, r *Reader) *scratch {
	s := &scratch{prepared: p, eval: p.plan.NewEvaluator(), load: newLoader(r.store), keys: make([]keySet, len(p.keys)),
		times: make([][]int64, len(p.plan.Outputs))}
	for _, u := range p.plan.Uses {
		types := u.Spec.Columns
		if !u.Spec.AsOf {
			types = nil
			for i := range u.Spec.Cells {
				types = append(types, u.Spec.Cells[i].Call.Result)
			}
		}
		m := useScratch{asker: u.NewAsker()}
		for _, t := range types {
			m.values, m.inRows = append(m.values, column.New(t, 1)), append(m.inRows, column.New(t, 0))
			m.newest = append(m.newest, nil)
		}
		s.uses = append(s.uses, m)
		s.cells = append(s.cells, nil)
	}
	s.given = func(f selfsame.Field) (*column.Column, error) {
		for i, have := range p.plan.Requests {
			if have.Name == f.Name {
				return s.query.Given[i], nil
			}
		}
		return nil, &selfsame.Error{Class: selfsame.ClassInternal, Ref: "column " + f.Name, Message: "the plan reads a column that it does not ask for"}
	}
	return s
}

// read fills s.result.
func (s *scratch) read(ctx context.Context, r *Reader, b *binding, q *Query) error {
	s.set = b.set
	s.query, s.result, s.loaded = q, Result{Columns: s.result.Columns[:0], EventTimes: s.result.EventTimes[:0], States: b.set.states}, 0
	defer func() { s.query, s.set = nil, nil }()
	if q.Timing {
		s.began = time.Now()
	}
	s.at = append(s.at[:0], q.each...)
	for len(s.at) < q.Rows {
		s.at = append(s.at, q.At)
	}
	for i, list := range s.prepared.keys {
		s.columns = s.columns[:0]
		for k := range list.parts {
			s.columns = append(s.columns, s.keyColumn(i, k))
		}
		s.keys[i].fill(s.columns, q.Rows, list.apart)
	}
	for i := range b.uses {
		if err := s.use(ctx, r, i, &b.uses[i]); err != nil {
			return err
		}
	}
	slots, err := s.eval.Eval(s.cells, s.given, s.at)
	if err != nil {
		return err
	}
	for oi, o := range s.prepared.plan.Outputs {
		s.result.Columns = append(s.result.Columns, slots[o.Slot])
		if q.EventTimes {
			s.result.EventTimes = append(s.result.EventTimes, s.eventTimes(oi))
		}
	}
	if q.Expired {
		if err := s.showExpired(ctx, r, b, q); err != nil {
			return err
		}
	}
	if q.Timing {
		s.result.Store = s.loaded
		s.result.Compute = time.Since(s.began) - s.result.Cache - s.result.Store
	}
	return nil
}

// keyColumn returns what fills part k of key list i in every row.
func (s *scratch) keyColumn(i, k int) *column.Column {
	part := &s.prepared.keys[i].parts[k]
	if part.program == nil {
		return s.query.Given[part.column]
	}
	if s.keyed == nil {
		s.keyed = map[[2]int]*expr.Evaluator{}
	}
	ev := s.keyed[[2]int{i, k}]
	if ev == nil {
		ev = part.program.NewEvaluator()
		s.keyed[[2]int{i, k}] = ev
	}
	return ev.Eval(&expr.Input{Columns: s.query.Given, At: s.at, Rows: s.query.Rows})
}

// use evaluates the cells of one use for every entity that its rows ask about.
func (s *scratch) use(ctx context.Context, r *Reader, i int, u *boundUse) error {
	m, keys, q := &s.uses[i], &s.keys[s.prepared.keyOf[i]], s.query
	for c := range m.values {
		m.values[c].Reset()
		m.newest[c] = m.newest[c][:0]
	}
	m.order = keys.rowOf
	if s.prepared.lookups[i] != nil {
		return s.looked(ctx, r, i, u)
	}
	s.ask = pit.Ask{MaxSeq: q.Cut.Offset - 1, Cells: u.cells}
	if q.each != nil {
		return s.each(ctx, r, i, u)
	}
	x := axisOf(q, 0, u.lag)
	s.atOne[0], s.known[0] = q.At, x.known
	s.ask.At, s.knows, s.ask.ByAlpha = s.atOne[:], s.known[:], x.byAlpha
	if err := s.asked(m, u); err != nil {
		return err
	}
	for e := range keys.count() {
		s.ask.First = e
		if err := s.one(ctx, r, u.live, keys, e, m); err != nil {
			return err
		}
	}
	s.cells[i] = m.values
	if !keys.plain {
		for c, v := range m.values {
			m.inRows[c].Gather(v, keys.rowOf)
		}
		s.cells[i] = m.inRows
	}
	return nil
}

// one appends the values of entity e of the keys.
func (s *scratch) one(ctx context.Context, r *Reader, live *liveState, keys *keySet, e int, m *useScratch) error {
	if keys.isNobody(e) {
		return s.nobody(live, m)
	}
	return s.entity(ctx, r, live, keys.entity(e), m)
}

// asked finds what windows take from the rows.
func (s *scratch) asked(m *useScratch, u *boundUse) error {
	if m.asker == nil {
		return nil
	}
	rows, err := m.asker.Ask(s.given, s.at)
	if err != nil {
		return err
	}
	m.own.Counts, m.own.Lengths = rows.Counts, rows.Lengths
	m.own.Columns = slices.Grow(m.own.Columns[:0], len(u.live.layout.Columns))[:len(u.live.layout.Columns)]
	clear(m.own.Columns)
	for i, c := range rows.Columns {
		if c != nil {
			m.own.Columns[u.event[i]] = c
		}
	}
	s.ask.Request = &m.own
	return nil
}

// entity appends the values of one entity.
func (s *scratch) entity(ctx context.Context, r *Reader, live *liveState, key []byte, m *useScratch) error {
	var start time.Time
	if s.query.Timing {
		start = time.Now()
	}
	before := s.loaded
	e := r.cache.take(live, key)
	defer e.release()
	e.mu.Lock()
	defer e.mu.Unlock()
	hit, err := s.ready(ctx, r, e, key)
	if err != nil {
		return err
	}
	if hit {
		s.result.Hits++
	} else {
		s.result.Misses++
	}
	if s.query.Timing {
		s.result.Cache += time.Since(start) - (s.loaded - before)
	}
	s.ask.Known = s.knows
	if !s.ask.ByAlpha && e.newest < s.query.Cut.Offset {
		s.ask.Known = nil // the cut holds everything that is here
	}
	if err := e.entity.Eval(&s.ask, m.values, s.newest(m)); err != nil {
		return err
	}
	s.weigh(r, e, len(key), hit)
	return nil
}

// weigh tells the cache the size of an entry. What kernels keep comes with the first reads; later it is looked at seldom. An entity
// that has grown a lot holds what retention took from the store long ago: it is let go, and the next reader loads what is left.
func (s *scratch) weigh(r *Reader, e *entry, key int, hit bool) {
	if e.reads++; hit && e.reads >= 4 && e.reads%64 != 0 {
		return
	}
	size := entryCost + int64(key) + e.entity.Bytes()
	if e.reads < 4 {
		e.young = max(e.young, size)
	}
	if size > 2*e.young+growthRoom {
		r.cache.drop(e)
		return
	}
	r.cache.resize(e, size)
}

// growthRoom is by how much an entity may grow beyond twice its size when it was loaded.
const growthRoom = 1 << 20

// ready makes the entity of e whole: loaded, and with everything that the writer told. It reports whether the cache had it.
func (s *scratch) ready(ctx context.Context, r *Reader, e *entry, key []byte) (bool, error) {
	if e.entity != nil {
		s.pending = e.takePending(s.pending)
		if len(s.pending) == 0 {
			return true, nil
		}
		if ok, err := s.load.join(e, s.pending); ok && err == nil {
			return true, nil
		}
		e.unload()
	}
	if err := ctx.Err(); err != nil {
		r.cache.drop(e)
		return false, canceled(err)
	}
	start := time.Time{}
	if s.query.Timing {
		start = time.Now()
	}
	err := s.load.load(ctx, e, key)
	if s.query.Timing {
		s.loaded += time.Since(start)
	}
	if err != nil {
		r.cache.drop(e)
	}
	return false, err
}

func canceled(err error) error {
	return &selfsame.Error{Class: selfsame.ClassCanceled, Message: "the read was stopped", Err: err}
}

// nobody appends the values of an entity without events.
func (s *scratch) nobody(live *liveState, m *useScratch) error {
	empty := live.nobody()
	s.ask.Known = nil
	if err := empty.Eval(&s.ask, m.values, s.newest(m)); err != nil {
		return err
	}
	live.empty.Put(empty)
	return nil
}

func (s *scratch) newest(m *useScratch) [][]int64 {
	if !s.query.EventTimes {
		return nil
	}
	return m.newest
}

// eventTimes returns the newest event time of each row for output oi, nil where it has none.
func (s *scratch) eventTimes(oi int) []int64 {
	src := &s.prepared.sources[oi]
	if src.use < 0 || len(src.cells) == 0 {
		return nil
	}
	m := &s.uses[src.use]
	out := s.times[oi][:0]
	for _, e := range m.order {
		t := m.newest[src.cells[0]][e]
		for _, c := range src.cells[1:] {
			t = max(t, m.newest[c][e])
		}
		out = append(out, t)
	}
	s.times[oi] = out
	return out
}
