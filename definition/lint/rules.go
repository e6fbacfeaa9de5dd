// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"fmt"
	"slices"

	"selfsame"
	"selfsame/compute/expr"
	"selfsame/definition/canonical"
	"selfsame/plan"
)

// Rules are all lints, in the order of docs/lints.md.
var Rules = []Rule{
	{"no-ttl", "an as-of view over rows with times has no `ttl`", "a row that was last written years ago is served as if it were news", noTTL},
	{"long-window", "a window reaches further back than the history files of its source do", "its oldest part is always empty, so values of the first months mean something else than those of today", longWindow},
	{"no-arrival", "a source with history files says neither by `arrival` nor by `knowledge_delay` when its rows became known",
		"training takes each row as known the moment it happened; where it was loaded hours later the model learns from what serving cannot know", noArrival},
	{"no-id", "a source that is pushed to has no `id`", "a client that repeats a call after a lost answer counts its events twice", noID},
	{"same-feature", "two features have the same definition", "both are computed, named and explained; who changes one forgets the other", sameFeature},
	{"deprecated", "a service reads a version that is deprecated", "it is to be retired, and then the service cannot be read", deprecated},
	{"no-description", "a feature and its view have no description", "nobody finds it, so it is written again", noDescription},
	{"no-owner", "a feature, its view and its entity have no owner", "nobody can be asked before it changes", noOwner},
	{"unread-view", "no service and no other view reads a view that is served", "its state is kept online for nobody", unreadView},
	{"unused-source", "no view reads a source", "it is a leftover, or a view is missing", unusedSource},
	{"unused-entity", "no view describes an entity", "it is a leftover, or a view is missing", unusedEntity},
}

func noTTL(s *search) {
	for _, v := range s.p.Views {
		timed := slices.ContainsFunc(v.Source, func(name string) bool { return s.p.Source(name).EventTime != "" })
		if v.Kind == selfsame.AsOfView && timed && !v.TTL.Set {
			s.add(Finding{Ref: "view " + v.Name, Pos: v.Pos, Message: "rows of any age are served: the view has no ttl",
				Hint: "say how old a row may be, as in ttl: 30d"}, v.Tags)
		}
	}
}

func longWindow(s *search) {
	for _, v := range s.p.Views {
		if v.Kind != selfsame.WindowedView {
			continue
		}
		span, ok := s.span(v)
		if !ok {
			continue
		}
		for i := range v.Features {
			f := &v.Features[i]
			if reach := s.reach(f); reach > span.To-span.From {
				s.add(Finding{Ref: v.Name + "." + f.Name, Pos: f.Pos, Message: fmt.Sprintf("its window goes back %s, and the history of %s holds %s",
					expr.DurationText(reach), names(v.Source), expr.DurationText(rounded(span.To-span.From))), Hint: "bring older files, or make the window shorter"}, f.Tags, v.Tags)
			}
		}
	}
}

// span is the history of a view's sources, where it is known of all of them.
func (s *search) span(v *selfsame.FeatureView) (Span, bool) {
	out := Span{From: selfsame.MaxTime, To: selfsame.MinTime}
	for _, name := range v.Source {
		one, ok := s.facts.Spans[name]
		if !ok {
			return out, false
		}
		out.From, out.To = min(out.From, one.From), max(out.To, one.To)
	}
	return out, len(v.Source) > 0
}

// reach is how far back the windows of a feature go; a lifetime or a number of rows goes back as far as there is something.
func (s *search) reach(f *selfsame.Feature) int64 {
	n, err := expr.Parse(f.Value)
	if err != nil {
		s.err = err
		return 0
	}
	reach := int64(0)
	expr.Walk(n, func(n expr.Node) bool {
		if a, ok := n.(*expr.Aggregate); ok {
			for _, w := range a.Over {
				if w.Kind == selfsame.Sliding || w.Kind == selfsame.HopTail || w.Kind == selfsame.CompletedHops {
					reach = max(reach, w.Length+w.Offset)
				}
			}
		}
		return true
	})
	return reach
}

// rounded drops from a span what no reader needs: what is left of a day, or, of a span below one, of a second.
func rounded(span int64) int64 {
	if span >= selfsame.DayLength {
		return span - span%selfsame.DayLength
	}
	return span - span%selfsame.Second
}

func noArrival(s *search) {
	for _, src := range s.p.Sources {
		if src.Batch != nil && src.EventTime != "" && src.Arrival == "" && !src.KnowledgeDelay.Set {
			s.add(Finding{Ref: "source " + src.Name, Pos: src.Pos, Message: "nothing says when its rows became known",
				Hint: "name the column with arrival:, or the usual delay with knowledge_delay: 1h; knowledge_delay: 0s says that there is none"}, src.Tags)
		}
	}
}

func noID(s *search) {
	for _, src := range s.p.Sources {
		if src.Push && src.ID == "" && len(src.PrimaryKey) == 0 {
			s.add(Finding{Ref: "source " + src.Name, Pos: src.Pos, Message: "events are pushed to it, and it has no id",
				Hint: "name the field that a retry repeats with id:"}, src.Tags)
		}
	}
}

