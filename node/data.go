// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"selfsame"
)

// DataFormat is the number of the data directory's layout.
const DataFormat = 1

// Names in a data directory.
const (
	formatFile = "FORMAT"
	lockFile   = "LOCK"
	ignoreFile = ".gitignore"
)

// DefaultData is the data directory of a project that names none.
func DefaultData(project string) string { return filepath.Join(project, ".selfsame") }

// Data is a data directory that this process owns until Close. No other process opens it meanwhile.
type Data struct {
	Dir      string
	Registry string // that the server of this process shares with others, as SetServer tells it; empty: the directory's own
	lock     *os.File
}

// OpenData takes a data directory, and makes it where there is none. A directory of a newer layout, one that another process owns and a folder with
// other things in it are refused with class resource.
func OpenData(dir string) (*Data, error) {
	return openDataWithin(context.Background(), dir, lockTries*lockPause)
}

// openDataWithin is OpenData that waits for a process that owns the directory, unless that is a server.
func openDataWithin(ctx context.Context, dir string, patience time.Duration) (*Data, error) {
	if err := checkFormat(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, dataError(dir, "cannot make the data directory", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		err = dataError(dir, "cannot lock the data directory", err)
		if errors.Is(err, fs.ErrPermission) {
			err.(*selfsame.Error).Hint = "it belongs to another user: list, show, search, history and lineage read it all the same; for the rest run selfsame as that user, or ask its server over HTTP"
		}
		return nil, err
	}
	d := &Data{Dir: dir, lock: lock}
	if err := d.take(ctx, patience); err != nil {
		lock.Close()
		return nil, err
	}
	if err := d.prepare(); err != nil {
		lock.Close()
		return nil, err
	}
	return d, nil
}

func dataError(dir, message string, err error) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Ref: dir, Message: message, Err: err}
}

// checkFormat refuses what this version cannot read, before anything is written.
func checkFormat(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, formatFile))
	if errors.Is(err, fs.ErrNotExist) {
		return checkForeign(dir)
	}
	if err != nil {
		return dataError(dir, "cannot read the data directory", err)
	}
	first, rest, _ := strings.Cut(string(b), "\n")
	number, ok := strings.CutPrefix(first, "selfsame data ")
	n, err := strconv.Atoi(number)
	switch {
	case !ok || err != nil || n < 1:
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: dir, Message: "its FORMAT file is not one of Selfsame", Hint: "name another data directory with --data"}
	case n > DataFormat:
		e := &selfsame.Error{Class: selfsame.ClassResource, Ref: dir, Hint: "use the newer selfsame that wrote it",
			Message: fmt.Sprintf("the data directory has format %d, and selfsame %s reads up to %d", n, Version, DataFormat)}
		if needs, ok := strings.CutPrefix(strings.TrimSpace(rest), "needs selfsame "); ok {
			e.Hint = "use selfsame " + needs + " or newer"
		}
		return e
	}
	return nil
}

// checkForeign refuses a folder that holds other things.
func checkForeign(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return dataError(dir, "cannot read the data directory", err)
	}
	for _, e := range entries {
		if name := e.Name(); name != lockFile && name != ignoreFile && !strings.HasPrefix(name, formatFile) {
			if _, err := os.Stat(filepath.Join(dir, formatFile)); err == nil {
				return checkFormat(dir) // another process made it meanwhile
			}
			return &selfsame.Error{Class: selfsame.ClassResource, Ref: dir, Message: "the folder is no data directory: it holds " + name + " and no FORMAT",
				Hint: "name an empty or new folder with --data"}
		}
	}
	return nil
}

// Waits for a lock: FindServer of another process holds it for a moment, and so do verbs that open the directory for themselves.
const (
	lockTries = 10
	lockPause = 10 * time.Millisecond
	ownWithin = 30 * time.Second // that an apply waits for another one
)

