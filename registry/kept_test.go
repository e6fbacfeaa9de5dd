// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/registry"
)

// draw writes a project of a few files at random. Some have mistakes, some services pin versions that may not be there.
func draw(r *rand.Rand) map[string][]byte {
	one := func(list ...string) string { return list[r.IntN(len(list))] }
	return map[string][]byte{
		"selfsame.yaml": []byte("project: shop\n"),
		"features/base.yaml": []byte("entities: {user: {key: {user_id: string}" + one("", "", ", owner: ann") + "}}\nsources: {orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id" +
			one("", "", "", ", nan: keep", ", lateness: 1h", ", description: what is paid") + ", stream: {push: true}}}\n"),
		"features/spend.yaml": []byte("views: {spend: {entity: user, source: orders, features: {total: " + one("sum(amount)", "sum(amount)", "max(amount)", "{value: sum(amount), owner: bob}", "{value: sum(amount), version: 3.0.0}", "sum(amout)") +
			", n: " + one("count(*) over 1d", "count(*) over 1d", "count(*) over 2d") + one("", ", more: min(amount)") + "}}}\n"),
		"features/ratio.yaml": []byte("views: {ratio: {request: {a: float64}, features: {r: " + one("a / spend.total", "a / spend.total", "a * spend.total") + "}}, twice: {inputs: {q: {view: ratio}}, features: {r: q.r * 2.0}}}\n"),
		"features/rest.yaml":  []byte("views: {rest: {entity: user, source: orders, features: {last: last(amount)}}}\n"),
		"features/all.yaml":   []byte("services: {all: {features: [" + one("spend.*", "spend.n", "spend.total@1", "spend.total@1.0.0, spend.n", "spend.total@2") + ", twice.r]}, few: {features: [" + one("rest.*", "rest.last, spend.n") + "]}}\n"),
	}
}

// TestWhatIsKeptIsNotSeen applies random changes through a registry that has seen all before, and holds it against one over the same store that has seen
// nothing: plans with their errors, what is applied, and what its features mean. What is kept of a change that was not applied must not be seen either.
func TestWhatIsKeptIsNotSeen(t *testing.T) {
	applied, refused, same := 0, 0, 0
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 2))
		store := &kept{texts: map[string][]byte{}}
		known := registry.Over(store, ".")
		var before *selfsame.Project
		files := draw(rand.New(rand.NewPCG(0, 0)))
		for step := range 25 {
			files = maps.Clone(files)
			for drawn := draw(r); ; {
				path := slices.Sorted(maps.Keys(files))[r.IntN(len(files))]
				files[path] = drawn[path]
				if r.IntN(2) == 0 {
					break
				}
			}
			c := &registry.Change{Files: files, Author: "ann", Time: int64(step), Expect: registry.Newest, Draft: r.IntN(8) == 0}
			fresh := registry.Over(store, ".")
			want, wantErr := fresh.Plan(t.Context(), c)
			got, err := known.Plan(t.Context(), c)
			if !reflect.DeepEqual(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("seed %d step %d: the plan of a registry with a memory is\n%+v %v, want\n%+v %v", seed, step, got, err, want, wantErr)
			}
			if err != nil {
				refused++
				continue
			}
			if r.IntN(3) == 0 {
				continue // planned only
			}
			if _, err := known.Apply(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			applied++
			s, err := known.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			other, err := registry.Over(store, ".").Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(s.Project(), other.Project()) || !reflect.DeepEqual(s.Features(), other.Features()) {
				t.Fatalf("seed %d step %d: a registry with a memory has another project", seed, step)
			}
			for _, v := range s.Project().Views {
				if before != nil && before.View(v.Name) == v {
					same++
				}
			}
			before = s.Project()
		}
	}
	if applied < 50 || refused < 20 || same < 40 {
		t.Errorf("%d applies, %d refused, %d views that stayed: the changes try too little", applied, refused, same)
	}
}

