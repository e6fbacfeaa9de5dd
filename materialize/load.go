// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package materialize brings history online: batch resolves it, stream stores it, and the log goes on from it.
//
// It moves rows and decides nothing: what is visible when is found by batch, and stitched to the log by position, never by time. node calls
// it; a Load runs beside ingest and readers, and one process does one at a time.
package materialize

import (
	"context"
	"maps"
	"slices"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/eventlog"
	"selfsame/plan"
	"selfsame/source"
	"selfsame/stream"
)

// Request is a load: of every live state, or of some.
type Request struct {
	// Uses is what is live afterwards; all states whose base Again picks, and all that are new, begin with history.
	Uses  []*plan.Use
	Again func(base string) bool // nil: every state
	// Open returns what of a source is brought in: its history, and of the log what lies below Before. A source without either has the log alone.
	Open func(src *selfsame.Source) (batch.Opened, error)
	// Place is the number of a source below MostSources. A source keeps it for as long as a state that was loaded under it lives.
	Place   func(name string) int
	Before  int64                                                                           // the log is applied from this offset on; what is before comes from Open
	Ranges  []batch.LoadedRange                                                             // of sources' histories; sources that are not named are loaded whole
	Now     int64                                                                           // the time of the load
	History func() string                                                                   // stream.Load.History
	Options batch.Options                                                                   // Threads
	Loaded  func(view string, n int64)                                                      // told now and then how many rows of a view are loaded; nil: nobody is
	Check   func(ctx context.Context, fresh []*plan.State, r *Report, cut stream.Cut) error // of what is about to be live; nil: nobody does
}

// Report is what a load did.
type Report struct {
	Views   []ViewRows
	Sources []batch.SourceCounts
}

// ViewRows counts the rows that a state got; the view is the first of those that share it.
type ViewRows struct {
	View   string
	Use    *plan.Use
	Rows   int64
	Newest int64 // τ of the newest row, MinTime for none
}

// Load builds states from history and the log beside the live ones and switches to them. An error leaves the live states as they are.
func Load(ctx context.Context, d *stream.Driver, r Request) (*Report, error) {
	l := loader{request: &r, report: &Report{}, remembered: map[*selfsame.Source]bool{}}
	again := r.Again
	if again == nil {
		again = func(string) bool { return true }
	}
	load := stream.Load{Uses: r.Uses, Again: again, UpTo: r.Before, Now: r.Now, Fill: l.fill, History: r.History}
	if r.Check != nil {
		load.Check = func(ctx context.Context, fresh []*plan.State, cut stream.Cut) error {
			return r.Check(ctx, fresh, l.report, cut)
		}
	}
	if err := d.Load(ctx, load); err != nil {
		return nil, err
	}
	return l.report, nil
}

// MostSources is how many sources stream.HistorySeq can tell apart.
const MostSources = 256

// loader moves what batch resolves to the sink of stream.
type loader struct {
	request    *Request
	report     *Report
	remembered map[*selfsame.Source]bool // sources whose entries the sink has

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
	view := ViewRows{View: s.Use.View.Name, Use: s.Use, Newest: selfsame.MinTime}
	req := batch.EventsRequest{Use: s.Use, Tables: map[string]*source.Table{}, Archive: map[string]*source.Table{}, Before: l.request.Before,
		Ranges: l.request.Ranges, Options: l.request.Options}
	for _, u := range s.Use.Sources {
		o, err := l.request.Open(u.Source)
		if err != nil {
			return err
		}
		if o.History != nil {
			req.Tables[u.Source.Name] = o.History
		}
		if o.Log != nil && l.request.Before > 0 {
			req.Archive[u.Source.Name] = o.Log
		}
	}
	req.Entries = func(e *batch.Entries) error {
		if l.remembered[e.Source] {
			return nil
		}
		return l.remember(e, to)
	}
	counts, err := batch.Events(ctx, req, func(x *batch.Resolved) error {
		for _, tau := range x.Tau {
			view.Newest = max(view.Newest, tau)
		}
		if view.Rows += int64(x.Rows); l.request.Loaded != nil {
			l.request.Loaded(view.View, view.Rows)
		}
		return to.Events(s, l.events(x))
	})
	if err != nil {
		return err
	}
	for i, u := range s.Use.Sources {
		l.remembered[u.Source] = true
		if req.Tables[u.Source.Name] != nil || req.Archive[u.Source.Name] != nil {
			l.report.count(&counts[i])
		}
	}
	l.report.Views = append(l.report.Views, view)
	return nil
}

// count adds what became of a source's rows. What a second view adds is what it says of itself.
func (r *Report) count(c *batch.SourceCounts) {
	i := slices.IndexFunc(r.Sources, func(have batch.SourceCounts) bool { return have.Name == c.Name })
	if i < 0 {
		r.Sources = append(r.Sources, *c)
		return
	}
	have := &r.Sources[i]
	maps.Copy(have.NoEntity, c.NoEntity)
	maps.Copy(have.WhereError, c.WhereError)
	maps.Copy(have.FailedCasts, c.FailedCasts)
}

// events is x as the sink takes it. It is valid until the next call.
func (l *loader) events(x *batch.Resolved) *stream.Events {
	l.number(x.Source.Name, x.Pos)
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

// number fills seqs: offsets of the log, numbers below 0 of history.
func (l *loader) number(name string, pos []source.Position) {
	l.seqs = l.seqs[:0]
	place := l.request.Place(name)
	for _, p := range pos {
		if p >= batch.LogPosition {
			l.seqs = append(l.seqs, p-batch.LogPosition)
		} else {
			l.seqs = append(l.seqs, stream.HistorySeq(place, p))
		}
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
	l.number(e.Source.Name, e.Pos)
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
