// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"strings"

	"selfsame"
	"selfsame/compute/expr"
)

// Request says what to plan. Exactly one of Service, View and Features is set.
type Request struct {
	Service  string
	View     string   // every feature of one view
	Features []string // references: view.feature, view:feature, view.*, or a bare name where it is unambiguous
	Short    bool     // --names short: outputs without view__
}

func notFound(ref, what string, pos selfsame.Pos, known []string) error {
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Pos: pos, Ref: ref, Message: "no such " + what}
	if near := expr.Nearest(ref, known); near != "" {
		e.Hint = "did you mean " + near + "?"
	} else if len(known) > 0 {
		e.Hint = "there is " + strings.Join(known, ", ")
	}
	return e
}

// entries returns the service entries that r asks for, and the name of the answer.
func entries(p *selfsame.Project, r Request) (string, []selfsame.ServiceEntry, error) {
	switch {
	case r.Service != "":
		s := p.Service(r.Service)
		if s == nil {
			var known []string
			for _, s := range p.Services {
				known = append(known, s.Name)
			}
			return "", nil, notFound(r.Service, "service", selfsame.Pos{}, known)
		}
		return s.Name, s.Features, nil
	case r.View != "":
		return r.View, []selfsame.ServiceEntry{{View: r.View}}, nil
	}
	var out []selfsame.ServiceEntry
	for _, ref := range r.Features {
		e, err := Reference(p, ref)
		if err != nil {
			return "", nil, err
		}
		out = append(out, e)
	}
	return "features", out, nil
}

// Reference resolves a feature reference as users type it. Its error names the nearest feature.
func Reference(p *selfsame.Project, ref string) (selfsame.ServiceEntry, error) {
	name, version, _ := strings.Cut(ref, "@")
	view, feature, ok := strings.Cut(strings.Replace(name, ":", ".", 1), ".")
	if ok {
		if feature == "*" {
			feature = ""
		}
		return selfsame.ServiceEntry{View: view, Feature: feature, Version: version}, nil
	}
	var found, known []string
	for _, v := range p.Views {
		for _, f := range v.Features {
			known = append(known, f.Name)
			if f.Name == name {
				found = append(found, v.Name+"."+name)
				view = v.Name
			}
		}
	}
	switch len(found) {
	case 0:
		return selfsame.ServiceEntry{}, notFound(name, "feature", selfsame.Pos{}, known)
	case 1:
		return selfsame.ServiceEntry{View: view, Feature: name, Version: version}, nil
	}
	return selfsame.ServiceEntry{}, &selfsame.Error{Class: selfsame.ClassUsage, Ref: ref,
		Message: "several views have a feature of this name", Hint: "write one of " + strings.Join(found, ", ")}
}

// checkVersion refuses a pin that the definitions at hand do not meet.
func checkVersion(e selfsame.ServiceEntry, f *selfsame.Feature) error {
	if e.Version == "" || f.Version == e.Version || strings.HasPrefix(f.Version, e.Version+".") {
		return nil
	}
	have := "no version is declared"
	if f.Version != "" {
		have = "the definition at hand is version " + f.Version
	}
	return &selfsame.Error{Class: selfsame.ClassNotFound, Pos: e.Pos, Ref: e.View + "." + f.Name + "@" + e.Version,
		Message: "no such version: " + have, Hint: "declare `version: ` in the feature's long form, or leave the pin out"}
}

func outputName(e selfsame.ServiceEntry, feature string, short bool) string {
	switch {
	case e.As != "":
		return e.As
	case e.HasPrefix:
		return e.Prefix + feature
	case short:
		return feature
	}
	return fmt.Sprintf("%s__%s", e.View, feature)
}
