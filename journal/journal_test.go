// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"selfsame"
	"selfsame/column"
)

func scalar(k selfsame.Kind) selfsame.Type { return selfsame.Scalar(k) }

var null = selfsame.Value{Status: selfsame.Null}

// samples are values of every type and status.
var samples = map[string][]selfsame.Value{
	"bool":               {{Int: 1}, {}, null},
	"int64":              {{Int: math.MinInt64}, {Int: math.MaxInt64}, {Status: selfsame.ErrorOverflow}},
	"float64":            {{Float: 0.1}, {Float: math.Inf(-1)}, {Status: selfsame.NotFound}},
	"decimal(38,2)":      {{Dec: selfsame.Int128{Hi: -1, Lo: 7}}, {Dec: selfsame.Int128{Hi: 5}}, null},
	"string":             {{Str: ""}, {Str: "é\x00"}, {Status: selfsame.Expired}},
	"bytes":              {{Str: "\xff"}, {Str: "x"}, {Status: selfsame.ErrorMaxValues}},
	"timestamp":          {{Int: -1}, {Int: selfsame.MaxTime}, null},
	"date":               {{Int: -1}, {Int: 20_000}, null},
	"list<int64>":        {{Elems: []selfsame.Value{{Type: scalar(selfsame.Int64), Int: 4}, {Type: scalar(selfsame.Int64), Status: selfsame.Null}}}, {}, null},
	"map<string,string>": {{Keys: []string{"a", "b"}, Elems: []selfsame.Value{{Type: scalar(selfsame.String), Str: "x"}, {Type: scalar(selfsame.String), Status: selfsame.Null}}}, {}, null},
}

// vector is an answered request with an output of every type.
func vector(t *testing.T, id string, at int64) *Served {
	t.Helper()
	s := &Served{RequestID: id, Shape: everyType(t), At: at, Cut: "token-" + id, Stale: at%2 == 1, Past: at%3 == 2, Rows: 3}
	given := column.New(scalar(selfsame.String), 3)
	for i := range 3 {
		given.AppendBytes(fmt.Appendf(nil, "key%d", i))
	}
	s.Given = []*column.Column{given}
	for i, o := range s.Shape.Outputs {
		c := column.New(o.Type, 3)
		for _, v := range samples[o.Type.String()] {
			v.Type = o.Type
			c.Append(v)
		}
		s.Values = append(s.Values, c)
		times := []int64{at, selfsame.MinTime, at - 5}
		if i == 1 {
			times = nil
		}
		s.EventTimes = append(s.EventTimes, times)
	}
	if at == 61 {
		s.Experiment, s.Variant, s.Numbers = "ab", "new", []int{0, 3, 900}
	}
	return s
}

var shapes sync.Map

// everyType is one shape a test.
func everyType(t *testing.T) *Shape {
	s := &Shape{Service: "all", Version: 3, Given: []selfsame.Field{{Name: "k", Type: scalar(selfsame.String)}}}
	for _, name := range []string{"bool", "int64", "float64", "decimal(38,2)", "string", "bytes", "timestamp", "date", "list<int64>", "map<string,string>"} {
		typ, err := selfsame.ParseType(name)
		if err != nil {
			t.Fatal(err)
		}
		s.Outputs = append(s.Outputs, Output{Name: "o_" + name, Ref: "v." + name, Version: "1.0.2", Hash: "h" + name, Type: typ})
	}
	have, _ := shapes.LoadOrStore(t.Name(), s)
	return have.(*Shape)
}

// clock gives the times in turn, then the last.
func clock(times ...int64) func() int64 {
	var mu sync.Mutex
	return func() int64 {
		mu.Lock()
		defer mu.Unlock()
		now := times[0]
		if len(times) > 1 {
			times = times[1:]
		}
		return now
	}
}

