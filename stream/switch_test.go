// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
	"selfsame/online"
	"selfsame/plan"
)

func idsOf(d *Driver) map[string]uint32 {
	out := map[string]uint32{}
	for _, s := range d.States().List() {
		out[s.Use.View.Name] = s.ID
	}
	return out
}

// TestSwitchBuildsBeside: views that come in the middle of a log show what they would show had they been there from its beginning; those that stay keep
// their rows, also over a restart.
func TestSwitchBuildsBeside(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 5))
		p, all := usesOf(t, fmt.Sprintf(world, viewsOf(worldSources...)))
		some := slices.DeleteFunc(slices.Clone(all), func(*plan.Use) bool { return r.IntN(2) == 0 })
		whole, entries := draw(r, p, 24)
		l, store := &listLog{}, newMapStore()
		d := openOver(t, store, l, some, Options{})
		before := idsOf(d)
		for i, b := range whole.blocks {
			l.push(b)
			if _, err := d.Apply(t.Context(), []*eventlog.Block{b}); err != nil {
				t.Fatal(err)
			}
			switch i {
			case 8:
				if err := d.Switch(t.Context(), all); err != nil {
					t.Fatal(err)
				}
				for view, id := range idsOf(d) {
					if was, ok := before[view]; ok && was != id {
						t.Fatalf("view %s was built again", view)
					}
				}
				checkStates(t, d, store, entries)
			case 16:
				before = idsOf(d)
				d = openOver(t, store, l, all, Options{})
				for view, id := range idsOf(d) {
					if before[view] != id {
						t.Fatalf("view %s was built again after a restart", view)
					}
				}
			}
		}
		checkStates(t, d, store, entries)
	}
}

// TestSwitchWhileEventsCome: entries that are applied while a state is built are in it.
func TestSwitchWhileEventsCome(t *testing.T) {
	p, all := usesOf(t, fmt.Sprintf(world, viewsOf(worldSources...)))
	whole, entries := draw(rand.New(rand.NewPCG(6, 6)), p, 60)
	l, store := &listLog{}, newMapStore()
	d := openOver(t, store, l, all[:4], Options{})
	applied := make(chan error)
	half := make(chan struct{})
	go func() {
		defer close(applied)
		for i, b := range whole.blocks {
			l.push(b)
			if _, err := d.Apply(context.Background(), []*eventlog.Block{b}); err != nil {
				applied <- err
				return
			}
			if i == len(whole.blocks)/2 {
				close(half)
			}
		}
	}()
	<-half
	for _, uses := range [][]*plan.Use{all, all[2:], all} {
		if err := d.Switch(t.Context(), uses); err != nil {
			t.Error(err)
		}
		if err := d.Maintain(t.Context(), whole.blocks[0].Alpha); err != nil {
			t.Error(err)
		}
	}
	if err := <-applied; err != nil {
		t.Fatal(err)
	}
	checkEnd(t, d, store, entries)
}

// checkEnd compares every live state with the contract at the end of the log alone.
func checkEnd(t *testing.T, d *Driver, store fullStore, all []entry) {
	t.Helper()
	a := axis{bound: d.Applied().Offset}
	for _, s := range d.States().List() {
		if g, w := shownBy(stateRows(t, store, s), a), wantedBy(s.Use.View.Name, all[:a.bound], a); !slices.Equal(g, w) {
			t.Fatalf("view %s:\ngot  %s\nwant %s", s.Use.View.Name, strings.Join(g, "\n     "), strings.Join(w, "\n     "))
		}
	}
}

