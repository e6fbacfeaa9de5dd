// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"selfsame"
	"selfsame/compute/expr"
	"selfsame/definition/syntax"
)

// object reads one mapping with a known set of keys.
type object struct {
	l    *loader
	ref  string
	n    *syntax.Node
	vals map[string]*syntax.Node
}

// object checks that n is a mapping and that its keys are among keys. what names it in messages.
func (l *loader) object(n *syntax.Node, ref, what string, keys []key) object {
	o := object{l: l, ref: ref, n: n, vals: map[string]*syntax.Node{}}
	if n == nil || n.Bad {
		return o
	}
	if n.Form != syntax.Mapping {
		l.fail(n.Start, ref, fmt.Sprintf("%s is %s, not a map of %s", what, n.Form, strings.Join(keyNames(keys), ", ")), "")
		n.Bad = true
		return o
	}
	for _, p := range n.Pairs {
		if !known(keys, p.Key.Text) {
			hint := suggest(p.Key.Text, keyNames(keys))
			if len(keys) == len(projectKeys) && selfsame.Nearest(p.Key.Text, keyNames(keys)) == "" {
				hint = suggest(p.Key.Text, keyNames(fileKeys)) // settings are not what is looked for
			}
			if p.Key.Text == "<<" {
				hint = "merge keys are not part of the language: write the keys out"
			}
			l.fail(p.Key.Start, ref, what+" has no key "+p.Key.Text, hint)
			continue
		}
		if p.Val.Empty && !p.Val.Bad {
			l.fail(p.Key.Start, ref, p.Key.Text+" has no value", "write one, or remove the line")
			p.Val.Bad = true
		}
		o.vals[p.Key.Text] = p.Val
	}
	return o
}

func known(keys []key, name string) bool {
	for _, k := range keys {
		if k.name == name {
			return true
		}
	}
	return false
}

func keyNames(keys []key) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.name
	}
	return out
}

// suggest is the hint for a name that is not among known.
func suggest(name string, known []string) string {
	if near := selfsame.Nearest(name, known); near != "" {
		return "did you mean " + near + "?"
	}
	switch {
	case len(known) == 0:
		return ""
	case len(known) <= 12:
		return "known: " + strings.Join(known, ", ")
	}
	return fmt.Sprintf("known: %s, … (%d in all)", strings.Join(known[:12], ", "), len(known))
}

func (o object) has(key string) bool { return o.vals[key] != nil }

// pos is the place of a key's value, of the whole object where the key is not there.
func (o object) pos(key string) selfsame.Pos {
	if n := o.vals[key]; n != nil {
		return n.Pos
	}
	return o.n.Start
}

// scalarText returns a scalar's text, or reports that n is something else.
func (l *loader) scalarText(n *syntax.Node, ref, what string) (string, bool) {
	if n == nil || n.Bad {
		return "", false
	}
	if n.Form != syntax.Scalar {
		l.fail(n.Start, ref, fmt.Sprintf("%s is %s, not a single value", what, n.Form), "quote an expression that begins with [ or {")
		return "", false
	}
	if n.Block() && n.Text == "" {
		l.fail(n.Start, ref, "to YAML | and > begin a block of text, and there is none", "quote an expression that begins with one of them")
		return "", false
	}
	if n.Empty || n.Text == "" {
		l.fail(n.Start, ref, what+" is empty", "")
		return "", false
	}
	return n.Text, true
}

// text is a key's scalar, empty where it is not there.
func (o object) text(key string) string {
	s, _ := o.l.scalarText(o.vals[key], o.ref, key)
	return s
}

// word is a scalar that must be one of words; empty where it is not there.
func (o object) word(key string, words ...string) string {
	s, ok := o.l.scalarText(o.vals[key], o.ref, key)
	if !ok {
		return ""
	}
	for _, w := range words {
		if s == w {
			return s
		}
	}
	hint := "did you mean " + selfsame.Nearest(s, words) + "?"
	if selfsame.Nearest(s, words) == "" {
		hint = ""
	}
	o.l.fail(o.vals[key].Pos, o.ref, fmt.Sprintf("%s is %s, not one of %s", key, s, strings.Join(words, ", ")), hint)
	return ""
}

// boolean is true or false; def where the key is not there.
func (o object) boolean(key string, def bool) bool {
	switch o.word(key, "true", "false") {
	case "true":
		return true
	case "false":
		return false
	}
	return def
}

// duration is a span such as 15m; its zero value where the key is not there.
func (o object) duration(key string) selfsame.Duration {
	s, ok := o.l.scalarText(o.vals[key], o.ref, key)
	if !ok {
		return selfsame.Duration{}
	}
	micros, err := expr.ParseDuration(s)
	if err != nil {
		o.l.fail(o.vals[key].Pos, o.ref, fmt.Sprintf("%s: %s is not a duration", key, s),
			"a duration is a whole number and one of us, ms, s, m, h, d, w, such as 15m or 30d")
		return selfsame.Duration{}
	}
	return selfsame.Duration{Set: true, Micros: micros}
}

