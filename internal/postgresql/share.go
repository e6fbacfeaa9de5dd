// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package postgresql

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
)

var escapedPassword = url.QueryEscape(Password)

// shared is the server of this process.
var shared struct {
	mu     sync.Mutex // guards the rest
	server *Server
	err    error
}

// URL is a place for a registry that no other test has, on the server that the tests of this process share. The package's TestMain calls Main or
// End. A machine without PostgreSQL fails the test.
func URL(t testing.TB) string {
	t.Helper()
	url, err := Place()
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// Place is URL for those who have no test at hand.
func Place() (string, error) {
	s, err := share()
	if err != nil {
		return "", err
	}
	return s.URL("t_" + strings.ToLower(rand.Text())), nil
}

func share() (*Server, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = Start()
	}
	return shared.server, shared.err
}

// Own is a server of a test's own, which it may stop and start.
func Own(t testing.TB) *Server {
	t.Helper()
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// End removes the shared server, where there is one.
func End() error {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil {
		return nil
	}
	err := shared.server.Remove()
	shared.server, shared.err = nil, errors.New("the shared PostgreSQL is gone: End was called")
	return err
}

// Main runs the tests of a package and ends the shared server: what TestMain does.
func Main(m *testing.M) {
	code := m.Run()
	if err := End(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}
