// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/online"
	"selfsame/plan"
)

// TestDeltaWhileLoading lets a change come while a reader is between finding the rows in the store and decoding them: the next reader
// must see it, and see it once.
func TestDeltaWhileLoading(t *testing.T) {
	for _, first := range []bool{true, false} { // the store has the row already; or gets it during the read
		w := newWorld(t, definitions, 0)
		p := w.prepare("counts")
		if first {
			w.push(noon-2*hour, event{"u", 1, 1, noon - 2*hour})
		}
		var once sync.Once
		before := *w.cut.Load()
		w.store.reading = func() {
			once.Do(func() { w.push(noon-hour, event{"u", 1, 2, noon - hour}) })
		}
		want := before.Offset
		if row := w.row(p, asking{users: []string{"u"}, cut: &before})[0]; row[0].Int != want {
			t.Errorf("the reader at cut %d sees %d events", want, row[0].Int)
		}
		w.store.reading = nil
		for range 2 {
			if row := w.row(p, asking{users: []string{"u"}})[0]; row[0].Int != want+1 {
				t.Errorf("the next reader sees %d events, want %d", row[0].Int, want+1)
			}
		}
		if n := w.store.reads.Load(); n != 1 {
			t.Errorf("the store was read %d times", n)
		}
	}
}

// TestDeltaBetweenStoreAndCache has a reader load what the writer has stored but not told yet: when it tells, the row is there twice.
func TestDeltaBetweenStoreAndCache(t *testing.T) {
	w := newWorld(t, definitions, 0)
	p := w.prepare("counts")
	w.push(noon-hour, event{"u", 1, 1, noon - hour}, event{"u", 1, 1, noon - hour})
	w.row(p, asking{users: []string{"u"}})
	s := w.states.Load().List()[0]
	entity := []byte("\x01\x01u")
	var again []byte
	for _, rows := range w.store.rows[w.store.name(online.State(s.ID), entity)] {
		again = append(again, rows...)
	}
	for range 2 {
		w.reader.Changed(s, entity, again)
		if row := w.row(p, asking{users: []string{"u"}})[0]; row[0].Int != 2 {
			t.Errorf("%d events, want 2", row[0].Int)
		}
	}
	// A change that holds what is known and what is not.
	w.push(noon-1, event{"u", 1, 1, noon - 1})
	w.reader.Changed(s, entity, again)
	if row := w.row(p, asking{users: []string{"u"}})[0]; row[0].Int != 3 {
		t.Errorf("%d events, want 3", row[0].Int)
	}
}

// forget drops an entity from the cache.
func (r *Reader) forget(s *plan.State, entity []byte) {
	p := placeOf(s, entity)
	sh := &r.cache.shard[p.hash%shardCount]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if e := sh.find(p, entity); e != nil {
		sh.remove(r.cache, e)
	}
}

