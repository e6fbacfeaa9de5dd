// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package lineage

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"selfsame"
)

// Kind says what a node is.
type Kind string

// The kinds of nodes, in the order in which data flows and lists are written.
const (
	Source  Kind = "source"
	Column  Kind = "column"  // source.column
	Request Kind = "request" // a label or request column
	View    Kind = "view"
	Feature Kind = "feature" // view.feature@1.1.0
	Service Kind = "service" // fraud@2
	Model   Kind = "model"   // fraud_model@5
	Run     Kind = "run"     // its id; of train or snapshot it stands for the training set
)

var kinds = []Kind{Source, Column, Request, View, Feature, Service, Model, Run}

func (k Kind) place() int { return slices.Index(kinds, k) }

// Role says what a feature reads a column for.
type Role string

// The roles of a column, in the order in which they are written.
const (
	RoleKey        Role = "key"         // it names the entity
	RoleEventTime  Role = "event_time"  // when it happened
	RoleArrival    Role = "arrival"     // when it was learnt
	RoleID         Role = "id"          // tells copies apart
	RoleOrder      Role = "order"       // breaks ties
	RoleOperation  Role = "operation"   // insert, delete or upsert
	RolePrimaryKey Role = "primary_key" // tells live rows apart
	RoleWhere      Role = "where"       // the view's selection
	RoleFilter     Role = "filter"      // the feature's own
	RoleValue      Role = "value"       // the value is computed from it
)

var roles = []Role{RoleKey, RoleEventTime, RoleArrival, RoleID, RoleOrder, RoleOperation, RolePrimaryKey, RoleWhere, RoleFilter, RoleValue}

// sortRoles orders roles, each once.
func sortRoles(list []Role) []Role {
	slices.SortFunc(list, func(a, b Role) int { return cmp.Compare(slices.Index(roles, a), slices.Index(roles, b)) })
	return slices.Compact(list)
}

// Node is one thing of the graph. Fields that a kind has not are empty.
type Node struct {
	ID         string            `json:"id"` // kind/name
	Kind       Kind              `json:"kind"`
	Name       string            `json:"name"`
	Type       string            `json:"type,omitempty"`       // of a column's or feature's values; of a run: train, snapshot, backfill or materialize
	Definition string            `json:"definition,omitempty"` // a feature's expression, a source's path
	Hash       string            `json:"hash,omitempty"`       // of a feature's canonical form, of a run's manifest
	Status     string            `json:"status,omitempty"`     // of a version that is not the current one, or is deprecated or retired
	Record     int64             `json:"record,omitempty"`     // of the registry, that brought it
	Time       *selfsame.Instant `json:"time,omitempty"`       // of that record
	Author     string            `json:"author,omitempty"`
	Rows       int64             `json:"rows,omitempty"` // of a run

	past bool     // shown only where something that is in use reads it
	also []string // further names that Find knows
}

// Edge says that data flows from one node to another.
type Edge struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Roles []Role `json:"roles,omitempty"` // of a column in a feature

	layer layer
}

// layer says in which walks an edge is followed.
type layer uint8

const (
	always   layer = iota
	byView         // source to view to feature
	byColumn       // source to column to feature
	member         // view to feature: followed only where the view itself is asked about
)

// Graph is the nodes and edges at one record of the registry.
type Graph struct {
	nodes    map[string]*Node
	from, to map[string][]*Edge // by Edge.From, by Edge.To
	newest   map[string]string  // kind/name without version -> id
	used     map[string]bool

	edges   map[edgeKey]*Edge // that were added since NewGraph or Clone
	touched map[string]bool   // ids whose edges are not in order
}

type edgeKey struct {
	from, to string
	layer    layer
}

// NewGraph returns an empty graph.
func NewGraph() *Graph {
	return &Graph{nodes: map[string]*Node{}, from: map[string][]*Edge{}, to: map[string][]*Edge{}, newest: map[string]string{},
		edges: map[edgeKey]*Edge{}, touched: map[string]bool{}}
}

