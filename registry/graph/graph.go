// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package graph makes the lineage graph of what a registry holds, at its newest record or at a moment, and answers questions from it. It opens nothing.
//
// A Cache makes a graph once for a record; after another record it makes anew only what may have changed. The command line and the API answer from it alike.
package graph

import (
	"context"
	"sync"

	"selfsame"
	"selfsame/definition"
	"selfsame/lineage"
	"selfsame/plan"
	"selfsame/registry"
)

// Args are a question about what a registry holds.
type Args struct {
	lineage.Question
	At *int64 `json:"at,omitempty"` // the ledger as it was then, microseconds; nil: now
	// Run is a training set that the caller has found by its path. Where the registry has no such run it takes its place in the graph.
	Run *TrainingSet `json:"run,omitempty"`
}

// Cache keeps the graphs of the newest snapshot. It is safe for concurrent use.
type Cache struct {
	mu      sync.Mutex // guards what follows, and makes each graph once
	applied int64      // apply that base is of
	base    *lineage.Graph
	record  int64 // record that whole is of
	whole   *lineage.Graph
	known   map[string]*lineage.FeatureVersion // of base, by view.feature@1.1.0
}

// Applied is the apply that the kept graph is of; 0: none was made.
func (c *Cache) Applied() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.applied
}

// Graph returns the graph of a snapshot.
func (c *Cache) Graph(s *registry.Snapshot) (*lineage.Graph, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.whole != nil && c.record == s.ID() {
		return c.whole, nil
	}
	if c.base == nil || c.applied != s.Applied() {
		d := &defining{graph: lineage.NewGraph(), snapshot: s, before: c.known, known: map[string]*lineage.FeatureVersion{}}
		if err := d.build(); err != nil {
			return nil, err
		}
		c.base, c.applied, c.known = d.graph, s.Applied(), d.known
	}
	c.whole, c.record = actedGraph(c.base, s), s.ID()
	return c.whole, nil
}

// Answer answers a question against a snapshot, or against what it was at a moment.
func (c *Cache) Answer(ctx context.Context, s *registry.Snapshot, a *Args) (*lineage.Answer, error) {
	graphs := c
	if a.At != nil {
		then, err := s.AtTime(ctx, *a.At)
		if err != nil {
			return nil, err
		}
		if then != s {
			s, graphs = then, &Cache{} // not kept: nobody may ask again
		}
		if s.Applied() == 0 {
			return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "--at " + selfsame.Instant(*a.At).String(), Message: "nothing was applied then",
				Hint: "see selfsame history"}
		}
	}
	if s.Applied() == 0 {
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: a.Ref, Message: "nothing is applied", Hint: "run selfsame apply"}
	}
	g, err := graphs.Graph(s)
	if err != nil {
		return nil, err
	}
	q := a.Question
	if a.Run != nil {
		g, q.Ref = a.Run.in(g, s, q.Ref)
	} else if _, err := g.Find(q.Ref); err != nil {
		q.Ref = normalRef(s, q.Ref)
	}
	answer, err := g.Lineage(&q)
	if err != nil {
		return nil, err
	}
	answer.Ref, answer.Record = a.Ref, s.ID()
	if a.At != nil {
		at := selfsame.Instant(*a.At)
		answer.At = &at
	}
	return answer, nil
}

// normalRef writes a reference to a feature as nodes are named: view:feature, a bare name, feature==1.1.0. Others are returned as they are.
func normalRef(s *registry.Snapshot, ref string) string {
	e, err := s.Reference(ref)
	if err != nil || e.Feature == "" {
		return ref
	}
	v, err := s.Version(e.View, e.Feature, e.Version)
	if err != nil {
		return ref
	}
	return v.Ref(e.View, e.Feature)
}

// OfProject answers from definitions that are not applied: they have no versions.
func OfProject(p *selfsame.Project, a *Args) (*lineage.Answer, error) {
	g := lineage.NewGraph()
	for _, s := range p.Sources {
		g.AddSource(s)
	}
	for _, v := range p.Views {
		if err := addView(g, p, v, func(o *plan.Output) (*lineage.FeatureVersion, error) { return &lineage.FeatureVersion{}, nil }, nil); err != nil {
			return nil, err
		}
	}
	for _, s := range p.Services {
		pl, err := plan.Build(p, plan.Request{Service: s.Name})
		if err != nil {
			return nil, err
		}
		var refs []string
		for _, o := range pl.Outputs {
			refs = append(refs, lineage.ReferenceOf(o.View.Name, o.Feature))
		}
		g.AddService(&lineage.ServiceVersion{Name: s.Name, Features: refs})
	}
	g.Seal()
	q := a.Question
	if _, err := g.Find(q.Ref); err != nil {
		if e, bad := definition.Reference(p, q.Ref); bad == nil && e.Feature != "" {
			q.Ref = e.View + "." + e.Feature
		}
	}
	answer, err := g.Lineage(&q)
	if err != nil {
		return nil, err
	}
	answer.Ref = a.Ref
	return answer, nil
}