// integer is a whole number of at least 1; 0 where the key is not there.
func (o object) integer(key string) int64 {
	s, ok := o.l.scalarText(o.vals[key], o.ref, key)
	if !ok {
		return 0
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < 1 || strconv.FormatInt(v, 10) != s {
		o.l.fail(o.vals[key].Pos, o.ref, fmt.Sprintf("%s: %s is not a whole number of at least 1", key, s), "write it in plain digits, such as 100000")
		return 0
	}
	return v
}

// entries are the pairs of a key that is itself a map of definitions.
func (o object) entries(key string) []syntax.Pair {
	n := o.vals[key]
	if n == nil || n.Bad {
		return nil
	}
	if n.Form != syntax.Mapping {
		o.l.fail(n.Start, o.ref, fmt.Sprintf("%s is %s, not a map of names", key, n.Form), "")
		return nil
	}
	return n.Pairs
}

// strings is a map of scalars: tags, rename, a key mapping.
func (o object) strings(key string) map[string]string {
	var out map[string]string
	for _, p := range o.entries(key) {
		s, ok := o.l.scalarText(p.Val, o.ref, key+"."+p.Key.Text)
		if !ok {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[p.Key.Text] = s
	}
	return out
}

// names is one name or a list of names, with the place of each.
func (o object) names(key string) []*syntax.Node {
	n := o.vals[key]
	if n == nil || n.Bad {
		return nil
	}
	if n.Form == syntax.Scalar {
		return []*syntax.Node{n}
	}
	if n.Form == syntax.Mapping {
		o.l.fail(n.Start, o.ref, key+" is a map, not a name or a list of names", "")
		return nil
	}
	var out []*syntax.Node
	for _, item := range n.Items {
		if _, ok := o.l.scalarText(item, o.ref, "an entry of "+key); ok {
			out = append(out, item)
		}
	}
	return out
}

// expression is a scalar that compute/expr will parse; nil where it is not there.
func (o object) expression(key string) *selfsame.Expr {
	if _, ok := o.l.scalarText(o.vals[key], o.ref, key); !ok {
		return nil
	}
	e := o.l.exprOf(o.vals[key])
	return &e
}

func (l *loader) exprOf(n *syntax.Node) selfsame.Expr {
	l.document.texts[n.Pos] = n
	return selfsame.Expr{Text: n.Text, Pos: n.Pos}
}

// places is where each setting stands, for messages of other packages.
func (o object) places() map[string]selfsame.Pos {
	at := make(map[string]selfsame.Pos, len(o.vals))
	for k, n := range o.vals {
		at[k] = n.Pos
	}
	return at
}

var (
	namePattern    = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	versionPattern = regexp.MustCompile(`^v[0-9]+$`)
)

// badName says what is wrong with a name, and what would be right; empty where it is right.
func badName(name string) (string, string) {
	switch {
	case !namePattern.MatchString(name):
		return "is not a name", "a name is lower case letters, digits and _, and begins with a letter" + lowered(name)
	case strings.Contains(name, "__"):
		return "holds __", "two underscores separate view and feature in the names of outputs: use one"
	case name == "online" || name == "batch" || versionPattern.MatchString(name):
		return "is a reserved word", "online, batch and v1, v2, … name nothing"
	}
	return "", ""
}

// lowered offers the nearest right name.
func lowered(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case r >= 'A' && r <= 'Z':
			if i > 0 && !strings.HasSuffix(b.String(), "_") {
				b.WriteByte('_')
			}
			b.WriteRune(r + 'a' - 'A')
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		default:
			if b.Len() > 0 && !strings.HasSuffix(b.String(), "_") {
				b.WriteByte('_')
			}
		}
	}
	if s := strings.Trim(b.String(), "_"); namePattern.MatchString(s) {
		return ": " + s
	}
	return ""
}

// name reports a name that breaks the rules.
func (l *loader) name(n *syntax.Node, ref, name string) bool {
	what, hint := badName(name)
	if what == "" {
		return true
	}
	l.fail(n.Start, ref, strconv.Quote(name)+" "+what, hint)
	return false
}

// define notes that a definition has a name. What is told of it from here on is told only where no other has that name.
func (l *loader) define(p syntax.Pair) bool {
	l.current.named = l.name(p.Key, "", p.Key.Text)
	l.current.middle = len(l.errs)
	return l.current.named
}

func itoa(n int) string { return strconv.Itoa(n) }
