// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/definition"
	"selfsame/plan"
)

const (
	day    = selfsame.DayLength
	hour   = selfsame.Hour
	jan10  = 19732 * day // 2024-01-10
	never  = selfsame.MinTime
	nobody = selfsame.MinTime
)

const project = `
project: p
entities:
  k: {key: {k: int64}}
sources:
  e:
    schema: {k: int64, x: float64, at: timestamp, seen: timestamp}
    event_time: at
    arrival: seen
    batch: {path: e.csv}
  f:
    schema: {k: int64, x: float64, at: timestamp}
    event_time: at
    timezone: America/New_York
    batch: {path: f.csv}
  table:
    schema: {k: int64, x: float64}
    batch: {path: t.csv}
views:
  v:
    entity: k
    source: e
    features: {a: sum(x) over 7d, b: avg(x) over 7d}
  bounded:
    entity: k
    source: e
    features:
      a: {value: last(x), expect: {min: 18, max: 120, nulls: 50%, on_failure: block}}
  edges:
    entity: k
    source: e
    features:
      left: count(*) over 7d
      right: count(*) over 7d closed right
      both: count(*) over 7d closed both
      neither: count(*) over 7d closed neither
      shifted: count(*) over 7d offset 1d
      shifted_both: count(*) over 7d offset 1d closed both
      hops: count(*) over 7d every 1d
      tail: count(*) over 7d hop 1d closed right
      rows: count(*) over 3 rows
      session: count(*) over session 30m
      today: count(*) over today
      ever: count(*)
      mixed: count(*) over 7d offset 1d + count(*) over 1d closed both
  latest:
    entity: k
    source: e
    ttl: 1d
    features: [x]
  strict:
    entity: k
    source: e
    closed: left
    features: [x]
  fixed:
    entity: k
    source: table
    features: [x]
  other:
    entity: k
    source: f
    features: {n: count(*)}
  asked:
    request: {amount: float64}
    features: {twice: amount * 2, of: amount / v.a}
`

func planOf(t *testing.T, views ...string) *plan.Plan {
	t.Helper()
	p, err := definition.Parse(map[string][]byte{"selfsame.yaml": []byte(project)}, ".")
	if err != nil {
		t.Fatal(err)
	}
	var entries []selfsame.ServiceEntry
	for _, v := range views {
		view, feature, _ := strings.Cut(v, ".")
		entries = append(entries, selfsame.ServiceEntry{View: view, Feature: feature})
	}
	out, err := plan.Build(p, plan.Request{Features: entries})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func floats(values ...float64) *column.Column {
	return &column.Column{Type: selfsame.Scalar(selfsame.Float64), Floats: values}
}

func times(values ...int64) *column.Column {
	return &column.Column{Type: selfsame.Scalar(selfsame.Timestamp), Ints: values}
}

// rowsAt is a chunk of n rows that ask at midnight of 2024-01-10, each output holding 0, 1, 2 … and an event an hour old.
func rowsAt(p *plan.Plan, n int) *batch.Chunk {
	c := &batch.Chunk{Rows: n, Labels: &column.Batch{Rows: n}, Features: &column.Batch{Rows: n}}
	c.Labels.Fields = []selfsame.Field{{Name: "row", Type: selfsame.Scalar(selfsame.Float64)}}
	c.Labels.Columns = []*column.Column{floats(upTo(n)...)}
	for range n {
		c.At = append(c.At, jan10)
	}
	for i := range p.Outputs {
		c.Features.Fields = append(c.Features.Fields, selfsame.Field{Name: p.Outputs[i].Name, Type: selfsame.Scalar(selfsame.Float64)})
		col := floats(upTo(n)...)
		if n > 0 {
			col.Floats[0] = -float64(i) // no two columns are equal
		}
		c.Features.Columns = append(c.Features.Columns, col)
		c.Newest, c.Arrival, c.Known = append(c.Newest, repeat(jan10-hour, n)), append(c.Arrival, repeat(jan10-hour, n)), append(c.Known, c.At)
	}
	return c
}

func upTo(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(i + 1)
	}
	return out
}

func repeat(v int64, n int) []int64 { return slices.Repeat([]int64{v}, n) }

