// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"selfsame"
	"selfsame/registry"
)

// DefaultSchema is the schema of a registry whose URL names none.
const DefaultSchema = "selfsame"

// Bounds of time and of connections.
const (
	connectTimeout = 3 * time.Second  // where the URL has no connect_timeout
	callTimeout    = 30 * time.Second // of one call; a server that answers nothing is away
	connections    = 4                // of one Store, and one that watches
)

// Store is a registry.Store in PostgreSQL.
type Store struct {
	pool   *pgxpool.Pool
	schema string
	quoted string   // the schema as SQL writes it
	place  string   // for messages: the URL without its password
	hide   []string // what no message may show
	conn   *pgx.ConnConfig

	preparing sync.Mutex // guards prepared, and makes the tables once
	prepared  bool
}

var (
	_ registry.Store   = (*Store)(nil)
	_ registry.Watcher = (*Store)(nil)
)

var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// Open makes a store of a URL: postgres://user:password@host:port/database?schema=name, with the parameters of libpq. It does not connect yet.
// Errors are of class usage.
func Open(raw string) (*Store, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, badURL("this is not a URL of PostgreSQL")
	}
	s := &Store{schema: DefaultSchema}
	query := u.Query()
	if query.Has("schema") {
		s.schema = query.Get("schema")
		query.Del("schema")
	}
	if !schemaName.MatchString(s.schema) {
		return nil, badURL(fmt.Sprintf("%q is no name of a schema: small letters, digits and _, 63 at most", s.schema))
	}
	s.quoted = pgx.Identifier{s.schema}.Sanitize()
	s.place = (&url.URL{Scheme: "postgres", User: userOf(u), Host: u.Host, Path: u.Path}).String() + " schema " + s.schema
	if password, ok := u.User.Password(); ok && password != "" {
		s.hide = append(s.hide, password, url.QueryEscape(password), url.PathEscape(password))
	}
	if password := query.Get("password"); password != "" {
		s.hide = append(s.hide, password, url.QueryEscape(password))
	}
	u.RawQuery = query.Encode()
	cfg, err := pgxpool.ParseConfig(u.String())
	if err != nil {
		return nil, badURL("a parameter of it cannot be used: " + s.scrub(err.Error()))
	}
	if !query.Has("connect_timeout") {
		cfg.ConnConfig.ConnectTimeout = connectTimeout
	}
	if !query.Has("application_name") {
		cfg.ConnConfig.RuntimeParams["application_name"] = "selfsame"
	}
	cfg.MaxConns = connections
	s.conn = cfg.ConnConfig.Copy()
	// A connection that lay idle while the database was restarted ends with its first use: it is tried before it is used, which costs a fraction of a millisecond.
	// One that is not answered, because something between dropped it, is given up as one that cannot be made.
	cfg.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return true }
	cfg.PingTimeout = cfg.ConnConfig.ConnectTimeout
	if s.pool, err = pgxpool.NewWithConfig(context.Background(), cfg); err != nil {
		return nil, badURL(s.scrub(err.Error()))
	}
	return s, nil
}

// Place names the registry of a URL without its password and parameters of connections: equal places are one registry. It is empty for what is no URL of
// one.
func Place(raw string) string {
	s, err := Open(raw)
	if err != nil {
		return ""
	}
	s.pool.Close()
	return s.place
}

func badURL(message string) error {
	return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "registry.url", Message: message, Hint: "such as postgres://selfsame:${DB_PASSWORD}@db:5432/selfsame?sslmode=require"}
}

func userOf(u *url.URL) *url.Userinfo {
	if name := u.User.Username(); name != "" {
		return url.User(name)
	}
	return nil
}

// sql names the schema in a statement.
func (s *Store) sql(statement string) string { return strings.ReplaceAll(statement, "$S", s.quoted) }

// Close closes the connections.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// call bounds one call and brings the tables forward before the first.
func (s *Store) call(ctx context.Context) (context.Context, context.CancelFunc, error) {
	bounded, cancel := context.WithTimeout(ctx, callTimeout)
	if err := s.ready(bounded); err != nil {
		cancel()
		return nil, nil, err
	}
	return bounded, cancel, nil
}

// Load returns the records after an id. They are only ever added, whole: what the first statement sees, the others see.
func (s *Store) Load(ctx context.Context, after int64) ([]*registry.Record, error) {
	call, cancel, err := s.call(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	records, err := s.load(call, after)
	if err != nil {
		return nil, s.fault(call, "read", err)
	}
	return records, nil
}

// Append stores a record in one transaction.
func (s *Store) Append(ctx context.Context, r *registry.Record, texts map[string][]byte) error {
	call, cancel, err := s.call(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	tx, err := s.pool.Begin(call)
	if err != nil {
		return s.fault(call, "write", err)
	}
	defer tx.Rollback(context.WithoutCancel(call))
	var newest, transaction int64
	if err := tx.QueryRow(call, s.sql(`SELECT coalesce(max(id), 0), txid_current() FROM $S.applies`)).Scan(&newest, &transaction); err != nil {
		return s.fault(call, "write", err)
	}
	if r.ID != newest+1 {
		return registry.ErrMoved
	}
	if err := s.write(call, tx, r, texts); err != nil {
		if code(err) == uniqueViolation { // of the id: another transaction was first
			return registry.ErrMoved
		}
		return s.fault(call, "write", err)
	}
	if err := tx.Commit(call); err != nil {
		return s.committed(call, transaction, err)
	}
	return nil
}

// committed asks what became of a transaction whose commit was not answered.
func (s *Store) committed(ctx context.Context, transaction int64, failed error) error {
	if code(failed) != "" {
		return s.fault(ctx, "write", failed) // the database says that it stored nothing
	}
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*connectTimeout)
	defer cancel()
	var status *string
	if err := s.pool.QueryRow(asking, `SELECT txid_status($1)`, transaction).Scan(&status); err == nil && status != nil {
		switch *status {
		case "committed":
			return nil
		case "aborted":
			return s.fault(ctx, "write", failed)
		}
	}
	return &selfsame.Error{Class: selfsame.ClassResource, Ref: s.place, Message: "write the registry: the connection was lost before the database said whether it is stored",
		Err: errors.Join(registry.ErrAway, errors.New(s.scrub(failed.Error()))), Hint: "once the database answers, do the same again: what is stored already is nothing to do"}
}

// Texts reads texts by their hash.
func (s *Store) Texts(ctx context.Context, hashes []string) (map[string][]byte, error) {
	call, cancel, err := s.call(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	out := make(map[string][]byte, len(hashes))
	rows, err := s.pool.Query(call, s.sql(`SELECT hash, content FROM $S.texts WHERE hash = ANY($1)`), hashes)
	if err != nil {
		return nil, s.fault(call, "read", err)
	}
	var hash string
	var content []byte
	if _, err = pgx.ForEachRow(rows, []any{&hash, &content}, func() error {
		out[hash] = append([]byte{}, content...)
		return nil
	}); err != nil {
		return nil, s.fault(call, "read", err)
	}
	return out, nil
}
