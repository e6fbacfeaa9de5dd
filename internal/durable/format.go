// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame"
)

// Format is what a directory holds and in which version. It stands in the file FORMAT as the line "selfsame KIND VERSION",
// with the word "unfinished" behind it while the directory is being made: a crash in that time leaves nothing that anyone was told of.
type Format struct {
	Kind    string // one word: log, online
	Version int    // from 1
}

const (
	formatFile    = "FORMAT"
	temporaryFile = formatFile + ".tmp"
	lockFile      = "LOCK"
	unfinished    = " unfinished"
)

// state is how far a directory has been made.
type state int

const (
	empty state = iota
	begun
	whole
)

// look reads the directory's format. It changes nothing.
func (f Format) look(disk vfs.FS, path string, o Options) (state, error) {
	have, err := readAll(disk, disk.PathJoin(path, formatFile))
	if err == nil && have == nil {
		return empty, f.alone(disk, path, o)
	}
	if err != nil {
		return empty, problem(o.Name, path, "cannot be read", err)
	}
	line, making := strings.CutSuffix(strings.TrimSuffix(string(have), "\n"), unfinished)
	var kind string
	var version int
	if n, _ := fmt.Sscanf(line, "selfsame %s %d", &kind, &version); n != 2 || kind != f.Kind || version < 1 {
		return empty, refuse(path, o.Name, fmt.Sprintf("the file FORMAT says %q", have), "this folder holds something else: name another data directory")
	}
	switch {
	case version > f.Version:
		return empty, refuse(path, o.Name, fmt.Sprintf("is of format %d, and this version of Selfsame reads up to %d", version, f.Version), "use the newer version of Selfsame that wrote it")
	case making:
		return begun, nil
	}
	return whole, nil
}

func refuse(path, name, what, hint string) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: path}, Ref: name, Message: what, Hint: hint}
}

// alone refuses a folder that holds other things.
func (f Format) alone(disk vfs.FS, path string, o Options) error {
	names, err := disk.List(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return problem(o.Name, path, "cannot be read", err)
	}
	if slices.ContainsFunc(names, func(n string) bool { return n != temporaryFile && n != lockFile }) {
		return refuse(path, o.Name, "the folder is not empty and has no file FORMAT", "this folder holds something else: name another data directory")
	}
	return nil
}

// begin marks a directory as unfinished and removes what an earlier beginning left. The caller has the lock.
func (f Format) begin(disk vfs.FS, path string, have state) error {
	if have == empty {
		return f.write(disk, path, unfinished)
	}
	names, err := disk.List(path)
	for _, n := range names {
		if n != formatFile && n != lockFile && err == nil {
			err = disk.RemoveAll(disk.PathJoin(path, n))
		}
	}
	return errors.Join(err, syncDir(disk, path))
}

// write makes the file FORMAT appear, whole.
func (f Format) write(disk vfs.FS, path, suffix string) error {
	file, err := disk.Create(disk.PathJoin(path, temporaryFile), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "selfsame %s %d%s\n", f.Kind, f.Version, suffix)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := disk.Rename(disk.PathJoin(path, temporaryFile), disk.PathJoin(path, formatFile)); err != nil {
		return err
	}
	return errors.Join(syncDir(disk, path), syncDir(disk, disk.PathDir(path)))
}

func syncDir(disk vfs.FS, path string) error {
	d, err := disk.OpenDir(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
