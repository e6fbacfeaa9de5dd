// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"selfsame"
	"selfsame/offline"
)

// Of what the log has dropped the archive is the only copy, and the names of files do not tell of one that is lost: a day without events has none either. So each
// source has a list of its files, and whoever reads them looks whether they are there. A file is also there where it was merged into another.

const (
	listFile    = "FILES.json"
	listVersion = 1
)

// listing is the content of FILES.json.
type listing struct {
	Version int      `json:"version"`
	Files   []listed `json:"files"`
}

// listed is a file as it was written.
type listed struct {
	Name  string `json:"name"` // below the folder of its source, slashes
	Bytes int64  `json:"bytes"`
}

// in is the listed file below the folder of its source.
func (l listed) in(folder string) (File, bool) {
	return named(filepath.Join(folder, filepath.FromSlash(l.Name)))
}

// readList reads the list of the source in a folder.
func readList(folder string) ([]listed, error) {
	path := filepath.Join(folder, listFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, lost(path, "is not there: it lists the source's files of the archive")
	}
	if err != nil {
		return nil, problem(path, "cannot be read", err)
	}
	var l listing
	if err := json.Unmarshal(text, &l); err != nil || l.Version < 1 {
		return nil, lost(path, "is damaged: it lists the source's files of the archive")
	}
	if l.Version > listVersion {
		return nil, newer(path, l.Version, listVersion)
	}
	return l.Files, nil
}

func lost(path, what string) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: path}, Message: what,
		Hint: "restore it from a copy of the data directory. While the log is whole the archive can be made again: stop, remove the archive's folder, start"}
}

// check compares a list with the files that are in the folder: of those with rows below an offset, and none from `complete` on, each is there, or merged.
func check(folder string, list []listed, files []File, below, complete int64) error {
	for _, l := range list {
		f, ok := l.in(folder)
		if !ok || f.First >= below || f.Next > complete {
			continue
		}
		info, err := os.Stat(f.Path)
		if err == nil && info.Size() != l.Bytes {
			return lost(f.Path, fmt.Sprintf("has %d bytes, and was written with %d: it is a file of the archive", info.Size(), l.Bytes))
		}
		if err == nil || slices.ContainsFunc(files, func(whole File) bool { return whole.holds(f) }) {
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return problem(f.Path, "cannot be read", err)
		}
		return lost(f.Path, fmt.Sprintf("is not there: the archive's rows from offset %d to %d of that day are in it", f.First, f.Next))
	}
	return nil
}

// holds reports whether f has the rows of another file, or is it.
func (f File) holds(o File) bool {
	return filepath.Dir(f.Path) == filepath.Dir(o.Path) && f.First <= o.First && o.Next <= f.Next
}

// Check reports a file that is lost.
func (a *Archive) Check() error {
	for _, source := range a.listedSources() {
		if _, err := a.Files(source); err != nil {
			return err
		}
	}
	return nil
}

func (a *Archive) listedSources() []string {
	a.listing.Lock()
	defer a.listing.Unlock()
	return slices.Clone(a.state.Sources)
}

// relist adds files to the list of a source, in the place of what they hold. What an interrupted run listed beyond an offset goes.
func (a *Archive) relist(source string, add []listed, beyond int64) error {
	a.listing.Lock()
	defer a.listing.Unlock()
	folder := filepath.Join(a.dir, source)
	var list []listed
	if slices.Contains(a.state.Sources, source) {
		var err error
		if list, err = readList(folder); err != nil {
			return err
		}
	}
	list = slices.DeleteFunc(list, func(l listed) bool {
		f, ok := l.in(folder)
		return !ok || f.Next > beyond || slices.ContainsFunc(add, func(l listed) bool {
			whole, ok := l.in(folder)
			return ok && whole.holds(f)
		})
	})
	list = append(list, add...)
	slices.SortFunc(list, func(x, y listed) int { return strings.Compare(x.Name, y.Name) })
	return writeJSON(filepath.Join(folder, listFile), listing{listVersion, list})
}

// describeFile is a file of a source as the list has it.
func (a *Archive) describeFile(source, path string) (listed, error) {
	info, err := os.Stat(path)
	if err != nil {
		return listed{}, problem(path, "cannot be read", err)
	}
	name, err := filepath.Rel(filepath.Join(a.dir, source), path)
	if err != nil {
		return listed{}, problem(path, "cannot be named", err)
	}
	return listed{filepath.ToSlash(name), info.Size()}, nil
}

// adopt lists the files of an archive that was made before there were lists: what is there now counts as whole.
func (a *Archive) adopt() error {
	if a.Complete() == 0 || a.listedSources() != nil {
		return nil
	}
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return problem(a.dir, "cannot be read", err)
	}
	var sources []string
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		files, err := Below(a.dir, e.Name(), a.Complete())
		if err != nil {
			return err
		}
		var list []listed
		for _, f := range files {
			l, err := a.describeFile(e.Name(), f.Path)
			if err != nil {
				return err
			}
			list = append(list, l)
		}
		if err := a.relist(e.Name(), list, a.Complete()); err != nil {
			return err
		}
		sources = append(sources, e.Name())
	}
	return a.save(a.Complete(), sources)
}

// writeJSON writes a small file durably.
func writeJSON(path string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return problem(path, "cannot be described", err)
	}
	w, err := offline.NewFile(path)
	if err != nil {
		return err
	}
	defer w.Discard()
	if _, err := w.Write(append(text, '\n')); err != nil {
		return err
	}
	return w.Publish()
}
