// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"selfsame"
	"selfsame/column"
	"selfsame/plan"
	"selfsame/request"
)

// maxPlans bounds the plans that are kept. Services are few; lists of references may be as many as callers think of.
const maxPlans = 1000

// plans keeps the plans of the applied definitions. mu guards all of it.
type plans struct {
	mu   sync.RWMutex
	defs Definitions
	by   map[string]*served
}

// served is a plan with what answering by it needs. It is immutable but for its memory.
type served struct {
	service  string
	version  int64
	plan     *plan.Plan
	prepared *request.Prepared
	outputs  []Output
	keys     []string  // request columns that are part of a key
	files    []string  // sources that have history
	warnings []string  // of every answer: what is deprecated of what it reads
	lengths  []string  // per output: what the lengths of windows must be that the request chooses; empty: it chooses none
	free     sync.Pool // of *work

	split *split // of a service with an experiment, which has nothing else
}

// work is the memory of one answer until it is released.
type work struct {
	plan       *served
	vector     Vector
	query      request.Query
	given      []*column.Column
	made       []*column.Column // memory of converted columns, per request column
	edge       []*column.Column // memory of cast columns, per output
	converters []*converter     // per request column, where one was needed
}

func (p *served) take() *work {
	if w, ok := p.free.Get().(*work); ok {
		return w
	}
	w := &work{plan: p, made: make([]*column.Column, len(p.plan.Requests)),
		converters: make([]*converter, len(p.plan.Requests)), edge: make([]*column.Column, len(p.outputs))}
	for i := range p.outputs {
		w.edge[i] = column.New(p.outputs[i].Type, 0)
	}
	return w
}

// find returns the plan of a question.
func (c *plans) find(defs Definitions, q *Request) (*served, error) {
	switch {
	case q.Service == "" && len(q.References) == 0:
		return nil, usage("request", "neither a service nor features are named", "name a service, or list references as view.feature")
	case q.Service != "" && len(q.References) > 0:
		return nil, usage("request", "both a service and features are named", "name one of them")
	case q.Version != 0 && q.Service == "":
		return nil, usage("request", "a version needs a service", "ask for one version of all features with feature_version, or pin them as view.feature@2")
	case q.FeatureVersion != "" && q.Service != "":
		return nil, usage("request", "a service pins the versions of its features", "ask for a version of the service, or list features")
	}
	var room [256]byte
	key := questionKey(room[:0], q)
	c.mu.RLock()
	p := c.by[string(key)]
	same := c.defs == defs
	c.mu.RUnlock()
	if p != nil && same {
		return p, nil
	}
	p, err := build(defs, q)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.defs != defs || len(c.by) >= maxPlans {
		c.defs, c.by = defs, map[string]*served{}
	}
	if have := c.by[string(key)]; have != nil {
		return have, nil
	}
	c.by[string(key)] = p
	return p, nil
}

func questionKey(b []byte, q *Request) []byte {
	if q.Service != "" {
		b = append(append(b, q.Service...), '@')
		return strconv.AppendInt(b, q.Version, 10)
	}
	b = append(b, q.FeatureVersion...)
	for _, r := range q.References {
		b = append(append(b, 0), r...)
	}
	return b
}

// build plans a question over the applied definitions.
func build(defs Definitions, q *Request) (*served, error) {
	project := defs.Project()
	if project == nil {
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Message: "nothing is applied", Hint: "run `selfsame apply` in the project's folder"}
	}
	out := &served{}
	var entries []selfsame.ServiceEntry
	var err error
	if q.Service == "" {
		if entries, err = defs.Entries(q.References, q.FeatureVersion); err != nil {
			return nil, err
		}
	} else {
		s, n, err := defs.Service(q.Service, q.Version)
		if err != nil {
			return nil, err
		}
		if e := defs.Experiment(q.Service); e != nil && q.Version == 0 {
			return newSplit(defs, e)
		}
		out.service, out.version, entries = s.Name, n, s.Features
	}
	if out.plan, err = plan.Build(project, plan.Request{Features: entries, Resolver: defs}); err != nil {
		return nil, err
	}
	if out.warnings, err = defs.Standing(out.plan); err != nil {
		return nil, err
	}
	out.prepared = request.Prepare(out.plan)
	for _, f := range out.plan.Requests {
		if isKey(out.plan, f.Name) {
			out.keys = append(out.keys, f.Name)
		}
	}
	for _, u := range out.plan.Uses {
		for _, su := range u.Sources {
			if su.Source.Batch != nil && !slices.Contains(out.files, su.Source.Name) {
				out.files = append(out.files, su.Source.Name)
			}
		}
	}
	for i := range out.plan.Outputs {
		o := &out.plan.Outputs[i]
		named := Output{Name: o.Name, Reference: o.Ref(), Type: o.EdgeType()}
		if v, err := defs.Version(o.View.Name, o.Feature.Name, o.Feature.Version); err == nil {
			named.Version, named.Definition = v.Version, v.Hash
			named.Reference += "@" + v.Version
		}
		out.outputs = append(out.outputs, named)
		out.lengths = append(out.lengths, strings.Join(out.plan.ChosenLengths(o.Slot), ", "))
	}
	return out, nil
}

// lacks reports whether the plan reads a source that has history of which nothing is loaded.
func (p *served) lacks(loaded []string) bool {
	for _, name := range p.files {
		if !slices.Contains(loaded, name) {
			return true
		}
	}
	return false
}

func isKey(p *plan.Plan, name string) bool {
	for _, u := range p.Uses {
		for _, k := range u.Key {
			if k == name {
				return true
			}
		}
	}
	return false
}
