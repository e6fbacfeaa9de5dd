// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"strings"
	"unicode/utf8"

	"selfsame"
)

// text is the source of an expression and its place in a file.
type text struct {
	s  string
	at selfsame.Pos
}

// pos maps a byte offset to a place in the file. The first character stands at t.at; further lines begin at the same column, as the
// lines of a YAML block do. Columns count code points. Without a place, lines and columns count from 1 within the text.
func (t *text) pos(off int) selfsame.Pos {
	p := t.at
	if p.Line == 0 {
		p.Line = 1
	}
	if p.Column == 0 {
		p.Column = 1
	}
	before := t.s[:min(off, len(t.s))]
	p.Line += strings.Count(before, "\n")
	p.Column += utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return p
}

// excerpt is the line of the text that holds the offset, with a marker below the character.
func (t *text) excerpt(off int) string {
	off = min(off, len(t.s))
	start := strings.LastIndexByte(t.s[:off], '\n') + 1
	end := len(t.s)
	if i := strings.IndexByte(t.s[off:], '\n'); i >= 0 {
		end = off + i
	}
	const most = 120 // characters shown of a long line
	line, at := []rune(t.s[start:end]), utf8.RuneCountInString(t.s[start:off])
	if at > most-20 {
		line, at = line[at-most/2:], most/2
	}
	if len(line) > most {
		line = line[:most]
	}
	for i, r := range line {
		if r < ' ' || r == utf8.RuneError {
			line[i] = ' '
		}
	}
	return "  " + string(line) + "\n  " + strings.Repeat(" ", at) + "^"
}

// failure returns an error of the definition at an offset.
func (t *text) failure(off int, message, hint string) *selfsame.Error {
	return &selfsame.Error{Class: selfsame.ClassDefinition, Pos: t.pos(off), Message: message, Excerpt: t.excerpt(off), Hint: hint}
}

// failAt returns an error of the definition at a node.
func failAt(n Node, message, hint string) *selfsame.Error {
	p := n.at()
	return p.src.failure(p.off, message, hint)
}
