// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/definition"
	"selfsame/definition/canonical"
)

// variants are entries of a project, by kind and name, each in several ways: the first is right where all the others are the first of theirs; the next ones
// mean something else, break others or are wrong themselves.
var variants = map[string][]string{
	"entities user": {"key: {user_id: string}", "{key: {user_id: string}, owner: ann}", "{key: {user_id: int64}}", "{key: {user: string}}", "{}"},
	"entities shop": {"key: {shop_id: int64}", "{key: {shop_id: string}}", "{key: {shop_id: float64}}"},
	"sources orders": {"{schema: {id: string, user_id: string, shop_id: int64, amount: float64, at: timestamp}, event_time: at, id: id, stream: {push: true}}",
		"{schema: {id: string, user_id: string, shop_id: int64, amount: int64, at: timestamp}, event_time: at, id: id, stream: {push: true}}",
		"{schema: {id: string, user_id: string, shop_id: int64, amount: string, at: timestamp}, event_time: at, id: id, stream: {push: true}}",
		"{schema: {id: string, user_id: string, at: timestamp}, event_time: at, id: id, stream: {push: true}}",
		"{schema: {id: string, user_id: string, shop_id: int64, amount: float64, at: timestamp}, event_time: when, id: id, stream: {push: true}}",
		"{description: what is paid, schema: {id: string, user_id: string, shop_id: int64, amount: float64, at: timestamp}, event_time: at, id: id, nan: keep, stream: {push: true}}"},
	"sources returns": {"{schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, batch: {path: r.csv}}", "{schema: {user_id: string, amount: float64}, batch: {path: r.csv}}",
		"{schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, nan: keep, batch: {path: r.csv}}", "{batch: {path: r.csv}}"},
	"sources people": {"{schema: {user_id: string, age: int64, at: timestamp}, event_time: at, batch: {path: p.csv}}", "{schema: {user_id: string, age: string, at: timestamp}, event_time: at, batch: {path: p.csv}}"},
	"views spend": {"{entity: user, source: orders, features: {total: sum(amount), n: count(*)}}", "{entity: user, source: orders, features: {total: \"sum(amount) over [1d, 7d]\", n: count(*)}}",
		"{entity: user, source: orders, features: {n: count(*)}}", "{entity: user, source: orders, features: {total: {value: sum(amount), default: 0, expect: {min: 0, max: 5}}, n: count(*)}}",
		"{entity: user, source: orders, features: {total: sum(amount), n: amount}}", "{entity: user, source: order, features: {total: sum(amount), n: sum(ammount)}}",
		"{entity: user, source: orders, features: {total: summ(amount), n: count(*) + }}", "{entity: user, source: orders, owner: ann, features: {total: sum(amount), n: count(*)}}"},
	"views both":    {"{entity: user, source: [orders, returns], features: {worst: max(amount) over 3d}}", "{entity: user, source: [returns, orders], features: {worst: max(amount) over 3d}}", "{entity: user, source: [orders, orders], features: {worst: max(amount)}}"},
	"views sold":    {"{entity: shop, source: orders, features: {n: count(*) over 1h}}", "{entity: shop, source: orders, key: {shop_id: cast(shop_id as int64)}, features: {n: count(*) over 1h}}", "{entity: shops, source: orders, features: {n: count(*)}}"},
	"views profile": {"{entity: user, source: people, features: [age]}", "{entity: user, source: people, ttl: 9d, features: [age]}", "{entity: user, source: people, features: {age: {value: age, expect: {min: 1}}}}", "{entity: user, source: people, features: [size]}"},
	"views looks": {"{entity: user, source: orders, where: profile.age > 17, features: {grown: sum(amount)}}", "{entity: user, source: orders, where: both.worst > 17, features: {grown: sum(amount)}}",
		"{entity: user, source: orders, where: looks.grown > 17, features: {grown: sum(amount)}}", "{entity: user, source: orders, features: {grown: sum(amount * again.x)}}"},
	"views again": {"{entity: user, source: orders, features: {x: sum(amount * spend.total)}}", "{entity: user, source: orders, features: {x: sum(amount * looks.grown)}}", "{entity: user, source: orders, features: {x: sum(amount) over next 1d}}"},
	"views ratio": {"{request: {a: float64}, features: {r: a / spend.total}}", "{request: {a: float64}, features: {r: a / twice.r}}", "{request: {a: float64}, features: {r: spend.n / 2}}", "{request: {a: float64}, features: {r: a / age}}",
		"{request: {a: float64, user_id: int64}, features: {r: a / spend.total}}"},
	"views twice":  {"{inputs: {q: {view: ratio}}, features: {r: q.r * 2.0}}", "{inputs: {spend: {view: ratio}}, features: {r: spend.r * 2.0}}", "{inputs: {q: {view: sold, key: {shop_id: shop}}}, request: {shop: int64}, features: {r: q.n * 2}}", "{inputs: {q: {view: gone}}, features: {r: q.r}}"},
	"views q":      {"{entity: user, source: people, features: [age]}"},
	"services all": {"{features: [spend.*, ratio.r, twice.r]}", "{features: [spend.total, grown]}", "{features: [total, r]}", "{features: [{view: spend, prefix: s_}, {view: profile, key: {user_id: who}}]}", "{features: [spend.*, spends.n]}", "{features: [both.worst, sold.n, spend.n@2]}"},
	"services few": {"{features: [profile.age]}", "{features: [age, worst]}", "{features: [profile.age], owner: bob}"},
}

