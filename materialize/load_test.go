// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package materialize

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/definition"
	"selfsame/eventlog"
	"selfsame/online"
	"selfsame/online/embedded"
	"selfsame/plan"
	"selfsame/source"
	"selfsame/source/csv"
	"selfsame/stream"
)

const shop = `
project: shop
entities:
  user: {key: {k: string}}
sources:
  pays:
    schema: {k: string, x: int64, id: string, at: timestamp}
    event_time: at
    id: id
    batch: {path: pays.csv}
    stream: {push: true}
  homes:
    schema: {k: string, x: int64, pk: int64, op: string, seq: int64, at: timestamp}
    event_time: at
    operation: op
    primary_key: [pk]
    order: seq
    batch: {path: homes.csv}
    stream: {push: true}
views:
  spent: {entity: user, source: pays, features: {n: count(*) over lifetime}}
  owns: {entity: user, source: homes, features: {n: sum(x) over lifetime}}
  last: {entity: user, source: homes, features: {x: x}}
`

const paysCSV = `k,x,id,at
a,1,p1,2024-01-01T00:00:00Z
a,1,p1,2024-01-01T00:00:00Z
b,2,p2,2024-01-02T00:00:00Z
b,3,p2,2024-01-02T00:00:00Z
,4,p3,2024-01-03T00:00:00Z
`

const homesCSV = `k,x,pk,op,seq,at
a,10,1,upsert,1,2024-01-01T00:00:00Z
b,11,1,upsert,3,2024-01-02T00:00:00Z
a,12,2,upsert,1,2024-01-02T00:00:00Z
c,13,1,upsert,2,2024-01-03T00:00:00Z
`

// fixture is a project with history in files, a store on disk and a driver over a log.
type fixture struct {
	project *selfsame.Project
	uses    []*plan.Use
	store   *embedded.Store
	log     *blocks
	driver  *stream.Driver
	tables  map[string]*source.Table
}

// blocks is a log that has been written.
type blocks struct{ list []*eventlog.Block }

func (l *blocks) Append(context.Context, []*eventlog.Append, int64) error {
	return errors.New("read only")
}
func (l *blocks) Close() error { return nil }

func (l *blocks) Read(_ context.Context, from, to int64, visit func(*eventlog.Block) error) error {
	for _, b := range l.list {
		if b.First >= from && b.First < to {
			if err := visit(b); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *blocks) End() (next, alpha int64) {
	if len(l.list) == 0 {
		return 0, selfsame.MinTime
	}
	b := l.list[len(l.list)-1]
	return b.First + int64(b.Rows.Rows), b.Alpha
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"pays.csv": paysCSV, "homes.csv": homesCSV} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f := &fixture{log: &blocks{}, tables: map[string]*source.Table{}}
	var err error
	if f.project, err = definition.Parse(map[string][]byte{"selfsame.yaml": []byte(shop)}, dir); err != nil {
		t.Fatal(err)
	}
	for _, v := range f.project.Views {
		p, err := plan.Build(f.project, plan.Request{View: v.Name})
		if err != nil {
			t.Fatal(err)
		}
		f.uses = append(f.uses, p.Uses...)
	}
	for _, s := range f.project.Sources {
		spec := source.Spec{Name: s.Name, Dir: dir, Batch: *s.Batch, Schema: s.Schema, EventTime: s.EventTime}
		if f.tables[s.Name], err = source.Open(t.Context(), spec, map[string]source.Format{"csv": csv.Format{}}); err != nil {
			t.Fatal(err)
		}
	}
	if f.store, err = embedded.Open(filepath.Join(dir, "online"), embedded.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.store.Close() })
	if f.driver, err = stream.Open(t.Context(), f.store, f.log, stream.Options{}); err != nil {
		t.Fatal(err)
	}
	if err = f.driver.Switch(t.Context(), f.uses); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) open(src *selfsame.Source) (batch.Opened, error) {
	return batch.Opened{History: f.tables[src.Name]}, nil
}

func (f *fixture) place(name string) int {
	return slices.IndexFunc(f.project.Sources, func(s *selfsame.Source) bool { return s.Name == name })
}

// push appends rows, written as in the files, to the log and applies them. It returns their fates.
func (f *fixture) push(t *testing.T, name string, rows ...string) []stream.Fate {
	t.Helper()
	src := f.project.Source(name)
	next, alpha := f.log.End()
	b := &eventlog.Block{Name: name, Source: src, First: next, Alpha: max(alpha+1, 1_704_600_000_000_000), Rows: column.NewBatch(src.Schema, 0)}
	for _, row := range rows {
		for i, text := range strings.Split(row, ",") {
			v := selfsame.Value{Type: src.Schema[i].Type, Str: text}
			switch {
			case text == "":
				v.Status = selfsame.Null
			case src.Schema[i].Type.Kind != selfsame.String:
				if _, err := fmt.Sscan(text, &v.Int); err != nil {
					t.Fatal(err)
				}
			}
			b.Rows.Columns[i].Append(v)
			switch {
			case src.Schema[i].Name == "at":
				b.Tau = append(b.Tau, v.Int)
			case text == "delete":
				b.Ops = append(b.Ops, eventlog.Delete)
			case text == "upsert":
				b.Ops = append(b.Ops, eventlog.Upsert)
			}
		}
		b.Rows.Rows++
	}
	f.log.list = append(f.log.list, b)
	fates, err := f.driver.Apply(t.Context(), []*eventlog.Block{b})
	if err != nil {
		t.Fatal(err)
	}
	return fates[0]
}

