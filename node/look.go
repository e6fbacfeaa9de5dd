// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"selfsame"
	"selfsame/api"
	"selfsame/lineage"
	"selfsame/registry"
	"selfsame/registry/catalogue"
	"selfsame/registry/graph"
)

// looking answers the questions of the API about what is applied. The catalogue is made once for a state of the registry and of what was counted. It is safe for
// concurrent use.
type looking struct {
	usage usageCounter
	arms  armCounts

	mu      sync.Mutex // guards what follows
	record  int64      // that index is of
	counted int64      // µs: when its usage was counted
	index   *Catalogue
}

// countedFor is for how long the reads that an index shows may be old.
const countedFor = selfsame.Minute

// Look implements api.Registry.
func (l *Live) Look(ctx context.Context, q *api.Look) (any, error) {
	s, err := l.newestRecords(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case q.Kind == "history":
		return lookHistory(s, q.Filter)
	case q.Kind == "runs":
		return lookRuns(s, q.Filter), nil
	case q.Kind == "experiments" && q.Name != "":
		return l.looking.arms.of(ctx, l, s, q.Name)
	case q.Kind == "experiments":
		list := s.Experiments()
		return listing(list, func(e *registry.Experiment) string { return e.Service }), nil
	case q.Part == "lineage":
		return l.lookLineage(ctx, q)
	case s.Applied() == 0 && q.Name == "":
		return &api.Listing{}, nil
	case s.Applied() == 0:
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: q.Name, Message: "nothing is applied", Hint: "POST /v1/features, or run selfsame apply"}
	}
	c, err := l.looking.catalogue(ctx, l, s)
	if err != nil {
		return nil, err
	}
	if q.Name == "" {
		return lookList(c, q)
	}
	return c.look(ctx, q)
}

// catalogue is the index of a snapshot, with reads that were counted within the last minute.
func (k *looking) catalogue(ctx context.Context, l *Live, s *registry.Snapshot) (*Catalogue, error) {
	now := l.now()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.index != nil && k.record == s.ID() && now-k.counted < countedFor {
		return k.index, nil
	}
	used, err := k.usage.count(ctx, now)
	if err != nil {
		return nil, err
	}
	var x *catalogue.Index
	if k.index != nil && k.record == s.ID() {
		x = k.index.Counted(used)
	} else if x, err = k.before().Next(s.Project(), s, used); err != nil {
		return nil, err
	}
	k.record, k.counted, k.index = s.ID(), now, &Catalogue{Index: x, Applied: s.Applied(), snapshot: s, project: s.Project(), data: l.data.Dir}
	return k.index, nil
}

// before is the index of an earlier snapshot.
func (k *looking) before() *catalogue.Index {
	if k.index == nil {
		return new(catalogue.Index)
	}
	return k.index.Index
}

// listing makes a list of the API.
func listing[T any](list []T, key func(*T) string) *api.Listing {
	out := &api.Listing{Items: make([]any, len(list)), Keys: make([]string, len(list))}
	for i := range list {
		out.Items[i], out.Keys[i] = &list[i], key(&list[i])
	}
	return out
}

// lookKinds are the kinds of items by the paths of the API.
var lookKinds = map[string]catalogue.Kind{"features": catalogue.Feature, "views": catalogue.View, "entities": catalogue.Entity, "sources": catalogue.Source,
	"services": catalogue.Service, "models": catalogue.Model}

func lookList(c *Catalogue, q *api.Look) (any, error) {
	f := catalogue.Filter{Kind: lookKinds[q.Kind], Words: q.Filter["query"], Owner: q.Filter["owner"], Tag: q.Filter["tag"], Entity: q.Filter["entity"], View: q.Filter["view"],
		Source: q.Filter["source"], Service: q.Filter["service"], Stage: registry.Stage(q.Filter["stage"])}
	if f.Stage != "" && !slices.Contains(registry.Stages, f.Stage) {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "stage", Message: strconv.Quote(string(f.Stage)) + " is no stage", Hint: "the stages are draft, active, deprecated and retired"}
	}
	if text, ok := q.Filter["unused"]; ok {
		unused, err := strconv.ParseBool(text)
		if err != nil {
			return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "unused", Message: strconv.Quote(text) + " is not true or false"}
		}
		f.Unused = unused
	}
	found, err := c.Find(f)
	if err != nil {
		return nil, err
	}
	return listing(found, func(it *catalogue.Item) string { return it.Name }), nil
}

