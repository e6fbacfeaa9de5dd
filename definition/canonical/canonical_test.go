// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"selfsame"
	"selfsame/definition"
)

// TestCanonicalGolden pins the canonical form and the hash of every feature of the example: a change of these bytes renames every
// applied version.
func TestCanonicalGolden(t *testing.T) {
	p := parsed(t, shopText(t))
	var b strings.Builder
	for _, v := range p.Views {
		for _, f := range v.Features {
			form := formOf(t, p, v.Name, f.Name)
			if !json.Valid(form) {
				t.Errorf("%s.%s: the form is not JSON: %s", v.Name, f.Name, form)
			}
			b.WriteString(v.Name + "." + f.Name + " " + Hash(form) + "\n" + string(form) + "\n")
		}
	}
	golden(t, "testdata/canonical.golden", b.String())
}

var rewrite = flag.Bool("rewrite", false, "write the golden anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func parsed(t *testing.T, text string) *selfsame.Project {
	t.Helper()
	p, err := definition.Parse(map[string][]byte{definition.ProjectFile: []byte(text)}, "shop")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shopText is the example of the package above.
func shopText(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func formOf(t *testing.T, p *selfsame.Project, view, feature string) []byte {
	t.Helper()
	form, err := named(p, view, feature)
	if err != nil {
		t.Fatal(err)
	}
	return form
}

// TestCanonicalChanges edits the example and looks which features get another form.
func TestCanonicalChanges(t *testing.T) {
	source := shopText(t)
	before := parsed(t, source)
	for _, c := range []struct{ name, old, new, changed string }{
		{"path", "data/transactions/*.parquet", "elsewhere/*.parquet", ""},
		{"owner", "owner: fraud-team", "owner: others", ""},
		{"description", "description: approved spend", "description: words", ""},
		{"tags", "tags: {pii: no}", "tags: {pii: yes}", ""},
		{"expect", "max: 1000000", "max: 5", ""},
		{"white space", "count(*) filter (where amount > 100) over [1h]", "COUNT( * )  filter (where amount>100) over [1h]", ""},
		{"where", "status = 'approved'", "status = 'settled'", "user_spend.* txn_context.vs_avg"},
		{"one feature", "sum(amount) over [24h, 30d]", "sum(amount) over [24h, 31d]", "user_spend.spend_31d"},
		{"default", "default: 0", "default: 1", "user_spend.spend_24h user_spend.spend_30d"},
		{"lateness", "lateness: 1h", "lateness: 2h", "user_spend.* txn_context.vs_avg"},
		{"ttl", "ttl: 365d", "ttl: 366d", "user_profile.* txn_context.far_home"},
		{"an unread field", "merchant_id: string, ", "merchant_id: string, extra: string, ", ""},
		{"an unread field of a source without id", "home_lon: float64, ", "home_lon: float64, extra: string, ", "user_profile.* txn_context.far_home"},
		{"a key's type", "{key: {airport: string}}", "{key: {airport: string}, description: words}", ""},
		{"an input's key", "a: {view: airport, key: {airport: origin}}", "a: {view: airport, key: {airport: start}}", "trip.distance"},
		{"an input's role", "b: {view: airport, key: {airport: dest}}", "b: {view: airport, key: {airport: dest}} # same", ""},
		{"zone", "day_of_week(now(), 'Europe/Berlin')", "day_of_week(now(), 'Europe/Paris')", "txn_context.weekend"},
		{"request type", "lat: float64, lon: float64, note: string?", "lat: float64, lon: float64, note: string", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(source, c.old) {
				t.Fatalf("the example does not hold %q", c.old)
			}
			after := parsed(t, strings.Replace(source, c.old, c.new, 1))
			for _, v := range after.Views {
				for _, f := range v.Features {
					name := v.Name + "." + f.Name
					want := strings.Contains(" "+c.changed+" ", " "+name+" ") || strings.Contains(" "+c.changed+" ", " "+v.Name+".* ")
					old, err := named(before, v.Name, f.Name)
					got := err != nil || !bytes.Equal(old, formOf(t, after, v.Name, f.Name))
					if got != want {
						t.Errorf("%s: changed is %v, want %v", name, got, want)
					}
				}
			}
		})
	}
}

func TestCanonicalIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/format/canonical.md")
	if err != nil {
		t.Fatal(err)
	}
	p := parsed(t, shopText(t))
	example := formOf(t, p, "user_spend", "spend_24h")
	if !bytes.Contains(doc, example) || !bytes.Contains(doc, []byte(Hash(example))) {
		t.Errorf("docs/format/canonical.md does not hold the form of user_spend.spend_24h and its hash:\n%s\n%s", example, Hash(example))
	}
}

func TestDefaults(t *testing.T) {
	p := parsed(t, `project: d
entities: {user: {key: {user_id: string}}}
sources:
  s: {schema: {user_id: string, i: int64, f: float64, d: 'decimal(6,2)', t: string, at: timestamp, day: date, l: list<int64>, m: 'map<string,bool>', o: bool}, event_time: at, batch: {path: x.csv}}
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
      o: {value: o, default: true}
`)
	for name, want := range map[string]string{"i": `10`, "f": `"0"`, "d": `"0xfffffffffffffffffffffffffffffb1e"`, "t": `"no"`, "at": `-1`, "day": `-1`, "l": `[1,-2]`, "m": `{"a":false,"b":true}`, "o": `true`} {
		if form := formOf(t, p, "v", name); !bytes.HasPrefix(form, []byte(`{"default":`+want+`,`)) {
			t.Errorf("%s: got %s, want the default %s", name, form, want)
		}
	}
}

// TestDamagedForms reads texts that are no forms.
func TestDamagedForms(t *testing.T) {
	none := func(string) []byte { return nil }
	for _, text := range []string{"", "[]", "{", `{"reads": 1}`, `{"reads": {"a.b": 1}}`, `{"sources": [1, {"name": 1}]}`} {
		if got := Reads([]byte(text)); got != nil {
			t.Errorf("%q reads %v", text, got)
		}
		Differences([]byte(text), []byte(`{}`))
	}
	if _, err := Addition([]byte("{"), []byte("{}"), none, none); err == nil {
		t.Error("what is no form differs by an addition")
	}
}

func TestService(t *testing.T) {
	outputs := []Output{{Name: "b", Feature: "v.b", Hash: "sha256:01", Key: map[string]string{"user_id": "R&D <\"id\">", "city": "city"}}, {Name: "a", Feature: "v.a", Hash: "sha256:02", Key: map[string]string{"city": "city"}}}
	const want = `{"features":[{"feature":"v.b","hash":"sha256:01","key":{"user_id":"R&D <\"id\">"},"name":"b"},{"feature":"v.a","hash":"sha256:02","name":"a"}],"format":"selfsame.service/1"}`
	if got := string(Service(outputs)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := string(Service(nil)); got != `{"features":[],"format":"selfsame.service/1"}` {
		t.Errorf("no outputs: got %s", got)
	}
}
