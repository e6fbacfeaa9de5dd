// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"selfsame"
	"selfsame/batch"
	"selfsame/definition"
	"selfsame/plan"
	"selfsame/registry"
)

// plan plans a request by the files of a project.
func (r Request) plan(p *selfsame.Project) (*plan.Plan, error) {
	refs, err := definition.References(p, r.Features)
	if err != nil {
		return nil, err
	}
	labels, err := definition.References(p, r.Labels)
	if err != nil {
		return nil, err
	}
	return plan.Build(p, plan.Request{Service: r.Service, View: r.View, Features: refs, Labels: labels, Short: r.Short})
}

// named reports whether the request names a version of anything.
func (r Request) named() bool {
	return r.Applied || r.Version != 0 || r.Each != "" || slices.ContainsFunc(slices.Concat(r.Features, r.Labels), func(ref string) bool {
		at := strings.LastIndex(ref, ":v")
		return strings.ContainsAny(ref, "@=") || at > 0 && strings.ContainsAny(ref[:at], ".:") && strings.Trim(ref[at+2:], "0123456789.") == ""
	})
}

// define finds what the request names: versions in the registry, anything else in the files of the project.
func (p *Prepared) define(ctx context.Context) (err error) {
	r := p.Config.Request
	applied, done, err := p.Config.Registry.read(ctx)
	if err != nil && r.named() {
		return err
	}
	if err != nil {
		p.Warnings = append(p.Warnings, "registry cannot be read, so nothing is known of what is deprecated or retired: "+err.Error())
	}
	defer done()
	if r.named() {
		ok, err := p.defineApplied(r, applied)
		if ok || err != nil {
			return err
		}
	}
	if p.Project, err = definition.Load(p.Config.Project); err != nil {
		return err
	}
	if p.Plan, err = r.plan(p.Project); err != nil {
		return err
	}
	if s := p.Project.Service(r.Service); s != nil {
		p.entries = s.Features
		labels, err := definition.References(p.Project, r.Labels)
		if err != nil {
			return err
		}
		p.entries = append(slices.Clone(p.entries), labels...)
	}
	if applied == nil {
		return nil
	}
	records, err := p.features()
	if err != nil {
		return err
	}
	p.Warnings, err = applied.StandingOf(TrainedAs(records))
	return err
}

// defineApplied plans versions that were applied. It reports false where pins are to be met by the files: nothing is applied, or not that.
func (p *Prepared) defineApplied(r Request, s *registry.Snapshot) (ok bool, err error) {
	if s == nil || s.Project() == nil {
		if r.Version == 0 && r.Each == "" && !r.Applied {
			return false, nil
		}
		return false, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: strings.TrimSuffix(fmt.Sprintf("%s@%d", r.Service, r.Version), "@0"), Message: "nothing is applied, so there are no versions",
			Hint: "run selfsame apply, name the data directory with --data, or leave the version out to train by the files of the project"}
	}
	if r.Service != "" {
		list, _, err := s.Service(r.Service, r.Version)
		if err != nil {
			return false, err
		}
		p.entries = list.Features
	} else {
		p.entries, err = s.Entries(r.Features, r.Each)
		if selfsame.ClassOf(err) == selfsame.ClassNotFound && r.Each == "" && !r.Applied {
			if files, filesErr := definition.Load(p.Config.Project); filesErr == nil {
				if _, filesErr = r.plan(files); filesErr == nil {
					p.entries = nil
					return false, nil // they are declared, and not applied yet
				}
			}
		}
		if err != nil {
			return false, err
		}
	}
	p.Project = s.Project()
	labels, err := s.Entries(r.Labels, "")
	if err != nil {
		return false, err
	}
	if p.Plan, err = plan.Build(p.Project, plan.Request{Features: p.entries, Labels: labels, Resolver: s, Short: r.Short}); err != nil {
		return false, err
	}
	p.entries = append(slices.Clone(p.entries), labels...)
	if r.Service != "" {
		p.Plan.Name = r.Service
	}
	p.Applied = s
	p.Warnings, err = s.Standing(p.Plan)
	return true, err
}

// TrainedAs is what a plan evaluates, as the registry compares it.
func TrainedAs(records []batch.FeatureRecord) []registry.Trained {
	out := []registry.Trained{}
	for _, f := range records {
		out = append(out, registry.Trained{Output: f.Output, Ref: f.Feature, Hash: f.Hash, Label: f.Label})
	}
	return out
}

// features names each output with the version and the hash of its definition.
func (p *Prepared) features() ([]batch.FeatureRecord, error) {
	if p.Applied == nil {
		return featureRecords(p.Project, p.Plan)
	}
	var out []batch.FeatureRecord
	for _, o := range p.Plan.Outputs {
		v, err := p.Applied.Version(o.View.Name, o.Feature.Name, o.Feature.Version)
		if err != nil {
			return nil, err
		}
		out = append(out, batch.FeatureRecord{Output: o.Name, Feature: o.Ref(), Type: o.Type.String(), Version: v.Version, Hash: v.Hash, Label: o.Label})
	}
	return out, nil
}

// historyPath is where the history files of a source are, as definitions write it.
func (p *Prepared) historyPath(name string) string {
	for _, s := range p.Plan.Sources() {
		if from := withFiles(p.Project, s); s.Name == name && from.Batch != nil {
			return from.Batch.Path
		}
	}
	return ""
}
