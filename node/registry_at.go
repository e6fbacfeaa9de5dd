// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"selfsame"
	"selfsame/config"
	"selfsame/registry"
	"selfsame/registry/postgres"
	"selfsame/registry/replica"
	"selfsame/registry/sqlite"
)

// Registries in a data directory.
const (
	registryFile = "registry.db"      // the one that is kept there
	copyFile     = "registry-copy.db" // what was read of one that is kept elsewhere
)

// RegistryAt says where a registry is.
type RegistryAt struct {
	URL     string // the setting registry.url; empty: a file in the data directory
	Data    string // data directory
	Project string // folder from which the paths of sources count
}

// RegistryOf is where the settings say that the registry is.
func RegistryOf(c *config.Config, project string) RegistryAt {
	at := RegistryAt{URL: c.Registry, Data: c.Dir, Project: project}
	if at.Data == "" {
		at.Data = DefaultData(project)
	}
	return at
}

// shared reports whether the registry is one that many servers share.
func (at RegistryAt) shared() bool {
	return strings.HasPrefix(at.URL, "postgres:") || strings.HasPrefix(at.URL, "postgresql:")
}

// check refuses places that this version does not have, rather than keep what is meant for them somewhere else.
func (at RegistryAt) check() error {
	if at.URL == "" || at.URL == "sqlite:" || at.shared() {
		return nil
	}
	return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "registry.url", Message: config.Redact(at.URL) + " cannot be used: a registry is in the data directory, or in PostgreSQL",
		Hint: "leave the setting out, and name the folder with --data; or name postgres://user:password@host/database"}
}

// file is the file that holds the registry, or what was read of it.
func (at RegistryAt) file() string {
	if at.shared() {
		return copyFile
	}
	return registryFile
}

// openOwned opens the registry for the process that owns the data directory. What is shared is copied into the directory as it is read; failed is told
// where that cannot be.
func (at RegistryAt) openOwned(ctx context.Context, failed func(err error)) (registry.Store, registry.Watcher, error) {
	if err := at.check(); err != nil {
		return nil, nil, err
	}
	if !at.shared() {
		store, err := sqlite.Open(ctx, filepath.Join(at.Data, registryFile))
		if err != nil {
			return nil, nil, err // no interface with nothing in it
		}
		return store, nil, nil
	}
	far, err := postgres.Open(at.URL)
	if err != nil {
		return nil, nil, err
	}
	near, err := sqlite.OpenCopy(ctx, filepath.Join(at.Data, copyFile))
	if err != nil {
		return nil, nil, errors.Join(err, far.Close())
	}
	return replica.NewMirror(far, near, failed), far, nil
}

// OpenToRead opens the registry's store for reading, beside whoever owns the data directory. Where there is none yet, the store is nil. One that is shared
// and away is read as far as the data directory has a copy.
func (at RegistryAt) OpenToRead(ctx context.Context) (registry.Store, error) {
	if err := at.check(); err != nil {
		return nil, err
	}
	if at.shared() {
		far, err := postgres.Open(at.URL)
		if err != nil {
			return nil, err
		}
		if _, err = far.Load(ctx, math.MaxInt64); err == nil {
			return far, nil
		}
		err = errors.Join(err, far.Close())
		if !errors.Is(err, registry.ErrAway) {
			return nil, err
		}
		near, copyErr := at.openFile(ctx)
		if near == nil {
			return nil, errors.Join(err, copyErr)
		}
		return near, nil
	}
	return at.openFile(ctx)
}

// read opens the registry for reading. The snapshot is nil where there is none. done closes it.
func (at *RegistryAt) read(ctx context.Context) (s *registry.Snapshot, done func(), err error) {
	if at == nil {
		return nil, func() {}, nil
	}
	store, err := at.OpenToRead(ctx)
	if err != nil || store == nil {
		return nil, func() {}, err
	}
	r := registry.Over(store, at.Project)
	if s, err = r.Snapshot(ctx); err != nil {
		r.Close()
		return nil, func() {}, err
	}
	return s, func() { r.Close() }, nil
}

func (at RegistryAt) openFile(ctx context.Context) (registry.Store, error) {
	path := filepath.Join(at.Data, at.file())
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	store, err := sqlite.OpenToRead(ctx, path)
	if err != nil {
		return nil, err
	}
	return store, nil
}
