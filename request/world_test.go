// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/definition"
	"selfsame/online"
	"selfsame/plan"
)

// definitions of the tests: every kind of view over one source of plain events.
const definitions = `
project: p
entities:
  user: {key: {user_id: string}}
  pair: {key: {user_id: string, n: int64}}
sources:
  events:
    schema: {user_id: string, n: int64, x: float64, at: timestamp}
    event_time: at
    stream: {push: true}
views:
  spend:
    entity: user
    source: events
    features:
      n: count(*)
      total: sum(x)
      week: sum(x) over [7d, 1d]
      top: {value: "max(x) over 7d", default: -1.0}
  both:
    entity: pair
    source: events
    features: {n: "count(*)"}
  world:
    source: events
    features: {n: "count(*)"}
  last_seen:
    entity: user
    source: events
    ttl: 1d
    features: {x: x, double: 2 * x}
  slow:
    entity: user
    source: events
    as_of: 1h
    features: {n: "count(*)"}
  ratio:
    request: {x: float64, note: string?}
    features:
      share: x / spend.total
      again: coalesce(note, 'none')
services:
  all: {features: [spend.*, both.n, world.n, last_seen.*, slow.n, ratio.*]}
  counts: {features: [spend.n, spend.total]}
`

const (
	day  = int64(selfsame.DayLength)
	hour = day / 24
	noon = 20_000*day + 12*hour
)

// memory is an online store: a map.
type memory struct {
	mu    sync.Mutex
	rows  map[string]map[int64][]byte
	reads atomic.Int64
	fail  error
	// reading is called inside a read, between finding and handing out; nil: nothing.
	reading func()
}

func (m *memory) name(s online.State, entity []byte) string { return string(rune(s)) + string(entity) }

func (m *memory) Apply(_ context.Context, b *online.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range b.Deltas {
		name := m.name(d.State, d.Entity)
		if m.rows[name] == nil {
			m.rows[name] = map[int64][]byte{}
		}
		m.rows[name][d.Bucket] = append(m.rows[name][d.Bucket], d.Rows...)
	}
	return nil
}