// hands edits a project as authors do, at random.
type hands struct {
	*rand.Rand
	entries map[string]int    // of variants: which way each is written
	in      map[string]string // entry -> file
	spoilt  map[string]string // file -> what stands at its end
}

func newHands(seed uint64) *hands {
	h := &hands{Rand: rand.New(rand.NewPCG(seed, 1)), entries: map[string]int{}, in: map[string]string{}, spoilt: map[string]string{}}
	for _, e := range slices.Sorted(maps.Keys(variants)) {
		if e != "views q" {
			h.entries[e], h.in[e] = 0, h.file()
		}
	}
	return h
}

func (h *hands) file() string { return fmt.Sprintf("features/%c.yaml", 'a'+h.IntN(7)) }

func pick[T any](h *hands, list []T) T { return list[h.IntN(len(list))] }

// edit changes one thing, or mends everything.
func (h *hands) edit() {
	e := pick(h, slices.Sorted(maps.Keys(variants)))
	switch h.IntN(12) {
	case 0, 1, 2:
		if len(h.spoilt) > 0 || h.IntN(3) == 0 {
			clear(h.spoilt)
			for e := range h.entries {
				h.entries[e] = 0
			}
		}
	case 3, 4, 5, 6:
		h.entries[e] = h.IntN(len(variants[e]))
	case 7:
		delete(h.entries, e)
	case 8, 9:
		for e := range variants { // whatever was removed comes back
			if _, ok := h.entries[e]; !ok && e != "views q" {
				h.entries[e] = 0
			}
		}
	case 10:
		h.in[e] = h.file()
	default:
		h.spoilt[h.file()] = pick(h, []string{"# a note\n", "views: {spend: {entity: user, source: orders, features: {n: count(*)}}}\n", "nonsense: {a: b}\n", "]\n", "project: shop\n", "\ttab\n", "services: {few: {features: []}}\n", "entities: [user]\n"})
	}
}

// files writes the project down.
func (h *hands) files() map[string][]byte {
	texts := map[string]map[string]string{}
	for _, e := range slices.Sorted(maps.Keys(h.entries)) {
		kind, name, _ := strings.Cut(e, " ")
		file := h.in[e]
		if texts[file] == nil {
			texts[file] = map[string]string{}
		}
		text := variants[e][h.entries[e]]
		if !strings.HasPrefix(text, "{") {
			text = "{" + text + "}"
		}
		texts[file][kind] += "  " + name + ": " + text + "\n"
	}
	out := map[string][]byte{definition.ProjectFile: []byte("project: shop\n")}
	for file, kinds := range texts {
		var b strings.Builder
		for _, kind := range []string{"entities", "sources", "views", "services"} {
			if kinds[kind] != "" {
				b.WriteString(kind + ":\n" + kinds[kind])
			}
		}
		out[file] = []byte(b.String())
	}
	for file, text := range h.spoilt {
		out[file] = append(out[file], text...)
	}
	return out
}

