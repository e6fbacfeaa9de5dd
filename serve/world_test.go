// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
	"selfsame/online/embedded"
	"selfsame/plan"
	"selfsame/registry"
	"selfsame/registry/sqlite"
	"selfsame/request"
	"selfsame/stream"
)

const definitions = `
project: shop
entities:
  user: {key: {user_id: string}}
  place: {key: {airport: string}}
sources:
  orders:
    schema: {id: string, user_id: string, amount: float64, airport: string, at: timestamp}
    event_time: at
    id: id
    stream: {push: true}
views:
  spend:
    entity: user
    source: orders
    features:
      n: count(*)
      total: {value: sum(amount) over 7d, cast: float32}
      big: {value: "count(*) filter (where amount > 100) over 1d", default: 7}
  last_order:
    entity: user
    source: orders
    ttl: 1d
    features: {amount: amount, city: airport}
  arrivals:
    entity: place
    source: orders
    features: {n: "count(*) over 7d"}
  rules:
    entity: user
    source: orders
    features: {over: sum(amount) over back up to 1d with request, plain: count(*) over 1d}
  slow:
    entity: user
    source: orders
    as_of: 1h
    features: {n_slow: "count(*)"}
  ratio:
    request: {amount: float64, day: date?, price: 'decimal(10,2)?', moment: timestamp?, units: int64?, note: string?}
    features:
      share: amount / spend.total
      shown: coalesce(note, 'none')
      later: moment
      units: units
      price: price
      day: day
services:
  fraud: {features: [spend.*, last_order.*]}
  both: {features: [spend.n, arrivals.n]}
  ask: {features: [ratio.*]}
  late: {features: [slow.n_slow]}
  rule: {features: [rules.*]}
`

const (
	hour = selfsame.Hour
	noon = 20_000*selfsame.DayLength + 12*hour
)

// listLog is an event log in memory, written by push.
type listLog struct {
	mu     sync.Mutex
	blocks []*eventlog.Block
	next   int64
	alpha  int64
}

func (l *listLog) Append(context.Context, []*eventlog.Append, int64) error {
	return errors.New("this log is written by push")
}

