// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"reflect"
	"slices"
	"sync"

	"selfsame"
	"selfsame/definition/canonical"
	"selfsame/plan"
)

// kept is what the last project took to work out. A definition.Reader gives a view that did not change as the pointer that it was, so that what was found of it
// holds for the next project. It is safe for concurrent use: a map in it is not changed once it is there, but replaced.
type kept struct {
	mu      sync.Mutex // guards what follows
	forms   map[*selfsame.FeatureView][]form
	stamped map[*selfsame.FeatureView]*selfsame.FeatureView // by the view without versions
	plans   map[string]servicePlan
	texts   map[string][]byte // by hash
}

// servicePlan is a plan of a service.
type servicePlan struct {
	entries []selfsame.ServiceEntry
	plan    *plan.Plan
}

// swap puts a value in the place of another.
func swap[T any](k *kept, place *T, next func(before T) T) {
	k.mu.Lock()
	before := *place
	k.mu.Unlock()
	after := next(before)
	k.mu.Lock()
	*place = after
	k.mu.Unlock()
}

// formsOf are the canonical forms of the features of a project, by view.
func (k *kept) formsOf(p *selfsame.Project) (out map[*selfsame.FeatureView][]form, err error) {
	swap(k, &k.forms, func(before map[*selfsame.FeatureView][]form) map[*selfsame.FeatureView][]form {
		out = make(map[*selfsame.FeatureView][]form, len(p.Views))
		for _, v := range p.Views {
			list := before[v]
			if list == nil {
				if list, err = viewForms(p, v); err != nil {
					return before
				}
			}
			out[v] = list
		}
		return out
	})
	return out, err
}

func viewForms(p *selfsame.Project, v *selfsame.FeatureView) ([]form, error) {
	list := make([]form, len(v.Features))
	for i := range v.Features {
		f := &v.Features[i]
		text, err := canonical.Form(p, v, f)
		if err != nil {
			return nil, err
		}
		list[i] = form{text: text, hash: canonical.Hash(text), words: wordsOf(f), feature: f}
	}
	return list, nil
}

// stamp returns a project whose features have versions, by view.feature, and whose services have pinned outputs. A view whose versions are those of the last
// project is the same pointer as in that, and so is all that it reads.
func (k *kept) stamp(p *selfsame.Project, versions map[string]string, services map[string][]Entry) *selfsame.Project {
	out := *p
	swap(k, &k.stamped, func(before map[*selfsame.FeatureView]*selfsame.FeatureView) map[*selfsame.FeatureView]*selfsame.FeatureView {
		after := make(map[*selfsame.FeatureView]*selfsame.FeatureView, len(p.Views))
		out.Views = make([]*selfsame.FeatureView, len(p.Views))
		if slices.ContainsFunc(p.Views, func(v *selfsame.FeatureView) bool { return before[v] != nil && !hasVersions(before[v], versions) }) {
			before = nil // whatever reads that view reads other versions, too
		}
		for i, v := range p.Views {
			w := before[v]
			if w == nil {
				w = withVersions(v, versions)
			}
			after[v], out.Views[i] = w, w
		}
		return after
	})
	out.Services = make([]*selfsame.FeatureService, len(p.Services))
	for i, s := range p.Services {
		w := *s
		w.Features = pinned(services[s.Name])
		out.Services[i] = &w
	}
	return &out
}

func hasVersions(v *selfsame.FeatureView, versions map[string]string) bool {
	return !slices.ContainsFunc(v.Features, func(f selfsame.Feature) bool { return f.Version != versions[featureName(v.Name, f.Name)] })
}

func withVersions(v *selfsame.FeatureView, versions map[string]string) *selfsame.FeatureView {
	w := *v
	w.Features = slices.Clone(v.Features)
	for i := range w.Features {
		w.Features[i].Version = versions[featureName(v.Name, w.Features[i].Name)]
	}
	return &w
}

// eachPlan visits the services of a project with their plans under a resolver, until there is an error: of a plan, or of the visit.
func (k *kept) eachPlan(p *selfsame.Project, r plan.Resolver, visit func(*selfsame.FeatureService, *plan.Plan, error) error) (err error) {
	views := make(map[string]*selfsame.FeatureView, len(p.Views))
	for _, v := range p.Views {
		views[v.Name] = v
	}
	swap(k, &k.plans, func(before map[string]servicePlan) map[string]servicePlan {
		after := make(map[string]servicePlan, len(p.Services))
		for _, s := range p.Services {
			have := before[s.Name]
			if have.plan == nil || !have.of(views) || !reflect.DeepEqual(have.entries, s.Features) {
				have.entries = s.Features
				have.plan, err = plan.Build(p, plan.Request{Features: s.Features, Resolver: r})
			}
			if err = visit(s, have.plan, err); err != nil {
				return before
			}
			after[s.Name] = have
		}
		return after
	})
	return err
}

// of reports whether all that a plan reads is of the views of a project, by name, as they are: none of it of an earlier version.
func (s servicePlan) of(views map[string]*selfsame.FeatureView) bool {
	for _, u := range s.plan.Uses {
		if views[u.View.Name] != u.View {
			return false
		}
	}
	for f := range reads(s.plan) {
		if views[f.View.Name] != f.View {
			return false
		}
	}
	return true
}
