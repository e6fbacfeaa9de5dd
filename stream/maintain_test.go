// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/window"
	"selfsame/eventlog"
	"selfsame/online"
	"selfsame/plan"
)

const keptWorld = `
project: p
entities:
  thing: {key: {k: string}}
sources:
  plain:
    schema: {k: string, x: int64, at: timestamp}
    event_time: at
    lateness: 3h
    corrections: 3h
    history: 2h
    stream: {push: true}
  ids:
    schema: {k: string, x: int64, id: string, at: timestamp}
    event_time: at
    id: id
    lateness: 3h
    corrections: 3h
    stream: {push: true}
  dels:
    schema: {k: string, x: int64, id: string, op: string, at: timestamp}
    event_time: at
    id: id
    operation: op
    corrections: 3h
    lateness: 3h
    skew: 1h
    stream: {push: true}
  ups:
    schema: {k: string, x: int64, pk: int64, op: string, seq: int64, at: timestamp}
    event_time: at
    operation: op
    primary_key: [pk]
    order: seq
    corrections: 3h
    lateness: 3h
    stream: {push: true}
views:
  many: {entity: thing, source: [plain, ids], as_of: 1h, features: {n: count(*) over lifetime, s: "sum(x * 4611686018427387904) filter (where x <> 2) over lifetime", w: sum(x) over 1h offset 1h}}
  rows: {entity: thing, source: ids, features: {l: "last(x, 2) over 3 rows", m: max(x) over 2 rows within 2h, n: count(x) over lifetime, o: last(x) over 2 rows offset 2 rows, b: last(x) over 1 rows offset 1h}}
  dels_win: {entity: thing, source: dels, features: {n: count(*) over lifetime, l: last(x) over lifetime, d: sum(x) over today}}
  ups_win: {entity: thing, source: ups, features: {n: count(*) over lifetime, s: sum(x) over 2h, r: sum(x) over 2 rows}}
  bound: {entity: thing, source: ups, where: x > 0, features: {s: sum(x) over 1h}}
  ups_now: {entity: thing, source: ups, features: {x: x}}
  dels_now: {source: dels, as_of: 30m, ttl: 1h, features: {x: x}}
`

// answers are what every question about a state sees: of bounded windows and windows of rows the rows, of lifetimes the encoded sums, of as-of views the
// newest rows. at is T, a the cut.
func answers(t *testing.T, store fullStore, s *plan.State, at int64, a axis) []string {
	t.Helper()
	var out []string
	for entity, r := range stateRows(t, store, s) {
		shown := shownIn(r, a)
		if s.Use.Spec.AsOf {
			out = append(out, fmt.Sprintf("%q newest %s", entity, newestOf(r, shown, at)))
			continue
		}
		for i := range s.Use.Spec.Cells {
			if text := cellAnswer(t, store, s, entity, r, shown, i, at); text != "" {
				out = append(out, fmt.Sprintf("%q %s: %s", entity, s.Use.CellText(i), text))
			}
		}
	}
	slices.Sort(out)
	return out
}

