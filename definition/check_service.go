// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"slices"

	"selfsame"
	"selfsame/definition/syntax"
	"selfsame/plan"
)

// Reference resolves a reference to features as services, commands and requests accept it: view.feature, view.feature@2,
// view:feature, view.*, or a bare feature name that one view only has. The error is a *selfsame.Error of class not_found
// (there is no such thing) or usage (it is no reference).
func Reference(p *selfsame.Project, text string) (selfsame.ServiceEntry, error) {
	l := newLoader(p.Dir)
	l.p = p
	e, ok := l.reference(&syntax.Node{Text: text}, "", text)
	if ok {
		ok = l.resolve(&e, "")
	}
	if !ok {
		err := l.errs[0]
		err.Class, err.Ref = selfsame.ClassNotFound, ""
		if e.View == "" && e.Feature == "" {
			err.Class = selfsame.ClassUsage
		}
		return selfsame.ServiceEntry{}, err
	}
	return e, nil
}

// References resolves several references, in order.
func References(p *selfsame.Project, texts []string) ([]selfsame.ServiceEntry, error) {
	var out []selfsame.ServiceEntry
	for _, text := range texts {
		e, err := Reference(p, text)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func (l *loader) checkService(s *selfsame.FeatureService) {
	ref := "service " + s.Name
	outputs := map[string]string{}
	for i := range s.Features {
		e := &s.Features[i]
		if !l.resolve(e, ref) {
			continue
		}
		v := l.p.View(e.View)
		l.checkMapping(e.Pos, ref, v, e.Key, nil)
		l.refuseUnserved(e, ref, v)
		for _, f := range v.Features {
			if e.Feature != "" && f.Name != e.Feature {
				continue
			}
			name, from := plan.OutputName(*e, f.Name, false), v.Name+"."+f.Name
			if other := outputs[name]; other != "" {
				l.fail(e.Pos, ref, "two outputs are named "+name+": "+other+" and "+from, "give one of them another prefix: or as:")
				continue
			}
			outputs[name] = from
		}
	}
}

// resolve finds the view of an entry, and its feature where it names one.
func (l *loader) resolve(e *selfsame.ServiceEntry, ref string) bool {
	if e.View == "" {
		return l.resolveBare(e, ref)
	}
	v := l.p.View(e.View)
	if v == nil {
		if !l.placed("view " + e.View) {
			l.missing(e.Pos, ref, "view", e.View, viewNames(l.p))
		}
		return false
	}
	if e.Feature == "" || slices.ContainsFunc(v.Features, func(f selfsame.Feature) bool { return f.Name == e.Feature }) {
		return true
	}
	if _, cut := l.types[v.Name][incomplete]; !cut {
		l.fail(e.Pos, ref, "the view "+v.Name+" has no feature "+e.Feature, suggestFeature(v, e.Feature))
	}
	return false
}

func (l *loader) resolveBare(e *selfsame.ServiceEntry, ref string) bool {
	holders := featureHolders(l.p, e.Feature, nil)
	switch {
	case len(holders) == 1:
		e.View = holders[0]
		return true
	case len(holders) > 1:
		l.fail(e.Pos, ref, "several views have a feature "+e.Feature+": "+joined(holders), "write "+holders[0]+"."+e.Feature)
	case l.p.View(e.Feature) != nil:
		l.fail(e.Pos, ref, e.Feature+" is a view, not a feature", "write "+e.Feature+".* for all its features")
	case l.p.Service(e.Feature) != nil:
		l.fail(e.Pos, ref, e.Feature+" is a service, not a feature", serviceHint(e, ref))
	default:
		if l.incomplete() {
			return false
		}
		var names []string
		for _, v := range l.p.Views {
			for _, f := range v.Features {
				names = append(names, f.Name)
			}
		}
		l.missing(e.Pos, ref, "feature", e.Feature, names)
	}
	return false
}

// serviceHint says where a service is named: in a definition nowhere, in requests in a place of its own.
func serviceHint(e *selfsame.ServiceEntry, ref string) string {
	if ref != "" {
		return "list features: view.feature, or view.* for all of a view"
	}
	name := e.Feature
	if e.Version != "" {
		name += "@" + e.Version
	}
	return "name it as the service: selfsame train " + name + ", or in a request \"service\": \"" + name + "\""
}

// incomplete reports whether features of some view are missing because of mistakes that are reported already.
func (l *loader) incomplete() bool {
	for _, types := range l.types {
		if _, cut := types[incomplete]; cut {
			return true
		}
	}
	return false
}
