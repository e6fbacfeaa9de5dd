// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// gate is a file system whose first failing change seals it: that change and all later ones are reported as done and are not done.
// Reads pass.
type gate struct {
	vfs.FS
	sealed atomic.Pointer[error]
}

func (g *gate) seal(err error) { g.sealed.CompareAndSwap(nil, &err) }

func (g *gate) failure() error {
	if err := g.sealed.Load(); err != nil {
		return *err
	}
	return nil
}

func (g *gate) shut() bool { return g.sealed.Load() != nil }

// outcome notes what became of a change. Pebble is told of no failure.
func (g *gate) outcome(err error) {
	if err != nil {
		g.seal(err)
	}
}

// change does a change that gives no file.
func (g *gate) change(do func() error) error {
	if g.shut() {
		return nil
	}
	g.outcome(do())
	return nil
}

// file opens a file for writing. Behind a sealed gate it is the void.
func (g *gate) file(open func() (vfs.File, error)) (vfs.File, error) {
	if g.shut() {
		return void{}, nil
	}
	f, err := open()
	if err != nil {
		g.outcome(err)
		return void{}, nil
	}
	return &gateFile{f, g}, nil
}

func (g *gate) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return g.file(func() (vfs.File, error) { return g.FS.Create(name, category) })
}

func (g *gate) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return g.file(func() (vfs.File, error) { return g.FS.OpenReadWrite(name, category, opts...) })
}

func (g *gate) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return g.file(func() (vfs.File, error) { return g.FS.ReuseForWrite(oldname, newname, category) })
}

func (g *gate) OpenDir(name string) (vfs.File, error) {
	f, err := g.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &gateFile{f, g}, nil
}

func (g *gate) Link(oldname, newname string) error {
	return g.change(func() error { return g.FS.Link(oldname, newname) })
}

func (g *gate) Rename(oldname, newname string) error {
	return g.change(func() error { return g.FS.Rename(oldname, newname) })
}

func (g *gate) MkdirAll(dir string, perm os.FileMode) error {
	return g.change(func() error { return g.FS.MkdirAll(dir, perm) })
}

// Remove does not seal when it fails: a file that stays does no harm.
func (g *gate) Remove(name string) error {
	if g.shut() {
		return nil
	}
	return g.FS.Remove(name)
}

func (g *gate) RemoveAll(name string) error {
	if g.shut() {
		return nil
	}
	return g.FS.RemoveAll(name)
}

// Lock marks the error of a lock that another holds. The system's words for it are "try again" and "permission denied", this process's a text.
func (g *gate) Lock(name string) (io.Closer, error) {
	c, err := g.FS.Lock(name)
	if err == nil {
		return c, nil
	}
	held := errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) || strings.Contains(err.Error(), "held by current process")
	if held && !errors.As(err, new(*fs.PathError)) {
		err = errors.Join(errLock, err)
	}
	return nil, err
}

func (g *gate) Unwrap() vfs.FS { return g.FS }

// gateFile is a file or folder behind the gate.
type gateFile struct {
	vfs.File
	gate *gate
}

func (f *gateFile) Write(p []byte) (int, error) {
	if f.gate.shut() {
		return len(p), nil
	}
	_, err := f.File.Write(p)
	f.gate.outcome(err)
	return len(p), nil
}

func (f *gateFile) WriteAt(p []byte, off int64) (int, error) {
	if f.gate.shut() {
		return len(p), nil
	}
	_, err := f.File.WriteAt(p, off)
	f.gate.outcome(err)
	return len(p), nil
}

// Close closes in any case; what it finds it could not write seals like any other change.
func (f *gateFile) Close() error {
	if err := f.File.Close(); !f.gate.shut() {
		f.gate.outcome(err)
	}
	return nil
}

func (f *gateFile) Sync() error     { return f.gate.change(f.File.Sync) }
func (f *gateFile) SyncData() error { return f.gate.change(f.File.SyncData) }

func (f *gateFile) SyncTo(length int64) (full bool, err error) {
	if f.gate.shut() {
		return true, nil
	}
	full, err = f.File.SyncTo(length)
	f.gate.outcome(err)
	return full, nil
}

func (f *gateFile) Preallocate(offset, length int64) error {
	if f.gate.shut() {
		return nil
	}
	return f.File.Preallocate(offset, length)
}

// void takes what is written and holds nothing.
type void struct{}

func (void) Close() error                            { return nil }
func (void) Read([]byte) (int, error)                { return 0, io.EOF }
func (void) ReadAt([]byte, int64) (int, error)       { return 0, io.EOF }
func (void) Write(p []byte) (int, error)             { return len(p), nil }
func (void) WriteAt(p []byte, _ int64) (int, error)  { return len(p), nil }
func (void) Preallocate(int64, int64) error          { return nil }
func (void) Stat() (vfs.FileInfo, error)             { return voidInfo{}, nil }
func (void) Sync() error                             { return nil }
func (void) SyncTo(int64) (fullSync bool, err error) { return true, nil }
func (void) SyncData() error                         { return nil }
func (void) Prefetch(int64, int64) error             { return nil }
func (void) Fd() uintptr                             { return vfs.InvalidFd }

// voidInfo describes the void: an empty file.
type voidInfo struct{}

func (voidInfo) Name() string           { return "" }
func (voidInfo) Size() int64            { return 0 }
func (voidInfo) Mode() fs.FileMode      { return 0o644 }
func (voidInfo) ModTime() time.Time     { return time.Time{} }
func (voidInfo) IsDir() bool            { return false }
func (voidInfo) Sys() any               { return nil }
func (voidInfo) DeviceID() vfs.DeviceID { return vfs.DeviceID{} }
