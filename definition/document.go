// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

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

// form is the shape of a node.
type form uint8

const (
	scalar form = iota
	mapping
	sequence
)

func (f form) String() string { return [...]string{"a single value", "a map", "a list"}[f] }

// node is one YAML value with its place. Scalars keep their text; nothing is typed.
type node struct {
	form  form
	style yaml.Style
	text  string       // scalars: decoded of quotes and escapes only
	empty bool         // a scalar that is not there at all: `key:`
	bad   bool         // a mistake in it is reported: nothing more is said about it
	pos   selfsame.Pos // of the first character of the value (behind a quote)
	start selfsame.Pos // of the first character of the source
	file  *file
	pairs []pair  // mappings, in order
	items []*node // sequences

	comment bool    // a comment ends the scalar's line
	places  []place // of each byte of text, found on demand
	walked  bool
}

// pair is one entry of a mapping.
type pair struct{ key, val *node }

func (n *node) plain() bool { return n.form == scalar && n.style&^yaml.TaggedStyle == 0 }

func (n *node) flow() bool { return n.style&yaml.FlowStyle != 0 }

// block reports whether the scalar is literal or folded.
func (n *node) block() bool {
	return n.form == scalar && n.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// entries are the pairs of a mapping; none where there is no node.
func (n *node) entries() []pair {
	if n == nil {
		return nil
	}
	return n.pairs
}

// get returns the value of a key, or nil.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, p := range n.pairs {
		if p.key.text == key {
			return p.val
		}
	}
	return nil
}

// file is one definition file.
type file struct {
	name    string
	lines   []string
	decoded [][]rune
	mended  map[int]bool // lines that a mistake was reported for and that were quoted to read on
	broken  bool         // the file could not be read to its end
	root    *node        // nil: nothing to read
}

func (f *file) runes() [][]rune {
	if f.decoded == nil {
		f.decoded = make([][]rune, len(f.lines))
		for i, line := range f.lines {
			f.decoded[i] = []rune(strings.TrimRight(line, "\r"))
		}
	}
	return f.decoded
}

// maxMend bounds how many lines of one file are mended to read on behind a mistake.
const maxMend = 200

// maxDepth bounds the nesting of nodes: a definition is six deep.
const maxDepth = 40

// read parses a file into nodes, reporting what YAML itself refuses. A line that holds an expression which must be quoted is
// reported, quoted in memory and read again, so that one such line does not hide the other mistakes.
func read(name string, src []byte) (*file, []*selfsame.Error) {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	f := &file{name: name, mended: map[int]bool{}, lines: strings.Split(string(src), "\n")}
	r := &reading{file: f}
	f.broken = !r.parse(src)
	return f, r.errs
}

// reading is one reading of a file.
type reading struct {
	file *file
	errs []*selfsame.Error
}

// fail keeps one mistake.
func (r *reading) fail(pos selfsame.Pos, ref, message, hint string) {
	r.errs = append(r.errs, &selfsame.Error{Class: selfsame.ClassDefinition, Pos: pos, Ref: ref, Message: message, Hint: hint, Excerpt: r.file.excerpt(pos)})
}