func (d *Data) take(ctx context.Context, patience time.Duration) error {
	pause := time.NewTicker(lockPause)
	defer pause.Stop()
	for try := 1; ; try++ {
		err := syscall.Flock(int(d.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return dataError(d.Dir, "cannot lock the data directory", err)
		}
		served := readOwner(filepath.Join(d.Dir, lockFile))["address"] != ""
		if try >= lockTries && (served || time.Duration(try)*lockPause >= patience) {
			return d.inUse()
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return &selfsame.Error{Class: selfsame.ClassCanceled, Ref: d.Dir, Message: "stopped while another process owned the data directory", Err: ctx.Err()}
		}
	}
}

// inUse is the refusal of a directory that another process owns.
func (d *Data) inUse() error {
	owner := readOwner(filepath.Join(d.Dir, lockFile))
	pid, address := owner["pid"], owner["address"]
	e := &selfsame.Error{Class: selfsame.ClassResource, Ref: d.Dir, Message: "another process owns the data directory", Hint: "wait until it ends, or name another directory with --data"}
	if pid != "" {
		e.Message = "process " + pid + " owns the data directory"
	}
	if address != "" {
		e.Message += ", a server at " + address
		e.Hint = "ask that server, stop it, or name another directory with --data"
	}
	return e
}

// prepare writes what a new directory has, and says who owns it.
func (d *Data) prepare() error {
	if _, err := os.Stat(filepath.Join(d.Dir, formatFile)); err == nil {
		return d.SetAddress("")
	}
	// Versions of what is in it are kept by the directory itself, never by the project's repository.
	if err := os.WriteFile(filepath.Join(d.Dir, ignoreFile), []byte("*\n"), 0o644); err != nil {
		return dataError(d.Dir, "cannot write to the data directory", err)
	}
	if err := d.writeFormat(); err != nil {
		return dataError(d.Dir, "cannot write to the data directory", err)
	}
	return d.SetAddress("")
}

// writeFormat writes the file that makes the directory one of this layout. It is there whole, after a crash too, or not at all.
func (d *Data) writeFormat() error {
	path := filepath.Join(d.Dir, formatFile)
	f, err := os.Create(path + ".tmp")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "selfsame data %d\n", DataFormat)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return err
	}
	folder, err := os.Open(d.Dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// SetAddress says in the lock file where this process listens; empty: nowhere.
func (d *Data) SetAddress(address string) error { return d.SetServer(address, "") }

// SetServer says in the lock file where this process listens, and with which token its verbs are asked for. Only the owner of the file may read it.
func (d *Data) SetServer(address, token string) error {
	text := fmt.Appendf(nil, "pid %d\n", os.Getpid())
	if address != "" {
		text = fmt.Appendf(text, "address %s\n", address)
	}
	if token != "" {
		text = fmt.Appendf(text, "token %s\n", token)
	}
	if d.Registry != "" {
		text = fmt.Appendf(text, "registry %s\n", d.Registry)
	}
	return d.write(text)
}

func (d *Data) write(text []byte) error {
	err := d.lock.Truncate(0)
	if err == nil {
		_, err = d.lock.WriteAt(text, 0)
	}
	if err != nil {
		return dataError(d.Dir, "cannot write to the data directory", err)
	}
	return nil
}

// Close gives the directory back.
func (d *Data) Close() error {
	err := d.write(nil)
	if closing := d.lock.Close(); closing != nil && err == nil {
		err = dataError(d.Dir, "cannot unlock the data directory", closing)
	}
	return err
}

// FindServer returns the address of the server that owns a data directory and the token of its verbs; an empty address where none runs.
func FindServer(dir string) (address, token string) {
	path := filepath.Join(dir, lockFile)
	owner := readOwner(path)
	if owner["address"] == "" {
		return "", ""
	}
	f, err := os.Open(path)
	if err != nil {
		return "", ""
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return "", "" // nobody holds it: the process that wrote the address is gone
	}
	return owner["address"], owner["token"]
}

// serverRegistry is the registry that the owner of a data directory shares with others; empty: it says none.
func serverRegistry(dir string) string { return readOwner(filepath.Join(dir, lockFile))["registry"] }

// readOwner reads a lock file: what its lines say, by their first word.
func readOwner(path string) map[string]string {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	out := map[string]string{}
	for line := range bytes.Lines(b) {
		if word, rest, ok := strings.Cut(strings.TrimSpace(string(line)), " "); ok {
			out[word] = rest
		}
	}
	return out
}
