// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"strings"

	"selfsame"
	"selfsame/definition"
)

// Reference resolves a reference to features as requests write it: view.feature, view:feature, view.*, a bare name that one view only has, with a version as
// view.feature@2, view.feature@1.1.0, view.feature:v2 or view.feature==1.1.0. A pinned feature may be one that the project has no more.
func (s *Snapshot) Reference(text string) (selfsame.ServiceEntry, error) {
	normal := normalReference(text)
	if s.project == nil {
		return selfsame.ServiceEntry{}, nothingApplied(text)
	}
	e, err := definition.Reference(s.project, normal)
	if err == nil {
		if e.Version != "" {
			_, _, err = s.find(e.View, e.Feature, e.Version)
		}
		return e, err
	}
	name, version, isPinned := strings.Cut(normal, "@")
	view, feature, split := strings.Cut(strings.Replace(name, ":", ".", 1), ".")
	if isPinned && split && s.features[featureName(view, feature)] != nil {
		if _, _, err := s.find(view, feature, version); err != nil {
			return selfsame.ServiceEntry{}, err
		}
		return selfsame.ServiceEntry{View: view, Feature: feature, Version: version}, nil
	}
	return selfsame.ServiceEntry{}, err
}

// normalReference writes the version of a reference behind an @.
func normalReference(text string) string {
	if name, version, ok := strings.Cut(text, "=="); ok {
		return name + "@" + version
	}
	if i := strings.LastIndexByte(text, ':'); i >= 0 && strings.HasPrefix(text[i+1:], "v") {
		if _, ok := digits(text[i+2:]); ok {
			return text[:i] + "@" + text[i+2:]
		}
	}
	if name, version, ok := strings.Cut(text, "@"); ok {
		return name + "@" + strings.TrimPrefix(version, "v")
	}
	return text
}

// Entries resolves references as requests write them into what is to be planned. version, as in Version, is asked of every reference that names none; empty asks for
// the project's own versions, and for the ones before where those are drafts. view.* leaves out features of which every version is a draft, and retired ones.
func (s *Snapshot) Entries(texts []string, version string) ([]selfsame.ServiceEntry, error) {
	if _, ok := parsePin(version); version != "" && !ok {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "version " + version, Message: "this is not a version", Hint: "a version is 2 (the newest 2.x.y) or 1.1.0"}
	}
	var out []selfsame.ServiceEntry
	for _, text := range texts {
		e, err := s.Reference(text)
		if err != nil {
			return nil, err
		}
		if e.Version == "" {
			e.Version = version
		}
		if e.Feature != "" {
			if e.Version == "" {
				if e.Version, err = s.unpinned(e.View, e.Feature); err != nil {
					return nil, err
				}
			} else if _, _, err := s.find(e.View, e.Feature, e.Version); err != nil {
				return nil, err
			}
			out = append(out, e)
			continue
		}
		before := len(out)
		for _, f := range s.project.View(e.View).Features {
			one := e
			one.Feature = f.Name
			if e.Version != "" {
				_, _, err = s.find(e.View, f.Name, e.Version)
			} else if one.Version, err = s.unpinned(e.View, f.Name); err != nil || s.retiredOwn(e.View, f.Name) {
				continue
			}
			if err != nil {
				return nil, err
			}
			out = append(out, one)
		}
		if len(out) == before {
			return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: text, Message: "every feature of the view is a draft or retired", Hint: "name one with its version, or activate it"}
		}
	}
	return out, nil
}

// unpinned is the version that a reference without one means: empty for the project's own.
func (s *Snapshot) unpinned(view, feature string) (string, error) {
	h := s.features[featureName(view, feature)]
	switch at := h.unpinned(); at {
	case -1:
		ref := h.versions[h.last].Ref(view, feature)
		return "", &selfsame.Error{Class: selfsame.ClassNotFound, Ref: featureName(view, feature), Message: "every version of it is a draft", Hint: "name one to read it: " + ref}
	case h.last:
		return "", nil
	default:
		return h.versions[at].Version, nil
	}
}

// retiredOwn reports whether the version that a reference without one means is retired.
func (s *Snapshot) retiredOwn(view, feature string) bool {
	h := s.features[featureName(view, feature)]
	return h.versions[h.unpinned()].Stage == Retired
}
