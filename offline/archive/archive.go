// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package archive keeps the event log as files for training: SOURCE/date=YYYY-MM-DD/FIRST-NEXT.parquet, one folder a day of event
// time, rows in the order of their offsets. docs/format/archive.md describes them.
//
// The invariant: the files whose NEXT is at most the offset in STATE.json hold every row of the log below it once. A run copies the log in chunks;
// a chunk's files are written and made durable, then STATE.json moves past it. What an interrupted run left beyond that offset is removed by the next
// run before it copies the same rows again. It decides nothing about rows: what the log admitted is here.
//
// Whoever owns the data directory runs Advance, one run at a time; reading is safe beside it.
package archive

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"selfsame"
	"selfsame/eventlog"
	"selfsame/offline"
)

const (
	stateFile    = "STATE.json"
	stateVersion = 1
	extension    = ".parquet"
	digits       = 20
)

// state is the content of STATE.json.
type state struct {
	Version  int      `json:"version"`
	Complete int64    `json:"complete"`
	Sources  []string `json:"sources,omitempty"` // that have a list of their files; none: the archive is older than lists
}

// Archive is the archive below a folder.
type Archive struct {
	dir      string
	create   offline.Creator
	limit    int64 // bytes of rows that a run holds
	complete atomic.Int64
	run      sync.Mutex // held by Advance
	merging  sync.Mutex // held by Merge
	listing  sync.Mutex // held by whoever writes a list; guards state
	state    state
}

// DefaultLimit is how many bytes of rows a run holds before it writes them.
const DefaultLimit = 64 << 20

// Open opens the archive below dir, whose files create writes; dir need not be there. An archive of a newer version is an error of class resource.
func Open(dir string, create offline.Creator) (*Archive, error) {
	s, err := readState(dir)
	if err != nil {
		return nil, err
	}
	a := &Archive{dir: dir, create: create, limit: DefaultLimit, state: s}
	a.complete.Store(s.Complete)
	return a, nil
}

// readState reads the state of the archive below dir; that of none is empty.
func readState(dir string) (state, error) {
	path := filepath.Join(dir, stateFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, nil
	}
	if err != nil {
		return state{}, problem(path, "cannot be read", err)
	}
	var s state
	if err := json.Unmarshal(text, &s); err != nil || s.Version < 1 || s.Complete < 0 {
		return state{}, &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: path}, Message: "is damaged", Err: err,
			Hint: "remove the archive's folder: it is written anew from the log, where that still has every row; else restore the file"}
	}
	if s.Version > stateVersion {
		return state{}, newer(path, s.Version, stateVersion)
	}
	return s, nil
}

// CompleteOf is Complete of the archive below dir, 0 where there is none.
func CompleteOf(dir string) (int64, error) {
	s, err := readState(dir)
	return s.Complete, err
}

// newer is the error of a file of a later format.
func newer(path string, is, most int) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: path},
		Message: fmt.Sprintf("is of version %d, and this version of Selfsame reads up to %d", is, most), Hint: "use the newer version of Selfsame that wrote it"}
}

func problem(path, what string, err error) error {
	var known *selfsame.Error
	if errors.As(err, &known) {
		return err
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: path}, Message: what, Err: err, Hint: "check the disk and the permissions of the archive's folder"}
}

// Complete is the offset below which the archive holds every row of the log.
func (a *Archive) Complete() int64 { return a.complete.Load() }

// Files returns a source's files that belong to the archive.
func (a *Archive) Files(source string) ([]File, error) { return Below(a.dir, source, a.Complete()) }

