// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"selfsame/registry"
	"selfsame/registry/sqlite"
)

// year is a registry of 5,000 features in 100 views and 20 services after 365 applies, each of which changed one view of 50 features.
func year(b *testing.B) *registry.Snapshot {
	b.Helper()
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "registry.db"))
	if err != nil {
		b.Fatal(err)
	}
	r := registry.Over(store, ".")
	b.Cleanup(func() { r.Close() })
	files := map[string][]byte{"selfsame.yaml": []byte(`
project: year
entities: {user: {key: {user_id: string}, owner: growth}}
sources: {orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, stream: {push: true}}}
`)}
	view := func(v, day int) []byte {
		var y strings.Builder
		fmt.Fprintf(&y, "views:\n  view_%02d:\n    entity: user\n    source: orders\n    description: what users of group %d pay\n    features:\n", v, v)
		for f := range 50 {
			fmt.Fprintf(&y, "      f_%02d: sum(amount) filter (where amount > %d) over %dd\n", f, day, f+v+1)
		}
		return []byte(y.String())
	}
	for v := range 100 {
		files[fmt.Sprintf("features/view_%02d.yaml", v)] = view(v, 0)
	}
	var services strings.Builder
	services.WriteString("services:\n")
	for s := range 20 {
		fmt.Fprintf(&services, "  service_%02d: {features: [view_%02d.*, view_%02d.*, view_%02d.*]}\n", s, s, s+20, s+40)
	}
	files["features/services.yaml"] = []byte(services.String())
	for day := range 365 {
		files[fmt.Sprintf("features/view_%02d.yaml", day%100)] = view(day%100, day)
		if _, err := r.Apply(b.Context(), &registry.Change{Files: files, Author: "ann", Time: int64(day), Expect: registry.Newest}); err != nil {
			b.Fatal(err)
		}
	}
	s, err := r.Snapshot(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkYear times what a reader asks after a year: 5,000 features, 365 applies, 23,250 versions or so.
func BenchmarkYear(b *testing.B) {
	s := year(b)
	x, err := Of(s.Project(), s, nil)
	if err != nil {
		b.Fatal(err)
	}
	for name, ask := range map[string]func() error{
		"index":  func() error { _, err := Of(s.Project(), s, nil); return err },
		"list":   func() error { x.Find(Filter{Kind: Feature}); return nil },
		"search": func() error { x.Find(Filter{Words: "amount group 42"}); return nil },
		"page": func() error {
			it, err := x.Item("view_07.f_09")
			if err == nil {
				_, err = x.Page(b.Context(), it)
			}
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
