// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"selfsame"
	"selfsame/batch"
	"selfsame/config"
	"selfsame/lineage"
	"selfsame/registry"
	"selfsame/registry/graph"
)

// TestValueLineageIsWhatIsServed asks where values come from at random moments, over random history and events: the value is the one that a read gives, and
// what is counted stands in the files and offsets that are named.
func TestValueLineageIsWhatIsServed(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 22))
		w := newLiveWorld(t, bank, bankFiles(r))
		w.must("backfill", &LoadArgs{})
		for range 3 {
			w.pushAll(bankEvents(r, 4))
			moments := []*int64{nil}
			for range 2 {
				at := w.clock.Load() - int64(r.IntN(10))*selfsame.Minute/2
				moments = append(moments, &at)
			}
			for _, at := range moments {
				w.heldToReads(seed, at)
			}
		}
		w.close()
	}
}

func (w *liveWorld) heldToReads(seed uint64, at *int64) {
	w.t.Helper()
	_, a := w.read(at)
	defer a.Release()
	for i, key := range keys {
		for _, c := range a.Columns {
			name, _, _ := strings.Cut(c.Reference, "@")
			v, err := w.live.ValueLineage(w.t.Context(), &lineage.ValueQuestion{Feature: name, EntityID: key, At: at, Limit: 1000})
			if err != nil {
				w.t.Fatalf("seed %d: %s of %s: %v", seed, name, key, err)
			}
			if want := batch.Show(c.Values.Value(i)); v.Status != want.Status || string(v.Value) != string(want.Value) || v.Feature != c.Reference || v.Hash != c.Definition {
				w.t.Fatalf("seed %d: %s of %s at %v: got %s %s by %s, want %s %s by %s", seed, name, key, at, v.Status, v.Value, v.Hash, want.Status, want.Value, c.Definition)
			}
			w.standsSomewhere(v)
		}
	}
}

// standsSomewhere checks that every listed event is in a file or a stretch of the log that the answer names, and is counted there once.
func (w *liveWorld) standsSomewhere(v *lineage.Value) {
	w.t.Helper()
	type row struct {
		source, file string
		row          int64
	}
	events := map[row]lineage.Event{}
	for _, win := range v.Windows {
		for _, e := range win.Events {
			events[row{e.Source, e.File, e.Row}] = e
		}
		if len(win.Events) != win.Counted || win.LeftOut != 0 {
			w.t.Errorf("%s: %d events, %d counted", v.Feature, len(win.Events), win.Counted)
		}
	}
	if v.Row != nil && v.Row.Row != nil {
		e := v.Row.Row
		events[row{e.Source, e.File, e.Row}] = *e
	}
	found := map[int]int{}
	for _, e := range events {
		at := slices.IndexFunc(v.Read, func(f lineage.FileRead) bool {
			return f.Source == e.Source && (e.Offset == nil && f.File == e.File && f.Size > 0 || e.Offset != nil && f.First != nil && *f.First <= *e.Offset && *e.Offset <= *f.Last)
		})
		if at < 0 {
			w.t.Errorf("%s: nothing that is read holds %+v: %+v", v.Feature, e, v.Read)
			continue
		}
		found[at]++
	}
	for i, f := range v.Read {
		if f.Events != found[i] {
			w.t.Errorf("%s: %+v holds %d events", v.Feature, f, found[i])
		}
	}
}

// TestQuestionsOfThePastMakeNoFiles asks for a moment before an event that the archive does not have: the archive stays as it is.
func TestQuestionsOfThePastMakeNoFiles(t *testing.T) {
	w := newLiveWorld(t, bank, bankFiles(rand.New(rand.NewPCG(1, 22))))
	ask := func(at int64, want string) {
		t.Helper()
		v, err := w.live.ValueLineage(t.Context(), &lineage.ValueQuestion{Feature: "tapped.n", EntityID: "q", At: &at})
		if err != nil || string(v.Value) != want {
			t.Fatalf("got %+v, %v, want %s", v, err, want)
		}
	}
	push := func() int64 {
		w.push("taps", fmt.Sprintf(`{"k":"q","x":1,"at":"%s"}`, instantText(w.clock.Load())))
		return w.clock.Load()
	}
	first := push()
	ask(first, "1")
	archived := w.live.archive.Complete()
	second := push()
	ask(first, "1")
	ask(second-1, "1")
	if got := w.live.archive.Complete(); got != archived || got == 0 {
		t.Errorf("the archive holds the log up to %d, was %d", got, archived)
	}
	ask(second, "2")
	if got := w.live.archive.Complete(); got != archived+1 {
		t.Errorf("the archive holds the log up to %d, was %d", got, archived)
	}
}

