// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"selfsame"
)

// OpenToRead opens the file at path, which must be there, for reading: as Open does where it can be written, else without writing anything, also beside a
// process that writes to it. Errors are of class resource.
func OpenToRead(ctx context.Context, path string) (*Store, error) {
	s, err := Open(ctx, path)
	if err == nil || !denied(err) {
		return s, err
	}
	if s, err = look(ctx, path, url.Values{"mode": {"ro"}}); err == nil || !denied(err) {
		return s, err
	}
	// SQLite keeps the newest records beside the file while somebody writes, and cannot make that place here. Where nothing is kept there, the file is all of it.
	switch wal, statErr := os.Stat(path + "-wal"); {
	case errors.Is(statErr, fs.ErrNotExist), statErr == nil && wal.Size() == 0:
		return look(ctx, path, url.Values{"mode": {"ro"}, "immutable": {"1"}})
	case statErr != nil:
		return nil, unread(path, statErr)
	}
	return nil, &selfsame.Error{Class: selfsame.ClassResource, Ref: path, Message: "its newest records are in " + path + "-wal, and to read them the folder must be writable", Err: err,
		Hint: "whoever owns the folder runs selfsame list there once, which takes them in; or copy the folder and name the copy with --data"}
}

// look opens a file to read.
func look(ctx context.Context, path string, query url.Values) (*Store, error) {
	query["_pragma"] = []string{"busy_timeout(10000)", "query_only(1)"}
	s, err := opened(path, query)
	if err != nil {
		return nil, err
	}
	if err := s.readable(ctx); err != nil {
		s.db.Close()
		return nil, err
	}
	return s, nil
}

// readable sees that the file can be read and has the newest layout.
func (s *Store) readable(ctx context.Context) error {
	f, err := os.Open(s.path)
	if err != nil {
		return unread(s.path, err)
	}
	f.Close()
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s.fault("read", err)
	}
	defer tx.Rollback()
	version, err := s.layout(ctx, tx)
	if err == nil && version < len(migrations) {
		err = &selfsame.Error{Class: selfsame.ClassResource, Ref: s.path, Message: fmt.Sprintf("the registry has the older layout %d, and to bring it forward the folder must be writable", version),
			Hint: "whoever owns the folder runs selfsame list there once; or copy the folder and name the copy with --data"}
	}
	return err
}

// unread is the error of a file that may not be read.
func unread(path string, err error) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Ref: path, Message: "the registry cannot be read", Err: err, Hint: "ask whoever owns it for the right to read the file and its folder"}
}

// denied reports whether an error is that something may not be written, or not be made.
func denied(err error) bool {
	var fault *driver.Error
	if !errors.As(err, &fault) {
		return false
	}
	switch fault.Code() & 0xff {
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return true
	}
	return false
}
