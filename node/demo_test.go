// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"selfsame"
)

// The clock stays within demoReach of the oldest read that runs: retention follows it, and must not take rows from under a read.
func TestDemoClockWaitsForReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newDemoClock(1000, 2)
		c.begin(1)
		moved := make(chan bool)
		go func() {
			c.advance(1000 + demoReach)
			moved <- true
			c.advance(1001 + demoReach)
			moved <- true
		}()
		<-moved
		synctest.Wait()
		select {
		case <-moved:
			t.Fatalf("the clock is at %d while a read of 1000 runs, want at most %d", c.Now(), 1000+demoReach)
		default:
		}
		c.end(1)
		<-moved
		if c.advance(5); c.Now() != 1001+demoReach {
			t.Errorf("got %d, want %d: the clock never goes back", c.Now(), 1001+demoReach)
		}
	})
}

func TestDueBy(t *testing.T) {
	events := []demoEvent{{due: 10}, {due: 10}, {due: 10 + demoSpread}, {due: 11 + demoSpread}}
	for _, c := range []struct {
		now  int64
		want int
	}{{9, 0}, {10, 2}, {10 + demoSpread, 3}, {selfsame.MaxTime, 3}} {
		if got := dueBy(events, c.now); got != c.want {
			t.Errorf("at %d: got %d events, want %d", c.now, got, c.want)
		}
	}
	if got := dueBy(make([]demoEvent, demoStep+5), 0); got != demoStep {
		t.Errorf("got %d events of a crowd, want %d", got, demoStep)
	}
}

func TestLatencyOf(t *testing.T) {
	var took []time.Duration
	for i := range 200 {
		took = append(took, time.Duration(200-i))
	}
	if got, want := latencyOf(took), (Latency{Reads: 200, P50: 101, P99: 199, Max: 200}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := latencyOf(nil); got != (Latency{}) {
		t.Errorf("got %+v for no reads, want nothing", got)
	}
}

// demoFolder writes a project with 300 orders, one a minute.
func demoFolder(t *testing.T) *DemoConfig {
	t.Helper()
	dir := t.TempDir()
	var orders strings.Builder
	orders.WriteString("id,user_id,amount,at\n")
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 300 {
		orders.WriteString(strings.Join([]string{"o" + strconv.Itoa(i), "u" + strconv.Itoa(i%7), "1.5", at.Add(time.Duration(i) * time.Minute).Format(time.RFC3339)}, ",") + "\n")
	}
	for name, text := range map[string]string{
		"selfsame.yaml": `project: shop
entities:
  user: {key: {user_id: string}}
sources:
  orders:
    schema: {id: string, user_id: string, amount: float64, at: timestamp}
    event_time: at
    id: id
    batch: {path: orders.csv}
    stream: {push: true}
    lateness: 5m
views:
  spend:
    entity: user
    source: orders
    features: {n: count(*) over 1h, total: sum(amount)}
services:
  shop: {features: [spend.*]}
`, "orders.csv": orders.String(), "rows.csv": "user_id\nu1\nu2\nu9\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return &DemoConfig{Project: dir, Service: "shop", Rows: "rows.csv", Fields: []string{"user_id"}, For: time.Minute, Speed: 100_000, Reads: 100, Readers: 2}
}

func TestDemo(t *testing.T) {
	cfg := demoFolder(t)
	begun := 0
	cfg.Begun = func(p *DemoPlan) {
		if begun++; p.Events != 305 || p.Speed != 100_000 {
			t.Errorf("got %d events at speed %v, want the 300 of the file and 5 copies, at 100000", p.Events, p.Speed)
		}
	}
	got, err := Demo(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got.Left != 0 || got.Events != 305 || got.Fates["duplicate"] != 5 || got.Fates["late"] != 1 || got.Fates["accepted"] != 299 || begun != 1 {
		t.Errorf("got %+v, want 305 events: 299 accepted, 5 duplicates, 1 late, and none left", got)
	}
	if a := got.Audit; a.Vectors != int64(got.Latency.Reads) || a.Audited != a.Vectors || a.Mismatched != 0 {
		t.Errorf("got %d reads, %d vectors, %d audited and %d mismatches, want all audited and no mismatch", got.Latency.Reads, a.Vectors, a.Audited, a.Mismatched)
	}
	if _, err := Demo(context.Background(), cfg); selfsame.ClassOf(err) != selfsame.ClassUsage {
		t.Errorf("got %v for a folder that has a data directory, want a usage error", err)
	}
}

func TestDemoStops(t *testing.T) {
	cfg := demoFolder(t)
	ctx, stop := context.WithCancel(context.Background())
	cfg.Speed, cfg.Begun = 1, func(*DemoPlan) { stop() }
	if _, err := Demo(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it to stop with the context", err)
	}
	d, err := OpenData(DefaultData(cfg.Project))
	if err != nil {
		t.Fatalf("got %v, want the data directory given back", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
