// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/plan"
)

func inputOf(b *column.Batch) *expr.Input {
	columns := append(append([]*column.Column(nil), b.Columns...), nil)
	return &expr.Input{Columns: columns, Rows: b.Rows}
}

func TestRead(t *testing.T) {
	for _, cache := range []int64{0, -1, 1} {
		t.Run(fmt.Sprint("cache ", cache), func(t *testing.T) { testRead(t, cache) })
	}
}

func testRead(t *testing.T, cache int64) {
	w := newWorld(t, definitions, cache)
	w.push(noon-3*day, event{"u", 1, 10, noon - 3*day})
	w.push(noon-2*hour, event{"u", 1, 0.5, noon - 2*hour}, event{"v", 2, 7, noon - 2*hour})
	w.push(noon-1, event{"u", 2, 4, noon - 1})
	p := w.prepare("all")
	for range 2 { // cold, then from the cache
		rows := w.row(p, asking{users: []string{"u", "v", "", "u", "nobody"}, n: 1, x: 29})
		for name, want := range map[string][]string{
			"spend__n":          {"3", "1", "0", "3", "0"},
			"spend__total":      {"14.5", "7", "null", "14.5", "null"},
			"spend__week_7d":    {"14.5", "7", "null", "14.5", "null"},
			"spend__week_1d":    {"4.5", "7", "null", "4.5", "null"},
			"spend__top":        {"10", "7", "-1", "10", "-1"},
			"both__n":           {"2", "0", "0", "2", "0"},
			"world__n":          {"4", "4", "4", "4", "4"},
			"last_seen__x":      {"4", "7", "not_found", "4", "not_found"},
			"last_seen__double": {"8", "14", "not_found", "8", "not_found"},
			"slow__n":           {"2", "1", "0", "2", "0"},
			"ratio__share":      {"2", "4.142857142857143", "null", "2", "null"},
			"ratio__again":      {"none", "none", "none", "none", "none"},
		} {
			for i := range rows {
				if got := show(named(t, p, rows[i], name)); got != want[i] {
					t.Errorf("row %d, %s: got %s, want %s", i, name, got, want[i])
				}
			}
		}
	}
	// spend and slow are two views of one state; the world, three users and three pairs are asked about in each.
	if stats := w.reader.CacheStats(); cache == 0 && (stats.Misses != 10 || stats.Hits != 16 || stats.Entries != 10 || stats.Bytes < 10*entryCost) {
		t.Errorf("%+v, want 10 misses, and 16 hits", stats)
	}
}

func show(v selfsame.Value) string {
	switch {
	case v.Status != selfsame.Present:
		return v.Status.String()
	case v.Type.Kind == selfsame.Float64:
		return fmt.Sprint(v.Float)
	case v.Type.Kind == selfsame.String:
		return v.Str
	}
	return fmt.Sprint(v.Int)
}

// TestCut asks about earlier cuts and earlier times while later events are known to store and cache.
func TestCut(t *testing.T) {
	w := newWorld(t, definitions, 0)
	cuts := []Cut{*w.cut.Load()}
	for i := range int64(5) { // each comes an hour after it happened
		at := noon + i*hour
		w.push(at+hour, event{"u", i, 1, at})
		cuts = append(cuts, *w.cut.Load())
	}
	p := w.prepare("all")
	end := noon + 10*hour
	for i, cut := range cuts {
		row := w.row(p, asking{users: []string{"u"}, at: end, cut: &cut})[0]
		if got := named(t, p, row, "spend__n"); got.Int != int64(i) {
			t.Errorf("cut %d: %d events, want %d", i, got.Int, i)
		}
	}
	// As of T nothing is known that came later, whatever the position.
	for i := range int64(7) {
		row := w.row(p, asking{users: []string{"u"}, at: noon + i*hour, past: true})[0]
		if got, want := named(t, p, row, "spend__n").Int, min(i, 5); got != want {
			t.Errorf("as of %d hours: %d events, want %d", i, got, want)
		}
		if got, want := named(t, p, row, "slow__n").Int, min(max(i-1, 0), 5); got != want {
			t.Errorf("as of %d hours with a lag of one: %d events, want %d", i, got, want)
		}
	}
	// A lag counts by α, and the position still cuts.
	row := w.row(p, asking{users: []string{"u"}, at: end, cut: &cuts[2]})[0]
	if got := named(t, p, row, "slow__n").Int; got != 2 {
		t.Errorf("a lag at an earlier cut: %d events, want 2", got)
	}
}

func TestEventTimes(t *testing.T) {
	w := newWorld(t, definitions, 0)
	w.push(noon-2*day, event{"u", 1, 1, noon - 2*day})
	p := w.prepare("all")
	for range 2 {
		res, err := w.ask(p, asking{users: []string{"u", "v", "u"}, at: noon, times: true})
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range p.plan.Outputs {
			got := res.EventTimes[i]
			switch {
			case o.View.Kind == selfsame.OnDemandView:
				if got != nil {
					t.Errorf("%s is on demand and has event times %v", o.Name, got)
				}
			case o.Name == "spend__week_1d" || o.Name == "both__n":
				if len(got) != 3 || got[0] != selfsame.MinTime || got[1] != selfsame.MinTime {
					t.Errorf("%s: event times %v, want none", o.Name, got)
				}
			default:
				v := int64(selfsame.MinTime)
				if o.Name == "world__n" {
					v = noon - 2*day
				}
				if len(got) != 3 || got[0] != noon-2*day || got[1] != v || got[2] != got[0] {
					t.Errorf("%s: event times %v", o.Name, got)
				}
			}
		}
		res.Release()
	}
}

