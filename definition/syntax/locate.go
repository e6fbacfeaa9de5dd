// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package syntax

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"selfsame"
)

// place is where one byte of a decoded scalar stands in its file, 0-based line and column (in characters).
type place struct{ line, col int }

// locator walks the source text of one scalar and records where every decoded byte comes from.
type locator struct {
	lines     [][]rune
	line, col int
	text      strings.Builder
	at        []place
	end       place // just behind the scalar
}

func (l *locator) emit(s string, line, col int) {
	l.text.WriteString(s)
	for range len(s) {
		l.at = append(l.at, place{line, col})
	}
}

// locate returns the place of every byte of n's text, plus one for its end, and where the scalar ends in the source; nil
// where the walk does not give n's text back.
func locate(n *Node) ([]place, place) {
	l := &locator{lines: n.file.runes(), line: n.Start.Line - 1, col: n.Start.Column - 1}
	if l.line >= len(l.lines) || l.col > len(l.lines[l.line]) {
		return nil, place{}
	}
	switch {
	case n.style&yaml.DoubleQuotedStyle != 0:
		l.quoted('"')
	case n.style&yaml.SingleQuotedStyle != 0:
		l.quoted('\'')
	case n.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		l.block(n.Text, n.style&yaml.FoldedStyle != 0)
	default:
		l.plain(n.Text)
	}
	if l.text.String() != n.Text {
		return nil, place{}
	}
	return append(l.at, l.end), l.end
}

// plain matches text against the source: a space or line feed of the text may be a line break with its indentation.
func (l *locator) plain(text string) {
	for _, r := range text {
		if l.col >= len(l.lines[l.line]) || (r == ' ' || r == '\n') && blank(l.lines[l.line][l.col:]) {
			if r != ' ' && r != '\n' {
				return
			}
			l.emit(string(r), l.line, l.col)
			if !l.nextLine() {
				return
			}
			continue
		}
		if l.lines[l.line][l.col] != r {
			return
		}
		l.emit(string(r), l.line, l.col)
		l.col++
	}
	l.end = place{l.line, l.col}
}

// nextLine moves to the first character of the next line that is not white space. A blank line counts as a line: its break is a line
// feed of the text.
func (l *locator) nextLine() bool {
	l.line++
	if l.line >= len(l.lines) {
		return false
	}
	l.col = len(l.lines[l.line]) - len(trimLeft(l.lines[l.line]))
	if blank(l.lines[l.line]) {
		l.col = len(l.lines[l.line])
	}
	return true
}

func (l *locator) quoted(quote rune) {
	l.col++
	for l.line < len(l.lines) {
		line := l.lines[l.line]
		if l.col >= len(line) || blank(line[l.col:]) && l.line+1 < len(l.lines) {
			l.fold()
			continue
		}
		switch r := line[l.col]; {
		case r == quote && quote == '\'' && l.col+1 < len(line) && line[l.col+1] == '\'':
			l.emit("'", l.line, l.col)
			l.col += 2
		case r == quote:
			l.end = place{l.line, l.col}
			return
		case r == '\\' && quote == '"':
			l.escape(line)
		default:
			l.emit(string(r), l.line, l.col)
			l.col++
		}
	}
}

// fold reads a line break inside a quoted scalar: one break is a space, k+1 breaks are k line feeds.
func (l *locator) fold() {
	line, col, breaks := l.line, l.col, 0
	for {
		breaks++
		if !l.nextLine() {
			return
		}
		if !blank(l.lines[l.line]) {
			break
		}
	}
	if breaks == 1 {
		l.emit(" ", line, col)
		return
	}
	l.emit(strings.Repeat("\n", breaks-1), line, col)
}

var escapes = map[rune]string{'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r",
	'e': "\x1b", ' ': " ", '"': "\"", '/': "/", '\\': "\\", 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029"}

// escape reads a backslash sequence of a double-quoted scalar.
func (l *locator) escape(line []rune) {
	line0, col0 := l.line, l.col
	l.col++
	if l.col >= len(line) { // an escaped line break joins the lines
		l.nextLine()
		return
	}
	r := line[l.col]
	l.col++
	if s, ok := escapes[r]; ok {
		l.emit(s, line0, col0)
		return
	}
	digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[r]
	if digits == 0 || l.col+digits > len(line) {
		return
	}
	code, err := strconv.ParseUint(string(line[l.col:l.col+digits]), 16, 32)
	if err != nil {
		return
	}
	l.col += digits
	l.emit(string(rune(code)), line0, col0)
}

// block walks a literal or folded scalar: text's lines are matched one after the other against the source's.
func (l *locator) block(text string, folded bool) {
	l.line, l.col = l.line+1, 0
	for l.line < len(l.lines) && blank(l.lines[l.line]) && !strings.HasPrefix(text, "\n") {
		l.line++
	}
	for len(text) > 0 && l.line < len(l.lines) {
		line := l.lines[l.line]
		if l.col == 0 {
			l.col = len(line) - len(trimLeft(line))
			if first, _ := utf8.DecodeRuneInString(text); first == ' ' || first == '\t' { // more indented than the block itself
				l.col = max(0, l.col-leading(text))
			}
		}
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case l.col < len(line) && line[l.col] == r:
			l.emit(text[:size], l.line, l.col)
			l.col++
		case (r == '\n' || folded && r == ' ') && (l.col >= len(line) || blank(line[l.col:])):
			l.emit(text[:size], l.line, l.col)
			l.line, l.col = l.line+1, 0
			for folded && l.line < len(l.lines) && blank(l.lines[l.line]) && !strings.HasPrefix(text[size:], "\n") {
				l.line++
			}
		default:
			return
		}
		text = text[size:]
	}
	l.end = place{l.line, l.col}
}

func leading(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }

func blank(r []rune) bool { return len(trimLeft(r)) == 0 }

func trimLeft(r []rune) []rune {
	for len(r) > 0 && (r[0] == ' ' || r[0] == '\t' || r[0] == '\r') {
		r = r[1:]
	}
	return r
}

// PosAt is the place in the file of the byte at offset of n's text, at best; the start of n where the walk fails.
func (n *Node) PosAt(offset int) selfsame.Pos {
	if n.places == nil && !n.walked {
		n.places, _ = locate(n)
		n.walked = true
	}
	if n.places == nil {
		return n.Pos
	}
	p := n.places[min(max(offset, 0), len(n.places)-1)]
	return selfsame.Pos{File: n.file.Name, Line: p.line + 1, Column: p.col + 1}
}
