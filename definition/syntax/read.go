// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package syntax

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"selfsame"
)

// Form is the shape of a node.
type Form uint8

// The shapes of nodes.
const (
	Scalar Form = iota
	Mapping
	Sequence
)

// String names the shape in messages.
func (f Form) String() string { return [...]string{"a single value", "a map", "a list"}[f] }

// Node is one YAML value with its place. Scalars keep their text; nothing is typed. Whoever reads it owns it, and may mark it Bad.
type Node struct {
	Form  Form
	style yaml.Style
	Text  string       // scalars: decoded of quotes and escapes only
	Empty bool         // a scalar that is not there at all: `key:`
	Bad   bool         // a mistake in it is reported: nothing more is said about it
	Pos   selfsame.Pos // of the first character of the value (behind a quote)
	Start selfsame.Pos // of the first character of the source
	file  *File
	Pairs []Pair  // mappings, in order
	Items []*Node // sequences

	Comment bool    // a comment ends the scalar's line
	places  []place // of each byte of text, found on demand
	walked  bool
}

// Pair is one entry of a mapping.
type Pair struct{ Key, Val *Node }

// Plain reports whether the node is a scalar without quotes and not in block style.
func (n *Node) Plain() bool { return n.Form == Scalar && n.style&^yaml.TaggedStyle == 0 }

// Flow reports whether the node is in brackets or braces, or within such.
func (n *Node) Flow() bool { return n.style&yaml.FlowStyle != 0 }

// Block reports whether the scalar is literal or folded.
func (n *Node) Block() bool {
	return n.Form == Scalar && n.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// Entries are the pairs of a mapping; none where there is no node.
func (n *Node) Entries() []Pair {
	if n == nil {
		return nil
	}
	return n.Pairs
}

// Entry returns the value of a key, or nil. n may be nil.
func (n *Node) Entry(key string) *Node {
	if n == nil {
		return nil
	}
	for _, p := range n.Pairs {
		if p.Key.Text == key {
			return p.Val
		}
	}
	return nil
}

// File is one definition file.
type File struct {
	Name    string
	Lines   []string // as they are, without line feeds
	decoded [][]rune
	mended  map[int]bool // lines that a mistake was reported for and that were quoted to read on
	Broken  bool         // the file could not be read to its end
	Root    *Node        // nil: nothing to read
}

func (f *File) runes() [][]rune {
	if f.decoded == nil {
		f.decoded = make([][]rune, len(f.Lines))
		for i, line := range f.Lines {
			f.decoded[i] = []rune(strings.TrimRight(line, "\r"))
		}
	}
	return f.decoded
}

// maxMend bounds how many lines of one file are mended to read on behind a mistake.
const maxMend = 200

// maxDepth bounds the nesting of nodes: a definition is six deep.
const maxDepth = 40

// Read parses a file into nodes, reporting what YAML itself refuses. A line that holds an expression which must be quoted is
// reported, quoted in memory and read again, so that one such line does not hide the other mistakes. The mistakes are of class definition, in the order in which they were found; the file is never nil.
func Read(name string, src []byte) (*File, []*selfsame.Error) {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	f := &File{Name: name, mended: map[int]bool{}, Lines: strings.Split(string(src), "\n")}
	r := &reading{file: f}
	f.Broken = !r.parse(src)
	return f, r.errs
}

// reading is one reading of a file.
type reading struct {
	file *File
	errs []*selfsame.Error
}

// fail keeps one mistake.
func (r *reading) fail(pos selfsame.Pos, ref, message, hint string) {
	r.errs = append(r.errs, &selfsame.Error{Class: selfsame.ClassDefinition, Pos: pos, Ref: ref, Message: message, Hint: hint, Excerpt: r.file.Excerpt(pos)})
}

// parse reads the nodes of the file. It reports whether it came to the file's end.
func (r *reading) parse(src []byte) bool {
	f := r.file
	if !utf8.Valid(src) {
		r.fail(selfsame.Pos{File: f.Name}, "", "the file is not UTF-8 text", "save it as UTF-8")
		return false
	}
	if i := bytes.IndexByte(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n\n")), '\r'); i >= 0 {
		r.fail(selfsame.Pos{File: f.Name, Line: bytes.Count(src[:i], []byte("\n")) + 1, Column: 1}, "",
			"a carriage return stands alone", "end lines with a line feed, or with carriage return and line feed")
		return false
	}
	lines := strings.Split(string(src), "\n")
	for range maxMend {
		var doc yaml.Node
		loader, err := yaml.NewLoader(strings.NewReader(strings.Join(lines, "\n")))
		if err == nil {
			err = loader.Load(&doc)
		}
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			line, ok := r.syntax(f, lines, err)
			if !ok {
				return false
			}
			lines[line-1] = quoteValue(lines[line-1])
			f.mended[line] = true
			continue
		}
		f.Root = r.node(f, &doc, 0)
		r.single(f, loader)
		return true
	}
	return false
}

