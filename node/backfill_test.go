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
	"testing"

	"selfsame"
	"selfsame/api"
	"selfsame/batch"
	"selfsame/plan"
	"selfsame/source"
)

// TestBackfillAtEveryCut: wherever in the log a backfill happens, the answers after the rest of the log are the same, and those of batch.
func TestBackfillAtEveryCut(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 4))
			files, events := bankFiles(r), bankEvents(r, 7)
			want := ""
			for cut := range len(events) + 1 {
				w := newLiveWorld(t, bank, files)
				w.pushAll(events[:cut])
				w.must("backfill", &LoadArgs{})
				w.pushAll(events[cut:])
				got, a := w.ask(nil)
				if want == "" {
					want = got
				}
				if got != want || a.Stale {
					t.Errorf("a backfill before event %d gives (stale %v)\n%swant\n%s", cut, a.Stale, got, want)
				}
				w.close()
				if t.Failed() {
					t.Fatalf("cut %d events %v\nfiles %v", cut, events, files)
				}
			}
		})
	}
}

// TestBackfillOfATrimmedLog: what the log has let go of comes from the archive.
func TestBackfillOfATrimmedLog(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 5))
			w := newLiveWorld(t, bank, bankFiles(r))
			w.pushAll(bankEvents(r, 6))
			w.must("backfill", &LoadArgs{})
			want, _ := w.ask(nil)
			if _, err := w.live.pin(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := w.live.log.Trim(t.Context(), 4); err != nil {
				t.Fatal(err)
			}
			if begin := w.live.log.Begin(); begin == 0 {
				t.Fatal("the log is whole")
			}
			w.must("backfill", &LoadArgs{})
			if got, _ := w.ask(nil); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			w.pushAll(bankEvents(r, 5))
			w.ask(nil)
		})
	}
}

// TestHistoryOutlivesChanges: states that an apply or a restart builds hold the history that is loaded, of the files of now where they changed.
func TestHistoryOutlivesChanges(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 6))
	w := newLiveWorld(t, bank, bankFiles(r))
	w.pushAll(bankEvents(r, 4))
	w.must("backfill", &LoadArgs{})
	_, first := w.ask(nil)
	apply := func(view string) {
		t.Helper()
		w.write("selfsame.yaml", strings.Replace(strings.Replace(bank, "services:", view+"\nservices:", 1), "[paid.*", "[paid.*, more.*", 1))
		if _, err := ApplyProject(t.Context(), w.live, &ChangeConfig{Project: w.project, Message: "more", Expect: -1}); err != nil {
			t.Fatal(err)
		}
	}
	apply("  more: {entity: user, source: pays, where: x > 2, features: {n: count(*) over lifetime}}")
	if _, a := w.ask(nil); a.Cut != first.Cut {
		t.Errorf("the cut is %s, was %s", a.Cut, first.Cut)
	}
	w.close()
	w.open()
	if _, a := w.ask(nil); a.Cut != first.Cut {
		t.Errorf("after a restart the cut is %s, was %s", a.Cut, first.Cut)
	}
	w.write("pays.csv", "k,x,id,at\na,7,n1,2024-02-20T00:00:00Z\nb,8,n2,2024-02-28T00:00:00Z\n")
	apply("  more: {entity: user, source: pays, where: x > 3, features: {n: count(*) over lifetime}}")
	if _, a := w.ask(nil); a.Cut == first.Cut {
		t.Error("the cut names files that are gone")
	}
	w.pushAll(bankEvents(r, 3))
	w.ask(nil)
}