func TestValueQuestions(t *testing.T) {
	w := newLiveWorld(t, bank, bankFiles(rand.New(rand.NewPCG(1, 22))))
	late := w.clock.Load() + selfsame.Minute
	for _, c := range []struct {
		q     lineage.ValueQuestion
		class selfsame.ErrorClass
		text  string
	}{
		{lineage.ValueQuestion{Feature: "paid.nn_1d", EntityID: "a"}, selfsame.ClassNotFound, "did you mean"},
		{lineage.ValueQuestion{Feature: "paid.n_1d"}, selfsame.ClassUsage, "k: it is needed and not given (string)"},
		{lineage.ValueQuestion{Feature: "paid.n_1d", EntityID: "a", Entity: map[string]string{"k": "a"}}, selfsame.ClassUsage, "no key is left"},
		{lineage.ValueQuestion{Feature: "paid.n_1d", Entity: map[string]string{"k": "a", "x": "1"}}, selfsame.ClassUsage, "x: nothing reads it"},
		{lineage.ValueQuestion{Feature: "paid.*", EntityID: "a"}, selfsame.ClassUsage, "several features"},
		{lineage.ValueQuestion{Feature: "paid.n_1d", EntityID: "a", Limit: -1}, selfsame.ClassUsage, "not from 0 to 1000"},
		{lineage.ValueQuestion{Feature: "paid.n_1d", EntityID: "a", At: &late}, selfsame.ClassUsage, "later than now"},
		{lineage.ValueQuestion{Feature: "paid.n_1d@3", EntityID: "a"}, selfsame.ClassNotFound, "no such version"},
	} {
		if _, err := w.live.ValueLineage(t.Context(), &c.q); selfsame.ClassOf(err) != c.class || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%+v: got %v, want %s: %s", c.q, err, c.class, c.text)
		}
	}
	v, err := w.live.ValueLineage(t.Context(), &lineage.ValueQuestion{Feature: "place.x", EntityID: "a"})
	if err != nil || string(v.Value) != "1" || v.Answer.Notes == nil || !strings.Contains(v.Answer.Notes[0], "not loaded online") {
		t.Errorf("got %+v, %v", v, err)
	}
}

// asks answers a question about the graph.
func (w *liveWorld) lineage(a *graph.Args) (*lineage.Answer, string) {
	w.t.Helper()
	answer, err := w.live.Lineage(w.t.Context(), a)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, n := range answer.Nodes {
		names = append(names, n.ID)
	}
	return answer, strings.Join(names, " ")
}

