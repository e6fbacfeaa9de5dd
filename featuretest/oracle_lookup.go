// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"maps"
	"regexp"

	"selfsame"
	"selfsame/definition"
)

var lookupPattern = regexp.MustCompile(`\b[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*\b`)

// lookups are the features of other views that a feature's expressions read as of each event, by the text that reads them, with their types.
func (c *Case) lookups(v *selfsame.FeatureView, f *selfsame.Feature) (map[string]output, map[string]selfsame.Type) {
	texts := []string{f.Value.Text}
	if v.Where != nil {
		texts = append(texts, v.Where.Text)
	}
	for _, e := range v.Key {
		texts = append(texts, e.Text)
	}
	found, typed := map[string]output{}, map[string]selfsame.Type{}
	for _, text := range texts {
		for _, name := range lookupPattern.FindAllString(text, -1) {
			ref := splitReference(name)
			o := output{name: name, view: ref.View}
			for _, in := range v.Inputs {
				if in.Role == ref.View {
					o.view, o.key = in.View, in.Key
				}
			}
			w := c.Project.View(o.view)
			if w == nil {
				continue
			}
			types, err := definition.FeatureTypes(c.Project, w)
			if err != nil {
				continue
			}
			for i := range w.Features {
				if w.Features[i].Name == ref.Feature {
					o.feature = &w.Features[i]
					found[name], typed[name] = o, types[ref.Feature]
				}
			}
		}
	}
	return found, typed
}

// looked returns the log with what every event looks up, in its fields: the value that the other view has at the event's own time with the
// knowledge of the question. It is false where that is beyond the oracle.
func (c *Case) looked(lookups map[string]output, log []*Event, cut Cut) ([]*Event, bool) {
	if len(lookups) == 0 {
		return log, true
	}
	var out []*Event
	for _, e := range log {
		one := *e
		one.Fields = maps.Clone(e.Fields)
		for name, o := range lookups {
			if e.Tau == nil {
				continue // no such event is admitted
			}
			inner := *c
			row := Row{At: *e.Tau, Given: e.Fields}
			inner.Mode = Mode{Final: cut.Final}
			if !cut.Final && (cut.Served == nil || cut.Lagged) {
				row.Known = &cut.Known
			}
			if cut.Served != nil {
				served := *cut.Served
				served.Past = false
				row.Served = &served
			}
			inner.Rows = []Row{row}
			column, ok := inner.oracleColumn(c.Project.View(o.view), o)
			if !ok {
				return nil, false
			}
			value := column[0]
			if value.Status == selfsame.NotFound || value.Status == selfsame.Expired {
				value = null()
			}
			one.Fields[name] = value
		}
		out = append(out, &one)
	}
	return out, true
}
