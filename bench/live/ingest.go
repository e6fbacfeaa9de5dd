// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"
)

// batchEvents is how many events a call brings where throughput is measured; lateEvents is the other size of batches beside which latency is.
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