// TestMissingHistory: a start without the files that a new state needs leaves that state out, says so, and a backfill mends it.
func TestMissingHistory(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 6))
	files := bankFiles(r)
	w := newLiveWorld(t, bank, files)
	w.must("backfill", &LoadArgs{})
	want, _ := w.ask(nil)
	w.write("pays.csv", "k,x,id\n")
	w.write("selfsame.yaml", strings.Replace(bank, "n: \"count(*) over [1d, 30d, lifetime]\"", "n: \"count(id) over [1d, 30d, lifetime]\"", 1))
	if _, err := ApplyProject(t.Context(), w.live, &ChangeConfig{Project: w.project, Message: "other", Expect: -1}); err == nil {
		t.Fatal("a file without its columns was loaded")
	}
	if got, _ := w.read(nil); got != want {
		t.Error("an apply that failed changed answers")
	}
	w.write("pays.csv", files["pays.csv"])
	w.must("materialize", &LoadArgs{})
	if got, want := w.live.snapshot.Load().Applied(), int64(3); got != want { // record 2 is the backfill
		t.Errorf("definitions %d are live, want %d", got, want)
	}
	w.write("pays.csv", "k,x,id\n")
	w.write("selfsame.yaml", strings.Replace(bank, "n: \"count(*) over [1d, 30d, lifetime]\"", "n: \"count(at) over [1d, 30d, lifetime]\"", 1))
	if _, err := ApplyProject(t.Context(), w.live, &ChangeConfig{Project: w.project, Message: "back", Expect: -1}); err == nil {
		t.Fatal("a file without its columns was loaded")
	}
	w.close()
	w.open()
	if _, err := w.live.Features(t.Context(), &api.Question{Service: "all", Rows: askedFor()}); selfsame.ClassOf(err) != selfsame.ClassNotFound {
		t.Errorf("a state that is not built: %v", err)
	}
	w.write("pays.csv", files["pays.csv"])
	w.must("backfill", &LoadArgs{})
	if got, _ := w.ask(nil); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestMovedFiles: versions of a feature that were applied when the files stood elsewhere read them where they are.
func TestMovedFiles(t *testing.T) {
	text := `project: moved
entities: {user: {key: {k: string}}}
sources:
  rows:
    schema: {k: string, x: int64, at: timestamp}
    event_time: at
    batch: {path: PATH}
views:
  sums: {entity: user, source: rows, where: "x > LEAST", features: {s: sum(x)}}
services: {all: {features: [SERVED]}}
`
	define := strings.NewReplacer("PATH", "before.csv", "LEAST", "1", "SERVED", "sums.s").Replace(text)
	rows := "k,x,at\na,1,2024-02-01\na,2,2024-02-02\nb,3,2024-02-02\n"
	w := newLiveWorld(t, define, map[string]string{"before.csv": rows})
	w.must("backfill", &LoadArgs{})
	_, first := w.ask(nil)
	if err := os.Rename(filepath.Join(w.project, "before.csv"), filepath.Join(w.project, "after.csv")); err != nil {
		t.Fatal(err)
	}
	w.write("selfsame.yaml", strings.NewReplacer("PATH", "after.csv", "LEAST", "2", "SERVED", "sums.s, {feature: sums.s@1, as: old}").Replace(text))
	if _, err := ApplyProject(t.Context(), w.live, &ChangeConfig{Project: w.project, Message: "moved", Expect: -1}); err != nil {
		t.Fatal(err)
	}
	w.must("backfill", &LoadArgs{})
	bits, second := w.ask(nil)
	if want := "a null:00 present:010000000000000002\nb present:010000000000000003 present:010000000000000003\n"; !strings.HasPrefix(bits, want) {
		t.Errorf("got\n%swant\n%s", bits, want)
	}
	if first.Cut == second.Cut {
		t.Error("the files have another name, and the cut is the same")
	}
}

