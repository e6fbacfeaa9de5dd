// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"runtime"
	"time"
)

// Options are what a server of the wire stands on. An interface that is nil is not served: its paths answer not_found.
type Options struct {
	Features    Features
	Events      Events
	Predictions Predictions
	Admin       Admin
	Catalog     Catalog
	Registry    Registry
	Changes     Changes
	Jobs        Jobs
	Kept        Kept         // nil: requests with a key are known until the process ends
	Health      Health       // nil: always ready
	Metrics     http.Handler // of /metrics
	AdminToken  string       // that requests of Admin carry; empty: Admin is not served

	MaxRows        int           // of one read; 0: 1000
	MaxBytes       int64         // of one read; 0: 4 MiB
	MaxEventBytes  int64         // of one call of events; 0: 16 MiB; at most three quarters of BodyBytes
	MaxEvents      int           // of one call, by columns; 0: no bound
	Timeout        time.Duration // of a read or a call where the caller sets none; 0: 5 s
	Running        int           // reads at once; 0: four a core
	Waiting        int           // reads that wait; 0: 128 for each that runs
	Patience       time.Duration // for which a read waits at most; 0: 100 ms
	BodyBytes      int64         // of all request bodies that are being received, beyond 16 KiB each; 0: 32 MiB
	Connections    int           // of HTTP; 0: 10,000
	HeaderTimeout  time.Duration // for a request's header; 0: 5 s
	IdleTimeout    time.Duration // between requests; 0: 2 m
	BodyBytesASec  int64         // below which a sender is cut off; 0: 64 KiB
	ColumnsFromRow int           // rows from which JSON answers are columns where nothing is asked for; 0: 100
	ShutdownWithin time.Duration // for requests that run when serving ends; 0: 10 s

	Hooks Hooks
}

// Hooks are told what happens, on the goroutine of the request: they must be quick and safe for concurrent use. Each may be nil.
type Hooks struct {
	// Request is told each request that is answered.
	Request func(r RequestReport)
	// Steps is told the steps of each read, encode with them.
	Steps func(protocol string, steps []Step)
	// Cache is told how many entities of a read were in the cache, and how many not.
	Cache func(hits, misses int64)
	// Pushed is told the fates of a call of events, by Fate, and the bytes of its body.
	Pushed func(source string, fates *[FateCount]int64, bytes int64)
	// Failed is told errors of class internal, panics with their stack.
	Failed func(route string, err error)
}

// FateCount is the number of fates.
const FateCount = int(Superseded) + 1

// RequestReport says how a request went.
type RequestReport struct {
	Protocol string // http or grpc
	Route    string // as declared: /v1/events/{source}; never a path that a caller made up
	Status   int    // of HTTP, or the code of gRPC
	Took     time.Duration
	Rows     int
	In, Out  int64 // bytes of the bodies
}

// Wire is what HTTP and gRPC share: the interfaces, and the room that both draw on.
type Wire struct {
	o     Options
	gate  *gate
	purse *purse
}

// New returns the wire over the options' interfaces.
func New(o Options) *Wire {
	o = o.withDefaults()
	return &Wire{o: o, gate: newGate(o.Running, o.Waiting, o.Patience), purse: newPurse(o.BodyBytes)}
}

// Inside is how many reads run or wait at the moment.
func (w *Wire) Inside() int64 { return w.gate.inside.Load() }

// withDefaults returns the options with defaults in the place of zeros.
func (o Options) withDefaults() Options {
	def(&o.MaxRows, 1000)
	def(&o.MaxBytes, 4<<20)
	def(&o.MaxEventBytes, 16<<20)
	def(&o.Timeout, 5*time.Second)
	def(&o.Running, 4*runtime.GOMAXPROCS(0))
	def(&o.Waiting, 128*o.Running)
	def(&o.Patience, 100*time.Millisecond)
	def(&o.BodyBytes, 32<<20)
	o.BodyBytes = max(o.BodyBytes, o.MaxBytes/3*4)
	o.MaxEventBytes = min(o.MaxEventBytes, o.BodyBytes/4*3) // buffers grow by a quarter
	def(&o.Connections, 10000)
	def(&o.HeaderTimeout, 5*time.Second)
	def(&o.IdleTimeout, 2*time.Minute)
	def(&o.BodyBytesASec, 64<<10)
	def(&o.ColumnsFromRow, 100)
	def(&o.ShutdownWithin, 10*time.Second)
	return o
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Refused reports whether a request was refused for lack of room.
func Refused(r RequestReport) bool {
	return (r.Protocol == "http" && r.Status == faultBusy.HTTP) || (r.Protocol == "grpc" && r.Status == int(faultBusy.Code))
}
