// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// requestsFolder of a data directory holds the requests that came with an Idempotency-Key, a file each, as api.HTTP writes them.
const requestsFolder = "requests"

// requests implements api.Kept in a folder, which is made when it is needed.
type requests struct{ dir string }

// unfinished is the end of the name of a file that is being written.
const unfinished = ".tmp"

// Keep implements api.Kept.
func (r requests) Keep(name string, b []byte) error {
	path := filepath.Join(r.dir, name)
	err := os.MkdirAll(r.dir, 0o755)
	if err == nil {
		err = writeSynced(path+unfinished, b)
	}
	if err == nil {
		err = os.Rename(path+unfinished, path)
	}
	if err == nil {
		err = syncFolder(r.dir)
	}
	if err != nil {
		return dataError(path, "a request with a key cannot be kept", err)
	}
	return nil
}

// writeSynced writes a file and makes its bytes durable.
func writeSynced(path string, b []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Drop implements api.Kept.
func (r requests) Drop(name string) error {
	if err := os.Remove(filepath.Join(r.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return dataError(r.dir, "a request with a key cannot be forgotten", err)
	}
	return nil
}

// All implements api.Kept. What was being written when a process ended is cleared away.
func (r requests) All() (map[string][]byte, error) {
	out := map[string][]byte{}
	entries, err := os.ReadDir(r.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	for _, e := range entries {
		if err != nil {
			break
		}
		path := filepath.Join(r.dir, e.Name())
		if strings.HasSuffix(e.Name(), unfinished) {
			err = os.Remove(path)
		} else {
			out[e.Name()], err = os.ReadFile(path)
		}
	}
	if err != nil {
		return nil, dataError(r.dir, "requests with a key cannot be read", err)
	}
	return out, nil
}
