// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package postgresql runs a real PostgreSQL for tests and benchmarks: one a process that tests share (URL), or one of a test's own that may be stopped and
// started (Start). The server listens on loopback, asks for a password, and ends with the process that started it, also where that is killed. It
// syncs nothing to the disk.
//
// The binaries are those of the machine. Where there are none a test fails and says what to install: nothing is skipped. The package is for
// tests and benchmarks only; its functions are safe for concurrent use, a Server is for one goroutine at a time.
package postgresql

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Password is that of the superuser postgres.
const Password = "s3cret&:/@ü"

// Server is one PostgreSQL with a folder of its own.
type Server struct {
	Port int

	dir   string
	bin   string
	as    *syscall.Credential // nil: whoever runs the tests
	cmd   *exec.Cmd
	ended chan error
}

// Start makes a database cluster and starts a server on it. Remove ends it.
func Start() (*Server, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin}
	if s.as, err = account(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "selfsame-postgresql-"); err != nil {
		return nil, err
	}
	if err = s.prepare(); err == nil {
		err = s.choosePort()
	}
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	return s, nil
}

// find returns the folder of PostgreSQL's binaries, the newest version where there are several.
func find() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	version := func(path string) int {
		n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		if err != nil {
			return 0
		}
		return n
	}
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("the tests need PostgreSQL 13 or newer: install it (Debian: apt-get install postgresql; macOS: brew install postgresql), or put its initdb and postgres on PATH")
	}
	if initdb, err = filepath.EvalSymlinks(initdb); err != nil {
		return "", err
	}
	return filepath.Dir(initdb), nil
}

// account is the user that the server runs as: it refuses to be root.
func account() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody: make one, or run the tests as another user")
}

// prepare makes the database cluster.
func (s *Server) prepare() error {
	pass := filepath.Join(s.dir, "password")
	if err := os.WriteFile(pass, []byte(Password+"\n"), 0o600); err != nil {
		return err
	}
	if s.as != nil {
		for _, path := range []string{s.dir, pass} {
			if err := os.Chown(path, int(s.as.Uid), int(s.as.Gid)); err != nil {
				return err
			}
		}
	}
	cmd := exec.Command(filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", "postgres", "-A", "scram-sha-256", "--pwfile", pass, "-E", "UTF8", "--locale=C", "--no-sync")
	cmd.Dir, cmd.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: s.as}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// choosePort finds a free port below those that systems give to connections, so that it is still free when the server starts again.
func (s *Server) choosePort() (err error) {
	for range 100 {
		port := 20000 + rand.IntN(12000)
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			s.Port = port
			return l.Close()
		}
	}
	return err
}

// Start starts the server again after Stop, on the port that it had. It returns when connections are taken.
func (s *Server) Start() error {
	s.cmd = exec.Command(filepath.Join(s.bin, "postgres"), "-D", s.data(), "-p", strconv.Itoa(s.Port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=16MB", "-c", "max_connections=200", "-c", "log_min_messages=log", "-c", "lc_messages=C", "-c", "log_destination=stderr",
		"-c", "logging_collector=off", "-c", "timezone=UTC", "-c", "autovacuum=off")
	s.cmd.Dir = s.dir
	s.cmd.SysProcAttr = dying(s.as)
	r, w := io.Pipe()
	s.cmd.Stderr = w
	s.ended = make(chan error, 1)
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocks: the server is told when the thread that started it ends
		err := s.cmd.Start()
		started <- err
		if err == nil {
			err = s.cmd.Wait()
		}
		w.CloseWithError(io.EOF)
		s.ended <- err
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	return s.await(r)
}

// await reads what the server says until it is ready, and lets the rest go by.
func (s *Server) await(r *io.PipeReader) error {
	ready, said := make(chan bool, 1), []string{}
	go func() {
		lines := bufio.NewScanner(r)
		told := false
		for lines.Scan() {
			if told {
				continue
			}
			said = append(said, lines.Text())
			if told = strings.Contains(lines.Text(), "ready to accept connections"); told {
				ready <- true
			}
		}
		if !told {
			ready <- false
		}
		io.Copy(io.Discard, r) // a line that is too long for the scanner
	}()
	if !<-ready {
		return fmt.Errorf("postgres ended before it was ready: %s", strings.Join(said, "\n"))
	}
	return nil
}

// Stop ends the server at once, as a fast shutdown does: open transactions are rolled back, connections closed.
func (s *Server) Stop() error {
	if s.cmd == nil {
		return nil
	}
	err := s.cmd.Process.Signal(os.Interrupt)
	if ending := <-s.ended; ending != nil {
		err = errors.Join(err, fmt.Errorf("postgres: %w", ending))
	}
	s.cmd = nil
	return err
}

// Remove stops the server and removes its folder.
func (s *Server) Remove() error { return errors.Join(s.Stop(), os.RemoveAll(s.dir)) }

// URL is that of the superuser in the database postgres. schema is the schema of a registry; empty: the default.
func (s *Server) URL(schema string) string {
	u := fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/postgres?sslmode=disable", escapedPassword, s.Port)
	if schema != "" {
		u += "&schema=" + schema
	}
	return u
}
