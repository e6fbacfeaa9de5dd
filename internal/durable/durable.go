// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package durable opens Pebble directories as Selfsame needs them: one owner at a time, a format that is checked before anything is
// read, and no step after a failure. It is not a store: it knows no keys.
//
// The invariant (L1): after the first write, sync or rename that fails, nothing in the directory changes any more. What is on disk is what a
// crash at that moment would have left, and opening it again recovers from just that. Pebble itself ends the process in such a moment, or goes
// on after a sync that failed; here it is told that all is well and writes into the void, and the owner, who asks Err before it acknowledges anything,
// refuses from then on.
//
// The adapters on Pebble use it: eventlog/local and online/embedded. A Dir is safe for concurrent use as Pebble is; Close is called once, last.
package durable

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame"
)

// DefaultReserve is how much of a disk is left free: room for Pebble to rewrite what it has.
const DefaultReserve = 128 << 20

// Options say what a directory is.
type Options struct {
	Name     string // for messages: "the event log"
	Format   Format
	FS       vfs.FS // nil: the disk
	ReadOnly bool
	Reserve  int64 // bytes of the disk to leave free; 0: DefaultReserve; < 0: none
	// Pebble are the settings of the database. FS, Logger, EventListener, Lock and ReadOnly are set by Open. Whoever keeps Pebble's own log
	// writes one batch at a time and syncs it before the next.
	Pebble *pebble.Options
}

// Dir is an open directory.
type Dir struct {
	DB *pebble.DB

	name, path string
	gate       *gate
	lock       *pebble.Lock
	reserve    int64
}

// Open opens the directory at path and makes it where it is not there. Errors are of class resource where the directory is in use, cannot be read
// or is of a newer format.
func Open(path string, o Options) (*Dir, error) {
	disk := o.FS
	if disk == nil {
		disk = vfs.Default
	}
	d := &Dir{name: o.Name, path: path, gate: &gate{FS: disk}, reserve: o.Reserve}
	if d.reserve == 0 {
		d.reserve = DefaultReserve
	}
	have, err := o.Format.look(disk, path, o)
	switch {
	case err != nil:
		return nil, err
	case o.ReadOnly && have != whole:
		return nil, problem(o.Name, path, "is not there", fs.ErrNotExist)
	case !o.ReadOnly:
		if err := disk.MkdirAll(path, 0o755); err != nil {
			return nil, problem(o.Name, path, "cannot be made", err)
		}
	}
	if d.lock, err = pebble.LockDirectory(path, d.gate); err != nil {
		return nil, problem(o.Name, path, "cannot be locked", err)
	}
	if err := d.open(o); err != nil {
		if d.DB != nil {
			err = errors.Join(err, d.DB.Close())
		}
		return nil, problem(o.Name, path, "cannot be opened", errors.Join(d.gate.failure(), err, d.lock.Close()))
	}
	return d, nil
}

// open opens the database under the lock. A directory that was not finished is made from the start.
func (d *Dir) open(o Options) error {
	have, err := o.Format.look(d.gate.FS, d.path, o)
	switch {
	case err != nil:
	case have != whole:
		err = o.Format.begin(d.gate.FS, d.path, have)
	case !o.Pebble.DisableWAL:
		err = checkTail(d.gate.FS, d.path)
	}
	if err != nil {
		return err
	}
	settings := *o.Pebble
	settings.FS, settings.ReadOnly, settings.Logger, settings.Lock = d.gate, o.ReadOnly, &logger{d.gate}, d.lock
	listener := &pebble.EventListener{BackgroundError: func(error) {}, DataCorruption: func(pebble.DataCorruptionInfo) {}}
	listener.EnsureDefaults(nil)
	settings.EventListener = listener
	if have != whole {
		// The log of a new database is made before its format is raised, and only logs of the later formats tell damage from a torn end.
		first, err := open(d.path, &settings)
		if err == nil {
			err = first.Close()
		}
		if err = errors.Join(d.gate.failure(), err); err != nil {
			return err
		}
	}
	if d.DB, err = open(d.path, &settings); err != nil {
		return err
	}
	if err := d.gate.failure(); err != nil || have == whole {
		return err
	}
	return o.Format.write(d.gate.FS, d.path, "")
}

