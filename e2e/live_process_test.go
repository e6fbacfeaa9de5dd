// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// server is a selfsame serve that runs as a process of its own.
type server struct {
	HTTP, GRPC string
	cmd        *exec.Cmd
	client     *http.Client
	out        *lines
	ended      chan error // holds what Wait said; whoever takes it puts it back
}

// lines gathers the output of a process and tells when it is ready.
type lines struct {
	mu    sync.Mutex // guards text
	text  bytes.Buffer
	ready chan [2]string
}

// follow reads until the process closes its output.
func (l *lines) follow(r io.Reader) {
	var at [2]string
	in := bufio.NewScanner(r)
	for in.Scan() {
		line := in.Text()
		l.mu.Lock()
		l.text.WriteString(line + "\n")
		l.mu.Unlock()
		switch word, rest, _ := strings.Cut(line, " "); {
		case word == "http":
			at[0] = strings.TrimSpace(rest)
		case word == "grpc":
			at[1] = strings.TrimSpace(rest)
		case line == "ready":
			l.ready <- at
		}
	}
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// errNotReady says that a server ended before it was ready.
var errNotReady = errors.New("the server ended before it was ready")

// launch starts a server on the project in dir, on ports that are free. It is not yet ready.
func launch(dir string, args ...string) (*server, error) {
	return launchAs(exec.Command(binary, append([]string{"serve", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"}, args...)...), dir)
}

// launchAs starts the command of a server.
func launchAs(cmd *exec.Cmd, dir string) (*server, error) {
	cmd.Dir = dir
	// Idle connections of a former server must not be tried again: each server has a transport of its own.
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	s := &server{cmd: cmd, client: &http.Client{Transport: transport, Timeout: time.Minute}, out: &lines{ready: make(chan [2]string, 1)}, ended: make(chan error, 1)}
	r, w := io.Pipe()
	s.cmd.Stdout, s.cmd.Stderr = w, w
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.out.follow(r)
	}()
	go func() {
		err := s.cmd.Wait()
		w.Close()
		<-read
		s.ended <- err
	}()
	return s, nil
}

// wait returns once the server says that it is ready.
func (s *server) wait() error {
	select {
	case at := <-s.out.ready:
		s.HTTP, s.GRPC = at[0], at[1]
		return nil
	case err := <-s.ended:
		s.ended <- err
		return fmt.Errorf("%w: %v\n%s", errNotReady, err, s.out)
	}
}

// open starts a server and waits until it is ready.
func open(dir string, args ...string) (*server, error) {
	s, err := launch(dir, args...)
	if err != nil {
		return nil, err
	}
	return s, s.wait()
}

// end waits until the process is gone.
func (s *server) end() error {
	err := <-s.ended
	s.ended <- err
	s.client.CloseIdleConnections()
	return err
}

// kill ends the process at once, as a crash does.
func (s *server) kill() {
	s.cmd.Process.Kill() // it may be gone already
	s.end()
}

// stop asks the process to end, and expects that it does so cleanly.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if code := exitCode(s.end()); code != 0 {
		return fmt.Errorf("exit code %d, want 0\n%s", code, s.out)
	}
	if !strings.HasSuffix(s.out.String(), "stopped; everything acknowledged is stored\n") {
		return fmt.Errorf("it does not say that everything is stored:\n%s", s.out)
	}
	return nil
}

// reply is the answer to a request.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request and reads its answer. An error says that there was none, or not a whole one.
func (s *server) ask(ctx context.Context, method, path string, body []byte) (*reply, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.HTTP+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return &reply{resp.StatusCode, resp.Header, b}, err
}

// receipt is the answer to a push.
type receipt struct {
	Events, Accepted, Duplicate, Superseded, Late, Early, Schema, Conflict int

	Rows []struct {
		Row          int
		Fate, Reason string
	}
}

// push sends events, one JSON object a line.
func (s *server) push(ctx context.Context, source string, events []byte) (*receipt, error) {
	a, err := s.ask(ctx, http.MethodPost, "/v1/events/"+source, events)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", a.status, a.body)
	}
	var r receipt
	return &r, json.Unmarshal(a.body, &r)
}

// read asks a service for the vectors of users and returns what stands in a column, by user. An int64 that is null is 0.
func (s *server) read(ctx context.Context, service string, users []string) (map[string]map[string]int64, error) {
	q, err := json.Marshal(map[string]any{"columns": map[string]any{"user_id": users}, "format": "columns"})
	if err != nil {
		return nil, err
	}
	a, err := s.ask(ctx, http.MethodPost, "/v1/services/"+service+"/features", q)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", a.status, a.body)
	}
	var v struct {
		Columns []struct {
			Name   string
			Values []*int64
		}
	}
	if err := json.Unmarshal(a.body, &v); err != nil {
		return nil, fmt.Errorf("%w in %s", err, a.body)
	}
	out := map[string]map[string]int64{}
	for i, u := range users {
		out[u] = map[string]int64{}
		for _, c := range v.Columns {
			if c.Values[i] != nil {
				out[u][c.Name] = *c.Values[i]
			}
		}
	}
	return out, nil
}

// metric is a value of /metrics without labels, or the sum over all labels.
func (s *server) metric(ctx context.Context, name string) (float64, error) {
	a, err := s.ask(ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return 0, err
	}
	sum, found := 0.0, false
	for line := range strings.Lines(string(a.body)) {
		series, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if series, _, _ = strings.Cut(series, "{"); !ok || series != name {
			continue
		}
		var x float64
		if _, err := fmt.Sscan(value, &x); err != nil {
			return 0, err
		}
		sum, found = sum+x, true
	}
	if !found {
		return 0, fmt.Errorf("/metrics has no %s", name)
	}
	return sum, nil
}
