// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/registry"
)

func (w *world) act(a registry.Action) {
	w.t.Helper()
	if _, err := w.registry.Act(context.Background(), registry.By{Author: "ann"}, a); err != nil {
		w.t.Fatal(err)
	}
	s, err := w.registry.Snapshot(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	w.snapshot.Store(s)
}

// halves is a world in which an experiment deals the users of service ask to two versions: the second has other values of one output, and one output more.
func halves(t *testing.T, records *[]Record) *world {
	w := newWorld(t, definitions, func(o *Options) {
		o.Journal = func(r *Record) {
			copied := *r
			copied.Vector = &Vector{RequestID: r.RequestID, Service: r.Service, Version: r.Version, Rows: r.Rows, Experiment: r.Experiment, Token: r.Token, At: r.At}
			*records = append(*records, copied)
		}
	})
	second := strings.Replace(definitions, "n: count(*)\n", "n: count(*) filter (where amount > 100)\n", 1)
	w.apply(strings.Replace(second, "fraud: {features: [spend.*", "fraud: {features: [arrivals.n, spend.*", 1))
	w.act(&registry.Experiment{Service: "fraud", Name: "ab", Key: []string{"user_id"}, Arms: []registry.Arm{{Name: "old", Version: 1, Share: 5000}, {Name: "new", Version: 2, Share: 5000}}})
	return w
}

func TestExperimentDealsRows(t *testing.T) {
	var records []Record
	w := halves(t, &records)
	e := w.snapshot.Load().Experiment("fraud")
	var users, want []string
	for i := range 8 {
		users = append(users, fmt.Sprint("user-", i))
		want = append(want, e.Arms[e.Deal([]byte("ab:"+users[i]))].Name)
		w.push(noon-hour+int64(i), order{fmt.Sprint(i, "a"), users[i], 12, "ams", noon - hour}, order{fmt.Sprint(i, "b"), users[i], 300, "ams", noon - hour})
	}
	if !slices.Contains(want, "old") || !slices.Contains(want, "new") {
		t.Fatalf("all users are in one arm: %v", want)
	}
	airports := slices.Repeat([]string{"ams"}, len(users))
	v := w.ask(&Request{Service: "fraud", Given: given([]string{"user_id", "airport"}, texts(users...), texts(airports...)), EventTimes: true})
	if !slices.Equal(v.Variants, want) || v.Experiment != "ab" || v.Version != 0 || v.Rows != len(users) || v.Service != "fraud" {
		t.Fatalf("got arms %v of %s, version %d; want %v", v.Variants, v.Experiment, v.Version, want)
	}
	for i, arm := range want {
		n, total, landed := w.value(v, "spend__n", i), w.value(v, "spend__total", i), w.value(v, "arrivals__n", i)
		switch {
		case total.Float != 312:
			t.Errorf("%s: total %v", users[i], total)
		case arm == "old" && (n.Int != 2 || landed.Status != selfsame.NotFound), arm == "new" && (n.Int != 1 || landed.Int != 16):
			t.Errorf("%s in arm %s: n %v, arrivals %v", users[i], arm, n, landed)
		}
	}
	// What is journalled is of one version each, and keeps the numbers of its rows.
	if len(records) != 2 || records[0].Token != records[1].Token || records[0].At != records[1].At {
		t.Fatalf("journalled %+v; want two records of one moment and one cut", records)
	}
	seen := map[int]string{}
	for _, r := range records {
		for i := range r.Rows {
			seen[r.Numbers[i]] = r.Variant
			if key := r.Given[slices.IndexFunc(r.Fields, func(f selfsame.Field) bool { return f.Name == "user_id" })]; r.Rows > 0 && key.Len() != r.Rows {
				t.Errorf("arm %s: %d keys for %d rows", r.Variant, key.Len(), r.Rows)
			}
		}
		if version := map[string]int64{"old": 1, "new": 2}[r.Variant]; r.Version != version || r.Experiment != "ab" {
			t.Errorf("arm %s is journalled as version %d of experiment %q", r.Variant, r.Version, r.Experiment)
		}
	}
	for i, arm := range want {
		if seen[i] != arm {
			t.Errorf("row %d is journalled in arm %q, want %s", i, seen[i], arm)
		}
	}
	for _, o := range v.Outputs {
		if o.Name == "spend__n" && (o.Reference != "spend.n" || o.Version != "") || o.Name == "spend__total" && o.Reference != "spend.total@1.0.0" {
			t.Errorf("output %+v", o)
		}
	}
}

func TestExperimentOfOneRow(t *testing.T) {
	var records []Record
	w := halves(t, &records)
	arms := map[string]bool{}
	for i := range 8 {
		user := fmt.Sprint("user-", i)
		v := w.ask(&Request{Service: "fraud", Given: given([]string{"user_id", "airport"}, texts(user), texts("ams"))})
		if len(v.Variants) != 1 || v.Version != map[string]int64{"old": 1, "new": 2}[v.Variants[0]] || v.Experiment != "ab" {
			t.Errorf("%s: arm %v, version %d", user, v.Variants, v.Version)
		}
		again := w.ask(&Request{Service: "fraud", EntityID: user, Given: given([]string{"airport"}, texts("ams"))})
		if !slices.Equal(again.Variants, v.Variants) {
			t.Errorf("%s is in %v, and then in %v", user, v.Variants, again.Variants)
		}
		arms[v.Variants[0]] = true
	}
	if len(arms) != 2 || records[0].Numbers != nil || records[0].Variant == "" {
		t.Errorf("arms %v, records %+v", arms, records[0])
	}
	v := w.ask(&Request{Service: "fraud", Version: 1, EntityID: "user-0"})
	if v.Experiment != "" || v.Variants != nil || v.Version != 1 {
		t.Errorf("a version that is asked for is part of the experiment: %s %v", v.Experiment, v.Variants)
	}
	_, err := w.server.Features(context.Background(), &Request{Service: "fraud", Given: given([]string{"airport"}, texts("ams"))})
	if selfsame.ClassOf(err) != selfsame.ClassUsage || !strings.Contains(err.Error(), "column user_id") {
		t.Errorf("without the key: %v", err)
	}
	w.act(&registry.Experiment{Service: "fraud", Ended: true})
	if v := w.ask(&Request{Service: "fraud", Given: given([]string{"user_id", "airport"}, texts("user-0"), texts("ams"))}); v.Experiment != "" || v.Version != 2 {
		t.Errorf("after its end: experiment %q, version %d", v.Experiment, v.Version)
	}
}

// TestErrorsOfRowsInArms: an error names the row by its number in the request.
func TestErrorsOfRowsInArms(t *testing.T) {
	var records []Record
	w := halves(t, &records)
	e := w.snapshot.Load().Experiment("fraud")
	users, last := []string{}, 0
	for i := 0; len(users) < 6; i++ {
		users = append(users, fmt.Sprint("user-", i))
		if e.Deal([]byte("ab:"+users[i])) == 1 {
			last = i
		}
	}
	airports := slices.Repeat([]string{"ams"}, len(users))
	airports[last] = "\xff"
	_, err := w.server.Features(context.Background(), &Request{Service: "fraud", Given: given([]string{"user_id", "airport"}, texts(users...), texts(airports...))})
	if selfsame.ClassOf(err) != selfsame.ClassInput || !strings.Contains(err.Error(), fmt.Sprintf("row %d, column airport", last)) {
		t.Errorf("got %v, want row %d", err, last)
	}
}

func TestStagesOfAnswers(t *testing.T) {
	w := newWorld(t, definitions, nil)
	w.apply(strings.Replace(definitions, "n: count(*)\n", "n: count(*) filter (where amount > 100)\n", 1))
	w.act(&registry.Staging{View: "spend", Feature: "n", Version: "1", Stage: registry.Deprecated, Successor: "spend.n@2"})
	v := w.ask(&Request{Service: "fraud", Version: 1, EntityID: "u"})
	if want := []string{"spend.n@1.0.0 is deprecated: use spend.n@2.0.0"}; !slices.Equal(v.Warnings, want) {
		t.Errorf("warnings %q, want %q", v.Warnings, want)
	}
	if v := w.ask(&Request{Service: "fraud", EntityID: "u"}); len(v.Warnings) != 0 {
		t.Errorf("warnings of the new version: %q", v.Warnings)
	}
	w.act(&registry.Staging{View: "spend", Feature: "n", Version: "1", Stage: registry.Retired, Successor: "spend.n@2"})
	for _, q := range []*Request{{Service: "fraud", Version: 1, EntityID: "u"}, {References: []string{"spend.n@1"}, EntityID: "u"}, {References: []string{"spend.n"}, FeatureVersion: "1.0.0", EntityID: "u"}} {
		_, err := w.server.Features(context.Background(), q)
		if selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "spend.n@1.0.0: it is retired") || !strings.Contains(err.Error(), "use spend.n@2.0.0") {
			t.Errorf("%+v: %v", q, err)
		}
	}
	v = w.ask(&Request{References: []string{"spend.n", "spend.total@1"}, FeatureVersion: "2", EntityID: "u"})
	if v.Outputs[0].Reference != "spend.n@2.0.0" || v.Outputs[1].Reference != "spend.total@1.0.0" {
		t.Errorf("one version of all: %+v", v.Outputs)
	}
	_, err := w.server.Features(context.Background(), &Request{Service: "fraud", FeatureVersion: "2", EntityID: "u"})
	if selfsame.ClassOf(err) != selfsame.ClassUsage || !strings.Contains(err.Error(), "pins the versions") {
		t.Errorf("a service and a version of features: %v", err)
	}
}
