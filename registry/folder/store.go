// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"selfsame"
	"selfsame/definition/canonical"
	"selfsame/registry"
)

// Store is an export as a registry.Store that takes no records.
type Store struct {
	dir     string
	records []*registry.Record
	texts   map[string][]byte
}

var _ registry.Store = (*Store)(nil)

// Open reads an export. Errors are of class not_found where there is none, else input.
func Open(dir string) (*Store, error) {
	b, err := os.ReadFile(filepath.Join(dir, HeadFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: dir, Message: "there is no " + HeadFile + ": this is not the export of a registry", Hint: "selfsame export --out DIR writes one"}
	}
	if err != nil {
		return nil, fault(dir, "cannot be read", err)
	}
	var h head
	if err := json.Unmarshal(b, &h); err != nil || h.Format < 1 {
		return nil, bad(dir, HeadFile, "is not one of an export", err)
	}
	if h.Format > format {
		return nil, &selfsame.Error{Class: selfsame.ClassResource, Ref: dir, Hint: "use the newer selfsame that wrote it",
			Message: fmt.Sprintf("the export has format %d, and this selfsame reads up to %d", h.Format, format)}
	}
	s := &Store{dir: dir, texts: map[string][]byte{}}
	if err := s.read(recordsFile, &h, s.readRecord); err != nil {
		return nil, err
	}
	if err := s.read(textsFile, &h, s.readText); err != nil {
		return nil, err
	}
	if len(s.records) != h.Records || len(s.texts) != h.Texts {
		return nil, bad(dir, HeadFile, fmt.Sprintf("says %d records and %d texts, and there are %d and %d", h.Records, h.Texts, len(s.records), len(s.texts)), nil)
	}
	return s, nil
}

func bad(dir, name, message string, err error) error {
	return &selfsame.Error{Class: selfsame.ClassInput, Ref: filepath.Join(dir, name), Message: message, Err: err, Hint: "export it again"}
}

// read reads the lines of a file, once its bytes are the ones that were written.
func (s *Store) read(name string, h *head, each func(b []byte) error) error {
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return bad(s.dir, name, "cannot be read", err)
	}
	if canonical.Hash(b) != h.Checksums[name] {
		return bad(s.dir, name, "is not the file that was written: its checksum differs from the one in "+HeadFile, nil)
	}
	n := 0
	for l := range bytes.Lines(b) {
		n++
		if err := each(l); err != nil {
			return bad(s.dir, fmt.Sprintf("%s:%d", name, n), "cannot be read", err)
		}
	}
	return nil
}

func (s *Store) readRecord(b []byte) error {
	var f record
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	r, err := f.record()
	if err == nil && r.ID != int64(len(s.records))+1 {
		err = fmt.Errorf("record %d is at the place of %d", r.ID, len(s.records)+1)
	}
	s.records = append(s.records, r)
	return err
}

func (s *Store) readText(b []byte) error {
	var t text
	if err := json.Unmarshal(b, &t); err != nil {
		return err
	}
	content := t.Bytes
	if t.Text != nil {
		content = []byte(*t.Text)
	}
	if canonical.Hash(content) != t.Hash {
		return fmt.Errorf("the text is not the one that %s names", t.Hash)
	}
	s.texts[t.Hash] = content
	return nil
}

// Load returns copies of the records.
func (s *Store) Load(_ context.Context, after int64) ([]*registry.Record, error) {
	var out []*registry.Record
	for _, r := range s.records[min(max(after, 0), int64(len(s.records))):] {
		one := *r
		out = append(out, &one)
	}
	return out, nil
}

// Append refuses.
func (s *Store) Append(context.Context, *registry.Record, map[string][]byte) error {
	return &selfsame.Error{Class: selfsame.ClassUsage, Ref: s.dir, Message: "an export takes no records", Hint: "import it: selfsame import " + s.dir}
}

// Texts returns texts by their hash.
func (s *Store) Texts(_ context.Context, hashes []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, h := range hashes {
		if b, ok := s.texts[h]; ok {
			out[h] = bytes.Clone(b)
		}
	}
	return out, nil
}

// Close does nothing.
func (s *Store) Close() error { return nil }