func open(t *testing.T, dir string, o Options) *Writer {
	t.Helper()
	w, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// read returns every record that a query wants.
func read(t *testing.T, dir string, q Query) ([]*Record, Position) {
	t.Helper()
	var out []*Record
	next, err := NewReader(dir).Read(t.Context(), q, func(r *Record) error {
		out = append(out, r)
		return nil
	})
	must(t, err)
	return out, next
}

func ids(records []*Record) string {
	var out []string
	for _, r := range records {
		out = append(out, r.RequestID())
	}
	return strings.Join(out, " ")
}

// sameVector compares two vectors by what is written of them.
func sameVector(t *testing.T, got, want *Served) {
	t.Helper()
	if !reflect.DeepEqual(got.Shape, want.Shape) {
		t.Errorf("shape %+v, want %+v", got.Shape, want.Shape)
	}
	a, b := *got, *want
	for i := range want.Values {
		for r := range want.Rows {
			if x, y := got.Values[i].Value(r), want.Values[i].Value(r); !reflect.DeepEqual(x, y) {
				t.Errorf("%s, row %d: %+v, want %+v", want.Shape.Outputs[i].Name, r, x, y)
			}
		}
	}
	for i := range want.Given {
		for r := range want.Rows {
			if x, y := got.Given[i].Value(r), want.Given[i].Value(r); !reflect.DeepEqual(x, y) {
				t.Errorf("given %d, row %d: %+v, want %+v", i, r, x, y)
			}
		}
	}
	a.Given, a.Values, a.Shape, b.Given, b.Values, b.Shape = nil, nil, nil, nil, nil, nil
	if !reflect.DeepEqual(a, b) {
		t.Errorf("vector %+v, want %+v", a, b)
	}
}

func TestRecordsComeBackAsTheyWere(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{Durable: true, Now: clock(100, 90, 300, 400)}) // a clock that goes back
	one, two := vector(t, "r1", 50), vector(t, "r2", 61)
	two.EventTimes = nil
	prediction := &Prediction{RequestID: "r1", Row: 2, Model: "m", ModelVersion: "7", Score: selfsame.Value{Type: scalar(selfsame.Float64), Float: 0.25}, At: 70}
	outcome := &Outcome{RequestID: "r1", Row: 2, Label: selfsame.Value{Status: selfsame.Null}, At: 80}
	must(t, w.Served(t.Context(), one))
	must(t, w.Served(t.Context(), two))
	must(t, w.Predict(t.Context(), prediction))
	must(t, w.Outcome(t.Context(), outcome))
	must(t, w.Close())
	got, _ := read(t, dir, Query{})
	if len(got) != 4 {
		t.Fatalf("%d records, want 4", len(got))
	}
	sameVector(t, got[0].Served, one)
	sameVector(t, got[1].Served, two)
	if !reflect.DeepEqual(got[2].Prediction, prediction) || !reflect.DeepEqual(got[3].Outcome, outcome) {
		t.Errorf("%+v and %+v, want %+v and %+v", got[2].Prediction, got[3].Outcome, prediction, outcome)
	}
	if times := []int64{got[0].Time, got[1].Time, got[2].Time, got[3].Time}; !reflect.DeepEqual(times, []int64{100, 100, 300, 400}) {
		t.Errorf("times %v: they must not decrease", times)
	}
	if w.Served(t.Context(), one) == nil {
		t.Error("a closed journal took a record")
	}
	for _, c := range []struct {
		q    Query
		want string
	}{{Query{Since: 101}, "r1 r1"}, {Query{Until: 300}, "r1 r2"}, {Query{Since: 300, Until: 400}, "r1"}, {Query{RequestID: "r2"}, "r2"}, {Query{From: got[1].Position}, "r2 r1 r1"}} {
		if have, _ := read(t, dir, c.q); ids(have) != c.want {
			t.Errorf("%+v gives %q, want %q", c.q, ids(have), c.want)
		}
	}
	heads, _ := read(t, dir, Query{Heads: true})
	for i, want := range []*Served{one, two} {
		got := heads[i].Served
		if got.Given != nil || got.Values != nil || got.EventTimes != nil {
			t.Errorf("%s: the head of an answer has columns", want.RequestID)
		}
		got.Given, got.Values, got.EventTimes = want.Given, want.Values, want.EventTimes
		sameVector(t, got, want)
	}
	if len(heads) != 4 || !reflect.DeepEqual(heads[2].Prediction, prediction) || !reflect.DeepEqual(heads[3].Outcome, outcome) {
		t.Errorf("heads: %d records, %+v", len(heads), heads)
	}
	found, err := NewReader(dir).Find(t.Context(), "r1")
	must(t, err)
	if len(found) != 3 {
		t.Errorf("request r1 has %d records, want 3", len(found))
	}
}

