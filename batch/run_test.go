// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/definition"
	"selfsame/plan"
	"selfsame/source"
	"selfsame/source/csv"
)

const world = `
project: p
entities:
  user: {key: {user_id: string}}
  pair: {key: {user_id: string, n: int64}}
  source: {key: {name: string}}
  day: {key: {name: string}}
sources:
  pays:
    schema: {id: string, user_id: string, n: int64, amount: float64, at: timestamp, seen: timestamp}
    event_time: at
    arrival: seen
    id: id
    lateness: 1d
    batch: {path: pays*.csv}
  refunds:
    schema: {user_id: string, at: timestamp}
    event_time: at
    batch: {path: refunds.csv}
  users:
    schema: {user_id: string, age: int64}
    batch: {path: users.csv}
views:
  spend:
    entity: user
    source: pays
    features: {total: sum(amount) over 7d, number: count(*), last: last(amount), three: "last(amount, 3)"}
  pairs: {entity: pair, source: pays, features: {mean: avg(amount) over 3d}}
  newest: {entity: user, source: pays, ttl: 2d, features: [amount, n]}
  user: {entity: user, source: users, features: [age]}
  everyone: {source: pays, features: {number: count(*) over 1d}}
  asked: {request: {limit: float64?}, features: {above: "spend.total > coalesce(limit, 100)"}}
  chosen: {entity: user, source: pays, features: {sum: sum(amount) over back up to 7d, both: "count(*) over [back up to 2d, ahead up to 3h]"}}
  by_chosen: {request: {back: string}, features: {twice: chosen.sum * 2}}
  by_source: {entity: source, source: [pays, refunds], key: {name: _source}, features: {number: count(*)}}
  hourly: {source: pays, season: "cast(hour(now()) as string)", features: {number: count(*)}}
  usual: {entity: user, source: pays, season: hour(now()), features: {number: count(*)}}
  daily: {entity: day, source: pays, key: {name: cast(date(at) as string)}, features: {number: count(*)}}
  today: {inputs: {day: {view: daily, key: {name: "cast(date(now()) as string)"}}}, features: {number: day.number}}
services:
  all: {features: [spend.*, pairs.*, newest.*, user.*, everyone.*, asked.*]}
`

func open(t *testing.T, files map[string]string) (string, *selfsame.Project, map[string]*source.Table) {
	t.Helper()
	dir := t.TempDir()
	files["refunds.csv"] = "user_id,at\nann,2023-12-01T00:00:00Z\n"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, err := definition.Parse(map[string][]byte{"selfsame.yaml": []byte(world)}, dir)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]*source.Table{}
	for _, s := range p.Sources {
		if tables[s.Name], err = source.Open(t.Context(), source.Spec{Name: s.Name, Dir: dir, Batch: *s.Batch, Schema: s.Schema, EventTime: s.EventTime}, map[string]source.Format{"csv": csv.New()}); err != nil {
			t.Fatal(err)
		}
	}
	return dir, p, tables
}

func planned(t *testing.T, p *selfsame.Project, r plan.Request) *plan.Plan {
	t.Helper()
	pl, err := plan.Build(p, r)
	if err != nil {
		t.Fatal(err)
	}
	return pl
}

func instant(micros int64) string { return selfsame.Instant(micros).String() }

const newYear = 1_704_067_200_000_000

