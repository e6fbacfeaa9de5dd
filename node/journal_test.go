// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/api"
	"selfsame/audit"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/journal"
	"selfsame/materialize"
	"selfsame/offline"
	"selfsame/online"
	"selfsame/plan"
	"selfsame/registry"
	"selfsame/serve"
)

const journalled = `project: shop
entities: {user: {key: {user_id: string}}}
sources:
  orders:
    schema: {id: string, user_id: string, amount: float64, at: timestamp}
    event_time: at
    id: id
    batch: {path: orders.csv}
    stream: {push: true}
views:
  orders: {entity: user, source: orders, features: {n: count(*) over 1d, total: sum(amount) over 1d}}
  score:
    request: {limit: float64}
    inputs: {o: {view: orders}}
    features: {share: o.total / limit}
services:
  fraud: {features: ["orders.*", "score.*"]}
`

// hour is so many hours into the first day of 2024.
func hour(n int64) int64 { return 1_704_067_200_000_000 + n*selfsame.Hour }

// evidenceWorld is a project of which history, log and a served vector are known: the evidence of it, and the plan that served.
type evidenceWorld struct {
	*Evidence
	dir      string
	registry registry.Registry
	snapshot [16]byte
	plan     *plan.Plan
}

func newEvidence(t *testing.T, text string) *evidenceWorld {
	t.Helper()
	dir := writeProject(t, map[string]string{"selfsame.yaml": text,
		"orders.csv": "id,user_id,amount,at\no1,u1,1.5,2024-01-01T00:00:00Z\no2,u1,2.5,2024-01-01T01:00:00Z\n"})
	e := &evidenceWorld{dir: dir, Evidence: &Evidence{Project: dir, Journal: journal.NewReader(filepath.Join(dir, "journal")),
		Archive: filepath.Join(dir, "archive"), Complete: 2}}
	e.apply(t)
	e.load(t)
	service, _, err := e.Definitions.Service("fraud", 0)
	if err != nil {
		t.Fatal(err)
	}
	if e.plan, err = plan.Build(e.Definitions.Project(), plan.Request{Features: service.Features, Resolver: e.Definitions}); err != nil {
		t.Fatal(err)
	}
	e.archive(t, 0, hour(2)+1, "o3", 4, hour(2))
	e.archive(t, 1, hour(3)+5, "o4", 8, hour(2)+selfsame.Minute)
	return e
}

