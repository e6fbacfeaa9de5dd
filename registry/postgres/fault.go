// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"selfsame"
	"selfsame/registry"
)

// SQLSTATE codes and classes that have a meaning here.
const (
	uniqueViolation = "23505"
	undefinedTable  = "42P01"
	invalidSchema   = "3F000"
)

// errDamaged is in the chain where a row does not hold together.
var errDamaged = errors.New("damaged")

// code is the SQLSTATE of an error that the database answered; empty: it is none.
func code(err error) string {
	var answered *pgconn.PgError
	if errors.As(err, &answered) {
		return answered.Code
	}
	return ""
}

// scrub takes secrets out of a text.
func (s *Store) scrub(text string) string {
	for _, secret := range s.hide {
		text = strings.ReplaceAll(text, secret, "xxxxx")
	}
	return text
}

// away are the classes and codes of answers by which the database cannot be used for now: it stops, starts, fails, or has no room for a connection.
var away = []string{"08", "57P01", "57P02", "57P03", "53300", "58"}

// hints say what to do about an answer of the database, by the begin of its code.
var hints = []struct{ code, hint string }{
	{"28", "the database refuses the user: see user and password of registry.url"},
	{"3D000", "make the database, or name another one in registry.url"},
	{"42501", "the user may not do that: grant it usage and create on the schema, or make the schema and let the user own it"},
	{"25006", "the database takes no writes: name the primary server in registry.url"},
	{"53100", "the disk of the database is full: make room and try again; nothing was stored"},
	{"53300", "the database has too many connections: try again, or raise max_connections"},
	{"57P01", "the database stops: try again once it runs"},
	{"57P02", "the database restarts: try again"},
	{"57P03", "the database starts or stops: try again in a moment"},
	{"40", "another transaction came between: try again"},
	{"42", "the schema is no registry of this layout: restore it from a copy, or name another one with ?schema= in registry.url"},
}

// fault makes an error of the database one for users: what was being done, where, and what to do. ctx is that of the call.
func (s *Store) fault(ctx context.Context, doing string, err error) error {
	e := &selfsame.Error{Class: selfsame.ClassResource, Ref: s.place, Message: doing + " the registry", Err: errors.New(s.scrub(err.Error()))}
	if errors.Is(ctx.Err(), context.Canceled) {
		e.Class = selfsame.ClassCanceled
		return e
	}
	answer := code(err)
	var unread pgx.ScanArgError
	switch {
	case errors.Is(err, errDamaged) || errors.As(err, &unread):
		e.Hint = "what is stored is not what a selfsame wrote: restore it from a copy"
		return e
	case answer == "":
		e.Err = errors.Join(registry.ErrAway, e.Err)
		e.Hint = "see that PostgreSQL runs and can be reached from here"
		return e
	}
	for _, prefix := range away {
		if strings.HasPrefix(answer, prefix) {
			e.Err = errors.Join(registry.ErrAway, e.Err)
			break
		}
	}
	for _, h := range hints {
		if strings.HasPrefix(answer, h.code) {
			e.Hint = h.hint
			break
		}
	}
	return e
}
