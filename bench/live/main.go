// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Command live measures `selfsame serve` under load, beside an echo of its answers in the same run. run.sh builds what it needs and starts it.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

var background = context.Background()

// bench is one run of the benchmarks.
type bench struct {
	self, selfsame string // binaries
	dir            string
	server         *process
	rounds, conns  int
	crowd          int
	lasts          time.Duration
	stored         int // users with a profile at first
	profiles       int // users with one now
	sparse, dense  int // users with 100 and with 10,000 payments
	only           []string
	extra          []string // arguments of serve
	freshRate      float64  // events a second where their latency is measured
	most           float64  // events a second that were taken in at most
	rate           float64  // calls a second where latency is measured
	entities       int
	redisPID       int
	venv           string // with Feast
}

// parts are what this program does as another process of a run.
var parts = map[string]func(args []string) error{"echo": echo, "probe": probe, "echopush": func([]string) error { return echoPush() }}

func main() {
	if len(os.Args) > 1 {
		if part, ok := parts[os.Args[1]]; ok { // another process of a run
			if err := part(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, "live "+os.Args[1]+":", err)
				os.Exit(1)
			}
			return
		}
	}
	b := &bench{}
	flag.StringVar(&b.selfsame, "selfsame", "selfsame", "the binary that is measured")
	flag.StringVar(&b.dir, "dir", "", "folder for data; empty: a temporary one")
	flag.IntVar(&b.rounds, "rounds", 5, "rounds of every comparison; medians are told")
	flag.IntVar(&b.conns, "conns", 16, "callers at once")
	flag.IntVar(&b.crowd, "crowd", 1000, "callers at once in the part overload")
	flag.DurationVar(&b.lasts, "lasts", 2*time.Second, "length of a round")
	flag.IntVar(&b.stored, "stored", 20_000, "users with stored features")
	flag.IntVar(&b.sparse, "sparse", 1000, "users with 100 events")
	flag.IntVar(&b.dense, "dense", 20, "users with 10,000 events")
	flag.Float64Var(&b.freshRate, "fresh", 0, "events a second where their latency is measured; 0: half of the maximum")
	flag.IntVar(&b.entities, "entities", 1_000_000, "users with stored features in the part million")
	flag.Float64Var(&b.rate, "rate", 10_000, "calls a second where latency is measured")
	flag.StringVar(&b.venv, "venv", "", "virtual environment that holds Feast")
	only := flag.String("only", "", "parts and workloads, by comma; empty: all")
	extra := flag.String("serve", "", "further arguments of serve")
	flag.Parse()
	b.only, b.extra = strings.FieldsFunc(*only, func(r rune) bool { return r == ',' }), strings.Fields(*extra)
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, "live:", err)
		os.Exit(1)
	}
}

func (b *bench) wants(part string) bool { return len(b.only) == 0 || slices.Contains(b.only, part) }

func (b *bench) run() (err error) {
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "selfsame-live"); err != nil {
			return err
		}
		defer os.RemoveAll(b.dir)
	}
	project := filepath.Join(b.dir, "project")
	if err := writeProject(project); err != nil {
		return err
	}
	if err := b.serve(); err != nil {
		return err
	}
	defer func() { b.server.stop() }()
	if err := b.fill(); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		run  func() error
	}{{"reads", b.reads}, {"latency", b.latencies}, {"hot", b.hot}, {"overload", b.overload}, {"ingest", b.ingest}, {"fresh", b.fresh}, {"million", b.million}, {"compaction", b.compaction},
		{"inprocess", b.inProcess}, {"materialize", b.materialize}, {"sizes", b.sizes}, {"redis", b.redis}, {"postgres", b.postgres}, {"feast", b.feast}} {
		if !b.wants(part.name) {
			continue
		}
		if err := part.run(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// serve starts the server over the data directory.
func (b *bench) serve() (err error) {
	b.server, err = start(os.Stderr, b.selfsame, append(serveArgs(filepath.Join(b.dir, "project")), b.extra...)...)
	return err
}

// Users of windows: the sparse ones come first.
func (b *bench) sparseUser(r *rand.Rand) string { return userName(r.IntN(b.sparse)) }
func (b *bench) denseUser(r *rand.Rand) string  { return userName(b.sparse + r.IntN(b.dense)) }
func (b *bench) storedUser(r *rand.Rand) string { return userName(r.IntN(b.stored)) }

// fill pushes what is read.
func (b *bench) fill() error {
	p, err := dialPush(b.server.grpc)
	if err != nil {
		return err
	}
	defer p.Close()
	begin, events := time.Now(), 0
	send := func(n int, message []byte) error {
		got, _, err := p.push(message)
		events += n
		if err == nil && got != n {
			err = fmt.Errorf("%d of %d events were accepted", got, n)
		}
		return err
	}
	if err := b.fillProfiles(b.stored); err != nil {
		return err
	}
	events += b.stored
	for k := range 100 * b.sparse / 5000 {
		if err := send(5000, payments(5000, uint64(k), false, func(i int) string { return userName((k*5000 + i) / 100) })); err != nil {
			return err
		}
	}
	for k := range 2 * b.dense {
		if err := send(5000, payments(5000, uint64(1_000_000+k), false, func(int) string { return userName(b.sparse + k/2) })); err != nil {
			return err
		}
	}
	fmt.Printf("filled %d events in %v\n", events, time.Since(begin).Round(time.Millisecond))
	return nil
}

// picks reports whether a workload is wanted: named, or none is.
func (b *bench) picks(name string) bool {
	if b.wants(name) {
		return true
	}
	for _, w := range append(b.workloads(), workload{name: "writing"}) {
		if slices.Contains(b.only, w.name) {
			return false
		}
	}
	return true
}