// TestFilesThatCameLater: what was served before a file came can be made again beside it; once a file is gone or other, it cannot.
func TestFilesThatCameLater(t *testing.T) {
	text := `project: daily
entities: {user: {key: {k: string}}}
sources:
  rows:
    schema: {k: string, id: string, x: int64, at: timestamp}
    event_time: at
    id: id
    batch: {path: rows}
views:
  sums: {entity: user, source: rows, features: {s: sum(x), n: count(*)}}
services: {all: {features: [sums.*]}}
`
	w := newLiveWorld(t, text, nil)
	if err := os.Mkdir(filepath.Join(w.project, "rows"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.write("rows/b.csv", "k,id,x,at\na,1,1,2024-02-01\na,2,2,2024-02-02\n")
	w.must("backfill", &LoadArgs{})
	before, first := w.ask(nil)
	w.write("rows/a.csv", "k,id,x,at\na,1,10,2024-02-01\nb,3,3,2024-02-02\n") // its copy of 1 comes first
	w.must("backfill", &LoadArgs{})
	if after, _ := w.ask(nil); after == before {
		t.Error("the new file has no effect")
	}
	if got := bitsOf(w.again(first, false)); got != before {
		t.Errorf("what was served before is now\n%swas\n%s", got, before)
	}
	w.write("rows/b.csv", "k,id,x,at\na,1,1,2024-02-01\na,2,3,2024-02-02\n")
	h := NewHistoryAtHand(w.data, w.project, w.live.snapshot.Load().Project())
	if cut, err := h.Cut(first.Cut); err != nil || cut.Snapshot == here {
		t.Errorf("the cut of a file that has changed: %+v, %v", cut, err)
	}
	for source, want := range map[string]bool{"rows": false, "others": true} { // who reads others alone needs no file of rows
		if cut, err := h.CutOf(first.Cut, func(name string) bool { return name == source }); err != nil || cut.Snapshot == here != want {
			t.Errorf("the cut of a file that has changed, for who reads %s: %+v, %v", source, cut, err)
		}
	}
}

// TestReadsDuringBackfills: every answer, whatever is switched while it is made, is that of its token.
func TestReadsDuringBackfills(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 6))
	w := newLiveWorld(t, bank, bankFiles(r))
	w.pushAll(bankEvents(r, 5))
	done := make(chan error, 1)
	go func() {
		var err error
		for range 5 {
			err = errors.Join(err, w.live.Do(context.WithoutCancel(t.Context()), "backfill", []byte("{}"), func([]byte) error { return nil }))
		}
		done <- err
	}()
	for {
		w.ask(nil)
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}

const day = selfsame.DayLength

func instant(days int64) *int64 {
	at := bankStart + days*day
	return &at
}

// TestMaterializeInParts: ranges in any order and again; answers say stale until the whole is loaded, and are those of their token all along.
func TestMaterializeInParts(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 7))
			w := newLiveWorld(t, bank, bankFiles(r))
			w.pushAll(bankEvents(r, 3))
			for i, step := range []struct {
				args    LoadArgs
				partial bool
				nothing bool
			}{
				{args: LoadArgs{Views: []string{"home", "last_pay"}, Start: instant(-8), End: instant(-5)}, partial: true},
				{args: LoadArgs{Views: []string{"home", "last_pay"}, Start: instant(-10), End: instant(-8)}, partial: true},
				{args: LoadArgs{Views: []string{"home", "last_pay"}, Start: instant(-10), End: instant(-5)}, partial: true, nothing: true},
				{args: LoadArgs{Views: []string{"home", "last_pay"}, Incremental: true}, partial: true},
				{args: LoadArgs{}},
				{args: LoadArgs{Incremental: true}, nothing: true},
			} {
				done := w.must("materialize", &step.args)
				_, a := w.ask(nil)
				if !a.Stale || done.Partial != step.partial || done.Nothing != step.nothing { // stale: of one source nothing is loaded yet
					t.Errorf("step %d: stale %v, did %+v", i, a.Stale, done)
				}
				w.pushAll(bankEvents(r, 1))
			}
			whole, _ := w.ask(nil)
			w.must("backfill", &LoadArgs{Views: []string{"paid", "owned", "place"}})
			if got, _ := w.ask(nil); got != whole {
				t.Errorf("a backfill gives\n%safter materialize\n%s", got, whole)
			}
			w.must("backfill", &LoadArgs{})
			if _, a := w.ask(nil); a.Stale {
				t.Error("all history is loaded, and the answer says stale")
			}
		})
	}
}

// TestExpectationsBlock: values that a feature does not expect are not published.
func TestExpectationsBlock(t *testing.T) {
	files := map[string]string{"rows.csv": "k,x,at\na,1,2024-02-28T00:00:00Z\nb,1000,2024-02-28T00:00:00Z\nc,1001,2024-02-28T00:00:00Z\n"}
	project := `project: bounds
entities: {user: {key: {k: string}}}
sources:
  rows:
    schema: {k: string, x: int64, at: timestamp}
    event_time: at
    batch: {path: rows.csv}
views:
  newest: {entity: user, source: rows, features: {x: {value: x, expect: {min: 2, max: 1000, on_failure: ACTION}}}}
  asks: # what takes its value from the row that asks has none to look at
    entity: user
    source: rows
    features:
      n: {value: count(*) over 1d, expect: {max: 5}}
      own: {value: sum(x) over 1d with request, expect: {max: 5}}
      far: {value: count(*) over back up to 1d, expect: {max: 5}}
services: {all: {features: [newest.x]}}
`
	w := newLiveWorld(t, strings.Replace(project, "ACTION", "block", 1), files)
	before, _ := w.ask(nil)
	_, _, err := w.do("backfill", &LoadArgs{})
	if selfsame.ClassOf(err) != selfsame.ClassExpectation || !strings.Contains(err.Error(), "1 values are above the declared maximum 1000") || !strings.Contains(err.Error(), "1 values are below") {
		t.Errorf("error %v", err)
	}
	if after, a := w.ask(nil); after != before || !a.Stale {
		t.Errorf("what was refused is live: %s", after)
	}
	w.close()
	w = newLiveWorld(t, strings.Replace(project, "ACTION", "warn", 1), files)
	notes, done, err := w.do("backfill", &LoadArgs{})
	if err != nil || len(notes) != 2 || done.Views[0].Rows != 3 {
		t.Errorf("notes %q, %+v, %v", notes, done, err)
	}
	w.ask(nil)
}

