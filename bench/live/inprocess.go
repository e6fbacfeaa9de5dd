// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"selfsame"
	"selfsame/api"
	"selfsame/column"
	"selfsame/config"
	"selfsame/node"
)

// inProcess measures the engine without a wire: reads of 50 stored features, and events of a source with an id and one view.
func (b *bench) inProcess() (err error) {
	project := filepath.Join(b.dir, "one")
	if err := os.MkdirAll(project, 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(project, "selfsame.yaml"), []byte(oneView), 0o666); err != nil {
		return err
	}
	l, err := node.OpenLive(background, node.LiveConfig{Config: config.Default(), Project: project, Notify: func(s string) { fmt.Fprintln(os.Stderr, s) }})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	ctx, stop := context.WithCancel(background)
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	defer func() {
		stop()
		<-done
	}()
	if _, err := l.ApplyFirst(ctx); err != nil {
		return err
	}
	c := make(counts, orderUsers)
	if err := b.pushInProcess(l, c); err != nil {
		return err
	}
	if err := c.check(l); err != nil {
		return err
	}
	return b.readInProcess(l, c)
}

// counts are how many events of each user were accepted.
type counts []int64

// checkedUsers is of how many users what was pushed is looked for.
const checkedUsers = 2000

// check holds reads to the events that were accepted: each user's count over a day is there and is as many.
func (c counts) check(l *node.Live) error {
	r, found := rand.New(rand.NewPCG(1, 1)), 0
	for range checkedUsers {
		u := r.IntN(len(c))
		a, err := l.Features(background, &api.Question{Service: "orders", Rows: batchOf([]string{"user_id"}, stringColumn(1, func(int) string { return userName(u) }))})
		if err != nil {
			return err
		}
		i := slices.IndexFunc(a.Columns, func(c api.AnswerColumn) bool { return c.Name == "by_user__orders_24h" })
		if i < 0 {
			return fmt.Errorf("by_user__orders_24h is not among the answer's columns")
		}
		got, want := a.Columns[i].Values, c[u]
		if want > 0 && (got.StatusAt(0) != selfsame.Present || got.Ints[0] != want) {
			return fmt.Errorf("%s has %d events that were accepted, and a read answers %v", userName(u), want, got.Value(0))
		}
		if want > 0 {
			found++
		}
		a.Release()
	}
	if found == 0 {
		return fmt.Errorf("none of %d users has an event", checkedUsers)
	}
	fmt.Printf("in process: %d of %d users that were looked for have events, and reads count each\n", found, checkedUsers)
	return nil
}

const oneView = `project: one
entities: {user: {key: {user_id: string}}}
sources:
  orders:
    schema: {order_id: string, user_id: string, amount: float64, at: timestamp}
    event_time: at
    id: order_id
    stream: {push: true}
views:
  by_user:
    entity: user
    source: orders
    features: {orders: "count(*) over [1h, 24h]", amount: "sum(amount) over [1h, 24h]", least: min(amount) over 24h, most: max(amount) over 24h}
services: {orders: {features: [by_user.*]}}
`

func stringColumn(n int, f func(i int) string) *column.Column {
	c := column.New(selfsame.Scalar(selfsame.String), n)
	for i := range n {
		c.AppendBytes([]byte(f(i)))
	}
	return c
}

func batchOf(names []string, columns ...*column.Column) *column.Batch {
	out := &column.Batch{Columns: columns, Rows: columns[0].Len()}
	for i, name := range names {
		out.Fields = append(out.Fields, selfsame.Field{Name: name, Type: columns[i].Type})
	}
	return out
}

func (b *bench) pushInProcess(l *node.Live, c counts) error {
	var rates []float64
	for range b.rounds {
		var batches []*column.Batch
		var seedsOf []uint64
		pushed := make([]bool, 400)
		for range pushed {
			seed, now := seeds.Add(1), time.Now().UnixMicro()
			amount, at := column.New(selfsame.Scalar(selfsame.Float64), batchEvents), column.New(selfsame.Scalar(selfsame.Timestamp), batchEvents)
			for i := range batchEvents {
				amount.Floats, at.Ints = append(amount.Floats, float64(i)/100), append(at.Ints, now-int64(i))
			}
			batches = append(batches, batchOf([]string{"order_id", "user_id", "amount", "at"},
				stringColumn(batchEvents, func(i int) string { return fmt.Sprintf("p-%010d-%05d", seed, i) }),
				stringColumn(batchEvents, func(i int) string { return userName(orderedBy(seed, i)) }), amount, at))
			seedsOf = append(seedsOf, seed)
		}
		var next, events atomic.Int64
		var group sync.WaitGroup
		var failed atomic.Pointer[error]
		begin := time.Now()
		for range 4 {
			group.Go(func() {
				accepted := int64(0)
				defer func() { events.Add(accepted) }()
				for i := next.Add(1) - 1; int(i) < len(batches) && time.Since(begin) < b.lasts; i = next.Add(1) - 1 {
					got, err := l.Push(background, &api.EventBatch{Source: "orders", Rows: batches[i]})
					if err != nil {
						failed.Store(&err)
						return
					}
					if err := allAccepted(got.Fates); err != nil {
						failed.Store(&err)
						return
					}
					accepted += batchEvents
					pushed[i] = true
				}
			})
		}
		group.Wait()
		if err := failed.Load(); err != nil {
			return *err
		}
		rates = append(rates, float64(events.Load())/time.Since(begin).Seconds())
		for i, seed := range seedsOf {
			for k := 0; pushed[i] && k < batchEvents; k++ {
				c[orderedBy(seed, k)]++
			}
		}
	}
	fmt.Printf("ingest in process, one view: %8.0f events/s\n", middle(rates))
	return nil
}

func allAccepted(fates []api.Fate) error {
	if len(fates) != batchEvents {
		return fmt.Errorf("%d fates of %d events", len(fates), batchEvents)
	}
	for i, f := range fates {
		if f != api.Accepted {
			return fmt.Errorf("event %d of a batch is %v and not accepted", i, f)
		}
	}
	return nil
}

// orderedBy is the user of event i of a batch.
func orderedBy(seed uint64, i int) int { return (int(seed)*7919 + i*104729) % orderUsers }

func (b *bench) readInProcess(l *node.Live, c counts) error {
	var given []*column.Batch
	for u := range c {
		if c[u] > 0 && len(given) < 4096 { // who has events
			given = append(given, batchOf([]string{"user_id"}, stringColumn(1, func(int) string { return userName(u) })))
		}
	}
	var rates []float64
	for range b.rounds {
		var next, calls atomic.Int64
		var group sync.WaitGroup
		var failed atomic.Pointer[error]
		begin := time.Now()
		for range 4 {
			group.Go(func() {
				n := int64(0)
				for ; n%64 != 0 || time.Since(begin) < b.lasts; n++ {
					a, err := l.Features(background, &api.Question{Service: "orders", Rows: given[next.Add(1)%int64(len(given))]})
					if err != nil {
						failed.Store(&err)
						return
					}
					a.Release()
				}
				calls.Add(n)
			})
		}
		group.Wait()
		if err := failed.Load(); err != nil {
			return *err
		}
		rates = append(rates, float64(calls.Load())/time.Since(begin).Seconds())
	}
	fmt.Printf("reads in process, 6 windows of one entity: %8.0f/s\n", middle(rates))
	return nil
}
