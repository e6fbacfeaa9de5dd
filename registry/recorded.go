// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"selfsame"
)

// acts is what records hold beside definitions, folded. The stages of versions are with the versions.
type acts struct {
	models      map[string]ModelRecord // by model@version
	experiments map[string]Experiment  // newest of each service, by its name
	runs        []RunRecord
	impacts     map[string][]ImpactRecord // by view.feature
}

// clone returns acts that can be added to. Lists are shared, and their ends are their own.
func (a acts) clone() acts {
	return acts{models: maps.Clone(a.models), experiments: maps.Clone(a.experiments), runs: slices.Clip(a.runs), impacts: maps.Clone(a.impacts)}
}

// empties is the snapshot before the first record.
func empties(p *projects) *Snapshot {
	s := &Snapshot{projects: p, features: map[string]*featureHistory{}, services: map[string]*serviceHistory{},
		acts: acts{models: map[string]ModelRecord{}, experiments: map[string]Experiment{}, impacts: map[string][]ImpactRecord{}}}
	s.homes = sync.OnceValue(s.findHomes)
	s.readers = sync.OnceValues(s.findReaders)
	return s
}

// ModelRecord is a model with the record that it comes from: the newest that changed it.
type ModelRecord struct {
	Model
	Record     int64            `json:"record"`
	Time       selfsame.Instant `json:"time"`
	Author     string           `json:"author"`
	Registered selfsame.Instant `json:"registered"` // time of its first record
}

// RunRecord is a run with its record.
type RunRecord struct {
	Run
	Record int64            `json:"record"`
	Time   selfsame.Instant `json:"time"`
	Author string           `json:"author"`
}

// ImpactRecord is what an apply did to the values of a feature, with its record.
type ImpactRecord struct {
	Impact
	Record int64            `json:"record"`
	Time   selfsame.Instant `json:"time"`
}

// addActs folds the acts of a record. Those of a kind that this engine does not know are passed over.
func (s *Snapshot) addActs(r *Record) error {
	at := selfsame.Instant(r.Time)
	for i := range r.Acts {
		a := &r.Acts[i]
		var err error
		switch a.Kind {
		case KindStaging:
			err = fold(a, s.addStaging)
		case KindModel:
			err = fold(a, func(m *Model) error {
				name := modelName(m.Name, m.Version)
				s.acts.models[name] = ModelRecord{*m, r.ID, at, r.Author, cmp.Or(s.acts.models[name].Registered, at)}
				return nil
			})
		case KindExperiment:
			err = fold(a, func(e *Experiment) error { s.acts.experiments[e.Service] = *e; return nil })
		case KindRun:
			err = fold(a, func(run *Run) error {
				s.acts.runs = append(s.acts.runs, RunRecord{*run, r.ID, at, r.Author})
				return nil
			})
		case KindImpact:
			err = fold(a, func(m *Impact) error {
				name := featureName(m.View, m.Feature)
				s.acts.impacts[name] = append(slices.Clip(s.acts.impacts[name]), ImpactRecord{*m, r.ID, at})
				return nil
			})
		}
		if err != nil {
			return damaged(a.Subject, fmt.Sprintf("record %d holds a %s that cannot be read", r.ID, a.Kind), err)
		}
	}
	return nil
}

// fold reads the body of an act.
func fold[T any](a *Act, add func(*T) error) error {
	var v T
	if err := json.Unmarshal(a.Body, &v); err != nil {
		return err
	}
	return add(&v)
}

// addStaging gives a version its stage.
func (s *Snapshot) addStaging(g *Staging) error {
	h := s.features[featureName(g.View, g.Feature)]
	if h == nil {
		return fmt.Errorf("there is no feature %s", featureName(g.View, g.Feature))
	}
	at := slices.IndexFunc(h.versions, func(v Version) bool { return v.Version == g.Version })
	if at < 0 {
		return fmt.Errorf("%s has no version %s", featureName(g.View, g.Feature), g.Version)
	}
	n := *h
	n.versions = slices.Clone(h.versions)
	v := &n.versions[at]
	v.Stage, v.Successor, v.Until, v.Reason = g.Stage, g.Successor, g.Until, g.Reason
	s.features[featureName(g.View, g.Feature)] = &n
	return nil
}

// act writes an act.
func act(kind Kind, subject string, v any) (Act, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return Act{}, &selfsame.Error{Class: selfsame.ClassUsage, Ref: subject, Message: "it cannot be recorded", Err: err}
	}
	return Act{Kind: kind, Subject: subject, Body: b}, nil
}

// StageOf is the stage of a version, which is named in full: Active where nothing else was recorded.
func (s *Snapshot) StageOf(view, feature, version string) Stage {
	if h := s.features[featureName(view, feature)]; h != nil {
		for i := range h.versions {
			if h.versions[i].Version == version {
				return h.versions[i].Stage
			}
		}
	}
	return Active
}

// Models returns every version of every model, by name and in the order in which they were registered.
func (s *Snapshot) Models() []ModelRecord {
	return slices.SortedFunc(maps.Values(s.acts.models), func(a, b ModelRecord) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Registered, b.Registered), cmp.Compare(a.Version, b.Version))
	})
}

// Experiments returns the experiments that run, by service.
func (s *Snapshot) Experiments() []Experiment {
	var out []Experiment
	for _, name := range slices.Sorted(maps.Keys(s.acts.experiments)) {
		if e := s.acts.experiments[name]; !e.Ended {
			out = append(out, e)
		}
	}
	return out
}

// Experiment returns the experiment that runs on a service, or nil.
func (s *Snapshot) Experiment(service string) *Experiment {
	if e, ok := s.acts.experiments[service]; ok && !e.Ended {
		return &e
	}
	return nil
}

// Runs returns what was run, oldest first.
func (s *Snapshot) Runs() []RunRecord { return slices.Clip(s.acts.runs) }

// Impacts returns what applies did to the values of a feature, oldest first.
func (s *Snapshot) Impacts(view, feature string) []ImpactRecord {
	return slices.Clip(s.acts.impacts[featureName(view, feature)])
}
