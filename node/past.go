// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"selfsame"
	"selfsame/registry"
)

// PastArgs say which changes are wanted: those of [Since, Until), microseconds; Until 0: up to now.
type PastArgs struct {
	// Ref is what was changed: a feature, also with a version, a view with all its features, a service, a model, a run; empty: anything.
	Ref   string `json:"ref,omitempty"`
	Since int64  `json:"since,omitempty"`
	Until int64  `json:"until,omitempty"`
	Runs  bool   `json:"runs,omitempty"` // runs too: training sets, snapshots, loads
}

// Past returns the changes that the registry at a place has recorded, the newest first. It is read beside whoever owns it.
func Past(ctx context.Context, at RegistryAt, a *PastArgs) ([]registry.HistoryEntry, error) {
	s, done, err := at.read(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if s == nil {
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: at.Data, Message: "nothing is applied",
			Hint: "run selfsame apply in the project's folder, or name the data directory with --data"}
	}
	return a.find(s)
}

// find picks the wanted changes of a snapshot, the newest record first. Within a record they stand in its order.
func (a *PastArgs) find(s *registry.Snapshot) ([]registry.HistoryEntry, error) {
	until := a.Until
	if until == 0 {
		until = selfsame.MaxTime
	}
	since := a.Since
	if since == 0 {
		since = selfsame.MinTime
	}
	var out []registry.HistoryEntry
	for _, e := range s.History(since, until) {
		if a.Runs || e.Kind != registry.HistoryRun || a.Ref != "" && a.Ref == e.Subject {
			if a.Ref == "" || meant(a.Ref, &e) {
				out = append(out, e)
			}
		}
	}
	if len(out) == 0 && a.Ref != "" {
		if err := a.known(s); err != nil {
			b := *a
			if b.Ref = fullRef(s, a.Ref); b.Ref == a.Ref {
				return nil, err
			}
			return b.find(s)
		}
	}
	slices.SortStableFunc(out, func(x, y registry.HistoryEntry) int { return cmp.Compare(y.Record, x.Record) })
	return out, nil
}

// fullRef is a reference to a feature by its bare name, or to a version in another form, as entries name it. Others are returned as they are.
func fullRef(s *registry.Snapshot, ref string) string {
	e, err := s.Reference(ref)
	switch {
	case err != nil || e.Feature == "":
		return ref
	case e.Version == "":
		return e.View + "." + e.Feature
	}
	return e.View + "." + e.Feature + "@" + e.Version
}

// known refuses a reference to what never was.
func (a *PastArgs) known(s *registry.Snapshot) error {
	var names []string
	for _, e := range s.History(selfsame.MinTime, selfsame.MaxTime) {
		if meant(a.Ref, &e) {
			return nil
		}
		if e.Kind != registry.HistoryRun && e.Kind != registry.HistoryFile {
			names = append(names, e.Subject)
			if view, feature, ok := strings.Cut(e.Subject, "."); ok && e.Kind == registry.HistoryFeature {
				names = append(names, view, feature)
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Ref: a.Ref, Message: "nothing of that name was ever changed"}
	if near := selfsame.Nearest(a.Ref, names); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return e
}

// meant reports whether a reference names what an entry is about.
func meant(ref string, e *registry.HistoryEntry) bool {
	name, version, pinned := strings.Cut(strings.Replace(ref, ":", ".", 1), "@")
	name = strings.TrimSuffix(name, ".*")
	version = strings.TrimPrefix(version, "v")
	subject, of, _ := strings.Cut(e.Subject, "@")
	if ofFeature := e.Kind == registry.HistoryFeature || e.Kind == registry.HistoryStage; subject != name && !(ofFeature && strings.HasPrefix(subject, name+".")) {
		return e.Subject == ref
	}
	meets := func(v string) bool { return v == version || strings.HasPrefix(v, version+".") }
	return !pinned || meets(of) || (e.Kind == registry.HistoryFeature || e.Kind == registry.HistoryService) && (meets(e.From) || meets(e.To))
}
