// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"

	"selfsame"
	"selfsame/journal"
	"selfsame/registry/catalogue"
)

// usedWithin is how far back reads count as use.
const usedWithin = 30 * selfsame.DayLength

// usageCounter counts in a journal how often features and services were read, a day at a time. Counting goes on from where it stood. It is safe for concurrent use.
type usageCounter struct {
	dir string

	mu   sync.Mutex // guards what follows
	from journal.Position
	days map[int64]map[string]catalogue.Usage // by day, then by view.feature and by service
}

// count returns what was read in the last 30 days, whole days. It is nil where there is no journal.
func (c *usageCounter) count(ctx context.Context, now int64) (map[string]catalogue.Usage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := os.Stat(c.dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	since := (now - usedWithin) / selfsame.DayLength * selfsame.DayLength
	if c.days == nil {
		c.days = map[int64]map[string]catalogue.Usage{}
	}
	if err := c.read(ctx, since); err != nil {
		return nil, err
	}
	out := map[string]catalogue.Usage{}
	for day, names := range c.days {
		if day < since/selfsame.DayLength {
			delete(c.days, day)
			continue
		}
		for name, u := range names { // sums and maxima: the order does not matter
			out[name] = plus(out[name], u)
		}
	}
	return out, nil
}

func plus(a, b catalogue.Usage) catalogue.Usage {
	return catalogue.Usage{Requests: a.Requests + b.Requests, Rows: a.Rows + b.Rows, Last: max(a.Last, b.Last)}
}

// read counts what came since. Requests of one shape on one day are counted before their names are looked at. What was read before an error is counted, so that the
// next count gets further.
func (c *usageCounter) read(ctx context.Context, since int64) error {
	type slot struct {
		shape *journal.Shape
		day   int64
	}
	counts := map[slot]catalogue.Usage{}
	end, err := journal.NewReader(c.dir).Read(ctx, journal.Query{From: c.from, Since: since, Until: selfsame.MaxTime, Heads: true}, func(r *journal.Record) error {
		if r.Served != nil {
			at := slot{r.Served.Shape, r.Time / selfsame.DayLength}
			counts[at] = plus(counts[at], catalogue.Usage{Requests: 1, Rows: int64(r.Served.Rows), Last: selfsame.Instant(r.Time)})
		}
		return nil
	})
	c.from = end
	for at, u := range counts {
		names := c.days[at.day]
		if names == nil {
			names = map[string]catalogue.Usage{}
			c.days[at.day] = names
		}
		for _, name := range namesOf(at.shape) {
			names[name] = plus(names[name], u)
		}
	}
	return err
}

// namesOf are the service and the features of a shape, each once: a feature in two roles is read once.
func namesOf(s *journal.Shape) []string {
	var out []string
	if s.Service != "" {
		out = append(out, s.Service)
	}
	for i := range s.Outputs {
		if ref := s.Outputs[i].Ref; !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	return out
}