// forms are the hashes of all features of a project, by view.
func forms(t *testing.T, p *selfsame.Project) map[*selfsame.FeatureView]string {
	out := map[*selfsame.FeatureView]string{}
	for _, v := range p.Views {
		for i := range v.Features {
			text, err := canonical.Form(p, v, &v.Features[i])
			if err != nil {
				t.Fatal(err)
			}
			out[v] += v.Features[i].Name + " " + canonical.Hash(text) + "\n"
		}
	}
	return out
}

// TestReaderIsParse edits projects at random and holds what a reader that has read all states before makes of each against what a new one does: project,
// mistakes and their order. A view that is the same pointer as before must have the same forms.
func TestReaderIsParse(t *testing.T) {
	sound, broken, same := 0, 0, 0
	for seed := range uint64(40) {
		h, r := newHands(seed), definition.NewReader("shop")
		var before map[*selfsame.FeatureView]string
		for step := range 60 {
			files := h.files()
			want, wantErr := definition.Parse(files, "shop")
			got, err := r.Parse(files)
			if !reflect.DeepEqual(err, wantErr) || !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d step %d: a reader differs from Parse\ngot  %v\nwant %v\nfiles %s", seed, step, err, wantErr, files)
			}
			var list definition.Errors
			if errors.As(err, &list) {
				broken++
				for _, e := range list {
					e.Pos.File, e.Message = "elsewhere", "changed by who was told"
				}
			} else {
				sound++
				now := forms(t, got)
				for v, text := range now {
					if was, ok := before[v]; ok {
						if same++; was != text {
							t.Fatalf("seed %d step %d: view %s has another form and is the same pointer:\n%s%s", seed, step, v.Name, was, text)
						}
					}
				}
				before = now
			}
			h.edit()
		}
	}
	if sound < 300 || broken < 300 || same < 1000 {
		t.Errorf("%d sound projects, %d with mistakes, %d views that stayed: the edits try too little", sound, broken, same)
	}
}

// TestReaderKeeps says which views stay when something else changes.
func TestReaderKeeps(t *testing.T) {
	files := maps.Clone(parts)
	r := definition.NewReader(".")
	read := func() map[string]*selfsame.FeatureView {
		t.Helper()
		p, err := r.Parse(files)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]*selfsame.FeatureView{}
		for _, v := range p.Views {
			out[v.Name] = v
		}
		return out
	}
	before := read()
	for _, c := range []struct{ file, from, to, changed string }{
		{"features/more.yaml", "max(amount)", "max(amount + 1)", "least most"}, // the views of a file change together
		{"features/ratio.yaml", "a /", "a * 2.0 /", "ratio twice"},
		{"features/orders.yaml", "sum(amount)", "sum(amount * 2)", "least looks most ratio spend twice"}, // its source is in that file
		{"features/users.yaml", "}}}", "}, owner: ann}}", "least looks most spend ratio twice"},
		{"selfsame.yaml", "shop", "store", ""},
	} {
		text := strings.Replace(string(files[c.file]), c.from, c.to, 1)
		if text == string(files[c.file]) {
			t.Fatalf("%s does not hold %s", c.file, c.from)
		}
		files[c.file] = []byte(text)
		after := read()
		var changed []string
		for name, v := range after {
			if v != before[name] {
				changed = append(changed, name)
			}
		}
		want := strings.Fields(c.changed)
		slices.Sort(want)
		if slices.Sort(changed); !slices.Equal(changed, want) {
			t.Errorf("%s: got %q anew, want %q", c.file, changed, want)
		}
		before = after
	}
}