// TestExpectationsOfASeason: entities are asked for the season that is now, each once, however many seasons they have events of.
func TestExpectationsOfASeason(t *testing.T) {
	rows := "k,x,at\nb,1,2024-02-28T00:10:00Z\nc,,2024-02-28T00:10:00Z\n"
	for hour := 1; hour < 10; hour++ {
		rows += fmt.Sprintf("a,1,2024-02-28T0%d:00:00Z\n", hour)
	}
	for limit, blocked := range map[string]bool{"60%": false, "40%": true} {
		w := newLiveWorld(t, `project: seasons
entities: {user: {key: {k: string}}}
sources:
  rows:
    schema: {k: string, x: int64, at: timestamp}
    event_time: at
    batch: {path: rows.csv}
views:
  usual: {entity: user, source: rows, season: hour(now()), features: {s: {value: sum(x) over 8w, expect: {nulls: `+limit+`, on_failure: block}}}}
services: {all: {features: [usual.s]}}
`, map[string]string{"rows.csv": rows})
		if _, _, err := w.do("backfill", &LoadArgs{}); (selfsame.ClassOf(err) == selfsame.ClassExpectation) != blocked || !blocked && err != nil {
			t.Errorf("at most %s of nulls, where one of two has none: %v", limit, err)
		}
		w.close()
	}
}

// TestRefusedLoads: each thing that cannot be loaded is named, and nothing changes.
func TestRefusedLoads(t *testing.T) {
	files := bankFiles(rand.New(rand.NewPCG(4, 6)))
	files["places.csv"] = "k,x\na,1\nb,2\na,3\n"
	w := newLiveWorld(t, bank, files)
	for _, c := range []struct {
		verb string
		args LoadArgs
		want string
	}{
		{"backfill", LoadArgs{Views: []string{"place"}}, "a"},
		{"backfill", LoadArgs{Views: []string{"paidd"}}, "did you mean paid?"},
		{"backfill", LoadArgs{Views: []string{"tapped"}}, "no history files"},
		{"backfill", LoadArgs{Incremental: true}, "selfsame materialize"},
		{"materialize", LoadArgs{Views: []string{"paid"}}, "selfsame backfill paid"},
		{"materialize", LoadArgs{Start: instant(0), End: instant(0)}, "not after --start"},
		{"materialize", LoadArgs{Start: instant(0), Incremental: true}, "leave --start out"},
	} {
		_, _, err := w.do(c.verb, &c.args)
		if err == nil || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s %+v: %v, want %q", c.verb, c.args, err, c.want)
		}
	}
	if text := w.live.driver.History(); text != "" {
		t.Errorf("history %s", text)
	}
	w.write("places.csv", "k,x\na,1\nb,2\n")
	w.must("materialize", &LoadArgs{Views: []string{"place"}})
	one, _ := w.ask(nil)
	w.write("places.csv", "k,x\na,5\n")
	w.must("materialize", &LoadArgs{Views: []string{"place"}})
	if two, _ := w.ask(nil); two == one {
		t.Error("the table of before is still there")
	}
}

// TestExpiredInBulk: where every row is older than the ttl, one line says what to do.
func TestExpiredInBulk(t *testing.T) {
	w := newLiveWorld(t, `project: hour
entities: {user: {key: {k: string}}}
sources:
  stats:
    schema: {k: string, n: int64, at: timestamp}
    event_time: at
    batch: {path: stats.csv}
views:
  totals: {entity: user, source: stats, ttl: 1d, features: [n]}
services: {all: {features: [totals.n]}}
`, map[string]string{"stats.csv": "k,n,at\na,10,2024-01-01\na,12,2024-01-15\n"})
	notes, _, err := w.do("materialize", &LoadArgs{})
	want := "view totals: every row is expired: newest row 2024-01-15T00:00:00Z, age 46d, ttl 1d; ttl: 46d would cover it"
	if err != nil || len(notes) != 1 || notes[0] != want {
		t.Errorf("got %q, %v, want %q", notes, err, want)
	}
	w.ask(nil)
}

