// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"selfsame"
)

// list returns the files of a path in manifest order: one file, a glob (`**` is any depth), or a folder with everything below it.
// Names that begin with a dot or an underscore are left out of folders.
func list(spec *Spec) ([]File, error) {
	p := spec.Batch.Path
	if scheme, _, ok := strings.Cut(p, "://"); ok {
		return nil, &selfsame.Error{Class: selfsame.ClassInput, Pos: spec.Batch.Pos, Ref: spec.ref(),
			Message: scheme + ":// is not supported in this version: " + p,
			Hint:    "copy the files to a local folder, or mount the bucket, and name that path"}
	}
	full := filepath.FromSlash(p)
	if !filepath.IsAbs(full) {
		full = filepath.Join(spec.Dir, full)
	}
	info, err := os.Stat(full)
	switch {
	case err == nil && info.IsDir():
		return spec.walk(full, full)
	case err == nil:
		return []File{{Path: full, Name: filepath.Base(full), Size: info.Size(), Rows: -1}}, nil
	case !strings.ContainsAny(p, "*?["):
		return nil, spec.unreadable(full, err)
	}
	return spec.glob(full)
}

// unreadable is the error of a file or folder of the source that is not there or cannot be read.
func (spec *Spec) unreadable(path string, err error) error {
	e := InputError(path, "cannot be read", cause(err))
	if errors.Is(err, fs.ErrNotExist) {
		e.Message, e.Err = "there is no such file", nil
		if near := nearestFile(path); near != "" {
			e.Hint = "did you mean " + near + "?"
		}
	}
	e.Ref = spec.ref()
	return e
}

// cause is the reason inside a path error.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// nearestFile returns the file beside path whose name is nearest.
func nearestFile(path string) string {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return ""
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if n := selfsame.Nearest(filepath.Base(path), names); n != "" {
		return filepath.Join(filepath.Dir(path), n)
	}
	return ""
}

// glob lists the files that a pattern matches. The source's path is the part before the first wildcard.
func (spec *Spec) glob(full string) ([]File, error) {
	parts := strings.Split(filepath.ToSlash(full), "/")
	n := slices.IndexFunc(parts, func(s string) bool { return strings.ContainsAny(s, "*?[") })
	base := strings.Join(parts[:n], "/")
	switch {
	case base == "" && filepath.IsAbs(full):
		base = "/"
	case base == "":
		base = "."
	}
	files, err := spec.match(filepath.FromSlash(base), filepath.FromSlash(base), parts[n:])
	if err != nil {
		return nil, err
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	files = slices.CompactFunc(files, func(a, b File) bool { return a.Path == b.Path })
	if len(files) == 0 {
		return nil, &selfsame.Error{Class: selfsame.ClassInput, Pos: spec.Batch.Pos, Ref: spec.ref(),
			Message: "no file matches " + spec.Batch.Path, Hint: "paths are relative to " + spec.Dir}
	}
	return files, nil
}

// match lists what the parts of a pattern match below dir.
func (spec *Spec) match(base, dir string, parts []string) ([]File, error) {
	if len(parts) == 0 {
		return spec.walk(base, dir)
	}
	if !strings.ContainsAny(parts[0], "*?[") {
		return spec.found(base, filepath.Join(dir, parts[0]), parts[1:])
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, spec.unreadable(dir, err)
	}
	var out []File
	if parts[0] == "**" {
		if len(parts) == 1 {
			return spec.walk(base, dir)
		}
		if out, err = spec.match(base, dir, parts[1:]); err != nil {
			return nil, err
		}
	}
	for _, e := range entries {
		ok, err := path.Match(parts[0], e.Name())
		if err != nil {
			return nil, &selfsame.Error{Class: selfsame.ClassInput, Pos: spec.Batch.Pos, Ref: spec.ref(), Message: "the pattern " + spec.Batch.Path + " is malformed"}
		}
		if !ok || strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(parts[0], ".") {
			continue
		}
		rest := parts[1:]
		if parts[0] == "**" {
			if info, err := os.Stat(filepath.Join(dir, e.Name())); err != nil || !info.IsDir() {
				continue
			}
			rest = parts
		}
		more, err := spec.found(base, filepath.Join(dir, e.Name()), rest)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// found goes on below an entry that a part has matched.
func (spec *Spec) found(base, at string, rest []string) ([]File, error) {
	info, err := os.Stat(at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, InputError(at, "cannot be read", cause(err))
	case info.IsDir():
		return spec.match(base, at, rest)
	case len(rest) > 0:
		return nil, nil
	}
	return []File{{Path: at, Name: below(base, at), Size: info.Size(), Rows: -1}}, nil
}

// walk lists the data files below dir.
func (spec *Spec) walk(base, dir string) ([]File, error) {
	var out []File
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return InputError(p, "cannot be read", cause(err))
		}
		if p != dir && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_")) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		info, err := os.Stat(p)
		if err != nil {
			return InputError(p, "cannot be read", cause(err))
		}
		if spec.Skip != nil && spec.Skip(below(base, p)) {
			return nil
		}
		if info.Mode().IsRegular() && (spec.Batch.Format != "" || FormatOf(p) != "") {
			out = append(out, File{Path: p, Name: below(base, p), Size: info.Size(), Rows: -1})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(out) == 0 && base == dir {
		return nil, &selfsame.Error{Class: selfsame.ClassInput, Pos: selfsame.Pos{File: dir}, Ref: spec.ref(), Message: "the folder holds no Parquet, Arrow, Avro, CSV or JSON lines file"}
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func below(base, p string) string {
	rel, err := filepath.Rel(base, p)
	if err != nil {
		return filepath.ToSlash(p)
	}
	return filepath.ToSlash(rel)
}

// FormatOf returns the format that a file name stands for: parquet, arrow, avro, csv, jsonl, ics, or nothing.
func FormatOf(name string) string {
	name = strings.ToLower(filepath.Base(name))
	for _, c := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, c)
	}
	switch filepath.Ext(name) {
	case ".parquet", ".pq", ".parq":
		return "parquet"
	case ".arrow", ".feather", ".ipc":
		return "arrow"
	case ".avro":
		return "avro"
	case ".csv":
		return "csv"
	case ".jsonl", ".ndjson", ".json":
		return "jsonl"
	case ".ics", ".ical":
		return "ics"
	}
	return ""
}
