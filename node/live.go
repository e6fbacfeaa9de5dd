// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sync/errgroup"

	"selfsame"
	"selfsame/config"
	"selfsame/eventlog/local"
	"selfsame/ingest"
	"selfsame/journal"
	"selfsame/lineage/openlineage"
	"selfsame/offline/archive"
	"selfsame/online/embedded"
	"selfsame/plan"
	"selfsame/registry"
	"selfsame/registry/graph"
	"selfsame/registry/postgres"
	"selfsame/request"
	"selfsame/serve"
	"selfsame/stream"
)

// Live is an open data directory: the log, the online state that follows it, the applied definitions, and what answers from them. It is the
// server without its listeners; verbs open one of their own where no server runs.
type Live struct {
	Config  *config.Config
	Project string // folder of the definitions
	now     func() int64
	// simulated says that now is not the machine's clock.
	simulated bool
	notify    func(note string)

	data      *Data
	registry  registry.Registry
	watcher   registry.Watcher // nil: nobody else applies
	following following
	log       *local.Log
	store     *embedded.Store
	driver    *stream.Driver
	reader    *request.Reader
	server    *serve.Server
	loop      *ingest.Loop
	looking   looking
	jobs      *jobs

	answered *answered
	writer   *journal.Writer
	journal  *Journaler
	metrics  *Metrics
	decoders decoders
	ready    atomic.Bool
	lineages graph.Cache
	applied  chan struct{}        // something was applied: the graph is made before anybody asks
	events   *openlineage.Emitter // nil: nobody is told

	archiving sync.Mutex // one advance of the archive at a time
	archive   *archive.Archive

	applying *turn       // one change of the live states at a time; guards uses
	uses     []*plan.Use // of what is live
	planned  keptUses    // of what was live last, for what is live next
	quit     context.Context
	giveUp   context.CancelFunc // ends quit: loads of history, which may take hours, end with it
	snapshot atomic.Pointer[registry.Snapshot]
}

// LiveConfig says what to open.
type LiveConfig struct {
	Config  *config.Config
	Project string
	Now     func() int64      // microseconds; nil: the machine's clock
	Notify  func(note string) // told of what an operator should know; nil: nobody listens
	FS      vfs.FS            // that the log and the online state are written through; nil: the disk
}

// OpenLive opens a data directory and brings its online state up to the end of the log. Nothing is taken in until Run.
func OpenLive(ctx context.Context, cfg LiveConfig) (l *Live, err error) {
	l = &Live{Config: cfg.Config, Project: cfg.Project, now: cfg.Now, notify: cfg.Notify, applied: make(chan struct{}, 1), applying: newTurn()}
	l.quit, l.giveUp = context.WithCancel(context.WithoutCancel(ctx))
	if l.simulated = l.now != nil; !l.simulated {
		l.now = func() int64 { return time.Now().UnixMicro() }
	}
	if l.notify == nil {
		l.notify = func(string) {}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
			l = nil
		}
	}()
	dir := cfg.Config.Dir
	if dir == "" {
		dir = DefaultData(cfg.Project)
	}
	if err = embeddedOnly(cfg.Config); err != nil {
		return l, err
	}
	if l.data, err = OpenData(dir); err != nil {
		return l, err
	}
	// Whatever an earlier process left half done.
	if err := os.RemoveAll(filepath.Join(dir, spillFolder)); err != nil {
		return l, dataError(dir, "cannot clear what an earlier run spilled", err)
	}
	if err = l.openRegistry(ctx); err != nil {
		return l, err
	}
	if l.events, err = OpenEvents(l.Config, l.notify); err != nil {
		return l, err
	}
	if err = l.openState(ctx, cfg.FS, dir); err != nil {
		return l, err
	}
	if err = l.recover(ctx); err != nil {
		return l, err
	}
	return l, l.warm(ctx)
}

// openRegistry opens the registry that the settings name.
func (l *Live) openRegistry(ctx context.Context) error {
	at := RegistryOf(l.Config, l.Project)
	store, watcher, err := at.openOwned(ctx, func(err error) { l.notify("what is applied is not copied to the data directory: " + err.Error()) })
	if err != nil {
		return err
	}
	l.registry, l.watcher = &keeping{registry.Over(store, l.Project)}, watcher
	if at.shared() {
		l.data.Registry = postgres.Place(at.URL)
	}
	return nil
}

// embeddedOnly refuses stores that this version does not have, rather than keep what is meant for them somewhere else.
func embeddedOnly(c *config.Config) error {
	for _, s := range []struct{ setting, url, scheme string }{{"online.url", c.Online, "pebble:"}, {"offline.url", c.Offline, ""}} {
		if s.url != "" && s.url != s.scheme {
			return &selfsame.Error{Class: selfsame.ClassUsage, Ref: s.setting, Message: config.Redact(s.url) + " cannot be used: this version keeps everything in data.dir",
				Hint: "leave the setting out, and name the folder with --data"}
		}
	}
	return nil
}

// Folders of a data directory.
const (
	logFolder     = "log"
	onlineFolder  = "online"
	archiveFolder = "archive"
	journalFolder = "journal"
	historyFolder = "history"
	spillFolder   = "spill"
)