// TestFailedSwitchChangesNothing: a build that fails leaves the live states live and nothing behind.
func TestFailedSwitchChangesNothing(t *testing.T) {
	p, all := usesOf(t, fmt.Sprintf(world, viewsOf(worldSources...)))
	l, entries := draw(rand.New(rand.NewPCG(7, 7)), p, 10)
	store := newMapStore()
	d := openOver(t, store, l, all[:3], Options{})
	if err := d.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, was := len(store.rows), idsOf(d)
	broken := errors.New("broken")
	err := d.Load(t.Context(), Load{Uses: all, Fill: func(_ context.Context, fresh []*plan.State, to *Sink) error {
		if len(fresh) != len(all)-3 {
			t.Errorf("%d new states, want %d", len(fresh), len(all)-3)
		}
		return broken
	}})
	if !errors.Is(err, broken) || len(store.rows) != rows || len(idsOf(d)) != len(was) || len(d.catalog.States) != 3 {
		t.Fatalf("error %v, %d rows of %d, %d states", err, len(store.rows), rows, len(d.catalog.States))
	}
	if err := d.Switch(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	checkStates(t, d, store, entries)
}

// TestOldStatesGo: a state that is no longer live is dropped, but not before readers that hold it are done.
func TestOldStatesGo(t *testing.T) {
	p, all := usesOf(t, fmt.Sprintf(world, viewsOf(worldSources...)))
	l, _ := draw(rand.New(rand.NewPCG(8, 8)), p, 10)
	store := newMapStore()
	d := openOver(t, store, l, all, Options{})
	if err := d.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	old := d.States().List()[0]
	facts := len(store.facts)
	if err := d.Switch(t.Context(), all[1:2]); err != nil {
		t.Fatal(err)
	}
	if len(store.facts) >= facts {
		t.Error("the facts of sources that nobody reads are still there")
	}
	_, now := l.End()
	for _, at := range []int64{now, now + grace - 1} {
		if err := d.Maintain(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		if len(store.entities(online.State(old.ID))) == 0 {
			t.Fatal("the state went at once")
		}
	}
	if err := d.Maintain(t.Context(), now+grace); err != nil {
		t.Fatal(err)
	}
	if len(store.entities(online.State(old.ID))) > 0 || d.catalog.state(old.ID) != nil {
		t.Error("the state is still there")
	}
}

// TestSameRowsAreKept: a change that only asks more of the same rows builds nothing; one that needs other rows does; and so does a lifetime over rows that
// retention has folded.
func TestSameRowsAreKept(t *testing.T) {
	text := strings.Replace(keptWorld, "features: {n: count(*) over lifetime, s: sum(x) over 2h, r: sum(x) over 2 rows}", "features: {%s}", 1)
	p, uses := usesOf(t, fmt.Sprintf(text, "s: sum(x) over 2h, l: last(x) over 1h"))
	l, _ := draw(rand.New(rand.NewPCG(9, 9)), p, 40)
	store := newMapStore()
	d := openOver(t, store, l, uses, Options{})
	if err := d.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	was := idsOf(d)
	states := d.States()
	built := func(features string) bool {
		t.Helper()
		_, uses := usesOf(t, fmt.Sprintf(text, features))
		if err := d.Switch(t.Context(), uses); err != nil {
			t.Fatal(err)
		}
		return idsOf(d)["ups_win"] != was["ups_win"]
	}
	if built("s: sum(x) over 2h, l: last(x) over 1h") || d.States().List()[0] != states.List()[0] {
		t.Error("nothing changed, and a state did")
	}
	if built("s: sum(x) over 2h, m: max(x) over 90m, l: last(x) over 1h") {
		t.Error("another window over the same rows built a state")
	}
	_, alpha := l.End()
	maintained(t, d, alpha+selfsame.Hour)
	if built("s: sum(x) over 1h, l: last(x) over 1h") {
		t.Error("a narrower window built a state")
	}
	if !built("s: sum(x) over 2h, l: last(x) over 1h, n: count(x) over lifetime") {
		t.Error("a lifetime begins after rows were dropped")
	}
	if was = idsOf(d); !built("s: sum(x) over 2h, l: last(x) over 1h, n: count(x) over lifetime, f: sum(x * 2) over 1h") {
		t.Error("a column that is not there is read")
	}
}

// TestTwoDefinitionsOfOneSource: views of two versions of a project, whose sources share a name, resolve their rows each for itself.
func TestTwoDefinitionsOfOneSource(t *testing.T) {
	p, old := usesOf(t, fmt.Sprintf(world, viewsOf("ids")))
	_, uses := usesOf(t, strings.Replace(fmt.Sprintf(world, viewsOf("ids")), "    id: id\n    stream: {push: true}\n  dels", "    stream: {push: true}\n  dels", 1))
	r := rand.New(rand.NewPCG(10, 10))
	p.Sources = p.Sources[1:2]
	l, entries := draw(r, p, 12)
	store := newMapStore()
	d := openOver(t, store, l, slices.Concat(old, uses), Options{})
	if err := d.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(d.States().List()); n != 2*len(old) {
		t.Fatalf("%d states", n)
	}
	end := axis{bound: d.Applied().Offset}
	unnamed := slices.Clone(entries)
	for i := range unnamed {
		unnamed[i].id = ""
	}
	for i, s := range d.States().List() {
		want := entries
		if i >= len(old) {
			want = unnamed
		}
		if g, w := shownBy(stateRows(t, store, s), end), wantedBy(s.Use.View.Name, want, end); !slices.Equal(g, w) {
			t.Fatalf("view %s of version %d differs", s.Use.View.Name, i/len(old))
		}
	}
}

// TestHooks: changes are told after the store has them and before they are applied; rows without an entity are counted.
func TestHooks(t *testing.T) {
	p, uses := usesOf(t, fmt.Sprintf(world, viewsOf("plain")))
	l, entries := draw(rand.New(rand.NewPCG(11, 11)), p, 10)
	store := newMapStore()
	var d *Driver
	nobody, told := 0, map[string][]byte{}
	opt := Options{
		Changed: func(s *plan.State, entity, rows []byte) {
			at := fmt.Sprint(s.ID, " ", string(entity))
			told[at] = append(told[at], rows...)
			if store.applies == 0 || d.Applied().Offset != 0 {
				t.Error("told too early or too late")
			}
		},
		NoEntity: func(view, source string, rows int) {
			if view == "plain_win" && source == "plain" {
				nobody += rows
			}
		},
	}
	d = openOver(t, store, &listLog{blocks: l.blocks}, uses, opt)
	if _, err := d.Apply(t.Context(), l.blocks); err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, e := range entries {
		if e.src.Name == "plain" && e.k == "" {
			want++
		}
	}
	if nobody != want {
		t.Errorf("%d rows without an entity, want %d", nobody, want)
	}
	for _, s := range d.States().List() {
		for _, entity := range store.entities(online.State(s.ID)) {
			n := 0
			for _, b := range store.buckets(online.State(s.ID), entity) {
				n += len(b.Rows)
			}
			if at := fmt.Sprint(s.ID, " ", string(entity)); len(told[at]) != n {
				t.Errorf("%d bytes told of %q, the store has %d", len(told[at]), at, n)
			}
		}
	}
}

// TestRefusals: what cannot go on says so.
func TestRefusals(t *testing.T) {
	p, uses := usesOf(t, fmt.Sprintf(world, viewsOf("plain")))
	l, _ := draw(rand.New(rand.NewPCG(12, 12)), p, 6)
	store := newMapStore()
	d := openOver(t, store, l, uses, Options{})
	if _, err := d.Apply(t.Context(), l.blocks[1:]); selfsame.ClassOf(err) != selfsame.ClassInternal || err == nil {
		t.Errorf("a gap: %v", err)
	}
	store.broken = &selfsame.Error{Class: selfsame.ClassResource, Message: "disk full"}
	if err := d.Recover(t.Context()); !errors.Is(err, store.broken) || d.Applied().Offset != 0 {
		t.Errorf("a store that is full: %v, applied %d", err, d.Applied().Offset)
	}
	store.broken = nil
	if err := d.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), store, &listLog{}, Options{}); selfsame.ClassOf(err) != selfsame.ClassInput || err == nil {
		t.Errorf("another log: %v", err)
	}
	store.facts[string(catalogKey)] = []byte(`{"format": 2}`)
	if _, err := Open(t.Context(), store, l, Options{}); selfsame.ClassOf(err) != selfsame.ClassInput || err == nil {
		t.Errorf("a newer format: %v", err)
	}
	store.facts[string(catalogKey)] = []byte(`{`)
	if _, err := Open(t.Context(), store, l, Options{}); selfsame.ClassOf(err) != selfsame.ClassInternal || err == nil {
		t.Errorf("a damaged catalog: %v", err)
	}
	_, changed := usesOf(t, strings.Replace(fmt.Sprintf(world, "  v: {entity: thing, source: plain, features: {s: sum(x) over 1h}}"), "x: int64, at", "x: float64, at", 1))
	delete(store.facts, string(catalogKey))
	if d, err := Open(t.Context(), store, l, Options{}); err != nil {
		t.Error(err)
	} else if err := d.Switch(t.Context(), changed); selfsame.ClassOf(err) != selfsame.ClassChanged {
		t.Errorf("a field of another type: %v", err)
	}
}

// TestOlderSchema: an entry that was written before its source had a field holds null in it.
func TestOlderSchema(t *testing.T) {
	p, uses := usesOf(t, fmt.Sprintf(world, viewsOf("plain")))
	src := *p.Source("plain")
	src.Schema = []selfsame.Field{src.Schema[2], src.Schema[0]} // at, k
	e := entry{src: &src, k: "a", x: -1, tau: 5, alpha: 7}
	b := &eventlog.Block{Name: "plain", Alpha: e.alpha, Tau: []int64{e.tau}, Rows: column.NewBatch(src.Schema, 1)}
	e.appendTo(b.Rows)
	l, store := &listLog{blocks: []*eventlog.Block{b}}, newMapStore()
	d := openOver(t, store, l, uses, Options{})
	if err := d.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkStates(t, d, store, []entry{e})
}
