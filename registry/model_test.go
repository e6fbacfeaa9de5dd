// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfsame"
	"selfsame/registry"
	"selfsame/registry/sqlite"
)

func TestModels(t *testing.T) {
	b := newBook(t)
	b.denies(&registry.Model{Name: "m", Version: "5", Service: "fraud"}, selfsame.ClassNotFound, "nothing is applied")
	b.apply(spend(day, "spend.total"))
	b.apply(spend(days, "spend.total"))
	b.act(&registry.Model{Name: "m", Version: "5", Service: "fraud", List: 1, Metrics: map[string]float64{"auc": 0.5}})
	b.act(&registry.Model{Name: "m", Version: "6", Service: "fraud", Notes: "on the applied one"})
	if r := b.act(&registry.Model{Name: "m", Version: "6", Service: "fraud", List: 2}); r != nil {
		t.Errorf("registered again it made record %d", r.ID)
	}
	b.act(&registry.Model{Name: "m", Version: "5", Metrics: map[string]float64{"auc": 0.75, "f1": 0.25}, Manifest: "sha256:a"})
	m, err := b.snapshot().Model("m", "5")
	want := registry.Model{Name: "m", Version: "5", Service: "fraud", List: 1, Metrics: map[string]float64{"auc": 0.75, "f1": 0.25}, Manifest: "sha256:a"}
	if diff := cmp.Diff(want, m.Model); err != nil || diff != "" || m.Author != "bob" || m.Registered >= m.Time {
		t.Errorf("got %+v, %v\n%s", m, err, diff)
	}
	if m, err := b.snapshot().Model("m", "6"); err != nil || m.List != 2 || m.Notes != "on the applied one" {
		t.Errorf("an unpinned service: got %+v, %v; want the applied version 2", m, err)
	}
	for _, c := range []struct {
		m     registry.Model
		class selfsame.ErrorClass
		want  string
	}{
		{registry.Model{Name: "m", Version: "5", Service: "fraud", List: 2}, selfsame.ClassUsage, "it was registered with fraud@1, and a version keeps its service"},
		{registry.Model{Name: "m", Version: "5", Manifest: "sha256:b"}, selfsame.ClassUsage, "with the training set sha256:a"},
		{registry.Model{Name: "m", Version: "7"}, selfsame.ClassUsage, "no service is named"},
		{registry.Model{Name: "m", Version: "7", Service: "frad"}, selfsame.ClassNotFound, "did you mean fraud?"},
		{registry.Model{Name: "m", Version: "7", Service: "fraud", List: 3}, selfsame.ClassNotFound, "there is no such version"},
		{registry.Model{Name: "m x", Version: "7", Service: "fraud"}, selfsame.ClassUsage, "cannot be the name"},
		{registry.Model{Name: "m", Version: "a@b", Service: "fraud"}, selfsame.ClassUsage, "cannot be the version"},
		{registry.Model{Name: "m", Version: "8", Retired: true}, selfsame.ClassNotFound, "there is no such version"},
		{registry.Model{Name: "n", Version: "8", Retired: true}, selfsame.ClassNotFound, "there is no such model"},
		{registry.Model{Name: "m", Version: "9", Service: "fraud", Metrics: map[string]float64{"auc": math.NaN()}}, selfsame.ClassUsage, "cannot be recorded"},
	} {
		b.denies(&c.m, c.class, c.want)
	}
	b.act(&registry.Model{Name: "m", Version: "5", Retired: true})
	if b.act(&registry.Model{Name: "m", Version: "5", Retired: true}) != nil {
		t.Error("retired twice, it was recorded twice")
	}
	if list := b.snapshot().Models(); len(list) != 2 || !list[0].Retired || list[1].Retired {
		t.Errorf("got %+v", list)
	}
	b.act(&registry.Model{Name: "m", Version: "5"})
	if m, err := b.snapshot().Model("m", "5"); err != nil || m.Retired || m.List != 1 {
		t.Errorf("registered again after it was retired: got %+v, %v", m, err)
	}
}