// manyPays writes n payments into three files: copies, conflicts, late rows, null keys and null arrivals among them.
func manyPays(n int) map[string]string {
	rng := rand.New(rand.NewPCG(11, 12))
	files := map[string]*strings.Builder{}
	for i := range 3 {
		files[fmt.Sprintf("pays%d.csv", i)] = &strings.Builder{}
		files[fmt.Sprintf("pays%d.csv", i)].WriteString("id,user_id,n,amount,at,seen\n")
	}
	var lines []string
	for i := range n {
		at := int64(newYear) + rng.Int64N(20*24)*selfsame.Hour
		user, seen := fmt.Sprintf("u%d", rng.IntN(40)), instant(at+rng.Int64N(30)*selfsame.Hour)
		switch rng.IntN(20) {
		case 0:
			user = ""
		case 1:
			seen = ""
		}
		line := fmt.Sprintf("i%d,%s,%d,%d.25,%s,%s\n", i, user, rng.IntN(3), rng.IntN(100), instant(at), seen)
		if len(lines) > 0 && rng.IntN(10) == 0 {
			line = lines[rng.IntN(len(lines))] // a copy
			if rng.IntN(2) == 0 {
				line = strings.Replace(line, ".25,", ".75,", 1) // a conflict
			}
		}
		lines = append(lines, line)
		files[fmt.Sprintf("pays%d.csv", rng.IntN(3))].WriteString(line)
	}
	out := map[string]string{"users.csv": "user_id,age\nu1,30\nu2,40\nu3,\n"}
	for name, b := range files {
		out[name] = b.String()
	}
	return out
}

// questions asks n times, at the very moments of events and between them.
func questions(n int) *batch.EntityRows {
	rng := rand.New(rand.NewPCG(13, 14))
	b := column.NewBatch([]selfsame.Field{{Name: "user_id", Type: selfsame.Scalar(selfsame.String)}, {Name: "n", Type: selfsame.Scalar(selfsame.Int64)}}, n)
	rows := &batch.EntityRows{Batch: b}
	for range n {
		if rng.IntN(30) == 0 {
			b.Columns[0].AppendStatus(selfsame.Null)
		} else {
			b.Columns[0].AppendBytes(fmt.Appendf(nil, "u%d", rng.IntN(45)))
		}
		b.Columns[1].Append(selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: int64(rng.IntN(4))})
		rows.At = append(rows.At, newYear+rng.Int64N(25*24)*selfsame.Hour+rng.Int64N(3)-1)
	}
	b.Rows = n
	return rows
}

// outcome is everything that a run says: values, times of the newest events, counts.
type outcome struct {
	Sum             string
	Newest, Arrival [][]int64
	Sources         []batch.SourceCounts
	Seen            []int64
	Firsts          []int
}

