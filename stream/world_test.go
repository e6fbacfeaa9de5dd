// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/definition"
	"selfsame/eventlog"
	"selfsame/plan"
)

const world = `
project: p
entities:
  thing: {key: {k: string}}
  pair: {key: {k: string, x: int64}}
sources:
  plain:
    schema: {k: string, x: int64, at: timestamp}
    event_time: at
    stream: {push: true}
  ids:
    schema: {k: string, x: int64, id: string, at: timestamp}
    event_time: at
    id: id
    stream: {push: true}
  dels:
    schema: {k: string, x: int64, id: string, op: string, at: timestamp}
    event_time: at
    id: id
    operation: op
    corrections: 2h
    lateness: 3h
    skew: 1h
    stream: {push: true}
  ups:
    schema: {k: string, x: int64, pk: int64, op: string, seq: int64, at: timestamp}
    event_time: at
    operation: op
    primary_key: [pk]
    order: seq
    stream: {push: true}
views:
%s
`

// viewsOf are the four views of the tests over each source: windowed with a condition, by two fields, of the whole world, and as-of.
func viewsOf(sources ...string) string {
	out := ""
	for _, s := range sources {
		out += fmt.Sprintf("  %s_win: {entity: thing, source: %s, where: x > 0, features: {n: count(*) over 1h, s: sum(x) over 2h, l: last(x) over 1h}}\n", s, s)
		out += fmt.Sprintf("  %s_two: {entity: pair, source: %s, features: {n: count(*) over 1h}}\n", s, s)
		out += fmt.Sprintf("  %s_all: {source: %s, features: {n: count(*) over lifetime, m: max(x) over 2 rows}}\n", s, s)
		out += fmt.Sprintf("  %s_now: {entity: thing, source: %s, where: x is not null, features: {x: x}}\n", s, s)
	}
	return out
}

var worldSources = []string{"plain", "ids", "dels", "ups"}

func usesOf(t testing.TB, text string) (*selfsame.Project, []*plan.Use) {
	t.Helper()
	p, err := definition.Parse(map[string][]byte{"selfsame.yaml": []byte(text)}, ".")
	if err != nil {
		t.Fatal(err)
	}
	var uses []*plan.Use
	for _, v := range p.Views {
		pl, err := plan.Build(p, plan.Request{View: v.Name})
		if err != nil {
			t.Fatal(err)
		}
		uses = append(uses, pl.Uses...)
	}
	return p, uses
}

// entry is one entry of a test log in the slow shape; strings are null where empty.
type entry struct {
	src             *selfsame.Source
	at              int // place among all entries, history first
	seq, alpha, tau int64
	op              eventlog.Op
	k, id           string
	x, pk, order    int64 // -1: null
}

func (e *entry) appendTo(b *column.Batch) {
	text := func(s string) selfsame.Value {
		v := selfsame.Value{Type: selfsame.Scalar(selfsame.String), Str: s}
		if s == "" {
			v.Status = selfsame.Null
		}
		return v
	}
	for i, f := range b.Fields {
		v := selfsame.Value{Type: f.Type}
		set := func(n int64) {
			if v.Int = n; n == -1 {
				v.Status = selfsame.Null
			}
		}
		switch f.Name {
		case "k":
			v = text(e.k)
		case "id":
			v = text(e.id)
		case "op":
			v = text([]string{"insert", "delete", "upsert"}[e.op])
		case "x":
			set(e.x)
		case "pk":
			set(e.pk)
		case "seq":
			set(e.order)
		case "at":
			v.Int = e.tau
		}
		b.Columns[i].Append(v)
	}
	b.Rows++
}