// Below returns the files of a source that hold its rows below an offset at which the archive was complete, by first offset, then by path. Of a file and
// those that were merged into it only the former is among them. A merged file may hold rows beyond the offset too: they are the reader's to leave out. A file that
// is lost is an error of class resource.
func Below(dir, source string, complete int64) ([]File, error) {
	s, err := readState(dir)
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(dir, source)
	var held []listed
	if slices.Contains(s.Sources, source) {
		if held, err = readList(folder); err != nil { // before the folders: what it names is there by then
			return nil, err
		}
	}
	files, err := list(folder)
	if err == nil {
		err = check(folder, held, files, complete, s.Complete)
	}
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(f File) bool { return f.First >= complete })
	whole, _ := merged(files)
	slices.SortFunc(whole, func(x, y File) int { return cmp.Or(cmp.Compare(x.First, y.First), cmp.Compare(x.Path, y.Path)) })
	return whole, nil
}

// merged tells the files that count from those whose rows another one holds.
func merged(files []File) (whole, parts []File) {
	slices.SortFunc(files, func(x, y File) int {
		return cmp.Or(cmp.Compare(filepath.Dir(x.Path), filepath.Dir(y.Path)), cmp.Compare(x.First, y.First), cmp.Compare(y.Next, x.Next))
	})
	for _, f := range files {
		if n := len(whole); n > 0 && filepath.Dir(whole[n-1].Path) == filepath.Dir(f.Path) && f.Next <= whole[n-1].Next {
			parts = append(parts, f)
			continue
		}
		whole = append(whole, f)
	}
	return whole, parts
}

// File is a file of the archive: the rows of its source and day with offsets in [First, Next).
type File struct {
	Path        string
	First, Next int64
}

// list finds the files below a folder; other names are left alone.
func list(dir string) ([]File, error) {
	var out []File
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // there is none, or none any more
		case err != nil:
			return err
		case d.IsDir() && d.Name() == mergeFolder:
			return fs.SkipDir // it comes and goes beside this
		}
		if f, ok := named(path); ok && !d.IsDir() {
			out = append(out, f)
		}
		return nil
	})
	if err != nil {
		return nil, problem(dir, "cannot be read", err)
	}
	return out, nil
}

// named reads the offsets in a file's name.
func named(path string) (File, bool) {
	name, ok := strings.CutSuffix(filepath.Base(path), extension)
	if !ok || len(name) != 2*digits+1 || name[digits] != '-' {
		return File{}, false
	}
	first, err1 := strconv.ParseInt(name[:digits], 10, 64)
	next, err2 := strconv.ParseInt(name[digits+1:], 10, 64)
	return File{path, first, next}, err1 == nil && err2 == nil
}

// Advance copies the log up to the offset to, or to its end where that comes first. What it has copied whole when it is stopped stays.
func (a *Archive) Advance(ctx context.Context, log eventlog.Log, to int64) error {
	a.run.Lock()
	defer a.run.Unlock()
	end, _ := log.End()
	from := a.Complete()
	if from > end {
		return &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: a.dir},
			Message: fmt.Sprintf("the archive holds the log up to offset %d, and the log ends at %d", from, end),
			Hint:    "the log is of another data directory, or was restored from an older copy: restore both together"}
	}
	if t, ok := log.(eventlog.Trimmer); ok && from < t.Begin() {
		return &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: a.dir},
			Message: fmt.Sprintf("the archive holds the log up to offset %d, and the log begins at %d", from, t.Begin()),
			Hint:    "the log has let go of what the archive held: restore the archive's folder from a copy"}
	}
	if err := a.adopt(); err != nil {
		return err
	}
	if to = min(to, end); from >= to {
		return nil
	}
	if err := a.sweep(from); err != nil {
		return err
	}
	c := newChunk(from)
	err := log.Read(ctx, from, to, func(b *eventlog.Block) error {
		if !c.takes(b) {
			if err := a.store(ctx, c, b.First); err != nil {
				return err
			}
		}
		if err := c.add(b); err != nil {
			return err
		}
		if c.bytes >= a.limit {
			return a.store(ctx, c, b.Next())
		}
		return nil
	})
	if err != nil || c.first == to {
		return err
	}
	return a.store(ctx, c, to)
}

