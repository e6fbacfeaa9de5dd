// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// batchEvents is how many events a call brings where throughput is measured, lateEvents where latency is.
const (
	batchEvents = 2000
	lateEvents  = 100
)

// seeds gives every batch of orders ids of its own.
var seeds atomic.Uint64

// pushCaller pushes prepared batches, each once.
type pushCaller struct {
	*pusher
	next     *atomic.Int64
	messages [][]byte
	events   *atomic.Int64
}

func (c *pushCaller) call(int) (bool, error) {
	i := c.next.Add(1) - 1
	if int(i) >= len(c.messages) {
		return false, errSpent
	}
	n, refused, err := c.push(c.messages[i])
	c.events.Add(int64(n))
	return refused, err
}

// httpPush posts prepared batches as JSON lines, each once.
type httpPush struct {
	*httpCaller
	next   *atomic.Int64
	events *atomic.Int64
}

func (c *httpPush) call(int) (bool, error) {
	i := c.next.Add(1) - 1
	if int(i) >= len(c.requests) {
		return false, errSpent
	}
	refused, err := c.httpCaller.call(int(i))
	if err != nil || refused {
		return refused, err
	}
	if !bytes.Contains(c.keep, fmt.Appendf(nil, `"accepted":%d,`, batchEvents)) {
		return false, fmt.Errorf("not all events were accepted: %s", c.keep[:min(len(c.keep), 300)])
	}
	c.events.Add(batchEvents)
	return false, nil
}

var errSpent = fmt.Errorf("the prepared batches are spent")

func orderLines(n int, seed uint64, users int) string {
	now, r := time.Now().UnixMicro(), rand.New(rand.NewPCG(3, seed))
	var b strings.Builder
	for i := range n {
		user := r.IntN(users)
		at := time.UnixMicro(now - int64(n-i)).UTC().Format("2006-01-02T15:04:05.000000Z")
		fmt.Fprintf(&b, `{"order_id":"h-%010d-%05d","user_id":%q,"shop_id":"shop-%05d","amount":%d.%02d,"at":%q}`+"\n",
			seed, i, userName(user), r.IntN(max(1, users/10)), r.IntN(1000), r.IntN(100), at)
	}
	return b.String()
}

// orderUsers is of how many users the orders are.
const orderUsers = 100_000

// ingest measures the durable maximum over both protocols, in events a second.
func (b *bench) ingest() error {
	rounds := func(name string, prepare func() (load, *atomic.Int64)) error {
		var rates, cpu []float64
		for range b.rounds {
			l, events := prepare()
			before := events.Load()
			o, err := l.run()
			if err != nil && err != errSpent {
				return err
			}
			n := float64(events.Load() - before)
			rates, cpu = append(rates, n/o.took.Seconds()), append(cpu, (o.client+o.server).Seconds()*1e6/n)
		}
		b.most = max(b.most, middle(rates))
		fmt.Printf("%-14s %8.0f events/s  %.2f µs of CPU an event\n", name, middle(rates), middle(cpu))
		return nil
	}
	const each = 400
	err := rounds("ingest grpc", func() (load, *atomic.Int64) {
		var messages [][]byte
		for range each {
			messages = append(messages, orders(batchEvents, seeds.Add(1), orderUsers))
		}
		next, events := &atomic.Int64{}, &atomic.Int64{}
		return load{requests: 1, conns: 4, lasts: b.lasts, pid: b.server.pid(), spent: errSpent, dial: func() (caller, error) {
			p, err := dialPush(b.server.grpc)
			return &pushCaller{p, next, messages, events}, err
		}}, events
	})
	if err != nil {
		return err
	}
	return rounds("ingest http", func() (load, *atomic.Int64) {
		var requests [][]byte
		for range each {
			requests = append(requests, httpRequest("/v1/events/orders", orderLines(batchEvents, seeds.Add(1), orderUsers)))
		}
		next, events := &atomic.Int64{}, &atomic.Int64{}
		return load{requests: 1, conns: 4, lasts: b.lasts, pid: b.server.pid(), spent: errSpent, dial: func() (caller, error) {
			c, err := dialHTTP(b.server.http, requests)
			if err != nil {
				return nil, err
			}
			c.kept = true
			return &httpPush{c, next, events}, err
		}}, events
	})
}

// fresh measures how long an event takes from the call to being durable and in every read, at a rate of events, beside the disk's own fsync.
func (b *bench) fresh() error {
	rate := b.freshRate
	if rate == 0 {
		rate = max(b.most/2, 20_000)
	}
	var messages [][]byte
	for range int(rate*b.lasts.Seconds()*float64(b.rounds)/lateEvents) + 100 {
		messages = append(messages, orders(lateEvents, seeds.Add(1), orderUsers))
	}
	next, events := &atomic.Int64{}, &atomic.Int64{}
	var p50s, p99s, disk50, disk99 []float64
	for range b.rounds {
		h, err := b.fsyncs()
		if err != nil {
			return err
		}
		disk50, disk99 = append(disk50, float64(h.ValueAtQuantile(50))/1000), append(disk99, float64(h.ValueAtQuantile(99))/1000)
		l := load{requests: 1, conns: 32, lasts: b.lasts, rate: rate / lateEvents, pid: b.server.pid(), spent: errSpent, dial: func() (caller, error) {
			p, err := dialPush(b.server.grpc)
			return &pushCaller{p, next, messages, events}, err
		}}
		o, err := l.run()
		if err != nil {
			return err
		}
		p50s, p99s = append(p50s, p50(o)), append(p99s, p99(o))
	}
	fmt.Printf("event to servable at %.0f events/s: p50 %.2f p99 %.2f ms; fsync of the disk p50 %.2f p99 %.2f ms\n", rate, middle(p50s), middle(p99s), middle(disk50), middle(disk99))
	return nil
}

// fsyncs writes and syncs 16 KiB again and again for a second.
func (b *bench) fsyncs() (*hdrhistogram.Histogram, error) {
	f, err := os.Create(filepath.Join(b.dir, "fsync"))
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	h := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
	block := make([]byte, 16<<10)
	for begin := time.Now(); time.Since(begin) < time.Second; {
		start := time.Now()
		if _, err := f.Write(block); err != nil {
			return nil, err
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		if err := h.RecordValue(int64(time.Since(start) / time.Microsecond)); err != nil {
			return nil, err
		}
	}
	return h, nil
}
