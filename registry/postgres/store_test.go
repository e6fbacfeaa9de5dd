// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"selfsame"
	"selfsame/internal/postgresql"
	"selfsame/registry"
	"selfsame/registry/registrytest"
)

func TestMain(m *testing.M) { postgresql.Main(m) }

func opened(t *testing.T, url string) *Store {
	t.Helper()
	s, err := Open(url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	places := map[string]string{}
	registrytest.Run(t, func(t *testing.T, name string) registry.Store {
		name = t.Name() + " " + name
		if places[name] == "" {
			places[name] = postgresql.URL(t)
		}
		return opened(t, places[name])
	})
}

// TestRacingMigrations opens one empty schema many times at once.
func TestRacingMigrations(t *testing.T) {
	place := postgresql.URL(t)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		s := opened(t, place)
		defer s.Close()
		wg.Go(func() { _, errs[i] = s.Load(t.Context(), 0) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

func TestNewerLayoutIsRefused(t *testing.T) {
	place := postgresql.URL(t)
	s := opened(t, place)
	defer s.Close()
	if _, err := s.Load(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.pool.Exec(t.Context(), s.sql(`INSERT INTO $S.layout VALUES (99)`)); err != nil {
		t.Fatal(err)
	}
	again := opened(t, place)
	defer again.Close()
	if _, err := again.Load(t.Context(), 0); selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), "layout 99, and this selfsame reads up to") {
		t.Errorf("got %v", err)
	}
}

// TestFaults holds what users are told, and that no message has the password in it.
func TestFaults(t *testing.T) {
	right := postgresql.URL(t)
	at, err := url.Parse(right)
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, new string) string {
		if !strings.Contains(right, old) {
			t.Fatalf("no %s in %s", old, right)
		}
		return strings.Replace(right, old, new, 1)
	}
	secret := url.QueryEscape(postgresql.Password)
	admin := opened(t, right)
	defer admin.Close()
	other, reader := admin.schema+"_other", admin.schema+"_reader" // roles are those of all schemas
	for _, statement := range []string{`CREATE ROLE $R LOGIN PASSWORD 'hidden'`, `CREATE SCHEMA $S`, `CREATE TABLE $S.layout (number text)`, `INSERT INTO $S.layout VALUES ('many')`} {
		if _, err := admin.pool.Exec(t.Context(), strings.NewReplacer("$S", other, "$R", reader).Replace(statement)); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		url, want string
		away      bool
	}{
		"password": {change(secret, "wr0ng"), "refuses the user", false},
		"database": {change("/postgres?", "/nowhere?"), "make the database", false},
		"port":     {change(":"+at.Port(), ":1"), "see that PostgreSQL runs", true},
		"rights":   {change("postgres:"+secret, reader+":hidden"), "grant it usage and create", false},
		"schema":   {right + "_other", "no registry of this layout", false},
	} {
		s := opened(t, c.url)
		_, err := s.Load(t.Context(), 0)
		s.Close()
		if selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), c.want) || errors.Is(err, registry.ErrAway) != c.away {
			t.Errorf("%s: got %v", name, err)
		}
		for _, hidden := range []string{secret, postgresql.Password, "wr0ng", "hidden"} {
			if err != nil && strings.Contains(err.Error(), hidden) {
				t.Errorf("%s: the password is in %v", name, err)
			}
		}
	}
}

// TestAwayByAnswer: a database that answers that it cannot be used now is away; one that refuses is not.
func TestAwayByAnswer(t *testing.T) {
	s := opened(t, "postgres://app:s3cret@h/d")
	defer s.Close()
	for code, away := range map[string]bool{"08006": true, "57P01": true, "57P03": true, "53300": true, "58030": true, "53100": false, "25006": false, "42501": false, "40001": false} {
		err := s.fault(t.Context(), "read", &pgconn.PgError{Code: code, Message: "s3cret"})
		if errors.Is(err, registry.ErrAway) != away || selfsame.ClassOf(err) != selfsame.ClassResource || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v; want it to be away: %t", code, err, away)
		}
	}
}

func TestBadURLs(t *testing.T) {
	for _, raw := range []string{"mysql://app:s3cret@h/d", "postgres://app:s3cret@h:port/d", "postgres://app:s3cret@h/d?schema=No", "postgres://app:s3cret@h/d?sslmode=s3cret",
		"postgres://h/d?password=s3cret&connect_timeout=x", "postgres://app:s3cret@h/d?pool_max_conns=s3cret", "://app:s3cret@h"} {
		s, err := Open(raw)
		if err == nil {
			s.Close()
		}
		if selfsame.ClassOf(err) != selfsame.ClassUsage || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v", raw, err)
		}
	}
}

// TestStopped stops the database under an open store and starts it again: calls fail while it is away, and go on by themselves.
func TestStopped(t *testing.T) {
	server := postgresql.Own(t)
	s := opened(t, server.URL("shop"))
	defer s.Close()
	record := func(id int64) *registry.Record { return &registry.Record{ID: id, Author: "ann"} }
	if err := s.Append(t.Context(), record(1), nil); err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	_, loading := s.Load(t.Context(), 0)
	_, reading := s.Texts(t.Context(), []string{"h"})
	for _, err := range []error{loading, reading, s.Append(t.Context(), record(2), nil)} {
		if !errors.Is(err, registry.ErrAway) || selfsame.ClassOf(err) != selfsame.ClassResource {
			t.Errorf("while it is away: got %v", err)
		}
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), record(2), nil); err != nil {
		t.Error(err)
	}
	if got, err := s.Load(t.Context(), 0); err != nil || len(got) != 2 {
		t.Errorf("got %d records, %v; want 2", len(got), err)
	}
}

// TestLostCommit loses the connection at the commit: what was stored is success, what was not is an error.
func TestLostCommit(t *testing.T) {
	s := opened(t, postgresql.URL(t))
	defer s.Close()
	if _, err := s.Load(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	lost := errors.New("connection reset by peer")
	for _, commit := range []bool{true, false} {
		tx, err := s.pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var id int64
		if err := tx.QueryRow(t.Context(), `SELECT txid_current()`).Scan(&id); err != nil {
			t.Fatal(err)
		}
		end := tx.Rollback
		if commit {
			end = tx.Commit
		}
		if err := end(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.committed(t.Context(), id, lost); (err == nil) != commit {
			t.Errorf("committed %t: got %v", commit, err)
		}
	}
	if err := s.committed(t.Context(), 1<<40, lost); err == nil {
		t.Error("a transaction that nobody knows counts as stored")
	}
}

func TestWatch(t *testing.T) {
	place := postgresql.URL(t)
	s, other, stranger := opened(t, place), opened(t, place), opened(t, postgresql.URL(t))
	defer s.Close()
	defer other.Close()
	defer stranger.Close()
	ctx, stop := context.WithCancel(t.Context())
	told, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.Watch(ctx, func() { told <- struct{}{} })
	}()
	<-told // it listens
	for id := range int64(3) {
		if err := stranger.Append(t.Context(), &registry.Record{ID: id + 1}, nil); err != nil { // another registry of the same database
			t.Fatal(err)
		}
		if err := other.Append(t.Context(), &registry.Record{ID: id + 1}, nil); err != nil {
			t.Fatal(err)
		}
		<-told
		if got, err := s.Load(t.Context(), id); err != nil || len(got) != 1 {
			t.Fatalf("told, and %d records are there, %v", len(got), err)
		}
	}
	stop()
	if err := <-done; selfsame.ClassOf(err) != selfsame.ClassCanceled {
		t.Errorf("got %v", err)
	}
}
