// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"selfsame"
)

// migrations bring the layout forward, one number at a time; its numbers are those of this adapter. $S is the schema. A released one is never edited.
var migrations = []string{
	// 1: records, texts and acts.
	`
CREATE TABLE $S.applies (
	id         bigint PRIMARY KEY,
	time       bigint NOT NULL,
	project    text NOT NULL,
	author     text NOT NULL,
	message    text NOT NULL,
	git_commit text NOT NULL,
	engine     text NOT NULL
);
CREATE TABLE $S.texts (
	hash    text PRIMARY KEY,
	content bytea NOT NULL
);
CREATE TABLE $S.files (
	apply bigint NOT NULL REFERENCES $S.applies,
	path  text NOT NULL,
	hash  text NOT NULL,
	PRIMARY KEY (apply, path)
);
CREATE TABLE $S.features (
	apply   bigint NOT NULL REFERENCES $S.applies,
	view    text NOT NULL,
	feature text NOT NULL,
	version text NOT NULL,
	hash    text NOT NULL,
	words   text NOT NULL,
	found   text NOT NULL,
	PRIMARY KEY (apply, view, feature)
);
CREATE INDEX features_by_name ON $S.features (view, feature, apply);
CREATE TABLE $S.services (
	apply   bigint NOT NULL REFERENCES $S.applies,
	name    text NOT NULL,
	version bigint NOT NULL,
	hash    text NOT NULL,
	entries text NOT NULL,
	PRIMARY KEY (apply, name)
);
CREATE INDEX services_by_name ON $S.services (name, apply);
CREATE TABLE $S.acts (
	apply   bigint NOT NULL REFERENCES $S.applies,
	seq     integer NOT NULL,
	kind    text NOT NULL,
	subject text NOT NULL,
	body    bytea NOT NULL,
	PRIMARY KEY (apply, seq)
);
CREATE INDEX acts_by_subject ON $S.acts (kind, subject, apply);
`,
}

// ready brings the schema to the newest layout, once.
func (s *Store) ready(ctx context.Context) error {
	s.preparing.Lock()
	defer s.preparing.Unlock()
	if s.prepared {
		return nil
	}
	var layout int
	err := s.pool.QueryRow(ctx, s.sql(`SELECT coalesce((SELECT max(number) FROM $S.layout), 0)`)).Scan(&layout)
	if code(err) == undefinedTable || code(err) == invalidSchema {
		layout, err = 0, nil
	}
	if err == nil && layout < len(migrations) {
		layout, err = s.migrate(ctx)
	}
	switch {
	case err != nil:
		return s.fault(ctx, "open", err)
	case layout > len(migrations):
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: s.place, Hint: "use the newer selfsame that wrote it",
			Message: fmt.Sprintf("the registry has layout %d, and this selfsame reads up to %d", layout, len(migrations))}
	}
	s.prepared = true
	return nil
}

// lockKey is that of the advisory lock under which layouts change: "selfsame" in ASCII.
const lockKey = 0x73656c6673616d65

// migrate brings the schema forward in one transaction, one process after the other, and returns its layout.
func (s *Store) migrate(ctx context.Context) (layout int, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(lockKey)); err != nil {
			return err
		}
		var there bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)`, s.schema).Scan(&there); err != nil {
			return err
		}
		if !there { // to use a schema that is there, no right to make one is needed
			if _, err := tx.Exec(ctx, s.sql(`CREATE SCHEMA $S`)); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, s.sql(`CREATE TABLE IF NOT EXISTS $S.layout (number integer PRIMARY KEY)`)); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, s.sql(`SELECT coalesce(max(number), 0) FROM $S.layout`)).Scan(&layout); err != nil {
			return err
		}
		for ; layout < len(migrations); layout++ {
			if _, err := tx.Exec(ctx, s.sql(migrations[layout])); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, s.sql(`INSERT INTO $S.layout (number) VALUES ($1)`), layout+1); err != nil {
				return err
			}
		}
		return nil
	})
	return layout, err
}