// shownIn are the rows that the cut shows, by τ and Seq.
func shownIn(r *online.Rows, a axis) []int {
	var out []int
	for i := range r.Seq {
		ended := r.UntilSeq != nil && (a.byAlpha && a.bound >= r.UntilAlpha[i] || !a.byAlpha && a.bound > r.UntilSeq[i])
		if a.holds(r.Seq[i], r.Alpha[i]) && !ended {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(i, j int) int { return cmp.Or(cmp.Compare(r.Tau[i], r.Tau[j]), cmp.Compare(r.Seq[i], r.Seq[j])) })
	return out
}

func newestOf(r *online.Rows, shown []int, at int64) string {
	text := ""
	tau := selfsame.MinTime
	for _, i := range shown {
		if r.Tau[i] > at || r.Tau[i] < tau {
			continue
		}
		if r.Tau[i] > tau {
			text, tau = "", r.Tau[i]
		}
		text += fmt.Sprintf(" %d", r.Seq[i])
	}
	return text
}

func cellAnswer(t *testing.T, store fullStore, s *plan.State, entity string, r *online.Rows, shown []int, cell int, at int64) string {
	t.Helper()
	c := &s.Use.Spec.Cells[cell]
	lower, upper := window.Lower(c.Window, at), window.Upper(c.Window, at)
	var inside []int
	for _, i := range shown {
		if lower <= r.Tau[i] && r.Tau[i] < upper {
			inside = append(inside, i)
		}
	}
	if c.Window.Kind == selfsame.LastRows {
		inside = inside[:max(0, len(inside)-int(c.Window.Skip))]
		inside = inside[max(0, len(inside)-int(c.Window.Rows)):]
	}
	if c.Window.Kind != selfsame.Lifetime {
		text := ""
		for _, i := range inside {
			text += fmt.Sprintf(" %d", r.Seq[i])
		}
		return text
	}
	return lifetimeAnswer(t, store, s, entity, r, inside, cell)
}

// lifetimeAnswer merges what was folded with the rows that are there.
func lifetimeAnswer(t *testing.T, store fullStore, s *plan.State, entity string, r *online.Rows, inside []int, cell int) string {
	t.Helper()
	c := &s.Use.Spec.Cells[cell]
	f := &folder{state: s, layout: LayoutOf(s.Use), rows: *r}
	state, faults := c.Call.NewState(), ""
	for _, b := range bucketsOf(t, store, online.State(s.ID), []byte(entity)) {
		if b.Bucket != online.PrefixBucket {
			continue
		}
		err := online.Folded(b.Rows, func(text, encoded []byte) error {
			if string(text) != s.Use.CellText(cell) {
				return nil
			}
			return state.Decode(encoded)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	add := c.Call.NewState()
	for _, i := range inside {
		switch e := f.event(c.Args, i); {
		case c.Filter >= 0 && !f.filtered(c.Filter, i):
		case slices.ContainsFunc(e.Args, func(v selfsame.Value) bool { return v.Status.IsError() }):
			faults += fmt.Sprintf(" error %d", r.Seq[i])
		default:
			add.Add(e)
		}
	}
	state.Merge(add)
	empty := string(c.Call.NewState().AppendTo(nil))
	if got := string(state.AppendTo(nil)); got != empty {
		return fmt.Sprintf("%x", got) + faults
	}
	return faults
}

// maintained runs a whole pass.
func maintained(t *testing.T, d *Driver, now int64) {
	t.Helper()
	for range 1000 {
		if err := d.Maintain(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		if !d.round.active {
			return
		}
	}
	t.Fatal("a pass that does not end")
}

// TestMaintainKeepsAnswers: of two drivers over one log, one of which folds and forgets all the time, every question inside the range has the same answer, on
// both axes, and what comes later meets what it must.
func TestMaintainKeepsAnswers(t *testing.T) {
	p, uses := usesOf(t, keptWorld)
	for name, open := range stores(t) {
		seeds := uint64(12)
		if name != "map" {
			seeds = 2
		}
		all, left := 0, 0
		for seed := range seeds {
			r := rand.New(rand.NewPCG(seed, 4))
			whole, _ := draw(r, p, 60)
			l, pair := &listLog{}, []fullStore{open(), open()}
			drivers := []*Driver{openOver(t, pair[0], l, uses, Options{}), openOver(t, pair[1], l, uses, Options{})}
			applyMaintained(t, r, whole.blocks, l, drivers, pair)
			for _, s := range drivers[1].States().List() {
				if at := drivers[1].Earliest(s.Use); at == selfsame.MinTime || at > drivers[1].round.began-s.History() || drivers[0].Earliest(s.Use) != selfsame.MinTime {
					t.Errorf("questions about %s reach back to %d", s.Use.View.Name, at)
				}
			}
			facts, rows := sizes(t, pair[0], drivers[0].States().List())
			factsLeft, rowsLeft := sizes(t, pair[1], drivers[1].States().List())
			if factsLeft >= facts {
				t.Error("no fact was forgotten")
			}
			all, left = all+rows, left+rowsLeft
		}
		if left*2 > all {
			t.Errorf("%s: retention left %d bytes of %d: the test shows little", name, left, all)
		}
	}
}

// applyMaintained applies blocks to both drivers, of which the second is maintained now and then, and compares what they answer.
func applyMaintained(t *testing.T, r *rand.Rand, blocks []*eventlog.Block, l *listLog, drivers []*Driver, stores []fullStore) {
	t.Helper()
	kept := selfsame.MinTime
	for i, b := range blocks {
		l.push(b)
		for _, d := range drivers {
			if _, err := d.Apply(t.Context(), []*eventlog.Block{b}); err != nil {
				t.Fatal(err)
			}
		}
		if r.IntN(3) == 0 && i+1 < len(blocks) { // an entry that comes later has an α beyond the clock of today
			kept = b.Alpha + r.Int64N(blocks[i+1].Alpha-b.Alpha)
			maintained(t, drivers[1], kept)
		}
		if kept != selfsame.MinTime && r.IntN(4) == 0 {
			compareAnswers(t, r, drivers, stores, max(kept, b.Alpha))
		}
	}
}

func compareAnswers(t *testing.T, r *rand.Rand, drivers []*Driver, stores []fullStore, now int64) {
	t.Helper()
	for i, s := range drivers[0].States().List() {
		o := drivers[1].States().List()[i]
		lag := s.Use.View.AsOf.Or(0)
		at := []axis{{bound: drivers[0].Applied().Offset}}
		times := []int64{now}
		for range 3 {
			past := now - r.Int64N(s.History()+1)
			times, at = append(times, past), append(at, axis{byAlpha: true, bound: past - lag})
		}
		for k, a := range at {
			want, got := answers(t, stores[0], s, times[k], a), answers(t, stores[1], o, times[k], a)
			if !slices.Equal(withoutEmpty(want), withoutEmpty(got)) {
				t.Fatalf("view %s at %d, cut %+v:\ngot  %s\nwant %s", s.Use.View.Name, times[k], a, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
			}
		}
	}
}

// withoutEmpty leaves out entities of which nothing is seen: retention may have dropped them.
func withoutEmpty(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return strings.HasSuffix(s, "newest ") })
}

// TestEarliest: what retention took from a state bounds questions after a restart too, and a state that is built anew has no bound.
// slowReads is a store of which each read takes a millisecond.
type slowReads struct {
	*mapStore
	reads int
}

func (s *slowReads) Read(ctx context.Context, at online.Range, visit func(int64, []byte) error) error {
	time.Sleep(time.Millisecond)
	s.reads++
	return s.mapStore.Read(ctx, at, visit)
}

// TestRetentionRestsAsLongAsItWorks looks at many entities in one step.
func TestRetentionRestsAsLongAsItWorks(t *testing.T) {
	p, uses := usesOf(t, fmt.Sprintf(benchWorld, ""))
	synctest.Test(t, func(t *testing.T) {
		store := &slowReads{mapStore: newMapStore()}
		d := openOver(t, store, &listLog{}, uses, Options{})
		block := benchBlock(p.Sources[0], 50, rand.New(rand.NewPCG(4, 4)), 0)
		if _, err := d.Apply(t.Context(), []*eventlog.Block{block}); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if err := d.Maintain(t.Context(), block.Alpha+2400*selfsame.Hour); err != nil {
			t.Fatal(err)
		}
		if store.reads < 40 {
			t.Fatalf("%d entities were looked at, want about 50", store.reads)
		}
		work := time.Duration(store.reads) * time.Millisecond
		if took := time.Since(begin); took != 2*work-time.Millisecond { // there is no rest before the first
			t.Errorf("%v of work took %v, want as much rest between", work, took)
		}
	})
}

func TestEarliest(t *testing.T) {
	p, uses := usesOf(t, keptWorld)
	l, _ := draw(rand.New(rand.NewPCG(16, 16)), p, 40)
	store := newMapStore()
	d := openOver(t, store, l, uses, Options{})
	if err := d.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, alpha := l.End()
	maintained(t, d, alpha+selfsame.Hour)
	want := d.Earliest(uses[0])
	if want == selfsame.MinTime {
		t.Fatal("nothing was taken")
	}
	d = openOver(t, store, l, uses, Options{})
	if got := d.Earliest(uses[0]); got != want {
		t.Errorf("questions reach back to %d after a restart, to %d before", got, want)
	}
	if err := d.Load(t.Context(), Load{Uses: uses, Again: func(string) bool { return true }}); err != nil {
		t.Fatal(err)
	}
	if got := d.Earliest(uses[0]); got != selfsame.MinTime {
		t.Errorf("questions about a new state reach back to %d", got)
	}
}

// TestBoundsAgree: what retention forgets and what deletes reach follow from the bounds by which the log admits.
func TestBoundsAgree(t *testing.T) {
	if plan.DefaultLateness != eventlog.DefaultLateness || plan.DefaultSkew != eventlog.DefaultSkew || plan.DefaultCorrections != eventlog.DefaultCorrections {
		t.Error("the plan and the log admit by different bounds")
	}
}

// TestLateRetractionsGo: the retraction of a row that retention has dropped is dropped too.
func TestLateRetractionsGo(t *testing.T) {
	p, all := usesOf(t, keptWorld)
	bound := slices.IndexFunc(all, func(u *plan.Use) bool { return u.View.Name == "bound" })
	l, store := &listLog{}, newMapStore()
	d := openOver(t, store, l, all[bound:bound+1], Options{})
	src, at := p.Source("ups"), int64(1_700_000_000_000_000)
	apply := func(alpha int64) {
		e := entry{src: src, op: eventlog.Upsert, k: "a", x: 1, pk: 1, order: 1, tau: alpha, alpha: alpha}
		b := &eventlog.Block{Name: "ups", Alpha: alpha, Tau: []int64{alpha}, Ops: []eventlog.Op{e.op}, Rows: column.NewBatch(src.Schema, 1)}
		e.appendTo(b.Rows)
		if _, err := d.Apply(t.Context(), []*eventlog.Block{l.push(b)}); err != nil {
			t.Fatal(err)
		}
	}
	apply(at)
	maintained(t, d, at+selfsame.DayLength)
	if len(store.rows) > 0 {
		t.Fatal("the row is still there")
	}
	apply(at + 2*selfsame.DayLength)
	if len(store.rows) != 2 {
		t.Fatalf("%d buckets, want the new row's and the retraction's", len(store.rows))
	}
	maintained(t, d, at+2*selfsame.DayLength+2*selfsame.Hour)
	if len(store.rows) != 1 {
		t.Errorf("%d buckets, want the new row's", len(store.rows))
	}
}
