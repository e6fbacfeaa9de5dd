// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package config holds every setting of a long-lived process in one struct. A setting has one name: data.dir in selfsame.yaml is
// SELFSAME_DATA_DIR in the environment and --data on the command line; the flag wins over the environment, the environment over the
// file. Load reads all three and reports every problem at once.
//
// No setting can change a value: what belongs to values is in the definitions. A Config is plain data; whoever holds it may read it.
package config

import (
	"runtime"
	"time"
)

// Config is every setting. Default fills it; a Config from Load is valid.
type Config struct {
	Dir      string // data directory
	HTTP     string // host:port, or "off"
	GRPC     string
	Insecure bool // listen beyond loopback without access control

	Threads int   // goroutines of batch work
	Memory  int64 // bytes of batch work; 0: no bound

	CacheBytes   int64 // decoded hot entities; 0: none
	IngestEvents int   // in one call
	IngestQueue  int64 // bytes that are taken and not yet durable

	RequestRows    int // in one read
	RequestBytes   int64
	RequestTimeout time.Duration // where the caller sets no deadline
	RequestRunning int           // reads that run at once
	RequestWaiting int           // reads that wait; beyond them 429
	RequestWait    time.Duration // that a read waits at most
	Connections    int           // of HTTP

	JournalSample  float64 // share of served vectors
	JournalBytes   int64   // of closed segments; 0: no bound
	JournalDurable bool
	ArchiveEvery   time.Duration
	// LogRetention and RefusedRetention are how long events stay in the log once they are archived, and refused ones in the side log; 0: for ever.
	LogRetention, RefusedRetention time.Duration

	Warm int // entities that are loaded before the process is ready

	Registry, Online, Offline string        // URLs; empty: in the data directory
	RegistryPoll              time.Duration // of a registry that others apply to

	LineageFile, LineageURL string // that OpenLineage events go to; empty: none

	Warnings []string // variables of the environment that are near the name of a setting, and none
}

// Default returns the settings of a process that is told nothing: everything embedded, loopback only.
func Default() *Config {
	c := &Config{}
	for _, s := range settings(c) {
		if err := s.set(s.def); err != "" {
			panic("config: default of " + s.Name + " " + err)
		}
	}
	c.Threads = runtime.GOMAXPROCS(0)
	return c
}

// Setting describes one setting for documents and help.
type Setting struct {
	Name    string // data.dir
	Default string // as read; "" where Shown says more
	Bounds  string // unit and bounds
	Doc     string

	def  string
	flag string                      // where it is not the name with dashes
	set  func(s string) (why string) // reads a text into the config
	show func() string
}

// Flag is the name of the setting's flag, without dashes in front.
func (s *Setting) Flag() string {
	if s.flag != "" {
		return s.flag
	}
	return replace(s.Name, '-')
}

// Env is the name of the setting's variable.
func (s *Setting) Env() string { return "SELFSAME_" + upper(replace(s.Name, '_')) }

// Settings lists all settings in the order of the documents.
func Settings() []Setting { return settings(&Config{}) }

// settings binds the settings to a config.
func settings(c *Config) []Setting {
	list := []Setting{
		text("data.dir", &c.Dir, "folder", "data directory: log, online state, archive, journal, registry").as("data").shown("`.selfsame` in the project"),
		address("http.addr", &c.HTTP, "127.0.0.1:8620", "HTTP/JSON; another address than loopback needs `insecure` until access control exists").as("http"),
		address("grpc.addr", &c.GRPC, "127.0.0.1:8621", "gRPC; another address than loopback needs `insecure` too").as("grpc"),
		boolean("insecure", &c.Insecure, "listen beyond loopback without access control"),
		count("threads", &c.Threads, 0, least(1), "goroutines of batch work").shown("number of cores"),
		size("memory", &c.Memory, "0", "bytes; 0: no bound", "bound of batch work, beyond which events and results are spilled"),
		size("cache.bytes", &c.CacheBytes, "256MiB", "bytes; 0: none", "decoded hot entities"),
		count("request.max_rows", &c.RequestRows, 1000, least(1), "rows in one read"),
		size("request.max_bytes", &c.RequestBytes, "4MiB", "bytes, from 1KiB", "of one request, unpacked; a call of events may have 24MiB, or `ingest.queue` where that is less"),
		span("request.timeout", &c.RequestTimeout, "5s", "where the caller sets no deadline"),
		count("request.running", &c.RequestRunning, 0, least(0), "reads that run at once; 0: four a core"),
		count("request.waiting", &c.RequestWaiting, 0, least(0), "reads that wait for their turn; beyond them 429; 0: 128 for each that runs"),
		span("request.wait", &c.RequestWait, "100ms", "how long a read waits for its turn at most; then 429"),
		count("http.connections", &c.Connections, 10000, least(1), "open connections of HTTP; others wait to be accepted"),
		count("ingest.max_events", &c.IngestEvents, 10000, least(1), "events in one call"),
		size("ingest.queue", &c.IngestQueue, "64MiB", "bytes, from 1KiB", "events that are taken and not yet durable; beyond it 429"),
		share("journal.sample", &c.JournalSample, "1.0", "share of served vectors that are journaled"),
		size("journal.bytes", &c.JournalBytes, "16GiB", "bytes; 0: no bound", "what the journal may take on disk; beyond it the oldest answers go"),
		boolean("journal.durable", &c.JournalDurable, "wait for the journal before answering; otherwise drops are counted"),
		span("archive.every", &c.ArchiveEvery, "10m", "how often the log is copied to Parquet, and trimmed"),
		age("log.retention", &c.LogRetention, "30d", "how long events stay in the log once the archive has them"),
		age("refused.retention", &c.RefusedRetention, "90d", "how long refused events stay in the side log"),
		count("warm", &c.Warm, 0, least(0), "most recently read entities that are loaded before `/readyz`"),
		text("registry.url", &c.Registry, "`sqlite:`, or `postgres://user:password@host/database?schema=selfsame`", "applied definitions; many servers may share a PostgreSQL").as("registry").shown("SQLite in `data.dir`"),
		span("registry.poll", &c.RegistryPoll, "500ms", "how often a shared registry is asked for applies of others, beside what it tells by itself"),
		text("lineage.file", &c.LineageFile, "path", "OpenLineage events of applies, training sets, backfills and materializations are appended to it, as JSON lines").shown("none"),
		text("lineage.url", &c.LineageURL, "`http://host:port`", "they are posted to it, below `/api/v1/lineage` where it has no path; `OPENLINEAGE_URL` is read too").shown("none"),
		text("online.url", &c.Online, "`pebble:`", "online state; this version has no other store").as("online").shown("Pebble in `data.dir`"),
		text("offline.url", &c.Offline, "empty", "archive and training sets; this version has no other place for them").as("offline").shown("Parquet in `data.dir`"),
	}
	return list
}