// single reports a second document in the file.
func (r *reading) single(f *File, loader *yaml.Loader) {
	var next yaml.Node
	err := loader.Load(&next)
	if errors.Is(err, io.EOF) {
		return
	}
	pos := selfsame.Pos{File: f.Name, Line: max(next.Line, 1), Column: max(next.Column, 1)}
	r.fail(pos, "", "a second YAML document begins here", "one file is one document: remove the --- line or make two files")
}

// node turns a YAML node into ours, reporting anchors, aliases, tags and duplicate keys.
func (r *reading) node(f *File, y *yaml.Node, depth int) *Node {
	if y.Kind == yaml.DocumentNode {
		if len(y.Content) == 0 {
			return nil
		}
		return r.node(f, y.Content[0], depth)
	}
	at := selfsame.Pos{File: f.Name, Line: y.Line, Column: y.Column}
	n := &Node{style: y.Style, Pos: at, Start: at, file: f, Comment: y.LineComment != ""}
	if depth > maxDepth {
		r.fail(at, "", "the nesting is too deep", "")
		return n
	}
	if r.refused(f, n, y) {
		return n
	}
	switch y.Kind {
	case yaml.MappingNode:
		n.Form = Mapping
		r.mapping(n, y, depth)
	case yaml.SequenceNode:
		n.Form = Sequence
		for _, c := range y.Content {
			n.Items = append(n.Items, r.node(f, c, depth+1))
		}
		r.cutItems(n)
	default:
		n.Text, n.Empty = y.Value, y.Tag == "!!null" && y.Value == ""
		n.Bad = f.mended[y.Line]
		if n.style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			n.Pos = n.PosAt(0)
		}
	}
	return n
}

func (r *reading) mapping(n *Node, y *yaml.Node, depth int) {
	seen := map[string]*Node{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		p := Pair{Key: r.node(n.file, y.Content[i], depth+1), Val: r.node(n.file, y.Content[i+1], depth+1)}
		if p.Key.Form != Scalar {
			r.fail(p.Key.Start, "", "a key is "+p.Key.Form.String(), "a key is a name; quote an expression that begins with [ or {")
			continue
		}
		if r.cutPair(n, p) {
			continue
		}
		if first := seen[p.Key.Text]; first != nil {
			r.fail(p.Key.Start, p.Key.Text, "the key is there twice, first in line "+strconv.Itoa(first.Start.Line), "remove one of the two")
			continue
		}
		seen[p.Key.Text] = p.Key
		n.Pairs = append(n.Pairs, p)
	}
}

// begins reports whether the source of n begins with a character.
func (n *Node) begins(r rune) bool {
	lines := n.file.runes()
	return n.Start.Line >= 1 && n.Start.Line <= len(lines) && n.Start.Column >= 1 && n.Start.Column <= len(lines[n.Start.Line-1]) && lines[n.Start.Line-1][n.Start.Column-1] == r
}

// refused reports the parts of YAML that definitions do without.
func (r *reading) refused(f *File, n *Node, y *yaml.Node) bool {
	const quote = "quote it if it is an expression"
	switch {
	case y.Kind == yaml.AliasNode:
		r.fail(n.Start, "", "*"+y.Value+" is a YAML alias, which definitions do without", "write the value out; "+quote)
	case y.Anchor != "":
		r.fail(n.Start, "", "&"+y.Anchor+" is a YAML anchor, which definitions do without", "write the value out; "+quote)
	case y.Style&yaml.TaggedStyle != 0 || n.begins('!') && !f.mended[y.Line]:
		r.fail(n.Start, "", cmp.Or(y.Tag, "!")+" is a YAML tag, which definitions do without", quote)
	default:
		return false
	}
	n.Bad = true
	return true
}

// excerptWidth is how much of a long line an excerpt shows, in characters.
const excerptWidth = 120

// Excerpt is the line at pos with a marker below the column; empty where the file has no such line.
func (f *File) Excerpt(pos selfsame.Pos) string {
	if pos.Line < 1 || pos.Line > len(f.Lines) {
		return ""
	}
	text := []rune(strings.TrimRight(f.Lines[pos.Line-1], "\r"))
	at := min(max(pos.Column-1, 0), len(text))
	lead, tail := "", ""
	if at > excerptWidth-20 {
		cut := at - excerptWidth/2
		text, at, lead = text[cut:], at-cut, "…"
	}
	if len(text) > excerptWidth {
		text, tail = text[:excerptWidth], "…"
	}
	pad := []rune(lead + string(text[:at]))
	for i, r := range pad {
		if r != '\t' {
			pad[i] = ' '
		}
	}
	number := fmt.Sprintf("%6d | ", pos.Line)
	marker := strings.Repeat(" ", len(number)-2) + "| " + string(pad) + "^"
	return number + lead + string(text) + tail + "\n" + marker
}