func (l *listLog) Read(_ context.Context, from, to int64, visit func(*eventlog.Block) error) error {
	l.mu.Lock()
	blocks := l.blocks
	l.mu.Unlock()
	for _, b := range blocks {
		if b.First >= from && b.First+int64(b.Rows.Rows) <= to { // blocks are of one row
			if err := visit(b); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *listLog) End() (int64, int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next, l.alpha
}

func (l *listLog) Close() error { return nil }

// world is a server with all that is beneath it but a wire.
type world struct {
	t        testing.TB
	registry registry.Registry
	snapshot atomic.Pointer[registry.Snapshot]
	log      *listLog
	driver   *stream.Driver
	rows     *embedded.Store
	reader   *request.Reader
	server   *Server
	now      atomic.Int64
	applied  int64
}

func newWorld(t testing.TB, text string, change func(*Options)) *world {
	w := &world{t: t, log: &listLog{alpha: selfsame.MinTime}}
	w.now.Store(noon)
	store, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	w.registry = registry.Over(store, ".")
	rows, err := embedded.Open("online", embedded.Options{FS: vfs.NewMem(), Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	w.driver, err = stream.Open(context.Background(), rows, w.log, stream.Options{Changed: func(s *plan.State, entity, rows []byte) { w.reader.Changed(s, entity, rows) }})
	if err != nil {
		t.Fatal(err)
	}
	w.rows = rows
	w.reader = request.New(rows, w.driver.States, request.Options{})
	opt := Options{
		Definitions: func() Definitions { return w.snapshot.Load() },
		Reader:      w.reader,
		Applied: func() request.Cut {
			c := w.driver.Applied()
			return request.Cut{Offset: c.Offset, Alpha: c.Alpha}
		},
		Now: w.now.Load,
	}
	if change != nil {
		change(&opt)
	}
	w.server = New(opt)
	t.Cleanup(func() {
		if err := errors.Join(w.registry.Close(), rows.Close()); err != nil {
			t.Error(err)
		}
	})
	w.apply(text)
	return w
}

// apply makes a project the applied one and builds the states of its views.
func (w *world) apply(text string) {
	w.t.Helper()
	ctx := context.Background()
	w.applied++
	_, err := w.registry.Apply(ctx, &registry.Change{Files: map[string][]byte{"selfsame.yaml": []byte(text)}, Author: "ann", Time: w.applied, Expect: registry.Newest})
	if err != nil {
		w.t.Fatal(err)
	}
	snapshot, err := w.registry.Snapshot(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	var uses []*plan.Use
	p := snapshot.Project()
	for _, v := range p.Views {
		built, err := plan.Build(p, plan.Request{View: v.Name})
		if err != nil {
			w.t.Fatal(err)
		}
		uses = append(uses, built.Uses...)
	}
	for _, s := range p.Services {
		versions, err := snapshot.ServiceVersions(s.Name)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, v := range versions {
			s, _, err := snapshot.Service(s.Name, v.Version)
			if err != nil {
				w.t.Fatal(err)
			}
			built, err := plan.Build(p, plan.Request{Features: s.Features, Resolver: snapshot})
			if err != nil {
				w.t.Fatal(err)
			}
			uses = append(uses, built.Uses...)
		}
	}
	if err := w.driver.Switch(ctx, uses); err != nil {
		w.t.Fatal(err)
	}
	w.snapshot.Store(snapshot)
}

// order is an event.
type order struct {
	id, user string
	amount   float64
	airport  string
	at       int64
}

// push appends orders, one block each, with one α, and applies them.
func (w *world) push(alpha int64, list ...order) {
	w.t.Helper()
	src := w.snapshot.Load().Project().Source("orders")
	var blocks []*eventlog.Block
	w.log.mu.Lock()
	for _, o := range list {
		b := column.NewBatch(src.Schema, 1)
		b.Rows = 1
		for i, v := range []selfsame.Value{{Str: o.id}, {Str: o.user}, {Float: o.amount}, {Str: o.airport}, {Int: o.at}} {
			b.Columns[i].Append(v)
		}
		block := &eventlog.Block{Source: src, Name: src.Name, First: w.log.next, Alpha: alpha, Rows: b, Tau: []int64{o.at}}
		w.log.blocks, w.log.next, w.log.alpha = append(w.log.blocks, block), w.log.next+1, alpha
		blocks = append(blocks, block)
	}
	w.log.mu.Unlock()
	if _, err := w.driver.Apply(context.Background(), blocks); err != nil {
		w.t.Fatal(err)
	}
}

// strings makes a column of text.
func texts(values ...string) *column.Column {
	c := column.New(selfsame.Scalar(selfsame.String), len(values))
	for _, v := range values {
		c.AppendBytes([]byte(v))
	}
	return c
}

// given is a batch of columns by name.
func given(names []string, columns ...*column.Column) *column.Batch {
	b := &column.Batch{Columns: columns}
	for i, n := range names {
		b.Fields = append(b.Fields, selfsame.Field{Name: n, Type: columns[i].Type})
		b.Rows = columns[i].Len()
	}
	return b
}

func (w *world) ask(q *Request) *Vector {
	w.t.Helper()
	v, err := w.server.Features(context.Background(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(v.Release)
	return v
}

// fraud asks the service about users.
func (w *world) fraud(users ...string) *Vector {
	w.t.Helper()
	return w.ask(&Request{Service: "fraud", Given: given([]string{"user_id"}, texts(users...))})
}

// value returns an answer by the name of its output.
func (w *world) value(v *Vector, name string, row int) selfsame.Value {
	w.t.Helper()
	for i, o := range v.Outputs {
		if o.Name == name {
			return v.Columns[i].Value(row)
		}
	}
	w.t.Fatalf("no output %s among %v", name, v.Outputs)
	return selfsame.Value{}
}
