// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"selfsame"
	"selfsame/config"
	"selfsame/definition"
	"selfsame/registry"
	"selfsame/registry/folder"
	"selfsame/registry/postgres"
	"selfsame/registry/replica"
	"selfsame/registry/sqlite"
)

// ExportRegistry writes a registry into a folder, also beside the server that owns it.
func ExportRegistry(ctx context.Context, at RegistryAt, dir string) (out *folder.Written, err error) {
	store, err := at.OpenToRead(ctx)
	if err != nil {
		return nil, err
	}
	if store == nil {
		return nil, noRegistry(at.Data)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return folder.Write(ctx, store, dir)
}

func noRegistry(place string) error {
	return &selfsame.Error{Class: selfsame.ClassNotFound, Ref: place, Message: "there is no registry: nothing was applied here", Hint: "name the data directory with --data, or the registry with --registry"}
}

// ImportRegistry takes the export in a folder into a registry that is empty or holds its beginning.
func ImportRegistry(ctx context.Context, at RegistryAt, dir string) (out *replica.Copied, err error) {
	if err := at.check(); err != nil {
		return nil, err
	}
	from, err := folder.Open(dir)
	if err != nil {
		return nil, err
	}
	if at.shared() {
		to, err := postgres.Open(at.URL)
		if err != nil {
			return nil, err
		}
		defer to.Close()
		return replica.Copy(ctx, from, to)
	}
	data, err := OpenData(at.Data)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	to, err := sqlite.Open(ctx, filepath.Join(at.Data, registryFile))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return replica.Copy(ctx, from, to)
}

// RegistrySide is one of two registries that are compared.
type RegistrySide struct {
	Place   string `json:"place"` // as it was named, without a password
	Project string `json:"project"`
	Records int64  `json:"records"` // 0: it is the files of a project
}

// RegistryComparison is how two registries differ.
type RegistryComparison struct {
	A    RegistrySide `json:"a"`
	B    RegistrySide `json:"b"`
	Same bool         `json:"same"`
	*registry.Comparison
}

// CompareRegistries compares two of: data directories, URLs of PostgreSQL, exports, and folders of projects, whose files are taken as if they were
// applied to the other side.
func CompareRegistries(ctx context.Context, a, b string) (out *RegistryComparison, err error) {
	x, err := openSide(ctx, a)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, x.close()) }()
	y, err := openSide(ctx, b)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, y.close()) }()
	if err := errors.Join(x.apply(ctx, y), y.apply(ctx, x)); err != nil {
		return nil, err
	}
	c := registry.Compare(x.after, y.after)
	return &RegistryComparison{A: x.describe(), B: y.describe(), Same: c.Same(), Comparison: c}, nil
}

// side is one side of a comparison.
type side struct {
	name     string
	registry registry.Registry
	applied  *registry.Snapshot // what is applied there: nothing, where it is files
	files    map[string][]byte  // of a project; nil: it is a registry
	after    *registry.Snapshot // what is compared
}

func openSide(ctx context.Context, name string) (*side, error) {
	s := &side{name: config.Redact(name)}
	store, dir, err := sideStore(ctx, name)
	if err != nil {
		return nil, err
	}
	s.registry = registry.Empty(dir)
	if store != nil {
		s.registry = registry.Over(store, dir)
	} else if s.files, err = definition.ReadFiles(name); err != nil {
		return nil, err
	}
	if s.applied, err = s.registry.Snapshot(ctx); err != nil {
		return nil, errors.Join(err, s.registry.Close())
	}
	return s, nil
}

// sideStore finds out what a name stands for. The store of a project's files is nil.
func sideStore(ctx context.Context, name string) (store registry.Store, dir string, err error) {
	has := func(file string) bool {
		_, err := os.Stat(filepath.Join(name, file))
		return err == nil
	}
	at := RegistryAt{URL: name}
	switch {
	case at.shared():
		store, err := postgres.Open(name)
		if err != nil {
			return nil, "", err // no interface with nothing in it
		}
		return store, ".", nil
	case has(folder.HeadFile):
		store, err := folder.Open(name)
		if err != nil {
			return nil, "", err
		}
		return store, ".", nil
	case has(registryFile) || has(copyFile) || has(formatFile):
		file := registryFile
		if !has(registryFile) && has(copyFile) {
			file = copyFile
		}
		if !has(file) {
			return nil, "", noRegistry(name)
		}
		store, err := sqlite.Open(ctx, filepath.Join(name, file))
		if err != nil {
			return nil, "", err
		}
		return store, ".", nil
	case has(definition.ProjectFile):
		return nil, name, nil
	}
	return nil, "", &selfsame.Error{Class: selfsame.ClassNotFound, Ref: config.Redact(name), Message: "this is neither a data directory, an export, a project nor the URL of a PostgreSQL",
		Hint: "such as shop/.selfsame, exported/, shop/ or postgres://user@host/database"}
}

// apply works out what is compared: files as if they were applied to the other side.
func (s *side) apply(ctx context.Context, other *side) (err error) {
	s.after = s.applied
	if s.files == nil {
		return nil
	}
	s.after, _, err = other.applied.After(ctx, &registry.Change{Files: s.files, Time: time.Now().UnixMicro(), Expect: registry.Newest})
	return inProject(err, s.name)
}

func (s *side) describe() RegistrySide {
	out := RegistrySide{Place: s.name, Records: s.applied.ID()}
	if r := s.after.Newest(); r != nil {
		out.Project = r.Project
	}
	return out
}

func (s *side) close() error { return s.registry.Close() }