func (m *memory) Read(_ context.Context, at online.Range, visit func(int64, []byte) error) error {
	m.reads.Add(1)
	if m.fail != nil {
		return m.fail
	}
	type bucket struct {
		number int64
		rows   []byte
	}
	m.mu.Lock()
	var found []bucket
	for n, rows := range m.rows[m.name(at.State, at.Entity)] {
		if at.Lo <= n && n <= at.Hi {
			found = append(found, bucket{n, slices.Clone(rows)})
		}
	}
	m.mu.Unlock()
	slices.SortFunc(found, func(a, b bucket) int { return cmp.Compare(a.number, b.number) })
	if m.reading != nil {
		m.reading()
	}
	for _, b := range found {
		if err := visit(b.number, b.rows); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Facts(context.Context, [][]byte, func(int, []byte) error) error { return nil }
func (m *memory) Close() error                                                   { return nil }

// world is a project, live states of all its views, and the one writer.
type world struct {
	t       testing.TB
	project *selfsame.Project
	store   *memory
	reader  *Reader
	states  atomic.Pointer[plan.States]
	cut     atomic.Pointer[Cut]
	key     []byte
	rows    []byte
}

func newWorld(t testing.TB, text string, cacheBytes int64) *world {
	p, err := definition.Parse(map[string][]byte{"selfsame.yaml": []byte(text)}, "")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, project: p, store: &memory{rows: map[string]map[int64][]byte{}}}
	w.cut.Store(&Cut{Alpha: selfsame.MinTime})
	w.states.Store(statesOf(t, p))
	w.reader = New(w.store, w.states.Load, Options{CacheBytes: cacheBytes})
	return w
}

// statesOf makes a state for every base of the project's views.
func statesOf(t testing.TB, p *selfsame.Project) *plan.States {
	byBase := map[string][]*plan.Use{}
	var bases []string
	for _, v := range p.Views {
		built, err := plan.Build(p, plan.Request{View: v.Name})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range built.LiveUses() {
			if byBase[u.Base()] == nil {
				bases = append(bases, u.Base())
			}
			byBase[u.Base()] = append(byBase[u.Base()], u)
		}
	}
	var list []*plan.State
	for i, b := range bases {
		union, _, _, err := plan.Union(byBase[b])
		if err != nil {
			t.Fatal(err)
		}
		s := &plan.State{ID: uint32(i + 1), Base: b, Use: union, Width: day}
		if union.Spec.AsOf {
			s.Width = 0
		}
		list = append(list, s)
	}
	return plan.NewStates(list)
}

func (w *world) prepare(service string) *Prepared {
	built, err := plan.Build(w.project, plan.Request{Service: service})
	if err != nil {
		w.t.Fatal(err)
	}
	return Prepare(built)
}

// event is a row of the source.
type event struct {
	user string
	n    int64
	x    float64
	at   int64
}

// push makes events one group of the log: stored, told to the cache, then published.
func (w *world) push(alpha int64, list ...event) {
	src := w.project.Source("events")
	cut := *w.cut.Load()
	for _, ev := range list {
		b := column.NewBatch(src.Schema, 1)
		b.Rows = 1
		b.Columns[0].AppendBytes([]byte(ev.user))
		b.Columns[1].Ints = append(b.Columns[1].Ints, ev.n)
		b.Columns[2].Floats = append(b.Columns[2].Floats, ev.x)
		b.Columns[3].Ints = append(b.Columns[3].Ints, ev.at)
		for _, s := range w.states.Load().List() {
			w.fan(s, b, online.Head{Seq: cut.Offset, Tau: ev.at, Alpha: alpha, Hash: uint64(cut.Offset)})
		}
		cut.Offset++
	}
	cut.Alpha = alpha
	w.cut.Store(&cut)
}

// rowOf evaluates what a state keeps of a row: its key and its encoding, in memory of w.
func (w *world) rowOf(s *plan.State, b *column.Batch, h online.Head) {
	in := inputOf(b)
	part := s.Use.Sources[0]
	w.key = w.key[:0]
	for _, p := range part.Key {
		w.key = p.NewEvaluator().Eval(in).AppendFramed(w.key, 0)
	}
	var cols []*column.Column
	for _, p := range part.Columns {
		cols = append(cols, p.NewEvaluator().Eval(in))
	}
	live, err := newLiveState(s)
	if err != nil {
		w.t.Fatal(err)
	}
	w.rows = live.layout.AppendRow(w.rows[:0], h, nil, cols, 0)
}

func (w *world) fan(s *plan.State, b *column.Batch, h online.Head) {
	w.rowOf(s, b, h)
	w.apply(s, w.key, s.Bucket(h.Tau), w.rows)
}

// apply is what the writer does with one entity's rows.
func (w *world) apply(s *plan.State, entity []byte, bucket int64, rows []byte) {
	err := w.store.Apply(context.Background(), &online.Batch{Deltas: []online.Delta{{State: online.State(s.ID), Entity: entity, Bucket: bucket, Rows: rows}}})
	if err != nil {
		w.t.Error(err)
	}
	w.reader.Changed(s, entity, rows)
}

// asking is a question of the tests.
type asking struct {
	users []string // "" is a null
	n     int64
	x     float64
	at    int64
	past  bool
	cut   *Cut // nil: the published one
	times bool
}

func (w *world) ask(p *Prepared, a asking) (*Result, error) {
	q := &Query{Plan: p, Rows: len(a.users), At: a.at, Past: a.past, EventTimes: a.times}
	if q.Cut = *w.cut.Load(); a.cut != nil {
		q.Cut = *a.cut
	}
	for _, f := range p.plan.Requests {
		c := column.New(f.Type, len(a.users))
		for _, u := range a.users {
			switch f.Name {
			case "user_id":
				if u == "" {
					c.AppendStatus(selfsame.Null)
				} else {
					c.AppendBytes([]byte(u))
				}
			case "n":
				c.Ints = append(c.Ints, a.n)
			case "x":
				c.Floats = append(c.Floats, a.x)
			default:
				c.AppendStatus(selfsame.Null)
			}
		}
		q.Given = append(q.Given, c)
	}
	return w.reader.Read(context.Background(), q)
}

// row asks about users at a T and returns the answers as text, output after output.
func (w *world) row(p *Prepared, a asking) [][]selfsame.Value {
	w.t.Helper()
	if a.at == 0 {
		a.at = noon
	}
	res, err := w.ask(p, a)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Release()
	out := make([][]selfsame.Value, len(a.users))
	for i := range out {
		for _, c := range res.Columns {
			out[i] = append(out[i], c.Value(i))
		}
	}
	return out
}

// named returns the value of an output by name.
func named(t testing.TB, p *Prepared, row []selfsame.Value, name string) selfsame.Value {
	t.Helper()
	for i, o := range p.plan.Outputs {
		if o.Name == name {
			return row[i]
		}
	}
	t.Fatalf("no output %s", name)
	return selfsame.Value{}
}

func sameFloat(v selfsame.Value, want float64) bool {
	return v.Status == selfsame.Present && math.Float64bits(v.Float) == math.Float64bits(want)
}
