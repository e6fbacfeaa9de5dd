// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"selfsame/internal/plaintext"
	"selfsame/registry"
)

// Files of an export.
const (
	HeadFile    = "registry.json"
	recordsFile = "records.jsonl"
	textsFile   = "texts.jsonl"
)

// format is the number of the layout of the files.
const format = 1

// head is registry.json.
type head struct {
	Format    int               `json:"format"`
	Project   string            `json:"project"`
	Records   int               `json:"records"`
	Texts     int               `json:"texts"`
	Checksums map[string]string `json:"checksums"` // of the other files
}

// record is a line of records.jsonl.
type record struct {
	ID       int64     `json:"id"`
	Time     int64     `json:"time"`
	Project  string    `json:"project"`
	Author   string    `json:"author"`
	Message  string    `json:"message,omitempty"`
	Commit   string    `json:"commit,omitempty"`
	Engine   string    `json:"engine,omitempty"`
	Files    []file    `json:"files,omitempty"`
	Features []feature `json:"features,omitempty"`
	Services []service `json:"services,omitempty"`
	Acts     []act     `json:"acts,omitempty"`
}

type file struct {
	Path string `json:"path"`
	Hash string `json:"hash,omitempty"`
}

type feature struct {
	View    string         `json:"view"`
	Feature string         `json:"feature"`
	Version string         `json:"version,omitempty"`
	Hash    string         `json:"hash,omitempty"`
	Words   string         `json:"words,omitempty"`
	Found   registry.Found `json:"found,omitempty"`
}

type service struct {
	Name    string           `json:"name"`
	Version int64            `json:"version,omitempty"`
	Hash    string           `json:"hash,omitempty"`
	Entries []registry.Entry `json:"entries,omitempty"`
}

// act holds its body as JSON, or as bytes where it is none that JSON would give back as it is.
type act struct {
	Kind    registry.Kind   `json:"kind"`
	Subject string          `json:"subject"`
	Body    json.RawMessage `json:"body,omitempty"`
	Bytes   []byte          `json:"base64,omitempty"`
}

// text is a line of texts.jsonl.
type text struct {
	Hash  string  `json:"hash"`
	Text  *string `json:"text,omitempty"`
	Bytes []byte  `json:"base64,omitempty"` // where it is not UTF-8
}

// line writes a value as one line of JSON.
func line(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// formOf is a record as it is written.
func formOf(r *registry.Record) *record {
	plain := plaintext.Write
	out := &record{ID: r.ID, Time: r.Time, Project: plain(r.Project), Author: plain(r.Author), Message: plain(r.Message), Commit: plain(r.Commit), Engine: plain(r.Engine)}
	for _, f := range r.Files {
		out.Files = append(out.Files, file{plain(f.Path), f.Hash})
	}
	for _, f := range r.Features {
		out.Features = append(out.Features, feature(f))
	}
	for _, v := range r.Services {
		out.Services = append(out.Services, service(v))
	}
	for _, a := range r.Acts {
		one := act{Kind: a.Kind, Subject: plain(a.Subject)}
		if again, err := line(json.RawMessage(a.Body)); err == nil && utf8.Valid(a.Body) && bytes.Equal(bytes.TrimSuffix(again, []byte("\n")), a.Body) {
			one.Body = a.Body
		} else {
			one.Bytes = a.Body
		}
		out.Acts = append(out.Acts, one)
	}
	return out
}

// record reads what formOf wrote.
func (f *record) record() (*registry.Record, error) {
	var errs []error
	parse := func(s string) string {
		out, err := plaintext.Read(s)
		errs = append(errs, err)
		return out
	}
	r := &registry.Record{ID: f.ID, Time: f.Time, Project: parse(f.Project), Author: parse(f.Author), Message: parse(f.Message), Commit: parse(f.Commit), Engine: parse(f.Engine)}
	for _, v := range f.Files {
		r.Files = append(r.Files, registry.FileRecord{Path: parse(v.Path), Hash: v.Hash})
	}
	for _, v := range f.Features {
		r.Features = append(r.Features, registry.FeatureRecord(v))
	}
	for _, v := range f.Services {
		r.Services = append(r.Services, registry.ServiceRecord(v))
	}
	for _, a := range f.Acts {
		body := append([]byte{}, a.Bytes...)
		if a.Body != nil {
			body = append([]byte{}, a.Body...)
		}
		r.Acts = append(r.Acts, registry.Act{Kind: a.Kind, Subject: parse(a.Subject), Body: body})
	}
	return r, errors.Join(errs...)
}