// TestReadingGoesOnWhereItEnded reads one record at a time, through segments.
func TestReadingGoesOnWhereItEnded(t *testing.T) {
	dir := t.TempDir()
	var want []string
	w := open(t, dir, Options{Durable: true, SegmentBytes: 600})
	for i := range 9 {
		id := fmt.Sprint("r", i)
		want = append(want, id)
		must(t, w.Served(t.Context(), vector(t, id, int64(i))))
	}
	must(t, w.Close())
	list, err := segments(dir)
	must(t, err)
	if len(list) < 4 {
		t.Fatalf("%d segments, want several", len(list))
	}
	var got []string
	at := Position{}
	for range 20 {
		next, err := NewReader(dir).Read(t.Context(), Query{From: at}, func(r *Record) error {
			got = append(got, r.RequestID())
			return ErrStop
		})
		must(t, err)
		parsed, err := ParsePosition(next.String())
		must(t, err)
		at = parsed
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
}

// TestTornTails cuts a segment off at every byte: what is whole comes back, and a writer goes on beside it.
func TestTornTails(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{Durable: true})
	must(t, w.Served(t.Context(), vector(t, "r1", 1)))
	must(t, w.Outcome(t.Context(), &Outcome{RequestID: "r2"}))
	must(t, w.Close())
	path := segmentPath(dir, 1)
	whole, err := os.ReadFile(path)
	must(t, err)
	records, _ := read(t, dir, Query{})
	second := int(records[1].Position.Offset)
	first := int(records[0].Position.Offset)
	for n := range len(whole) {
		for _, tail := range [][]byte{nil, make([]byte, 40)} {
			if n < headerBytes && tail != nil {
				continue
			}
			must(t, os.WriteFile(path, append(append([]byte{}, whole[:n]...), tail...), 0o644))
			var got []*Record
			_, err := NewReader(dir).Read(t.Context(), Query{}, func(r *Record) error {
				got = append(got, r)
				return nil
			})
			want := ""
			if n >= second {
				want = "r1"
			}
			if tail == nil && (err != nil || ids(got) != want) {
				t.Errorf("cut at %d: %q and %v, want %q", n, ids(got), err, want)
			}
			if tail != nil && (n == first || n == second) && (err != nil || ids(got) != want) {
				t.Errorf("zeros from %d on: %q and %v, want %q", n, ids(got), err, want)
			}
		}
	}
	must(t, os.WriteFile(path, whole[:len(whole)-3], 0o644))
	w = open(t, dir, Options{Durable: true})
	must(t, w.Outcome(t.Context(), &Outcome{RequestID: "r3"}))
	must(t, w.Close())
	if got, _ := read(t, dir, Query{}); ids(got) != "r1 r3" {
		t.Errorf("behind a torn segment: %q", ids(got))
	}
}

// TestDamageIsNamed flips every byte before the last record: each is an error that names the segment, never another record.
func TestDamageIsNamed(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{Durable: true})
	must(t, w.Served(t.Context(), vector(t, "r1", 1)))
	must(t, w.Outcome(t.Context(), &Outcome{RequestID: "r2"}))
	must(t, w.Close())
	path := segmentPath(dir, 1)
	whole, err := os.ReadFile(path)
	must(t, err)
	records, _ := read(t, dir, Query{})
	for n := range int(records[1].Position.Offset) {
		if n >= len(magic) && n < headerBytes {
			continue // the time of creation stands alone
		}
		damaged := append([]byte{}, whole...)
		damaged[n] ^= 0x20
		must(t, os.WriteFile(path, damaged, 0o644))
		_, err := NewReader(dir).Read(t.Context(), Query{}, func(r *Record) error { return nil })
		var e *selfsame.Error
		if !errors.As(err, &e) || e.Pos.File != path || !strings.Contains(e.Ref, "offset") {
			t.Fatalf("byte %d of %d flipped: %v", n, len(whole), err)
		}
	}
}

