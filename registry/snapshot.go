// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"selfsame"
)

// Snapshot is everything that was applied up to one moment. It is immutable and safe for concurrent use; what it returns belongs to it.
// It implements plan.Resolver.
type Snapshot struct {
	records  []*Record // all of them: the next snapshot appends to a copy
	applied  int64     // id of the newest apply
	features map[string]*featureHistory
	services map[string]*serviceHistory
	acts     acts
	projects *projects
	project  *selfsame.Project
	homes    func() *homes            // findHomes, once
	readers  func() (*readers, error) // findReaders, once
}

// featureHistory is one feature over time.
type featureHistory struct {
	view, feature string
	versions      []Version // in the order of their first apply
	since, until  []int64   // of each version: the last stretch of applies with it in the project, both inclusive
	last          int       // index of the version that is or was last current
	settled       int       // index of the version that was current before the drafts that came since; -1: none was
	removed       bool
	words         string // of the last
}

// serviceHistory is one service over time.
type serviceHistory struct {
	name     string
	versions []ServiceVersion // version n is at n-1
	last     int
	removed  bool
}

func featureName(view, feature string) string { return view + "." + feature }

// ID is the record that the snapshot shows; 0: there is none.
func (s *Snapshot) ID() int64 { return int64(len(s.records)) }

// Applied is the newest apply that the snapshot shows; 0: nothing is applied. Records of acts only do not change it.
func (s *Snapshot) Applied() int64 { return s.applied }

// Newest returns the newest apply, or nil.
func (s *Snapshot) Newest() *Record {
	if s.applied == 0 {
		return nil
	}
	return s.records[s.applied-1]
}

// Records returns every record, oldest first.
func (s *Snapshot) Records() []*Record { return slices.Clip(s.records) }

// Project returns the newest project: every feature with its applied version, every service with its outputs pinned. It is nil before
// the first apply.
func (s *Snapshot) Project() *selfsame.Project { return s.project }

// Versions returns what was applied of a feature, oldest first.
func (s *Snapshot) Versions(view, feature string) ([]Version, error) {
	h, err := s.feature(view, feature)
	if err != nil {
		return nil, err
	}
	return slices.Clone(h.versions), nil
}

// ServiceVersions returns what was applied of a service, oldest first.
func (s *Snapshot) ServiceVersions(name string) ([]ServiceVersion, error) {
	h, err := s.service(name)
	if err != nil {
		return nil, err
	}
	return slices.Clone(h.versions), nil
}

// Version returns the version of a feature that version names: 2 or v2 (the newest 2.x.y), 1.1.0, or empty for the project's own.
func (s *Snapshot) Version(view, feature, version string) (Version, error) {
	h, at, err := s.find(view, feature, version)
	if err != nil {
		return Version{}, err
	}
	return h.versions[at], nil
}

// Resolve returns a feature as it was under a version: its view and the feature, with their applied versions, and a project that had it: the newest where it
// is current, else what the view needs of an earlier one. version is as in Version.
func (s *Snapshot) Resolve(view, feature, version string) (*selfsame.Project, *selfsame.FeatureView, *selfsame.Feature, error) {
	h, at, err := s.find(view, feature, version)
	if err != nil {
		return nil, nil, nil, err
	}
	p := s.project
	if h.versions[at].Status != Current {
		if p, err = s.projects.part(context.Background(), s, s.homes().of[featureName(view, feature)][at], view); err != nil {
			return nil, nil, nil, err
		}
	}
	if v := p.View(view); v != nil {
		for i := range v.Features {
			if v.Features[i].Name == feature {
				return p, v, &v.Features[i], nil
			}
		}
	}
	return nil, nil, nil, damaged(featureName(view, feature)+"@"+h.versions[at].Version, "it is not among the definitions that had it", nil)
}

