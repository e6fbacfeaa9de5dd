// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"selfsame"
)

func modelName(name, version string) string { return name + "@" + version }

func (m *Model) subject() string { return modelName(m.Name, m.Version) }

// Ref is the model as references write it: name@version.
func (m *Model) Ref() string { return m.subject() }

// Model returns a version of a model.
func (s *Snapshot) Model(name, version string) (ModelRecord, error) {
	if m, ok := s.acts.models[modelName(name, version)]; ok {
		return m, nil
	}
	var names, versions []string
	for _, m := range s.Models() {
		names = append(names, m.Name)
		if m.Name == name {
			versions = append(versions, m.Version)
		}
	}
	if len(versions) == 0 {
		e := unknown("model "+name, "there is no such model", name, names).(*selfsame.Error)
		if len(names) == 0 {
			e.Hint = "selfsame model register " + name + " --version V --service S"
		}
		return ModelRecord{}, e
	}
	return ModelRecord{}, unknown("model "+modelName(name, version), "there is no such version", version, versions)
}

// decide registers a version of a model, adds metrics and notes to one, or, with Retired, retires it. List 0 stands for the applied version of the service.
func (m *Model) decide(s *Snapshot) ([]Act, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	next := *m
	was, known := s.acts.models[m.subject()]
	switch {
	case m.Retired && !known:
		_, err := s.Model(m.Name, m.Version)
		return nil, err
	case m.Retired:
		next = was.Model
		next.Retired = true
	default:
		if err := s.pinModel(&next, was, known); err != nil {
			return nil, err
		}
	}
	if known && sameModel(&was.Model, &next) {
		return nil, nil
	}
	a, err := act(KindModel, next.subject(), &next)
	return []Act{a}, err
}

func (m *Model) check() error {
	for _, part := range []struct{ what, text string }{{"name", m.Name}, {"version", m.Version}} {
		if part.text == "" || len(part.text) > 200 || strings.ContainsFunc(part.text, func(r rune) bool { return r <= ' ' || r == '@' || r == 0x7f }) {
			return m.fault(fmt.Sprintf("%q cannot be the %s of a model", part.text, part.what), "letters, digits and signs but for @, no spaces, at most 200")
		}
	}
	return nil
}

func (m *Model) fault(message, hint string) error {
	return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "model " + m.subject(), Message: message, Hint: hint}
}

// pinModel fills in what was registered before and the version of the service, and checks that nothing but metrics and notes changes.
func (s *Snapshot) pinModel(next *Model, was ModelRecord, known bool) error {
	if known {
		switch {
		case next.Service != "" && next.Service != was.Service, next.List != 0 && next.List != was.List:
			return next.fault(fmt.Sprintf("it was registered with %s@%d, and a version keeps its service", was.Service, was.List), "register another version of the model")
		case next.Manifest != "" && was.Manifest != "" && next.Manifest != was.Manifest:
			return next.fault("it was registered with the training set "+was.Manifest, "register another version of the model")
		}
		next.Service, next.List = was.Service, was.List
		if next.Manifest == "" {
			next.Manifest = was.Manifest
		}
		if next.Training == "" {
			next.Training = was.Training
		}
		if next.Notes == "" {
			next.Notes = was.Notes
		}
		metrics := maps.Clone(was.Metrics)
		if metrics == nil {
			metrics = map[string]float64{}
		}
		maps.Copy(metrics, next.Metrics)
		if next.Metrics = metrics; len(metrics) == 0 {
			next.Metrics = nil
		}
	}
	if next.Service == "" {
		return next.fault("no service is named", "say which features it takes: --service S, or S@N for one version of it")
	}
	_, list, err := s.Service(next.Service, next.List)
	if err != nil {
		return err
	}
	next.List = list
	return s.usableService(next.Service, list, "model "+next.subject())
}

// usableService refuses a version of a service that pins what is retired.
func (s *Snapshot) usableService(name string, version int64, by string) error {
	h, err := s.service(name)
	if err != nil {
		return err
	}
	for _, e := range h.versions[version-1].Entries {
		if s.StageOf(e.View, e.Feature, e.Version) == Retired {
			ref := refOf(e.View, e.Feature, e.Version)
			return &selfsame.Error{Class: selfsame.ClassUsage, Ref: by, Message: fmt.Sprintf("%s@%d reads %s, which is retired", name, version, ref),
				Hint: "selfsame activate " + ref + " brings it back; or name another version of the service"}
		}
	}
	return nil
}

func sameModel(a, b *Model) bool {
	return a.Service == b.Service && a.List == b.List && a.Manifest == b.Manifest && a.Training == b.Training && a.Notes == b.Notes && a.Retired == b.Retired &&
		maps.Equal(a.Metrics, b.Metrics)
}

// Trained is one feature of a training set, as its manifest names it.
type Trained struct {
	Output string
	Ref    string // view.feature
	Hash   string
	Label  bool // no service answers with it
}

// AgreesWith compares the features of a training set with a version of a service, 0 for the applied one, and returns that version's number. A model that was
// trained on other definitions than it pins is refused, and the error names each that differs. Labels are no part of it.
func (s *Snapshot) AgreesWith(service string, version int64, trained []Trained) (int64, error) {
	_, version, err := s.Service(service, version)
	if err != nil {
		return 0, err
	}
	entries := s.services[service].versions[version-1].Entries
	trained = slices.DeleteFunc(slices.Clone(trained), func(t Trained) bool { return t.Label })
	served := byOutput(entries)
	var differ []string
	for _, t := range trained {
		e, ok := served[t.Output]
		switch {
		case !ok:
			differ = append(differ, fmt.Sprintf("%s (%s) is not in the service", t.Output, t.Ref))
		case featureName(e.View, e.Feature) != t.Ref:
			differ = append(differ, fmt.Sprintf("%s is %s in the training set and %s in the service", t.Output, t.Ref, featureName(e.View, e.Feature)))
		case e.Hash != t.Hash:
			differ = append(differ, fmt.Sprintf("%s was trained as %s and is served as %s", t.Output, s.named(t, e), e.Version))
		}
		delete(served, t.Output)
	}
	for _, e := range entries {
		if _, left := served[output(&e)]; left {
			differ = append(differ, output(&e)+" is not in the training set")
		}
	}
	if len(differ) == 0 {
		return version, nil
	}
	e := &selfsame.Error{Class: selfsame.ClassUsage, Ref: fmt.Sprintf("service %s@%d", service, version),
		Message: "it is not what the training set was made from:\n  " + strings.Join(differ, "\n  "), Hint: "train with the applied definitions: selfsame train " + fmt.Sprintf("%s@%d", service, version)}
	if other := s.listOf(service, trained); other != 0 {
		e.Hint = fmt.Sprintf("the training set has the features of %s@%d: name that one", service, other)
	}
	return 0, e
}

// named is the version that a trained feature is, or its hash where it was never applied.
func (s *Snapshot) named(t Trained, e Entry) string {
	for _, v := range s.features[featureName(e.View, e.Feature)].versions {
		if v.Hash == t.Hash {
			return v.Version
		}
	}
	return "a definition that was not applied"
}

// listOf is the newest version of a service with the features of a training set, 0 for none. Keys are not compared: a training set does not say them.
func (s *Snapshot) listOf(service string, trained []Trained) int64 {
	for _, v := range slices.Backward(s.services[service].versions) {
		served := byOutput(v.Entries)
		if len(served) == len(trained) && !slices.ContainsFunc(trained, func(t Trained) bool {
			e, ok := served[t.Output]
			return !ok || e.Hash != t.Hash
		}) {
			return v.Version
		}
	}
	return 0
}
