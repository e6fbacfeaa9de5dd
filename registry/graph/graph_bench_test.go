// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"

	"selfsame"
	"selfsame/lineage"
	"selfsame/registry"
)

// manyFeatures is a project with 100 views of 50 features, a quarter of the views on demand, and 100 services.
func manyFeatures() string {
	var b strings.Builder
	b.WriteString("project: many\nentities:\n  user: {key: {k: string}}\nsources:\n")
	for i := range 20 {
		fmt.Fprintf(&b, "  s%d:\n    schema: {k: string, x: float64, y: float64, id: string, at: timestamp}\n    event_time: at\n    id: id\n    stream: {push: true}\n", i)
	}
	b.WriteString("views:\n")
	for i := range 100 {
		fmt.Fprintf(&b, "  t%d:\n", i)
		if i%4 == 3 {
			b.WriteString("    request: {a: float64}\n    features:\n")
			for k := range 50 {
				fmt.Fprintf(&b, "      f%d: a / nullif(t%d.f%d, 0)\n", k, i-1, k)
			}
			continue
		}
		fmt.Fprintf(&b, "    entity: user\n    source: s%d\n    features:\n", i%20)
		for k := range 50 {
			fmt.Fprintf(&b, "      f%d: sum(x) filter (where y > %d) over %dd\n", k, k, k+1)
		}
	}
	b.WriteString("services:\n")
	for i := range 100 {
		fmt.Fprintf(&b, "  r%d: {features: [t%d.*]}\n", i, i)
	}
	return b.String()
}

// inMemory is a store that is gone with the process.
type inMemory struct {
	records []*registry.Record
	texts   map[string][]byte
}

func (m *inMemory) Load(_ context.Context, after int64) ([]*registry.Record, error) {
	return m.records[after:], nil
}

func (m *inMemory) Append(_ context.Context, r *registry.Record, texts map[string][]byte) error {
	m.records = append(m.records, r)
	maps.Copy(m.texts, texts)
	return nil
}

func (m *inMemory) Texts(context.Context, []string) (map[string][]byte, error) { return m.texts, nil }

func (m *inMemory) Close() error { return nil }

// BenchmarkLineage asks a registry of 5,000 features, 2,000 runs and 300 models.
func BenchmarkLineage(b *testing.B) {
	ctx := b.Context()
	r := registry.Over(&inMemory{texts: map[string][]byte{}}, "")
	if _, err := r.Apply(ctx, &registry.Change{Files: map[string][]byte{"selfsame.yaml": []byte(manyFeatures())}, Author: "ann", Time: 1}); err != nil {
		b.Fatal(err)
	}
	for i := range 2300 {
		service := fmt.Sprintf("r%d", i%100)
		var a registry.Action = &registry.Run{ID: fmt.Sprintf("01a1ff70-0000-7000-8000-%012d", i), Kind: "train", Service: service, List: 1, Ended: selfsame.Instant(i)}
		if i >= 2000 {
			a = &registry.Model{Name: "m" + service, Version: strconv.Itoa(i), Service: service}
		}
		if _, err := r.Act(ctx, registry.By{Author: "ann", Time: int64(i + 2)}, a); err != nil {
			b.Fatal(err)
		}
	}
	s, err := r.Snapshot(ctx)
	if err != nil {
		b.Fatal(err)
	}
	kept := &Cache{}
	graph := func(b *testing.B, c *Cache) {
		if _, err := c.Graph(s); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			graph(b, &Cache{})
		}
	})
	graph(b, kept)
	b.Run("after=apply", func(b *testing.B) {
		for b.Loop() {
			graph(b, &Cache{known: kept.known})
		}
	})
	b.Run("after=record", func(b *testing.B) {
		for b.Loop() {
			graph(b, &Cache{known: kept.known, base: kept.base, applied: kept.applied})
		}
	})
	for _, q := range []lineage.Question{{Ref: "t2.f7"}, {Ref: "t2.f7", Columns: true}, {Ref: "s2.x", Direction: lineage.Down}, {Ref: "s2", Columns: true}, {Ref: "r3", Columns: true}} {
		b.Run(fmt.Sprintf("ask=%s,columns=%t", q.Ref, q.Columns), func(b *testing.B) {
			for b.Loop() {
				answer, err := kept.Answer(ctx, s, &Args{Question: q})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := answer.Print("tree"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
