// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	"selfsame"
)

// Request says what to plan. Exactly one of Service, View and Features is set.
type Request struct {
	Service  string
	View     string // every feature of one view
	Features []selfsame.ServiceEntry
	Labels   []selfsame.ServiceEntry // of any of them: more features, behind the others, that only training has
	Short    bool                    // --names short: outputs without view__
	// Resolver finds pinned features; nil: a pin must be met by the definitions at hand.
	Resolver Resolver

	sources map[string]*selfsame.Source // of the plan that this one is looked up for; nil: it stands alone
	fields  []selfsame.Field            // of the rows that look it up
}

// Resolver finds the features that references pin.
type Resolver interface {
	// Resolve returns the feature view.feature of a pinned version, as `2`, `2.1` or `2.1.0`, with the project that defined it. The error
	// says which version is not there.
	Resolve(view, feature, version string) (*selfsame.Project, *selfsame.FeatureView, *selfsame.Feature, error)
}

func notFound(ref, what string, pos selfsame.Pos, known []string) error {
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Pos: pos, Ref: ref, Message: "no such " + what}
	if near := selfsame.Nearest(ref, known); near != "" {
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
	return "features", r.Features, nil
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

// apart names the outputs of features of which a list asks for several versions: a pinned one is view__feature@version then, with the version as the
// reference pins it.
func apart(list []selfsame.ServiceEntry, short bool) []selfsame.ServiceEntry {
	versions := map[string]string{} // of each view, and each feature, the version asked for; "*" where there are several
	note := func(name, version string) {
		if have, ok := versions[name]; ok && have != version {
			version = "*"
		}
		versions[name] = version
	}
	for _, e := range list {
		if e.As == "" && !e.HasPrefix { // others have a name of their own
			note(e.View+"."+e.Feature, e.Version)
		}
	}
	out := list
	for i, e := range list {
		if e.Version == "" || e.Feature == "" || e.As != "" || e.HasPrefix {
			continue
		}
		whole, ok := versions[e.View+"."] // view.* has each of its features
		if versions[e.View+"."+e.Feature] != "*" && (!ok || whole == e.Version) {
			continue
		}
		if &out[0] == &list[0] {
			out = slices.Clone(list)
		}
		out[i].As = OutputName(e, e.Feature, short) + "@" + e.Version
	}
	return out
}

// OutputName is the name of a feature's column in training sets and answers: the entry's `as`, else its prefix and the
// feature, else view__feature, without view__ where short names are asked for.
func OutputName(e selfsame.ServiceEntry, feature string, short bool) string {
	switch {
	case e.As != "":
		return e.As
	case e.HasPrefix:
		return e.Prefix + feature
	case short:
		return feature
	}
	return e.View + "__" + feature
}
