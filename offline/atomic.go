// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
)

// Creator opens a writer for one file of a format. The file appears under path when the writer's Close succeeds; its
// folder must exist. Options that do not concern the format are ignored.
type Creator func(path string, fields []selfsame.Field, o Options) (Writer, error)

// File is a temporary file beside its target. It is written sequentially by one goroutine.
type File struct {
	path string
	tmp  *os.File
	done bool
	size int64 // written
	sent int64 // of it, on its way to disk
	sum  *xxh3.Hasher
}

// writebackBytes is how much is written before the kernel is asked to begin with it.
const writebackBytes = 8 << 20

// NewFile creates the temporary file for the target path. Errors are of class resource and name the path.
func NewFile(path string) (*File, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: path}, Message: "cannot be written: it is a folder",
			Hint: "name a file"}
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, ioError(path, err)
	}
	return &File{path: path, tmp: tmp, sum: xxh3.New()}, nil
}

// Path is the target.
func (f *File) Path() string { return f.path }

// Write appends p.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.tmp.Write(p)
	if err != nil {
		return n, ioError(f.path, err)
	}
	f.sum.Write(p)
	if f.size += int64(n); f.size-f.sent >= writebackBytes {
		startWriteback(f.tmp, f.sent, f.size-f.sent)
		f.sent = f.size
	}
	return n, nil
}

// Written returns the size of what was written and the two halves of its 128-bit xxh3 hash.
func (f *File) Written() (size int64, high, low uint64) {
	u := f.sum.Sum128()
	return f.size, u.Hi, u.Lo
}

// Publish makes what was written durable and gives it the target's name. After an error nothing is published and
// nothing is left.
func (f *File) Publish() error {
	if f.done {
		return nil
	}
	f.done = true
	err := f.tmp.Chmod(0o644)
	if err == nil {
		err = f.tmp.Sync()
	}
	if e := f.tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.tmp.Name(), f.path)
	}
	if err != nil {
		os.Remove(f.tmp.Name())
		return ioError(f.path, err)
	}
	return syncDir(filepath.Dir(f.path))
}

// Discard removes what was written. It does nothing after Publish.
func (f *File) Discard() {
	if f.done {
		return
	}
	f.done = true
	f.tmp.Close()
	os.Remove(f.tmp.Name())
}

// syncDir makes a rename in dir durable. File systems that cannot sync a folder are left alone.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return ioError(dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return ioError(dir, err)
	}
	return nil
}

// ioError is an error of the file system as users see it.
func ioError(path string, err error) error {
	var e *selfsame.Error
	if errors.As(err, &e) {
		return err
	}
	hint := ""
	switch {
	case errors.Is(err, syscall.ENOSPC):
		hint = "the disk is full: free space or write elsewhere"
	case errors.Is(err, fs.ErrNotExist):
		hint = "the folder of the output must exist"
	case errors.Is(err, fs.ErrPermission):
		hint = "check the permissions of the output folder"
	}
	var pe *fs.PathError
	var le *os.LinkError
	switch { // their paths are the temporary file's
	case errors.As(err, &pe):
		err = pe.Err
	case errors.As(err, &le):
		err = le.Err
	}
	return &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: path}, Message: "cannot be written", Err: err, Hint: hint}
}

// CheckBatch returns an error of class internal where a batch's columns are not those a writer was created for.
func CheckBatch(b *column.Batch, fields []selfsame.Field) error {
	if len(b.Columns) != len(fields) {
		return &selfsame.Error{Class: selfsame.ClassInternal, Message: "a batch has other columns than its writer"}
	}
	for i, f := range fields {
		if !b.Columns[i].Type.Equal(f.Type) {
			return &selfsame.Error{Class: selfsame.ClassInternal, Ref: "column " + f.Name,
				Message: "a batch holds " + b.Columns[i].Type.String() + " where its writer expects " + f.Type.String()}
		}
	}
	if err := b.Check(); err != nil {
		return &selfsame.Error{Class: selfsame.ClassInternal, Message: "a batch is malformed", Err: err}
	}
	return nil
}