// TestGraphOverTime changes a definition: the graph of the moment before is still there, older versions show where something stands on them, and what is
// recorded beside definitions shows at once.
func TestGraphOverTime(t *testing.T) {
	w := newLiveWorld(t, bank, bankFiles(rand.New(rand.NewPCG(3, 22))))
	apply := func(text string) {
		t.Helper()
		w.write("selfsame.yaml", text)
		if _, err := ApplyProject(t.Context(), w.live, &ChangeConfig{Project: w.project, Author: "ann", Expect: registry.Newest}); err != nil {
			t.Fatal(err)
		}
	}
	down := func(at *int64, ref string) string {
		t.Helper()
		q := &graph.Args{Question: lineage.Question{Ref: ref, Direction: lineage.Down}, At: at}
		answer, names := w.lineage(q)
		fresh, err := new(graph.Cache).Answer(t.Context(), w.live.snapshotForTest(t), q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fresh, answer, cmpopts.IgnoreUnexported(lineage.Node{}, lineage.Edge{})); diff != "" {
			t.Errorf("%s: the graph that is kept is not the one that is made anew:\n%s", ref, diff)
		}
		return names
	}
	first := w.live.snapshot.Load().Newest().Time
	if got, want := down(nil, "fixes.x"), "column/fixes.x feature/fixed.m@1.0.0 service/all@1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := w.live.Act(t.Context(), registry.By{Author: "ann", Time: first + 1}, &registry.Model{Name: "m", Version: "1", Service: "all"}); err != nil {
		t.Fatal(err)
	}
	if got, want := down(nil, "fixes.x"), "column/fixes.x feature/fixed.m@1.0.0 service/all@1 model/m@1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	apply(strings.Replace(bank, "m: max(x) over 30d", "m: count(*) over 30d", 1))
	for _, source := range []string{"pays", "fixes", "homes", "taps", "places"} {
		down(nil, source)
	}
	if got, want := down(nil, "fixes.x"), "column/fixes.x feature/fixed.m@1.0.0 service/all@1 model/m@1"; got != want {
		t.Errorf("after the change: got %s, want %s", got, want)
	}
	if got, want := down(nil, "fixed.m"), "feature/fixed.m@2.0.0 service/all@2"; got != want {
		t.Errorf("the new version: got %s, want %s", got, want)
	}
	if got, want := down(&first, "fixed.m"), "feature/fixed.m@1.0.0 service/all@1"; got != want {
		t.Errorf("then: got %s, want %s", got, want)
	}
	if _, err := w.live.Act(t.Context(), registry.By{Author: "ann", Time: first + 2}, &registry.Model{Name: "m", Version: "1", Retired: true}); err != nil {
		t.Fatal(err)
	}
	if got, want := down(nil, "fixes.x"), "column/fixes.x"; got != want {
		t.Errorf("nothing stands on the old version any more: got %s, want %s", got, want)
	}
	apply(bank) // the first versions again, of which the graph knows what they read
	if got, want := down(nil, "fixes.x"), "column/fixes.x feature/fixed.m@1.0.0 service/all@1"; got != want {
		t.Errorf("back again: got %s, want %s", got, want)
	}
	if got, want := down(nil, "fixed.m@2"), "feature/fixed.m@2.0.0 service/all@2"; got != want {
		t.Errorf("the other one: got %s, want %s", got, want)
	}
	apply(strings.Replace(bank, "m: max(x) over 30d", "m: count(*) over 30d", 1))
	answer, _ := w.lineage(&graph.Args{Question: lineage.Question{Ref: "m", Direction: lineage.Up}})
	if answer.Nodes[len(answer.Nodes)-1].Status != "retired" || !slices.ContainsFunc(answer.Nodes, func(n *lineage.Node) bool { return n.ID == "feature/fixed.m@1.0.0" && n.Status == "earlier" }) {
		t.Error("what a retired model is made from is not shown")
	}
	before := first - 1
	if _, err := w.live.Lineage(t.Context(), &graph.Args{Question: lineage.Question{Ref: "all"}, At: &before}); selfsame.ClassOf(err) != selfsame.ClassNotFound {
		t.Errorf("before the first apply: got %v", err)
	}
}

// TestLoadsAreRecorded loads history: what was loaded is a run with its inputs; what was there already, and what fails, is none.
func TestLoadsAreRecorded(t *testing.T) {
	files := bankFiles(rand.New(rand.NewPCG(5, 22)))
	w := newLiveWorld(t, bank, files)
	runs := func() []registry.RunRecord {
		t.Helper()
		s, err := w.live.registry.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s.Runs()
	}
	w.must("materialize", &LoadArgs{Views: []string{"place"}})
	w.must("materialize", &LoadArgs{Views: []string{"place"}})
	got := runs()
	if len(got) != 1 {
		t.Fatalf("got %d runs, want one", len(got))
	}
	run := got[0]
	if run.Kind != "materialize" || run.Rows != 2 || fmt.Sprint(run.Features) != "[place.x@1.0.0]" || len(run.Inputs) != 1 || run.Inputs[0].Name != "places" ||
		run.Inputs[0].Bytes != int64(len(files["places.csv"])) || !strings.HasPrefix(run.Inputs[0].Checksum, "xxh3:") || len(run.Outputs) != 1 || run.Outputs[0].Name != "place" {
		t.Errorf("got %+v", run.Run)
	}
	w.write("pays.csv", "k,x,id\n")
	if _, _, err := w.do("backfill", &LoadArgs{}); err == nil {
		t.Fatal("a file without its columns was loaded")
	}
	if got := runs(); len(got) != 1 {
		t.Errorf("what fails is recorded: %+v", got[1:])
	}
	w.write("pays.csv", files["pays.csv"])
	w.must("backfill", &LoadArgs{Views: []string{"paid"}})
	if got := runs(); len(got) != 2 || got[1].Kind != "backfill" || !slices.Contains(got[1].Features, "last_pay.id@1.0.0") {
		t.Errorf("got %+v", got)
	}
	if _, names := w.lineage(&graph.Args{Question: lineage.Question{Ref: "places", Direction: lineage.Down}}); !strings.HasSuffix(names, " run/"+run.ID) {
		t.Errorf("got %s, want the run among them", names)
	}
}

