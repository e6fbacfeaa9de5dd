// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"selfsame/registry"
)

// compared is the comparison of two registries as JSON, without hashes.
func compared(t *testing.T, a, b *book) string {
	t.Helper()
	c := registry.Compare(a.snapshot(), b.snapshot())
	for i := range c.Features {
		for _, side := range []*registry.FeatureSide{c.Features[i].A, c.Features[i].B} {
			if side != nil {
				side.Hash = ""
			}
		}
	}
	for i := range c.Services {
		for _, side := range []*registry.ServiceSide{c.Services[i].A, c.Services[i].B} {
			if side != nil {
				side.Hash = ""
			}
		}
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if c.Same() != (string(text) == `{"features":[],"services":[],"models":[]}`) {
		t.Errorf("same is %t: %s", c.Same(), text)
	}
	return strings.NewReplacer(`"hash":"",`, "", `,"hash":""`, "").Replace(string(text))
}

// TestCompare changes one of two equal registries step by step.
func TestCompare(t *testing.T) {
	a, b := newBook(t), newBook(t)
	text := spend("total: sum(amount) over 1d, n: count(*)", "spend.total")
	for _, x := range []*book{a, b} {
		x.apply(text)
	}
	is := func(want string) {
		t.Helper()
		if got := compared(t, a, b); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	is(`{"features":[],"services":[],"models":[]}`)
	a.act(&registry.Staging{View: "spend", Feature: "n", Version: "1", Stage: registry.Deprecated})
	is(`{"features":[{"name":"spend.n","a":{"version":"1.0.0","stage":"deprecated"},"b":{"version":"1.0.0","stage":"active"}}],"services":[],"models":[]}`)
	b.act(&registry.Staging{View: "spend", Feature: "n", Version: "1", Stage: registry.Deprecated})
	b.act(&registry.Model{Name: "m", Version: "1", Service: "fraud"})
	is(`{"features":[],"services":[],"models":[{"name":"m@1","b":{"service":"fraud","service_version":1}}]}`)
	a.act(&registry.Model{Name: "m", Version: "1", Service: "fraud"})
	a.apply(spend("total: sum(amount) over 2d, least: min(amount)", "spend.total, spend.least"))
	is(`{"features":[{"name":"spend.least","a":{"version":"1.0.0","stage":"active"}},{"name":"spend.n","b":{"version":"1.0.0","stage":"deprecated"}},` +
		`{"name":"spend.total","a":{"version":"2.0.0","stage":"active"},"b":{"version":"1.0.0","stage":"active"}}],` +
		`"services":[{"name":"fraud","a":{"version":2},"b":{"version":1},"only_a":["spend__least"],"changed":["spend__total"]}],"models":[]}`)
	b.apply(strings.Replace(spend("total: sum(amount) over 2d, least: min(amount)", "spend.total, spend.least"), "fraud:", "risk:", 1))
	is(`{"features":[],"services":[{"name":"fraud","a":{"version":2}},{"name":"risk","b":{"version":1}}],"models":[]}`)
}

// TestWordsAreNoVersionOfAService: a patch of a feature pins it anew and is no change of the service.
func TestWordsAreNoVersionOfAService(t *testing.T) {
	b := newBook(t)
	b.apply(spend("total: {value: sum(amount), description: one}", "spend.total"))
	b.apply(spend("total: {value: sum(amount), description: two}", "spend.total"))
	var got []string
	for _, e := range b.snapshot().History(2, math.MaxInt64) {
		got = append(got, string(e.Kind)+" "+e.Subject+" "+e.From+">"+e.To)
	}
	if want := "feature spend.total 1.0.0>1.0.1"; strings.Join(got, "; ") != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
