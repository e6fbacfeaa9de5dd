// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

//go:embed feast/repo.py
var feastRepo []byte

// shape is a read that is asked of Feast and of us: a view, which is a service of ours, how many features it has and of how many users repo.py writes them.
type shape struct {
	view                  string
	rows, features, users int
}

var shapes = []shape{{"profile", 1, storedFeatures, 10_000}, {"profile", 100, storedFeatures, 10_000}, {"wide", 100, wideFeatures, wideUsers}}

// wideUsers is how many users have a wide row.
const wideUsers = 2_000

// feast measures Feast's Python server over Redis, and in the same rounds ours: 50 features of one user and of a hundred, and 250 of a hundred.
func (b *bench) feast() error {
	if err := b.fillProfiles(shapes[0].users); err != nil {
		return err
	}
	if err := b.fillWides(); err != nil {
		return err
	}
	redis, stop, err := b.startRedis()
	if err != nil {
		return err
	}
	defer stop()
	dir := filepath.Join(b.dir, "feast")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	config := "project: bench\nregistry: registry.db\nprovider: local\nentity_key_serialization_version: 3\noffline_store: {type: file}\n" +
		"online_store: {type: redis, connection_string: \"" + redis + "\"}\n"
	for name, content := range map[string][]byte{"feature_store.yaml": []byte(config), "repo.py": feastRepo} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			return err
		}
	}
	fill := exec.Command(filepath.Join(b.venv, "bin", "python"), "repo.py", "fill")
	fill.Dir = dir
	if out, err := fill.CombinedOutput(); err != nil {
		return fmt.Errorf("filling Feast: %w\n%s", err, out)
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	server := exec.Command(filepath.Join(b.venv, "bin", "feast"), "serve", "--host", "127.0.0.1", "--port", port, "--workers", "2", "--no-access-log", "--max-requests", "0")
	server.Dir, server.Stderr = dir, os.Stderr
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := server.Start(); err != nil {
		return err
	}
	defer func() {
		syscall.Kill(-server.Process.Pid, syscall.SIGKILL)
		server.Wait() // it was killed
	}()
	if err := await(address); err != nil {
		return err
	}
	for _, s := range shapes {
		if err := b.besideFeast(&s, address, server.Process.Pid); err != nil {
			return fmt.Errorf("%d x %d: %w", s.rows, s.features, err)
		}
	}
	return nil
}

// fillWides pushes the wide rows.
func (b *bench) fillWides() error {
	p, err := dialPush(b.server.grpc)
	if err != nil {
		return err
	}
	defer p.Close()
	const each = 500
	for from := 0; from < wideUsers; from += each {
		got, _, err := p.push(wides(from, from+each))
		if err == nil && got != each {
			err = fmt.Errorf("%d of %d wide rows were accepted", got, each)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// besideFeast asks Feast, ours over HTTP with all names and definitions in each answer, as Feast's has them, and ours in the packed form of gRPC.
func (b *bench) besideFeast(s *shape, address string, pid int) error {
	w := workload{name: s.view, service: map[string]string{"profile": "stored", "wide": "wide"}[s.view], rows: s.rows, users: func(r *rand.Rand) string { return userName(r.IntN(s.users)) }}
	full, err := w.prepare(b.server)
	if err != nil {
		return err
	}
	w.noNames = true
	packed, err := w.prepare(b.server)
	if err != nil {
		return err
	}
	requests := feastRequests(s)
	if err := answersOfFeast(s, address, requests); err != nil {
		return err
	}
	var all [3][]*outcome
	for range b.rounds {
		for i, l := range []load{{requests: len(requests), dial: func() (caller, error) { return dialHTTP(address, requests) }, pid: pid}, {pid: b.server.pid()}, {pid: b.server.pid()}} {
			switch i {
			case 1:
				l.dial, l.requests = full.dialer("http", b.server)
			case 2:
				l.dial, l.requests = packed.dialer("grpc", b.server)
			}
			l.conns, l.lasts = b.conns, b.lasts
			o, err := l.run()
			if err != nil {
				return err
			}
			all[i] = append(all[i], o)
		}
	}
	for i, name := range []string{"Feast's Python server", "ours, HTTP with names", "ours, gRPC packed"} {
		c := comparison{ours: all[i], echo: all[0]}
		fmt.Printf("%-22s %3d x %3d  %8.1f/s  p50 %.2f p99 %.2f ms", name, s.rows, s.features, median(all[i], (*outcome).rate), median(all[i], p50), median(all[i], p99))
		if i > 0 {
			fmt.Printf("  %.1f times Feast's", c.ratio((*outcome).rate))
		}
		fmt.Println()
	}
	return nil
}

// answersOfFeast holds one answer of Feast to having every value.
func answersOfFeast(s *shape, address string, requests [][]byte) error {
	c, err := dialHTTP(address, requests)
	if err != nil {
		return err
	}
	defer c.Close()
	c.kept = true
	if _, err := c.call(0); err != nil {
		return err
	}
	if got, want := bytes.Count(c.keep, []byte(`"PRESENT"`)), s.rows*s.features; got < want {
		return fmt.Errorf("%d of %d values of Feast are present", got, want)
	}
	return nil
}

func feastRequests(s *shape) (list [][]byte) {
	r := rand.New(rand.NewPCG(6, 6))
	var features []string
	for i := range s.features {
		features = append(features, fmt.Sprintf(`"%s:f%02d"`, s.view, i))
	}
	for range 64 {
		var users []string
		for range s.rows {
			users = append(users, fmt.Sprintf("%q", userName(r.IntN(s.users))))
		}
		list = append(list, httpRequest("/get-online-features", `{"features":[`+strings.Join(features, ",")+`],"entities":{"user_id":[`+strings.Join(users, ",")+`]}}`))
	}
	return list
}