// TestTrainingSetsAreRecorded trains with applied definitions and with others: versions are known by their hashes, and a training set that the registry does
// not know is found by its path all the same.
func TestTrainingSetsAreRecorded(t *testing.T) {
	dir := writeProject(t, shop)
	c := config.Default()
	c.Dir = filepath.Join(dir, "data")
	live := &LiveConfig{Config: c, Project: dir}
	made := func(service, out string) *graph.TrainingSet {
		t.Helper()
		trained, err := Train(t.Context(), trainIn(dir, service, out))
		if err != nil {
			t.Fatal(err)
		}
		set, err := RunOf(trained.ID, 7, trained.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		if err := RecordRun(t.Context(), live, set); err != nil {
			t.Fatal(err)
		}
		return set
	}
	made("total", "none.parquet")
	if _, err := os.Stat(c.Dir); !os.IsNotExist(err) {
		t.Errorf("a run made the data directory: %v", err)
	}
	to, err := OpenApplier(t.Context(), RegistryOf(c, dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ApplyProject(t.Context(), to, &ChangeConfig{Project: dir, Author: "ann"}); err != nil {
		t.Fatal(err)
	}
	first := made("total", "total.parquet")
	put(t, dir, "selfsame.yaml", strings.Replace(shop["selfsame.yaml"], "total: sum(n)", "total: sum(n + 1)", 1))
	other := made("total", "other.parquet")
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	store, err := RegistryOf(c, dir).OpenToRead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := registry.Over(store, dir)
	defer r.Close()
	s, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	runs := s.Runs()
	if len(runs) != 2 {
		t.Fatalf("got %d runs, want 2", len(runs))
	}
	a, b := runs[0], runs[1]
	if a.ID != first.Run.ID || a.Service != "total" || a.List != 1 || fmt.Sprint(a.Features) != "[spend.total@1.0.0]" || a.Rows != 3 || len(a.Inputs) != 2 || a.Inputs[1].Files != 2 ||
		a.Inputs[0].Name != filepath.Join(dir, "labels.csv") || a.Started != 7 || a.Manifest == "" {
		t.Errorf("got %+v", a.Run)
	}
	if b.ID != other.Run.ID || b.List != 0 || b.Features != nil {
		t.Errorf("definitions that are not applied: got %+v", b.Run)
	}
	ask := func(name string) *lineage.Answer {
		t.Helper()
		q := &graph.Args{Question: lineage.Question{Ref: filepath.Join(dir, name)}}
		var err error
		if q.Run, err = FindTrainingSet(q.Ref); err != nil || q.Run == nil {
			t.Fatalf("%s: %v, %v", name, q.Run, err)
		}
		answer, err := AskLineage(t.Context(), live, q)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	for _, name := range []string{"total.parquet", "total.parquet.manifest.json"} {
		if got := ask(name); got.Root != "run/"+first.Run.ID || got.Ref != filepath.Join(dir, name) {
			t.Errorf("%s: got %s, want the run", name, got.Root)
		}
	}
	if got := ask("none.parquet"); got.Root != "run/"+filepath.Join(dir, "none.parquet") || len(got.Edges) == 0 {
		t.Errorf("a set that is not recorded: got %s with %d edges", got.Root, len(got.Edges))
	}
	t.Chdir(dir)
	put(t, dir, "total.manifest.json", "{}")
	if set, err := FindTrainingSet("total"); set != nil || err != nil {
		t.Errorf("a bare name: got %v, %v", set, err)
	}
	if _, err := FindTrainingSet("./total"); selfsame.ClassOf(err) != selfsame.ClassInput {
		t.Errorf("a file that is no manifest: got %v", err)
	}
	if set, err := FindTrainingSet(filepath.Join(dir, "labels.csv")); set != nil || err != nil {
		t.Errorf("a file that is none: got %v, %v", set, err)
	}
}

// TestGraphIsMadeBehindAnApply makes the graph of what is applied before anybody asks.
func TestGraphIsMadeBehindAnApply(t *testing.T) {
	project := valuesDir(t, valuesProject)
	c := config.Default()
	c.Dir, c.JournalSample = filepath.Join(t.TempDir(), "data"), 0
	l, err := OpenLive(t.Context(), LiveConfig{Config: c, Project: project})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	ended, stop := context.WithCancel(t.Context())
	stop()
	behind := func() {
		t.Helper()
		if err := l.graphLoop(ended); err != nil || l.lineages.Applied() != l.snapshot.Load().Applied() {
			t.Errorf("the graph is of apply %d, %v; want %d", l.lineages.Applied(), err, l.snapshot.Load().Applied())
		}
	}
	behind() // nothing is applied
	if _, err := l.ApplyFirst(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(l.applied) != 1 {
		t.Error("the loop is not told of an apply")
	}
	behind()
	run := &recording{TrainingSet: &graph.TrainingSet{Run: registry.Run{ID: "run-1", Kind: "train", Service: "risk"}}, By: registry.By{Author: "ann", Time: 5}}
	if err := l.recordVerb(t.Context(), run, nil); err != nil {
		t.Fatal(err)
	}
	if runs := l.snapshot.Load().Runs(); len(runs) != 1 {
		t.Errorf("what is read by has %d runs after one was recorded", len(runs))
	}
}

// TestEventsOfAServer tells of an apply, loads and failures: pairs of valid events, with the id of the recorded run.
func TestEventsOfAServer(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(filepath.Join("..", "lineage", "openlineage", "testdata", "spec.json"))
	if err != nil {
		t.Fatal(err)
	}
	files := bankFiles(rand.New(rand.NewPCG(6, 22)))
	project := writeProject(t, files)
	put(t, project, "selfsame.yaml", bank)
	c := config.Default()
	c.Dir, c.JournalSample, c.LineageFile = filepath.Join(t.TempDir(), "data"), 0, filepath.Join(t.TempDir(), "events.jsonl")
	l, err := OpenLive(t.Context(), LiveConfig{Config: c, Project: project})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	do := func(verb string, args any) error {
		b, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		return l.Do(t.Context(), verb, b, func([]byte) error { return nil })
	}
	if _, err := l.ApplyFirst(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := do("backfill", &LoadArgs{}); err != nil {
		t.Fatal(err)
	}
	if err := do("materialize", &LoadArgs{}); err != nil { // nothing to do
		t.Fatal(err)
	}
	put(t, project, "pays.csv", "k,x,id,at\na,notanumber,n1,2024-02-20T00:00:00Z\n")
	if err := do("backfill", &LoadArgs{}); err == nil {
		t.Fatal("a bad row was loaded")
	}
	runs := l.snapshotForTest(t).Runs()
	if l.events.Lost() != 0 || !strings.Contains(scrapeOf(l), "selfsame_lineage_lost_total 0") {
		t.Error("events are lost")
	}
	stop()
	if err := errors.Join(<-done, l.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(c.LineageFile)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	ids := map[string]int{}
	for line := range bytes.Lines(b) {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%v\n%s", err, line)
		}
		var e struct {
			EventType       string
			Run             struct{ RunID string }
			Job             struct{ Namespace, Name string }
			Inputs, Outputs []struct{ Name string }
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		ids[e.Run.RunID]++
		told = append(told, fmt.Sprintf("%s %s.%s %d %d", e.EventType, e.Job.Namespace, e.Job.Name, len(e.Inputs), len(e.Outputs)))
	}
	want := []string{"START bank.apply 5 7", "COMPLETE bank.apply 5 7", "START bank.backfill 4 6", "COMPLETE bank.backfill 4 6", "START bank.backfill 4 6", "FAIL bank.backfill 4 6"}
	if !slices.Equal(told, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	if len(runs) != 1 || ids[runs[0].ID] != 2 || len(ids) != 3 {
		t.Errorf("recorded are %+v, told %v", runs, ids)
	}
}

func (l *Live) snapshotForTest(t *testing.T) *registry.Snapshot {
	t.Helper()
	s, err := l.registry.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func scrapeOf(l *Live) string { return (&member{Live: l}).scrape() }

// TestRunsWithoutARegistryAskNoGit holds that a run which nothing records starts no other program: it would be waited for.
func TestRunsWithoutARegistryAskNoGit(t *testing.T) {
	dir, tools := writeProject(t, map[string]string{"selfsame.yaml": smallProject}), t.TempDir()
	asked := filepath.Join(tools, "asked")
	if err := os.WriteFile(filepath.Join(tools, "git"), []byte("#!/bin/sh\n: >"+asked+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	c := config.Default()
	c.Dir = filepath.Join(dir, "data")
	if err := RecordRun(t.Context(), &LiveConfig{Project: dir, Config: c}, &graph.TrainingSet{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(asked); err == nil {
		t.Error("git was asked who runs this")
	}
	author(t.Context(), dir)
	if _, err := os.Stat(asked); err != nil {
		t.Errorf("the git of this test is not the one that is asked: %v", err)
	}
}
