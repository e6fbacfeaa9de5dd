// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package syntax

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// role says what a source line is made of.
type role uint8

const (
	none    role = iota
	code         // block structure begins in it: it is written anew
	inside       // in the middle of a value: it is moved as it is
	comment      // nothing but a comment
)

// line is one source line in its new layout.
type line struct {
	role    role
	indent  int    // code, comment: the new indentation; inside: how far it moves
	text    string // code: without indentation and comment
	comment string
	gap     int // between text and comment
}

// layout decides the new layout of a file. Its methods return false where the file is laid out in a way that they do not know.
type layout struct {
	f     *File
	lines []line
}

func (l *layout) node(n *Node, col int) bool {
	switch {
	case n.Empty:
		return true
	case n.Flow() || n.Form == Scalar:
		return l.open(n, col) && l.inline(n, col)
	case n.Form == Mapping:
		return l.mapping(n, col)
	}
	return l.sequence(n, col)
}

// open makes the line of n's first character a code line, unless it is one already: behind a dash.
func (l *layout) open(n *Node, col int) bool {
	ln := &l.lines[n.Start.Line-1]
	if ln.role == none {
		if !blank(l.before(n)) {
			return false
		}
		ln.role, ln.indent = code, col
	}
	return ln.role == code
}

// before is what stands before n in its line.
func (l *layout) before(n *Node) []rune {
	text := l.f.runes()[n.Start.Line-1]
	return text[:min(n.Start.Column-1, len(text))]
}

func (l *layout) mapping(n *Node, col int) bool {
	for _, p := range n.Pairs {
		end, ok := l.end(p.Key)
		if !ok || end.line != p.Key.Start.Line-1 || !l.open(p.Key, col) {
			return false
		}
		ln := &l.lines[end.line]
		text := l.f.runes()[end.line]
		ln.text += string(text[p.Key.Start.Column-1:end.col]) + ":"
		rest := trimLeft(text[end.col:])
		if len(rest) == 0 || rest[0] != ':' {
			return false // `? key` and the like
		}
		switch {
		case p.Val.Empty || p.Val.Start.Line-1 > end.line:
			if !l.tail(ln, rest[1:]) || !l.node(p.Val, col+2) {
				return false
			}
		default:
			ln.text += " "
			if !l.inline(p.Val, col+2) {
				return false
			}
		}
	}
	return true
}

func (l *layout) sequence(n *Node, col int) bool {
	for _, item := range n.Items {
		if item.Empty {
			return false
		}
		ln := &l.lines[item.Start.Line-1]
		before := l.before(item)
		switch {
		case strings.TrimRight(string(before), " \t") == "" || before[len(trimRight(before))-1] != '-':
			return false // the dash stands in a line before
		case ln.role == none && strings.Trim(string(before), " -") == "":
			ln.role, ln.indent, ln.text = code, col, "- "
		case ln.role == code:
			ln.text += "- "
		default:
			return false
		}
		if !l.node(item, col+2) {
			return false
		}
	}
	return true
}

func trimRight(r []rune) []rune {
	for len(r) > 0 && (r[len(r)-1] == ' ' || r[len(r)-1] == '\t') {
		r = r[:len(r)-1]
	}
	return r
}

// inline appends a scalar or a flow collection to its line; the lines that it goes on in are moved. col is where a value that
// begins in a line of its own would begin.
func (l *layout) inline(n *Node, col int) bool {
	source := l.f.runes()
	at := n.Start.Line - 1
	ln := &l.lines[at]
	if n.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return l.blockScalar(n, ln, col)
	}
	end, ok := l.end(n)
	if !ok {
		return false
	}
	if end.line == at {
		ln.text += l.flowText(n)
		return l.tail(ln, source[at][end.col:])
	}
	ln.text += strings.TrimRight(string(source[at][n.Start.Column-1:]), " \t")
	move := ln.indent - depth(source[at])
	for i := at + 1; i <= end.line; i++ {
		l.lines[i] = line{role: inside, indent: max(move, ln.indent-depth(source[i]))}
	}
	return true
}

