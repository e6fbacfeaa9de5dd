// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"maps"
	"slices"
)

// Comparison is in what two registries differ: what their projects have now, and the models that are registered. Lists are in the order of their names.
type Comparison struct {
	Features []FeatureDifference `json:"features"`
	Services []ServiceDifference `json:"services"`
	Models   []ModelDifference   `json:"models"`
}

// Same reports whether they differ in nothing.
func (c *Comparison) Same() bool { return len(c.Features)+len(c.Services)+len(c.Models) == 0 }

// FeatureDifference is a feature that is current in one of them only, or in another version, form or stage.
type FeatureDifference struct {
	Name string       `json:"name"` // view.feature
	A    *FeatureSide `json:"a,omitempty"`
	B    *FeatureSide `json:"b,omitempty"`
}

// FeatureSide is a feature in one of the registries.
type FeatureSide struct {
	Version string `json:"version"`
	Hash    string `json:"hash"`
	Stage   Stage  `json:"stage"`
}

// ServiceDifference is a service that is current in one of them only, or in another version or with another list.
type ServiceDifference struct {
	Name string       `json:"name"`
	A    *ServiceSide `json:"a,omitempty"`
	B    *ServiceSide `json:"b,omitempty"`
	// Outputs, by name. Changed ones have another definition or read their key from another column.
	OnlyA   []string `json:"only_a,omitempty"`
	OnlyB   []string `json:"only_b,omitempty"`
	Changed []string `json:"changed,omitempty"`
}

// ServiceSide is a service in one of the registries.
type ServiceSide struct {
	Version int64  `json:"version"`
	Hash    string `json:"hash"`
}

// ModelDifference is a version of a model that is registered in one of them only, or for another version of a service.
type ModelDifference struct {
	Name string     `json:"name"` // model@version
	A    *ModelSide `json:"a,omitempty"`
	B    *ModelSide `json:"b,omitempty"`
}

// ModelSide is a version of a model in one of the registries.
type ModelSide struct {
	Service string `json:"service"`
	List    int64  `json:"service_version"`
	Retired bool   `json:"retired,omitempty"`
}

// Compare finds in what two registries differ.
func Compare(a, b *Snapshot) *Comparison {
	c := &Comparison{Features: []FeatureDifference{}, Services: []ServiceDifference{}, Models: []ModelDifference{}}
	apart(a.featureSides(), b.featureSides(), func(name string, x, y *FeatureSide) {
		c.Features = append(c.Features, FeatureDifference{Name: name, A: x, B: y})
	})
	apart(a.serviceSides(), b.serviceSides(), func(name string, x, y *ServiceSide) {
		d := ServiceDifference{Name: name, A: x, B: y}
		if x != nil && y != nil {
			d.outputs(a.entries(name), b.entries(name))
		}
		c.Services = append(c.Services, d)
	})
	apart(a.modelSides(), b.modelSides(), func(name string, x, y *ModelSide) {
		c.Models = append(c.Models, ModelDifference{Name: name, A: x, B: y})
	})
	return c
}

// apart visits the names whose sides differ, in order. A side that is not there is nil.
func apart[T comparable](a, b map[string]T, visit func(name string, x, y *T)) {
	names := slices.Collect(maps.Keys(a))
	for name := range b {
		if _, both := a[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		x, inA := a[name]
		y, inB := b[name]
		switch {
		case inA && inB && x == y:
		case !inB:
			visit(name, &x, nil)
		case !inA:
			visit(name, nil, &y)
		default:
			visit(name, &x, &y)
		}
	}
}

func (s *Snapshot) featureSides() map[string]FeatureSide {
	out := map[string]FeatureSide{}
	for name, h := range s.features {
		if h.removed {
			continue
		}
		v := h.versions[h.last]
		out[name] = FeatureSide{Version: v.Version, Hash: v.Hash, Stage: s.StageOf(h.view, h.feature, v.Version)}
	}
	return out
}

func (s *Snapshot) serviceSides() map[string]ServiceSide {
	out := map[string]ServiceSide{}
	for name, h := range s.services {
		if !h.removed {
			v := h.versions[h.last]
			out[name] = ServiceSide{Version: v.Version, Hash: v.Hash}
		}
	}
	return out
}

func (s *Snapshot) modelSides() map[string]ModelSide {
	out := map[string]ModelSide{}
	for _, m := range s.Models() {
		out[m.Ref()] = ModelSide{Service: m.Service, List: m.List, Retired: m.Retired}
	}
	return out
}

// entries are the outputs of the project's own version of a service.
func (s *Snapshot) entries(name string) []Entry {
	h := s.services[name]
	return h.versions[h.last].Entries
}

// outputs finds the outputs in which a service differs.
func (d *ServiceDifference) outputs(a, b []Entry) {
	inA, inB := byOutput(a), byOutput(b)
	for i := range a {
		name := output(&a[i])
		if other, both := inB[name]; !both {
			d.OnlyA = append(d.OnlyA, name)
		} else if !sameList(a[i], other) {
			d.Changed = append(d.Changed, name)
		}
	}
	for i := range b {
		if _, both := inA[output(&b[i])]; !both {
			d.OnlyB = append(d.OnlyB, output(&b[i]))
		}
	}
}