// sweep removes what a run that did not come to its end left: files with rows that STATE.json does not have, and temporary ones.
func (a *Archive) sweep(from int64) error {
	files, err := list(a.dir)
	if err != nil {
		return err
	}
	folders := map[string]bool{}
	for _, f := range files {
		if f.Next > from {
			if err := os.Remove(f.Path); err != nil {
				return problem(f.Path, "cannot be removed", err)
			}
			folders[filepath.Dir(f.Path)] = true
		}
	}
	for dir := range folders { // before STATE.json moves past them: a file that came back would hold rows twice
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	a.listing.Lock() // so that none of the lists is being written
	defer a.listing.Unlock()
	return a.clean(filepath.Join("*", "date=*", ".*"+extension+".*.tmp"), filepath.Join("*", "."+listFile+".*.tmp"), "."+stateFile+".*.tmp")
}

// clean removes files by patterns of names below the archive.
func (a *Archive) clean(patterns ...string) (err error) {
	for _, pattern := range patterns {
		stale, e := filepath.Glob(filepath.Join(a.dir, pattern))
		err = errors.Join(err, e)
		for _, path := range stale {
			err = errors.Join(err, os.Remove(path))
		}
	}
	if err != nil {
		return problem(a.dir, "cannot be cleaned", err)
	}
	return nil
}

// store writes a chunk's files, then the lists that have them, then the state behind it, and begins the next chunk at next.
func (a *Archive) store(ctx context.Context, c *chunk, next int64) error {
	wrote := map[string][]listed{}
	for _, p := range c.sorted() {
		if err := ctx.Err(); err != nil {
			return &selfsame.Error{Class: selfsame.ClassCanceled, Message: "stopped", Err: err}
		}
		path, err := a.write(p, c.first, next)
		if err != nil {
			return err
		}
		l, err := a.describeFile(p.source, path)
		if err != nil {
			return err
		}
		wrote[p.source] = append(wrote[p.source], l)
	}
	sources := slices.Sorted(maps.Keys(wrote))
	for _, source := range sources {
		if err := a.relist(source, wrote[source], a.Complete()); err != nil {
			return err
		}
	}
	if err := a.save(next, sources); err != nil {
		return err
	}
	c.reset(next)
	return nil
}

// write writes a part's file and returns its path.
func (a *Archive) write(p *part, first, next int64) (string, error) {
	dir := filepath.Join(a.dir, p.source, "date="+p.folder)
	if err := a.makeDir(dir); err != nil {
		return "", err
	}
	path := filepath.Join(dir, fmt.Sprintf("%0*d-%0*d%s", digits, first, digits, next, extension))
	w, err := a.create(path, p.rows.Fields, offline.Options{})
	if err != nil {
		return "", err
	}
	defer w.Abort()
	if err := w.Write(p.rows); err != nil {
		return "", err
	}
	return path, w.Close()
}

// makeDir makes a folder and those above it that are not there, durably.
func (a *Archive) makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	above := filepath.Dir(dir)
	if above != dir {
		if err := a.makeDir(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return problem(dir, "cannot be made", err)
	}
	return syncDir(above)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	if err != nil {
		return problem(dir, "cannot be made durable", err)
	}
	return nil
}

// save moves the state to an offset; sources have lists now.
func (a *Archive) save(complete int64, sources []string) error {
	if err := a.makeDir(a.dir); err != nil {
		return err
	}
	a.listing.Lock()
	defer a.listing.Unlock()
	s := state{stateVersion, complete, slices.Clone(a.state.Sources)}
	for _, name := range sources {
		if !slices.Contains(s.Sources, name) {
			s.Sources = append(s.Sources, name)
		}
	}
	slices.Sort(s.Sources)
	if err := writeJSON(filepath.Join(a.dir, stateFile), s); err != nil {
		return err
	}
	a.state = s
	a.complete.Store(complete)
	return nil
}