// blockScalar takes the header of a literal or folded scalar as it is and moves its lines below the line that it stands in.
func (l *layout) blockScalar(n *Node, ln *line, col int) bool {
	source := l.f.runes()
	at := n.Start.Line - 1
	header, note, _ := strings.Cut(string(source[at][n.Start.Column-1:]), " #")
	header = strings.TrimSpace(header)
	if strings.ContainsAny(header, "123456789+") {
		return false // an explicit indentation, or blank lines that count
	}
	ln.text += header
	if note != "" {
		ln.comment = "#" + strings.TrimSpace(note)
	}
	places, end := locate(n)
	if places == nil {
		return false
	}
	last := end.line
	for last > at && (last >= len(source) || blank(source[last]) || end.col == 0 && last == end.line) {
		last--
	}
	old := -1
	for i := at + 1; i <= last; i++ {
		if !blank(source[i]) && old < 0 {
			old = depth(source[i])
		}
		l.lines[i] = line{role: inside, indent: col - max(old, 0)}
	}
	return old > 0
}

// tail takes what follows a value in its line: nothing or a comment.
func (l *layout) tail(ln *line, rest []rune) bool {
	text := strings.TrimSpace(string(rest))
	if text != "" && text[0] != '#' {
		return false
	}
	ln.comment = text
	return true
}

// end is the place just behind a scalar or a flow collection.
func (l *layout) end(n *Node) (place, bool) {
	start := place{n.Start.Line - 1, n.Start.Column - 1}
	if n.Empty {
		return start, true
	}
	if n.Form == Scalar {
		places, end := locate(n)
		if n.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			end.col++
		}
		return end, places != nil && end.line < len(l.f.Lines)
	}
	if !n.Flow() {
		return place{}, false
	}
	at := place{start.line, start.col + 1}
	for _, p := range n.Pairs {
		if e, ok := l.end(p.Val); ok {
			at = later(at, e)
		}
		if e, ok := l.end(p.Key); ok {
			at = later(at, e)
		}
	}
	for _, item := range n.Items {
		if e, ok := l.end(item); ok {
			at = later(at, e)
		}
	}
	return l.closing(at)
}

func later(a, b place) place {
	if b.line > a.line || b.line == a.line && b.col > a.col {
		return b
	}
	return a
}

// closing finds the bracket that closes a collection whose last entry ends at a place.
func (l *layout) closing(at place) (place, bool) {
	source := l.f.runes()
	for ; at.line < len(source); at = (place{at.line + 1, 0}) {
		for ; at.col < len(source[at.line]); at.col++ {
			switch r := source[at.line][at.col]; r {
			case ']', '}':
				return place{at.line, at.col + 1}, true
			case '#':
				at.col = len(source[at.line])
			case ' ', '\t', ',', ':':
			default:
				return place{}, false
			}
		}
	}
	return place{}, false
}

// flowText writes a value that begins and ends in one line: one space after a colon and a comma, none inside brackets.
func (l *layout) flowText(n *Node) string {
	end, _ := l.end(n)
	source := string(l.f.runes()[n.Start.Line-1][n.Start.Column-1 : end.col])
	if n.Form == Scalar || n.Start.Line-1 != end.line {
		return source
	}
	var parts []string
	for _, p := range n.Pairs {
		if p.Val.Empty || p.Key.Form != Scalar {
			return source
		}
		parts = append(parts, l.flowText(p.Key)+": "+l.flowText(p.Val))
	}
	for _, item := range n.Items {
		if item.Empty || item.Form == Mapping && !l.braced(item) {
			return source // `[a: b]` is a list of one-key maps
		}
		parts = append(parts, l.flowText(item))
	}
	if n.Form == Mapping {
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// braced reports whether a mapping in flow style has braces of its own.
func (l *layout) braced(n *Node) bool {
	return l.f.runes()[n.Start.Line-1][n.Start.Column-1] == '{'
}
