// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package lineage

import (
	"maps"
	"slices"
	"strings"

	"selfsame"
)

// leastID is how many characters of a run's id, or of a checksum, name it.
const leastID = 8

// Find returns the node that a user names: view.feature, view.feature@1.1.0 or @1, a view, a source, source.column, a service or model with or without its
// version, a run by its id, training set or manifest's hash. kind/name, such as service/fraud, tells things of one name apart.
func (g *Graph) Find(ref string) (*Node, error) {
	only, name := Kind(""), ref
	if k, rest, ok := strings.Cut(ref, "/"); ok && Kind(k).place() >= 0 {
		only, name = Kind(k), rest
	}
	var found []*Node
	for _, k := range kinds {
		if only != "" && k != only {
			continue
		}
		if n := g.named(k, name); n != nil {
			found = append(found, n)
		}
	}
	switch len(found) {
	case 0:
		return nil, g.notFound(ref, name, only)
	case 1:
		return found[0], nil
	}
	var forms []string
	for _, n := range found {
		forms = append(forms, n.ID)
	}
	return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: ref, Message: "several things have this name", Hint: "name one of " + strings.Join(forms, ", ")}
}

// named returns the node of a kind that has a name, or nil.
func (g *Graph) named(k Kind, name string) *Node {
	if n := g.nodes[id(k, name)]; n != nil {
		return n
	}
	if newest, ok := g.newest[id(k, name)]; ok {
		return g.nodes[newest]
	}
	switch bare, version, pinned := strings.Cut(name, "@"); {
	case k == Feature && pinned:
		return g.newestOf(bare, version)
	case k == Run && len(name) >= leastID:
		return g.run(name)
	}
	return nil
}

// newestOf returns the greatest version of a feature that begins with the parts of a pin.
func (g *Graph) newestOf(bare, version string) *Node {
	var best *Node
	for key, n := range g.nodes {
		if strings.HasPrefix(key, id(Feature, bare)+"@"+version+".") && (best == nil || compareNames(best.Name, n.Name) < 0) {
			best = n
		}
	}
	return best
}

// run returns the one run whose id begins with a text, or the newest that wrote what the text names.
func (g *Graph) run(text string) *Node {
	var begins, names []*Node
	for _, n := range g.nodes {
		if n.Kind != Run {
			continue
		}
		if strings.HasPrefix(n.Name, text) {
			begins = append(begins, n)
		}
		if n.Hash == text || slices.Contains(n.also, text) {
			names = append(names, n)
		}
	}
	switch {
	case len(begins) == 1:
		return begins[0]
	case len(names) > 0:
		return slices.MinFunc(names, func(a, b *Node) int { return g.compare(a.ID, b.ID) })
	}
	return nil
}

// notFound names the nearest thing that is there.
func (g *Graph) notFound(ref, name string, only Kind) error {
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Ref: ref, Message: "there is no such source, column, view, feature, service, model or run"}
	if only != "" {
		e.Message = "there is no such " + string(only)
	}
	ids := slices.AppendSeq(slices.Collect(maps.Keys(g.newest)), maps.Keys(g.nodes))
	slices.Sort(ids)
	var known []string
	for _, id := range ids {
		k, rest, _ := strings.Cut(id, "/")
		if Kind(k) != Run && (only == "" || Kind(k) == only) {
			known = append(known, rest)
		}
	}
	if near := selfsame.Nearest(name, known); near != "" {
		e.Hint = "did you mean " + near + "?"
		return e
	}
	// What stands behind the dot may be right.
	for _, k := range known {
		if tail := k[strings.IndexByte(k, '.')+1:]; tail == name && tail != k {
			e.Hint = "did you mean " + k + "?"
			return e
		}
	}
	e.Hint = "name view.feature, a view, a source, source.column, a service, model@version, a run or a training set; selfsame list shows what there is"
	return e
}