func TestUsers(t *testing.T) {
	b := retiring(t)
	u, err := b.snapshot().UsersOf(t.Context(), "spend", "total", "1")
	want := &registry.Users{Services: []registry.ServiceUser{{Name: "fraud", Version: 1, Experiment: "ab"}},
		Models: []registry.ModelUser{{Name: "m", Version: "5", Service: "fraud", ServiceVersion: 1}}, OnDemand: []string{"ratio.r@1.0.0"}}
	if diff := cmp.Diff(want, u); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	u, err = b.snapshot().UsersOf(t.Context(), "spend", "total", "")
	want = &registry.Users{Services: []registry.ServiceUser{{Name: "fraud", Version: 2, Current: true, Experiment: "ab"}}, Models: []registry.ModelUser{}, OnDemand: []string{"ratio.r@2.0.0"}}
	if diff := cmp.Diff(want, u); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := b.snapshot().UsersOf(t.Context(), "spend", "totl", ""); err == nil {
		t.Error("a feature that there is not has users")
	}
}

func TestTrainingSetsOfModels(t *testing.T) {
	b := newBook(t)
	b.apply(spend(day, "spend.total"))
	b.apply(spend(days, "spend.total"))
	set := func(output, ref, version string) []registry.Trained {
		return []registry.Trained{{Output: output, Ref: ref, Hash: hashOf(t, b, version)}}
	}
	s := b.snapshot()
	if n, err := s.AgreesWith("fraud", 0, set("spend__total", "spend.total", "2")); err != nil || n != 2 {
		t.Errorf("its own version: got %d, %v", n, err)
	}
	for version := range int64(2) {
		labelled := append(set("spend__total", "spend.total", strconv.Itoa(int(version+1))), registry.Trained{Output: "churn__gone", Ref: "churn.gone", Hash: "sha256:1", Label: true})
		if n, err := s.AgreesWith("fraud", version+1, labelled); err != nil || n != version+1 {
			t.Errorf("with a label: got %d, %v", n, err)
		}
		if _, err := s.AgreesWith("fraud", 2-version, labelled); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("fraud@%d: name that one", version+1)) {
			t.Errorf("another version, with a label: %v", err)
		}
	}
	for _, c := range []struct {
		trained []registry.Trained
		want    []string
	}{
		{set("spend__total", "spend.total", "1"), []string{"spend__total was trained as 1.0.0 and is served as 2.0.0", "the features of fraud@1: name that one"}},
		{set("total", "spend.total", "2"), []string{"total (spend.total) is not in the service", "spend__total is not in the training set"}},
		{set("spend__total", "other.total", "2"), []string{"spend__total is other.total in the training set and spend.total in the service"}},
		{[]registry.Trained{{Output: "spend__total", Ref: "spend.total", Hash: "sha256:0"}}, []string{"trained as a definition that was not applied"}},
	} {
		_, err := s.AgreesWith("fraud", 2, c.trained)
		for _, want := range c.want {
			if selfsame.ClassOf(err) != selfsame.ClassUsage || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
	}
}

