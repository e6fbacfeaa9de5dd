// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"selfsame"
	"selfsame/api"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/config"
	"selfsame/plan"
)

// bank has a source of every kind: with ids, with deletes, with versions, without identity, pushed only, and static.
const bank = `project: bank
entities:
  user: {key: {k: string}}
sources:
  pays:
    schema: {k: string, x: int64, id: string, at: timestamp}
    event_time: at
    id: id
    history: 3650d
    batch: {path: pays.csv}
    stream: {push: true}
  fixes:
    schema: {k: string, x: int64, id: string, op: string, at: timestamp}
    event_time: at
    id: id
    operation: op
    history: 3650d
    batch: {path: fixes.csv}
    stream: {push: true}
  homes:
    schema: {k: string, x: int64, pk: int64, op: string, seq: int64, at: timestamp}
    event_time: at
    operation: op
    primary_key: [pk]
    order: seq
    history: 3650d
    batch: {path: homes.csv}
    stream: {push: true}
  taps:
    schema: {k: string, x: int64, at: timestamp}
    event_time: at
    stream: {push: true}
  places:
    schema: {k: string, x: int64}
    batch: {path: places.csv}
views:
  paid:   {entity: user, source: pays, features: {n: "count(*) over [1d, 30d, lifetime]", s: sum(x) over 7d, d: count(distinct x) over 30d, l: "last(x, 3)"}}
  fixed:  {entity: user, source: fixes, features: {n: "count(*) over [7d, lifetime]", m: max(x) over 30d}}
  owned:  {entity: user, source: homes, features: {n: "sum(x) over [7d, lifetime]"}}
  home:   {entity: user, source: homes, ttl: 20d, features: [x]}
  last_pay: {entity: user, source: pays, features: [x, id]}
  tapped: {entity: user, source: taps, features: {n: count(*) over lifetime}}
  place:  {entity: user, source: places, features: [x]}
services:
  all: {features: [paid.*, fixed.*, owned.*, home.x, {feature: last_pay.x, as: pay}, last_pay.id, tapped.n, place.x]}
`

const bankStart = int64(1_709_251_200_000_000) // 2024-03-01

// world is a project with history files, a data directory beside it, and a clock.
type liveWorld struct {
	t       *testing.T
	project string
	data    string
	clock   atomic.Int64
	live    *Live
	stop    func()
	noting  sync.Mutex // guards notes
	notes   string
}

func newLiveWorld(t *testing.T, definitions string, files map[string]string) *liveWorld {
	t.Helper()
	w := &liveWorld{t: t, project: t.TempDir(), data: filepath.Join(t.TempDir(), "data")}
	w.clock.Store(bankStart)
	w.write("selfsame.yaml", definitions)
	for name, text := range files {
		w.write(name, text)
	}
	w.open()
	t.Cleanup(func() { w.close() })
	if _, err := w.live.ApplyFirst(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *liveWorld) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.project, name), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *liveWorld) open() {
	w.t.Helper()
	c := config.Default()
	c.Dir, c.JournalSample = w.data, 0
	l, err := OpenLive(w.t.Context(), LiveConfig{Config: c, Project: w.project, Now: w.clock.Load, Notify: w.note})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	w.live = l
	w.stop = func() {
		stop()
		if err := errors.Join(<-done, l.Close()); err != nil {
			w.t.Error(err)
		}
	}
}

// note keeps what the servers say.
func (w *liveWorld) note(s string) {
	w.t.Log(s)
	w.noting.Lock()
	defer w.noting.Unlock()
	w.notes += s + "\n"
}

func (w *liveWorld) noted() string {
	w.noting.Lock()
	defer w.noting.Unlock()
	return w.notes
}

func (w *liveWorld) close() {
	if w.stop != nil {
		w.stop()
	}
	w.stop = nil
}

func (w *liveWorld) push(source, row string) {
	w.t.Helper()
	w.clock.Add(selfsame.Minute)
	if _, err := w.live.Push(w.t.Context(), &api.EventBatch{Source: source, Body: []byte(row)}); err != nil {
		w.t.Fatal(err)
	}
}

// do runs a verb and returns its notes and what it did.
func (w *liveWorld) do(verb string, args *LoadArgs) (notes []string, done *LoadDone, err error) {
	b, err := json.Marshal(args)
	if err != nil {
		w.t.Fatal(err)
	}
	err = w.live.Do(w.t.Context(), verb, b, func(b []byte) error {
		var l struct {
			Note string
			Done *struct {
				Snapshot         string
				Partial, Nothing bool
				Views            []struct {
					View string
					Rows int64
				}
				Sources []batch.SourceCounts
			}
		}
		if err := json.Unmarshal(b, &l); err != nil {
			return err
		}
		if l.Note != "" {
			notes = append(notes, l.Note)
		}
		if l.Done != nil {
			done = &LoadDone{Snapshot: l.Done.Snapshot, Partial: l.Done.Partial, Nothing: l.Done.Nothing, Sources: l.Done.Sources}
			for _, v := range l.Done.Views {
				done.Views = append(done.Views, LoadedView{View: v.View, Rows: v.Rows})
			}
		}
		return nil
	})
	return notes, done, err
}

func (w *liveWorld) must(verb string, args *LoadArgs) *LoadDone {
	w.t.Helper()
	_, done, err := w.do(verb, args)
	if err != nil {
		w.t.Fatal(err)
	}
	return done
}

// keys are the entities that are asked for; nobody knows z.
var keys = []string{"a", "b", "c", "z"}

