// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"path/filepath"

	"selfsame"
	"selfsame/definition"
	"selfsame/definition/lint"
	"selfsame/registry"
	"selfsame/source"
)

// Lint returns what the lints find in a project's files. Its registry, where there is one, says what is deprecated, and the history
// files of sources how far back they go; files that cannot be read are left to the verbs that need them.
func Lint(ctx context.Context, at RegistryAt) ([]lint.Finding, error) {
	p, err := definition.Load(at.Project)
	if err != nil {
		return nil, err
	}
	r, err := ReadRegistry(ctx, at)
	if err != nil {
		return nil, err
	}
	defer r.Close() // it was only read
	s, err := r.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	spans, err := historySpans(ctx, p)
	if err != nil {
		return nil, err
	}
	list, err := lint.Project(p, lint.Facts{Spans: spans, Deprecated: deprecation(s)})
	placeIn(list, at.Project)
	return list, err
}

// placeIn makes the places of findings ones that a terminal or an editor can open.
func placeIn(list []lint.Finding, dir string) {
	for i := range list {
		if f := &list[i]; f.Place != "" && !filepath.IsAbs(f.Place) {
			f.Place = filepath.Join(dir, f.Place)
		}
	}
}

// deprecation says why a feature is not to be used any more.
func deprecation(s *registry.Snapshot) func(view, feature, version string) string {
	return func(view, feature, version string) string {
		v, err := s.Version(view, feature, version)
		if err != nil || v.Stage != registry.Deprecated {
			return "" // what is new, or not there, is not deprecated
		}
		text := ""
		if v.Until != 0 {
			text += " and goes on " + v.Until.Date()
		}
		if v.Successor != "" {
			text += ": " + v.Successor + " takes its place"
		}
		return text
	}
}

// historySpans are the stretches of event time of the sources with history files.
func historySpans(ctx context.Context, p *selfsame.Project) (map[string]lint.Span, error) {
	out := map[string]lint.Span{}
	for _, src := range p.Sources {
		if src.Batch == nil || src.EventTime == "" {
			continue
		}
		span, err := historySpan(ctx, p, src)
		switch selfsame.ClassOf(err) {
		case selfsame.ClassNotFound, selfsame.ClassInput:
			continue
		}
		if err != nil {
			return nil, err
		}
		if span.From <= span.To {
			out[src.Name] = span
		}
	}
	return out, nil
}

func historySpan(ctx context.Context, p *selfsame.Project, src *selfsame.Source) (lint.Span, error) {
	t, err := openSource(ctx, p.Dir, src)
	if err != nil {
		return lint.Span{}, err
	}
	return spanOf(ctx, t, src, selfsame.MinTime)
}

// spanOf is the stretch of event time of a table's rows from a moment on; its end is before its beginning where there is none.
func spanOf(ctx context.Context, t *source.Table, src *selfsame.Source, from int64) (lint.Span, error) {
	span := lint.Span{From: selfsame.MaxTime, To: selfsame.MinTime}
	w := source.Want{Lower: from, Upper: selfsame.MaxTime, Fields: []string{src.EventTime}}
	splits, _, err := t.Splits(w)
	if err != nil {
		return span, err
	}
	for _, sp := range splits {
		err := t.Read(ctx, sp, w, func(c *source.Chunk) error {
			times := c.Batch.Column(src.EventTime)
			for i, at := range times.Ints {
				if times.StatusAt(i) == selfsame.Present {
					span.From, span.To = min(span.From, at), max(span.To, at)
				}
			}
			return nil
		})
		if err != nil {
			return span, err
		}
	}
	return span, nil
}