// draw makes a log of n blocks over the sources, in which identities repeat, and returns its entries.
func draw(r *rand.Rand, p *selfsame.Project, n int) (*listLog, []entry) {
	l := &listLog{}
	var all []entry
	alpha := int64(1_700_000_000_000_000)
	for range n {
		src := p.Sources[r.IntN(len(p.Sources))]
		alpha += 1 + r.Int64N(selfsame.Hour)
		b := &eventlog.Block{Name: src.Name, Alpha: alpha, Rows: column.NewBatch(src.Schema, 0)}
		for range 1 + r.IntN(6) {
			e := drawEntry(r, src, alpha)
			e.seq, e.at = int64(len(all)), len(all)
			e.appendTo(b.Rows)
			b.Tau = append(b.Tau, e.tau)
			if src.Operation != "" {
				b.Ops = append(b.Ops, e.op)
			}
			all = append(all, e)
		}
		l.push(b)
	}
	return l, all
}

func drawEntry(r *rand.Rand, src *selfsame.Source, alpha int64) entry {
	e := entry{src: src, alpha: alpha, k: []string{"a", "b", "c", ""}[r.IntN(4)], x: r.Int64N(4) - 1, pk: -1, order: -1}
	e.tau = alpha/selfsame.Hour*selfsame.Hour - r.Int64N(4)*selfsame.Hour/2
	if r.IntN(8) == 0 {
		e.tau = alpha - 2*selfsame.Hour + r.Int64N(3) - 1
	}
	if src.ID != "" {
		e.id = []string{"1", "2", "3", "4", ""}[r.IntN(5)]
	}
	if src.Operation != "" && r.IntN(3) == 0 {
		e.op = eventlog.Delete
	}
	if len(src.PrimaryKey) > 0 {
		e.pk, e.order = r.Int64N(4)-1, r.Int64N(5)-1
		if e.op == eventlog.Insert {
			e.op = eventlog.Upsert
		}
	}
	return e
}

// axis is one of the two ways to say which entries are known.
type axis struct {
	byAlpha bool
	bound   int64 // entries below it (offsets), up to it (α)
}

func (a axis) holds(seq, alpha int64) bool {
	if a.byAlpha {
		return alpha <= a.bound
	}
	return seq < a.bound
}

// lostOf reports whether e is a copy of an earlier entry.
func lostOf(e *entry, all []entry) bool {
	if e.id == "" || len(e.src.PrimaryKey) > 0 || e.src.Operation != "" && e.op == eventlog.Delete {
		return false
	}
	for i := range all[:e.at] {
		o := &all[i]
		if o.src == e.src && o.id == e.id && o.tau == e.tau && !(o.src.Operation != "" && o.op == eventlog.Delete) {
			return true
		}
	}
	return false
}

// goneOf reports whether what the axis knows ends e.
func goneOf(e *entry, all []entry, a axis) bool {
	for i := range all {
		o := &all[i]
		if o.src != e.src || o == e || !a.holds(o.seq, o.alpha) {
			continue
		}
		switch {
		case len(e.src.PrimaryKey) > 0:
			if e.pk != -1 && o.pk == e.pk && (o.order > e.order || o.order == e.order && o.at > e.at) {
				return true
			}
		case e.src.Operation != "" && o.op == eventlog.Delete && e.id != "" && o.id == e.id:
			if o.alpha-e.src.Corrections.Micros <= e.tau && e.tau <= o.alpha+e.src.Skew.Micros {
				return true
			}
		}
	}
	return false
}

// wantOf lists the entries that a view of the tests shows, by entity, worked out from the contract.
func wantOf(view string, e *entry) (key []selfsame.Value, ok bool) {
	text := selfsame.Value{Type: selfsame.Scalar(selfsame.String), Str: e.k}
	number := selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: e.x}
	del := e.src.Operation != "" && e.op == eventlog.Delete
	switch view[len(e.src.Name)+1:] {
	case "win":
		return []selfsame.Value{text}, e.k != "" && e.x > 0 && !del
	case "two":
		return []selfsame.Value{text, number}, e.k != "" && e.x != -1 && !del
	case "all":
		return nil, !del
	}
	return []selfsame.Value{text}, e.k != "" && (del || e.x != -1)
}

func keyBytes(values []selfsame.Value) string {
	var b []byte
	for _, v := range values {
		c := column.New(v.Type, 1)
		c.Append(v)
		b = c.AppendFramed(b, 0)
	}
	return string(b)
}
