// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"selfsame"
	"selfsame/registry"
)

// Store is a registry.Store in a SQLite file.
type Store struct {
	db   *sql.DB
	path string
}

var _ registry.Store = (*Store)(nil)

// Open opens the file at path, or makes it. A commit is on disk before it returns. Errors are of class resource.
func Open(ctx context.Context, path string) (*Store, error) { return open(ctx, path, "FULL") }

// OpenCopy is Open for a file whose records are kept elsewhere too: the newest may be lost when the machine stops.
func OpenCopy(ctx context.Context, path string) (*Store, error) { return open(ctx, path, "NORMAL") }

func open(ctx context.Context, path, synchronous string) (*Store, error) {
	// Writers take the lock when they begin and wait for one another.
	s, err := opened(path, url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(" + synchronous + ")", "foreign_keys(1)"}})
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		s.db.Close()
		return nil, err
	}
	return s, nil
}

// opened is a store on a file with the parameters of SQLite. Nothing is read yet.
func opened(path string, query url.Values) (*Store, error) {
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: escape(path), RawQuery: query.Encode()}).String())
	s := &Store{db: db, path: path}
	if err != nil {
		return nil, s.fault("open", err)
	}
	return s, nil
}

// escape writes a path so that no part of it is read as a query.
func escape(path string) string {
	return (&url.URL{Path: path}).EscapedPath()
}

// Close closes the file.
func (s *Store) Close() error { return s.fault("close", s.db.Close()) }

// Load returns the records after an apply.
func (s *Store) Load(ctx context.Context, after int64) ([]*registry.Record, error) {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // one moment for all tables
	if err != nil {
		return nil, s.fault("read", err)
	}
	defer tx.Rollback()
	records, err := load(ctx, tx, after)
	return records, s.fault("read", err)
}

func load(ctx context.Context, tx *sql.Tx, after int64) ([]*registry.Record, error) {
	var out []*registry.Record
	err := rows(ctx, tx, `SELECT id, time, project, author, message, git_commit, engine FROM applies WHERE id > ? ORDER BY id`, after, func(scan func(...any) error) error {
		r := &registry.Record{}
		out = append(out, r)
		return scan(&r.ID, &r.Time, &r.Project, &r.Author, &r.Message, &r.Commit, &r.Engine)
	})
	if err != nil || len(out) == 0 {
		return nil, err
	}
	of := func(id int64) (*registry.Record, error) {
		if i := id - out[0].ID; i >= 0 && i < int64(len(out)) && out[i].ID == id {
			return out[i], nil
		}
		return nil, fmt.Errorf("there is no apply %d", id)
	}
	return out, errors.Join(loadFiles(ctx, tx, after, of), loadFeatures(ctx, tx, after, of), loadServices(ctx, tx, after, of), loadActs(ctx, tx, after, of))
}

// recordOf finds the record that a row belongs to.
type recordOf func(id int64) (*registry.Record, error)

func loadFiles(ctx context.Context, tx *sql.Tx, after int64, of recordOf) error {
	return rows(ctx, tx, `SELECT apply, path, hash FROM files WHERE apply > ? ORDER BY apply, path`, after, func(scan func(...any) error) error {
		var id int64
		var f registry.FileRecord
		if err := scan(&id, &f.Path, &f.Hash); err != nil {
			return err
		}
		r, err := of(id)
		if err == nil {
			r.Files = append(r.Files, f)
		}
		return err
	})
}

func loadFeatures(ctx context.Context, tx *sql.Tx, after int64, of recordOf) error {
	return rows(ctx, tx, `SELECT apply, view, feature, version, hash, words, found FROM features WHERE apply > ? ORDER BY apply, view, feature`, after,
		func(scan func(...any) error) error {
			var id int64
			var f registry.FeatureRecord
			if err := scan(&id, &f.View, &f.Feature, &f.Version, &f.Hash, &f.Words, &f.Found); err != nil {
				return err
			}
			r, err := of(id)
			if err == nil {
				r.Features = append(r.Features, f)
			}
			return err
		})
}

func loadServices(ctx context.Context, tx *sql.Tx, after int64, of recordOf) error {
	return rows(ctx, tx, `SELECT apply, name, version, hash, entries FROM services WHERE apply > ? ORDER BY apply, name`, after, func(scan func(...any) error) error {
		var id int64
		var v registry.ServiceRecord
		var entries []byte
		if err := scan(&id, &v.Name, &v.Version, &v.Hash, &entries); err != nil {
			return err
		}
		if err := json.Unmarshal(entries, &v.Entries); err != nil {
			return fmt.Errorf("the list of service %s in apply %d: %w", v.Name, id, err)
		}
		r, err := of(id)
		if err == nil {
			r.Services = append(r.Services, v)
		}
		return err
	})
}

func loadActs(ctx context.Context, tx *sql.Tx, after int64, of recordOf) error {
	return rows(ctx, tx, `SELECT apply, kind, subject, body FROM acts WHERE apply > ? ORDER BY apply, seq`, after, func(scan func(...any) error) error {
		var id int64
		var a registry.Act
		if err := scan(&id, &a.Kind, &a.Subject, &a.Body); err != nil {
			return err
		}
		r, err := of(id)
		if err == nil {
			r.Acts = append(r.Acts, a)
		}
		return err
	})
}