func TestDropsAreCountedWhereNobodyWaits(t *testing.T) {
	var dropped, written int
	var mu sync.Mutex
	held, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w := open(t, t.TempDir(), Options{Queue: 2, Now: func() int64 {
		once.Do(func() { close(held); <-release })
		return 1
	}, Hooks: Hooks{
		Dropped: func(n int) { mu.Lock(); dropped += n; mu.Unlock() },
		Written: func(n int, _ int64) { mu.Lock(); written += n; mu.Unlock() },
	}})
	must(t, w.Served(t.Context(), vector(t, "first", 1)))
	<-held // the writer is at work and takes no more
	for i := range 7 {
		must(t, w.Served(t.Context(), vector(t, fmt.Sprint(i), 1)))
	}
	close(release)
	must(t, w.Close())
	mu.Lock()
	defer mu.Unlock()
	if dropped != 5 || w.Dropped() != 5 || written != 3 {
		t.Errorf("%d dropped (%d), %d written, want 5 and 3", dropped, w.Dropped(), written)
	}
}

// TestLostRecordsAreCounted takes the folder away: records that nobody waits for are counted, those who wait are told.
func TestLostRecordsAreCounted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	w := open(t, dir, Options{})
	must(t, os.Remove(dir))
	for i := range 3 {
		must(t, w.Served(t.Context(), vector(t, fmt.Sprint(i), 1)))
	}
	if err := w.Predict(t.Context(), &Prediction{RequestID: "0", Model: "m"}); err == nil {
		t.Error("a prediction that is not stored is no error")
	}
	must(t, w.Close())
	if w.Dropped() != 3 {
		t.Errorf("%d dropped, want 3", w.Dropped())
	}
}

// TestRecordsOfACallAreOneWrite holds that the predictions of a call stand together, in their order, and are written and made durable once.
func TestRecordsOfACallAreOneWrite(t *testing.T) {
	dir := t.TempDir()
	var groups []int
	w := open(t, dir, Options{Hooks: Hooks{Written: func(records int, _ int64) { groups = append(groups, records) }}})
	var predictions []*Prediction
	var outcomes []*Outcome
	for i := range 1000 {
		predictions = append(predictions, &Prediction{RequestID: fmt.Sprint("p", i), Model: "m"})
		outcomes = append(outcomes, &Outcome{RequestID: fmt.Sprint("o", i)})
	}
	must(t, w.Predict(t.Context(), predictions...))
	must(t, w.Outcome(t.Context(), outcomes...))
	must(t, w.Predict(t.Context()))
	must(t, w.Close())
	got, _ := read(t, dir, Query{})
	if len(got) != 2000 || !reflect.DeepEqual(groups, []int{1000, 1000}) {
		t.Fatalf("%d records in groups %v, want two groups of 1000", len(got), groups)
	}
	for i := range 1000 {
		if got[i].RequestID() != predictions[i].RequestID || got[1000+i].RequestID() != outcomes[i].RequestID {
			t.Fatalf("record %d is of %s, and of %s", i, got[i].RequestID(), got[1000+i].RequestID())
		}
	}
}

