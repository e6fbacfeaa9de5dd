// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"selfsame"
	"selfsame/batch"
	"selfsame/definition"
	"selfsame/plan"
	"selfsame/source"
)

// harvest holds the resolved events of every view to what the oracle sees at many cuts. Its answers are the oracle's.
type harvest struct {
	Oracle
	dir  string
	seen *int
}

// Name is "harvest".
func (harvest) Name() string { return "harvest" }

// event is one resolved event.
type event struct {
	key, text               string
	alpha, offset           int64
	untilAlpha, untilOffset int64
}

// Ask harvests and compares.
func (h harvest) Ask(ctx context.Context, c *Case) (*Answer, error) {
	p, err := plan.Build(c.Project, plan.Request{Service: c.Service})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(h.dir, "")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	req := batch.EventsRequest{Tables: map[string]*source.Table{}, Archive: map[string]*source.Table{}, Options: batch.Options{Threads: 2}}
	for _, name := range p.SourceNames() {
		if req.Tables[name], err = (Batch{Files: 2}).table(ctx, dir, c, c.Project.Source(name)); err != nil {
			return nil, err
		}
		if req.Archive[name], err = archive(ctx, dir, c, c.Project.Source(name)); err != nil {
			return nil, err
		}
	}
	for _, u := range p.Uses {
		if err := h.compare(ctx, c, u, req); err != nil {
			return nil, err
		}
	}
	return h.Oracle.Ask(ctx, c)
}

func (h harvest) compare(ctx context.Context, c *Case, u *plan.Use, req batch.EventsRequest) error {
	ov, err := c.oracleView(u.View, nil)
	if err != nil {
		return nil // beyond the oracle
	}
	var events []event
	entries := map[string]int{}
	req.Use = u
	req.Entries = func(e *batch.Entries) error {
		for _, ok := range e.Verdict {
			if ok {
				entries[e.Source.Name]++
			}
		}
		return nil
	}
	if _, err := batch.Events(ctx, req, func(r *batch.Resolved) error {
		events = append(events, eventsOf(r)...)
		return nil
	}); err != nil {
		return err
	}
	log := c.events(u.View)
	keys, known, last := map[string]bool{}, []int64{selfsame.MinTime}, int64(0)
	for _, e := range log {
		src := ov.sources[e.Source]
		if verdict(src, e) != "ok" {
			continue
		}
		entries[src.Name]--
		if k, named := ov.key(e); named {
			keys[k] = true
		}
		if a, ok := alpha(src, e); ok {
			known = append(known, a-1, a)
		}
		if e.Live != nil {
			last = max(last, e.Live.Offset+1)
		}
	}
	for name, n := range entries {
		if src := c.Project.Source(name); n != 0 && (src.ID != "" || len(src.PrimaryKey) > 0) {
			return fmt.Errorf("source %s: %d more entries than were admitted", name, n)
		}
	}
	for key := range keys {
		for _, k := range known {
			if err := h.same(ov, u, log, events, key, Cut{Known: k}); err != nil {
				return err
			}
		}
		for cut := range last + 1 {
			if err := h.same(ov, u, log, events, key, Cut{Served: &Served{Offset: cut, History: true, Lower: selfsame.MinTime, Upper: selfsame.MaxTime}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// eventsOf copies the events of a run.
func eventsOf(r *batch.Resolved) []event {
	var out []event
	before := 0
	for i := range r.Rows {
		e := event{key: string(r.KeyBytes[before:r.KeyEnds[i]]), alpha: r.Alpha[i], offset: r.Offset[i], untilAlpha: selfsame.MaxTime, untilOffset: selfsame.MaxTime}
		before = r.KeyEnds[i]
		e.text = fmt.Sprint(r.Place, r.Tau[i], r.Offset[i], len(r.Delete) > 0 && r.Delete[i])
		if r.UntilAlpha != nil {
			e.untilAlpha = r.UntilAlpha[i]
		}
		if r.UntilOffset != nil {
			e.untilOffset = r.UntilOffset[i]
		}
		out = append(out, e)
	}
	return out
}

// same compares what one cut shows of one entity.
func (h harvest) same(ov *oracleView, u *plan.Use, log []*Event, events []event, key string, c Cut) error {
	var got, want []string
	for _, e := range events {
		shown := e.alpha != selfsame.MaxTime && e.alpha <= c.Known && c.Known < e.untilAlpha
		if c.Served != nil {
			shown = e.offset < c.Served.Offset && c.Served.Offset <= e.untilOffset
		}
		if e.key == key && shown {
			got = append(got, e.text)
		}
	}
	for _, e := range visible(ov, log, key, c, u.Spec.AsOf) {
		offset := int64(-1)
		if e.Live != nil {
			offset = e.Live.Offset
		}
		want = append(want, fmt.Sprint(e.Source, tau(ov.sources[e.Source], e), offset, e.Op == "delete"))
	}
	*h.seen += len(want)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("view %s, key %q, cut %+v: got %q, want %q", u.View.Name, key, c, got, want)
	}
	return nil
}

// TestHarvestAgainstOracle resolves random logs for every entity.
func TestHarvestAgainstOracle(t *testing.T) {
	t.Parallel()
	seen, dir := 0, t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		text := Generate(choices(rt, 300), Shape{})
		diff, _, err := Disagreement(context.Background(), definition.Parse, lively{harvest{dir: dir, seen: &seen}, false}, lively{Oracle{}, false}, text)
		if err != nil || diff != "" {
			rt.Fatalf("%v\n%s", err, diff)
		}
	})
	if seen < 100 {
		t.Fatalf("only %d events were compared", seen)
	}
}
