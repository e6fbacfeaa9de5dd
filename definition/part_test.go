// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/definition"
	"selfsame/definition/canonical"
)

// parts is a project in several files.
var parts = map[string][]byte{
	"selfsame.yaml":        []byte("project: shop\n"),
	"features/users.yaml":  []byte("entities: {user: {key: {user_id: string}}}\n"),
	"features/orders.yaml": []byte("sources: {orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, stream: {push: true}}}\nviews: {spend: {entity: user, source: orders, features: {total: sum(amount)}}}\n"),
	"features/more.yaml":   []byte("views: {most: {entity: user, source: orders, features: {x: max(amount)}}, least: {entity: user, source: orders, features: {x: min(amount)}}}\nservices: {all: {features: [spend.total, most.x, ratio.r]}}\n"),
	"features/twice.yaml":  []byte("views: {twice: {inputs: {q: {view: ratio}}, features: {r: q.r * 2}}}\n"),
	"features/ratio.yaml":  []byte("views: {ratio: {request: {a: float64}, features: {r: a / spend.total}}}\n"),
	"features/looks.yaml":  []byte("views: {looks: {entity: user, source: orders, where: spend.total < 9.5, features: {x: max(amount)}}}\n"),
}

// TestParsePart parses what single views need, and holds their forms against those of the whole project.
func TestParsePart(t *testing.T) {
	whole, err := definition.Parse(parts, ".")
	if err != nil {
		t.Fatal(err)
	}
	outlines := map[string]definition.Outline{}
	for name, text := range parts {
		outlines[name] = definition.OutlineOf(name, text)
	}
	for _, c := range []struct{ views, files, has string }{
		{"spend", "features/orders.yaml features/users.yaml selfsame.yaml", "spend"},
		{"most", "features/more.yaml features/orders.yaml features/users.yaml selfsame.yaml", "most"},
		{"least most", "features/more.yaml features/orders.yaml features/users.yaml selfsame.yaml", "most least"},
		{"ratio", "features/orders.yaml features/ratio.yaml features/users.yaml selfsame.yaml", "spend ratio"},
		{"looks", "features/looks.yaml features/orders.yaml features/users.yaml selfsame.yaml", "looks spend"},
		{"twice", "features/orders.yaml features/ratio.yaml features/twice.yaml features/users.yaml selfsame.yaml", "spend ratio twice"},
	} {
		views := strings.Fields(c.views)
		names := definition.PartFiles(views, outlines)
		if got := strings.Join(names, " "); got != c.files {
			t.Errorf("%s: got files %s, want %s", c.views, got, c.files)
		}
		some := map[string][]byte{}
		for _, name := range names {
			some[name] = parts[name]
		}
		p, err := definition.ParsePart(some, ".", views, outlines)
		if err != nil {
			t.Fatal(err)
		}
		var has []string
		for _, v := range p.Views {
			has = append(has, v.Name)
		}
		if strings.Join(has, " ") != c.has || len(p.Services) != 0 {
			t.Errorf("%s: got views %v and %d services, want %s and none", c.views, has, len(p.Services), c.has)
		}
		for _, view := range views {
			if got, want := formsOf(t, p, view), formsOf(t, whole, view); !slices.EqualFunc(got, want, bytes.Equal) {
				t.Errorf("%s: got\n%s\nwant\n%s", view, got, want)
			}
		}
	}
	sources, err := definition.Sources(map[string][]byte{"selfsame.yaml": parts["selfsame.yaml"], "features/orders.yaml": parts["features/orders.yaml"], "features/bad.yaml": []byte("views: {v: {source: nothing}}\n")}, ".")
	if err != nil || len(sources) != 1 || !sources[0].Push || len(sources[0].Schema) != 4 {
		t.Errorf("sources: got %+v, %v", sources, err)
	}
	if _, err := definition.Sources(map[string][]byte{"selfsame.yaml": []byte("project: p\nsources: {s: {schema: {x: nothing}}}\n")}, "."); err == nil {
		t.Error("a source that cannot be read is read")
	}
	if _, err := definition.ParsePart(map[string][]byte{"selfsame.yaml": parts["selfsame.yaml"], "features/orders.yaml": parts["features/orders.yaml"]}, ".", []string{"spend"}, outlines); err == nil {
		t.Error("a view without its entity is read")
	}
}

func formsOf(t *testing.T, p *selfsame.Project, view string) (forms [][]byte) {
	t.Helper()
	v := p.View(view)
	for i := range v.Features {
		form, err := canonical.Form(p, v, &v.Features[i])
		if err != nil {
			t.Fatal(err)
		}
		forms = append(forms, form)
	}
	return forms
}

// TestOutlineOfAnything reads outlines of what is no definition.
func TestOutlineOfAnything(t *testing.T) {
	for _, text := range []string{"", "a", "[]", "views:", "views: 1", "views: {a: 1}", "views: [a]", "{", "\xff"} {
		if o := definition.OutlineOf("x", []byte(text)); o.Shared {
			t.Errorf("%q: got %+v", text, o)
		}
	}
}
