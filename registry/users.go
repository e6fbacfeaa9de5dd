// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"selfsame"
	"selfsame/plan"
)

// Users are what stands on a version of a feature.
type Users struct {
	Services []ServiceUser `json:"services"`  // versions of services, by name and number
	Models   []ModelUser   `json:"models"`    // that are not retired and pin one of those
	OnDemand []string      `json:"on_demand"` // features that read it, also through others: view.feature@1.1.0; those that are retired are left out
}

// ServiceUser is a version of a service that answers with the feature, or with an on-demand feature that reads it.
type ServiceUser struct {
	Name       string `json:"name"`
	Version    int64  `json:"version"`
	Current    bool   `json:"current"`              // it answers who names no version
	Experiment string `json:"experiment,omitempty"` // that runs, and has it as an arm
}

// ModelUser is a version of a model, with what it pins.
type ModelUser struct {
	Name           string `json:"name"`
	Version        string `json:"version"`
	Service        string `json:"service"`
	ServiceVersion int64  `json:"service_version"`
}

// readers says who uses what.
type readers struct {
	onDemand map[string][]string      // hash of a form and feature -> refs of on-demand features that read it
	services map[string][]ServiceUser // ref -> versions of services that pin it
	models   map[ServiceUser][]ModelUser
}

func readKey(name, hash string) string { return name + " " + hash }

// findReaders turns what versions, services and models name around.
func (s *Snapshot) findReaders() (*readers, error) {
	r := &readers{onDemand: map[string][]string{}, services: map[string][]ServiceUser{}, models: map[ServiceUser][]ModelUser{}}
	features := s.Features()
	onDemand, err := s.projects.onDemand(features)
	if err != nil {
		return nil, err
	}
	for _, f := range features {
		for i := range f.Versions {
			if !onDemand[f.Versions[i].Hash] {
				continue
			}
			if err := s.addReads(r, &f, &f.Versions[i]); err != nil {
				return nil, err
			}
		}
	}
	for name, h := range s.services {
		for i := range h.versions {
			v := &h.versions[i]
			user := ServiceUser{Name: name, Version: v.Version, Current: v.Status == Current}
			for _, e := range v.Entries {
				ref := refOf(e.View, e.Feature, e.Version)
				if list := r.services[ref]; len(list) == 0 || list[len(list)-1] != user {
					r.services[ref] = append(list, user)
				}
			}
		}
	}
	for _, m := range s.Models() {
		if !m.Retired {
			pin := ServiceUser{Name: m.Service, Version: m.List}
			r.models[pin] = append(r.models[pin], ModelUser{m.Name, m.Version, m.Service, m.List})
		}
	}
	return r, nil
}

// addReads notes what a version of an on-demand feature reads.
func (s *Snapshot) addReads(r *readers, f *FeatureVersions, v *Version) error {
	p, _, _, err := s.Resolve(f.View, f.Feature, v.Version)
	if err != nil {
		return err
	}
	pl, err := plan.Build(p, plan.Request{Features: []selfsame.ServiceEntry{{View: f.View, Feature: f.Feature}}})
	if err != nil {
		return err
	}
	ref := v.Ref(f.View, f.Feature)
	for read := range reads(pl) {
		name := featureName(read.View.Name, read.Name)
		if at, ok := s.versionAt(read.View.Name, read.Name, read.Version); ok && refOf(read.View.Name, read.Name, read.Version) != ref {
			key := readKey(name, at.Hash)
			if !slices.Contains(r.onDemand[key], ref) {
				r.onDemand[key] = append(r.onDemand[key], ref)
			}
		}
	}
	return nil
}

// reads visits every feature that a plan evaluates, also those that are no output.
func reads(p *plan.Plan) func(yield func(*plan.Feature) bool) {
	return func(yield func(*plan.Feature) bool) {
		for _, u := range p.Uses {
			for _, f := range u.Features {
				if !yield(f) {
					return
				}
			}
		}
		for _, f := range p.OnDemand {
			if !yield(f) {
				return
			}
		}
	}
}

