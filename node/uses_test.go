// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/plan"
	"selfsame/registry"
)

// told writes a use down, with the definitions that it stands on as the pointers that they are.
func told(u *plan.Use) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %p %q", u.View.Name, u.View, u.Base())
	for i := range u.Spec.Cells {
		fmt.Fprintf(&b, " %s", u.CellText(i))
	}
	for i := range u.Spec.Columns {
		fmt.Fprintf(&b, " %s", u.ColumnText(i))
	}
	for _, f := range u.Features {
		fmt.Fprintf(&b, " %s@%s %p", f.Name, f.Version, f.View)
	}
	for _, s := range u.Sources {
		fmt.Fprintf(&b, " %p", s.Source)
	}
	return b.String()
}

// TestKeptUsesAreAllUses applies random changes, retires versions, and holds the uses that are made with a memory of those before against uses that are not.
func TestKeptUsesAreAllUses(t *testing.T) {
	stayed, applies := 0, 0
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 3))
		one := func(list ...string) string { return list[r.IntN(len(list))] }
		reg := newRegistry(t)
		var kept keptUses
		var before []*plan.Use
		files := map[string][]byte{"selfsame.yaml": []byte("project: shop\n")}
		for step := range 20 {
			change := func(name, text string, always bool) {
				if step == 0 || always || r.IntN(3) == 0 {
					files["features/"+name+".yaml"] = []byte(text)
				}
			}
			change("base", "entities: {user: {key: {user_id: string}}}\nsources: {orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id"+
				one("", "", "", ", lateness: 1h", ", history: 90d")+", stream: {push: true}}}\n", r.IntN(6) == 0)
			change("spend", "views: {spend: {entity: user, source: orders, "+one("", "", "max_values: 9, ")+"features: {total: sum(amount) over "+one("1d", "2d", "3d")+", n: count(*) over "+one("1d", "2d")+"}}}\n", false)
			change("rest", "views: {rest: {entity: user, source: orders, "+one("", "", "online: false, ")+"features: {last: \"last(amount, "+one("3", "4", "5")+")\"}}, age: {entity: user, source: orders, features: [amount]}}\n", false)
			change("ratio", "views: {ratio: {request: {a: float64}, features: {r: a / spend.total}}}\n", false)
			d, err := reg.Apply(t.Context(), &registry.Change{Files: files, Author: "ann", Time: int64(step), Expect: registry.Newest})
			if selfsame.ClassOf(err) == selfsame.ClassDefinition {
				continue // it would bring back what is retired
			}
			if err != nil {
				t.Fatal(err)
			}
			if d.Apply != 0 {
				applies++
			}
			s, err := reg.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if v, _ := s.Versions("spend", "n"); len(v) > 1 && v[0].Stage == registry.Active && v[0].Status != registry.Current && r.IntN(4) == 0 {
				if _, err := reg.Act(t.Context(), registry.By{Author: "ann"}, &registry.Staging{View: "spend", Feature: "n", Version: v[0].Version, Stage: registry.Retired}); err != nil {
					t.Fatal(err)
				}
				if s, err = reg.Snapshot(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := liveUses(s); err != nil { // what earlier versions are rebuilt from is there, and stays
				t.Fatal(err)
			}
			want, err := liveUses(s)
			if err != nil {
				t.Fatal(err)
			}
			got, err := kept.of(s)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) {
				t.Fatalf("seed %d step %d: %d uses with a memory, %d without", seed, step, len(got), len(want))
			}
			for i := range got {
				if g, w := told(got[i]), told(want[i]); g != w {
					t.Fatalf("seed %d step %d: use %d with a memory\n%s\nwithout\n%s", seed, step, i, g, w)
				}
			}
			for _, u := range got {
				if slices.Contains(before, u) {
					stayed++
				}
			}
			before = got
		}
	}
	if applies < 40 || stayed < 60 {
		t.Errorf("%d applies, %d uses that stayed: the changes try too little", applies, stayed)
	}
}
