// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
)

const smallProject = "project: small\n" +
	"entities: {user: {key: {user_id: string}}}\n" +
	"sources:\n  tx: {schema: {user_id: string, amount: float64, at: timestamp}, event_time: at, batch: {path: tx.csv}}\n"

func TestLoadReadsAllFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(ProjectFile, smallProject)
	write("features/deep/er/b.yaml", "views: {b: {entity: user, source: tx, features: {n: count(*)}}}\n")
	write("features/a.yaml", "views: {a: {entity: user, source: tx, features: [amount]}}\n")
	write("features/.hidden.yaml", "nonsense")
	write("features/notes.md", "nonsense")
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range p.Views {
		names = append(names, v.Name+" "+v.Pos.String())
	}
	want := []string{"a features/a.yaml:1:9", "b features/deep/er/b.yaml:1:9"}
	if !slices.Equal(names, want) || p.Dir != dir || p.Name != "small" {
		t.Errorf("got %q in %s %s, want %q", names, p.Name, p.Dir, want)
	}
}

func TestLoadWithoutProject(t *testing.T) {
	_, err := Load(t.TempDir())
	if selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "there is no selfsame.yaml in") {
		t.Errorf("got %v", err)
	}
}

// TestFiles gives projects of several files with the whole text of their mistakes.
func TestFiles(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"a name twice", map[string]string{ProjectFile: smallProject, "features/a.yaml": "sources:\n  tx: {schema: {a: string}, batch: {path: x}}\n"},
			"features/a.yaml:2:3: source tx is defined twice, first at selfsame.yaml:4:3\n" +
				"     2 |   tx: {schema: {a: string}, batch: {path: x}}\n       |   ^\n  hint: give one of them another name"},
		{"a project elsewhere", map[string]string{ProjectFile: smallProject, "features/a.yaml": "project: other\n"},
			"features/a.yaml:1:10: project: the project is named in selfsame.yaml only\n     1 | project: other\n       |          ^\n  hint: remove the line"},
		{"another ending", map[string]string{ProjectFile: smallProject, "features/a.yml": "views: {}\n"},
			"features/a.yml: a definition file ends in .yaml\n  hint: rename it to features/a.yaml"},
		{"a broken file hides what it may define", map[string]string{ProjectFile: smallProject + "services: {s: {features: [v.n]}}\n",
			"features/a.yaml": "views:\n  v: {source: tx, features: {n: count(*) over [1h]}}\n"},
			"features/a.yaml:2:47: the value does not end here: did not find expected ',' or '}'\n" +
				"     2 |   v: {source: tx, features: {n: count(*) over [1h]}}\n       |                                               ^\n" +
				"  hint: in flow style quote whatever holds a comma, a bracket or ': ', as in {landings: \"count(*) over [1h]\"}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string][]byte{}
			for name, text := range c.files {
				files[name] = []byte(text)
			}
			_, err := Parse(files, ".")
			if err == nil || err.Error() != c.want {
				t.Errorf("got\n%v\nwant\n%s", err, c.want)
			}
		})
	}
}

func TestErrorsUnwrap(t *testing.T) {
	_, err := Parse(map[string][]byte{ProjectFile: []byte("projectt: a\n")}, ".")
	var one *selfsame.Error
	if !errors.As(err, &one) || selfsame.ClassOf(err) != selfsame.ClassDefinition {
		t.Errorf("got %v of class %s", err, selfsame.ClassOf(err))
	}
}