// rows visits the rows of a query with one argument.
func rows(ctx context.Context, tx *sql.Tx, query string, arg any, visit func(scan func(...any) error) error) error {
	found, err := tx.QueryContext(ctx, query, arg)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		if err := visit(found.Scan); err != nil {
			return err
		}
	}
	return found.Err()
}

// Append stores a record in one transaction.
func (s *Store) Append(ctx context.Context, r *registry.Record, texts map[string][]byte) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.fault("write", err)
	}
	defer tx.Rollback()
	var newest int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM applies`).Scan(&newest); err != nil {
		return s.fault("write", err)
	}
	if r.ID != newest+1 {
		return registry.ErrMoved
	}
	if err := write(ctx, tx, r, texts); err != nil {
		return s.fault("write", err)
	}
	return s.fault("write", tx.Commit())
}

func write(ctx context.Context, tx *sql.Tx, r *registry.Record, texts map[string][]byte) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO applies (id, time, project, author, message, git_commit, engine) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.Time, r.Project, r.Author, r.Message, r.Commit, r.Engine); err != nil {
		return err
	}
	insert := func(query string, n int, args func(i int) []any) error {
		st, err := tx.PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		defer st.Close()
		for i := range n {
			if _, err := st.ExecContext(ctx, args(i)...); err != nil {
				return err
			}
		}
		return nil
	}
	var hashes []string
	for hash := range texts {
		hashes = append(hashes, hash)
	}
	entries := make([][]byte, len(r.Services))
	for i := range r.Services {
		b, err := json.Marshal(r.Services[i].Entries)
		if err != nil {
			return err
		}
		entries[i] = b
	}
	return errors.Join(
		insert(`INSERT INTO texts (hash, content) VALUES (?, ?) ON CONFLICT DO NOTHING`, len(hashes), func(i int) []any {
			return []any{hashes[i], append([]byte{}, texts[hashes[i]]...)} // an empty text is no null
		}),
		insert(`INSERT INTO files (apply, path, hash) VALUES (?, ?, ?)`, len(r.Files), func(i int) []any {
			return []any{r.ID, r.Files[i].Path, r.Files[i].Hash}
		}),
		insert(`INSERT INTO features (apply, view, feature, version, hash, words, found) VALUES (?, ?, ?, ?, ?, ?, ?)`, len(r.Features), func(i int) []any {
			f := &r.Features[i]
			return []any{r.ID, f.View, f.Feature, f.Version, f.Hash, f.Words, string(f.Found)}
		}),
		insert(`INSERT INTO services (apply, name, version, hash, entries) VALUES (?, ?, ?, ?, ?)`, len(r.Services), func(i int) []any {
			return []any{r.ID, r.Services[i].Name, r.Services[i].Version, r.Services[i].Hash, string(entries[i])}
		}),
		insert(`INSERT INTO acts (apply, seq, kind, subject, body) VALUES (?, ?, ?, ?, ?)`, len(r.Acts), func(i int) []any {
			return []any{r.ID, i, string(r.Acts[i].Kind), r.Acts[i].Subject, append([]byte{}, r.Acts[i].Body...)}
		}))
}

// Texts reads texts by their hash.
func (s *Store) Texts(ctx context.Context, hashes []string) (map[string][]byte, error) {
	list, err := json.Marshal(hashes)
	if err != nil {
		return nil, s.fault("read", err)
	}
	found, err := s.db.QueryContext(ctx, `SELECT hash, content FROM texts WHERE hash IN (SELECT value FROM json_each(?))`, string(list))
	if err != nil {
		return nil, s.fault("read", err)
	}
	defer found.Close()
	out := make(map[string][]byte, len(hashes))
	for found.Next() {
		var hash string
		var content []byte
		if err := found.Scan(&hash, &content); err != nil {
			return nil, s.fault("read", err)
		}
		out[hash] = content
	}
	return out, s.fault("read", found.Err())
}

// fault makes an error of the database one for users: what was being done, to which file, and what to do.
func (s *Store) fault(doing string, err error) error {
	if err == nil {
		return nil
	}
	e := &selfsame.Error{Class: selfsame.ClassResource, Ref: s.path, Message: doing + " the registry", Err: err, Hint: "the file is on this path; see that it can be read and written"}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		e.Class, e.Hint = selfsame.ClassCanceled, ""
		return e
	}
	var fault *driver.Error
	if !errors.As(err, &fault) {
		return e
	}
	switch fault.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		e.Hint = "another process writes to it: try again"
	case sqlite3.SQLITE_FULL:
		e.Hint = "the disk is full: make room and try again; nothing was stored"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		e.Hint = "the file or its folder cannot be written: check permissions"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		e.Hint = "the file is damaged or no registry: restore it from a copy; the definitions themselves are in the project's folder"
	}
	if strings.Contains(err.Error(), "no such column") || strings.Contains(err.Error(), "no such table") {
		e.Hint = "the file is no registry of this layout: restore it from a copy"
	}
	return e
}
