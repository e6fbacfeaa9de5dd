// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/plan"
	"selfsame/source"
)

// demoClock is a clock that moves only when it is told to: events come as late as the data says, whatever else the machine does. It does not run away from
// reads, because retention follows it.
type demoClock struct {
	now atomic.Int64

	mu      sync.Mutex
	ended   *sync.Cond // a read ended
	reading []int64    // when the read of each reader began; 0: none runs. Guarded by mu
}

// demoReach is how far the clock may be ahead of a read that runs. It is less than the history that sources declare.
const demoReach = selfsame.DayLength

func newDemoClock(now int64, readers int) *demoClock {
	c := &demoClock{reading: make([]int64, readers)}
	c.ended = sync.NewCond(&c.mu)
	c.now.Store(now)
	return c
}

// Now is the simulated time, microseconds.
func (c *demoClock) Now() int64 { return c.now.Load() }

// advance moves the clock to t, once no read runs that began much earlier.
func (c *demoClock) advance(t int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.behind(t - demoReach) {
		c.ended.Wait()
	}
	c.now.Store(max(t, c.now.Load()))
}

func (c *demoClock) behind(t int64) bool {
	return slices.ContainsFunc(c.reading, func(began int64) bool { return began != 0 && began < t })
}

func (c *demoClock) begin(reader int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading[reader] = c.now.Load()
}

func (c *demoClock) end(reader int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading[reader] = 0
	c.ended.Signal()
}

// demoEvent is an event and the moment at which it is pushed.
type demoEvent struct {
	due    int64
	source string
	row    []byte // JSON
}

// Of the events, one in delayedEvery comes within the lateness of its source, one in lateEvery beyond it, and one in twiceEvery a second time.
const (
	delayedEvery = 40
	lateEvery    = 200
	twiceEvery   = 50
)

// readDemoEvents reads the history files of every source that takes pushed events, in the order in which they are pushed.
func readDemoEvents(ctx context.Context, dir string, p *selfsame.Project) ([]demoEvent, error) {
	var out []demoEvent
	for _, s := range p.Sources {
		if !s.Push || s.Batch == nil || s.EventTime == "" {
			continue
		}
		t, err := openSource(ctx, dir, s)
		if err != nil {
			return nil, err
		}
		rows, err := batch.ReadBatch(ctx, t)
		if err != nil {
			return nil, err
		}
		times := rows.Columns[rows.Index(s.EventTime)].Ints
		lateness := s.Lateness.Or(plan.DefaultLateness)
		for i := range rows.Rows {
			e := demoEvent{due: times[i], source: s.Name, row: append(column.AppendRowJSON(nil, rows, i), '\n')}
			switch {
			case i%lateEvery == lateEvery-1:
				e.due += 4 * lateness
			case i%delayedEvery == delayedEvery-1:
				e.due += lateness / 2
			case i%twiceEvery == twiceEvery-1:
				again := e
				again.due += lateness / 4
				out = append(out, again)
			}
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "project " + p.Name, Message: "no source has history files and takes pushed events: there is nothing to replay",
			Hint: "give one `batch: {path: …}` and `stream: {push: true}`"}
	}
	slices.SortStableFunc(out, func(a, b demoEvent) int { return cmp.Compare(a.due, b.due) })
	return out, nil
}

// readFile reads a table file whole.
func readFile(ctx context.Context, path string) (*column.Batch, error) {
	t, err := source.Open(ctx, source.Spec{Name: path, Batch: selfsame.BatchSource{Path: path}}, formats())
	if err != nil {
		return nil, err
	}
	return batch.ReadBatch(ctx, t)
}

const (
	// demoSpread bounds the simulated time of one step of the replay: its events come that much later at most.
	demoSpread = 2 * selfsame.Minute
	demoStep   = 1000 // events
	demoPause  = 5 * time.Millisecond
)

// replay moves the clock and pushes what is due, until the last event or the end of the time.
func (d *demo) replay(ctx context.Context) error {
	began, first := time.Now(), d.events[0].due
	pause := time.NewTimer(0)
	defer pause.Stop()
	for left := d.events; len(left) > 0 && time.Since(began) < d.cfg.For; {
		now := first + int64(float64(time.Since(began).Microseconds())*d.speed)
		n := dueBy(left, now)
		if n == 0 {
			d.clock.advance(now)
			pause.Reset(demoPause)
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-pause.C:
			}
			continue
		}
		d.clock.advance(left[n-1].due)
		if err := d.push(ctx, left[:n]); err != nil {
			return err
		}
		left = left[n:]
		d.tally.remain(len(left))
	}
	return nil
}

// dueBy is how many of the events are pushed together at a moment: the first ones that are due, and lie close together.
func dueBy(events []demoEvent, now int64) int {
	n := 0
	for n < min(len(events), demoStep) && events[n].due <= min(now, events[0].due+demoSpread) {
		n++
	}
	return n
}

// push pushes events, those of a source in one call.
func (d *demo) push(ctx context.Context, events []demoEvent) error {
	bodies := map[string]*bytes.Buffer{}
	var names []string
	for _, e := range events {
		b := bodies[e.source]
		if b == nil {
			b = &bytes.Buffer{}
			bodies[e.source], names = b, append(names, e.source)
		}
		b.Write(e.row)
	}
	for _, name := range names {
		answer, err := d.client.Post(ctx, "/v1/events/"+url.PathEscape(name), "application/jsonl", bodies[name].Bytes())
		if err != nil {
			return err
		}
		var counts map[string]json.RawMessage
		if err := json.Unmarshal(answer, &counts); err != nil {
			return err
		}
		d.tally.pushed(counts)
	}
	return nil
}
