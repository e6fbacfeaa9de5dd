// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
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

// feastUsers is how many users repo.py writes.
const feastUsers = 10_000

// feast measures Feast's Python server over Redis: the same 50 features of one user and of a hundred.
func (b *bench) feast() error {
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
	for _, rows := range []int{1, 100} {
		requests := feastRequests(rows)
		dial := func() (caller, error) { return dialHTTP(address, requests) }
		if err := b.peer(fmt.Sprintf("Feast's Python server, %d x 50", rows), server.Process.Pid, dial, len(requests)); err != nil {
			return err
		}
	}
	return nil
}

func feastRequests(rows int) (list [][]byte) {
	r := rand.New(rand.NewPCG(6, 6))
	var features []string
	for i := range storedFeatures {
		features = append(features, fmt.Sprintf(`"profile:f%02d"`, i))
	}
	for range 64 {
		var users []string
		for range rows {
			users = append(users, fmt.Sprintf("%q", userName(r.IntN(feastUsers))))
		}
		list = append(list, httpRequest("/get-online-features", `{"features":[`+strings.Join(features, ",")+`],"entities":{"user_id":[`+strings.Join(users, ",")+`]}}`))
	}
	return list
}