// parse reads the nodes of the file. It reports whether it came to the file's end.
func (r *reading) parse(src []byte) bool {
	f := r.file
	if !utf8.Valid(src) {
		r.fail(selfsame.Pos{File: f.name}, "", "the file is not UTF-8 text", "save it as UTF-8")
		return false
	}
	if i := bytes.IndexByte(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n\n")), '\r'); i >= 0 {
		r.fail(selfsame.Pos{File: f.name, Line: bytes.Count(src[:i], []byte("\n")) + 1, Column: 1}, "",
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
		f.root = r.node(f, &doc, 0)
		r.single(f, loader)
		return true
	}
	return false
}

// single reports a second document in the file.
func (r *reading) single(f *file, loader *yaml.Loader) {
	var next yaml.Node
	err := loader.Load(&next)
	if errors.Is(err, io.EOF) {
		return
	}
	pos := selfsame.Pos{File: f.name, Line: max(next.Line, 1), Column: max(next.Column, 1)}
	r.fail(pos, "", "a second YAML document begins here", "one file is one document: remove the --- line or make two files")
}

// node turns a YAML node into ours, reporting anchors, aliases, tags and duplicate keys.
func (r *reading) node(f *file, y *yaml.Node, depth int) *node {
	if y.Kind == yaml.DocumentNode {
		if len(y.Content) == 0 {
			return nil
		}
		return r.node(f, y.Content[0], depth)
	}
	at := selfsame.Pos{File: f.name, Line: y.Line, Column: y.Column}
	n := &node{style: y.Style, pos: at, start: at, file: f, comment: y.LineComment != ""}
	if depth > maxDepth {
		r.fail(at, "", "the nesting is too deep", "")
		return n
	}
	if r.refused(f, n, y) {
		return n
	}
	switch y.Kind {
	case yaml.MappingNode:
		n.form = mapping
		r.mapping(n, y, depth)
	case yaml.SequenceNode:
		n.form = sequence
		for _, c := range y.Content {
			n.items = append(n.items, r.node(f, c, depth+1))
		}
		r.cutItems(n)
	default:
		n.text, n.empty = y.Value, y.Tag == "!!null" && y.Value == ""
		n.bad = f.mended[y.Line]
		if n.style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			n.pos = n.posAt(0)
		}
	}
	return n
}

func (r *reading) mapping(n *node, y *yaml.Node, depth int) {
	seen := map[string]*node{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		p := pair{key: r.node(n.file, y.Content[i], depth+1), val: r.node(n.file, y.Content[i+1], depth+1)}
		if p.key.form != scalar {
			r.fail(p.key.start, "", "a key is "+p.key.form.String(), "a key is a name; quote an expression that begins with [ or {")
			continue
		}
		if r.cutPair(n, p) {
			continue
		}
		if first := seen[p.key.text]; first != nil {
			r.fail(p.key.start, p.key.text, "the key is there twice, first in line "+strconv.Itoa(first.start.Line), "remove one of the two")
			continue
		}
		seen[p.key.text] = p.key
		n.pairs = append(n.pairs, p)
	}
}

// begins reports whether the source of n begins with a character.
func (n *node) begins(r rune) bool {
	lines := n.file.runes()
	return n.start.Line >= 1 && n.start.Line <= len(lines) && n.start.Column >= 1 && n.start.Column <= len(lines[n.start.Line-1]) && lines[n.start.Line-1][n.start.Column-1] == r
}

// refused reports the parts of YAML that definitions do without.
func (r *reading) refused(f *file, n *node, y *yaml.Node) bool {
	const quote = "quote it if it is an expression"
	switch {
	case y.Kind == yaml.AliasNode:
		r.fail(n.start, "", "*"+y.Value+" is a YAML alias, which definitions do without", "write the value out; "+quote)
	case y.Anchor != "":
		r.fail(n.start, "", "&"+y.Anchor+" is a YAML anchor, which definitions do without", "write the value out; "+quote)
	case y.Style&yaml.TaggedStyle != 0 || n.begins('!') && !f.mended[y.Line]:
		r.fail(n.start, "", cmp.Or(y.Tag, "!")+" is a YAML tag, which definitions do without", quote)
	default:
		return false
	}
	n.bad = true
	return true
}

// excerptWidth is how much of a long line an excerpt shows, in characters.
const excerptWidth = 120

// excerpt is the line at pos with a marker below the column.
func (f *file) excerpt(pos selfsame.Pos) string {
	if pos.Line < 1 || pos.Line > len(f.lines) {
		return ""
	}
	text := []rune(strings.TrimRight(f.lines[pos.Line-1], "\r"))
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
