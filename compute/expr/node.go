// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"selfsame"
)

// Node is a parsed expression. The concrete types are the exported structs of this file; a tree is not changed once it is parsed.
type Node interface {
	// Pos is the place of the node in its definition file.
	Pos() selfsame.Pos
	at() place
}

// place is where a node stands: a byte offset in the text of an expression.
type place struct {
	src *text
	off int
}

// Pos is the place of the node in its definition file.
func (p place) Pos() selfsame.Pos { return p.src.pos(p.off) }

func (p place) at() place { return p }

// Literal is a constant as it is written. The type of Value is Unknown for NULL, Int64 for digits, Decimal for digits with a
// point (exact; float64 wherever no decimal stands beside it), Float64 for digits with an exponent, else Bool, String, Timestamp
// or Date. A sign before a number is part of the literal.
type Literal struct {
	place
	Value selfsame.Value
}

// Ref names a column, a request field or the feature of another view: one part, or several that are joined by points.
type Ref struct {
	place
	Parts []string
}

// Unary is -x or NOT x. Op is "-" or "not".
type Unary struct {
	place
	Op string
	X  Node
}

// Binary is x op y. Op is one of + - * / // % || = <> < <= > >= and, or, "is distinct from", "is not distinct from".
type Binary struct {
	place
	Op   string
	L, R Node
}

// Call is a call of a scalar function. Name is in lower case.
type Call struct {
	place
	Name           string
	Args           []Node
	Distinct, Star bool // always false: a call with DISTINCT or * is an Aggregate
}

// When is one branch of a Case.
type When struct {
	Cond Node // a condition, or the value that Operand is compared with
	Then Node
}

// Case is CASE [operand] WHEN … THEN … [ELSE …] END.
type Case struct {
	place
	Operand Node // nil: every Cond is a condition
	Whens   []When
	Else    Node // nil: NULL
}

// Cast is CAST(x AS type).
type Cast struct {
	place
	X    Node
	Type selfsame.Type
}

// In is x [NOT] IN (a, b, …).
type In struct {
	place
	X    Node
	List []Node
	Not  bool
}

// Between is x [NOT] BETWEEN low AND high.
type Between struct {
	place
	X, Low, High Node
	Not          bool
}

// Like is x [NOT] LIKE pattern [ESCAPE escape].
type Like struct {
	place
	X, Pattern Node
	Escape     Node // nil: none
	Not        bool
}

// IsNull is x IS [NOT] NULL.
type IsNull struct {
	place
	X   Node
	Not bool
}

// Index is list[i], 1 for the first element and -1 for the last, or map['key'].
type Index struct {
	place
	X, Key Node
}

// Aggregate is a call of an aggregate with its filter and its windows.
type Aggregate struct {
	place
	Func           string // lower case
	Args           []Node
	Distinct, Star bool
	RespectNulls   bool
	HalfLife, Step int64             // microseconds, 0: not written; only in names that begin with decayed_
	Filter         Node              // nil: none
	Over           []selfsame.Window // at least one; everything before T where OVER is not written
	OverText       []string          // beside Over: the window as written, in lower case (zones as they are), single spaces
	List           bool              // written with brackets: its outputs bear the window in their names
}

// children calls visit for each node directly below n, in the order of the text.
func children(n Node, visit func(Node)) {
	some := func(list ...Node) {
		for _, c := range list {
			if c != nil {
				visit(c)
			}
		}
	}
	switch n := n.(type) {
	case *Unary:
		some(n.X)
	case *Binary:
		some(n.L, n.R)
	case *Call:
		some(n.Args...)
	case *Case:
		some(n.Operand)
		for _, w := range n.Whens {
			some(w.Cond, w.Then)
		}
		some(n.Else)
	case *Cast:
		some(n.X)
	case *In:
		some(n.X)
		some(n.List...)
	case *Between:
		some(n.X, n.Low, n.High)
	case *Like:
		some(n.X, n.Pattern, n.Escape)
	case *IsNull:
		some(n.X)
	case *Index:
		some(n.X, n.Key)
	case *Aggregate:
		some(n.Args...)
		some(n.Filter)
	}
}

// Walk calls visit for n and the nodes below it, in the order of the text, parents first. Where visit returns false the nodes
// below are left out.
func Walk(n Node, visit func(Node) bool) {
	if visit(n) {
		children(n, func(c Node) { Walk(c, visit) })
	}
}

// Aggregates returns the aggregate calls of n in order of appearance.
func Aggregates(n Node) []*Aggregate {
	var list []*Aggregate
	Walk(n, func(n Node) bool {
		a, ok := n.(*Aggregate)
		if ok {
			list = append(list, a)
		}
		return !ok // aggregates do not nest
	})
	return list
}

// HasAggregate reports whether n contains an aggregate call.
func HasAggregate(n Node) bool { return len(Aggregates(n)) > 0 }