func TestThePast(t *testing.T) {
	b := retiring(t)
	var got []string
	for _, e := range b.snapshot().History(2, 4) {
		got = append(got, string(e.Kind)+" "+e.Subject+" "+e.From+">"+e.To+" "+e.Note)
	}
	want := []string{"model m@5 >fraud@1 ", "feature ratio.r 1.0.0>2.0.0 major", "feature spend.total 1.0.0>2.0.0 major", "service fraud 1>2 "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the records of [2, 4): -want +got\n%s", diff)
	}
	b.act(&registry.Experiment{Service: "fraud", Ended: true})
	g := stage("2", registry.Deprecated)
	g.Successor, g.Reason = "spend.total@1", "too wide"
	b.act(g)
	b.act(&registry.Run{ID: "r1", Kind: "train", Outputs: []registry.Data{{Name: "train.parquet"}}})
	if b.act(&registry.Run{ID: "r1", Kind: "train"}) != nil {
		t.Error("a run is recorded twice")
	}
	got = nil
	for _, e := range b.snapshot().History(5, math.MaxInt64) {
		got = append(got, string(e.Kind)+" "+e.Subject+" "+e.From+">"+e.To+" "+e.Note+" by "+e.Author)
	}
	want = []string{"experiment fraud ab> old=1:90% new=2:10% by bob", "stage spend.total@2.0.0 active>deprecated use spend.total@1.0.0; too wide by bob", "run r1 >train.parquet train by bob"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	s := b.snapshot()
	then, err := s.AtTime(t.Context(), 2)
	if err != nil || then.ID() != 2 || then.Applied() != 1 || len(then.Models()) != 1 || len(then.Experiments()) != 0 || then.Project().View("spend").Features[0].Value.Text != "sum(amount) over 1d" {
		t.Errorf("at a moment: got record %d, apply %d, %v", then.ID(), then.Applied(), err)
	}
	if none, err := s.AtTime(t.Context(), 0); err != nil || none.ID() != 0 || none.Project() != nil {
		t.Errorf("before the first record: got %d, %v", none.ID(), err)
	}
	if now, err := s.AtTime(t.Context(), math.MaxInt64); err != nil || now != s {
		t.Errorf("now is another snapshot (%v)", err)
	}
}

// TestUsersOfManyVersions: every version of what is read is found with the versions that read it, however often the rest of the project changed.
func TestUsersOfManyVersions(t *testing.T) {
	b := newBook(t)
	ratio := "  ratio: {request: {x: float64}, features: {r: x / spend.total}}\n"
	for i := range 30 {
		b.apply(strings.Replace(spend(fmt.Sprintf("total: sum(amount) over %dd, n: count(*) over %dm", 1+i/10, 1+i), "spend.n"), "services:", ratio+"services:", 1))
	}
	s := b.snapshot()
	for version, want := range map[string]string{"1": "ratio.r@1.0.0", "2": "ratio.r@2.0.0", "3": "ratio.r@3.0.0"} {
		if u, err := s.UsersOf(t.Context(), "spend", "total", version); err != nil || len(u.OnDemand) != 1 || u.OnDemand[0] != want || len(u.Services) != 0 {
			t.Errorf("total@%s: got %+v, %v; want %s", version, u, err, want)
		}
	}
	if u, err := s.UsersOf(t.Context(), "spend", "n", "7"); err != nil || len(u.Services) != 1 || u.Services[0].Version != 7 || u.Services[0].Current {
		t.Errorf("n@7: got %+v, %v", u, err)
	}
}

// TestActsRace: whoever comes second stands on what came first. A version is never both retired and pinned by a model.
func TestActsRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "registry.db")
	var books []*book
	for range 2 {
		store, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		b := &book{t: t, Registry: registry.Over(store, ".")}
		defer b.Close()
		books = append(books, b)
	}
	books[0].apply(spend(day, "spend.total"))
	books[0].apply(spend(days, "spend.total"))
	for i := range 20 {
		var retired, registered error
		var both sync.WaitGroup
		both.Go(func() {
			_, retired = books[0].Act(t.Context(), registry.By{Author: "ann"}, stage("1", registry.Retired))
		})
		both.Go(func() {
			_, registered = books[1].Act(t.Context(), registry.By{Author: "bob"}, &registry.Model{Name: "m", Version: fmt.Sprint(i), Service: "fraud", List: 1})
		})
		both.Wait()
		if (retired == nil) == (registered == nil) {
			t.Fatalf("round %d: retired %v, registered %v; want one of them refused", i, retired, registered)
		}
		if retired == nil {
			books[0].act(stage("1", registry.Active))
		} else {
			books[0].act(&registry.Model{Name: "m", Version: fmt.Sprint(i), Retired: true})
		}
	}
}
