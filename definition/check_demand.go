// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"slices"
	"strings"

	"selfsame"
	"selfsame/plan"
)

// checkDemandViews checks the on-demand views, each after those that it reads.
func (l *loader) checkDemandViews() {
	done := map[string]bool{}
	for _, v := range l.p.Views {
		if v.Kind == selfsame.OnDemandView {
			l.demandView(v, nil, done)
		}
	}
}

// demandView checks v. path are the views that are being checked because of each other.
func (l *loader) demandView(v *selfsame.FeatureView, path []string, done map[string]bool) {
	if done[v.Name] {
		return
	}
	if at := slices.Index(path, v.Name); at >= 0 {
		circle := strings.Join(append(slices.Clone(path[at:]), v.Name), " reads ")
		l.fail(v.Pos, "view "+v.Name, "the on-demand views read each other in a circle: "+circle, "move what both need to a view of its own")
		l.types[v.Name] = map[string]selfsame.Type{incomplete: {}}
		done[v.Name] = true
		return
	}
	for _, name := range l.parts["view "+v.Name].reads {
		if w := l.viewOf(name); w != nil && w.Kind == selfsame.OnDemandView {
			l.demandView(w, append(path, v.Name), done)
		}
	}
	if done[v.Name] {
		return
	}
	done[v.Name] = true
	l.checking(v, func() {
		l.checkInputs(v)
		s, err := l.scope(v)
		if err != nil {
			return
		}
		l.checkFeatures(v, s)
		l.checkRequest(v)
	})
}

func (l *loader) checkInputs(v *selfsame.FeatureView) {
	ref := "view " + v.Name
	for _, in := range v.Inputs {
		if in.View == "" {
			continue
		}
		if in.Role != in.View && l.viewOf(in.Role) != nil {
			l.fail(in.Pos, ref, "the input "+in.Role+" has the name of another view", "give the role a name of its own")
		}
		w := l.viewOf(in.View)
		if w == nil {
			if !l.placed("view " + in.View) {
				l.missing(in.Pos, ref, "view", in.View, viewNames(l.p))
			}
			continue
		}
		s, err := l.scope(v)
		if err != nil {
			return // an unknown source, which is reported
		}
		l.checkMapping(in.Pos, ref, w, in.Key, s)
	}
}

func viewNames(p *selfsame.Project) []string {
	var out []string
	for _, v := range p.Views {
		out = append(out, v.Name)
	}
	return out
}

// checkMapping checks that a key mapping names key fields of the entity of w. s is what expressions in it may read; nil: there are none.
func (l *loader) checkMapping(pos selfsame.Pos, ref string, w *selfsame.FeatureView, key map[string]string, s *scope) {
	if len(key) == 0 {
		return
	}
	if w.Kind == selfsame.OnDemandView {
		l.fail(pos, ref, "the view "+w.Name+" is on demand and has no key", "name the columns in its own inputs")
		return
	}
	if w.Entity == "" {
		l.fail(pos, ref, "the view "+w.Name+" has no entity, so it has no key", "remove the key mapping")
		return
	}
	e := l.entityOf(w.Entity)
	if e == nil {
		return
	}
	for _, name := range sortedKeys(key) {
		if k := field(e.Key, name); k != nil && plan.IsKeyExpression(key[name]) {
			l.checkKeyMapping(pos, ref, *k, key[name], s)
		} else if k == nil {
			l.fail(pos, ref, "the entity "+e.Name+" of the view "+w.Name+" has no key field "+name, suggest(name, fieldNames(e.Key)))
		}
	}
}

// checkRequest checks that request fields that fill entity keys have the keys' types.
func (l *loader) checkRequest(v *selfsame.FeatureView) {
	roles := map[string]map[string]string{}
	for _, name := range l.parts["view "+v.Name].reads {
		roles[name] = nil
	}
	for _, in := range v.Inputs {
		delete(roles, in.View)
	}
	check := func(view string, key map[string]string) {
		w := l.viewOf(view)
		if w == nil || l.entityOf(w.Entity) == nil {
			return
		}
		for _, k := range l.entityOf(w.Entity).Key {
			column := k.Name
			if key[k.Name] != "" {
				column = key[k.Name]
			}
			f := field(v.Request, column)
			if f != nil && !f.Type.Equal(k.Type) && f.Type.Kind != selfsame.Unknown && k.Type.Kind != selfsame.Unknown {
				l.fail(f.Pos, "view "+v.Name, "the request field "+f.Name+" is "+f.Type.String()+" and fills the key "+k.Name+" of "+w.Name+", which is "+k.Type.String(),
					"declare it as "+k.Type.String())
			}
		}
	}
	for _, name := range sortedKeys(roles) {
		check(name, nil)
	}
	for _, in := range v.Inputs {
		check(in.View, in.Key)
	}
}