// TestHistoryBesideTheLog adds rows of history to an entity that the cache has: their positions are below all that it holds.
func TestHistoryBesideTheLog(t *testing.T) {
	w := newWorld(t, definitions, 0)
	p := w.prepare("counts")
	w.push(noon-hour, event{"u", 1, 1, noon - hour})
	s, entity := w.states.Load().List()[0], []byte("\x01\x01u")
	rows := w.store.rows[w.store.name(online.State(s.ID), entity)][s.Bucket(noon-hour)]
	decoded := online.Rows{}
	live, err := newLiveState(s)
	if err == nil {
		err = live.layout.Decode(&decoded, rows)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(2) {
		if row := w.row(p, asking{users: []string{"u"}})[0]; row[0].Int != 1+i {
			t.Errorf("%d events, want %d", row[0].Int, 1+i)
		}
		h := online.Head{Seq: -1 - i, Tau: noon - hour, Alpha: noon - hour, Hash: uint64(7 + i)}
		w.apply(s, entity, s.Bucket(h.Tau), live.layout.AppendRow(nil, h, nil, decoded.Columns, 0))
	}
	if row := w.row(p, asking{users: []string{"u"}})[0]; row[0].Int != 3 {
		t.Errorf("%d events, want 3", row[0].Int)
	}
}

func TestRetractions(t *testing.T) {
	w := newWorld(t, definitions, 0)
	p := w.prepare("counts")
	w.push(noon-3*hour, event{"u", 1, 1, noon - 3*hour}, event{"u", 1, 10, noon - 3*hour})
	cuts := []Cut{*w.cut.Load()}
	see := func(what string, at Cut, count int64, total float64) {
		t.Helper()
		row := w.row(p, asking{users: []string{"u"}, cut: &at})[0]
		if row[0].Int != count || !sameFloat(row[1], total) {
			t.Errorf("%s: %d events, %v, want %d, %v", what, row[0].Int, row[1].Float, count, total)
		}
	}
	see("before", cuts[0], 2, 11)
	s, entity := w.states.Load().List()[0], []byte("\x01\x01u")
	retract := func(target int64) {
		cut := *w.cut.Load()
		alpha := cut.Alpha + hour
		w.apply(s, entity, s.Bucket(noon-3*hour), online.AppendRetraction(nil, target, cut.Offset, alpha))
		w.cut.Store(&Cut{Offset: cut.Offset + 1, Alpha: alpha})
		cuts = append(cuts, *w.cut.Load())
	}
	retract(0)
	see("after the first", cuts[1], 1, 10)
	see("at the cut before", cuts[0], 2, 11)
	if n := w.store.reads.Load(); n != 1 {
		t.Errorf("the store was read %d times", n)
	}
	retract(77) // of a row that is not here
	see("after one of a stranger", cuts[2], 1, 10)
	w.reader.forget(s, entity)
	see("from the store", cuts[2], 1, 10)
	see("from the store, the cut before", cuts[0], 2, 11)
	if row := w.row(p, asking{users: []string{"u"}, at: cuts[1].Alpha - 1, past: true})[0]; row[0].Int != 2 {
		t.Errorf("as of the moment before: %d events", row[0].Int)
	}
	if row := w.row(p, asking{users: []string{"u"}, at: cuts[1].Alpha, past: true})[0]; row[0].Int != 1 {
		t.Errorf("as of the moment: %d events", row[0].Int)
	}
}

func TestTooMuchWaits(t *testing.T) {
	w := newWorld(t, definitions, 0)
	p := w.prepare("counts")
	w.row(p, asking{users: []string{"u"}})
	for i := range int64(200) {
		w.push(noon-hour+i, event{"u", 1, 1, noon - hour})
	}
	if row := w.row(p, asking{users: []string{"u"}})[0]; row[0].Int != 200 {
		t.Errorf("%d events, want 200", row[0].Int)
	}
	if n := w.store.reads.Load(); n != 2 {
		t.Errorf("the store was read %d times, want 2: what waits for a reader is bounded", n)
	}
}

// TestEviction fills the cache to many times its size.
func TestEviction(t *testing.T) {
	const limit = 96 << 10
	w := newWorld(t, definitions, limit)
	p := w.prepare("counts")
	rng := rand.New(rand.NewPCG(1, 2))
	counts := map[string]int64{}
	for i := range int64(4000) {
		user := fmt.Sprint("u", rng.IntN(300))
		if rng.IntN(3) == 0 {
			w.push(noon-hour+i, event{user, 1, 1, noon - hour})
			counts[user]++
		}
		user = fmt.Sprint("u", rng.IntN(300))
		if row := w.row(p, asking{users: []string{user, "u0"}})[0]; row[0].Int != counts[user] {
			t.Fatalf("step %d, %s: %d events, want %d", i, user, row[0].Int, counts[user])
		}
	}
	stats := w.reader.CacheStats()
	if stats.Bytes > limit || stats.Bytes < limit/2 || stats.Entries < 10 {
		t.Errorf("the cache holds %+v, its limit is %d", stats, limit)
	}
	if stats.Hits < 4000 { // u0 alone is read each time
		t.Errorf("what is read all the time is driven out: %+v", stats)
	}
	w.states.Store(plan.NewStates(nil))
	if _, err := w.reader.current(); err != nil {
		t.Fatal(err)
	}
	if stats := w.reader.CacheStats(); stats.Entries != 0 || stats.Bytes != 0 {
		t.Errorf("without a live state the cache holds %+v", stats)
	}
}

// TestGuest reads entities that are larger than the cache: the one that was read last stays.
func TestGuest(t *testing.T) {
	const limit = 16 << 10
	w := newWorld(t, definitions, limit)
	p := w.prepare("counts")
	const events = 1000
	for i := range int64(events) {
		for _, user := range []string{"big", "huge", "u"} {
			if user != "u" || i == 0 {
				w.push(noon-hour, event{user, 1, 1, noon - hour - i})
			}
		}
	}
	for _, step := range []struct {
		user  string
		reads int64 // of the store, from the beginning
	}{{"u", 1}, {"big", 2}, {"big", 2}, {"u", 2}, {"huge", 3}, {"huge", 3}, {"u", 3}, {"big", 4}, {"huge", 5}} {
		row := w.row(p, asking{users: []string{step.user}})[0]
		if want := map[string]int64{"u": 1, "big": events, "huge": events}[step.user]; row[0].Int != want {
			t.Errorf("%s: %d events, want %d", step.user, row[0].Int, want)
		}
		if n := w.store.reads.Load(); n != step.reads {
			t.Errorf("%s: the store was read %d times, want %d", step.user, n, step.reads)
		}
	}
	if stats := w.reader.CacheStats(); stats.Entries != 2 || stats.Bytes < 2*limit {
		t.Errorf("the cache holds %+v, want one user and one guest", stats)
	}
	w.states.Store(plan.NewStates(nil))
	if _, err := w.reader.current(); err != nil {
		t.Fatal(err)
	}
	if stats := w.reader.CacheStats(); stats.Entries != 0 || stats.Bytes != 0 {
		t.Errorf("without a live state the cache holds %+v", stats)
	}
}

// TestChangedStates swaps the live states for others of the same number: entities decoded for the old ones are of no use.
func TestChangedStates(t *testing.T) {
	w := newWorld(t, definitions, 0)
	p := w.prepare("counts")
	w.push(noon-hour, event{"u", 1, 1, noon - hour})
	w.row(p, asking{users: []string{"u"}})
	var list []*plan.State
	for _, s := range w.states.Load().List() {
		same := *s
		list = append(list, &same)
	}
	w.states.Store(plan.NewStates(list))
	w.push(noon-1, event{"u", 1, 1, noon - 1})
	for range 2 {
		if row := w.row(p, asking{users: []string{"u"}})[0]; row[0].Int != 2 {
			t.Errorf("%d events, want 2", row[0].Int)
		}
	}
	if n := w.store.reads.Load(); n != 2 {
		t.Errorf("the store was read %d times, want 2", n)
	}
}

// TestRaces has one writer push and many readers look, with a cache too small for all: whatever a reader pins, it sees exactly that.
func TestRaces(t *testing.T) {
	for _, limit := range []int64{0, 24 << 10, -1} {
		t.Run(fmt.Sprint("cache ", limit), func(t *testing.T) {
			w := newWorld(t, definitions, limit)
			p := w.prepare("counts")
			const users, events = 8, 1500
			var seen [users][]int64 // offsets of each user's events, in order
			var mu sync.Mutex
			var done atomic.Bool
			var wg sync.WaitGroup
			for r := range 4 {
				wg.Go(func() {
					rng := rand.New(rand.NewPCG(uint64(r), 7))
					var last [users]int64
					for !done.Load() || last[0] == 0 {
						u := rng.IntN(users)
						cut := *w.cut.Load()
						res, err := w.ask(p, asking{users: []string{fmt.Sprint("u", u)}, at: noon, cut: &cut})
						if err != nil {
							t.Error(err)
							return
						}
						got, total := res.Columns[0].Ints[0], res.Columns[1].Value(0)
						res.Release()
						mu.Lock()
						want := int64(0)
						for _, o := range seen[u] {
							if o < cut.Offset {
								want++
							}
						}
						mu.Unlock()
						if got != want || want > 0 && !sameFloat(total, float64(want)) {
							t.Errorf("user %d at cut %d: %d events, %v, want %d", u, cut.Offset, got, total, want)
							return
						}
						if got < last[u] {
							t.Errorf("user %d: %d events after %d", u, got, last[u])
							return
						}
						last[u] = got
					}
				})
			}
			rng := rand.New(rand.NewPCG(9, 9))
			for i := range int64(events) {
				u := rng.IntN(users)
				if i == 0 {
					u = 0
				}
				mu.Lock()
				seen[u] = append(seen[u], i)
				mu.Unlock()
				w.push(noon-hour+i, event{fmt.Sprint("u", u), 1, 1, noon - hour - int64(rng.IntN(1000))})
			}
			done.Store(true)
			wg.Wait()
			if stats := w.reader.CacheStats(); limit < 0 && stats.Entries+stats.Bytes != 0 {
				t.Errorf("a cache that is off holds %+v", stats)
			}
		})
	}
}

func TestKeySet(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var k keySet
	for range 400 {
		rows := 1 + rng.IntN(40)
		users := make([]string, rows)
		c := column.New(selfsame.Scalar(selfsame.String), rows)
		distinct := map[string]bool{}
		for i := range users {
			users[i] = []string{"", "a", "aa", "b", fmt.Sprint("u", rng.IntN(50))}[rng.IntN(5)]
			distinct[users[i]] = true
			if users[i] == "" {
				c.AppendStatus(selfsame.Null)
			} else {
				c.AppendBytes([]byte(users[i]))
			}
		}
		k.fill([]*column.Column{c}, rows, false)
		for i, u := range users {
			e := int(k.rowOf[i])
			if u == "" {
				if e != k.nobody {
					t.Fatalf("a null is entity %d, nobody is %d", e, k.nobody)
				}
			} else if got, want := string(k.entity(e)), "\x01"+string(rune(len(u)))+u; got != want {
				t.Fatalf("row %d asks about %q, want %q", i, got, want)
			}
		}
		if k.count() != len(distinct) || k.plain != (len(distinct) == rows) {
			t.Fatalf("%d entities, plain %v, of %q", k.count(), k.plain, users)
		}
	}
}

// TestWarm loads what another reader had read, so that the first reads of the next process find it.
func TestWarm(t *testing.T) {
	w := newWorld(t, definitions, 0)
	p := w.prepare("counts")
	for i := range 20 {
		w.push(noon-hour+int64(i), event{fmt.Sprint("u", i), 1, 1, noon - hour})
	}
	w.row(p, asking{users: []string{"u3", "u7"}})
	recent := w.reader.Recent(10)
	if len(recent) != 2 || len(w.reader.Recent(1)) != 1 {
		t.Fatalf("recent: %v", recent)
	}
	w.reader = New(w.store, w.states.Load, Options{})
	recent = append(recent, Entity{State: 999, Key: []byte("gone")})
	if n, err := w.reader.Warm(t.Context(), recent); err != nil || n != 2 {
		t.Fatalf("%d entities were loaded, %v", n, err)
	}
	w.push(noon-1, event{"u3", 1, 1, noon - 1})
	reads := w.store.reads.Load()
	row := w.row(p, asking{users: []string{"u3", "u7"}})
	if row[0][0].Int != 2 || row[1][0].Int != 1 || w.store.reads.Load() != reads {
		t.Errorf("got %d and %d after %d reads of the store, want 2 and 1 after none", row[0][0].Int, row[1][0].Int, w.store.reads.Load()-reads)
	}
}
