// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"selfsame"
	"selfsame/definition/canonical"
	"selfsame/plan"
)

// services decides the version of every service. The features are decided.
func (d *decision) services() error {
	for _, s := range slices.SortedFunc(slices.Values(d.after.Services), func(a, b *selfsame.FeatureService) int { return strings.Compare(a.Name, b.Name) }) {
		entries, err := d.pin(s)
		if err != nil {
			return err
		}
		d.service(d.before.services[s.Name], ServiceRecord{Name: s.Name, Hash: hashEntries(entries), Entries: entries})
	}
	for _, name := range slices.Sorted(maps.Keys(d.before.services)) {
		h := d.before.services[name]
		if h.removed || d.after.Service(name) != nil {
			continue
		}
		d.diff.Services = append(d.diff.Services, ServiceChange{Name: name, Effect: Gone, From: h.versions[h.last].Version})
		d.record.Services = append(d.record.Services, ServiceRecord{Name: name})
	}
	slices.SortFunc(d.diff.Services, func(a, b ServiceChange) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(d.record.Services, func(a, b ServiceRecord) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// service decides the version of a list; h is nil where the service is new.
func (d *decision) service(h *serviceHistory, r ServiceRecord) {
	c := ServiceChange{Name: r.Name, Effect: Added}
	if h == nil {
		r.Version = 1
	} else {
		at := slices.IndexFunc(h.versions, func(v ServiceVersion) bool { return v.Hash == r.Hash })
		if at < 0 {
			r.Version = int64(len(h.versions)) + 1
		} else {
			r.Version = h.versions[at].Version
		}
		last := &h.versions[h.last]
		if !h.removed && r.Version == last.Version {
			if !samePins(last.Entries, r.Entries) { // only words changed: the same list under newer versions
				d.record.Services = append(d.record.Services, r)
			}
			return
		}
		c.Restored = at >= 0
		if !h.removed {
			c.From = last.Version
			d.compare(&c, last.Entries, r.Entries)
		}
	}
	c.To = r.Version
	if e := d.before.Experiment(r.Name); e != nil && c.From != 0 {
		d.diff.Warnings = append(d.diff.Warnings, fmt.Sprintf("service %s: the experiment %s answers until selfsame experiment end %s, not version %d", r.Name, e.Name, r.Name, c.To))
	}
	d.diff.Services = append(d.diff.Services, c)
	d.record.Services = append(d.record.Services, r)
}

func samePins(a, b []Entry) bool {
	return slices.EqualFunc(a, b, func(x, y Entry) bool { return x.Version == y.Version })
}

// compare says what becomes of the outputs of a service.
func (d *decision) compare(c *ServiceChange, before, after []Entry) {
	from, to := byOutput(before), byOutput(after)
	c.Effect = Compatible
	var kept, keeps []string
	for _, e := range before {
		name := output(&e)
		if _, ok := to[name]; ok {
			kept = append(kept, name)
		} else {
			c.Removed, c.Effect = append(c.Removed, name), Behaviour
			d.lost(c.Name, &e)
		}
	}
	for _, e := range after {
		name := output(&e)
		old, ok := from[name]
		switch {
		case !ok:
			c.Added = append(c.Added, name)
			continue
		case !sameList(old, e):
			c.Changed = append(c.Changed, name)
			if d.touched(c.Name, old, e) != Compatible {
				c.Effect = Behaviour
			}
		}
		keeps = append(keeps, name)
	}
	if c.Order = !slices.Equal(kept, keeps); c.Order {
		c.Effect = Behaviour
	}
}

// touched notes at a feature's change that a service's answer changes by it, and returns the change's effect; Behaviour where the entry itself
// is another one.
func (d *decision) touched(service string, before, after Entry) Effect {
	if before.View != after.View || before.Feature != after.Feature || !maps.Equal(mapped(before.Key), mapped(after.Key)) {
		return Behaviour
	}
	for i := range d.diff.Features {
		f := &d.diff.Features[i]
		if f.View == after.View && f.Feature == after.Feature && f.From == before.Version && f.To == after.Version {
			if !slices.Contains(f.Services, service) {
				f.Services = append(f.Services, service)
			}
			return f.Effect
		}
	}
	return Behaviour
}

// lost notes at a feature that goes that a service loses it.
func (d *decision) lost(service string, e *Entry) {
	for i := range d.diff.Features {
		f := &d.diff.Features[i]
		if f.View == e.View && f.Feature == e.Feature && f.Effect == Gone && !slices.Contains(f.Services, service) {
			f.Services = append(f.Services, service)
		}
	}
}

func byOutput(entries []Entry) map[string]Entry {
	out := map[string]Entry{}
	for _, e := range entries {
		out[output(&e)] = e
	}
	return out
}

func output(e *Entry) string { return plan.OutputName(e.entry(), e.Feature, false) }

// sameList reports whether two entries give the same values.
func sameList(a, b Entry) bool {
	return a.View == b.View && a.Feature == b.Feature && a.Hash == b.Hash && maps.Equal(mapped(a.Key), mapped(b.Key))
}

// mapped leaves out the key fields that are mapped to a column of their own name.
func mapped(key map[string]string) map[string]string {
	out := map[string]string{}
	for field, column := range key {
		if field != column {
			out[field] = column
		}
	}
	return out
}

// hashEntries names a list by its canonical form.
func hashEntries(entries []Entry) string {
	outputs := make([]canonical.Output, len(entries))
	for i := range entries {
		e := &entries[i]
		outputs[i] = canonical.Output{Name: output(e), Feature: featureName(e.View, e.Feature), Hash: e.Hash, Key: e.Key}
	}
	return canonical.Hash(canonical.Service(outputs))
}

// pin writes a service's list out: one entry an output, each with its full version. view.* leaves out what no service can pin: drafts and what is retired.
func (d *decision) pin(s *selfsame.FeatureService) ([]Entry, error) {
	var out []Entry
	for _, e := range s.Features {
		for _, f := range d.after.View(e.View).Features {
			if e.Feature != "" && f.Name != e.Feature {
				continue
			}
			v, err := d.pinned(e, f.Name)
			if err != nil && e.Feature == "" && e.Version == "" {
				continue
			}
			if err != nil {
				err.Ref = "service " + s.Name
				return nil, err
			}
			entry := Entry{View: e.View, Feature: f.Name, Version: v.Version, Hash: v.Hash, Key: e.Key, As: e.As}
			if e.HasPrefix {
				entry.Prefix = &e.Prefix
			}
			out = append(out, entry)
		}
	}
	return out, nil
}

// pinned is the version that an entry names once the change is applied.
func (d *decision) pinned(e selfsame.ServiceEntry, feature string) (*Version, *selfsame.Error) {
	name := featureName(e.View, feature)
	fail := func(message, hint string) *selfsame.Error {
		return &selfsame.Error{Class: selfsame.ClassDefinition, Pos: e.Pos, Message: message, Hint: hint}
	}
	h := d.later[name]
	if h == nil {
		h = d.before.features[name]
	}
	at := -1
	if e.Version == "" {
		if at = h.unpinned(); at < 0 {
			return nil, fail("every version of "+name+" is a draft", "selfsame activate "+h.versions[h.last].Ref(e.View, feature)+", or leave it out of the service")
		}
	} else if p, ok := parsePin(e.Version); ok {
		at = h.choose(p)
	}
	if at < 0 {
		var known []string
		for _, v := range h.versions {
			known = append(known, v.Version)
		}
		return nil, fail(fmt.Sprintf("%s has no version %s", name, e.Version), "pin one of "+some(known)+", or leave the pin out: it is pinned when the service is applied")
	}
	v := &h.versions[at]
	switch ref := v.Ref(e.View, feature); {
	case v.Stage == Draft:
		return nil, fail(ref+" is a draft, and a service answers with none", "selfsame activate "+ref+" first, or train and read it by its name")
	case v.Stage == Retired && v.Successor != "":
		return nil, fail(ref+" is retired", "use "+v.Successor)
	case v.Stage == Retired:
		return nil, fail(ref+" is retired", "pin another version, or selfsame activate "+ref)
	}
	return v, nil
}