// apply applies what the project's files say and takes the snapshot.
func (e *evidenceWorld) apply(t *testing.T) {
	t.Helper()
	if e.registry == nil {
		data := openData(t, DefaultData(e.dir))
		r, err := OpenRegistry(t.Context(), data, e.dir)
		if err != nil {
			t.Fatal(err)
		}
		e.registry = r
		t.Cleanup(func() {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			closeData(t, data)
		})
	}
	if _, err := ApplyProject(t.Context(), e.registry, &ChangeConfig{Project: e.dir, Author: "ann", Expect: registry.Newest}); err != nil {
		t.Fatal(err)
	}
	var err error
	if e.Definitions, err = e.registry.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// archive writes one row of the log.
func (e *evidenceWorld) archive(t *testing.T, offset, alpha int64, id string, amount float64, at int64) {
	t.Helper()
	fields := batch.ArchiveFields(e.Definitions.Project().Source("orders"))
	b := column.NewBatch(fields, 1)
	for i, v := range []selfsame.Value{{Str: id}, {Str: "u1"}, {Float: amount}, {Int: at}, {Int: offset}, {Int: alpha}, {Str: "insert"}} {
		v.Type = fields[i].Type
		b.Columns[i].Append(v)
	}
	b.Rows = 1
	dir := filepath.Join(e.Archive, "orders", "date=2024-01-01")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%020d-%020d.parquet", offset, offset+1)
	w, err := creators["parquet"](filepath.Join(dir, name), fields, offline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// load records that the history of orders was loaded, and looks at it.
func (e *evidenceWorld) load(t *testing.T) {
	t.Helper()
	p := e.Definitions.Project()
	table, err := openSource(t.Context(), e.dir, p.Source("orders"))
	if err != nil {
		t.Fatal(err)
	}
	in, err := inputRecord(t.Context(), "orders", "orders.csv", table)
	if err != nil {
		t.Fatal(err)
	}
	record := &materialize.Record{Format: materialize.HistoryFormat, Sources: []batch.Input{in}}
	record.Snapshot = materialize.Snapshot(record.Sources)
	e.snapshot = (&materialize.History{Snapshot: record.Snapshot}).ID()
	folder := filepath.Join(DefaultData(e.dir), historyFolder)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, record.Snapshot+".json"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	e.look()
}

// look forgets what was seen of history.
func (e *evidenceWorld) look() {
	e.History = NewHistoryAtHand(DefaultData(e.dir), e.dir, e.Definitions.Project())
}

// column makes a column of floats, or of texts.
func columnFrom(values ...any) *column.Column {
	kind := selfsame.Float64
	if _, ok := values[0].(string); ok {
		kind = selfsame.String
	}
	c := column.New(selfsame.Scalar(kind), 0)
	for _, v := range values {
		switch v := v.(type) {
		case float64:
			c.Append(selfsame.Value{Type: c.Type, Float: v})
		case string:
			c.AppendBytes([]byte(v))
		default:
			c.AppendStatus(selfsame.Null)
		}
	}
	return c
}

// serve journals the vectors of two users at three o'clock, which is before the log's second row came.
func (e *evidenceWorld) serve(t *testing.T, total float64) {
	t.Helper()
	w, err := journal.Open(filepath.Join(e.dir, "journal"), journal.Options{Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	j := NewJournaler(w, func() int64 { return hour(4) }, func(err error) { t.Error(err) })
	n := column.New(selfsame.Scalar(selfsame.Int64), 0)
	n.Ints = []int64{3, 0}
	v := &serve.Vector{RequestID: "r1", Service: "fraud", Version: 1, Rows: 2, At: hour(3), Token: online.Token{Offset: 1, Snapshot: e.snapshot}.String(),
		Columns: []*column.Column{n, columnFrom(total, nil), columnFrom(total/16, nil)}}
	for i := range e.plan.Outputs {
		o := &e.plan.Outputs[i]
		is, err := e.Definitions.Version(o.View.Name, o.Feature.Name, o.Feature.Version)
		if err != nil {
			t.Fatal(err)
		}
		v.Outputs = append(v.Outputs, serve.Output{Name: o.Name, Reference: o.Ref() + "@" + is.Version, Version: is.Version, Definition: is.Hash, Type: o.EdgeType()})
	}
	record := &serve.Record{Vector: v, Fields: e.plan.Requests}
	for _, f := range e.plan.Requests {
		if f.Name == "user_id" {
			record.Given = append(record.Given, columnFrom("u1", "u2"))
		} else {
			record.Given = append(record.Given, columnFrom(16.0, 16.0))
		}
	}
	j.Record(record)
	score := selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Float: 0.9}
	if err := j.Predict(t.Context(), &api.Prediction{RequestID: "r1", Model: "m", ModelVersion: "3", Score: score}); err != nil {
		t.Fatal(err)
	}
	if err := j.Outcome(t.Context(), &api.Outcome{RequestID: "r1", Label: selfsame.Value{Type: selfsame.Scalar(selfsame.Bool), Int: 1}, At: hour(9)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestServedVectorsAreAudited audits a right and a wrong vector, also once the definitions have gone on.
func TestServedVectorsAreAudited(t *testing.T) {
	for _, c := range []struct {
		total      float64
		mismatches int64
	}{{8, 0}, {9, 2}} {
		e := newEvidence(t, journalled)
		e.serve(t, c.total)
		if err := os.WriteFile(filepath.Join(e.dir, "selfsame.yaml"), []byte(strings.Replace(journalled, "sum(amount) over 1d", "sum(amount) over 30m", 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		e.apply(t)
		r, err := e.Audit(t.Context(), audit.Options{Explain: 2, Gap: true})
		if err != nil {
			t.Fatal(err)
		}
		if r.Values != 6 || r.Mismatched != c.mismatches || r.Unauditable != 0 {
			b, _ := json.MarshalIndent(r, "", " ")
			t.Errorf("total %v: %s", c.total, b)
		}
		if len(r.Gap) != 3 || r.Gap[0].Differ != 1 { // the order that came later counts by now
			t.Errorf("late data: %+v", r.Gap)
		}
		if err := os.WriteFile(filepath.Join(e.dir, "orders.csv"), []byte("id,user_id,amount,at\no1,u1,1.5,2024-01-01T00:00:00Z\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		e.look()
		if r, err = e.Audit(t.Context(), audit.Options{}); err != nil || r.Unauditable != 2 || r.Values != 0 {
			t.Errorf("with other history: %+v, %v", r, err)
		}
	}
}

func TestServedVectorsAreExplained(t *testing.T) {
	e := newEvidence(t, journalled)
	e.serve(t, 8)
	x, err := ExplainServed(t.Context(), e.Evidence, &ServedQuestion{Request: "r1", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Predictions) != 1 || x.Predictions[0].Model != "m" || len(x.Outcomes) != 1 || x.Outcomes[0].At != selfsame.Instant(hour(9)) || x.Offset != 1 {
		t.Errorf("got %+v", x)
	}
	if len(x.Values) != 3 {
		t.Fatalf("%d values, want 3", len(x.Values))
	}
	for _, v := range x.Values {
		if v.Explanation == nil || !v.Same || v.Version == "" || v.Hash == "" {
			t.Errorf("%s is not explained as it was served: %+v", v.Output, v)
		}
	}
	cell := x.Values[0].Explanation.Value.Cells[0]
	if len(cell.Events) != 3 || cell.Events[0].ID != "o3" || cell.Events[0].Offset == nil || *cell.Events[0].Offset != 0 || cell.Events[1].Offset != nil || cell.Events[1].File != "orders.csv" {
		t.Errorf("events %+v", cell.Events)
	}
	if len(cell.Misses) != 1 || cell.Misses[0].Reason != batch.ReasonArrivedLater || cell.Misses[0].Nearest[0].Text != "came at offset 1 of the log, the cut is at 1" {
		t.Errorf("near misses %+v", cell.Misses)
	}
	if in := x.Values[2].Explanation.Value.Inputs; len(in) != 2 {
		t.Errorf("the on-demand value has the inputs %+v", in)
	}
	one, err := ExplainServed(t.Context(), e.Evidence, &ServedQuestion{Request: "r1", Row: 1, Feature: "orders.n", Limit: 10})
	if err != nil || len(one.Values) != 1 || !one.Values[0].Same || len(one.Predictions) != 0 {
		t.Errorf("the other row: %+v, %v", one, err)
	}
	for _, c := range []struct {
		q    ServedQuestion
		want selfsame.ErrorClass
	}{{ServedQuestion{Request: "r2"}, selfsame.ClassNotFound}, {ServedQuestion{Request: "r1", Row: 2}, selfsame.ClassUsage}, {ServedQuestion{Request: "r1", Feature: "orders.m"}, selfsame.ClassNotFound}} {
		if _, err := ExplainServed(t.Context(), e.Evidence, &c.q); selfsame.ClassOf(err) != c.want {
			t.Errorf("%+v: %v", c.q, err)
		}
	}
	e.Complete = 0
	if x, err = ExplainServed(t.Context(), e.Evidence, &ServedQuestion{Request: "r1"}); err != nil || x.Values[0].Note != "the log up to its cut is not at hand" || x.Values[0].Explanation != nil {
		t.Errorf("without the log: %+v, %v", x, err)
	}
}

// TestJournalledRowsTrain evaluates what was served as training rows.
func TestJournalledRowsTrain(t *testing.T) {
	e := newEvidence(t, journalled)
	e.serve(t, 8)
	rows, err := e.Rows(t.Context(), journal.RowsQuery{Service: "fraud"})
	if err != nil {
		t.Fatal(err)
	}
	in, err := e.Inputs(t.Context(), e.plan)
	if err != nil {
		t.Fatal(err)
	}
	res, err := batch.Run(t.Context(), batch.Request{Plan: e.plan, Rows: rows, Mode: batch.Mode{Served: true}, Versions: in.Versions, Snapshot: here})
	if err != nil {
		t.Fatal(err)
	}
	err = res.Each(t.Context(), func(c *batch.Chunk) error {
		for k, o := range e.plan.Outputs {
			served := c.Labels.Column(journal.ServedPrefix + o.Name)
			for i := range c.Rows {
				if got, want := c.Features.Columns[k].Value(i), served.Value(i); !batch.SameBits(got, want) {
					t.Errorf("%s, row %d: got %v, want %v", o.Name, i, batch.Show(got), batch.Show(want))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if c := rows.Batch.Column(journal.LabelColumn); c == nil || !c.Bools[0] || c.StatusAt(1) == selfsame.Present {
		t.Errorf("labels %+v", c)
	}
	rows.Served[1].Snapshot = [16]byte{9}
	if _, err := batch.Run(t.Context(), batch.Request{Plan: e.plan, Rows: rows, Mode: batch.Mode{Served: true}, Versions: in.Versions, Snapshot: here}); selfsame.ClassOf(err) != selfsame.ClassChanged {
		t.Errorf("a row of other history: %v", err)
	}
}

// kept is an observer that keeps the values of a run.
type kept struct{ rows []string }

func (k *kept) Observe(c *batch.Chunk) error {
	for i := range c.Rows {
		text := ""
		for _, f := range c.Features.Columns {
			text += batch.Show(f.Value(i)).String() + " "
		}
		k.rows = append(k.rows, strings.TrimSpace(text))
	}
	return nil
}

// TestTrainingReadsTheLog trains over history and log: from the journal, at tokens of a file, at times, and a second time from the manifest once the log
// has grown.
func TestTrainingReadsTheLog(t *testing.T) {
	e := newEvidence(t, journalled)
	e.serve(t, 8)
	token := online.Token{Offset: 1, Snapshot: e.snapshot}.String()
	none := online.Token{Offset: 2}.String() // history was not loaded
	rows := filepath.Join(e.dir, "rows.csv")
	text := "user_id,limit,event_time,cut\nu1,16,2024-01-01T03:00:00Z," + token + "\nu1,16,2024-01-01T03:00:00Z," + none + "\n"
	if err := os.WriteFile(rows, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	log := &LogConfig{Archive: e.Archive, Complete: 2, Data: DefaultData(e.dir), Journal: e.Journal}
	train := func(edit func(*TrainConfig)) (*Trained, []string) {
		t.Helper()
		k := &kept{}
		cfg := &TrainConfig{Verb: "train", Project: e.dir, Request: Request{Service: "fraud"}, Log: log, Out: filepath.Join(t.TempDir(), "out.parquet"),
			Rows: RowsConfig{Start: selfsame.MinTime, End: selfsame.MaxTime}, Observers: []Observer{k}, Options: batch.Options{Threads: 1}}
		edit(cfg)
		done, err := Train(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return done, k.rows
	}
	same := func(what string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	_, got := train(func(c *TrainConfig) { c.Rows.Journal = &journal.RowsQuery{Service: "fraud"} })
	same("from the journal", got, "3 8 0.5", "0 null null")
	_, got = train(func(c *TrainConfig) { c.Rows.File, c.Rows.Cut = rows, "cut" })
	same("at tokens", got, "3 8 0.5", "2 12 0.75")
	byTime := func(c *TrainConfig) { c.Rows.File = rows }
	first, got := train(byTime)
	same("as_of", got, "3 8 0.5", "3 8 0.5")
	_, got = train(func(c *TrainConfig) { c.Rows.File, c.Mode.Final = rows, true })
	same("final", got, "4 16 1", "4 16 1")
	_, got = train(func(c *TrainConfig) { c.Rows.File, c.Mode.Final, c.Log = rows, true, nil })
	same("without the log", got, "2 4 0.25", "2 4 0.25")
	if m := first.Manifest; m.Log != 2 || len(m.Sources) != 2 || m.Sources[1].Name != "orders (log)" || len(m.Sources[1].Files) != 2 {
		t.Errorf("the manifest does not say what was read of the log: %+v", m.Sources)
	}
	e.archive(t, 2, hour(2)+selfsame.Hour/2, "o5", 100, hour(2)+selfsame.Minute)
	log.Complete = 3
	_, got = train(func(c *TrainConfig) { byTime(c); c.Again = first.Manifest })
	same("again", got, "3 8 0.5", "3 8 0.5")
	_, got = train(byTime)
	same("with what came since", got, "4 108 6.75", "4 108 6.75")
}

// TestCutsNameWhatWasLoaded reads cuts of snapshots that are at hand, of others, and of none.
func TestCutsNameWhatWasLoaded(t *testing.T) {
	e := newEvidence(t, journalled)
	more := *e.Definitions.Project()
	more.Sources = append(slices.Clone(more.Sources), &selfsame.Source{Name: "users"})
	h := NewHistoryAtHand(DefaultData(e.dir), e.dir, &more)
	for _, c := range []struct {
		token    online.Token
		snapshot [16]byte
		ranges   []batch.LoadedRange
	}{
		{online.Token{Offset: 3}, [16]byte{}, nil},
		{online.Token{Offset: 3, Snapshot: [16]byte{9}}, [16]byte{9}, nil},
		{online.Token{Offset: 3, Snapshot: e.snapshot}, here, []batch.LoadedRange{{Source: "users"}}}, // it was not loaded
		{online.Token{Offset: 3, Snapshot: e.snapshot, Ranges: []online.TokenRange{{Lo: 1, Hi: 9}}}, here, []batch.LoadedRange{{Source: "orders", Lower: 1, Upper: 9}, {Source: "users"}}},
	} {
		got, err := h.Cut(c.token.String())
		if err != nil || got.Offset != 3 || got.Snapshot != c.snapshot || !slices.Equal(got.Ranges, c.ranges) {
			t.Errorf("%+v reads as %+v, %v", c.token, got, err)
		}
	}
	if _, err := h.Cut(online.Token{Snapshot: e.snapshot, Ranges: []online.TokenRange{{Source: 1}}}.String()); selfsame.ClassOf(err) != selfsame.ClassChanged {
		t.Errorf("a source that the snapshot does not have: %v", err)
	}
	var none *HistoryAtHand
	if got, err := none.Cut(online.Token{Offset: 3, Snapshot: e.snapshot}.String()); err != nil || got.Snapshot != e.snapshot {
		t.Errorf("without records: %+v, %v", got, err)
	}
}