func TestFields(t *testing.T) {
	p, err := Parse(map[string][]byte{ProjectFile: []byte(smallProject +
		"  more: {schema: {extra: int64, at: timestamp, amount: int64, user_id: string}, event_time: at, batch: {path: x.csv}}\n" +
		"views: {v: {entity: user, source: [tx, more], where: _source = 'tx', features: {n: count(distinct _source)}}}\n")}, ".")
	if err != nil {
		t.Fatal(err)
	}
	fields, err := Fields(p, p.Views[0])
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range fields {
		got = append(got, f.Name+" "+f.Type.String())
	}
	if want := []string{"user_id string", "at timestamp", "_source string"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := Fields(p, &selfsame.FeatureView{Source: []string{"none"}}); err == nil {
		t.Error("an unknown source gives no error")
	}
}

func TestFeatureTypes(t *testing.T) {
	p := shop(t)
	for view, want := range map[string]string{
		"user_spend":   "avg_ticket float64, large_1h int64, last_five list<float64>, merchants_7d int64, spend_24h float64, spend_30d float64, txns_1h int64, txns_24h int64, txns_7d int64",
		"user_profile": "home_lat float64, home_lon float64",
		"txn_context":  "far_home float64, vs_avg float64, weekend bool",
		"trip":         "distance float64",
	} {
		types, err := FeatureTypes(p, p.View(view))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, name := range sortedKeys(types) {
			got = append(got, name+" "+types[name].String())
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: got %s, want %s", view, strings.Join(got, ", "), want)
		}
	}
}

func TestReference(t *testing.T) {
	p := shop(t)
	for text, want := range map[string]selfsame.ServiceEntry{
		"user_spend.txns_1h":        {View: "user_spend", Feature: "txns_1h"},
		"user_spend:txns_1h":        {View: "user_spend", Feature: "txns_1h"},
		"user_spend.txns_1h@2":      {View: "user_spend", Feature: "txns_1h", Version: "2"},
		"user_spend.txns_1h@1.10.0": {View: "user_spend", Feature: "txns_1h", Version: "1.10.0"},
		"user_spend.*":              {View: "user_spend"},
		"distance":                  {View: "trip", Feature: "distance"},
		"merchants_7d@3":            {View: "user_spend", Feature: "merchants_7d", Version: "3"},
	} {
		got, err := Reference(p, text)
		got.Pos = selfsame.Pos{}
		if err != nil || got.View != want.View || got.Feature != want.Feature || got.Version != want.Version {
			t.Errorf("%s: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"user_spend.txns":     "the view user_spend has no feature txns\n  hint: txns has a list of windows: its outputs are txns_1h, txns_24h, txns_7d",
		"user_spendd.txns":    "there is no view user_spendd\n  hint: did you mean user_spend?",
		"user_spend":          "user_spend is a view, not a feature\n  hint: write user_spend.* for all its features",
		"fraud":               "fraud is a service, not a feature\n  hint: name it as the service: selfsame train fraud, or in a request \"service\": \"fraud\"",
		"fraud@1":             "fraud is a service, not a feature\n  hint: name it as the service: selfsame train fraud@1, or in a request \"service\": \"fraud@1\"",
		"a.b.c":               "\"a.b.c\" is not a reference\n  hint: a reference is view.feature, view.* or view.feature@2",
		"":                    "\"\" is not a reference\n  hint: a reference is view.feature, view.* or view.feature@2",
		"user_spend.x@":       "the pin @ is not a version\n  hint: pin a major version, as in user_spend.x@2, or a whole one, as in user_spend.x@1.1.0",
		"user_spend.spend_24": "the view user_spend has no feature spend_24\n  hint: did you mean spend_24h?",
	} {
		if _, err := Reference(p, text); err == nil || err.Error() != want {
			t.Errorf("%q: got\n%v\nwant\n%s", text, err, want)
		}
	}
}

func TestDefaults(t *testing.T) {
	p, err := Parse(map[string][]byte{ProjectFile: []byte(`project: d
entities: {user: {key: {user_id: string}}}
sources:
  s: {schema: {user_id: string, i: int64, f: float64, d: 'decimal(6,2)', t: string, b: bytes, at: timestamp, day: date, l: list<int64>, m: 'map<string,bool>', o: bool}, event_time: at, batch: {path: x.csv}}
views:
  v:
    entity: user
    source: s
    features:
      i: {value: i, default: 010}
      f: {value: f, default: -0.0}
      d: {value: d, default: -12.5}
      t: {value: t, default: no}
      at: {value: at, default: 1969-12-31T23:59:59.999999Z}
      day: {value: day, default: 1969-12-31}
      l: {value: l, default: [1, -2]}
      m: {value: m, default: {b: true, a: false}}
      o: {value: o, default: true, expect: {nulls: 12.5%, on_failure: block}}
`)}, ".")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range p.Views[0].Features {
		c := column.New(f.Default.Type, 1)
		c.Append(*f.Default)
		got = append(got, f.Name+"="+string(column.AppendJSON(nil, c, 0)))
	}
	want := `i=10 f=0 d=-12.50 t="no" at="1969-12-31T23:59:59.999999Z" day="1969-12-31" l=[1,-2] m={"a":false,"b":true} o=true`
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
	if e := p.Views[0].Features[8].Expect; e.Nulls != 0.125 || !e.Block {
		t.Errorf("got %+v, want nulls 0.125 and block", e)
	}
}