func TestNotBuilt(t *testing.T) {
	w := newWorld(t, definitions, 0)
	all := w.states.Load().List()
	w.states.Store(stripped(all, "last_seen"))
	_, err := w.ask(w.prepare("all"), asking{users: []string{"u"}, at: noon})
	if selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "view last_seen: it has no online state") {
		t.Errorf("a view without a state: %v", err)
	}
	// A state of fewer cells.
	other := newWorld(t, strings.Replace(definitions, "top: {value: \"max(x) over 7d\", default: -1.0}", "", 1), 0)
	w.states.Store(other.states.Load())
	_, err = w.ask(w.prepare("all"), asking{users: []string{"u"}, at: noon})
	if selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "does not hold max(x) over 7d") {
		t.Errorf("a state without a cell: %v", err)
	}
	if _, err = w.ask(w.prepare("counts"), asking{users: []string{"u"}, at: noon}); err != nil {
		t.Errorf("what it holds can be read: %v", err)
	}
}

func TestStoreErrors(t *testing.T) {
	w := newWorld(t, definitions, 0)
	w.push(noon-1, event{"u", 1, 1, noon - 1})
	p := w.prepare("counts")
	w.store.fail = errors.New("the disk is gone")
	if _, err := w.ask(p, asking{users: []string{"u"}, at: noon}); !errors.Is(err, w.store.fail) {
		t.Errorf("got %v, want the store's error", err)
	}
	w.store.fail = nil
	if row := w.row(p, asking{users: []string{"u"}})[0]; row[0].Int != 1 {
		t.Errorf("after the store is back: %v", row)
	}
	w.reader.forget(w.states.Load().List()[0], []byte("\x01\x01u"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	q := &Query{Plan: p, Rows: 1, At: noon, Given: []*column.Column{{Type: selfsame.Scalar(selfsame.String), Offsets: []uint32{0, 1}, Bytes: []byte("u")}}}
	if _, err := w.reader.Read(ctx, q); selfsame.ClassOf(err) != selfsame.ClassCanceled {
		t.Errorf("a caller that is gone: %v", err)
	}
}

// stripped is a set of states without those of a view.
func stripped(all []*plan.State, view string) *plan.States {
	var out []*plan.State
	for _, s := range all {
		if s.Use.View.Name != view {
			out = append(out, s)
		}
	}
	return plan.NewStates(out)
}

func TestExpired(t *testing.T) {
	w := newWorld(t, definitions, 0)
	w.push(noon-3*day, event{"old", 1, 5, noon - 3*day})
	w.push(noon-hour, event{"new", 1, 6, noon - hour})
	p := w.prepare("all")
	q := func(expired bool) []string {
		users := column.New(selfsame.Scalar(selfsame.String), 0)
		for _, u := range []string{"old", "new", "none", "old"} {
			users.AppendBytes([]byte(u))
		}
		query := &Query{Plan: p, Rows: 4, At: noon, Cut: *w.cut.Load(), Expired: expired}
		for _, f := range p.plan.Requests {
			c := users
			if f.Name != "user_id" {
				c = column.New(f.Type, 0)
				for range 4 {
					c.AppendStatus(selfsame.Null)
				}
			}
			query.Given = append(query.Given, c)
		}
		res, err := w.reader.Read(context.Background(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Release()
		var out []string
		for i, o := range p.plan.Outputs {
			if o.View.Name != "last_seen" {
				continue
			}
			for row := range 4 {
				c := res.Columns[i]
				text := c.StatusAt(row).String()
				if s := c.StatusAt(row); s == selfsame.Present || expired && s == selfsame.Expired {
					text += fmt.Sprint(" ", c.Floats[row])
				}
				out = append(out, text)
			}
		}
		return out
	}
	if got, want := strings.Join(q(false), ", "), "expired, present 6, not_found, expired, expired, present 12, not_found, expired"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := strings.Join(q(true), ", "), "expired 5, present 6, not_found, expired 5, expired 10, present 12, not_found, expired 10"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestGrownEntities has one entity grow in the cache far beyond what it was.
func TestGrownEntities(t *testing.T) {
	w := newWorld(t, definitions, 0)
	p := w.prepare("counts")
	w.push(noon-hour, event{"u", 1, 1, noon - hour})
	for range 4 {
		w.row(p, asking{users: []string{"u"}})
	}
	for i := range int64(16_000) {
		w.push(noon-hour+i, event{"u", 1, 1, noon - hour})
		if i%5 == 0 {
			w.row(p, asking{users: []string{"u"}})
		}
	}
	if n := w.store.reads.Load(); n < 2 || n > 8 {
		t.Errorf("the store was read %d times: an entity that grows is loaded anew, and seldom", n)
	}
	if row := w.row(p, asking{users: []string{"u"}})[0]; row[0].Int != 16_001 {
		t.Errorf("%d events", row[0].Int)
	}
}