func TestAWaiterMayLeave(t *testing.T) {
	held, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w := open(t, t.TempDir(), Options{Durable: true, Now: func() int64 {
		once.Do(func() { close(held); <-release })
		return 1
	}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Served(ctx, vector(t, "r", 1)) }()
	<-held
	cancel()
	if err := <-done; selfsame.ClassOf(err) != selfsame.ClassCanceled {
		t.Errorf("a waiter that left got %v", err)
	}
	close(release)
	must(t, w.Close())
}

func TestSampleKeepsWholeRequests(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{Durable: true, Sample: 0.3})
	kept := 0
	for i := range 1000 {
		id := fmt.Sprint("request-", i)
		must(t, w.Outcome(t.Context(), &Outcome{RequestID: id}))
		must(t, w.Predict(t.Context(), &Prediction{RequestID: id}))
		if w.Keeps(id) {
			kept++
		}
	}
	must(t, w.Close())
	got, _ := read(t, dir, Query{})
	if len(got) != 2*kept || kept < 200 || kept > 400 {
		t.Errorf("%d records of %d requests kept, of 1000 at 0.3", len(got), kept)
	}
	if _, err := Open(dir, Options{Sample: 1.5}); err == nil {
		t.Error("a share above 1 was taken")
	}
}

func TestRetention(t *testing.T) {
	for name, o := range map[string]Options{"bytes": {KeepBytes: 2000}, "age": {KeepAge: 3}} {
		dir := t.TempDir()
		now := int64(0)
		removed := 0
		o.Durable, o.SegmentBytes = true, 600
		o.Now = func() int64 { now++; return now }
		o.Hooks.Removed = func(string) { removed++ }
		w := open(t, dir, o)
		for i := range 20 {
			must(t, w.Served(t.Context(), vector(t, fmt.Sprint("r", i), 1)))
		}
		must(t, w.Close())
		got, _ := read(t, dir, Query{})
		if removed == 0 || len(got) == 0 || len(got) >= 15 || got[len(got)-1].RequestID() != "r19" {
			t.Errorf("%s: %d segments removed, left %q", name, removed, ids(got))
		}
	}
}

