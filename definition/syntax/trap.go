// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package syntax

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"selfsame"
)

// This file recognises what YAML does to an expression that should have been quoted.

// starters are the characters that mean something to YAML at the start of a value.
const starters = "'\"*&!>|%@[{`"

var valueLine = regexp.MustCompile("^(\\s*(?:- +)*(?:[^\\s:#'\"{}\\[\\],]+|\"[^\"]*\"|'[^']*')\\s*:[ \\t]+|\\s*(?:- +)+)(\\S.*?)[ \\t\\r]*$")

// syntax reports what YAML refuses. It returns the line to mend and read again, or false.
func (r *reading) syntax(f *File, lines []string, err error) (int, bool) {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		r.fail(selfsame.Pos{File: f.Name}, "", "the file is not YAML: "+err.Error(), "")
		return 0, false
	}
	mark := e.Mark
	if mark.Line == 0 {
		mark = e.ContextMark
	}
	pos := selfsame.Pos{File: f.Name, Line: max(mark.Line, 1), Column: max(mark.Column, 1)}
	for _, line := range []int{pos.Line, e.ContextMark.Line, pos.Line - 1} {
		if line < 1 || line > len(lines) || f.mended[line] {
			continue
		}
		if col, what := trap(lines[line-1]); what != "" {
			r.fail(selfsame.Pos{File: f.Name, Line: line, Column: col}, "", what, "quote the whole value: "+quotedHint(lines[line-1]))
			return line, true
		}
	}
	message, hint := e.Message, ""
	switch {
	case pos.Line <= len(lines) && strings.HasPrefix(strings.TrimLeft(lines[pos.Line-1], " "), "\t"):
		message, hint = "a tab stands where the indentation is", "indent with spaces"
		pos.Column = strings.Index(lines[pos.Line-1], "\t") + 1
	case strings.Contains(e.Message, "expected ',' or") && e.ContextMark.Line > 0 && blankFrom(lines, pos):
		pos.Line, pos.Column = e.ContextMark.Line, max(e.ContextMark.Column, 1)
		message, hint = "the bracket that opens here is not closed", "close it, or quote the value if it is an expression"
	case strings.Contains(e.Message, "expected ',' or"):
		message = "the value does not end here: " + e.Message
		hint = "in flow style quote whatever holds a comma, a bracket or ': ', as in {landings: \"count(*) over [1h]\"}"
	case e.ContextMsg != "":
		message += " " + e.ContextMsg
		if e.ContextMark.Line > 0 && e.ContextMark.Line != pos.Line {
			message += fmt.Sprintf(" that begins in line %d", e.ContextMark.Line)
		}
	}
	r.fail(pos, "", message, hint)
	return 0, false
}

// blankFrom reports whether only white space follows pos.
func blankFrom(lines []string, pos selfsame.Pos) bool {
	for i := pos.Line - 1; i < len(lines); i++ {
		text := []rune(lines[i])
		if i == pos.Line-1 {
			text = text[min(pos.Column-1, len(text)):]
		}
		if !blank(text) {
			return false
		}
	}
	return true
}

// trap says what in a line of block style must be quoted, and where it begins.
func trap(line string) (int, string) {
	m := valueLine.FindStringSubmatch(line)
	if m == nil {
		return 0, ""
	}
	value := m[2]
	col := utf8.RuneCountInString(m[1]) + 1
	first, _ := utf8.DecodeRuneInString(value)
	switch {
	case strings.ContainsRune("[{", first):
		if closes(value) {
			return 0, ""
		}
		return col, fmt.Sprintf("a value that begins with %c and goes on behind its end must be quoted", first)
	case strings.ContainsRune(starters, first):
		return col, fmt.Sprintf("a value that begins with %c must be quoted", first)
	case strings.Contains(value, ": "):
		return col + utf8.RuneCountInString(value[:strings.Index(value, ": ")]), "a value that holds ': ' must be quoted"
	case strings.HasSuffix(value, ":"):
		return col + utf8.RuneCountInString(value) - 1, "a value that ends with ':' must be quoted"
	}
	return 0, ""
}

// closes reports whether the bracket that begins value is open at its end, or closes there.
func closes(value string) bool {
	depth := 0
	for i, r := range value {
		switch r {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		if depth == 0 {
			return i == len(value)-1 || strings.HasPrefix(strings.TrimLeft(value[i+1:], " \t"), "#")
		}
	}
	return true
}

// quoteValue quotes the value of a line of block style.
func quoteValue(line string) string {
	m := valueLine.FindStringSubmatch(line)
	return m[1] + "'" + strings.ReplaceAll(m[2], "'", "''") + "'"
}

// quotedHint shows how a line's value is written in quotes.
func quotedHint(line string) string {
	m := valueLine.FindStringSubmatch(line)
	return strings.TrimLeft(m[1], " \t") + quote(m[2])
}

// quote writes text as a YAML string: double quotes where single quotes would have to be doubled.
func quote(text string) string {
	if strings.ContainsAny(text, "\"\\") || !strings.Contains(text, "'") {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return "\"" + text + "\""
}

// opens counts the parentheses, brackets and type arguments that text opens and does not close.
func opens(text string) int {
	depth := strings.Count(text, "(") - strings.Count(text, ")") + strings.Count(text, "[") - strings.Count(text, "]")
	if strings.Contains(text, "map<") {
		depth += strings.Count(text, "<") - strings.Count(text, ">")
	}
	return depth
}

// cutPair recognises the second key that `{a: last(x, 5)}` silently becomes.
func (r *reading) cutPair(n *Node, p Pair) bool {
	if !n.Flow() || len(n.Pairs) == 0 || !p.Val.Empty {
		return false
	}
	prev := n.Pairs[len(n.Pairs)-1]
	if !prev.Val.Plain() || opens(prev.Val.Text) <= 0 {
		return false
	}
	whole := prev.Val.Text + ", " + p.Key.Text
	r.fail(prev.Val.Start, prev.Key.Text, "the comma cuts the value: YAML reads "+prev.Val.Text+" and a second key "+p.Key.Text,
		"in flow style quote whatever holds a comma: {"+prev.Key.Text+": "+quote(whole)+"}")
	prev.Val.Text, prev.Val.Bad = whole, true
	return true
}

// cutItems recognises an expression that the commas of a flow list cut.
func (r *reading) cutItems(n *Node) {
	if !n.Flow() {
		return
	}
	for i, item := range n.Items {
		if item.Plain() && opens(item.Text) > 0 && i+1 < len(n.Items) {
			r.fail(item.Start, "", "the comma cuts the value "+item.Text, "in flow style quote whatever holds a comma")
			item.Bad, n.Bad = true, true
			return
		}
	}
}
