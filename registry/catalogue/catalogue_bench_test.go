// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"flag"
	"maps"
	"path/filepath"
	"testing"

	"selfsame/registry"
	"selfsame/registry/registrytest"
	"selfsame/registry/sqlite"
)

var applies = flag.Int("applies", 160, "how often something is applied before BenchmarkYear")

// BenchmarkYear times what a reader and an author ask of 5,000 features after many applies, each of 50: of other views each time, and of one.
func BenchmarkYear(b *testing.B) {
	for name, changed := range map[string]func(int) int{"spread": registrytest.Spread, "hot": registrytest.Hot} {
		b.Run(name, func(b *testing.B) {
			store, err := sqlite.OpenCopy(b.Context(), filepath.Join(b.TempDir(), "registry.db"))
			if err != nil {
				b.Fatal(err)
			}
			y := registrytest.NewYear(b, store, *applies, changed)
			s := y.Newest(b)
			x, err := Of(s.Project(), s, nil)
			if err != nil {
				b.Fatal(err)
			}
			same := y.Change(*applies)
			other := *same
			other.Files = maps.Clone(same.Files)
			other.Files["features/view_09.yaml"] = []byte("views: {view_09: {entity: user, source: orders, features: {f_00: max(amount) over 3d}}}\n")
			for name, ask := range map[string]func() error{
				"index":  func() error { _, err := Of(s.Project(), s, nil); return err },
				"list":   func() error { _, err := x.Find(Filter{Kind: Feature}); return err },
				"stage":  func() error { _, err := x.Find(Filter{Kind: Feature, Stage: registry.Retired}); return err },
				"search": func() error { _, err := x.Find(Filter{Words: "amount group 42"}); return err },
				"page": func() error {
					it, err := x.Item("view_07.f_09")
					if err == nil {
						_, err = x.Page(b.Context(), it)
					}
					return err
				},
				"plan of nothing":  func() error { _, err := y.Plan(b.Context(), same); return err },
				"plan of one view": func() error { _, err := y.Plan(b.Context(), &other); return err },
			} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if err := ask(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
