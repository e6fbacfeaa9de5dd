// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"selfsame"
	"selfsame/compute/expr"
	"selfsame/plan"
)

// Format is the name and version of the canonical form, its first entry.
const Format = "selfsame.feature/1"

// Form returns the canonical form of a feature of a view: everything that can change its value in its view, its sources and its
// entity, and nothing else. Equal bytes mean equal values. docs/format/canonical.md describes it. p is a project that definition.Load returned.
func Form(p *selfsame.Project, v *selfsame.FeatureView, f *selfsame.Feature) ([]byte, error) {
	d, err := feature(p, v, f)
	if err != nil {
		return nil, err
	}
	return d.append(nil), nil
}

// Hash names a canonical form: "sha256:" and 64 hex digits. A version is immutable once applied, so its name must not be
// found for another text on purpose; a fast hash would allow that.
func Hash(canonical []byte) string {
	sum := sha256.Sum256(canonical)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func feature(p *selfsame.Project, v *selfsame.FeatureView, f *selfsame.Feature) (document, error) {
	d := document{}
	d.set("format", Format)
	d.set("kind", v.Kind.String())
	n, err := expr.Parse(f.Value)
	if err != nil {
		return nil, err
	}
	outputs, err := expr.Expand(n) // windows in their normal text; of lists none is left
	if err != nil {
		return nil, err
	}
	used := names{}
	used.add(n)
	d.set("value", expr.Print(outputs[0].Node))
	if f.Default != nil {
		d.set("default", value(*f.Default))
	}
	if f.Cast != "" {
		d.set("cast", f.Cast)
	}
	if v.Kind == selfsame.OnDemandView {
		return d, d.demand(p, v, used)
	}
	return d, d.overSource(p, v, used)
}

// names are the names that a feature's expressions hold.
type names map[string]bool

func (u names) add(n expr.Node) {
	expr.Walk(n, func(n expr.Node) bool {
		if r, ok := n.(*expr.Ref); ok {
			u[strings.Join(r.Parts, ".")] = true
		}
		return true
	})
}

// overSource adds what windowed and as-of views depend on.
func (d document) overSource(p *selfsame.Project, v *selfsame.FeatureView, used names) error {
	if v.Where != nil {
		n, err := expr.Parse(*v.Where)
		if err != nil {
			return err
		}
		used.add(n)
		d.set("where", expr.Print(n))
	}
	if v.Season != nil {
		n, err := expr.Parse(*v.Season)
		if err != nil {
			return err
		}
		d.set("season", expr.Print(n))
	}
	if v.AsOf.Micros != 0 {
		d.set("as_of", v.AsOf.Micros)
	}
	if v.Kind == selfsame.AsOfView {
		if v.TTL.Set {
			d.set("ttl", v.TTL.Micros)
		}
		if v.Closed != selfsame.ClosedBoth {
			d.set("closed", v.Closed.String())
		}
	}
	if v.MaxValues != 0 && v.MaxValues != plan.DefaultMaxValues {
		d.set("max_values", v.MaxValues)
	}
	if err := d.key(p, v, used); err != nil {
		return err
	}
	if err := d.lookups(p, v, used); err != nil {
		return err
	}
	var sources []any
	for _, name := range v.Source {
		s := p.Source(name)
		if s == nil {
			return &selfsame.Error{Class: selfsame.ClassDefinition, Ref: "view " + v.Name, Message: "there is no source " + name}
		}
		sources = append(sources, source(s, used))
	}
	d.set("sources", sources)
	return nil
}

// lookups adds the features of other views that are read as of each event, and notes the fields that fill their keys.
func (d document) lookups(p *selfsame.Project, v *selfsame.FeatureView, used names) error {
	if !v.LooksUp {
		return nil
	}
	reads := document{}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		role, _, dotted := strings.Cut(name, ".")
		if !dotted {
			continue
		}
		form, err := read(p, v, name)
		if err != nil {
			return err
		}
		reads.set(name, form)
		in := selfsame.Input{View: role}
		if i := slices.IndexFunc(v.Inputs, func(in selfsame.Input) bool { return in.Role == role }); i >= 0 {
			in = v.Inputs[i]
		}
		if e := p.Entity(p.View(in.View).Entity); e != nil {
			for _, k := range e.Key {
				column := k.Name
				if in.Key[k.Name] != "" {
					column = in.Key[k.Name]
				}
				for _, name := range keyColumns(column) {
					used[name] = true
				}
			}
		}
	}
	if len(reads) > 0 {
		d.set("reads", reads)
	}
	return nil
}

// key adds the entity's key: name, type and where its value comes from, in the entity's order.
func (d document) key(p *selfsame.Project, v *selfsame.FeatureView, used names) error {
	if v.Entity == "" {
		return nil
	}
	e := p.Entity(v.Entity)
	if e == nil {
		return &selfsame.Error{Class: selfsame.ClassDefinition, Ref: "view " + v.Name, Message: "there is no entity " + v.Entity}
	}
	var fields []any
	for _, k := range e.Key {
		field := document{}
		field.set("name", k.Name)
		field.set("type", k.Type.String())
		mapped, ok := v.Key[k.Name]
		if !ok {
			mapped = selfsame.Expr{Text: `"` + k.Name + `"`}
		}
		n, err := expr.Parse(mapped)
		if err != nil {
			return err
		}
		used.add(n)
		field.set("value", expr.Print(n))
		fields = append(fields, field)
	}
	d.set("key", fields)
	return nil
}