// Clone returns a graph with the nodes and edges of a sealed one, to which further nodes, and edges to them, can be added.
func (g *Graph) Clone() *Graph {
	out := &Graph{nodes: maps.Clone(g.nodes), from: maps.Clone(g.from), to: maps.Clone(g.to), newest: maps.Clone(g.newest),
		edges: map[edgeKey]*Edge{}, touched: map[string]bool{}}
	for _, edges := range []map[string][]*Edge{out.from, out.to} {
		for id, list := range edges {
			edges[id] = slices.Clip(list) // an append makes a list of its own
		}
	}
	return out
}

func id(k Kind, name string) string { return string(k) + "/" + name }

// Node returns a node by its id, or nil.
func (g *Graph) Node(id string) *Node { return g.nodes[id] }

// add puts a node in, unless it is there.
func (g *Graph) add(n *Node) *Node {
	n.ID = id(n.Kind, n.Name)
	if have := g.nodes[n.ID]; have != nil {
		return have
	}
	g.nodes[n.ID] = n
	return n
}

// edge puts an edge in. Roles of one that is there are joined.
func (g *Graph) edge(from, to string, l layer, r ...Role) {
	key := edgeKey{from, to, l}
	if e := g.edges[key]; e != nil {
		e.Roles = sortRoles(append(e.Roles, r...))
		return
	}
	e := &Edge{From: from, To: to, Roles: sortRoles(slices.Clone(r)), layer: l}
	g.edges[key] = e
	g.from[from] = append(g.from[from], e)
	g.to[to] = append(g.to[to], e)
	g.touched[from], g.touched[to] = true, true
}

// Seal ends the building: it drops edges of nodes that nobody added, orders the others, and finds which older versions are still in use.
func (g *Graph) Seal() {
	gone := func(e *Edge) bool { return g.nodes[e.From] == nil || g.nodes[e.To] == nil }
	for id := range g.touched {
		if list := g.from[id]; len(list) > 0 {
			list = slices.DeleteFunc(slices.Clone(list), gone) // of a clone, it may be the other graph's too
			slices.SortFunc(list, func(a, b *Edge) int { return compareNodes(g.nodes[a.To], g.nodes[b.To]) })
			g.from[id] = list
		}
		if list := g.to[id]; len(list) > 0 {
			list = slices.DeleteFunc(slices.Clone(list), gone)
			slices.SortFunc(list, func(a, b *Edge) int { return compareNodes(g.nodes[a.From], g.nodes[b.From]) })
			g.to[id] = list
		}
	}
	g.edges, g.touched, g.used = nil, nil, map[string]bool{}
	for id, n := range g.nodes {
		if !n.past {
			g.use(id)
		}
	}
}

// use notes that a node and what it is made from are in use.
func (g *Graph) use(id string) {
	if g.used[id] {
		return
	}
	g.used[id] = true
	for _, e := range g.to[id] {
		if e.layer != member {
			g.use(e.From)
		}
	}
}

// compare orders nodes by their ids.
func (g *Graph) compare(a, b string) int { return compareNodes(g.nodes[a], g.nodes[b]) }

// compareNodes orders nodes: by kind, by name, versions by their numbers; runs with the newest first.
func compareNodes(x, y *Node) int {
	if x.Kind != y.Kind {
		return cmp.Compare(x.Kind.place(), y.Kind.place())
	}
	if x.Kind == Run && x.Time != nil && y.Time != nil && *x.Time != *y.Time {
		return cmp.Compare(*y.Time, *x.Time)
	}
	return compareNames(x.Name, y.Name)
}

// compareNames orders names with versions: fraud@2 before fraud@10.
func compareNames(a, b string) int {
	nameA, versionA, _ := strings.Cut(a, "@")
	nameB, versionB, _ := strings.Cut(b, "@")
	if nameA != nameB {
		return cmp.Compare(nameA, nameB)
	}
	for versionA != versionB {
		var x, y string
		x, versionA, _ = strings.Cut(versionA, ".")
		y, versionB, _ = strings.Cut(versionB, ".")
		if x == y {
			continue
		}
		m, errM := strconv.Atoi(x)
		n, errN := strconv.Atoi(y)
		if errM == nil && errN == nil && m != n {
			return cmp.Compare(m, n)
		}
		return cmp.Compare(x, y)
	}
	return cmp.Compare(a, b)
}
