// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package selfsame

// FeatureService is the named vector that a model consumes.
type FeatureService struct {
	Name        string
	Features    []ServiceEntry
	Description string
	Owner       string
	Tags        map[string]string
	Pos         Pos
}

// ServiceEntry is one line of a service's feature list: `view.*`, `view.feature`, `view.feature@2`, or the long form.
type ServiceEntry struct {
	View      string
	Feature   string            // empty: every feature of the view
	Version   string            // the pin after `@`, or empty
	Key       map[string]string // entity key field -> label or request column
	Prefix    string            // replaces `view__`
	As        string            // the output's name; single features only
	HasPrefix bool              // Prefix was given, maybe empty
	Pos       Pos
}

// Project is a namespace of definitions: everything that a folder's files define.
type Project struct {
	Name     string
	Dir      string // the folder of selfsame.yaml; paths are relative to it
	Entities []*Entity
	Sources  []*Source
	Views    []*FeatureView
	Services []*FeatureService
}

// Entity returns the entity of that name, or nil.
func (p *Project) Entity(name string) *Entity {
	for _, e := range p.Entities {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// Source returns the source of that name, or nil.
func (p *Project) Source(name string) *Source {
	for _, s := range p.Sources {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// View returns the view of that name, or nil.
func (p *Project) View(name string) *FeatureView {
	for _, v := range p.Views {
		if v.Name == name {
			return v
		}
	}
	return nil
}

// Service returns the service of that name, or nil.
func (p *Project) Service(name string) *FeatureService {
	for _, s := range p.Services {
		if s.Name == name {
			return s
		}
	}
	return nil
}
