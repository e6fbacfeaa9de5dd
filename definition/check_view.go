// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"selfsame"
)

// checkSourceView checks a windowed or as-of view.
func (l *loader) checkSourceView(v *selfsame.FeatureView) {
	sound := l.checkSources(v)
	l.checkEntity(v)
	if !sound {
		l.types[v.Name] = map[string]selfsame.Type{incomplete: {}}
		return
	}
	l.checkStatic(v)
	s, err := l.scope(v)
	if err != nil {
		return // an unknown source, which is reported
	}
	if v.Where != nil {
		l.condition(*v.Where, "view "+v.Name, "where", s)
	}
	l.checkKey(v, s)
	l.checkSeason(v)
	l.checkFeatures(v, s)
}

// checkSources checks that the sources exist and go together.
func (l *loader) checkSources(v *selfsame.FeatureView) bool {
	ref, sound, seen := "view "+v.Name, len(v.Source) > 0, map[string]bool{}
	var first *selfsame.Source
	for _, name := range v.Source {
		pos := v.At["source "+name]
		s := l.sourceOf(name)
		switch {
		case s == nil:
			sound = false
			if !l.placed("source " + name) {
				l.missing(pos, ref, "source", name, sourceNames(l.p))
			}
			continue
		case seen[name]:
			l.fail(pos, ref, "the source "+name+" is named twice", "remove one of the two")
			sound = false
		case len(s.Schema) == 0:
			sound = false
		case first == nil:
			first = s
		case first.KeepNaN != s.KeepNaN:
			l.fail(pos, ref, "the sources "+first.Name+" and "+name+" treat NaN differently", "give both the same nan: setting")
		case static(first) != static(s):
			l.fail(pos, ref, "one of the sources "+first.Name+" and "+name+" has no event time", "a stream of several sources has event times in all of them")
		}
		seen[name] = true
	}
	l.checkOrders(v)
	return sound
}

// checkOrders checks that rows of several sources can be put in one order: their order fields have one type.
func (l *loader) checkOrders(v *selfsame.FeatureView) {
	var first *selfsame.Source
	var t selfsame.Type
	for _, name := range v.Source {
		s := l.sourceOf(name)
		if s == nil || s.Order == "" {
			continue
		}
		f := field(s.Schema, s.Order)
		switch {
		case f == nil || f.Type.Kind == selfsame.Unknown:
		case first == nil:
			first, t = s, f.Type
		case !f.Type.Equal(t):
			l.fail(v.At["source "+name], "view "+v.Name, "the order of "+first.Name+" is "+t.String()+" and that of "+name+" is "+f.Type.String(),
				"give both order fields one type, so that their rows stand in one order")
		}
	}
}

func sourceNames(p *selfsame.Project) []string {
	var out []string
	for _, s := range p.Sources {
		out = append(out, s.Name)
	}
	return out
}

// static reports whether a source's rows have no event time.
func static(s *selfsame.Source) bool { return s.EventTime == "" }

func (l *loader) checkStatic(v *selfsame.FeatureView) {
	s := l.sourceOf(v.Source[0])
	if !static(s) || s.At["event_time"].Line > 0 { // an event_time that cannot be read is reported
		return
	}
	if v.Kind == selfsame.WindowedView {
		l.fail(v.At["source"], "view "+v.Name, "the source "+s.Name+" has no event_time, and aggregates have windows over it",
			"name the field that says when a row happened, or make a view of plain columns")
	}
	if pos, ok := v.At["ttl"]; ok && v.Kind == selfsame.AsOfView {
		l.fail(pos, "view "+v.Name, "the source "+s.Name+" has no event_time, so its rows have no age", "remove ttl")
	}
}

func (l *loader) checkEntity(v *selfsame.FeatureView) {
	if v.Entity == "" {
		return
	}
	if l.entityOf(v.Entity) == nil && !l.placed("entity "+v.Entity) {
		var names []string
		for _, e := range l.p.Entities {
			names = append(names, e.Name)
		}
		l.missing(v.At["entity"], "view "+v.Name, "entity", v.Entity, names)
	}
}

// checkKey checks that every key field of the entity has a value of its type in the source.
func (l *loader) checkKey(v *selfsame.FeatureView, s *scope) {
	ref := "view " + v.Name
	e := l.entityOf(v.Entity)
	if e == nil {
		if v.Entity == "" && v.Key != nil {
			l.fail(v.At["key"], ref, "the view has a key and no entity", "name the entity, or remove the key")
		}
		return
	}
	for _, name := range sortedKeys(v.Key) {
		if field(e.Key, name) == nil {
			l.fail(v.At["key "+name], ref, "the entity "+e.Name+" has no key field "+name, suggest(name, fieldNames(e.Key)))
		}
	}
	for _, k := range e.Key {
		mapped, ok := v.Key[k.Name]
		if ok {
			l.checkKeyExpr(mapped, ref, k, s)
			continue
		}
		f := field(s.fields, k.Name)
		switch {
		case f == nil:
			hint := "map it, as in key: {" + k.Name + ": field}"
			if near := selfsame.Nearest(k.Name, s.names); near != "" {
				hint = "map it, as in key: {" + k.Name + ": " + near + "}"
			}
			l.fail(v.At["entity"], ref, s.sourceNames()+" has no field "+k.Name+", the key of the entity "+e.Name, hint)
		case !f.Type.Equal(k.Type) && f.Type.Kind != selfsame.Unknown && k.Type.Kind != selfsame.Unknown:
			l.fail(v.At["entity"], ref, "the key field "+k.Name+" is "+f.Type.String()+" in "+s.sourceNames()+" and "+k.Type.String()+" in the entity "+e.Name,
				"declare one type in both, or convert it, as in key: {"+k.Name+": cast("+k.Name+" as "+k.Type.String()+")}")
		}
	}
}

func (l *loader) checkKeyExpr(e selfsame.Expr, ref string, k selfsame.Field, s *scope) {
	n, ok := l.parse(e, ref)
	if !ok {
		return
	}
	t, problems := s.check(n, rowUse)
	for _, p := range problems {
		l.problem(e, ref, p)
	}
	if len(problems) == 0 && t.Kind != selfsame.Unknown && k.Type.Kind != selfsame.Unknown && !t.Equal(k.Type) {
		l.fail(e.Pos, ref, "the key field "+k.Name+" is "+k.Type.String()+", and the expression is "+t.String(), "write cast("+e.Text+" as "+k.Type.String()+")")
	}
}