func askedFor() *column.Batch {
	b := column.NewBatch([]selfsame.Field{{Name: "k", Type: selfsame.Scalar(selfsame.String)}}, 0)
	for _, k := range keys {
		b.Columns[0].Append(selfsame.Value{Type: b.Fields[0].Type, Str: k})
	}
	b.Rows = len(keys)
	return b
}

// read returns the answer for every key, bit for bit.
func (w *liveWorld) read(at *int64) (string, *api.Answer) {
	w.t.Helper()
	a, err := w.live.Features(w.t.Context(), &api.Question{Service: "all", Rows: askedFor(), At: at})
	if err != nil {
		w.t.Fatal(err)
	}
	var got []*column.Column
	for _, c := range a.Columns {
		got = append(got, c.Values)
	}
	return bitsOf(got), a
}

// ask is read, held to what batch computes at the answer's token.
func (w *liveWorld) ask(at *int64) (string, *api.Answer) {
	w.t.Helper()
	text, a := w.read(at)
	if want := bitsOf(w.again(a, at != nil)); text != want {
		w.t.Errorf("served\n%swant\n%s", text, want)
	}
	return text, a
}

// bitsOf is every status and value.
func bitsOf(cols []*column.Column) string {
	var b strings.Builder
	for i, k := range keys {
		b.WriteString(k)
		for _, c := range cols {
			fmt.Fprintf(&b, " %s:%x", c.StatusAt(i), c.AppendFramed(nil, i))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// again computes an answer from the files and the log, at its token.
func (w *liveWorld) again(a *api.Answer, past bool) []*column.Column {
	w.t.Helper()
	ctx := w.t.Context()
	pinned, err := w.live.pin(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	e, done, err := pinned.Evidence(ctx, w.project)
	if err != nil {
		w.t.Fatal(err)
	}
	defer done()
	snapshot := e.Definitions
	service, _, err := snapshot.Service("all", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	p, err := plan.Build(snapshot.Project(), plan.Request{Features: service.Features, Resolver: snapshot})
	if err != nil {
		w.t.Fatal(err)
	}
	in, err := e.Inputs(ctx, p)
	if err != nil {
		w.t.Fatal(err)
	}
	cut, err := e.History.Cut(a.Cut)
	if err != nil {
		w.t.Fatal(err)
	}
	cut.Past = past
	rows := &batch.EntityRows{Batch: askedFor()}
	for range keys {
		rows.At, rows.Served = append(rows.At, a.At), append(rows.Served, cut)
	}
	res, err := batch.Run(ctx, batch.Request{Plan: p, Rows: rows, Mode: batch.Mode{Served: true}, Versions: in.Versions, Snapshot: here, Options: batch.Options{Threads: 1, ErrorStatus: true}})
	if err != nil {
		w.t.Fatal(err)
	}
	var out []*column.Column
	err = res.Each(ctx, func(c *batch.Chunk) error {
		for _, col := range c.Features.Columns {
			kept := column.New(col.Type, 0)
			kept.AppendRange(col, 0, c.Rows)
			out = append(out, kept)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// bankRow draws a row of a source: its fields in order.
func bankRow(r *rand.Rand, source string, at int64) []string {
	k, x := keys[r.IntN(3)], fmt.Sprint(r.IntN(9))
	when := time.UnixMicro(at).UTC().Format(time.RFC3339Nano)
	op := []string{"insert", "insert", "delete"}[r.IntN(3)]
	switch source {
	case "pays":
		return []string{k, x, fmt.Sprintf("p%d", r.IntN(5)), when}
	case "fixes":
		return []string{k, x, fmt.Sprintf("f%d", r.IntN(5)), op, when}
	case "homes":
		if op == "insert" {
			op = "upsert"
		}
		return []string{k, x, fmt.Sprint(r.IntN(3)), op, fmt.Sprint(r.IntN(20)), when}
	}
	return []string{k, x, when}
}

var bankFields = map[string][]string{"pays": {"k", "x", "id", "at"}, "fixes": {"k", "x", "id", "op", "at"}, "homes": {"k", "x", "pk", "op", "seq", "at"}, "taps": {"k", "x", "at"}}

// bankFiles draws history of the days before bankStart. Few moments make copies, conflicts and ties.
func bankFiles(r *rand.Rand) map[string]string {
	files := map[string]string{"places.csv": "k,x\na,1\nb,2\n"}
	for _, source := range []string{"pays", "fixes", "homes"} {
		lines := []string{strings.Join(bankFields[source], ",")}
		for range 12 {
			lines = append(lines, strings.Join(bankRow(r, source, bankStart-int64(r.IntN(8))*5*selfsame.DayLength/2), ","))
		}
		files[source+".csv"] = strings.Join(lines, "\n") + "\n"
	}
	return files
}

// bankEvent draws an event of the log as JSON; some carry the times of history, so that they meet its rows.
func bankEvent(r *rand.Rand) (source, row string) {
	source = []string{"pays", "fixes", "homes", "taps"}[r.IntN(4)]
	values := bankRow(r, source, bankStart-int64(r.IntN(3))*5*selfsame.DayLength/2)
	o := map[string]string{}
	for i, f := range bankFields[source] {
		o[f] = values[i]
	}
	b, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return source, string(b)
}

func bankEvents(r *rand.Rand, n int) [][2]string {
	var events [][2]string
	for range n {
		source, row := bankEvent(r)
		events = append(events, [2]string{source, row})
	}
	return events
}

func (w *liveWorld) pushAll(events [][2]string) {
	w.t.Helper()
	for _, e := range events {
		w.push(e[0], e[1])
	}
}
