// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"selfsame/config"
	"selfsame/node"
)

// compactedUsers is how many users with stored features the online state has, at least, that is rewritten.
const compactedUsers = 200_000

// compaction measures single reads at a constant rate, idle and while the server rewrites its online state again and again: from the cache, and from the store.
// A compaction takes a core of the machine that client and server share, so the same is asked of the echo, idle and beside the same compactions: what it loses,
// it loses to the scheduler.
func (b *bench) compaction() error {
	if err := b.fillProfiles(compactedUsers); err != nil {
		return err
	}
	common := b.extra
	defer func() { b.extra = common }()
	for _, from := range []struct {
		name string
		args []string
	}{{"cache", nil}, {"store", []string{"--cache-bytes", "0"}}} {
		b.extra = append(slices.Clip(common), from.args...)
		if err := b.restart(); err != nil {
			return err
		}
		w := workload{name: "stored50", service: "stored", rows: 1, users: func(r *rand.Rand) string { return userName(r.IntN(compactedUsers)) }, noNames: true}
		p, err := w.prepare(b.server)
		if err != nil {
			return err
		}
		for _, protocol := range b.chosen() {
			if err := b.compacted(p, protocol, from.name); err != nil {
				return fmt.Errorf("%s, from the %s: %w", protocol, from.name, err)
			}
		}
	}
	b.extra = common
	return b.restart()
}

// restart stops the server and starts it over the same data.
func (b *bench) restart() error {
	if err := b.server.stop(); err != nil {
		return err
	}
	return b.serve()
}

// compactions are those of one round.
type compactions struct {
	seconds []float64
	written float64 // bytes a second
}

// compacted measures one protocol and prints it.
func (b *bench) compacted(p *prepared, protocol, from string) error {
	mirror, err := b.mirror(p)
	if err != nil {
		return err
	}
	defer mirror.stop()
	most, err := b.maximum(p, protocol, b.server) // which also fills the cache
	if err != nil {
		return err
	}
	rate := most.rate() / 5
	var idle, beside [2][]*outcome // ours, the echo's
	var rounds []compactions
	for range b.rounds {
		for i, server := range []*process{b.server, mirror} {
			run := func() (*outcome, error) {
				dial, n := p.dialer(protocol, server)
				return (&load{dial: dial, requests: n, conns: b.conns, lasts: b.lasts, rate: rate, pid: server.pid()}).run()
			}
			o, err := run()
			if err != nil {
				return err
			}
			idle[i] = append(idle[i], o)
			stop := b.compacting()
			o, err = run()
			c, failed := stop()
			if err := errors.Join(err, failed); err != nil {
				return err
			}
			beside[i], rounds = append(beside[i], o), append(rounds, *c)
		}
	}
	tellCompaction(fmt.Sprintf("compaction, stored50 from the %s  %s", from, protocol), idle, beside, rounds)
	return nil
}

func tellCompaction(name string, idle, beside [2][]*outcome, rounds []compactions) {
	var ratios [2][]float64
	for i := range ratios {
		for k := range idle[i] {
			ratios[i] = append(ratios[i], p99(beside[i][k])/p99(idle[i][k]))
		}
	}
	count, seconds := 0, []float64(nil)
	for _, c := range rounds {
		count, seconds = count+len(c.seconds), append(seconds, c.seconds...)
	}
	fmt.Printf("%s  at %.0f/s  idle p50 %.3f p99 %.2f ms  beside it p50 %.3f p99 %.2f ms  p99 by idle's %.2f (of the rounds: %.2f to %.2f)\n", name, median(idle[0], (*outcome).rate),
		median(idle[0], p50), median(idle[0], p99), median(beside[0], p50), median(beside[0], p99), middle(ratios[0]), slices.Min(ratios[0]), slices.Max(ratios[0]))
	fmt.Printf("  the echo beside the same compactions: idle p50 %.3f p99 %.2f ms  beside it p50 %.3f p99 %.2f ms  p99 by idle's %.2f (of the rounds: %.2f to %.2f)\n",
		median(idle[1], p50), median(idle[1], p99), median(beside[1], p50), median(beside[1], p99), middle(ratios[1]), slices.Min(ratios[1]), slices.Max(ratios[1]))
	fmt.Printf("  %d compactions of %.2f s, one after the other; %.0f MiB/s were written\n", count, middle(seconds), median(rounds, func(c compactions) float64 { return c.written })/(1<<20))
}

// touched is how many users get a new row before each compaction. They lie all over the state: a file that nothing was written over is not rewritten.
const touched = 500

// compacting forces one compaction after the other until it is stopped; the last one ends before stop returns.
func (b *bench) compacting() (stop func() (*compactions, error)) {
	ctx, cancel := context.WithCancel(background)
	done, c := make(chan error, 1), &compactions{}
	written, begin := writtenBy(b.server.pid()), time.Now()
	go func() { done <- b.compactUntil(ctx, c) }()
	return func() (*compactions, error) {
		cancel()
		err := <-done
		c.written = float64(writtenBy(b.server.pid())-written) / time.Since(begin).Seconds()
		return c, err
	}
}

func (b *bench) compactUntil(ctx context.Context, c *compactions) (err error) {
	p, err := dialPush(b.server.grpc)
	if err != nil {
		return err
	}
	defer p.Close()
	client, err := node.Dial(background, node.LiveConfig{Config: config.Default(), Project: filepath.Join(b.dir, "project")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	for len(c.seconds) == 0 || ctx.Err() == nil {
		step := b.profiles / touched
		if _, _, err := p.push(profiles(int(seeds.Add(1))%step, touched, step)); err != nil {
			return err
		}
		done, err := client.Compact(background)
		if err != nil {
			return err
		}
		c.seconds = append(c.seconds, done.Seconds)
	}
	return nil
}
