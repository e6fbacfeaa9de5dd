// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"selfsame"
	"selfsame/definition"
	"selfsame/definition/canonical"
)

// projects rebuilds the project of an apply from its files. It is safe for concurrent use.
type projects struct {
	store  Store
	dir    string
	reader *definition.Reader
	kept   kept

	mu     sync.Mutex // guards what follows, and makes each project once
	parsed map[int64]*selfsame.Project
	demand map[string]bool // hash of a form: it is of an on-demand feature
	parts  map[int64]*part // of earlier projects, by their apply
	// outlines are those of files, by the hashes of their texts.
	outlines map[string]definition.Outline
}

// onDemand says of the forms of versions, by their hash, which are of on-demand features. A form is read once.
func (ps *projects) onDemand(features []FeatureVersions) (map[string]bool, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	var unknown []string
	for _, f := range features {
		for i := range f.Versions {
			if _, known := ps.demand[f.Versions[i].Hash]; !known {
				unknown = append(unknown, f.Versions[i].Hash)
			}
		}
	}
	if len(unknown) == 0 {
		return ps.demand, nil
	}
	found, err := Texts(context.Background(), ps.store, unknown)
	if err != nil {
		return nil, err
	}
	next := maps.Clone(ps.demand) // readers may hold the other
	if next == nil {
		next = map[string]bool{}
	}
	for hash, form := range found {
		next[hash] = bytes.Contains(form, []byte(`"kind":"on-demand"`)) // in a text the quotes would be escaped
	}
	ps.demand = next
	return next, nil
}

// at returns the project as apply id left it. s has that apply.
func (ps *projects) at(ctx context.Context, s *Snapshot, id int64) (*selfsame.Project, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p := ps.parsed[id]; p != nil {
		return p, nil
	}
	files, err := ps.readKept(ctx, &ps.kept, s.files(id))
	if err != nil {
		return nil, err
	}
	p, err := ps.reader.Parse(files)
	if err != nil {
		return nil, unreadable(id, err)
	}
	ps.parsed[id] = s.stamp(p, id)
	return ps.parsed[id], nil
}

func unreadable(id int64, err error) error {
	return damaged(fmt.Sprintf("apply %d", id), "its definitions cannot be read", err)
}

// readKept is read for a project after another: texts that the one before had are not read again.
func (ps *projects) readKept(ctx context.Context, k *kept, hashes map[string]string) (files map[string][]byte, err error) {
	swap(k, &k.texts, func(before map[string][]byte) map[string][]byte {
		unknown := maps.Clone(hashes)
		maps.DeleteFunc(unknown, func(_, hash string) bool { _, known := before[hash]; return known })
		if files, err = ps.read(ctx, unknown); err != nil {
			return before
		}
		after := make(map[string][]byte, len(hashes))
		if files == nil {
			files = make(map[string][]byte, len(hashes))
		}
		for path, hash := range hashes {
			if text, known := before[hash]; known {
				files[path] = text
			}
			after[hash] = files[path]
		}
		return after
	})
	return files, err
}

// forget drops the project of an apply that was newest: it is built again where an old version is read.
func (ps *projects) forget(id int64) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	delete(ps.parsed, id)
}

// build makes the project of an apply that is not the newest. Nothing of it is kept.
func (ps *projects) build(ctx context.Context, s *Snapshot, id int64) (*selfsame.Project, error) {
	files, err := s.filesAt(ctx, id)
	if err != nil {
		return nil, err
	}
	p, err := definition.Parse(files, ps.dir)
	if err != nil {
		return nil, unreadable(id, err)
	}
	versions, services := s.stamps(id)
	return new(kept).stamp(p, versions, services), nil
}

// Files returns the definition files that are applied, by their path with slashes.
func (s *Snapshot) Files(ctx context.Context) (map[string][]byte, error) {
	return s.filesAt(ctx, s.ID())
}

func (s *Snapshot) filesAt(ctx context.Context, id int64) (map[string][]byte, error) {
	return s.projects.read(ctx, s.files(id))
}

// read reads files by the hashes of their texts.
func (ps *projects) read(ctx context.Context, hashes map[string]string) (map[string][]byte, error) {
	if len(hashes) == 0 {
		return nil, nil
	}
	texts, err := Texts(ctx, ps.store, slices.Sorted(maps.Values(hashes)))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for path, h := range hashes {
		files[path] = texts[h]
	}
	return files, nil
}

// Texts reads texts of a store and holds them against their hashes. One that is not there, or not as it was, is an error of class resource.
func Texts(ctx context.Context, store Store, hashes []string) (map[string][]byte, error) {
	found, err := store.Texts(ctx, hashes)
	if err != nil {
		return nil, err
	}
	for _, h := range hashes {
		text, ok := found[h]
		if !ok {
			return nil, damaged(h, "a text is not there", nil)
		}
		if canonical.Hash(text) != h {
			return nil, damaged(h, "a text is not the one that its hash names", nil)
		}
	}
	return found, nil
}

// files returns the hash of each definition file as apply id left it.
func (s *Snapshot) files(id int64) map[string]string {
	files := map[string]string{}
	for _, r := range s.records[:id] {
		for _, f := range r.Files {
			if f.Hash == "" {
				delete(files, f.Path)
			} else {
				files[f.Path] = f.Hash
			}
		}
	}
	return files
}

// stamp gives the features of the newest project the versions that apply id left them with, and its services their pinned outputs. p stays as it is.
func (s *Snapshot) stamp(p *selfsame.Project, id int64) *selfsame.Project {
	versions, services := s.stamps(id)
	return s.projects.kept.stamp(p, versions, services)
}

// stamps are the versions that apply id left, by view.feature, and the pinned outputs of services.
func (s *Snapshot) stamps(id int64) (versions map[string]string, services map[string][]Entry) {
	versions, services = map[string]string{}, map[string][]Entry{}
	for _, r := range s.records[:id] {
		for _, f := range r.Features {
			versions[featureName(f.View, f.Feature)] = f.Version
		}
		for _, v := range r.Services {
			services[v.Name] = v.Entries
		}
	}
	return versions, services
}

// SourcesOf are the sources of definition files that may be applied next. Views and services are not looked at. The error is definition.Errors.
func (s *Snapshot) SourcesOf(files map[string][]byte) ([]*selfsame.Source, error) {
	return s.projects.reader.Sources(files)
}