func run(t *testing.T, req batch.Request) outcome {
	t.Helper()
	res, err := batch.Run(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	out := outcome{Sources: res.Sources, Seen: res.Seen, Newest: make([][]int64, len(req.Plan.Outputs)), Arrival: make([][]int64, len(req.Plan.Outputs))}
	var sum *batch.ValuesChecksum
	if err := res.Each(t.Context(), func(c *batch.Chunk) error {
		if sum == nil {
			sum = batch.NewValuesChecksum(c.Features.Fields)
		}
		sum.Add(c.Features.Columns)
		out.Firsts = append(out.Firsts, c.First)
		for i := range c.Newest {
			out.Newest[i], out.Arrival[i] = append(out.Newest[i], c.Newest[i]...), append(out.Arrival[i], c.Arrival[i]...)
		}
		return c.Features.Check()
	}); err != nil {
		t.Fatal(err)
	}
	out.Sum = sum.Sum()
	return out
}

// TestPhysicsDoNotShow runs one question with other threads and memory: values, details and counts are the same. Under -race it looks at the goroutines.
func TestPhysicsDoNotShow(t *testing.T) {
	_, p, tables := open(t, manyPays(6000))
	pl := planned(t, p, plan.Request{Service: "all"})
	rows := questions(batch.ChunkRows + 700)
	for _, mode := range []batch.Mode{{}, {Lag: selfsame.Hour}, {Final: true}, {Final: true, IncludeLate: true}} {
		var first outcome
		for i, o := range []batch.Options{{Threads: 1}, {Threads: 4}, {Threads: 3, Memory: 1 << 16, SpillDir: t.TempDir()}} {
			var done atomic.Int64
			o.Progress = func(s batch.Stage, n int64) {
				if s == batch.StageWrite {
					done.Add(n)
				}
			}
			got := run(t, batch.Request{Plan: pl, Rows: rows, Mode: mode, Tables: tables, Options: o})
			if done.Load() != int64(rows.Batch.Rows) || !slices.Equal(got.Firsts, []int{0, batch.ChunkRows}) {
				t.Errorf("%d rows written in chunks from %v", done.Load(), got.Firsts)
			}
			if i == 0 {
				first = got
				if c := got.Sources[0]; c.Duplicate == 0 || c.Conflict == 0 || c.Late == 0 || c.NullArrival == 0 || len(c.NoEntity) == 0 {
					t.Errorf("%s: the rows are too tame: %+v", mode, c)
				}
			} else if !reflect.DeepEqual(got, first) {
				t.Errorf("%s with %d threads and memory %d differs from one thread:\n%+v\n%+v", mode, o.Threads, o.Memory, got.Sources, first.Sources)
			}
		}
	}
}

// TestNoEventBeyondTheCut looks at every row's newest event: before T, known at the cut (P1).
func TestNoEventBeyondTheCut(t *testing.T) {
	_, p, tables := open(t, manyPays(3000))
	pl := planned(t, p, plan.Request{Service: "all"})
	rows := questions(2000)
	for range rows.At {
		rows.Cut = append(rows.Cut, rows.At[len(rows.Cut)]-int64(len(rows.Cut)%5)*selfsame.Hour)
	}
	got := run(t, batch.Request{Plan: pl, Rows: rows, Tables: tables, Options: batch.Options{Threads: 2}})
	used := 0
	for i, o := range pl.Outputs {
		for r, tau := range got.Newest[i] {
			if tau == selfsame.MinTime {
				continue
			}
			used++
			if tau > rows.At[r] || o.View.Kind == selfsame.WindowedView && tau == rows.At[r] || got.Arrival[i][r] > rows.Cut[r] {
				t.Fatalf("%s, row %d at %d with cut %d uses an event of %d known at %d", o.Name, r, rows.At[r], rows.Cut[r], tau, got.Arrival[i][r])
			}
		}
	}
	if used < 5000 {
		t.Errorf("only %d values used events", used)
	}
}

func TestStoppedRunsReturn(t *testing.T) {
	_, p, tables := open(t, manyPays(2000))
	pl := planned(t, p, plan.Request{Service: "all"})
	req := batch.Request{Plan: pl, Rows: questions(3 * batch.ChunkRows), Tables: tables, Options: batch.Options{Threads: 4}}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := batch.Run(canceled, req); err == nil {
		t.Error("a run that is stopped before it begins gives a result")
	}
	res, err := batch.Run(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	full := fmt.Errorf("disk full")
	if err := res.Each(t.Context(), func(c *batch.Chunk) error { return full }); err != full {
		t.Errorf("an error of the writer is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	chunks := 0
	err = res.Each(ctx, func(c *batch.Chunk) error {
		chunks++
		cancel()
		return nil
	})
	if err == nil && chunks < 4 {
		t.Errorf("stopped after %d chunks of 4 without an error", chunks)
	}
}

// TestChosenLengths: a length that is out of bounds stops a run with the field and its greatest length, also where it comes through another view.
func TestChosenLengths(t *testing.T) {
	_, p, tables := open(t, manyPays(10))
	for feature, want := range map[string]string{
		"chosen.sum":                 "row 1, feature chosen__sum: the value is an error: length\n  hint: back must be a duration from 1us to 7d, such as 7d; or pass --on-error status to keep such rows as nulls",
		"by_chosen.twice":            "row 1, feature by_chosen__twice: the value is an error: length\n  hint: back must be a duration from 1us to 7d, such as 7d; or pass --on-error status to keep such rows as nulls",
		"chosen.both_ahead_up_to_3h": "row 0, feature chosen__both_ahead_up_to_3h: the value is an error: length\n  hint: ahead must be a duration from 1us to 3h, such as 3h; or pass --on-error status to keep such rows as nulls",
	} {
		view, name, _ := strings.Cut(feature, ".")
		pl := planned(t, p, plan.Request{Features: []selfsame.ServiceEntry{{View: view, Feature: name}}})
		b := column.NewBatch([]selfsame.Field{{Name: "user_id", Type: selfsame.Scalar(selfsame.String)}, {Name: "back", Type: selfsame.Scalar(selfsame.String)},
			{Name: "ahead", Type: selfsame.Scalar(selfsame.String)}}, 2)
		for _, row := range [][]string{{"u1", "7d", "soon"}, {"u1", "169h", "3h"}} {
			for i, text := range row {
				b.Columns[i].AppendBytes([]byte(text))
			}
		}
		b.Rows = 2
		res, err := batch.Run(t.Context(), batch.Request{Plan: pl, Rows: &batch.EntityRows{Batch: b, At: []int64{newYear, newYear}}, Tables: tables})
		if err != nil {
			t.Fatal(err)
		}
		err = res.Each(t.Context(), func(*batch.Chunk) error { return nil })
		if err == nil || err.Error() != want || selfsame.ClassOf(err) != selfsame.ClassValue {
			t.Errorf("%s: got %v\nwant %s", feature, err, want)
		}
	}
}

func TestLabelColumns(t *testing.T) {
	_, p, tables := open(t, manyPays(10))
	pl := planned(t, p, plan.Request{View: "spend"})
	text, number := selfsame.Scalar(selfsame.String), selfsame.Scalar(selfsame.Int64)
	rows := func(fields ...selfsame.Field) batch.Request {
		return batch.Request{Plan: pl, Rows: &batch.EntityRows{Batch: column.NewBatch(fields, 0)}, Tables: tables}
	}
	for want, req := range map[string]batch.Request{
		"column user_id: the rows have no such column, needed as key of view spend\n  hint: did you mean userid? the rows have x, userid":                         rows(selfsame.Field{Name: "x", Type: number}, selfsame.Field{Name: "userid", Type: text}),
		"column user_id: the rows have no such column, needed as key of view spend\n  hint: the rows have customer":                                               rows(selfsame.Field{Name: "customer", Type: text}),
		"column user_id: the rows hold it as int64, but as the key of view spend it is string\n  hint: write the column with that type, or change the definition": rows(selfsame.Field{Name: "user_id", Type: number}),
	} {
		_, err := batch.Run(t.Context(), req)
		if err == nil || err.Error() != want || selfsame.ClassOf(err) != selfsame.ClassInput {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	b := column.NewBatch([]selfsame.Field{{Name: "n", Type: number}, {Name: "d", Type: selfsame.Scalar(selfsame.Date)}}, 0)
	for _, c := range b.Columns {
		c.Append(selfsame.Value{Type: c.Type, Int: 3})
		c.AppendStatus(selfsame.Null)
	}
	b.Rows = 2
	wide, err := batch.LabelColumn(b, selfsame.Field{Name: "n", Type: selfsame.Scalar(selfsame.Float64)}, "x")
	if err != nil || wide.Floats[0] != 3 || wide.StatusAt(1) != selfsame.Null {
		t.Errorf("an int64 column for a float64 field: %v, %v", wide, err)
	}
	moment, err := batch.LabelColumn(b, selfsame.Field{Name: "d", Type: selfsame.Scalar(selfsame.Timestamp)}, "x")
	if err != nil || moment.Ints[0] != 3*selfsame.DayLength || moment.StatusAt(1) != selfsame.Null {
		t.Errorf("a date column for a timestamp field: %v, %v", moment, err)
	}
	absent, err := batch.LabelColumn(b, selfsame.Field{Name: "z", Type: text, Optional: true}, "x")
	if err != nil || absent.Len() != 2 || absent.StatusAt(0) != selfsame.Null {
		t.Errorf("a field that may be absent: %v, %v", absent, err)
	}
}
