// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame"
)

// Format is what a directory holds and in which version. It stands in the file FORMAT as the line "selfsame KIND VERSION",
// written before anything else.
type Format struct {
	Kind    string // one word: log, online
	Version int    // from 1
}

const formatFile = "FORMAT"

// check compares the directory's format, and marks a directory that is empty.
func (f Format) check(disk vfs.FS, path string, o Options) error {
	have, err := readAll(disk, disk.PathJoin(path, formatFile))
	if err != nil {
		return problem(o.Name, path, "cannot be read", err)
	}
	if have == nil {
		return f.mark(disk, path, o)
	}
	var kind string
	var version int
	if n, _ := fmt.Sscanf(string(have), "selfsame %s %d\n", &kind, &version); n != 2 || kind != f.Kind || version < 1 {
		return f.refuse(path, o.Name, fmt.Sprintf("the file FORMAT says %q", have), "this folder holds something else: name another data directory")
	}
	if version > f.Version {
		return f.refuse(path, o.Name, fmt.Sprintf("is of format %d, and this version of Selfsame reads up to %d", version, f.Version), "use the newer version of Selfsame that wrote it")
	}
	return nil
}

func (f Format) refuse(path, name, what, hint string) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: path}, Ref: name, Message: what, Hint: hint}
}

func (f Format) mark(disk vfs.FS, path string, o Options) error {
	names, err := disk.List(path)
	if err != nil {
		return problem(o.Name, path, "cannot be read", err)
	}
	temporary := formatFile + ".tmp"
	names = slices.DeleteFunc(names, func(n string) bool { return n == temporary })
	switch {
	case len(names) > 0:
		return f.refuse(path, o.Name, "the folder is not empty and has no file FORMAT", "this folder holds something else: name another data directory")
	case o.ReadOnly:
		return problem(o.Name, path, "is not there", fs.ErrNotExist)
	}
	err = f.write(disk, disk.PathJoin(path, temporary))
	if err == nil {
		err = disk.Rename(disk.PathJoin(path, temporary), disk.PathJoin(path, formatFile))
	}
	if err == nil {
		err = syncDir(disk, path)
	}
	if err == nil {
		err = syncDir(disk, disk.PathDir(path))
	}
	if err != nil {
		return problem(o.Name, path, "cannot be written", err)
	}
	return nil
}

func (f Format) write(disk vfs.FS, path string) error {
	file, err := disk.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "selfsame %s %d\n", f.Kind, f.Version)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func syncDir(disk vfs.FS, path string) error {
	d, err := disk.OpenDir(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