// openState opens the log and what follows it. A disk that is nil is the machine's.
func (l *Live) openState(ctx context.Context, disk vfs.FS, dir string) (err error) {
	c := l.Config
	l.looking.usage.dir = filepath.Join(dir, journalFolder)
	if l.jobs, err = openJobs(l, filepath.Join(dir, jobsFolder)); err != nil {
		return err
	}
	l.writer, err = journal.Open(filepath.Join(dir, journalFolder), journal.Options{Durable: c.JournalDurable, Sample: c.JournalSample, KeepBytes: c.JournalBytes, Now: l.now, Hooks: l.journalHooks()})
	if err != nil {
		return err
	}
	l.journal = NewJournaler(l.writer, l.now, func(err error) { l.notify("an answer is not in the journal: " + err.Error()) })
	step := answeredStep
	if l.simulated {
		step = simulatedStep
	}
	if l.answered, err = openAnswered(dir, step, func(err error) { l.notify("should the clock be set back before the next start: " + err.Error()) }); err != nil {
		return err
	}
	if l.log, err = local.Open(filepath.Join(dir, logFolder), local.Options{FS: disk, Now: l.now}); err != nil {
		return err
	}
	if l.archive, err = archive.Open(filepath.Join(dir, archiveFolder), creators["parquet"]); err != nil {
		return err
	}
	if err := l.archive.Check(); err != nil { // what is served does not need it
		l.notify("the archive is not whole: " + err.Error())
	}
	if l.store, err = embedded.Open(filepath.Join(dir, onlineFolder), embedded.Options{FS: disk}); err != nil {
		return err
	}
	l.metrics = NewMetrics()
	hooks := stream.Options{Changed: func(s *plan.State, entity, rows []byte) { l.reader.Changed(s, entity, rows) }}
	l.metrics.Stream(&hooks)
	if l.driver, err = stream.Open(ctx, l.store, l.log, hooks); err != nil {
		return err
	}
	cache := c.CacheBytes
	if cache == 0 {
		cache = -1 // no cache: zero is the reader's word for its default
	}
	l.reader = request.New(l.store, l.driver.States, request.Options{CacheBytes: cache})
	o := serve.Options{
		Definitions: func() serve.Definitions { return l.snapshot.Load() },
		Reader:      l.reader,
		Applied: func() request.Cut {
			c := l.driver.Applied()
			return request.Cut{Offset: c.Offset, Alpha: c.Alpha}
		},
		Now:       l.now,
		Answering: l.answered.note,
		Complete:  func(cut request.Cut, known int64) bool { return l.loop.Complete(known, cut.Alpha) },
		Horizon:   l.driver.Earliest,
		History:   readHistory,
		MaxRows:   c.RequestRows,
	}
	if c.JournalSample > 0 {
		o.Journal = l.journal.Record
	}
	l.server = serve.New(o)
	l.loop = ingest.New(l.log, l.driver, ingest.Options{Queue: c.IngestQueue, Answered: func() int64 { return max(l.server.Answered(), l.answered.before) }})
	return l.openMetrics()
}

// journalHooks tell once that the journal cannot be written, until it can again.
func (l *Live) journalHooks() journal.Hooks {
	var failing atomic.Bool
	return journal.Hooks{
		Failed: func(err error) {
			if failing.CompareAndSwap(false, true) {
				l.notify("answers are not in the journal: " + err.Error())
			}
		},
		Written: func(int, int64) { failing.Store(false) },
	}
}

// openMetrics makes what /metrics shows beside what the wire and the driver count.
func (l *Live) openMetrics() error {
	var errs []error
	for _, g := range []struct {
		name, help string
		read       func() float64
	}{
		{"applied_offset", "Next log offset of the online state.", func() float64 { return float64(l.driver.Applied().Offset) }},
		{"log_begin_offset", "First offset that the log has not dropped.", func() float64 { return float64(l.log.Begin()) }},
		{"log_end_offset", "Next offset of the log.", func() float64 { end, _ := l.log.End(); return float64(end) }},
		{"states", "Live states.", func() float64 { return float64(len(l.driver.States().List())) }},
		{"cache_bytes", "Bytes of decoded entities in the cache.", func() float64 { return float64(l.reader.CacheStats().Bytes) }},
		{"cache_entities", "Decoded entities in the cache.", func() float64 { return float64(l.reader.CacheStats().Entries) }},
		{"ingest_queued_bytes", "Bytes of events that are taken and not yet stored.", func() float64 { return float64(l.loop.Queued()) }},
		{"write_fault", "1 once the log or the online state cannot be written: pushes are refused until the next start.", func() float64 {
			if l.loop.Failed() != nil || l.log.Failed() != nil || l.store.Failed() != nil {
				return 1
			}
			return 0
		}},
		{"applied_definitions", "Number of the newest applied definitions.", func() float64 { return float64(l.snapshot.Load().Applied()) }},
	} {
		errs = append(errs, l.metrics.Gauge(g.name, g.help, g.read))
	}
	if l.watcher != nil {
		errs = append(errs, l.metrics.Gauge("registry_following", "1: what is served is the newest of the registry; 0: the last look at it, or what it has, failed.", func() float64 {
			if l.Behind() != "" {
				return 0
			}
			return 1
		}), l.metrics.Total("registry_failures_total", "Tries to follow the registry that failed.", func() float64 { return float64(l.following.failures.Load()) }))
	}
	errs = append(errs, l.metrics.Total("journal_dropped_total", "Served vectors that are not in the journal because its queue was full or the disk refused them.",
		func() float64 { return float64(l.writer.Dropped()) }))
	errs = append(errs, l.metrics.Total("lineage_lost_total", "Lineage events that did not reach the file or the URL of the settings.", func() float64 { return float64(l.events.Lost()) }))
	return errors.Join(errs...)
}