// Service returns a version of a service with its outputs pinned, and the version's number. 0 asks for the project's own.
func (s *Snapshot) Service(name string, version int64) (*selfsame.FeatureService, int64, error) {
	h, err := s.service(name)
	if err != nil {
		return nil, 0, err
	}
	own := s.own(name)
	switch {
	case version == 0 && h.removed:
		return nil, 0, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "service " + name, Message: "the project has it no more",
			Hint: fmt.Sprintf("its last version is still there: ask for version %d", h.versions[h.last].Version)}
	case version == 0:
		return own, h.versions[h.last].Version, nil
	case version < 0 || version > int64(len(h.versions)):
		return nil, 0, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: fmt.Sprintf("service %s@%d", name, version), Message: "there is no such version",
			Hint: fmt.Sprintf("the newest is %d", len(h.versions))}
	case own != nil && version == h.versions[h.last].Version:
		return own, version, nil
	}
	out := &selfsame.FeatureService{Name: name, Features: pinned(h.versions[version-1].Entries)}
	if own != nil {
		out.Description, out.Owner, out.Tags = own.Description, own.Owner, own.Tags
	}
	return out, version, nil
}

func pinned(entries []Entry) []selfsame.ServiceEntry {
	out := make([]selfsame.ServiceEntry, len(entries))
	for i := range entries {
		out[i] = entries[i].entry()
	}
	return out
}

// own is the project's service of that name, or nil.
func (s *Snapshot) own(name string) *selfsame.FeatureService {
	if s.project == nil {
		return nil
	}
	return s.project.Service(name)
}

func nothingApplied(ref string) error {
	return &selfsame.Error{Class: selfsame.ClassNotFound, Ref: ref, Message: "nothing is applied", Hint: "run selfsame apply in the project's folder"}
}

func (s *Snapshot) service(name string) (*serviceHistory, error) {
	if h := s.services[name]; h != nil {
		return h, nil
	}
	if len(s.records) == 0 {
		return nil, nothingApplied("service " + name)
	}
	var known []string
	for n := range s.services {
		known = append(known, n)
	}
	return nil, unknown("service "+name, "there is no such service", name, known)
}

func (s *Snapshot) feature(view, feature string) (*featureHistory, error) {
	if h := s.features[featureName(view, feature)]; h != nil {
		return h, nil
	}
	if len(s.records) == 0 {
		return nil, nothingApplied(featureName(view, feature))
	}
	var views, inView []string
	for _, h := range s.features {
		views = append(views, h.view)
		if h.view == view {
			inView = append(inView, h.feature)
		}
	}
	if len(inView) == 0 {
		return nil, unknown(featureName(view, feature), "there is no view "+view, view, views)
	}
	return nil, unknown(featureName(view, feature), "the view "+view+" has no feature "+feature, feature, inView)
}

// unknown is the error of a name that nothing has, with the nearest that something has.
func unknown(ref, message, name string, known []string) error {
	slices.Sort(known)
	known = slices.Compact(known)
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Ref: ref, Message: message}
	if near := selfsame.Nearest(name, known); near != "" {
		e.Hint = "did you mean " + near + "?"
	} else if len(known) > 0 {
		e.Hint = "known: " + some(known)
	}
	return e
}

// some names a list, cut where it is long.
func some(names []string) string {
	const most = 12
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + ", … (" + strconv.Itoa(len(names)) + " in all)"
}

// find returns the version of a feature that version names.
func (s *Snapshot) find(view, feature, version string) (*featureHistory, int, error) {
	h, err := s.feature(view, feature)
	if err != nil {
		return nil, 0, err
	}
	if version == "" {
		if h.removed {
			return nil, 0, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: featureName(view, feature), Message: "the project has it no more",
				Hint: "its last version is still there: " + featureName(view, feature) + "@" + h.versions[h.last].Version}
		}
		return h, h.last, nil
	}
	at, err := h.find(version)
	return h, at, err
}

func (h *featureHistory) find(version string) (int, error) {
	ref := featureName(h.view, h.feature) + "@" + version
	p, ok := parsePin(version)
	if !ok {
		return 0, &selfsame.Error{Class: selfsame.ClassUsage, Ref: ref, Message: "this is not a version", Hint: "a version is 2 (the newest 2.x.y) or 1.1.0"}
	}
	if at := h.choose(p); at >= 0 {
		return at, nil
	}
	var known []string
	for _, v := range h.versions {
		known = append(known, v.Version)
	}
	return 0, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: ref, Message: "there is no such version", Hint: "there is " + some(known)}
}

// damaged is the error of a store whose content does not hold together.
func damaged(ref, message string, err error) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Ref: ref, Message: "the registry is damaged: " + message, Err: err,
		Hint: "restore it from a copy; the definitions themselves are in the project's folder"}
}
