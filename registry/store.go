// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
)

// ErrMoved is in the chain of Store.Append's error where another record came first.
var ErrMoved = errors.New("another record came first")

// ErrAway is in the chain of an error where what keeps the records cannot be reached for now. Nothing is wrong with the records.
var ErrAway = errors.New("the registry cannot be reached")

// Store keeps records. It is safe for concurrent use; many processes may share one.
type Store interface {
	// Load returns the records with ids above after, ascending. They belong to the caller.
	Load(ctx context.Context, after int64) ([]*Record, error)
	// Append stores a record, which must have the id after the newest, and the texts that it names and the store has not, by their hash. When it
	// returns nil the record is durable; an error stores nothing. Where the id is taken the error is ErrMoved.
	Append(ctx context.Context, r *Record, texts map[string][]byte) error
	// Texts returns the texts of hashes. One that is not there is left out.
	Texts(ctx context.Context, hashes []string) (map[string][]byte, error)
	Close() error
}

// Watcher is a Store that others append to, and that tells of it.
type Watcher interface {
	Store
	// Watch calls told once when it begins to listen, and after each record that is appended, by whomever. It ends with ctx or the connection, always
	// with an error: what is appended then is told by nobody. told is called by one goroutine.
	Watch(ctx context.Context, told func()) error
}

// Record is one apply, or what was recorded beside definitions: what it changed. Lists are in the order of their names.
type Record struct {
	ID       int64 // 1, 2, 3 …
	Time     int64 // microseconds
	Project  string
	Author   string
	Message  string
	Commit   string
	Engine   string
	Files    []FileRecord
	Features []FeatureRecord
	Services []ServiceRecord
	Acts     []Act // in the order in which they were decided
}

// apply reports whether the record changes definitions. Others hold acts only.
func (r *Record) apply() bool {
	return len(r.Files)+len(r.Features)+len(r.Services) > 0 || len(r.Acts) == 0
}

// FileRecord is a definition file that changed.
type FileRecord struct {
	Path string
	Hash string // of its text; empty: the file is gone
}

// FeatureRecord makes a version the current one of a feature.
type FeatureRecord struct {
	View    string
	Feature string
	Version string // empty: the project has the feature no more, and the rest is empty too
	Hash    string // of the canonical form, which is a text of the store
	Words   string // digest of description, owner, tags and expectations
	Found   Found
}

// ServiceRecord makes a list the current one of a service.
type ServiceRecord struct {
	Name    string
	Version int64 // 0: the project has the service no more, and the rest is empty too
	Hash    string
	Entries []Entry
}

// Equal reports whether two records say the same.
func (r *Record) Equal(o *Record) bool {
	return r.ID == o.ID && r.Time == o.Time && r.Project == o.Project && r.Author == o.Author && r.Message == o.Message && r.Commit == o.Commit && r.Engine == o.Engine &&
		slices.Equal(r.Files, o.Files) && slices.Equal(r.Features, o.Features) &&
		slices.EqualFunc(r.Services, o.Services, func(a, b ServiceRecord) bool {
			return a.Name == b.Name && a.Version == b.Version && a.Hash == b.Hash && slices.EqualFunc(a.Entries, b.Entries, entryEqual)
		}) &&
		slices.EqualFunc(r.Acts, o.Acts, func(a, b Act) bool { return a.Kind == b.Kind && a.Subject == b.Subject && bytes.Equal(a.Body, b.Body) })
}

func entryEqual(a, b Entry) bool {
	return a.View == b.View && a.Feature == b.Feature && a.Version == b.Version && a.Hash == b.Hash && a.As == b.As && maps.Equal(a.Key, b.Key) &&
		(a.Prefix == nil) == (b.Prefix == nil) && (a.Prefix == nil || *a.Prefix == *b.Prefix)
}
