// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"unicode/utf8"

	"selfsame"
	"selfsame/definition/canonical"
	"selfsame/registry"
)

// Written is what Write wrote.
type Written struct {
	Folder  string `json:"folder"`
	Project string `json:"project"`
	Records int    `json:"records"`
	Texts   int    `json:"texts"`
}

// Write writes everything that a store has into a folder, which it makes. An earlier export in it is replaced; a folder that holds other things is refused
// with class usage. A write that is interrupted leaves files that Open refuses.
func Write(ctx context.Context, from registry.Store, dir string) (*Written, error) {
	records, err := from.Load(ctx, 0)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "registry", Message: "nothing is applied, so there is nothing to export", Hint: "name the data directory with --data, or the registry with --registry"}
	}
	if err := take(dir); err != nil {
		return nil, err
	}
	lines, hashes, err := recordLines(records)
	if err != nil {
		return nil, err
	}
	texts, err := from.Texts(ctx, hashes)
	if err != nil {
		return nil, err
	}
	words, err := textLines(hashes, texts)
	if err != nil {
		return nil, err
	}
	h := head{Format: format, Project: records[len(records)-1].Project, Records: len(records), Texts: len(hashes),
		Checksums: map[string]string{recordsFile: canonical.Hash(lines), textsFile: canonical.Hash(words)}}
	top, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name string
		b    []byte
	}{{recordsFile, lines}, {textsFile, words}, {HeadFile, append(top, '\n')}} {
		if err := write(filepath.Join(dir, f.name), f.b); err != nil {
			return nil, fault(dir, "cannot be written", err)
		}
	}
	return &Written{Folder: dir, Project: h.Project, Records: h.Records, Texts: h.Texts}, nil
}

// take makes the folder, and refuses one that holds other things.
func take(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault(dir, "cannot be read", err)
	}
	for _, e := range entries {
		switch e.Name() {
		case HeadFile, recordsFile, textsFile, HeadFile + ".tmp", recordsFile + ".tmp", textsFile + ".tmp":
		default:
			return &selfsame.Error{Class: selfsame.ClassUsage, Ref: dir, Message: "the folder holds " + e.Name() + ", which is no part of an export", Hint: "name a new folder with --out"}
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fault(dir, "cannot be made", err)
	}
	return nil
}

func fault(dir, message string, err error) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Ref: dir, Message: message, Err: err}
}

// write makes a file whole or not at all.
func write(path string, b []byte) error {
	f, err := os.Create(path + ".tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path+".tmp"))
	}
	return os.Rename(path+".tmp", path)
}

// recordLines writes the records, and gathers the hashes that they name in the order in which they come first.
func recordLines(records []*registry.Record) (out []byte, hashes []string, err error) {
	seen := map[string]bool{"": true}
	name := func(hash string) {
		if !seen[hash] {
			seen[hash] = true
			hashes = append(hashes, hash)
		}
	}
	for _, r := range records {
		b, err := line(formOf(r))
		if err != nil {
			return nil, nil, err
		}
		out = append(out, b...)
		for _, f := range r.Files {
			name(f.Hash)
		}
		for _, f := range r.Features {
			name(f.Hash)
		}
	}
	return out, hashes, nil
}

func textLines(hashes []string, texts map[string][]byte) (out []byte, err error) {
	for _, h := range hashes {
		b, ok := texts[h]
		if !ok || canonical.Hash(b) != h {
			return nil, &selfsame.Error{Class: selfsame.ClassResource, Ref: h, Message: "the registry is damaged: a text is not there, or not the one that its hash names", Hint: "restore it from a copy"}
		}
		one := text{Hash: h}
		if utf8.Valid(b) {
			s := string(b)
			one.Text = &s
		} else {
			one.Bytes = b
		}
		l, err := line(&one)
		if err != nil {
			return nil, err
		}
		out = append(out, l...)
	}
	return out, nil
}
