// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// caller is one connection: it puts request i of a prepared list and reads the answer. refused: the server said that it has no room.
type caller interface {
	call(i int) (refused bool, err error)
	Close() error
}

// outcome is what a run of load measured.
type outcome struct {
	calls, refused int64
	took           time.Duration
	latency        *hdrhistogram.Histogram // µs
	client, server time.Duration           // CPU time
}

func (o *outcome) rate() float64 { return float64(o.calls) / o.took.Seconds() }

// cpu is the CPU time of a call.
func (o *outcome) cpu() time.Duration {
	return (o.client + o.server) / time.Duration(max(1, o.calls))
}

// micros is a time by the calls that were answered, in microseconds.
func (o *outcome) micros(d time.Duration) float64 {
	return float64(d) / float64(time.Microsecond) / float64(max(1, o.calls))
}

func (o *outcome) quantile(q float64) time.Duration {
	return time.Duration(o.latency.ValueAtQuantile(q)) * time.Microsecond
}

// load says how to load a server.
type load struct {
	dial     func() (caller, error)
	requests int // in the list that callers have
	conns    int
	lasts    time.Duration
	rate     float64 // calls a second, all connections together; 0: as many as go, each connection one after the other
	pid      int     // of the server, for its CPU time
	sent     bool    // latency counts from the moment a call is sent, not from when it was due, and what is not sent in time stays unsent
	spent    error   // with which a caller says that its requests are used up
}

// worker is one connection's part of a run.
type worker struct {
	caller         caller
	calls, refused int64
	latency        *hdrhistogram.Histogram
	err            error
}

// run loads a server. With a rate, call n is due at n/rate whatever became of those before, and latency counts from then.
func (l *load) run() (*outcome, error) {
	workers := make([]*worker, l.conns)
	for i := range workers {
		c, err := l.dial()
		if err != nil {
			return nil, err
		}
		defer c.Close()
		workers[i] = &worker{caller: c, latency: hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)}
	}
	var group sync.WaitGroup
	if l.sent { // many connections: what they cost at first is not what is measured
		for _, w := range workers {
			group.Go(func() { _, w.err = w.caller.call(0) })
		}
		group.Wait()
	}
	client, server := ownCPU(), cpuOf(l.pid)
	start := time.Now()
	for i, w := range workers {
		group.Go(func() { w.run(l, i, start) })
	}
	group.Wait()
	out := &outcome{took: time.Since(start), latency: hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3),
		client: ownCPU() - client, server: cpuOf(l.pid) - server}
	for _, w := range workers {
		if w.err != nil && w.err != l.spent {
			return nil, w.err
		}
		out.calls, out.refused = out.calls+w.calls, out.refused+w.refused
		out.latency.Merge(w.latency)
	}
	return out, nil
}

func (w *worker) run(l *load, me int, start time.Time) {
	state := uint64(me)*0x9e3779b97f4a7c15 + 88172645463325252
	for n := 0; ; n++ {
		due := time.Since(start)
		if l.rate > 0 {
			due = time.Duration(float64(n*l.conns+me) / l.rate * float64(time.Second))
			if wait := due - time.Since(start); wait > 0 {
				if l.sent {
					time.Sleep(wait)
				} else {
					pause(wait)
				}
			}
		}
		if l.sent {
			due = time.Since(start)
		}
		if due >= l.lasts {
			return
		}
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		refused, err := w.caller.call(int(state % uint64(l.requests)))
		if err != nil {
			w.err = err
			return
		}
		if refused {
			w.refused++
			continue
		}
		w.calls++
		w.latency.RecordValue(int64((time.Since(start) - due) / time.Microsecond))
	}
}

// pause waits. The runtime's timers come up to a millisecond late; the kernel's come within some 60 µs.
func pause(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	for syscall.Nanosleep(&t, &t) == syscall.EINTR {
	}
}

// ownCPU is the CPU time of this process.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(fmt.Sprint("getrusage: ", err))
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
