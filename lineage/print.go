// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package lineage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"selfsame"
)

// Formats are the names of the forms that Print writes.
var Formats = []string{"tree", "dot", "mermaid", "json"}

// runsShown is how many runs a tree lists below one thing.
const runsShown = 5

// Print writes an answer as a tree for readers, as JSON, or in the language of Graphviz (dot) or Mermaid.
func (a *Answer) Print(format string) (string, error) {
	p := &printer{answer: a, nodes: map[string]*Node{}, done: map[string]bool{}}
	for _, n := range a.Nodes {
		p.nodes[n.ID] = n
	}
	switch format {
	case "tree":
		p.tree()
	case "dot":
		p.dot()
	case "mermaid":
		p.mermaid()
	case "json":
		b, err := json.MarshalIndent(a, "", "  ")
		return string(b) + "\n", err
	default:
		return "", CheckFormat(format)
	}
	return p.b.String(), nil
}

// CheckFormat refuses what is none of Formats.
func CheckFormat(format string) error {
	if slices.Contains(Formats, format) {
		return nil
	}
	e := &selfsame.Error{Class: selfsame.ClassUsage, Ref: "format " + format, Message: "there is no such format", Hint: "it is one of " + strings.Join(Formats, ", ")}
	if near := selfsame.Nearest(format, Formats); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return e
}

type printer struct {
	answer *Answer
	nodes  map[string]*Node
	b      strings.Builder
	edges  map[string][]*Edge // by the end that is nearer to the root
	done   map[string]bool    // nodes whose own lines stand already
}

func (p *printer) line(format string, args ...any) {
	p.b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (p *printer) tree() {
	root := p.nodes[p.answer.Root]
	p.line("%s %s", root.Kind, root.Name)
	p.detail(root)
	for _, d := range []Direction{Up, Down} {
		if p.answer.Direction != Both && p.answer.Direction != d {
			continue
		}
		p.follow(d)
		if len(p.edges[root.ID]) == 0 {
			p.line("%s: nothing", d)
			continue
		}
		p.line("%s", d)
		p.branch(d, root.ID, "  ")
	}
}

// detail prints what is known of the node that was asked about.
func (p *printer) detail(n *Node) {
	word := func(word, text string) {
		if text != "" {
			p.line("  %-8s %s", word, text)
		}
	}
	switch n.Kind {
	case Feature:
		word("defined", n.Definition+" ("+n.Type+")")
		word("hash", n.Hash)
	case Source:
		word("files", n.Definition)
	case Run:
		word("kind", n.Type)
		word("wrote", n.Definition)
		word("rows", strconv.FormatInt(n.Rows, 10))
		word("manifest", n.Hash)
	default:
		word("type", n.Type)
	}
	word("status", n.Status)
	if n.Time != nil {
		done := "applied"
		if n.Kind == Run || n.Kind == Model {
			done = "recorded"
		}
		text := n.Time.String()
		if n.Author != "" {
			text += " by " + n.Author
		}
		word(done, text+" as "+strconv.FormatInt(n.Record, 10))
	}
}

// follow orders the edges for a direction, without those back to the root.
func (p *printer) follow(d Direction) {
	p.edges, p.done = map[string][]*Edge{}, map[string]bool{p.answer.Root: true}
	for _, e := range p.answer.Edges {
		near, far := ends(d, e)
		if far == p.answer.Root || d == Up && p.nodes[near].Kind == Column && near != p.answer.Root { // a column's name says its source
			continue
		}
		p.edges[near] = append(p.edges[near], e)
	}
}

func ends(d Direction, e *Edge) (near, far string) {
	if d == Up {
		return e.To, e.From
	}
	return e.From, e.To
}

// branch prints what is beyond a node. What stands already is not printed again below it.
func (p *printer) branch(d Direction, id, indent string) {
	runs := 0
	for _, e := range p.edges[id] {
		_, far := ends(d, e)
		n := p.nodes[far]
		if n.Kind == Run {
			if runs++; runs > runsShown {
				continue
			}
		}
		text := string(n.Kind) + " " + n.Name
		if about := about(n, e.Roles); about != "" {
			text += "  " + about
		}
		if p.done[far] && len(p.edges[far]) > 0 {
			p.line("%s%s (above)", indent, text)
			continue
		}
		p.line("%s%s", indent, text)
		p.done[far] = true
		p.branch(d, far, indent+"  ")
	}
	if runs > runsShown {
		p.line("%sand %d earlier runs", indent, runs-runsShown)
	}
}

// about is what a line says of a node behind its name.
func about(n *Node, r []Role) string {
	var parts []string
	if len(r) > 0 {
		parts = append(parts, roleText(r))
	}
	switch n.Kind {
	case Source:
		parts = append(parts, n.Definition)
	case Run:
		parts = append(parts, n.Type, n.Time.String(), strconv.FormatInt(n.Rows, 10)+" rows")
		if n.Type == "train" || n.Type == "snapshot" { // what a load wrote is the views that it stands below
			parts = append(parts, n.Definition)
		}
	}
	parts = append(parts, n.Status)
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func roleText(r []Role) string {
	var out []string
	for _, role := range r {
		out = append(out, strings.ReplaceAll(string(role), "_", " "))
	}
	return strings.Join(out, ", ")
}

// shapes of kinds in dot.
var dotShapes = map[Kind]string{Source: "cylinder", Column: "plain", Request: "plain", View: "folder", Feature: "box", Service: "component", Model: "ellipse", Run: "note"}

func (p *printer) dot() {
	p.line("digraph lineage {")
	p.line("  rankdir=LR;")
	for _, n := range p.answer.Nodes {
		style := ""
		if n.ID == p.answer.Root {
			style = ", style=bold"
		}
		p.line("  %s [label=%s, shape=%s%s];", quoted(n.ID), quoted(string(n.Kind)+"\n"+n.Name), dotShapes[n.Kind], style)
	}
	for _, e := range p.answer.Edges {
		label := ""
		if len(e.Roles) > 0 {
			label = " [label=" + quoted(roleText(e.Roles)) + "]"
		}
		p.line("  %s -> %s%s;", quoted(e.From), quoted(e.To), label)
	}
	p.line("}")
}

// quoted is a string of dot.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// brackets of kinds in Mermaid.
var mermaidShapes = map[Kind][2]string{Source: {"[(", ")]"}, Column: {"(", ")"}, Request: {"(", ")"}, View: {"[[", "]]"}, Feature: {"[", "]"}, Service: {"{{", "}}"},
	Model: {"([", "])"}, Run: {"[/", "/]"}}

func (p *printer) mermaid() {
	p.line("flowchart LR")
	short := map[string]string{}
	for i, n := range p.answer.Nodes {
		short[n.ID] = "n" + strconv.Itoa(i)
		s := mermaidShapes[n.Kind]
		p.line(`  %s%s"%s %s"%s`, short[n.ID], s[0], n.Kind, strings.ReplaceAll(n.Name, `"`, "#quot;"), s[1])
	}
	for _, e := range p.answer.Edges {
		arrow := "-->"
		if len(e.Roles) > 0 {
			arrow += `|"` + roleText(e.Roles) + `"|`
		}
		p.line("  %s %s %s", short[e.From], arrow, short[e.To])
	}
	p.line("  style %s stroke-width:3px", short[p.answer.Root])
}
