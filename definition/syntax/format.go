// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package syntax

import (
	"bytes"
	"strings"

	"selfsame"
)

// Format lays a definition file out in the canonical way and keeps its comments: two spaces a level, one space after a colon or a
// comma, comments two spaces behind the text and aligned with their neighbours' of the same depth, no trailing space, at most one blank line in a
// row. Order, quotes and line breaks stay as they are. It never changes what the file means, and formatting twice is formatting once.
// The mistakes are those of Read; where there is one, nothing is laid out. Names and types do not matter here.
func Format(src []byte, name string) ([]byte, []*selfsame.Error) {
	f, errs := Read(name, src)
	if len(errs) > 0 {
		return nil, errs
	}
	lay := &layout{f: f, lines: make([]line, len(f.Lines))}
	if f.Root != nil && !lay.node(f.Root, 0) {
		return tidy(f), nil
	}
	out := lay.print()
	if g, errs := Read(name, out); len(errs) > 0 || !Same(f.Root, g.Root) {
		return tidy(f), nil
	}
	return out, nil
}

// tidy is what is done to a file whose layout is out of the ordinary: only its end is put in order.
func tidy(f *File) []byte {
	text := strings.ReplaceAll(strings.Join(f.Lines, "\n"), "\r\n", "\n")
	return bytes.TrimLeft([]byte(strings.TrimRight(text, "\n")+"\n"), "\n")
}

// Same reports whether two trees mean the same: shapes, keys in order, texts.
func Same(a, b *Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Form != b.Form || a.Text != b.Text || a.Empty != b.Empty || len(a.Pairs) != len(b.Pairs) || len(a.Items) != len(b.Items) {
		return false
	}
	for i, p := range a.Pairs {
		if !Same(p.Key, b.Pairs[i].Key) || !Same(p.Val, b.Pairs[i].Val) {
			return false
		}
	}
	for i, n := range a.Items {
		if !Same(n, b.Items[i]) {
			return false
		}
	}
	return true
}

// print puts the lines together. Lines that no node claimed are blank or comments, or a document's --- line.
func (l *layout) print() []byte {
	source := l.f.runes()
	l.comments(source)
	l.align()
	var b strings.Builder
	blanks := 0
	for i, ln := range l.lines {
		text := string(source[i])
		switch {
		case ln.role == inside:
			text = shifted(text, ln.indent)
		case ln.role == code:
			text = strings.Repeat(" ", ln.indent) + ln.text
			if ln.comment != "" {
				text += strings.Repeat(" ", ln.gap) + ln.comment
			}
		case blank(source[i]):
			blanks++
			continue
		case ln.role == comment:
			text = strings.Repeat(" ", ln.indent) + strings.TrimSpace(text)
		}
		if blanks > 0 && b.Len() > 0 {
			b.WriteByte('\n')
		}
		blanks = 0
		b.WriteString(strings.TrimRight(text, " \t") + "\n")
	}
	return []byte(b.String())
}

// shifted moves a line to the right, or to the left as far as it has spaces.
func shifted(text string, by int) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	if by >= 0 {
		return strings.Repeat(" ", by) + text
	}
	return text[min(-by, leading(text)):]
}

// comments gives lines that hold nothing but a comment the indentation of the code that they belong to: the code before that is
// as deep in the source, where they are deeper than the next code line; else the next code line.
func (l *layout) comments(source [][]rune) {
	next, nextOld := 0, 0
	for i := len(source) - 1; i >= 0; i-- {
		ln, old := &l.lines[i], depth(source[i])
		if ln.role == code {
			next, nextOld = ln.indent, old
		}
		if text := trimLeft(source[i]); ln.role != none || len(text) == 0 || text[0] != '#' {
			continue
		}
		ln.role, ln.indent = comment, next
		for j := i - 1; j >= 0 && old > nextOld; j-- {
			if before := depth(source[j]); l.lines[j].role == code && before <= old {
				if before == old {
					ln.indent = l.lines[j].indent
				}
				break
			}
		}
	}
}

// depth is a line's indentation in the source.
func depth(text []rune) int { return len(text) - len(trimLeft(text)) }

// align sets the comments of neighbouring lines below each other.
func (l *layout) align() {
	for i := 0; i < len(l.lines); i++ {
		first, width := i, 0
		for ; i < len(l.lines) && l.lines[i].role == code && l.lines[i].comment != "" && l.lines[i].indent == l.lines[first].indent; i++ {
			width = max(width, l.lines[i].width())
		}
		for j := first; j < i; j++ {
			l.lines[j].gap = width - l.lines[j].width() + 2
		}
		i = max(first, i-1)
	}
}

func (ln line) width() int { return ln.indent + len([]rune(ln.text)) }
