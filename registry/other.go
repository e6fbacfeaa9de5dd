// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"selfsame"
	"selfsame/plan"
)

// others notes what changes beside features and lists: settings that say where data is and how it is served, and words.
func (d *decision) others() {
	before := d.before.project
	if before == nil {
		before = &selfsame.Project{}
	}
	d.kind("entity", settings(before.Entities), settings(d.after.Entities))
	d.kind("service", settings(bareServices(before)), settings(bareServices(d.after)))
	d.kind("source", settings(before.Sources), settings(d.after.Sources))
	d.kind("view", settings(bareViews(before)), settings(bareViews(d.after)))
}

// bareServices are a project's services without their lists, which are compared by their versions.
func bareServices(p *selfsame.Project) []*selfsame.FeatureService {
	var out []*selfsame.FeatureService
	for _, s := range p.Services {
		bare := *s
		bare.Features = nil
		out = append(out, &bare)
	}
	return out
}

// bareViews are a project's views without their features.
func bareViews(p *selfsame.Project) []*selfsame.FeatureView {
	var out []*selfsame.FeatureView
	for _, v := range p.Views {
		bare := *v
		bare.Features = nil
		out = append(out, &bare)
	}
	return out
}

// kind compares the definitions of one kind. Services come and go in the list of their own.
func (d *decision) kind(kind string, before, after map[string]map[string]any) {
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		a, had := before[name]
		b, has := after[name]
		c := OtherChange{Kind: kind, Name: name, Effect: Compatible}
		switch {
		case !had:
			c.Effect = Added
		case !has:
			c.Effect = Gone
		default:
			c.Settings = differing(a, b)
		}
		if c.Effect == Compatible && len(c.Settings) == 0 || c.Effect != Compatible && kind == "service" {
			continue
		}
		d.diff.Others = append(d.diff.Others, c)
	}
}

// unlike are the settings whose names in definitions do not follow from their names in the model.
var unlike = map[string]string{"ID": "id", "TTL": "ttl", "Push": "stream", "Floor": "precision", "KeepNaN": "nan", "SkipBad": "on_bad_row", "Offline": "online"}

// differing names the settings that differ, as definitions write them.
func differing(a, b map[string]any) []string {
	var out []string
	for field := range a {
		if reflect.DeepEqual(a[field], b[field]) {
			continue
		}
		name, ok := unlike[field]
		if !ok {
			name = snake(field)
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// snake writes EventTime as event_time.
func snake(field string) string {
	var b strings.Builder
	for i, r := range field {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

// settings are the fields of definitions by their name, without places.
func settings[T any](list []*T) map[string]map[string]any {
	out := map[string]map[string]any{}
	for _, v := range list {
		b, err := json.Marshal(v)
		if err != nil {
			continue // plain data: it can be written
		}
		var fields map[string]any
		if json.Unmarshal(b, &fields) != nil {
			continue
		}
		strip(fields)
		name, _ := fields["Name"].(string)
		out[name] = fields
	}
	return out
}

// strip drops places. Maps whose keys their author chose are left alone.
func strip(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "Pos")
		delete(v, "At")
		for name, x := range v {
			if name != "Tags" && name != "Rename" && name != "Partition" {
				strip(x)
			}
		}
	case []any:
		for _, x := range v {
			strip(x)
		}
	}
}

// check plans every service under the decided versions, so that nothing is applied that cannot be read, and notes what is deprecated of what they answer with.
func (d *decision) check() error {
	deprecated := d.before.anyDeprecated()
	if len(d.record.Services) == 0 && !deprecated {
		return nil
	}
	next, err := d.next()
	if err != nil {
		return err
	}
	return d.before.projects.kept.eachPlan(next.project, next, func(s *selfsame.FeatureService, p *plan.Plan, err error) error {
		var warnings []string
		if err == nil {
			warnings, err = next.Standing(p)
		}
		if err != nil {
			return &selfsame.Error{Class: selfsame.ClassDefinition, Pos: s.Pos, Ref: "service " + s.Name, Err: err}
		}
		for _, w := range warnings {
			d.diff.Warnings = append(d.diff.Warnings, "service "+s.Name+": "+w)
		}
		return nil
	})
}