// look answers about one thing of a kind.
func (c *Catalogue) look(ctx context.Context, q *api.Look) (any, error) {
	it, err := c.ItemOf(lookKinds[q.Kind], q.Name)
	if err != nil {
		return nil, err
	}
	if q.Part == "" {
		return c.page(ctx, it)
	}
	p, err := c.Index.Page(ctx, it)
	if err != nil {
		return nil, err
	}
	if it.Kind == catalogue.Service {
		return map[string]any{"name": it.Name, "versions": p.Lists}, nil
	}
	return map[string]any{"name": it.Name, "versions": p.Versions}, nil
}

// lookLineage answers with a graph, or, where an entity is given, with where one value comes from.
func (l *Live) lookLineage(ctx context.Context, q *api.Look) (any, error) {
	var at *int64
	if text := q.Filter["at"]; text != "" {
		t, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, err
		}
		at = &t
	}
	if id, ok := q.Filter["entity"]; ok {
		v := &lineage.ValueQuestion{Feature: q.Name, EntityID: id, Entity: map[string]string{}, At: at, Limit: 100}
		if text, ok := q.Filter["limit"]; ok {
			n, err := strconv.Atoi(text)
			if err != nil {
				return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "limit", Message: strconv.Quote(text) + " is not a number"}
			}
			v.Limit = n
		}
		for name, text := range q.Filter { // a map to a map
			if name != "entity" && name != "at" && name != "limit" {
				v.Entity[name] = text
			}
		}
		return l.ValueLineage(ctx, v)
	}
	a := &graph.Args{At: at}
	a.Ref, a.Direction = q.Name, lineage.Direction(q.Filter["direction"])
	if !slices.Contains([]lineage.Direction{"", lineage.Both, lineage.Up, lineage.Down}, a.Direction) {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "direction", Message: strconv.Quote(string(a.Direction)) + " is none", Hint: "up, down or both"}
	}
	if text, ok := q.Filter["columns"]; ok {
		columns, err := strconv.ParseBool(text)
		if err != nil {
			return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "columns", Message: strconv.Quote(text) + " is not true or false"}
		}
		a.Columns = columns
	}
	format := q.Filter["format"]
	if format == "" {
		format = "json"
	}
	if err := lineage.CheckFormat(format); err != nil {
		return nil, err
	}
	answer, err := l.Lineage(ctx, a)
	if err != nil || format == "json" {
		return answer, err
	}
	return answer.Print(format)
}

// lookHistory lists what changed, runs too, the newest record first.
func lookHistory(s *registry.Snapshot, filter map[string]string) (any, error) {
	a := &PastArgs{Ref: filter["ref"], Runs: true}
	for name, to := range map[string]*int64{"since": &a.Since, "until": &a.Until} {
		if text := filter[name]; text != "" {
			t, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, err
			}
			*to = t
		}
	}
	list, err := a.find(s)
	if err != nil {
		return nil, err
	}
	return listing(list, func(e *registry.HistoryEntry) string { return fmt.Sprintf("%d %s %s", e.Record, e.Kind, e.Subject) }), nil
}

// lookRuns lists runs, newest first.
func lookRuns(s *registry.Snapshot, filter map[string]string) *api.Listing {
	var list []registry.RunRecord
	for _, r := range slices.Backward(s.Runs()) {
		if (filter["kind"] == "" || r.Kind == filter["kind"]) && (filter["service"] == "" || r.Service == filter["service"]) {
			list = append(list, r)
		}
	}
	return listing(list, func(r *registry.RunRecord) string { return r.ID })
}
