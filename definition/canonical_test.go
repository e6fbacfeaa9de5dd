// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"selfsame"
)

// TestCanonicalGolden pins the canonical form and the hash of every feature of the example: a change of these bytes renames every
// applied version.
func TestCanonicalGolden(t *testing.T) {
	p := shop(t)
	var b strings.Builder
	for _, v := range p.Views {
		for _, f := range v.Features {
			form := canonicalOf(t, p, v.Name, f.Name)
			if !json.Valid(form) {
				t.Errorf("%s.%s: the form is not JSON: %s", v.Name, f.Name, form)
			}
			b.WriteString(v.Name + "." + f.Name + " " + Hash(form) + "\n" + string(form) + "\n")
		}
	}
	golden(t, "testdata/canonical.golden", b.String())
}

func canonicalOf(t *testing.T, p *selfsame.Project, view, feature string) []byte {
	t.Helper()
	form, err := Canonical(p, view, feature)
	if err != nil {
		t.Fatal(err)
	}
	return form
}

// TestCanonicalChanges edits the example and looks which features get another form.
func TestCanonicalChanges(t *testing.T) {
	source := string(shopSource(t))
	before := shop(t)
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
			after, err := Parse(map[string][]byte{ProjectFile: []byte(strings.Replace(source, c.old, c.new, 1))}, "shop")
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range after.Views {
				for _, f := range v.Features {
					name := v.Name + "." + f.Name
					want := strings.Contains(" "+c.changed+" ", " "+name+" ") || strings.Contains(" "+c.changed+" ", " "+v.Name+".* ")
					old, err := Canonical(before, v.Name, f.Name)
					got := err != nil || !bytes.Equal(old, canonicalOf(t, after, v.Name, f.Name))
					if got != want {
						t.Errorf("%s: changed is %v, want %v", name, got, want)
					}
				}
			}
		})
	}
}

func TestCanonicalIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/format/canonical.md")
	if err != nil {
		t.Fatal(err)
	}
	p := shop(t)
	example := canonicalOf(t, p, "user_spend", "spend_24h")
	if !bytes.Contains(doc, example) || !bytes.Contains(doc, []byte(Hash(example))) {
		t.Errorf("docs/format/canonical.md does not hold the form of user_spend.spend_24h and its hash:\n%s\n%s", example, Hash(example))
	}
}

func TestCanonicalNames(t *testing.T) {
	p := shop(t)
	for _, c := range [][3]string{{"user_spendd", "x", "did you mean user_spend?"}, {"user_spend", "txns", "its outputs are txns_1h, txns_24h, txns_7d"}} {
		_, err := Canonical(p, c[0], c[1])
		if err == nil || selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("%s.%s: got %v, want %s", c[0], c[1], err, c[2])
		}
	}
}

func TestCanonicalService(t *testing.T) {
	outputs := []Output{{Name: "b", Feature: "v.b", Hash: "sha256:01", Key: map[string]string{"user_id": "R&D <\"id\">", "city": "city"}}, {Name: "a", Feature: "v.a", Hash: "sha256:02", Key: map[string]string{"city": "city"}}}
	const want = `{"features":[{"feature":"v.b","hash":"sha256:01","key":{"user_id":"R&D <\"id\">"},"name":"b"},{"feature":"v.a","hash":"sha256:02","name":"a"}],"format":"selfsame.service/1"}`
	if got := string(CanonicalService(outputs)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := string(CanonicalService(nil)); got != `{"features":[],"format":"selfsame.service/1"}` {
		t.Errorf("no outputs: got %s", got)
	}
}
