// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"strings"

	"selfsame"
	"selfsame/definition/syntax"
)

func (l *loader) service(p syntax.Pair) {
	ref := "service " + p.Key.Text
	o := l.object(p.Val, ref, "a service", serviceKeys)
	if !l.define(p) {
		return
	}
	s := &selfsame.FeatureService{Name: p.Key.Text, Pos: p.Key.Start, Description: o.text("description"), Owner: o.text("owner"), Tags: o.strings("tags")}
	n := o.vals["features"]
	switch {
	case n == nil && !p.Val.Bad, n != nil && !n.Bad && n.Form == syntax.Sequence && len(n.Items) == 0:
		l.fail(p.Key.Start, ref, "a service has features", "add a list of references such as features: [user_spend.*]")
	case n != nil && !n.Bad && n.Form != syntax.Sequence:
		l.fail(n.Start, ref, fmt.Sprintf("features is %s, not a list of references", n.Form), "write features: [view.feature, other_view.*]")
	case n != nil:
		for _, item := range n.Items {
			if e, ok := l.entry(item, ref); ok {
				s.Features = append(s.Features, e)
			}
		}
	}
	l.current.service = s
}

// entry reads one line of a service's list. A bare name stays in Feature with no View; the checks resolve it.
func (l *loader) entry(n *syntax.Node, ref string) (selfsame.ServiceEntry, bool) {
	if n.Form == syntax.Scalar {
		text, ok := l.scalarText(n, ref, "a reference")
		if !ok {
			return selfsame.ServiceEntry{}, false
		}
		return l.reference(n, ref, text)
	}
	o := l.object(n, ref, "an entry of features", entryKeys)
	if n.Bad {
		return selfsame.ServiceEntry{}, false
	}
	e := selfsame.ServiceEntry{Pos: n.Start}
	switch {
	case o.has("view") == o.has("feature") && len(o.vals) < len(n.Pairs):
		return e, false // an unknown key, which is reported
	case o.has("view") == o.has("feature"):
		l.fail(n.Start, ref, "an entry names either a view or a feature", "write {view: …, prefix: …} or {feature: view.feature, as: …}")
		return e, false
	case o.has("view"):
		e.View = o.text("view")
		e.Pos = o.pos("view")
	default:
		f := o.vals["feature"]
		text, ok := l.scalarText(f, ref, "feature")
		if !ok {
			return e, false
		}
		if e, ok = l.reference(f, ref, text); !ok {
			return e, false
		}
		if e.Feature == "" {
			l.fail(f.Pos, ref, "feature: "+text+" names a whole view", "write view: "+e.View)
			return e, false
		}
	}
	e.Key, e.As = o.strings("key"), o.text("as")
	if p := o.vals["prefix"]; p != nil && !p.Bad {
		e.HasPrefix, e.Prefix = true, p.Text
		if p.Form != syntax.Scalar || p.Text != "" && badPrefix(p.Text) {
			l.fail(p.Pos, ref, "prefix: "+quoted(p.Text)+" is not the beginning of a name", "a prefix is lower case letters, digits and _, such as origin_")
		}
	}
	return e, l.entryWords(o, e) && (e.View != "" || e.Feature != "")
}

func badPrefix(s string) bool { return !namePattern.MatchString(s) }

// entryWords checks the keys of the long form against each other.
func (l *loader) entryWords(o object, e selfsame.ServiceEntry) bool {
	if e.As != "" && e.Feature == "" {
		l.fail(o.pos("as"), o.ref, "as names one output, and this entry has several", "use prefix, or name one feature")
		return false
	}
	if e.As != "" && e.HasPrefix {
		l.fail(o.pos("as"), o.ref, "as and prefix both name the output", "keep one of them")
	}
	if e.As != "" {
		l.name(o.vals["as"], o.ref, e.As)
	}
	return true
}

// reference reads view.feature, view:feature, view.*, a bare feature, and a pin behind @.
func (l *loader) reference(n *syntax.Node, ref, text string) (selfsame.ServiceEntry, bool) {
	e := selfsame.ServiceEntry{Pos: n.Pos}
	name, pin, pinned := strings.Cut(text, "@")
	if pinned && !isVersion(pin) && !(digits(pin) && pin != "0") {
		l.fail(n.Pos, ref, "the pin @"+pin+" is not a version", "pin a major version, as in "+name+"@2, or a whole one, as in "+name+"@1.1.0")
		return e, false
	}
	e.Version = pin
	view, feature, split := strings.Cut(name, ".")
	if !split {
		view, feature, split = strings.Cut(name, ":")
	}
	switch {
	case !split:
		e.Feature = name
	case feature == "*":
		e.View = view
		if pinned {
			l.fail(n.Pos, ref, "a whole view is not pinned: versions belong to features", "pin the features one by one")
			return e, false
		}
	default:
		e.View, e.Feature = view, feature
	}
	for _, part := range []string{e.View, e.Feature} {
		if part != "" && !namePattern.MatchString(part) || split && view == "" || name == "" {
			l.fail(n.Pos, ref, quoted(text)+" is not a reference", "a reference is view.feature, view.* or view.feature@2")
			return e, false
		}
	}
	return e, true
}
