// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"slices"
	"strings"

	"selfsame/lineage"
	"selfsame/registry"
)

// TrainingSet is a run with the definitions that it followed. Which versions they are, the registry knows by their hashes.
type TrainingSet struct {
	Run      registry.Run       `json:"run"`
	Features []registry.Trained `json:"features"`
}

// in returns a graph that has the training set, and what it is called there: the graph itself where its registry has the run.
func (t *TrainingSet) in(g *lineage.Graph, s *registry.Snapshot, ref string) (*lineage.Graph, string) {
	known := []string{t.Run.Manifest}
	if t.Run.Kind == registry.RunSnapshot && len(t.Run.Outputs) > 0 {
		known = append(known, t.Run.Outputs[0].Checksum) // a series is one run with many manifests
	}
	for _, name := range known {
		if n, err := g.Find("run/" + name); err == nil {
			return g, n.ID
		}
	}
	run := t.Resolve(s)
	g = g.Clone()
	n := runNode(&registry.RunRecord{Run: *run})
	n.ID = ref
	g.AddRun(n)
	g.Seal()
	return g, "run/" + ref
}

// Resolve returns the run with the versions of its features and of its service.
func (t *TrainingSet) Resolve(s *registry.Snapshot) *registry.Run {
	run := t.Run
	run.Features = nil
	for _, f := range t.Features {
		view, name, _ := strings.Cut(f.Ref, ".")
		versions, err := s.Versions(view, name)
		if err != nil {
			continue // it was never applied
		}
		for _, v := range slices.Backward(versions) {
			if v.Hash == f.Hash {
				run.Features = append(run.Features, v.Ref(view, name))
				break
			}
		}
	}
	run.List = 0
	versions, err := s.ServiceVersions(run.Service)
	if run.Service == "" || err != nil {
		return &run
	}
	for _, v := range slices.Backward(versions) {
		if list, err := s.AgreesWith(run.Service, v.Version, t.Features); err == nil {
			run.List = list
			break
		}
	}
	return &run
}
