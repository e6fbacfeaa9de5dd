// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/eventlog"
	"selfsame/online"
	"selfsame/plan"
)

// stateRows decodes what the store holds of a state, by entity.
func stateRows(t testing.TB, store fullStore, s *plan.State) map[string]*online.Rows {
	t.Helper()
	out := map[string]*online.Rows{}
	for _, e := range entitiesOf(t, store, online.State(s.ID)) {
		rows := &online.Rows{}
		err := store.Read(t.Context(), online.Range{State: online.State(s.ID), Entity: e, Lo: online.PrefixBucket + 1, Hi: math.MaxInt64}, func(bucket int64, b []byte) error {
			before := rows.Len()
			if err := LayoutOf(s.Use).Decode(rows, b); err != nil {
				return err
			}
			for _, tau := range rows.Tau[before:] {
				if s.Bucket(tau) != bucket {
					return fmt.Errorf("a row of τ %d stands in bucket %d", tau, bucket)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		rows.Settle()
		out[string(e)] = rows
	}
	return out
}

// shownBy are the rows that an axis shows, as texts, sorted.
func shownBy(byEntity map[string]*online.Rows, a axis) []string {
	out := []string{}
	for entity, r := range byEntity {
		for i := range r.Seq {
			untilSeq, untilAlpha := selfsame.MaxTime, selfsame.MaxTime
			if r.UntilSeq != nil {
				untilSeq, untilAlpha = r.UntilSeq[i], r.UntilAlpha[i]
			}
			if !a.holds(r.Seq[i], r.Alpha[i]) || a.byAlpha && a.bound >= untilAlpha || !a.byAlpha && a.bound > untilSeq {
				continue
			}
			out = append(out, fmt.Sprintf("%q %d τ %d delete %t", entity, r.Seq[i], r.Tau[i], r.Delete != nil && r.Delete[i]))
		}
	}
	slices.Sort(out)
	return out
}

// wantedBy are the entries that the contract shows.
func wantedBy(view string, all []entry, a axis) []string {
	out := []string{}
	for i := range all {
		e := &all[i]
		if !strings.HasPrefix(view, e.src.Name+"_") || !a.holds(e.seq, e.alpha) || lostOf(e, all) {
			continue
		}
		key, ok := wantOf(view, e)
		asOf := strings.HasSuffix(view, "_now")
		if !ok || !asOf && goneOf(e, all, a) {
			continue
		}
		out = append(out, fmt.Sprintf("%q %d τ %d delete %t", keyBytes(key), e.seq, e.tau, e.src.Operation != "" && e.op == eventlog.Delete))
	}
	slices.Sort(out)
	return out
}

// checkStates compares every live state with the contract, at a dozen cuts on both axes, the last among them.
func checkStates(t testing.TB, d *Driver, store fullStore, all []entry) {
	t.Helper()
	applied := d.Applied()
	history := 0
	for history < len(all) && all[history].seq < 0 {
		history++
	}
	for _, s := range d.States().List() {
		got := stateRows(t, store, s)
		for c := applied.Offset; c >= 0; c -= 1 + applied.Offset/12 {
			axes := []axis{{bound: c}}
			if c < int64(len(all)) {
				axes = append(axes, axis{byAlpha: true, bound: all[c].alpha}, axis{byAlpha: true, bound: all[len(all)-1-int(c)].alpha})
			}
			for _, a := range axes {
				if g, w := shownBy(got, a), wantedBy(s.Use.View.Name, all[:history+int(applied.Offset)], a); !slices.Equal(g, w) {
					t.Fatalf("view %s, cut %+v:\ngot  %s\nwant %s", s.Use.View.Name, a, strings.Join(g, "\n     "), strings.Join(w, "\n     "))
				}
			}
		}
	}
}

func openOver(t testing.TB, store online.Store, l eventlog.Log, uses []*plan.Use, opt Options) *Driver {
	t.Helper()
	d, err := Open(t.Context(), store, l, opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Switch(t.Context(), uses); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestAppliedLogIsTheContract: random logs with repeated ids, conflicts, deletes before and after, late versions, applied in random groups, show at every cut on
// both axes what the contract says (P2).
func TestAppliedLogIsTheContract(t *testing.T) {
	p, uses := usesOf(t, fmt.Sprintf(world, viewsOf(worldSources...)))
	for name, open := range stores(t) {
		seeds := uint64(40)
		if name != "map" {
			seeds = 3
		}
		for seed := range seeds {
			r := rand.New(rand.NewPCG(seed, 1))
			l, all := draw(r, p, 20)
			store := open()
			d := openOver(t, store, &listLog{blocks: l.blocks}, uses, Options{})
			for at := 0; at < len(l.blocks); {
				n := min(1+r.IntN(4), len(l.blocks)-at)
				fates, err := d.Apply(t.Context(), l.blocks[at:at+n])
				if err != nil {
					t.Fatal(err)
				}
				for i, f := range fates {
					checkFates(t, l.blocks[at+i], f, all)
				}
				at += n
			}
			checkStates(t, d, store, all)
		}
	}
}

// checkFates holds the fates of a block against the contract.
func checkFates(t *testing.T, b *eventlog.Block, fates []Fate, all []entry) {
	t.Helper()
	for i := range b.Rows.Rows {
		got := fates[i]
		e := &all[b.First+int64(i)]
		switch {
		case lostOf(e, all):
			if got != Duplicate && got != Conflict {
				t.Fatalf("entry %d is a copy and %s", e.seq, got)
			}
		case len(e.src.PrimaryKey) > 0 && goneOf(e, all[:e.seq], axis{bound: e.seq}):
			if got != Superseded {
				t.Fatalf("entry %d is superseded and %s", e.seq, got)
			}
		case got != Accepted:
			t.Fatalf("entry %d is %s", e.seq, got)
		}
	}
}

// TestCopiesInOneBatch: blocks of one batch whose rows are copies of those of the first, also where a block between adds nothing.
func TestCopiesInOneBatch(t *testing.T) {
	p, uses := usesOf(t, fmt.Sprintf(benchWorld, "id: id"))
	for name, open := range stores(t) {
		d := openOver(t, open(), &listLog{}, uses, Options{})
		first := benchBlock(p.Sources[0], 3, rand.New(rand.NewPCG(5, 5)), 0)
		blocks := []*eventlog.Block{first}
		for n := range int64(3) {
			again := *first
			again.First = 3 * (n + 1)
			blocks = append(blocks, &again)
		}
		fates, err := d.Apply(t.Context(), blocks)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range fates {
			want := Accepted
			if i > 0 {
				want = Duplicate
			}
			if !slices.Equal(f, []Fate{want, want, want}) {
				t.Errorf("%s: block %d of the batch: %v, want %s", name, i, f, want)
			}
		}
	}
}

// TestReplayChangesNothing: entries that come again, after a crash or not, count once (M1).
func TestReplayChangesNothing(t *testing.T) {
	p, uses := usesOf(t, fmt.Sprintf(world, viewsOf(worldSources...)))
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		l, all := draw(r, p, 16)
		store := newMapStore()
		d := openOver(t, store, l, uses, Options{})
		if err := d.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		rows, facts := maps.Clone(store.rows), maps.Clone(store.facts)
		from := r.IntN(len(l.blocks))
		if _, err := d.Apply(t.Context(), l.blocks[from:]); err != nil {
			t.Fatal(err)
		}
		if !maps.EqualFunc(rows, store.rows, slices.Equal) || !maps.EqualFunc(facts, store.facts, slices.Equal) {
			t.Fatal("blocks that were applied before changed the store")
		}
		checkStates(t, d, store, all)
	}
}

// TestHalfABlock: a block of which a part was applied goes on behind it, and tells the fates of all its rows.
func TestHalfABlock(t *testing.T) {
	p, uses := usesOf(t, fmt.Sprintf(world, viewsOf(worldSources...)))
	l, all := draw(rand.New(rand.NewPCG(17, 17)), p, 12)
	store := newMapStore()
	d := openOver(t, store, l, uses, Options{})
	for _, b := range l.blocks {
		whole, n := []*eventlog.Block{b}, b.Rows.Rows
		if n > 1 {
			whole = []*eventlog.Block{headOf(b, n/2), b}
		}
		fates, err := d.Apply(t.Context(), whole)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range fates {
			if len(f) != whole[i].Rows.Rows {
				t.Fatalf("%d fates of %d rows", len(f), whole[i].Rows.Rows)
			}
		}
	}
	checkStates(t, d, store, all)
}

// TestCrashAnywhere: a process that ends after any batch and starts again over what the store has ends where one that never ended does.
func TestCrashAnywhere(t *testing.T) {
	p, uses := usesOf(t, fmt.Sprintf(world, viewsOf(worldSources...)))
	r := rand.New(rand.NewPCG(3, 3))
	l, all := draw(r, p, 12)
	store := newMapStore()
	d := openOver(t, store, l, uses, Options{})
	left := []*mapStore{store.copyOf()}
	for _, b := range l.blocks {
		if _, err := d.Apply(t.Context(), []*eventlog.Block{b}); err != nil {
			t.Fatal(err)
		}
		left = append(left, store.copyOf())
	}
	for _, s := range left {
		again := openOver(t, s, l, uses, Options{})
		if err := again.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkStates(t, again, s, all)
		if !maps.EqualFunc(s.rows, store.rows, slices.Equal) {
			t.Fatal("the rows differ from those of a process that never ended")
		}
	}
}
