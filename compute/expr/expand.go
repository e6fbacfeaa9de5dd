// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"slices"
	"strings"

	"selfsame"
)

// Expansion is one output of an expression: with one window in each aggregate call, none in brackets.
type Expansion struct {
	Suffix string // the window as written, spaces as _, zones dropped; empty where no list is written
	Node   Node
}

// Expand gives one Expansion for each window of the list of windows in n, in the order of the list; a list of one counts. An
// expression without a list has one Expansion with an empty suffix. Several lists must be equal and go together. In the nodes
// of the result windows are printed in their normal text, so that equal values have equal texts.
func Expand(n Node) ([]Expansion, error) {
	var list *Aggregate
	for _, a := range Aggregates(n) {
		switch {
		case !a.List:
		case list == nil:
			list = a
		case !slices.Equal(list.OverText, a.OverText):
			return nil, failAt(a, "two lists of windows in one expression differ", "write the same list in both, or one window without brackets")
		}
	}
	if list == nil {
		return []Expansion{{Node: replaceWindow(n, 0)}}, nil
	}
	out := make([]Expansion, len(list.Over))
	for i := range list.Over {
		suffix := windowSuffix(list.OverText[i])
		for _, e := range out[:i] {
			if e.Suffix == suffix {
				return nil, failAt(list, "two windows of the list give the one name _"+suffix, "zones do not show in names: write two features")
			}
		}
		out[i] = Expansion{Suffix: suffix, Node: replaceWindow(n, i)}
	}
	return out, nil
}

// windowSuffix is a window's part of an output name.
func windowSuffix(written string) string {
	if i := strings.Index(written, " in '"); i >= 0 {
		written = written[:i]
	}
	return strings.ReplaceAll(written, " ", "_")
}

// replaceWindow copies n with window i of each list, out of its brackets.
func replaceWindow(n Node, i int) Node {
	return rewrite(n, func(n Node) Node {
		a, ok := n.(*Aggregate)
		if !ok {
			return n
		}
		w := a.Over[0]
		if a.List {
			w = a.Over[i]
		}
		b := *a
		b.List, b.Over, b.OverText = false, []selfsame.Window{w}, []string{WindowText(w)}
		return &b
	})
}

// rewrite copies a tree bottom up and lets change replace each node of the copy.
func rewrite(n Node, change func(Node) Node) Node {
	if n == nil {
		return nil
	}
	again := func(n Node) Node { return rewrite(n, change) }
	all := func(list []Node) []Node {
		out := make([]Node, len(list))
		for i, n := range list {
			out[i] = again(n)
		}
		return out
	}
	switch m := n.(type) {
	case *Unary:
		return change(&Unary{m.at(), m.Op, again(m.X)})
	case *Binary:
		return change(&Binary{m.at(), m.Op, again(m.L), again(m.R)})
	case *Call:
		return change(&Call{place: m.at(), Name: m.Name, Args: all(m.Args)})
	case *Case:
		whens := make([]When, len(m.Whens))
		for i, w := range m.Whens {
			whens[i] = When{again(w.Cond), again(w.Then)}
		}
		return change(&Case{m.at(), again(m.Operand), whens, again(m.Else)})
	case *Cast:
		return change(&Cast{m.at(), again(m.X), m.Type})
	case *In:
		return change(&In{m.at(), again(m.X), all(m.List), m.Not})
	case *Between:
		return change(&Between{m.at(), again(m.X), again(m.Low), again(m.High), m.Not})
	case *Like:
		return change(&Like{m.at(), again(m.X), again(m.Pattern), again(m.Escape), m.Not})
	case *IsNull:
		return change(&IsNull{m.at(), again(m.X), m.Not})
	case *Index:
		return change(&Index{m.at(), again(m.X), again(m.Key)})
	case *Aggregate:
		b := *m
		b.Args, b.Filter = all(m.Args), again(m.Filter)
		return change(&b)
	}
	return change(n)
}
