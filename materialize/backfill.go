// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package materialize brings history online: batch resolves it, stream stores it, and the log goes on from it.
//
// It moves rows and decides nothing: what is visible when is found by batch, and stitched to the log by position, never by time. node calls
// it; a Backfill runs beside ingest and readers, and one process does one at a time.
package materialize

import (
	"context"
	"fmt"
	"slices"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/eventlog"
	"selfsame/plan"
	"selfsame/source"
	"selfsame/stream"
)

// Request is a backfill of all live states, or of those of some uses.
type Request struct {
	// Uses is what is live afterwards; all states whose base Again picks, and all that are new, begin with history.
	Uses    []*plan.Use
	Again   func(base string) bool     // nil: every state
	Tables  map[string]*source.Table   // history by source name
	Ranges  []batch.LoadedRange        // of sources' histories; sources that are not named are loaded whole
	Now     int64                      // the time of the load
	Options batch.Options              // Threads
	Loaded  func(view string, n int64) // told now and then how many rows of a view are loaded; nil: nobody is
}

// Report is what a backfill did.
type Report struct {
	Views   []ViewRows
	Sources []batch.SourceCounts
}

// ViewRows counts the rows of history that a state got; the view is the first of those that share it.
type ViewRows struct {
	View string
	Rows int64
}

// Backfill builds states from history and the log beside the live ones and switches to them. An error leaves the live states as they are.
func Backfill(ctx context.Context, d *stream.Driver, r Request) (*Report, error) {
	l := loader{request: &r, report: &Report{}, places: map[string]int{}}
	for _, u := range r.Uses {
		for _, s := range u.Sources {
			if _, ok := l.places[s.Source.Name]; !ok {
				l.places[s.Source.Name] = len(l.places)
			}
		}
	}
	if len(l.places) > mostSources {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Message: fmt.Sprintf("%d sources in one backfill, %d are the most", len(l.places), mostSources),
			Hint: "backfill the views in several runs"}
	}
	again := r.Again
	if again == nil {
		again = func(string) bool { return true }
	}
	err := d.Load(ctx, stream.Load{Uses: r.Uses, Again: again, Now: r.Now, Fill: l.fill})
	if err != nil {
		return nil, err
	}
	return l.report, nil
}

// mostSources is what stream.HistorySeq can tell apart.
const mostSources = 256

// loader moves what batch resolves to the sink of stream.
type loader struct {
	request    *Request
	report     *Report
	places     map[string]int // of sources, for HistorySeq
	remembered []string       // sources whose entries the sink has

	ends [2][]int64
	seqs []int64
	ops  []eventlog.Op
}

func (l *loader) fill(ctx context.Context, fresh []*plan.State, to *stream.Sink) error {
	for _, s := range fresh {
		if err := l.state(ctx, s, to); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) state(ctx context.Context, s *plan.State, to *stream.Sink) error {
	var names []string
	for _, u := range s.Use.Sources {
		names = append(names, u.Source.Name)
	}
	view := ViewRows{View: s.Use.View.Name}
	req := batch.EventsRequest{Use: s.Use, Tables: l.request.Tables, Ranges: l.request.Ranges, Options: l.request.Options}
	req.Entries = func(e *batch.Entries) error {
		if slices.Contains(l.remembered, e.Source.Name) {
			return nil
		}
		return l.remember(e, to)
	}
	counts, err := batch.Events(ctx, req, func(x *batch.Resolved) error {
		if view.Rows += int64(x.Rows); l.request.Loaded != nil {
			l.request.Loaded(view.View, view.Rows)
		}
		return to.Events(s, l.events(x))
	})
	if err != nil {
		return err
	}
	for i, c := range counts {
		if !slices.Contains(l.remembered, names[i]) {
			l.remembered = append(l.remembered, names[i])
			l.report.Sources = append(l.report.Sources, c)
		}
	}
	l.report.Views = append(l.report.Views, view)
	return nil
}

// events is x as the sink takes it. It is valid until the next call.
func (l *loader) events(x *batch.Resolved) *stream.Events {
	l.number(x.Source, x.Pos)
	e := &stream.Events{KeyBytes: x.KeyBytes, KeyEnds: x.KeyEnds, Place: uint8(x.Place), Seq: l.seqs, Tau: x.Tau, Alpha: x.Alpha,
		UntilSeq: x.UntilOffset, UntilAlpha: x.UntilAlpha, Hash: x.Hash, Order: x.Order, Delete: x.Delete, Columns: x.Columns}
	if e.UntilSeq == nil && e.UntilAlpha != nil {
		e.UntilSeq = never(&l.ends[0], x.Rows)
	}
	if e.UntilAlpha == nil && e.UntilSeq != nil {
		e.UntilAlpha = never(&l.ends[1], x.Rows)
	}
	return e
}

// number fills seqs.
func (l *loader) number(src *selfsame.Source, pos []source.Position) {
	l.seqs = l.seqs[:0]
	for _, p := range pos {
		l.seqs = append(l.seqs, stream.HistorySeq(l.places[src.Name], p))
	}
}

// never is n ends that do not come.
func never(buf *[]int64, n int) []int64 {
	*buf = (*buf)[:0]
	for range n {
		*buf = append(*buf, selfsame.MaxTime)
	}
	return *buf
}

func (l *loader) remember(e *batch.Entries, to *stream.Sink) error {
	l.number(e.Source, e.Pos)
	in := &stream.Entries{Source: e.Source, Rows: &column.Batch{Fields: e.Source.Schema, Columns: e.Columns, Rows: e.Rows}, Admitted: e.Verdict,
		Seq: l.seqs, Tau: e.Tau, Alpha: e.Alpha}
	if e.Op != nil {
		l.ops = l.ops[:0]
		for i := range e.Rows {
			l.ops = append(l.ops, opOf(e.Op, i))
		}
		in.Ops = l.ops
	}
	return to.Remember(in)
}

func opOf(op *column.Column, i int) eventlog.Op {
	if op.StatusAt(i) != selfsame.Present {
		return eventlog.Insert // not admitted
	}
	switch string(op.Str(i)) {
	case "delete":
		return eventlog.Delete
	case "upsert":
		return eventlog.Upsert
	}
	return eventlog.Insert
}
