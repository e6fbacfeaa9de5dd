// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"selfsame"
	"selfsame/audit"
	"selfsame/config"
	"selfsame/definition"
)

// DemoConfig says what a live demonstration replays, and what it asks meanwhile.
type DemoConfig struct {
	Project string // folder with definitions and history files. Its data directory must not exist yet
	Service string
	Rows    string   // file in the project whose rows are asked about, one after another, at now
	Fields  []string // its columns that are keys and request fields of the service

	Speed   float64       // simulated seconds a second; 0: as many as bring all events into For
	For     time.Duration // the replay ends after this, or with its last event
	Reads   int           // a second
	Readers int           // clients that read; half of them over gRPC

	Begun  func(*DemoPlan)   // told before the first event; may be nil
	Told   func(*DemoSecond) // told once a second; may be nil
	Notify func(note string) // may be nil
}

// DemoPlan is what a demonstration is about to do.
type DemoPlan struct {
	HTTP, GRPC  string
	Events      int
	First, Last int64 // event times, microseconds
	Speed       float64
}

// DemoSecond is how far a demonstration is, and how its last second was.
type DemoSecond struct {
	At       int64            // simulated, microseconds
	Events   int64            // pushed so far
	Fates    map[string]int64 // what became of them
	Reads    int64            // answered so far
	Latency  Latency          // of the last second
	Interval time.Duration    // that the last second took
}

// DemoReport is what a demonstration came to.
type DemoReport struct {
	Events  int64
	Left    int // events that were not pushed: the time was over
	Fates   map[string]int64
	Took    time.Duration
	Latency Latency // of all reads
	Audit   *audit.Report
}

// demo is a demonstration that runs.
type demo struct {
	cfg    *DemoConfig
	clock  *demoClock
	client *Client
	events []demoEvent
	speed  float64
	tally  demoTally
}

// Demo serves a project in this process on a simulated clock, replays its history files as pushed events, each at its own event time, and reads all the
// while. Then it stops the server and audits every answer.
func Demo(ctx context.Context, cfg *DemoConfig) (*DemoReport, error) {
	d := &demo{cfg: cfg, tally: demoTally{fates: map[string]int64{}}}
	p, err := definition.Load(cfg.Project)
	if err != nil {
		return nil, err
	}
	if d.events, err = readDemoEvents(ctx, cfg.Project, p); err != nil {
		return nil, err
	}
	settings := config.Default()
	settings.Dir, settings.HTTP, settings.GRPC = DefaultData(cfg.Project), "127.0.0.1:0", "127.0.0.1:0"
	if _, err := os.Stat(settings.Dir); err == nil {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: settings.Dir, Message: "there is a data directory already, and the demonstration begins with an empty one",
			Hint: "name another folder, or remove it"}
	}
	first, last := d.events[0].due, d.events[len(d.events)-1].due
	if d.speed = cfg.Speed; d.speed <= 0 {
		d.speed = max(1, float64(last-first)/float64(cfg.For.Microseconds()))
	}
	d.clock = newDemoClock(first-selfsame.Second, cfg.Readers)
	pinned, err := d.live(ctx, settings, p)
	if err != nil {
		return nil, err
	}
	report := d.tally.report()
	report.Audit, err = auditAll(ctx, pinned, cfg.Project)
	return report, err
}

// live serves until the replay is over, and returns what is at hand then of the log and of what was served.
func (d *demo) live(ctx context.Context, settings *config.Config, p *selfsame.Project) (pinned *Pinned, err error) {
	s, err := OpenServer(ctx, LiveConfig{Config: settings, Project: d.cfg.Project, Now: d.clock.Now, Notify: d.cfg.Notify})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if _, err := s.ApplyFirst(ctx); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.Run(ctx) })
	group.Go(func() (err error) {
		defer stop() // the server, and what else reads
		if err = d.run(ctx, s, p); err == nil {
			pinned, err = s.pin(ctx)
		}
		return err
	})
	if err := group.Wait(); err != nil && (pinned == nil || !errors.Is(err, context.Canceled)) {
		return nil, err
	}
	if pinned == nil {
		return nil, context.Cause(ctx)
	}
	return pinned, nil
}

// run loads what is not pushed, and then replays and reads.
func (d *demo) run(ctx context.Context, s *Server, p *selfsame.Project) error {
	_, token := FindServer(s.data.Dir)
	transport := &http.Transport{MaxIdleConnsPerHost: d.cfg.Readers + 1}
	defer transport.CloseIdleConnections()
	d.client = &Client{Address: s.HTTP, base: "http://" + s.HTTP, token: token, http: &http.Client{Transport: transport}}
	if views := loadedViews(p); len(views) > 0 {
		if err := d.client.Do(ctx, "materialize", &LoadArgs{Views: views}, func([]byte) error { return nil }); err != nil {
			return err
		}
	}
	questions, err := readDemoQuestions(ctx, d.cfg)
	if err != nil {
		return err
	}
	if d.cfg.Begun != nil {
		d.cfg.Begun(&DemoPlan{HTTP: s.HTTP, GRPC: s.GRPC, Events: len(d.events), First: d.events[0].due, Last: d.events[len(d.events)-1].due, Speed: d.speed})
	}
	d.tally.begin()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer stop()
		return d.replay(ctx)
	})
	group.Go(func() error { return d.tell(ctx) })
	for i := range d.cfg.Readers {
		r := &demoReader{demo: d, number: i, questions: questions}
		group.Go(func() error { return r.run(ctx, s.GRPC) })
	}
	return group.Wait()
}

// loadedViews are the as-of views whose rows are not pushed: they come from history files.
func loadedViews(p *selfsame.Project) []string {
	var out []string
	for _, v := range p.Views {
		fromFiles := func(name string) bool { s := p.Source(name); return s != nil && s.Batch != nil && !s.Push }
		if v.Kind == selfsame.AsOfView && !v.Offline && !slices.ContainsFunc(v.Source, func(n string) bool { return !fromFiles(n) }) {
			out = append(out, v.Name)
		}
	}
	return out
}

// tell reports once a second until ctx ends.
func (d *demo) tell(ctx context.Context) error {
	if d.cfg.Told == nil {
		return nil
	}
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			d.cfg.Told(d.tally.second(d.clock.Now()))
		}
	}
}

// auditAll audits all that a journal holds.
func auditAll(ctx context.Context, pinned *Pinned, project string) (r *audit.Report, err error) {
	e, done, err := pinned.Evidence(ctx, project)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	return e.Audit(ctx, audit.Options{Sample: 1, Explain: 3})
}

// readDemoQuestions reads the rows that are asked about.
func readDemoQuestions(ctx context.Context, cfg *DemoConfig) (*demoQuestions, error) {
	rows, err := readFile(ctx, filepath.Join(cfg.Project, cfg.Rows))
	if err != nil {
		return nil, err
	}
	return newDemoQuestions(rows, cfg)
}