// lose gives the first n values of output i a status.
func lose(c *batch.Chunk, i, n int, s selfsame.Status) {
	for r := range n {
		c.Features.Columns[i].SetStatus(r, s)
	}
}

// resultOf is a run in which every key was seen and nothing is remarkable.
func resultOf(p *plan.Plan, rows int64) *batch.Result {
	r := &batch.Result{}
	for range p.Uses {
		r.Seen = append(r.Seen, rows)
	}
	for _, name := range p.SourceNames() {
		r.Sources = append(r.Sources, batch.SourceCounts{Name: name, Rows: 100, Admitted: 100, MinTime: jan10 - 100*day, MaxTime: jan10})
	}
	return r
}

func reportOf(t *testing.T, cfg Config, p *plan.Plan, res *batch.Result, chunks ...*batch.Chunk) *Report {
	t.Helper()
	var rows int64
	for _, c := range chunks {
		rows += int64(c.Rows)
	}
	profile := NewProfile(cfg, p, rows)
	sum := batch.NewValuesChecksum(chunks[0].Features.Fields)
	for _, c := range chunks {
		if err := profile.Observe(c); err != nil {
			t.Fatal(err)
		}
		sum.Add(c.Features.Columns)
	}
	if res == nil {
		res = resultOf(p, rows)
	}
	return profile.Report(res, sum.Columns())
}

