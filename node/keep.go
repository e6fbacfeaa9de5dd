// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"

	"selfsame"
	"selfsame/definition"
	"selfsame/registry"
)

// keeping is a registry that refuses definitions by which events that are in the log, or that earlier versions still take, could not be read.
type keeping struct {
	registry.Registry
}

func (k *keeping) Plan(ctx context.Context, c *registry.Change) (*registry.Diff, error) {
	if err := k.check(ctx, c); err != nil {
		return nil, err
	}
	return k.Registry.Plan(ctx, c)
}

func (k *keeping) Apply(ctx context.Context, c *registry.Change) (*registry.Diff, error) {
	if err := k.check(ctx, c); err != nil {
		return nil, err
	}
	return k.Registry.Apply(ctx, c)
}

func (k *keeping) check(ctx context.Context, c *registry.Change) error {
	s, err := k.Snapshot(ctx)
	if err != nil {
		return err
	}
	return checkKept(s, c)
}

// checkKept refuses a change by which events that came in could not be read.
func checkKept(s *registry.Snapshot, c *registry.Change) error {
	if s.Project() == nil {
		return nil
	}
	sources, err := s.SourcesOf(c.Files)
	if err != nil {
		return nil // whoever decides the change says all that is wrong
	}
	pushed, err := pushedSources(s)
	if err != nil {
		return err
	}
	var mistakes definition.Errors
	for _, now := range sources {
		for _, was := range pushed[now.Name] {
			if e := keeps(was, now); now.Push && e != nil {
				mistakes = append(mistakes, e)
				break
			}
		}
	}
	if len(mistakes) == 0 {
		return nil
	}
	return mistakes
}

// pushedSources are the sources that take events, by name: those of the newest project, and as earlier versions that are live define them. Nothing is planned
// for it: a version's view names what it reads, and an on-demand version stands on versions that are live themselves.
func pushedSources(s *registry.Snapshot) (map[string][]*selfsame.Source, error) {
	out, seen := map[string][]*selfsame.Source{}, map[*selfsame.Source]bool{}
	add := func(src *selfsame.Source) {
		if src.Push && !seen[src] {
			seen[src] = true
			out[src.Name] = append(out[src.Name], src)
		}
	}
	for _, src := range s.Project().Sources {
		add(src)
	}
	for _, f := range s.Features() {
		for i := range f.Versions {
			v := &f.Versions[i]
			if v.Status == registry.Current || v.Stage == registry.Retired {
				continue
			}
			p, view, _, err := s.Resolve(f.View, f.Feature, v.Version)
			if err != nil {
				return nil, err
			}
			if view.Offline {
				continue
			}
			for _, name := range view.Source {
				add(p.Source(name))
			}
		}
	}
	return out, nil
}

// keeps says in what a source that takes events differs from an applied definition of it, of what is stored with an event or shared by all
// versions that read it.
func keeps(was, now *selfsame.Source) *selfsame.Error {
	fail := func(setting, message, hint string) *selfsame.Error {
		pos, ok := now.At[setting]
		if !ok {
			pos = now.Pos
		}
		return &selfsame.Error{Class: selfsame.ClassDefinition, Ref: "source " + now.Name, Pos: pos, Message: message, Hint: hint}
	}
	switch {
	case was.EventTime != now.EventTime:
		return fail("event_time", "event_time was "+was.EventTime+": an event keeps the time that it came in with", "declare the events with another time as another source")
	case was.Operation != now.Operation:
		return fail("operation", fmt.Sprintf("operation was %q: an event keeps the operation that it came in with", was.Operation),
			"declare the events with another operation as another source")
	}
	types := map[string]selfsame.Type{}
	for _, f := range was.Schema {
		types[f.Name] = f.Type
	}
	for _, f := range now.Schema {
		if t, had := types[f.Name]; had && !t.Equal(f.Type) {
			return fail("schema", fmt.Sprintf("field %s is %s in events that came in, and %s here", f.Name, t, f.Type), "a field keeps its type: give the new one another name")
		}
	}
	return nil
}