// TestReadersBesideTheWriter reads while records are written: what is seen is always a prefix.
func TestReadersBesideTheWriter(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{Durable: true, SegmentBytes: 4000})
	var wg sync.WaitGroup
	const writers, each = 4, 25
	for n := range writers {
		wg.Go(func() {
			for i := range each {
				if err := w.Served(t.Context(), vector(t, fmt.Sprintf("%d-%d", n, i), 1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen, at := 0, Position{}
	for seen < writers*each && !t.Failed() {
		next, err := NewReader(dir).Read(t.Context(), Query{From: at}, func(*Record) error {
			seen++
			return nil
		})
		must(t, err)
		at = next
	}
	wg.Wait()
	must(t, w.Close())
	if got, _ := read(t, dir, Query{}); len(got) != writers*each || seen != writers*each {
		t.Errorf("%d records, %d seen on the way, want %d", len(got), seen, writers*each)
	}
}

func TestRowsOfAService(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{Durable: true})
	must(t, w.Served(t.Context(), vector(t, "r1", 10)))
	must(t, w.Served(t.Context(), vector(t, "r2", 20)))
	score := func(f float64) selfsame.Value {
		return selfsame.Value{Type: scalar(selfsame.Float64), Float: f}
	}
	must(t, w.Predict(t.Context(), &Prediction{RequestID: "r2", Row: 1, Model: "m", Score: score(0.5)}))
	must(t, w.Predict(t.Context(), &Prediction{RequestID: "r2", Row: 1, Model: "m", Score: score(0.75)}))
	must(t, w.Predict(t.Context(), &Prediction{RequestID: "r2", Row: 0, Model: "other", Score: score(9)}))
	must(t, w.Outcome(t.Context(), &Outcome{RequestID: "r1", Row: 2, Label: selfsame.Value{Type: scalar(selfsame.Bool), Int: 1}}))
	must(t, w.Close())
	b, err := NewReader(dir).Rows(t.Context(), RowsQuery{Service: "all", Model: "m"})
	must(t, err)
	must(t, b.Check())
	if b.Rows != 6 || b.Column("k").Value(4).Str != "key1" || b.Column(TimeColumn).Ints[5] != 20 || b.Column(CutColumn).Value(0).Str != "token-r1" ||
		b.Column(RowColumn).Ints[4] != 1 || b.Column(RequestColumn).Value(3).Str != "r2" {
		t.Errorf("the rows are not those that were served: %+v", b.Fields)
	}
	if v := b.Column(ScoreColumn); v.Floats[4] != 0.75 || v.StatusAt(3) != selfsame.Null || v.StatusAt(0) != selfsame.Null {
		t.Errorf("scores %v %v", v.Floats, v.Status)
	}
	if v := b.Column(LabelColumn); !v.Bools[2] || v.StatusAt(1) != selfsame.Null {
		t.Errorf("labels %v %v", v.Bools, v.Status)
	}
	if c := b.Column(ServedPrefix + "o_int64"); c.Ints[3] != math.MinInt64 || c.StatusAt(5) != selfsame.ErrorOverflow {
		t.Errorf("served values %v %v", c.Ints, c.Status)
	}
	if _, err := NewReader(dir).Rows(t.Context(), RowsQuery{Service: "none"}); selfsame.ClassOf(err) != selfsame.ClassNotFound {
		t.Errorf("a service without vectors: %v", err)
	}
	if _, err := NewReader(dir).Rows(t.Context(), RowsQuery{Service: "all"}); err != nil {
		t.Errorf("without a model: %v", err)
	}
}

// TestRowsOfAnExperiment: a request whose rows were dealt to two arms is two records, and its rows keep their numbers.
func TestRowsOfAnExperiment(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{Durable: true})
	before, a, b := vector(t, "r0", 1), vector(t, "r1", 10), vector(t, "r1", 10)
	a.Experiment, a.Variant, a.Numbers = "ab", "control", []int{0, 2, 5}
	b.Experiment, b.Variant, b.Numbers = "ab", "new", []int{1, 3, 4}
	for _, s := range []*Served{before, a, b} {
		must(t, w.Served(t.Context(), s))
	}
	must(t, w.Predict(t.Context(), &Prediction{RequestID: "r1", Row: 3, Model: "m", Score: selfsame.Value{Type: scalar(selfsame.Float64), Float: 0.5}}))
	must(t, w.Close())
	rows, err := NewReader(dir).Rows(t.Context(), RowsQuery{Service: "all"})
	must(t, err)
	must(t, rows.Check())
	var got []string
	for i := range rows.Rows {
		got = append(got, fmt.Sprintf("%d %s %v", rows.Column(RowColumn).Ints[i], rows.Column(VariantColumn).Value(i).Str, rows.Column(ScoreColumn).StatusAt(i)))
	}
	want := []string{"0  null", "1  null", "2  null", "0 control null", "2 control null", "5 control null", "1 new null", "3 new present", "4 new null"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if v := rows.Column(VariantColumn); v.StatusAt(0) != selfsame.Null {
		t.Errorf("a row of no experiment has variant %v", v.Value(0))
	}
}

// FuzzContent reads any bytes as a content: it gives a record or an error, and what it gives writes back as it was.
func FuzzContent(f *testing.F) {
	f.Add([]byte{byte(outcomeKind), 0, 1, 'r', 0, 0, 2, 0, 5})
	f.Add([]byte{byte(predictionKind), 0, 1, 'r', 0, 0, 1, 'm', 0, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Add([]byte{byte(shapeKind), 0, 1, 's', 2, 1, 1, 'k', 5, 1, 1, 'o', 0, 0, 0, 9, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &scanner{shapes: map[int]*Shape{0: {Given: []selfsame.Field{{Name: "k", Type: selfsame.ListOf(scalar(selfsame.String))}}}}}
		rec, err := c.record(b, Position{})
		if err != nil || rec == nil || rec.Outcome == nil {
			return
		}
		again := appendOutcome(appendHead(nil, outcomeKind, rec.Time, rec.RequestID()), rec.Outcome)
		back, err := c.record(again, Position{})
		if err != nil || !reflect.DeepEqual(back, rec) && rec.Outcome.Label.Float == rec.Outcome.Label.Float {
			t.Fatalf("%x gives %+v, which writes as %x and reads %+v, %v", b, rec.Outcome, again, back, err)
		}
	})
}
