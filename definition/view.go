// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"strings"

	"selfsame"
	"selfsame/definition/syntax"
)

// draft is a feature as its author wrote it, before windows are expanded and types are known.
type draft struct {
	feature  selfsame.Feature
	deflt    *syntax.Node // of default, min and max: typed when the feature's type is known
	min, max *syntax.Node
	column   bool // an entry of a list of columns
	bad      bool // its expression cannot be read
}

func (l *loader) view(p syntax.Pair) {
	ref := "view " + p.Key.Text
	o := l.object(p.Val, ref, "a view", viewKeys)
	if !l.define(p) {
		return
	}
	v := &selfsame.FeatureView{Name: p.Key.Text, Pos: p.Key.Start, Description: o.text("description"), Owner: o.text("owner"), Tags: o.strings("tags"),
		Entity: o.text("entity"), Where: o.expression("where"), Season: o.expression("season"), TTL: o.duration("ttl"), AsOf: o.duration("as_of"), MaxValues: o.integer("max_values"),
		Closed: selfsame.ClosedBoth, Offline: !o.boolean("online", true), At: o.places()}
	if o.word("closed", "both", "left") == "left" {
		v.Closed = selfsame.ClosedLeft
	}
	for _, n := range o.names("source") {
		v.Source = append(v.Source, n.Text)
		v.At["source "+n.Text] = n.Pos
	}
	for _, e := range o.entries("key") {
		if _, ok := l.scalarText(e.Val, ref, "key."+e.Key.Text); ok {
			if v.Key == nil {
				v.Key = map[string]selfsame.Expr{}
			}
			v.Key[e.Key.Text] = l.exprOf(e.Val)
			v.At["key "+e.Key.Text] = e.Key.Start
		}
	}
	if o.has("request") {
		v.Request = l.fields(o, "request", true)
	}
	l.inputs(v, o)
	l.current.view, l.current.drafts = v, l.features(v, o)
}

func (l *loader) inputs(v *selfsame.FeatureView, o object) {
	for _, e := range o.entries("inputs") {
		if !l.name(e.Key, o.ref, e.Key.Text) {
			continue
		}
		in := l.object(e.Val, o.ref, "an input", inputKeys)
		if !e.Val.Bad && !in.has("view") {
			l.fail(e.Key.Start, o.ref, "the input "+e.Key.Text+" names no view", "write it as "+e.Key.Text+": {view: …, key: {…}}")
		}
		v.Inputs = append(v.Inputs, selfsame.Input{Role: e.Key.Text, View: in.text("view"), Key: in.strings("key"), Pos: e.Key.Start})
	}
}

// features reads the features of a view: a map of expressions and long forms, or a list of columns.
func (l *loader) features(v *selfsame.FeatureView, o object) (drafts []draft) {
	n := o.vals["features"]
	switch {
	case n == nil && o.n.Bad, n != nil && n.Bad:
		return []draft{{bad: true}}
	case n == nil || n.Form != syntax.Scalar && len(n.Pairs) == 0 && len(n.Items) == 0:
		l.fail(v.Pos, o.ref, "a view has features", "add a map of names and expressions, or a list of columns")
		return []draft{{bad: true}}
	case n.Form == syntax.Scalar:
		l.fail(n.Start, o.ref, "features is a single value, not a map of names and expressions or a list of columns", "write features: ["+n.Text+"]")
		return []draft{{bad: true}}
	}
	for _, e := range n.Pairs {
		drafts = append(drafts, l.feature(v.Name, e))
	}
	for _, item := range n.Items {
		drafts = append(drafts, l.column(v.Name, item))
	}
	return drafts
}

// column reads an entry of a list of columns.
func (l *loader) column(view string, n *syntax.Node) draft {
	text, ok := l.scalarText(n, "view "+view, "an entry of features")
	d := draft{column: true, bad: !ok}
	if ok && !namePattern.MatchString(text) {
		l.fail(n.Pos, "view "+view, "the list of features holds "+quoted(text)+", which is not a column's name",
			"a list names columns; write expressions as a map of names and expressions")
		d.bad = true
	}
	if !d.bad {
		d.bad = !l.name(n, "view "+view, text)
		d.feature = selfsame.Feature{Name: text, Declared: text, Value: l.exprOf(n), Pos: n.Start}
	}
	return d
}

// feature reads one entry of a map of features, short or long.
func (l *loader) feature(view string, p syntax.Pair) draft {
	ref := view + "." + p.Key.Text
	d := draft{feature: selfsame.Feature{Name: p.Key.Text, Declared: p.Key.Text, Pos: p.Key.Start}}
	d.bad = !l.name(p.Key, "view "+view, p.Key.Text)
	switch {
	case p.Val.Bad:
		d.bad = true
	case p.Val.Form == syntax.Sequence:
		l.fail(p.Val.Start, ref, "a feature is a list", "quote an expression that begins with [")
		d.bad = true
	case p.Val.Form == syntax.Mapping:
		l.longForm(&d, ref, p)
	default:
		if _, ok := l.scalarText(p.Val, ref, "the feature"); ok {
			d.feature.Value = l.exprOf(p.Val)
		} else {
			d.bad = true
		}
	}
	return d
}

func (l *loader) longForm(d *draft, ref string, p syntax.Pair) {
	o := l.object(p.Val, ref, "a feature", featureKeys)
	f := &d.feature
	f.Description, f.Owner, f.Tags = o.text("description"), o.text("owner"), o.strings("tags")
	f.Cast, f.Version = o.word("cast", "float32", "int32"), o.text("version")
	if f.Version != "" && !isVersion(f.Version) {
		l.fail(o.pos("version"), ref, "version: "+f.Version+" is not a version", "a version is three whole numbers, such as 1.1.0")
	}
	if e := o.expression("value"); e != nil {
		f.Value = *e
	} else {
		d.bad = true
		if !o.has("value") && !p.Val.Bad {
			l.fail(p.Key.Start, ref, "the feature has no value", "add value: and an expression")
		}
	}
	d.deflt = o.vals["default"]
	if n := o.vals["expect"]; n != nil {
		e := l.object(n, ref, "expect", expectKeys)
		f.Expect = &selfsame.Expectation{Nulls: l.percent(e, "nulls"), Block: e.word("on_failure", "warn", "block") == "block", Pos: n.Start}
		d.min, d.max = e.vals["min"], e.vals["max"]
	}
}

// isVersion reports whether s is a version as authors write it: 1.1.0.
func isVersion(s string) bool {
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return false
	}
	for _, p := range parts {
		if !digits(p) {
			return false
		}
	}
	return true
}

// digits reports whether s is a whole number without leading zeros, of at most nine digits.
func digits(s string) bool {
	if s == "" || len(s) > 9 || len(s) > 1 && s[0] == '0' {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}