// shown are the values of the view's only column that each entity's rows show at the end of the log, in order.
func (f *fixture) shown(t *testing.T, view string) string {
	t.Helper()
	var s *plan.State
	for _, have := range f.driver.States().List() {
		if have.Use.View.Name == view {
			s = have
		}
	}
	out := ""
	err := f.store.Walk(t.Context(), online.State(s.ID), nil, func(entity []byte) bool {
		rows := &online.Rows{}
		err := f.store.Read(t.Context(), online.Range{State: online.State(s.ID), Entity: entity, Lo: online.PrefixBucket + 1, Hi: math.MaxInt64}, func(_ int64, b []byte) error {
			return stream.LayoutOf(s.Use).Decode(rows, b)
		})
		if err != nil {
			t.Error(err)
		}
		rows.Settle()
		var values []int64
		for i := range rows.Seq {
			if rows.UntilSeq == nil || f.driver.Applied().Offset <= rows.UntilSeq[i] {
				values = append(values, 0)
				if len(rows.Columns) > 0 {
					values[len(values)-1] = rows.Columns[0].Ints[i]
				}
			}
		}
		slices.Sort(values)
		out += fmt.Sprintf("%s %v ", entity[2:], values)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// TestBackfillMeetsTheLog: rows of history and of the log are one set, whichever came first, also for entries that come after the backfill.
func TestBackfillMeetsTheLog(t *testing.T) {
	f := newFixture(t)
	day := int64(1_704_067_200_000_000) // 2024-01-01
	f.push(t, "pays", fmt.Sprintf("a,1,p1,%d", day), fmt.Sprintf("c,9,p9,%d", day))
	f.push(t, "homes", fmt.Sprintf("d,20,2,upsert,5,%d", day+6*selfsame.DayLength))
	if got := f.shown(t, "spent"); got != "a [0] c [0]" {
		t.Fatalf("before the backfill: %s", got)
	}
	var told int64
	r, err := Load(t.Context(), f.driver, Request{Open: f.open, Place: f.place, Uses: f.uses, Now: day + 6*selfsame.DayLength, Options: batch.Options{Threads: 2},
		Loaded: func(view string, n int64) { told += n }})
	if err != nil {
		t.Fatal(err)
	}
	for view, want := range map[string]string{"spent": "a [0] b [0] c [0]", "owns": "a [] b [11] c [] d [20]", "last": "a [10 12] b [11] c [13] d [20]"} {
		if got := f.shown(t, view); got != want {
			t.Errorf("view %s shows %s, want %s", view, got, want)
		}
	}
	fates := f.push(t, "pays", fmt.Sprintf("b,2,p2,%d", day+selfsame.DayLength), fmt.Sprintf("b,7,p2,%d", day+selfsame.DayLength), fmt.Sprintf("b,2,p4,%d", day+selfsame.DayLength))
	if want := []stream.Fate{stream.Duplicate, stream.Conflict, stream.Accepted}; !slices.Equal(fates, want) {
		t.Errorf("fates %v, want %v", fates, want)
	}
	fates = f.push(t, "homes", fmt.Sprintf("c,30,1,upsert,2,%d", day), fmt.Sprintf("c,31,1,upsert,4,%d", day), fmt.Sprintf("b,,2,delete,6,%d", day))
	if want := []stream.Fate{stream.Superseded, stream.Accepted, stream.Accepted}; !slices.Equal(fates, want) {
		t.Errorf("fates %v, want %v", fates, want)
	}
	for view, want := range map[string]string{"spent": "a [0] b [0 0] c [0]", "owns": "a [] b [] c [31] d []"} {
		if got := f.shown(t, view); got != want {
			t.Errorf("after more events view %s shows %s, want %s", view, got, want)
		}
	}
	if len(r.Views) != 3 || r.Views[0].Rows != 2 || len(r.Sources) != 2 || r.Sources[0].Duplicate != 1 || r.Sources[0].Conflict != 1 || told == 0 {
		t.Errorf("report %+v", r)
	}
}

// TestFailedBackfill: history that cannot be read leaves what is live as it is.
func TestFailedBackfill(t *testing.T) {
	f := newFixture(t)
	states := f.driver.States()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(ctx, f.driver, Request{Open: f.open, Place: f.place, Uses: f.uses}); selfsame.ClassOf(err) != selfsame.ClassCanceled {
		t.Errorf("error %v", err)
	}
	if f.driver.States() != states {
		t.Error("the live states changed")
	}
	if _, err := Load(t.Context(), f.driver, Request{Open: f.open, Place: f.place, Uses: f.uses}); err != nil {
		t.Error(err)
	}
}