// source is what in a source can change a value that reads the fields in used.
func source(s *selfsame.Source, used names) document {
	d := document{}
	d.set("name", s.Name)
	for name, text := range map[string]string{"event_time": s.EventTime, "arrival": s.Arrival, "id": s.ID, "order": s.Order,
		"operation": s.Operation, "timezone": s.Timezone, "time_format": s.TimeFormat} {
		if text != "" && !(name == "timezone" && text == "UTC") {
			d.set(name, text)
		}
	}
	if len(s.PrimaryKey) > 0 {
		d.set("primary_key", list(s.PrimaryKey))
	}
	if s.KnowledgeDelay.Micros != 0 {
		d.set("knowledge_delay", s.KnowledgeDelay.Micros)
	}
	for name, span := range map[string]selfsame.Duration{"lateness": s.Lateness, "skew": s.Skew, "corrections": s.Corrections} {
		if span.Set {
			d.set(name, span.Micros)
		}
	}
	for name, on := range map[string]bool{"precision": s.Floor, "nan": s.KeepNaN, "on_bad_row": s.SkipBad} {
		if on {
			d.set(name, map[string]string{"precision": "floor", "nan": "keep", "on_bad_row": "skip"}[name])
		}
	}
	if s.Batch != nil && len(s.Batch.Partition) > 0 {
		partition := document{}
		for column, meaning := range s.Batch.Partition {
			partition.set(column, meaning)
		}
		d.set("partition", partition)
	}
	d.schema(s, used)
	return d
}

// schema adds the fields that a value depends on: all of them where the source has no id, for the payload then takes its place
// in the order of events; else those that an expression or a setting names. Columns that are renamed to them belong to them.
func (d document) schema(s *selfsame.Source, used names) {
	settings := append([]string{s.EventTime, s.Arrival, s.ID, s.Order, s.Operation}, s.PrimaryKey...)
	schema := slices.Clone(s.Schema)
	if s.ID != "" { // the order of fields counts in the payload only
		slices.SortFunc(schema, func(a, b selfsame.Field) int { return strings.Compare(a.Name, b.Name) })
	}
	var fields []any
	renamed := document{}
	for _, f := range schema {
		if s.ID != "" && !used[f.Name] && !slices.Contains(settings, f.Name) {
			continue
		}
		field := document{}
		field.set("name", f.Name)
		field.set("type", f.Type.String())
		fields = append(fields, field)
		for column, name := range s.Rename {
			if name == f.Name {
				renamed.set(column, name)
			}
		}
	}
	d.set("schema", fields)
	if len(renamed) > 0 {
		d.set("rename", renamed)
	}
}

// demand adds what an on-demand feature depends on: its request fields, and the hashes of the features that it reads, with the
// key mapping of their roles.
func (d document) demand(p *selfsame.Project, v *selfsame.FeatureView, used names) error {
	reads, filled := document{}, names{}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		if slices.ContainsFunc(v.Request, func(f selfsame.Field) bool { return f.Name == name }) {
			continue
		}
		form, err := read(p, v, name)
		if err != nil {
			return err
		}
		reads.set(name, form)
		for _, in := range v.Inputs {
			for _, text := range in.Key { // request fields that fill keys by an expression
				if role, _, _ := strings.Cut(name, "."); in.Role == role && plan.IsKeyExpression(text) {
					for _, column := range keyColumns(text) {
						filled[column] = true
					}
				}
			}
		}
	}
	var request []any
	for _, f := range v.Request {
		if !used[f.Name] && !filled[f.Name] {
			continue
		}
		field := document{}
		field.set("name", f.Name)
		field.set("type", f.Type.String())
		if f.Optional {
			field.set("optional", true)
		}
		request = append(request, field)
	}
	if len(request) > 0 {
		d.set("request", request)
	}
	if len(reads) > 0 {
		d.set("reads", reads)
	}
	return nil
}

// read is a feature that a view reads of another, in its role.
func read(p *selfsame.Project, v *selfsame.FeatureView, name string) (document, error) {
	n, err := expr.Parse(selfsame.Expr{Text: name})
	if err != nil {
		return nil, err
	}
	ref, ok := n.(*expr.Ref)
	if !ok || len(ref.Parts) != 2 {
		return nil, &selfsame.Error{Class: selfsame.ClassDefinition, Ref: "view " + v.Name, Message: fmt.Sprintf("there is no request field %s", name)}
	}
	view, key := ref.Parts[0], map[string]string(nil)
	for _, in := range v.Inputs {
		if in.Role == view {
			view, key = in.View, in.Key
			break
		}
	}
	form, err := named(p, view, ref.Parts[1])
	if err != nil {
		return nil, err
	}
	d := document{}
	d.set("feature", Hash(form))
	if len(key) > 0 {
		columns := document{}
		for k, column := range key {
			if k != column {
				columns.set(k, canonicalKey(column))
			}
		}
		if len(columns) > 0 {
			d.set("key", columns)
		}
	}
	return d, nil
}

// named is the form of a feature of a view by their names.
func named(p *selfsame.Project, view, name string) ([]byte, error) {
	if v := p.View(view); v != nil {
		for i := range v.Features {
			if v.Features[i].Name == name {
				return Form(p, v, &v.Features[i])
			}
		}
	}
	return nil, &selfsame.Error{Class: selfsame.ClassDefinition, Ref: view + "." + name, Message: "there is no such feature"}
}