// TestStoppedBackfill: a backfill that is stopped leaves everything as it was, and can be run again.
func TestStoppedBackfill(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	w := newLiveWorld(t, bank, bankFiles(r))
	w.pushAll(bankEvents(r, 3))
	before, _ := w.ask(nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.live.Do(ctx, "backfill", []byte("{}"), func([]byte) error { return nil }); err == nil {
		t.Error("a canceled backfill went on")
	}
	if after, _ := w.ask(nil); after != before {
		t.Errorf("got\n%swant\n%s", after, before)
	}
	w.must("backfill", &LoadArgs{})
	whole, _ := w.ask(nil)
	w.live.giveUp() // as when the server is told to stop
	if _, _, err := w.do("backfill", &LoadArgs{}); selfsame.ClassOf(err) != selfsame.ClassCanceled {
		t.Errorf("a server that stops loads history: %v", err)
	}
	w.close()
	w.open()
	if again, _ := w.ask(nil); again != whole {
		t.Errorf("got\n%swant\n%s", again, whole)
	}
}

// TestCountsOfLoads: what became of each row is told as train tells it.
func TestCountsOfLoads(t *testing.T) {
	text := strings.Replace(bank, "{n: \"count(*) over [1d, 30d, lifetime]\", s: sum(x) over 7d,", "{n: \"count(*) over [1d, 30d, lifetime]\", s: sum(cast(id as int64)) over lifetime,", 1)
	files := bankFiles(rand.New(rand.NewPCG(6, 6)))
	files["pays.csv"] += ",1,q1,2024-02-01T00:00:00Z\na,1,q2,\nb,2,q3,2024-02-01T00:00:00Z\nb,2,q3,2024-02-01T00:00:00Z\nb,3,q3,2024-02-01T00:00:00Z\nb,3,q3,2024-02-02T00:00:00Z\n"
	w := newLiveWorld(t, text, files)
	got := w.must("backfill", &LoadArgs{}).Sources
	p, err := plan.Build(w.live.snapshot.Load().Project(), plan.Request{Service: "all"})
	if err != nil {
		t.Fatal(err)
	}
	req := batch.Request{Plan: p, Mode: batch.Mode{Final: true}, Tables: map[string]*source.Table{}, Rows: &batch.EntityRows{Batch: askedFor()}}
	for range keys {
		req.Rows.At = append(req.Rows.At, bankStart)
	}
	for _, s := range p.Sources() {
		if s.Batch != nil {
			if req.Tables[s.Name], err = openSource(t.Context(), w.project, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	res, err := batch.Run(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, want := range res.Sources {
		for _, have := range got {
			if have.Name != want.Name {
				continue
			}
			seen++
			a, errA := json.Marshal(want)
			b, errB := json.Marshal(have)
			if errA != nil || errB != nil || string(a) != string(b) {
				t.Errorf("loaded %s\n train %s", b, a)
			}
		}
	}
	if seen != 4 {
		t.Errorf("%d sources were loaded, want 4: %+v", seen, got)
	}
}

// TestExpectationsOfManyEntities: the look at the values ends, however many entities there are.
func TestExpectationsOfManyEntities(t *testing.T) {
	rows := []string{"k,x,at"}
	for i := range 3000 {
		rows = append(rows, fmt.Sprintf("k%d,%d,2024-02-28T00:00:00Z", i, i%7))
	}
	w := newLiveWorld(t, `project: many
entities: {user: {key: {k: string}}}
sources:
  rows:
    schema: {k: string, x: int64, at: timestamp}
    event_time: at
    batch: {path: rows.csv}
views:
  newest: {entity: user, source: rows, features: {x: {value: x, expect: {max: 5, on_failure: warn}}}}
services: {all: {features: [newest.x]}}
`, map[string]string{"rows.csv": strings.Join(rows, "\n") + "\n"})
	notes, _, err := w.do("backfill", &LoadArgs{})
	if want := "newest__x: 428 values are above the declared maximum 5"; err != nil || len(notes) != 1 || notes[0] != want {
		t.Errorf("notes %q, %v, want %q", notes, err, want)
	}
}
