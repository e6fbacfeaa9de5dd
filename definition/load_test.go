// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"os"
	"slices"
	"strings"
	"testing"

	"selfsame"
)

// shop is the example of docs/definitions.md.
func shop(t testing.TB) *selfsame.Project {
	t.Helper()
	p, err := Parse(map[string][]byte{ProjectFile: shopSource(t)}, "shop")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func shopSource(t testing.TB) []byte {
	t.Helper()
	src, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestShopFeatures(t *testing.T) {
	p := shop(t)
	want := []string{
		"user_spend windowed: txns_1h txns_24h txns_7d large_1h avg_ticket merchants_7d last_five spend_24h spend_30d",
		"user_profile as-of: home_lat home_lon",
		"delays_at windowed: mean_delay_3h mean_delay_24h",
		"airport as-of: lat lon",
		"world windowed: landings_1h",
		"txn_context on-demand: vs_avg far_home weekend",
		"trip on-demand: distance",
	}
	var got []string
	for _, v := range p.Views {
		line := v.Name + " " + v.Kind.String() + ":"
		for _, f := range v.Features {
			line += " " + f.Name
		}
		got = append(got, line)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestDocsHoldTheShop keeps the example of the reference the file that the tests check.
func TestDocsHoldTheShop(t *testing.T) {
	doc, err := os.ReadFile("../docs/definitions.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), "```yaml\n"+string(shopSource(t))+"```\n") {
		t.Error("the example in docs/definitions.md is not testdata/shop.yaml")
	}
}