// wants holds a report to its findings, each as printed, from "level subject: text [check]".
func wants(t *testing.T, r *Report, want ...string) {
	t.Helper()
	var b strings.Builder
	r.Print(&b)
	var got []string
	for _, line := range strings.Split(b.String(), "\n") {
		if strings.HasSuffix(line, "]") {
			got = append(got, strings.Join(strings.Fields(line), " "))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestNothingToRemark(t *testing.T) {
	p := planOf(t, "v")
	r := reportOf(t, Config{}, p, nil, rowsAt(p, 50), rowsAt2(p, 50))
	wants(t, r)
	var b strings.Builder
	r.Print(&b)
	want := "validation report: 100 rows, 2 features\n  source e                100 rows: 100 admitted\n" +
		"  leak proof: holds for all 2 features that used events; the newest event used is 1h before T, the last one to become known 1h before the cut\n" +
		"  nothing to remark\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// rowsAt2 is a chunk of other label rows than those of rowsAt.
func rowsAt2(p *plan.Plan, n int) *batch.Chunk {
	c := rowsAt(p, n)
	for i := range c.Labels.Columns[0].Floats {
		c.Labels.Columns[0].Floats[i] += 1000
	}
	return c
}

func TestNullsAtTheBoundAndAbove(t *testing.T) {
	p := planOf(t, "v.a")
	for _, c := range []struct {
		lost  int
		rows  int
		bound float64
		want  []string
	}{
		{10, 100, 0, nil}, {3, 30, 0, nil}, {7, 70, 0, nil},
		{11, 100, 0, []string{"warning v__a: 11 % of rows have no value (11 null), more than 10 %; where that is right, declare it: `expect: {nulls: 11%}` [nulls]"}},
		{3, 29, 0, []string{"warning v__a: 10.34 % of rows have no value (3 null), more than 10 %; where that is right, declare it: `expect: {nulls: 11%}` [nulls]"}},
		{50, 100, 0.5, nil}, {99, 100, 1, nil}, {0, 100, -1, nil},
		{1, 100, -1, []string{"warning v__a: 1 % of rows have no value (1 null), more than 0 %; where that is right, declare it: `expect: {nulls: 1%}` [nulls]"}},
	} {
		chunk := rowsAt(p, c.rows)
		lose(chunk, 0, c.lost, selfsame.Null)
		wants(t, reportOf(t, Config{Nulls: c.bound}, p, nil, chunk), c.want...)
	}
}

func TestDeclaredBoundsAreInside(t *testing.T) {
	p := planOf(t, "bounded")
	inside := rowsAt(p, 4)
	inside.Features.Columns[0].Floats = []float64{18, 120, 50, 51}
	lose(inside, 0, 0, selfsame.Null)
	wants(t, reportOf(t, Config{}, p, nil, inside))

	outside := rowsAt(p, 4)
	outside.Features.Columns[0].Floats = []float64{17, 121, math.Nextafter(18, 0), math.Nextafter(120, 200)}
	r := reportOf(t, Config{}, p, nil, outside)
	wants(t, r, "error bounded__a: 2 values are below the declared minimum 18 [expect]", "error bounded__a: 2 values are above the declared maximum 120 [expect]")
	if r.Worst() != Error {
		t.Errorf("on_failure: block gives %s", r.Worst())
	}

	missing := rowsAt(p, 4) // what is not there is in no bound, and out of none
	missing.Features.Columns[0].Floats = []float64{-1, -1, 50, 51}
	lose(missing, 0, 2, selfsame.Null)
	wants(t, reportOf(t, Config{}, p, nil, missing))
	lose(missing, 0, 3, selfsame.Null)
	wants(t, reportOf(t, Config{}, p, nil, missing),
		"error bounded__a: 75 % of rows have no value (3 null), more than 50 %; where that is right, declare it: `expect: {nulls: 75%}` [nulls]")
}

func TestKnownAtIsStrict(t *testing.T) {
	p := planOf(t, "v.a")
	chunk := func(name string, known *column.Column) *batch.Chunk {
		c := rowsAt(p, known.Len())
		c.Labels.Fields = append(c.Labels.Fields, selfsame.Field{Name: name, Type: known.Type})
		c.Labels.Columns = append(c.Labels.Columns, known)
		return c
	}
	late := times(jan10, jan10+1, jan10-1, jan10+day)
	late.SetStatus(3, selfsame.Null)
	text := " feature_timestamp: later than T in 1 rows: what these rows hold was not known yet when they ask; is it their time that is wrong (--time)? [known_at]"
	wants(t, reportOf(t, Config{}, p, nil, chunk("feature_timestamp", late)), "warning"+text)
	wants(t, reportOf(t, Config{Strict: true}, p, nil, chunk("feature_timestamp", late)), "error"+text)
	wants(t, reportOf(t, Config{}, p, nil, chunk("other", late)))
	wants(t, reportOf(t, Config{KnownAt: "other"}, p, nil, chunk("other", late)), "warning"+strings.Replace(text, "feature_timestamp", "other", 1))
	wants(t, reportOf(t, Config{}, p, nil, chunk("feature_timestamp", times(jan10, jan10-1, never))))
	dates := &column.Column{Type: selfsame.Scalar(selfsame.Date), Ints: []int64{19732, 19733}}
	wants(t, reportOf(t, Config{}, p, nil, chunk("feature_timestamp", dates)), "warning"+text)
}

func TestNamedColumnsMustBeThere(t *testing.T) {
	rows := []selfsame.Field{{Name: "late", Type: selfsame.Scalar(selfsame.Bool)}, {Name: "seen", Type: selfsame.Scalar(selfsame.Timestamp)}}
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{}, ""}, {Config{Label: "late", KnownAt: "seen"}, ""},
		{Config{Label: "lat"}, "--label lat: the rows have no such column\n  hint: did you mean late?"},
		{Config{KnownAt: "feature_timestamp"}, "--known-at feature_timestamp: the rows have no such column\n  hint: the rows have late, seen"},
		{Config{Label: "seen"}, "--label seen: the rows hold it as timestamp\n  hint: name a column of bool, int64 or float64"},
		{Config{KnownAt: "late"}, "--known-at late: the rows hold it as bool\n  hint: name a column of timestamp or date"},
	} {
		got := ""
		if err := c.cfg.Check(rows); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v: got %q, want %q", c.cfg, got, c.want)
		}
	}
}

// TestExpiredNamesTheTTLThatCovers is worked example 2: the newest row, its age, the ttl, and the ttl that would have covered it.
func TestExpiredNamesTheTTLThatCovers(t *testing.T) {
	p := planOf(t, "latest")
	chunk := rowsAt(p, 20)
	lose(chunk, 0, 2, selfsame.Expired)
	wants(t, reportOf(t, Config{}, p, nil, chunk)) // two of twenty are the bound
	lose(chunk, 0, 3, selfsame.Expired)
	copy(chunk.Newest[0], repeat(jan10-9*day, 3))
	nulls := "warning latest__x: 15 % of rows have no value (3 expired), more than 10 %; where that is right, declare it: `expect: {nulls: 15%}` [nulls]"
	wants(t, reportOf(t, Config{}, p, nil, chunk), nulls,
		"warning latest: 3 of 20 rows are expired: newest row 2024-01-01T00:00:00Z, age 9d, ttl 1d; ttl: 9d would cover them [expired]")
	chunk.Newest[0][1] = jan10 - 9*day - 1
	chunk.Newest[0][2] = jan10 - day - 1
	wants(t, reportOf(t, Config{}, p, nil, chunk), nulls,
		"warning latest: 3 of 20 rows are expired: newest row 2024-01-08T23:59:59.999999Z, ages from 1d1µs to 9d1µs, ttl 1d; ttl: 10d would cover them [expired]")
	lose(chunk, 0, 3, selfsame.NotFound)
	wants(t, reportOf(t, Config{}, p, nil, chunk), strings.Replace(nulls, "expired", "not_found", 1),
		"warning latest: 3 of 20 rows find no row of their key at or before T; does the source begin too late, or is a key written otherwise? [not_found]")
}

func TestCoverRoundsUp(t *testing.T) {
	for age, want := range map[int64]string{1: "1us", 999_999: "999999us", 1_000_000: "1s", 1_000_001: "2s", 60_000_001: "2m", hour: "1h", hour + 1: "2h", day: "1d", day + 1: "2d",
		9 * day: "9d", selfsame.MaxTime: "106751992d"} {
		if got := Cover(age); got != want {
			t.Errorf("an age of %d microseconds is covered by %s, want %s", age, got, want)
		}
	}
}

func TestUnseenKeysOfAStaticTable(t *testing.T) {
	p := planOf(t, "fixed")
	chunk := rowsAt(p, 10)
	chunk.Newest[0], chunk.Arrival[0], chunk.Known[0] = nil, nil, nil
	res := resultOf(p, 10)
	res.Seen[0] = 9
	lose(chunk, 0, 1, selfsame.NotFound)
	wants(t, reportOf(t, Config{}, p, res, chunk), "info fixed: 1 of 10 rows have a key (k) that its sources never hold in the range read [unseen_keys]")
	res.Seen[0] = 8
	lose(chunk, 0, 2, selfsame.NotFound)
	wants(t, reportOf(t, Config{}, p, res, chunk),
		"warning fixed__x: 20 % of rows have no value (2 not_found), more than 10 %; where that is right, declare it: `expect: {nulls: 20%}` [nulls]",
		"warning fixed: 2 of 10 rows have a key that the table does not hold; is a key written otherwise? [not_found]")
}

// TestUnseenKeysOfOneKey: two views that miss the same rows by one key are told in one line.
func TestUnseenKeysOfOneKey(t *testing.T) {
	p := planOf(t, "v.a", "other")
	res := resultOf(p, 20)
	res.Seen[0], res.Seen[1] = 19, 19
	wants(t, reportOf(t, Config{}, p, res, rowsAt(p, 20)), "info v, other: 1 of 20 rows have a key (k) that its sources never hold in the range read [unseen_keys]")
}

func TestUnseenKeysAndNoHistory(t *testing.T) {
	p := planOf(t, "v.a", "other")
	chunk := rowsAt(p, 20)
	chunk.Newest[0][4], chunk.Newest[0][5] = nobody, nobody
	chunk.Newest[1][5] = nobody // row 4 has another view's event
	res := resultOf(p, 20)
	res.Seen[0], res.Seen[1] = 18, 17
	wants(t, reportOf(t, Config{}, p, res, chunk), "warning other: 3 of 20 rows have a key (k) that its sources never hold in the range read [unseen_keys]",
		"info 1 of 20 rows find no event in any view [no_history]", "info v: 2 of 20 rows have a key (k) that its sources never hold in the range read [unseen_keys]")
	for r := range 3 {
		chunk.Newest[0][r], chunk.Newest[1][r] = nobody, nobody
	}
	r := reportOf(t, Config{}, p, nil, chunk)
	wants(t, r, "warning 4 of 20 rows find no event in any view [no_history]")
}

func TestConstantAndDuplicateColumns(t *testing.T) {
	p := planOf(t, "v", "other")
	chunks := []*batch.Chunk{rowsAt(p, 20), rowsAt2(p, 20)}
	for _, c := range chunks {
		c.Features.Columns[0].Floats = slices.Repeat([]float64{2.5}, 20)
		c.Features.Columns[2].Floats = slices.Clone(c.Features.Columns[1].Floats)
	}
	wants(t, reportOf(t, Config{}, p, nil, chunks...), "warning v__a: every row has the same value: 2.5 [constant]", "warning other__n: equal to v__b in every row [duplicate_column]")
	chunks[1].Features.Columns[0].Floats[19] = 2
	chunks[1].Features.Columns[2].Floats[19] = 7
	wants(t, reportOf(t, Config{}, p, nil, chunks...))
	for _, c := range chunks {
		lose(c, 0, 20, selfsame.Null)
	}
	wants(t, reportOf(t, Config{Nulls: 1}, p, nil, chunks...), "warning v__a: every row has the same value: null [constant]")
	chunks[1].Features.Columns[0].SetStatus(3, selfsame.NotFound)
	wants(t, reportOf(t, Config{Nulls: 1}, p, nil, chunks...))
	missing := "warning v__a: no row has a value (39 null, 1 not_found) [nulls]"
	wants(t, reportOf(t, Config{}, p, nil, chunks...), missing)
	chunks[1].Features.Columns[0].SetStatus(3, selfsame.Null)
	wants(t, reportOf(t, Config{}, p, nil, chunks...), strings.Replace(missing, "39 null, 1 not_found", "40 null", 1))
	one := rowsAt(p, 1) // one row says nothing about others
	one.Features.Columns[1].Floats[0] = one.Features.Columns[0].Floats[0]
	wants(t, reportOf(t, Config{}, p, nil, one))
	wants(t, reportOf(t, Config{}, p, nil, rowsAt(p, 0)), "warning no row asks: the file of rows is empty, or --start and --end leave none [no_rows]")
}

func TestDuplicateRows(t *testing.T) {
	p := planOf(t, "v.a")
	a, b := rowsAt(p, 20), rowsAt2(p, 20)
	wants(t, reportOf(t, Config{}, p, nil, a, b))
	b.Labels.Columns[0].Floats[0] = a.Labels.Columns[0].Floats[7]
	b.Labels.Columns[0].Floats[1] = a.Labels.Columns[0].Floats[7]
	wants(t, reportOf(t, Config{}, p, nil, a, b), "info 2 label rows stand more than once; each is kept [duplicate_rows]")
}

// TestSampleOfManyRows holds that labels and values of a sample stay beside each other over chunks whose size the stride does not divide.
func TestSampleOfManyRows(t *testing.T) {
	p := planOf(t, "v.a")
	rng := rand.New(rand.NewPCG(1, 1))
	rows := int64(3*sampleRows + 17)
	profile := NewProfile(Config{Label: "y"}, p, rows)
	for left := int(rows); left > 0; {
		n := min(left, 1+rng.IntN(7000))
		left -= n
		c := rowsAt(p, n)
		y := column.Make(selfsame.Scalar(selfsame.Int64), n)
		for i := range y.Ints {
			y.Ints[i] = int64(rng.IntN(2))
			c.Features.Columns[0].Floats[i] = float64(y.Ints[i])
		}
		c.Labels.Fields = append(c.Labels.Fields, selfsame.Field{Name: "y", Type: y.Type})
		c.Labels.Columns = append(c.Labels.Columns, y)
		if err := profile.Observe(c); err != nil {
			t.Fatal(err)
		}
	}
	r := profile.Report(resultOf(p, rows), []string{""})
	if s := &profile.features[0]; r.Features[0].AUC != 1 || len(s.sample) < sampleRows/2 || len(s.sample) > 2*sampleRows || len(s.sample) != len(profile.labels) {
		t.Errorf("an AUC of %v on %d values and %d labels, want 1", r.Features[0].AUC, len(s.sample), len(profile.labels))
	}
}
