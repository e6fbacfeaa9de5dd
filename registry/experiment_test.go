// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"fmt"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/registry"
)

func TestExperiments(t *testing.T) {
	b := newBook(t)
	b.apply(spend(day, "spend.total"))
	b.apply(spend(days, "spend.total"))
	arms := []registry.Arm{{Name: "control", Version: 1, Share: 9000}, {Name: "new", Version: 2, Share: 1000}}
	start := func(name string, arms ...registry.Arm) *registry.Experiment {
		return &registry.Experiment{Service: "fraud", Name: name, Arms: arms}
	}
	of := func(name string, version, share int64) registry.Arm {
		return registry.Arm{Name: name, Version: version, Share: share}
	}
	for _, c := range []struct {
		e    *registry.Experiment
		want string
	}{
		{start("ab", of("a", 1, 10000)), "two arms at least"},
		{start("ab", of("a", 1, 5000), of("a", 2, 5000)), "two arms are named a"},
		{start("ab", of("a", 1, 5000), of("b", 2, 4999)), "the arms share 99.99 per cent"},
		{start("ab", of("a", 1, 0), of("b", 2, 10000)), "gets no share"},
		{start("ab", of("a", 0, 5000), of("b", 2, 5000)), "names no version"},
		{start("a:b", arms...), "cannot be its name"},
		{&registry.Experiment{Service: "fraud", Name: "ab", Arms: arms, Key: []string{"usr"}}, "takes no column usr"},
	} {
		b.denies(c.e, selfsame.ClassUsage, c.want)
	}
	b.denies(start("ab", of("a", 1, 5000), of("b", 7, 5000)), selfsame.ClassNotFound, "there is no such version")
	b.denies(&registry.Experiment{Service: "frad", Name: "ab", Arms: arms}, selfsame.ClassNotFound, "did you mean fraud?")
	b.act(start("ab", arms...))
	if b.act(&registry.Experiment{Service: "fraud", Name: "ab", Arms: arms, Key: []string{"user_id"}}) != nil {
		t.Error("started twice, it was recorded twice")
	}
	e := b.snapshot().Experiment("fraud")
	if e == nil || e.Name != "ab" || len(e.Key) != 1 || e.Key[0] != "user_id" {
		t.Fatalf("got %+v", e)
	}
	b.denies(start("cd", arms...), selfsame.ClassUsage, "the experiment ab runs on it")
	b.denies(&registry.Experiment{Service: "fraud", Name: "cd", Ended: true}, selfsame.ClassUsage, "is ab, not cd")
	if d := b.apply(spend(weeks, "spend.total")); len(d.Warnings) != 1 || d.Warnings[0] != "service fraud: the experiment ab answers until selfsame experiment end fraud, not version 3" {
		t.Errorf("an apply beside it: got warnings %q", d.Warnings)
	}
	b.act(&registry.Experiment{Service: "fraud", Ended: true})
	if b.snapshot().Experiment("fraud") != nil || len(b.snapshot().Experiments()) != 0 || b.act(&registry.Experiment{Service: "fraud", Ended: true}) != nil {
		t.Error("it does not end")
	}
}

// TestTypesOfArms: one answer may hold rows of several arms, so their outputs of one name are of one type.
func TestTypesOfArms(t *testing.T) {
	b := newBook(t)
	b.apply(spend(day, "spend.total"))
	b.apply(spend("total: count(*) over 1d", "spend.total"))
	b.denies(&registry.Experiment{Service: "fraud", Name: "ab", Arms: []registry.Arm{{Name: "a", Version: 1, Share: 5000}, {Name: "b", Version: 2, Share: 5000}}},
		selfsame.ClassUsage, "spend__total is int64 in version 2")
}

// TestDeal: the arm of a key is what the documented expression says, keys are spread by the shares, and another name deals them anew.
func TestDeal(t *testing.T) {
	e := &registry.Experiment{Name: "ticket", Arms: []registry.Arm{{Name: "a", Share: 9000}, {Name: "b", Share: 999}, {Name: "c", Share: 1}}}
	text := selfsame.Scalar(selfsame.String)
	n, err := expr.Parse(selfsame.Expr{Text: "bucket('ticket:' || user, 10000)"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := expr.Compile(n, expr.Scope{Column: func(*expr.Ref) (int, selfsame.Type, error) { return 0, text, nil }})
	if err != nil {
		t.Fatal(err)
	}
	const keys = 20000
	c := column.New(text, keys)
	for i := range keys {
		c.AppendBytes(fmt.Appendf(nil, "user_%d", i))
	}
	parts := p.NewEvaluator().Eval(&expr.Input{Columns: []*column.Column{c}, Rows: keys})
	var dealt [3]int
	moved := 0
	other := *e
	other.Name = "else"
	for i := range keys {
		key := append([]byte("ticket:"), c.Str(i)...)
		arm := e.Deal(key)
		want := 0
		if part := parts.Ints[i]; part >= 9999 {
			want = 2
		} else if part >= 9000 {
			want = 1
		}
		if arm != want {
			t.Fatalf("%s is in arm %d, the expression gives part %d", key, arm, parts.Ints[i])
		}
		dealt[arm]++
		if (other.Deal(append([]byte("else:"), c.Str(i)...)) == 0) != (arm == 0) {
			moved++
		}
	}
	if dealt[0] < 17600 || dealt[0] > 18400 || dealt[1] < 1700 || dealt[1] > 2300 || moved < 2000 {
		t.Errorf("dealt %v, and another name moves %d", dealt, moved)
	}
}
