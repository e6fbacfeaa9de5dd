// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package lineage

import (
	"slices"

	"selfsame"
)

// Direction says which way to walk.
type Direction string

// The directions.
const (
	Both Direction = "both"
	Up   Direction = "up"   // to what it is made from
	Down Direction = "down" // to what is made from it
)

// Question asks what is above and below a thing.
type Question struct {
	Ref       string    `json:"ref"`
	Direction Direction `json:"direction,omitempty"` // empty: both
	Columns   bool      `json:"columns,omitempty"`   // by columns of sources in place of views
}

// Answer is a part of a graph: a node, and what is above and below it.
type Answer struct {
	Ref       string            `json:"ref"`    // as asked
	Root      string            `json:"root"`   // id of the node
	Record    int64             `json:"record"` // the newest of the registry that is counted; 0: definitions that are not applied
	At        *selfsame.Instant `json:"at,omitempty"`
	Direction Direction         `json:"direction"`
	Columns   bool              `json:"columns,omitempty"`
	Nodes     []*Node           `json:"nodes"` // in the order of kinds, names, versions
	Edges     []*Edge           `json:"edges"` // by their ends, in that order
}

// Lineage answers a question.
func (g *Graph) Lineage(q *Question) (*Answer, error) {
	root, err := g.Find(q.Ref)
	if err != nil {
		return nil, err
	}
	a := &Answer{Ref: q.Ref, Root: root.ID, Direction: q.Direction, Columns: q.Columns, Nodes: []*Node{}, Edges: []*Edge{}}
	if a.Direction == "" {
		a.Direction = Both
	}
	w := &walk{g: g, root: root, columns: q.Columns, seen: map[string]bool{root.ID: true}, edges: map[edgeKey]*Edge{}}
	if a.Direction != Down {
		w.up(root.ID, map[string]bool{})
	}
	if a.Direction != Up {
		w.down(root.ID, map[string]bool{})
	}
	for id := range w.seen {
		a.Nodes = append(a.Nodes, g.nodes[id])
	}
	slices.SortFunc(a.Nodes, func(x, y *Node) int { return g.compare(x.ID, y.ID) })
	for _, e := range w.edges {
		a.Edges = append(a.Edges, e)
	}
	slices.SortFunc(a.Edges, func(x, y *Edge) int {
		if c := g.compare(x.From, y.From); c != 0 {
			return c
		}
		return g.compare(x.To, y.To)
	})
	return a, nil
}

type walk struct {
	g       *Graph
	root    *Node
	columns bool
	seen    map[string]bool
	edges   map[edgeKey]*Edge
}

// take notes an edge and the node that it leads to.
func (w *walk) take(e *Edge, to string) {
	w.edges[edgeKey{e.From, e.To, e.layer}] = e
	w.seen[to] = true
}

// follows reports whether a walk takes an edge.
func (w *walk) follows(e *Edge, from, to *Node) bool {
	switch e.layer {
	case byView:
		return !w.columns || from.Kind == Run || to.Kind == Run || from == w.root && from.Kind == View
	case byColumn:
		return w.columns || from.Kind == Column || from.Kind == Request
	case member:
		return from == w.root
	}
	return true
}

// up walks to what a node is made from. A view that has no sources, or whose columns are wanted, is made from what its features are made from.
func (w *walk) up(id string, done map[string]bool) {
	if done[id] {
		return
	}
	done[id] = true
	from := w.g.nodes[id]
	if from == w.root && from.Kind == View && (w.columns || len(w.g.to[id]) == 0) {
		for _, e := range w.g.from[id] {
			if to := w.g.nodes[e.To]; to.Kind == Feature && w.g.used[to.ID] && w.follows(e, from, to) {
				w.take(&Edge{From: e.To, To: id, layer: e.layer}, e.To)
				w.up(e.To, done)
			}
		}
		return
	}
	for _, e := range w.g.to[id] {
		if w.follows(e, from, w.g.nodes[e.From]) && e.layer != member {
			w.take(e, e.From)
			w.up(e.From, done)
		}
	}
}

// down walks to what is made from a node. Older versions that nothing in use reads are left out, unless the walk began at one.
func (w *walk) down(id string, done map[string]bool) {
	if done[id] {
		return
	}
	done[id] = true
	from := w.g.nodes[id]
	for _, e := range w.g.from[id] {
		if (w.g.used[e.To] || !w.g.used[w.root.ID]) && w.follows(e, from, w.g.nodes[e.To]) {
			w.take(e, e.To)
			w.down(e.To, done)
		}
	}
}

// Below returns the nodes of a kind that are made from a node, in order.
func (g *Graph) Below(id string, k Kind) []*Node {
	w := &walk{g: g, root: g.nodes[id], seen: map[string]bool{}, edges: map[edgeKey]*Edge{}}
	if w.root == nil {
		return nil
	}
	w.down(id, map[string]bool{})
	var out []*Node
	for id := range w.seen {
		if n := g.nodes[id]; n.Kind == k {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(x, y *Node) int { return g.compare(x.ID, y.ID) })
	return out
}
