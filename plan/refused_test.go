// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"strings"
	"testing"

	"selfsame"
	"selfsame/plan"
)

const two = `
  spend: {entity: user, source: pays, features: {total: "sum(amount) over [1d, 7d]", mean: {value: avg(amount), version: 1.2.0}, later: {value: sum(other), version: 12.0.1}}}
  waste: {entity: user, source: bare, features: {total: "sum(amount) over [1d]"}}
  asked: {request: {amount: float64}, features: {twice: amount * 2}}
  words: {request: {amount: string}, features: {n: length(amount)}}
services:
  a: {features: [spend.*]}
  b: {features: [spend.*]}
`

func refusal(t *testing.T, r plan.Request) error {
	t.Helper()
	pl, err := plan.Build(parse(t, two), r)
	if err == nil {
		t.Errorf("%+v gives a plan of %d outputs", r, len(pl.Outputs))
		return nil
	}
	return err
}

func one(e selfsame.ServiceEntry) plan.Request {
	return plan.Request{Features: []selfsame.ServiceEntry{e}}
}

func TestUnknownNamesNameTheNearest(t *testing.T) {
	for want, r := range map[string]plan.Request{
		"spent: no such view\n  hint: did you mean spend?":                                        {View: "spent"},
		"zzzzzzzz: no such view\n  hint: there is spend, waste, asked, words":                     {View: "zzzzzzzz"},
		"c: no such service\n  hint: did you mean a?":                                             {Service: "c"},
		"spend.total: no such feature\n  hint: did you mean spend.total_1d?":                      one(selfsame.ServiceEntry{View: "spend", Feature: "total"}),
		"spend.mean@2: no such version: the definition at hand is version 1.2.0\n  hint: declare": one(selfsame.ServiceEntry{View: "spend", Feature: "mean", Version: "2"}),
		"spend.mean@1.1: no such version: the definition at hand is version 1.2.0\n  hint":        one(selfsame.ServiceEntry{View: "spend", Feature: "mean", Version: "1.1"}),
		"spend.later@1: no such version: the definition at hand is version 12.0.1\n  hint":        one(selfsame.ServiceEntry{View: "spend", Feature: "later", Version: "1"}),
		"waste.total_1d@1: no such version: no version is declared\n  hint":                       one(selfsame.ServiceEntry{View: "waste", Feature: "total_1d", Version: "1"}),
		"asked: an on-demand view has no key of its own\n  hint: map keys in the view's `inputs`": one(selfsame.ServiceEntry{View: "asked", Feature: "twice", Key: map[string]string{"user_id": "u"}}),
	} {
		if err := refusal(t, r); err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %s\nwant %s", err, want)
		}
	}
	if c := selfsame.ClassOf(refusal(t, plan.Request{View: "spent"})); c != selfsame.ClassNotFound {
		t.Errorf("an unknown view is of class %s", c)
	}
}

func TestPins(t *testing.T) {
	for _, version := range []string{"1", "1.2", "1.2.0"} {
		if pl := build(t, two, one(selfsame.ServiceEntry{View: "spend", Feature: "mean", Version: version})); pl.Outputs[0].Name != "spend__mean" {
			t.Errorf("@%s gives %s", version, pl.Outputs[0].Name)
		}
	}
	build(t, two, one(selfsame.ServiceEntry{View: "spend", Feature: "later", Version: "12"}))
}

func TestNamesMustDiffer(t *testing.T) {
	list := []selfsame.ServiceEntry{{View: "spend", Feature: "total_1d"}, {View: "waste", Feature: "total_1d"}}
	build(t, two, plan.Request{Features: list})
	err := refusal(t, plan.Request{Features: list, Short: true})
	want := "total_1d: two features have this name: spend.total_1d and waste.total_1d\n  hint: give one of them a `prefix` or `as` in the service, or use --names full"
	if err != nil && (err.Error() != want || selfsame.ClassOf(err) != selfsame.ClassUsage) {
		t.Errorf("got %s\nwant %s", err, want)
	}
	refusal(t, plan.Request{Features: []selfsame.ServiceEntry{{View: "spend", Feature: "mean"}, {View: "waste", Feature: "total_1d", As: "spend__mean"}}})
	refusal(t, plan.Request{Features: []selfsame.ServiceEntry{{View: "spend", Feature: "mean"}, {View: "spend"}}}) // one feature, twice
}

func TestOneColumnHasOneType(t *testing.T) {
	err := refusal(t, plan.Request{Features: []selfsame.ServiceEntry{{View: "asked"}, {View: "words"}}})
	if err != nil && !strings.Contains(err.Error(), "amount: request of words reads this column as string, another view reads it as float64") {
		t.Error(err)
	}
	err = refusal(t, plan.Request{Features: []selfsame.ServiceEntry{{View: "asked"}, {View: "spend", Feature: "mean", Key: map[string]string{"user_id": "amount"}}}})
	if err != nil && !strings.Contains(err.Error(), "key of spend reads this column as string") {
		t.Error(err)
	}
}

// TestCircles builds views that the checks of definitions would refuse.
func TestCircles(t *testing.T) {
	p := &selfsame.Project{}
	for _, v := range [][2]string{{"a", "b.f + 1"}, {"b", "c.f + 1"}, {"c", "a.f + 1"}, {"self", "self.f + 1"}} {
		p.Views = append(p.Views, &selfsame.FeatureView{Name: v[0], Kind: selfsame.OnDemandView, Features: []selfsame.Feature{{Name: "f", Value: selfsame.Expr{Text: v[1]}}}})
	}
	for view, want := range map[string]string{"a": "in a circle: a -> b -> c -> a", "b": "in a circle: b -> c -> a -> b", "self": "in a circle: self -> self"} {
		if _, err := plan.Build(p, plan.Request{View: view}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", view, err, want)
		}
	}
}