// versionAt returns a version that is named in full.
func (s *Snapshot) versionAt(view, feature, version string) (*Version, bool) {
	h := s.features[featureName(view, feature)]
	if h == nil {
		return nil, false
	}
	for i := range h.versions {
		if h.versions[i].Version == version {
			return &h.versions[i], true
		}
	}
	return nil, false
}

func refOf(view, feature, version string) string { return view + "." + feature + "@" + version }

// UsersOf returns what stands on a version of a feature. version is as in Version. What reads it through an on-demand feature counts as well.
func (s *Snapshot) UsersOf(_ context.Context, view, feature, version string) (*Users, error) {
	v, err := s.Version(view, feature, version)
	if err != nil {
		return nil, err
	}
	return s.users(view, feature, &v, true)
}

// users is UsersOf, where through says whether what reads the version by its definition counts.
func (s *Snapshot) users(view, feature string, v *Version, through bool) (*Users, error) {
	r, err := s.readers()
	if err != nil {
		return nil, err
	}
	u := &Users{Services: []ServiceUser{}, Models: []ModelUser{}, OnDemand: []string{}}
	refs := []string{v.Ref(view, feature)}
	for _, ref := range r.onDemand[readKey(featureName(view, feature), v.Hash)] {
		if !through {
			break
		}
		refs = append(refs, ref)
		if name, version, _ := strings.Cut(ref, "@"); s.stageOf(name, version) != Retired {
			u.OnDemand = append(u.OnDemand, ref)
		}
	}
	for _, ref := range refs {
		for _, user := range r.services[ref] {
			if !slices.ContainsFunc(u.Services, func(have ServiceUser) bool { return have.Name == user.Name && have.Version == user.Version }) {
				user.Experiment = s.experimentOf(user.Name, user.Version)
				u.Services = append(u.Services, user)
				u.Models = append(u.Models, r.models[ServiceUser{Name: user.Name, Version: user.Version}]...)
			}
		}
	}
	slices.Sort(u.OnDemand)
	slices.SortFunc(u.Services, func(a, b ServiceUser) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	slices.SortFunc(u.Models, func(a, b ModelUser) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version))
	})
	return u, nil
}

// stageOf is the stage of a version of view.feature.
func (s *Snapshot) stageOf(name, version string) Stage {
	view, feature, _ := strings.Cut(name, ".")
	return s.StageOf(view, feature, version)
}

// experimentOf names the running experiment that has a version of a service as an arm.
func (s *Snapshot) experimentOf(service string, version int64) string {
	if e := s.Experiment(service); e != nil && slices.ContainsFunc(e.Arms, func(a Arm) bool { return a.Version == version }) {
		return e.Name
	}
	return ""
}

// blocking are the users that keep a version from being retired, each with what to do about it.
func (s *Snapshot) blocking(view, feature string, v *Version) (list []string, err error) {
	u, err := s.users(view, feature, v, s.sibling(view, feature, v) == nil) // another version of the definition serves who reads that
	if err != nil {
		return nil, err
	}
	for _, m := range u.Models {
		list = append(list, fmt.Sprintf("model %s pins %s@%d: selfsame model retire %s", modelName(m.Name, m.Version), m.Service, m.ServiceVersion, modelName(m.Name, m.Version)))
	}
	for _, x := range u.Services {
		if x.Current {
			list = append(list, fmt.Sprintf("service %s@%d is the applied one: apply it with another version of the feature, or without it", x.Name, x.Version))
		}
		if x.Experiment != "" {
			list = append(list, fmt.Sprintf("experiment %s deals requests to %s@%d: selfsame experiment end %s", x.Experiment, x.Name, x.Version, x.Name))
		}
	}
	for _, ref := range u.OnDemand {
		list = append(list, ref+" reads it: selfsame retire "+ref)
	}
	return list, nil
}

// sibling returns another version with the definition of v that is not retired, or nil.
func (s *Snapshot) sibling(view, feature string, v *Version) *Version {
	h := s.features[featureName(view, feature)]
	for i := range h.versions {
		if w := &h.versions[i]; w.Hash == v.Hash && w.Version != v.Version && w.Stage != Retired {
			return w
		}
	}
	return nil
}
