// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"maps"
	"slices"

	"selfsame"
	"selfsame/definition"
)

// part is what some views need of an earlier project. A hundred changes of one view among a hundred are a hundred small projects, not whole ones.
type part struct {
	views   map[string]bool
	project *selfsame.Project
	grown   *growing // nil: it was made at once
}

// growing is what is kept of a part that more views came to need, so that it is not read anew for each.
type growing struct {
	reader *definition.Reader
	kept   kept
}

// part returns what a view needs of the project as apply id left it: what every view needs that is rebuilt from there, so that versions of one apply share
// their sources. s has that apply.
func (ps *projects) part(ctx context.Context, s *Snapshot, id int64, view string) (*selfsame.Project, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if have := ps.parts[id]; have != nil && have.views[view] {
		return have.project, nil
	}
	next := &part{views: s.homes().views[id]}
	grown := &growing{reader: definition.NewReader(ps.dir)}
	switch have := ps.parts[id]; {
	case have == nil:
	case have.grown == nil:
		next.grown = grown
	default:
		grown, next.grown = have.grown, have.grown
	}
	var err error
	if next.project, err = ps.buildPart(ctx, s, id, slices.Sorted(maps.Keys(next.views)), grown); err != nil {
		return nil, err
	}
	if ps.parts == nil {
		ps.parts = map[int64]*part{}
	}
	ps.parts[id] = next
	return next.project, nil
}

// buildPart parses what views need of the project of an apply. Definitions that do not stand without the rest are parsed with all of it.
func (ps *projects) buildPart(ctx context.Context, s *Snapshot, id int64, views []string, g *growing) (*selfsame.Project, error) {
	hashes := s.files(id)
	outlines, err := ps.outlinesOf(ctx, hashes)
	if err != nil {
		return nil, err
	}
	some := map[string]string{}
	for _, path := range definition.PartFiles(views, outlines) {
		some[path] = hashes[path]
	}
	files, err := ps.readKept(ctx, &g.kept, some)
	if err != nil {
		return nil, err
	}
	p, err := g.reader.ParsePart(files, views, outlines)
	if err != nil {
		return ps.build(ctx, s, id)
	}
	versions, services := s.stamps(id)
	return g.kept.stamp(p, versions, services), nil
}

// outlinesOf are the outlines of files, by their paths. A text is looked at once.
func (ps *projects) outlinesOf(ctx context.Context, hashes map[string]string) (map[string]definition.Outline, error) {
	unknown := maps.Clone(hashes)
	maps.DeleteFunc(unknown, func(_, hash string) bool { _, known := ps.outlines[hash]; return known })
	files, err := ps.read(ctx, unknown)
	if err != nil {
		return nil, err
	}
	if ps.outlines == nil {
		ps.outlines = map[string]definition.Outline{}
	}
	for path, text := range files {
		ps.outlines[hashes[path]] = definition.OutlineOf(path, text)
	}
	out := make(map[string]definition.Outline, len(hashes))
	for path, hash := range hashes {
		out[path] = ps.outlines[hash]
	}
	return out, nil
}