// TestPlansLeaveWhatIsApplied: a change that is planned only leaves no trace, whatever others apply meanwhile: here the very definitions, as another version.
func TestPlansLeaveWhatIsApplied(t *testing.T) {
	store := &kept{texts: map[string][]byte{}}
	b := &book{t: t, Registry: registry.Over(store, ".")}
	one := strings.Replace(spend("total: {value: sum(amount) over 1d, owner: ann}", "spend.*"), "services:", "  ratio: {request: {a: float64}, features: {r: a / spend.total}}\nservices:", 1)
	two := strings.Replace(one, "ann", "bob", 1)
	b.apply(one)
	before := b.snapshot().Project()
	then, _, err := b.snapshot().After(t.Context(), b.change(two))
	if err != nil {
		t.Fatal(err)
	}
	planned := then.Project()
	if v := before.View("spend"); v.Features[0].Version != "1.0.0" || b.snapshot().Project().View("spend") != v {
		t.Errorf("a plan changed what is applied: total is %s", v.Features[0].Version)
	}
	other := registry.Over(store, ".")
	for _, text := range []string{strings.Replace(one, "ann", "carl", 1), two} {
		if _, err := other.Apply(t.Context(), b.change(text)); err != nil {
			t.Fatal(err)
		}
	}
	after := b.snapshot().Project()
	if got := after.View("spend").Features[0].Version; got != "1.0.2" {
		t.Errorf("total is %s, want the version that the other gave it: 1.0.2", got)
	}
	if after.View("ratio") == planned.View("ratio") {
		t.Error("ratio reads another version of total and is the same pointer")
	}
}

// TestWarningsAreOfWhatIsRead: a service whose list stays reads a newer version below it, and the older one is deprecated.
func TestWarningsAreOfWhatIsRead(t *testing.T) {
	b := newBook(t)
	text := "\nproject: shop\nentities: {user: {key: {user_id: string}}}\n" +
		"sources: {orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, stream: {push: true}}}\n" +
		"views:\n  spend: {entity: user, source: orders, features: {total: {value: sum(amount)}}}\n  ratio: {request: {a: float64}, features: {r: a / spend.total}}\nservices: {all: {features: [ratio.r]}}\n"
	b.apply(text)
	text = strings.Replace(text, "{value: sum(amount)}", "{value: sum(amount), owner: ann}", 1)
	b.apply(text)
	if _, err := b.Act(t.Context(), registry.By{Author: "ann"}, &registry.Staging{View: "spend", Feature: "total", Version: "1.0.0", Stage: registry.Deprecated}); err != nil {
		t.Fatal(err)
	}
	d, err := b.Plan(t.Context(), b.change(strings.Replace(text, "all: {features: [ratio.r]}", "all: {features: [ratio.r]}, few: {features: [spend.total]}", 1)))
	if err != nil || len(d.Warnings) > 0 {
		t.Errorf("got warnings %q, %v; want none: spend.total@1.0.1 is read", d.Warnings, err)
	}
}

// TestPartsGrow: earlier versions of more and more views are rebuilt from one apply, and those that were there before stay what they are.
func TestPartsGrow(t *testing.T) {
	b := newBook(t)
	at := func(windows ...string) string {
		text := head + "views:\n"
		for i, w := range windows {
			text += fmt.Sprintf("  view_%d: {entity: user, source: orders, features: {n: count(*) over %s}}\n", i, w)
		}
		return text
	}
	windows := []string{"1h", "1h", "1h", "1h"}
	b.apply(at(windows...))
	var before []*selfsame.FeatureView
	for i := range windows {
		windows[i] = "2h"
		b.apply(at(windows...))
		s := b.snapshot()
		var now []*selfsame.FeatureView
		for j := range i + 1 {
			_, v, f, err := s.Resolve(fmt.Sprintf("view_%d", j), "n", "1")
			if err != nil || f.Value.Text != "count(*) over 1h" || f.Version != "1.0.0" {
				t.Fatalf("view_%d.n@1 is %+v, %v", j, f, err)
			}
			now = append(now, v)
		}
		if i > 2 && !slices.Equal(now[:i], before) { // from the second time on it is known how the part was
			t.Errorf("view %d is asked for, and those before are read anew", i)
		}
		before = nil
		for j := range i + 1 {
			_, v, _, err := s.Resolve(fmt.Sprintf("view_%d", j), "n", "1")
			if err != nil {
				t.Fatal(err)
			}
			before = append(before, v)
		}
	}
}
