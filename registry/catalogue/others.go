// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"fmt"
	"slices"
	"strings"

	"selfsame"
	"selfsame/registry"
)

// others adds entities, sources, services and models.
func (b *builder) others() {
	for _, e := range b.p.Entities {
		b.items = append(b.items, Item{Kind: Entity, Name: e.Name, Type: keyText(e.Key), Entity: e.Name, Description: e.Description, Owner: e.Owner, Tags: e.Tags})
	}
	for _, src := range b.p.Sources {
		b.items = append(b.items, Item{Kind: Source, Name: src.Name, Type: sourceType(src), Description: src.Description, Owner: src.Owner, Tags: src.Tags,
			Services: b.servicesOf(src.Name), Definition: keyText(src.Schema)})
	}
	for _, svc := range b.p.Services {
		b.items = append(b.items, b.service(svc))
	}
	for _, m := range b.s.Models() {
		it := Item{Kind: Model, Name: m.Name + "@" + m.Version, Version: m.Version, Description: m.Notes, Owner: m.Author, Services: []string{m.Service},
			Type: fmt.Sprintf("%s@%d", m.Service, m.List), Stage: registry.Active}
		if m.Retired {
			it.Stage = registry.Retired
		}
		b.items = append(b.items, it)
	}
}

func (b *builder) service(svc *selfsame.FeatureService) Item {
	it := Item{Kind: Service, Name: svc.Name, Description: svc.Description, Owner: svc.Owner, Tags: svc.Tags}
	n := 0
	for _, e := range svc.Features {
		n += len(b.entry(e))
		for _, src := range b.sources[e.View] {
			if !slices.Contains(it.Sources, src) {
				it.Sources = append(it.Sources, src)
			}
		}
	}
	slices.Sort(it.Sources)
	it.Type = fmt.Sprintf("%d features", n)
	if _, number, err := b.s.Service(svc.Name, 0); err == nil {
		it.Version = fmt.Sprint(number)
	}
	return it
}

// servicesOf are the services that read a source through some view.
func (b *builder) servicesOf(source string) []string {
	var out []string
	for _, svc := range b.p.Services {
		if slices.ContainsFunc(svc.Features, func(e selfsame.ServiceEntry) bool { return slices.Contains(b.sources[e.View], source) }) {
			out = append(out, svc.Name)
		}
	}
	slices.Sort(out)
	return out
}

func keyText(key []selfsame.Field) string {
	var parts []string
	for _, k := range key {
		parts = append(parts, k.Name+" "+k.Type.String())
	}
	return strings.Join(parts, ", ")
}

// sourceType says where rows come from.
func sourceType(s *selfsame.Source) string {
	var parts []string
	if s.Batch != nil {
		parts = append(parts, "files")
	}
	if s.Push {
		parts = append(parts, "push")
	}
	return strings.Join(parts, ", ")
}
