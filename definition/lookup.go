// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"slices"
	"strings"

	"selfsame"
	"selfsame/compute/expr"
	"selfsame/plan"
)

// checkSourceViews checks the windowed and as-of views, each after those that it looks up.
func (l *loader) checkSourceViews() {
	done := map[string]bool{}
	for _, v := range l.p.Views {
		if v.Kind != selfsame.OnDemandView {
			l.sourceView(v, nil, done)
		}
	}
}

// sourceView checks v. path are the views that are being checked because of each other.
func (l *loader) sourceView(v *selfsame.FeatureView, path []string, done map[string]bool) {
	if done[v.Name] {
		return
	}
	if at := slices.Index(path, v.Name); at >= 0 {
		circle := strings.Join(append(slices.Clone(path[at:]), v.Name), " reads ")
		l.fail(v.Pos, "view "+v.Name, "the views look each other up in a circle: "+circle, "move what both need to a view of its own")
		l.types[v.Name] = map[string]selfsame.Type{incomplete: {}}
		done[v.Name] = true
		return
	}
	looked := l.parts["view "+v.Name].reads
	v.LooksUp = v.Kind == selfsame.WindowedView && len(looked) > 0
	for _, name := range looked {
		if w := l.viewOf(name); v.LooksUp && w != nil && w.Kind != selfsame.OnDemandView {
			l.sourceView(w, append(path, v.Name), done)
		}
	}
	if done[v.Name] {
		return
	}
	done[v.Name] = true
	l.checking(v, func() {
		if v.Kind == selfsame.WindowedView {
			l.checkInputs(v)
		}
		l.checkSourceView(v)
		l.checkAhead(v)
		if l.notServed(v) != "" {
			l.trainingOnly(v)
		}
	})
}

// checkAhead finds out whether a view looks forward: either all of its windows do, or none.
func (l *loader) checkAhead(v *selfsame.FeatureView) {
	var back, ahead *selfsame.Feature
	for i := range v.Features {
		f := &v.Features[i]
		n, err := expr.Parse(f.Value)
		if err != nil {
			continue
		}
		expr.Walk(n, func(n expr.Node) bool {
			a, ok := n.(*expr.Aggregate)
			switch {
			case ok && len(a.Over) > 0 && a.Over[0].Kind == selfsame.Ahead:
				ahead = f
			case ok:
				back = f
			}
			return !ok
		})
	}
	v.Ahead = ahead != nil
	if v.Ahead && back != nil {
		l.fail(ahead.Pos, "view "+v.Name, "the feature "+ahead.Name+" looks forward and "+back.Name+" looks back", "a view of labels has windows `next …` only: move one of the two to a view of its own")
	}
	if pos, said := v.At["as_of"]; v.Ahead && said {
		l.fail(pos, "view "+v.Name, "as_of has no meaning for labels: they know everything that was admitted", "remove as_of")
	}
}

// trainingOnly marks a view that live serving cannot follow.
func (l *loader) trainingOnly(v *selfsame.FeatureView) {
	if pos, said := v.At["online"]; said && !v.Offline {
		l.fail(pos, "view "+v.Name, "online: true, and "+l.notServed(v), "leave online out: the view is for training")
	}
	v.Offline = true
}

// named are the views that a view's expressions name, sorted.
func (l *loader) named(v *selfsame.FeatureView, drafts []draft) []string {
	s := scope{t: l.typing, v: v}
	names := map[string]bool{}
	for _, e := range expressions(v, drafts) {
		for _, r := range lookupsIn(e) {
			names[s.role(r.Parts[0])] = true
		}
	}
	return sortedKeys(names)
}

// expressions are those of a view's features that can be parsed, and of a view with a source its where and key.
func expressions(v *selfsame.FeatureView, drafts []draft) []expr.Node {
	var texts []selfsame.Expr
	for _, d := range drafts {
		if !d.bad {
			texts = append(texts, d.feature.Value)
		}
	}
	if v.Kind == selfsame.OnDemandView {
		return parsed(texts)
	}
	if v.Where != nil {
		texts = append(texts, *v.Where)
	}
	for _, k := range sortedKeys(v.Key) {
		texts = append(texts, v.Key[k])
	}
	return parsed(texts)
}

