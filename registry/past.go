// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"selfsame"
)

// HistoryEntry is one thing that one record changed.
type HistoryEntry struct {
	Record  int64            `json:"record"`
	Time    selfsame.Instant `json:"time"`
	Author  string           `json:"author"`
	Message string           `json:"message,omitempty"`
	Commit  string           `json:"commit,omitempty"`

	Kind    HistoryKind `json:"kind"`
	Subject string      `json:"subject"`        // view.feature, view.feature@1.1.0, a service, model@version, a run's id, a file's path
	From    string      `json:"from,omitempty"` // empty: there was none
	To      string      `json:"to,omitempty"`   // empty: there is none any more
	Note    string      `json:"note,omitempty"` // what was found, why, arms of an experiment, metrics
	Impact  *Impact     `json:"impact,omitempty"`
}

// HistoryKind is what an entry of a history is about.
type HistoryKind string

// The kinds of entries. From and To are versions of features and services, stages, a model's service version, an experiment's name, a run's output.
const (
	HistoryFeature    HistoryKind = "feature"
	HistoryService    HistoryKind = "service"
	HistoryFile       HistoryKind = "file"
	HistoryStage      HistoryKind = "stage"
	HistoryModel      HistoryKind = "model"
	HistoryExperiment HistoryKind = "experiment"
	HistoryRun        HistoryKind = "run"
)

// History returns what records of [since, until), microseconds, changed, oldest first and in the order of kinds within a record. Files are listed only
// where nothing else of their apply is.
func (s *Snapshot) History(since, until int64) []HistoryEntry {
	w := &past{features: map[string]string{}, services: map[string]string{}, stages: map[string]Stage{}, models: map[string]*Model{}, experiments: map[string]string{}}
	for _, r := range s.records {
		w.wanted, w.record = r.Time >= since && r.Time < until, r
		w.add(r)
	}
	return w.out
}

// past is what was, while records are walked.
type past struct {
	out    []HistoryEntry
	wanted bool
	record *Record

	features, services map[string]string // name -> version
	stages             map[string]Stage  // ref -> stage
	models             map[string]*Model
	experiments        map[string]string // service -> name of the one that runs
}

func (w *past) tell(e HistoryEntry) {
	if !w.wanted {
		return
	}
	r := w.record
	e.Record, e.Time, e.Author, e.Message, e.Commit = r.ID, selfsame.Instant(r.Time), r.Author, r.Message, r.Commit
	w.out = append(w.out, e)
}

func (w *past) add(r *Record) {
	impacts := map[string]*Impact{}
	for i := range r.Acts {
		var m Impact
		if a := &r.Acts[i]; a.Kind == KindImpact && json.Unmarshal(a.Body, &m) == nil {
			impacts[featureName(m.View, m.Feature)] = &m
		}
	}
	for i := range r.Features {
		f := &r.Features[i]
		name := featureName(f.View, f.Feature)
		w.tell(HistoryEntry{Kind: HistoryFeature, Subject: name, From: w.features[name], To: f.Version, Note: string(f.Found), Impact: impacts[name]})
		w.features[name] = f.Version
	}
	for i := range r.Services {
		v := &r.Services[i]
		to := ""
		if v.Version != 0 {
			to = fmt.Sprint(v.Version)
		}
		if to != w.services[v.Name] { // else newer words of the same list
			w.tell(HistoryEntry{Kind: HistoryService, Subject: v.Name, From: w.services[v.Name], To: to})
		}
		w.services[v.Name] = to
	}
	if len(r.Features)+len(r.Services) == 0 && !slices.ContainsFunc(r.Acts, func(a Act) bool { return a.Kind != KindRequest }) {
		for _, f := range r.Files {
			w.tell(HistoryEntry{Kind: HistoryFile, Subject: f.Path, To: f.Hash})
		}
	}
	for i := range r.Acts {
		w.act(&r.Acts[i])
	}
}

// act tells of one act. Those that cannot be read were refused when the snapshot was made.
func (w *past) act(a *Act) {
	switch a.Kind {
	case KindStaging:
		_ = fold(a, func(g *Staging) error {
			ref := refOf(g.View, g.Feature, g.Version)
			from := w.stages[ref]
			if from == "" && g.Stage != Draft {
				from = Active
			}
			w.stages[ref] = g.Stage
			note := g.Reason
			if g.Successor != "" {
				note = strings.TrimSuffix("use "+g.Successor+"; "+note, "; ")
			}
			w.tell(HistoryEntry{Kind: HistoryStage, Subject: ref, From: string(from), To: string(g.Stage), Note: note})
			return nil
		})
	case KindModel:
		_ = fold(a, func(m *Model) error {
			name, to := modelName(m.Name, m.Version), fmt.Sprintf("%s@%d", m.Service, m.List)
			e := HistoryEntry{Kind: HistoryModel, Subject: name, To: to, Note: m.Notes}
			if was := w.models[name]; was != nil && !was.Retired {
				e.From = to
			}
			if m.Retired {
				e.To = ""
			}
			w.models[name] = m
			w.tell(e)
			return nil
		})
	case KindExperiment:
		_ = fold(a, func(x *Experiment) error {
			e := HistoryEntry{Kind: HistoryExperiment, Subject: x.Service, From: w.experiments[x.Service], To: x.Name, Note: x.armsText()}
			if x.Ended {
				e.To = ""
			}
			w.experiments[x.Service] = e.To
			w.tell(e)
			return nil
		})
	case KindRun:
		_ = fold(a, func(run *Run) error {
			e := HistoryEntry{Kind: HistoryRun, Subject: run.ID, Note: run.Kind}
			if len(run.Outputs) > 0 {
				e.To = run.Outputs[0].Name
			}
			w.tell(e)
			return nil
		})
	}
}