func sameFeature(s *search) {
	first := map[string]string{}
	for _, v := range s.p.Views {
		for i := range v.Features {
			f := &v.Features[i]
			text, err := canonical.Form(s.p, v, f)
			if err != nil {
				s.err = err
				return
			}
			name, hash := v.Name+"."+f.Name, canonical.Hash(text)
			if other, ok := first[hash]; ok {
				s.add(Finding{Ref: name, Pos: f.Pos, Message: "it is the same as " + other, Hint: "read " + other + " in its place; as: gives it another name in a service"}, f.Tags, v.Tags)
				continue
			}
			first[hash] = name
		}
	}
}

func deprecated(s *search) {
	if s.facts.Deprecated == nil {
		return
	}
	for _, svc := range s.p.Services {
		for _, e := range svc.Features {
			for _, name := range s.features(e) {
				if why := s.facts.Deprecated(e.View, name, e.Version); why != "" {
					s.add(Finding{Ref: "service " + svc.Name, Pos: e.Pos, Message: e.View + "." + name + " is deprecated" + why, Hint: "read its successor"}, svc.Tags)
				}
			}
		}
	}
}

// features are the names that an entry of a service stands for.
func (s *search) features(e selfsame.ServiceEntry) []string {
	if e.Feature != "" {
		return []string{e.Feature}
	}
	var out []string
	if v := s.p.View(e.View); v != nil {
		for i := range v.Features {
			out = append(out, v.Features[i].Name)
		}
	}
	return out
}

func noDescription(s *search) {
	for _, v := range s.p.Views {
		if v.Description != "" {
			continue
		}
		s.each(v, "a description", "say what it means with description:, here or on the view", func(f *selfsame.Feature) bool { return f.Description == "" })
	}
}

func noOwner(s *search) {
	for _, v := range s.p.Views {
		e := s.p.Entity(v.Entity)
		if v.Owner != "" || e != nil && e.Owner != "" {
			continue
		}
		s.each(v, "an owner", "name who answers for it with owner:, here, on the view or on the entity", func(f *selfsame.Feature) bool { return f.Owner == "" })
	}
}

// each notes the features of a view that lack a setting: one by one, or the view where all of them do.
func (s *search) each(v *selfsame.FeatureView, setting, hint string, lacks func(*selfsame.Feature) bool) {
	var list []*selfsame.Feature
	all := 0
	for i := range v.Features {
		f := &v.Features[i]
		if i > 0 && f.Pos == v.Features[i-1].Pos {
			continue // another window of the same line
		}
		all++
		if lacks(f) {
			list = append(list, f)
		}
	}
	if len(list) == all {
		s.add(Finding{Ref: "view " + v.Name, Pos: v.Pos, Message: "neither the view nor one of its features has " + setting, Hint: hint}, v.Tags)
		return
	}
	for _, f := range list {
		s.add(Finding{Ref: v.Name + "." + f.Declared, Pos: f.Pos, Message: "neither the feature nor its view has " + setting, Hint: hint}, f.Tags, v.Tags)
	}
}

func unreadView(s *search) {
	if len(s.p.Services) == 0 {
		return
	}
	read := map[string]bool{}
	for _, svc := range s.p.Services {
		for _, e := range svc.Features {
			read[e.View] = true
		}
	}
	for _, v := range s.p.Views {
		if v.Kind == selfsame.OnDemandView || v.LooksUp {
			s.inputs(v, read)
		}
	}
	for _, v := range s.p.Views {
		if !read[v.Name] && !v.Offline {
			s.add(Finding{Ref: "view " + v.Name, Pos: v.Pos, Message: "no service and no other view reads it",
				Hint: "add it to a service, or say online: false where only training reads it"}, v.Tags)
		}
	}
}

// inputs notes the views that a view reads or looks up, directly or through another.
func (s *search) inputs(v *selfsame.FeatureView, read map[string]bool) {
	p, err := plan.Build(s.p, plan.Request{View: v.Name})
	if err != nil {
		s.err = err
		return
	}
	for _, u := range p.Uses {
		if u.View != v {
			read[u.View.Name] = true
		}
		if u.Lookup != nil {
			for _, o := range u.Lookup.Outputs {
				read[o.View.Name] = true
			}
		}
	}
	for _, f := range p.OnDemand {
		if f.View != v {
			read[f.View.Name] = true
		}
	}
}

func unusedSource(s *search) {
	for _, src := range s.p.Sources {
		used := slices.ContainsFunc(s.p.Views, func(v *selfsame.FeatureView) bool { return slices.Contains(v.Source, src.Name) })
		if !used {
			s.add(Finding{Ref: "source " + src.Name, Pos: src.Pos, Message: "no view reads it", Hint: "delete it, or define the view"}, src.Tags)
		}
	}
}

func unusedEntity(s *search) {
	for _, e := range s.p.Entities {
		used := slices.ContainsFunc(s.p.Views, func(v *selfsame.FeatureView) bool { return v.Entity == e.Name })
		if !used {
			s.add(Finding{Ref: "entity " + e.Name, Pos: e.Pos, Message: "no view describes it", Hint: "delete it, or define the view"}, e.Tags)
		}
	}
}

// names joins names for a reader.
func names(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return fmt.Sprintf("%d sources", len(list))
}
