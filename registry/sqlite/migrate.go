// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"selfsame"
)

// migrations bring the layout forward, one number at a time. A released one is never edited.
var migrations = []string{
	// 1: records and texts.
	`
CREATE TABLE applies (
	id         INTEGER PRIMARY KEY,
	time       INTEGER NOT NULL,
	project    TEXT NOT NULL,
	author     TEXT NOT NULL,
	message    TEXT NOT NULL,
	git_commit TEXT NOT NULL,
	engine     TEXT NOT NULL
) STRICT;
CREATE TABLE texts (
	hash    TEXT PRIMARY KEY,
	content BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE files (
	apply INTEGER NOT NULL REFERENCES applies,
	path  TEXT NOT NULL,
	hash  TEXT NOT NULL,
	PRIMARY KEY (apply, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE features (
	apply   INTEGER NOT NULL REFERENCES applies,
	view    TEXT NOT NULL,
	feature TEXT NOT NULL,
	version TEXT NOT NULL,
	hash    TEXT NOT NULL,
	words   TEXT NOT NULL,
	found   TEXT NOT NULL,
	PRIMARY KEY (apply, view, feature)
) STRICT, WITHOUT ROWID;
CREATE INDEX features_by_name ON features (view, feature, apply);
CREATE TABLE services (
	apply   INTEGER NOT NULL REFERENCES applies,
	name    TEXT NOT NULL,
	version INTEGER NOT NULL,
	hash    TEXT NOT NULL,
	entries TEXT NOT NULL,
	PRIMARY KEY (apply, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX services_by_name ON services (name, apply);
`,
	// 2: what is recorded beside definitions.
	`
CREATE TABLE acts (
	apply   INTEGER NOT NULL REFERENCES applies,
	seq     INTEGER NOT NULL,
	kind    TEXT NOT NULL,
	subject TEXT NOT NULL,
	body    BLOB NOT NULL,
	PRIMARY KEY (apply, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX acts_by_subject ON acts (kind, subject, apply);
`,
}

// application marks the file as a registry, in its header: "SSrg".
const application = 0x53537267

// migrate brings the file to the newest layout, in one transaction.
func (s *Store) migrate(ctx context.Context) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.fault("open", err)
	}
	defer tx.Rollback()
	version, err := s.layout(ctx, tx)
	if err != nil || version == len(migrations) {
		return err
	}
	for i, statements := range migrations[version:] {
		if _, err := tx.ExecContext(ctx, statements); err != nil {
			return s.fault("bring forward", err)
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d", version+i+1, application)); err != nil {
			return s.fault("bring forward", err)
		}
	}
	return s.fault("bring forward", tx.Commit())
}

// layout is the number of the file's layout: 0 where it is empty. One of a later selfsame, or a file that is no registry, is refused.
func (s *Store) layout(ctx context.Context, tx *sql.Tx) (version int, err error) {
	var mark, tables int
	for query, to := range map[string]*int{`PRAGMA user_version`: &version, `PRAGMA application_id`: &mark, `SELECT count(*) FROM sqlite_schema`: &tables} {
		if err := tx.QueryRowContext(ctx, query).Scan(to); err != nil {
			return 0, s.fault("open", err)
		}
	}
	switch {
	case mark != application && tables > 0:
		return 0, &selfsame.Error{Class: selfsame.ClassResource, Ref: s.path, Message: "this SQLite file is no registry", Hint: "name another data directory with --data"}
	case version > len(migrations):
		return 0, &selfsame.Error{Class: selfsame.ClassResource, Ref: s.path,
			Message: fmt.Sprintf("the registry has layout %d, and this selfsame reads up to %d", version, len(migrations)), Hint: "use the newer selfsame that wrote it"}
	}
	return version, nil
}
