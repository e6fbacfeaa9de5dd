// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd      tokenKind = iota
	tokenWord               // identifier or keyword, as written
	tokenQuoted             // "identifier", unescaped
	tokenString             // 'string', unescaped
	tokenInteger            // 42
	tokenPoint              // 4.2
	tokenExponent           // 4.2e1
	tokenDuration           // 7d
	tokenSymbol
)

type token struct {
	kind tokenKind
	text string
	off  int
}

// is reports whether t is the keyword or symbol.
func (t token) is(word string) bool {
	return t.kind == tokenSymbol && t.text == word || t.kind == tokenWord && strings.EqualFold(t.text, word)
}

// describe names the token in messages.
func (t token) describe() string {
	switch t.kind {
	case tokenEnd:
		return "the end of the expression"
	case tokenString:
		return "a string"
	case tokenQuoted:
		return `"` + t.text + `"`
	}
	return "`" + t.text + "`"
}

var symbols = []string{"//", "||", "<>", "!=", "<=", ">=", "==", "::", "+", "-", "*", "/", "%", "=", "<", ">", "(", ")", "[", "]", ",", "."}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// scan cuts a text into tokens, the last of kind tokenEnd. It reports failures by p.fail.
func (p *parser) scan() {
	s := p.src.s
	if !utf8.ValidString(s) {
		p.fail(0, "the expression is not valid UTF-8", "")
	}
	for i := 0; ; {
		for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
			i++
		}
		if i == len(s) {
			p.tokens = append(p.tokens, token{kind: tokenEnd, off: i})
			return
		}
		t := token{off: i}
		switch c := s[i]; {
		case isLetter(c):
			i = p.scanWord(&t, i)
		case isDigit(c), c == '.' && i+1 < len(s) && isDigit(s[i+1]) && !p.afterName():
			i = p.scanNumber(&t, i)
		case c == '\'':
			t.kind = tokenString
			i = p.scanQuoted(&t, i)
		case c == '"':
			t.kind = tokenQuoted
			i = p.scanQuoted(&t, i)
		default:
			i = p.scanSymbol(&t, i)
		}
		p.tokens = append(p.tokens, t)
	}
}

// afterName reports whether the token before is a name, so that a point continues it.
func (p *parser) afterName() bool {
	if len(p.tokens) == 0 {
		return false
	}
	k := p.tokens[len(p.tokens)-1].kind
	return k == tokenWord || k == tokenQuoted
}

func (p *parser) scanWord(t *token, i int) int {
	s := p.src.s
	start := i
	for i < len(s) && (isLetter(s[i]) || isDigit(s[i])) {
		i++
	}
	t.kind, t.text = tokenWord, s[start:i]
	return i
}

func (p *parser) scanNumber(t *token, i int) int {
	s := p.src.s
	start := i
	digits := func() {
		for i < len(s) && isDigit(s[i]) {
			i++
		}
	}
	t.kind = tokenInteger
	digits()
	if i < len(s) && s[i] == '.' {
		t.kind = tokenPoint
		i++
		if i == len(s) || !isDigit(s[i]) {
			p.fail(start, "a digit must follow the point of a number", "write "+s[start:i]+"0")
		}
		digits()
	}
	if j := i + 1; i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j < len(s) && isDigit(s[j]) {
			t.kind, i = tokenExponent, j
			digits()
		}
	}
	if i < len(s) && isLetter(s[i]) {
		for i < len(s) && (isLetter(s[i]) || isDigit(s[i])) {
			i++
		}
		if t.kind != tokenInteger {
			p.fail(start, "`"+s[start:i]+"` is not a number", "")
		}
		t.kind = tokenDuration
	}
	t.text = strings.ToLower(s[start:i])
	return i
}

// scanQuoted reads a string or a quoted identifier; a quote inside is doubled.
func (p *parser) scanQuoted(t *token, i int) int {
	s, quote := p.src.s, p.src.s[i]
	var b strings.Builder
	for i++; i < len(s); i++ {
		if s[i] != quote {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == quote {
			b.WriteByte(quote)
			i++
			continue
		}
		t.text = b.String()
		if t.kind == tokenQuoted && t.text == "" {
			p.fail(t.off, "a quoted name is empty", `strings stand in single quotes, names in "double" ones`)
		}
		return i + 1
	}
	p.fail(t.off, "a quote is not closed", "a quote inside a string is written twice: 'it''s'")
	return 0
}

func (p *parser) scanSymbol(t *token, i int) int {
	for _, sym := range symbols {
		if strings.HasPrefix(p.src.s[i:], sym) {
			t.kind, t.text = tokenSymbol, sym
			return i + len(sym)
		}
	}
	r, _ := utf8.DecodeRuneInString(p.src.s[i:])
	hint := ""
	switch r {
	case '`', '“', '”':
		hint = `names that need quotes stand in double quotes: "order"`
	case '‘', '’':
		hint = "strings stand in straight single quotes: 'text'"
	case '^':
		hint = "write pow(x, y)"
	case '&':
		hint = "write AND"
	case '|':
		hint = "write OR, or || to join strings"
	case '!':
		hint = "write NOT, or <> for unequal"
	case '{', ';', '$', '@', '?', ':':
		hint = "an expression is SQL: columns, operators and calls"
	default:
		if r > utf8.RuneSelf {
			hint = `names with other letters than a-z stand in double quotes`
		}
	}
	p.fail(i, "unexpected character "+string(r), hint)
	return 0
}