// open turns what Pebble panics over into an error.
func open(path string, o *pebble.Options) (db *pebble.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return pebble.Open(path, o)
}

// Err returns why the directory is sealed, or nil. Whoever writes asks it after the write and before telling anyone.
func (d *Dir) Err() error {
	if err := d.gate.failure(); err != nil {
		return problem(d.name, d.path, "cannot be written any more", err)
	}
	return nil
}

// Writable returns an error of class resource where the directory is sealed or its disk is nearly full. The latter passes when there is room again.
func (d *Dir) Writable() error {
	if err := d.Err(); err != nil {
		return err
	}
	if d.reserve < 0 {
		return nil
	}
	usage, err := d.gate.GetDiskUsage(d.path)
	if err == nil && usage.AvailBytes < uint64(d.reserve) {
		return problem(d.name, d.path, fmt.Sprintf("cannot be written: %d MiB are free on its disk and %d are kept", usage.AvailBytes>>20, d.reserve>>20), syscall.ENOSPC)
	}
	return nil
}

// Problem gives an error of reading its class and its place. A canceled context stays what it is.
func (d *Dir) Problem(what string, err error) error {
	return problem(d.name, d.path, what, err)
}

// Canceled returns an error of class canceled where ctx is done.
func Canceled(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &selfsame.Error{Class: selfsame.ClassCanceled, Message: "stopped", Err: err}
	}
	return nil
}

// Closed is the error of a call to a store that was closed.
func Closed(name string) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Ref: name, Message: "is closed"}
}

// Close ends Pebble's work and lets go of the directory. It returns why the directory was sealed, if it was.
func (d *Dir) Close() error {
	err := errors.Join(d.DB.Close(), d.lock.Close())
	if sealed := d.Err(); sealed != nil {
		return sealed
	}
	if err != nil {
		return problem(d.name, d.path, "cannot be closed", err)
	}
	return nil
}

// problem is an error as users see it.
func problem(name, path, what string, err error) error {
	var known *selfsame.Error
	if errors.As(err, &known) {
		return known
	}
	e := &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: path}, Ref: name, Message: what, Err: cause(err)}
	switch {
	case errors.Is(err, errLock):
		e.Message, e.Err = "is in use by another process", nil
		e.Hint = "one process owns a data directory: stop the other, or ask it through its address"
	case errors.Is(err, syscall.ENOSPC):
		e.Hint = "the disk is full: free space; if writing stays refused after that, start again"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		e.Hint = "check that the folder can be written"
	case pebble.IsCorruptionError(err):
		e.Class = selfsame.ClassInternal
		e.Hint = "the files are damaged: restore the folder from a copy; that of the online state may be removed, it is built again from the log"
	case errors.Is(err, fs.ErrNotExist):
		e.Hint = "check the path"
	default:
		e.Hint = "check the disk, then start again: what was acknowledged is recovered"
	}
	return e
}

// errLock marks an error of taking the lock.
var errLock = errors.New("lock")

// cause leaves the parts of a path error that repeat the place.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	if pebble.IsCorruptionError(err) {
		return &damage{err}
	}
	return err
}

// damage is an error of Pebble about damaged files without the lines that carry what is for programs.
type damage struct{ err error }

func (d *damage) Error() string {
	var lines []string
	for line := range strings.Lines(d.err.Error()) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "<") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

func (d *damage) Unwrap() error { return d.err }

// logger seals where Pebble would end the process, and is silent.
type logger struct{ gate *gate }

func (l *logger) Infof(string, ...any)  {}
func (l *logger) Errorf(string, ...any) {}
func (l *logger) Fatalf(format string, args ...any) {
	l.gate.seal(fmt.Errorf(format, args...))
}

// readAll reads a small file; a file that is not there is empty.
func readAll(disk vfs.FS, path string) ([]byte, error) {
	f, err := disk.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