// parsed are the expressions that can be parsed.
func parsed(texts []selfsame.Expr) []expr.Node {
	var out []expr.Node
	for _, e := range texts {
		if n, err := expr.Parse(e); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// lookupsIn are the references of an expression that name another view.
func lookupsIn(n expr.Node) []*expr.Ref {
	var out []*expr.Ref
	expr.Walk(n, func(n expr.Node) bool {
		if r, ok := n.(*expr.Ref); ok && len(r.Parts) == 2 {
			out = append(out, r)
		}
		return true
	})
	return out
}

// looked resolves view.feature in an expression over rows: its value as of the row's own event time.
func (s *scope) looked(n *expr.Ref, fail func(expr.Node, string, string)) (selfsame.Type, bool) {
	role := n.Parts[0]
	name := s.role(role)
	w := s.t.viewOf(name)
	switch {
	case w == nil:
		fail(n, s.sourceNames()+" has no field "+dotted(n.Parts)+", and there is no view or input "+role, suggest(role, s.reachable()))
		return selfsame.Type{}, false
	case s.v.Kind != selfsame.WindowedView:
		fail(n, "an as-of view has its own row: "+dotted(n.Parts)+" is of another view", "read both in an on-demand view")
		return selfsame.Type{}, false
	case w.Kind == selfsame.OnDemandView:
		fail(n, "the view "+name+" is on demand: it has values for requests, not for events", "look up the views that it reads")
		return selfsame.Type{}, false
	case w.Ahead:
		fail(n, "the view "+name+" looks forward: at an event nobody knows its values", "look up views that look back")
		return selfsame.Type{}, false
	case w == s.v:
		return selfsame.Type{}, false // a circle, which is reported
	}
	for i := range w.Features {
		if w.Features[i].Name == n.Parts[1] && plan.AsksRow(&w.Features[i]) {
			fail(n, dotted(n.Parts)+" takes something from the row that asks (`with request`, `up to`), and events are no requests", "look up a feature over a window of its own")
			return selfsame.Type{}, false
		}
	}
	typ, ok := s.demand(n, fail)
	return typ, ok && s.filled(n, w, fail)
}

// filled checks that fields of the source fill the key of a view that is looked up.
func (s *scope) filled(n *expr.Ref, w *selfsame.FeatureView, fail func(expr.Node, string, string)) bool {
	e := s.t.entityOf(w.Entity)
	if e == nil {
		return true // the whole world, or a mistake that is reported
	}
	var mapping map[string]string
	for _, in := range s.v.Inputs {
		if in.Role == n.Parts[0] {
			mapping = in.Key
			break
		}
	}
	sound := true
	for _, k := range e.Key {
		column := k.Name
		if mapping[k.Name] != "" {
			column = mapping[k.Name]
		}
		if plan.IsKeyExpression(column) {
			continue // checked with the inputs
		}
		f := field(s.fields, column)
		switch {
		case f == nil:
			hint := "write inputs: {" + n.Parts[0] + ": {view: " + w.Name + ", key: {" + k.Name + ": FIELD}}}"
			if near := selfsame.Nearest(column, s.names); near != "" {
				hint = strings.ReplaceAll(hint, "FIELD", near)
			}
			fail(n, s.sourceNames()+" has no field "+column+", the key of "+w.Name, hint)
			sound = false
		case !f.Type.Equal(k.Type) && f.Type.Kind != selfsame.Unknown && k.Type.Kind != selfsame.Unknown:
			fail(n, "the field "+column+" is "+f.Type.String()+" and fills the key "+k.Name+" of "+w.Name+", which is "+k.Type.String(), "declare one type in both")
			sound = false
		}
	}
	return sound
}

// notServed says why live serving has no values of a view, whatever it says of itself; empty where it may have.
func (l *loader) notServed(v *selfsame.FeatureView) string {
	if v.Ahead {
		return "the view " + v.Name + " looks forward (`next …`): its values are labels, which nobody knows when they are asked for"
	}
	if !v.LooksUp {
		return ""
	}
	for _, k := range sortedKeys(v.Key) {
		if n, err := expr.Parse(v.Key[k]); err == nil && len(lookupsIn(n)) > 0 {
			return "the view " + v.Name + " looks its key " + k + " up as of each event, which live serving does not follow: a late row of the other view would move events from key to key"
		}
	}
	for _, name := range l.parts["view "+v.Name].reads {
		if w := l.viewOf(name); w != nil && w.Offline {
			return "the view " + v.Name + " looks up " + name + ", which is for training only"
		}
	}
	return ""
}

// refuseUnserved reports the features of an entry of a service that live serving cannot have.
func (l *loader) refuseUnserved(e *selfsame.ServiceEntry, ref string, v *selfsame.FeatureView) {
	for i := range v.Features {
		f := &v.Features[i]
		if e.Feature != "" && f.Name != e.Feature {
			continue
		}
		if why := l.unserved(v, f); why != "" {
			l.fail(e.Pos, ref, v.Name+"."+f.Name+" cannot be served: "+why, "take it out of the service, and train it with `selfsame train SERVICE --labels "+v.Name+"."+f.Name+"`")
			return
		}
	}
}

// unserved says why live serving has no values of a feature, itself or by what it reads.
func (l *loader) unserved(v *selfsame.FeatureView, f *selfsame.Feature) string {
	if v.Kind != selfsame.OnDemandView {
		return l.notServed(v)
	}
	n, err := expr.Parse(f.Value)
	if err != nil {
		return ""
	}
	s := scope{t: l.typing, v: v}
	for _, r := range lookupsIn(n) {
		w := l.p.View(s.role(r.Parts[0]))
		if w == nil {
			continue
		}
		for i := range w.Features {
			if w.Features[i].Name != r.Parts[1] {
				continue
			}
			if why := l.unserved(w, &w.Features[i]); why != "" {
				return why
			}
		}
	}
	return ""
}