// recover makes the applied definitions live and applies what the online state has not seen of the log.
func (l *Live) recover(ctx context.Context) error {
	s, err := l.registry.Snapshot(ctx)
	if err != nil {
		return err
	}
	uses, err := l.planned.of(s)
	if err != nil {
		return err
	}
	if err := l.recoverWith(ctx, uses); err != nil {
		return err
	}
	l.uses = uses
	l.snapshot.Store(s)
	return l.driver.Recover(ctx)
}

// Run takes events in and keeps house until ctx ends. It is called once; Close comes after it.
func (l *Live) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.loop.Run(ctx) })
	group.Go(func() error { return l.archiveLoop(ctx) })
	group.Go(func() error { return l.maintainLoop(ctx) })
	for _, queue := range l.jobs.queues {
		group.Go(func() error { return l.jobs.work(ctx, queue) })
	}
	group.Go(func() error { return l.graphLoop(ctx) })
	if l.watcher != nil {
		group.Go(func() error { return l.followLoop(ctx) })
	}
	err := group.Wait()
	if saving := l.saveWarm(); saving != nil {
		l.notify("the next start begins cold: " + saving.Error())
	}
	return err
}

// Close gives the data directory back.
func (l *Live) Close() error {
	l.giveUp()
	_ = l.applying.take(context.Background(), "the end of the server", nil) // what changed the live states has ended
	defer l.applying.end()
	var errs []error
	if l.answered != nil {
		last := selfsame.MinTime
		if l.server != nil {
			last = l.server.Answered()
		}
		errs = append(errs, l.answered.Close(last))
	}
	if l.store != nil {
		errs = append(errs, l.store.Sync(context.Background()), l.store.Close())
	}
	if l.log != nil {
		errs = append(errs, l.log.Close())
	}
	if l.writer != nil {
		errs = append(errs, l.writer.Close())
	}
	if l.registry != nil {
		errs = append(errs, l.registry.Close())
	}
	errs = append(errs, CloseEvents(l.events))
	if l.data != nil {
		errs = append(errs, l.data.Close())
	}
	return errors.Join(errs...)
}

// Apply makes a change of definitions, builds the states that it needs beside the live ones, and switches reads to it. Reads go on all the
// while: until the switch they see the definitions before.
func (l *Live) Apply(ctx context.Context, c *registry.Change) (*registry.Diff, error) {
	if err := l.applying.takeSoon(ctx, applyBy(c)); err != nil {
		return nil, err
	}
	defer l.applying.end()
	diff, err := l.registry.Apply(ctx, c)
	if err != nil || diff.Apply == 0 && diff.On == l.snapshot.Load().Applied() {
		return diff, err
	}
	err = l.follow(ctx) // of an apply, too, whose states could not be built then
	if s, failed := l.registry.Snapshot(ctx); failed == nil && diff.Apply != 0 && s.Applied() == diff.Apply {
		tellApply(&telling{to: l.events, notify: l.notify}, s, l.Project, c.Time, l.now(), err)
	}
	return diff, err
}

// applyBy names an apply to those who wait for it.
func applyBy(c *registry.Change) string { return "an apply by " + c.Author }

// follow makes the newest applied definitions the live ones. Behind says why where it does not.
func (l *Live) follow(ctx context.Context) (err error) {
	defer func() { l.following.note(err) }()
	s, err := l.registry.Snapshot(ctx)
	if err != nil {
		return err
	}
	uses, err := l.planned.of(s)
	if err != nil {
		return err
	}
	// What was live stays so until no read can ask for it by the definitions before.
	if err := l.switchWith(ctx, distinct(slices.Concat(l.uses, uses))); err != nil {
		return err
	}
	l.uses = uses
	l.snapshot.Store(s)
	l.decoders.bySource.Clear() // of definitions before
	defer func() {              // what is made of it for those who look at it waits for what is served
		select {
		case l.applied <- struct{}{}:
		default: // it is to be made already
		}
	}()
	return l.switchWith(ctx, uses)
}

// distinct are uses, each once.
func distinct(uses []*plan.Use) []*plan.Use {
	seen := make(map[*plan.Use]bool, len(uses))
	return slices.DeleteFunc(uses, func(u *plan.Use) bool {
		twice := seen[u]
		seen[u] = true
		return twice
	})
}
